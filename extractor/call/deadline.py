"""Connections of threads whose reads share one deadline: however slowly bytes come in, a reply has so long in all."""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpcore
import httpx

__all__ = ["TimedTransport"]


class TimedTransport(httpx.BaseTransport):
    """What httpx.HTTPTransport is, for one request at a time; `deadline` is a moment of the monotonic clock.

    httpx bounds each read alone, so that a peer that sends a byte now and then could hold a thread for ever, and its
    own transport takes no network backend that could know better.
    """

    def __init__(self, *, verify: ssl.SSLContext, limits: httpx.Limits, proxy: str | None) -> None:
        self._backend = _Backend()
        kept: dict[str, Any] = {
            "ssl_context": verify,
            "max_connections": limits.max_connections,
            "max_keepalive_connections": limits.max_keepalive_connections,
            "keepalive_expiry": limits.keepalive_expiry,
            "network_backend": self._backend,
        }
        self._pool = httpcore.ConnectionPool(**kept) if proxy is None else _through(httpx.Proxy(proxy), kept)

    @property
    def deadline(self) -> float:
        return self._backend.deadline

    @deadline.setter
    def deadline(self, moment: float) -> None:
        self._backend.deadline = moment

    def cut(self) -> None:
        """End the request that another thread has under way: its next step fails, and the one that it waits in."""
        self._backend.cut()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        outgoing = httpcore.Request(
            request.method,
            _core(request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            reply = self._pool.handle_request(outgoing)
        return httpx.Response(
            reply.status, headers=reply.headers, stream=_Body(reply.stream), extensions=reply.extensions
        )

    def close(self) -> None:
        self._pool.close()


def _through(proxy: httpx.Proxy, kept: dict[str, Any]) -> httpcore.ConnectionPool:
    if proxy.url.scheme.startswith("socks"):
        return httpcore.SOCKSProxy(_core(proxy.url), proxy_auth=proxy.raw_auth, **kept)
    return httpcore.HTTPProxy(_core(proxy.url), proxy_auth=proxy.raw_auth, **kept)


def _core(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


@contextmanager
def _as_httpx() -> Iterator[None]:
    """httpcore's errors as httpx's, which have the same names."""
    try:
        yield
    except _ERRORS as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


_ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)


class _Body(httpx.SyncByteStream):
    """The body of a reply as it comes in."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


class _Backend(httpcore.SyncBackend):
    """Opens streams that look to it for the time."""

    deadline = math.inf
    _socket: socket.socket | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = super().connect_tcp(host, port, self.left(timeout), local_address, socket_options)
        self._socket = stream.get_extra_info("socket")
        return _Stream(stream, self)

    def cut(self) -> None:
        """End what is waited for, and let nothing begin."""
        self.deadline = -math.inf
        if self._socket is not None:
            with suppress(OSError):  # it is closed
                # Not the method of a TLS socket, which would take its state from under the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

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
        secured = self._inner.start_tls(ssl_context, server_hostname, self._backend.left(timeout))
        return _Stream(secured, self._backend)
