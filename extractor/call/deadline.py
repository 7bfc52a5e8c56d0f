"""Connections of threads whose reads share one deadline: however slowly bytes come in, a reply has so long in all."""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

__all__ = ["TimedTransport"]


class TimedTransport(httpx.HTTPTransport):
    """httpx's own, for one request at a time; `deadline` is a moment of the monotonic clock.

    httpx bounds each read alone, so that a peer that sends a byte now and then could hold a thread for ever.
    """

    def __init__(self, **connection: Any) -> None:
        super().__init__(**connection)
        self._backend = _Backend()
        self._pool._network_backend = self._backend

    @property
    def deadline(self) -> float:
        return self._backend.deadline

    @deadline.setter
    def deadline(self, moment: float) -> None:
        self._backend.deadline = moment


class _Backend(httpcore.SyncBackend):
    """Opens streams that look to it for the time."""

    deadline = math.inf

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(host, port, timeout, local_address, socket_options), self)

    def left(self, timeout: float | None) -> float:
        """Seconds that a step may take; ReadTimeout where there are none."""
        seconds = min(self.deadline - time.monotonic(), math.inf if timeout is None else timeout)
        if seconds <= 0:
            raise httpcore.ReadTimeout("the reply came too slowly")
        return seconds


class _Stream(httpcore.NetworkStream):
    """A stream that waits no longer than to the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, backend: _Backend) -> None:
        self._inner, self._backend = inner, backend
        self.close, self.get_extra_info = inner.close, inner.get_extra_info  # type: ignore[method-assign]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._backend.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._backend.left(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._backend)
