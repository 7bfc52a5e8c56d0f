"""No network: a connection to any other machine is an error that names it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from extractor.call.endpoint import is_loopback

__all__ = ["NetworkBlocked", "no_network"]


class NetworkBlocked(RuntimeError):
    """A test tried to reach another machine."""


@contextmanager
def no_network() -> Iterator[None]:
    """Let this process connect to this machine alone; anything else raises NetworkBlocked.

    Names of hosts are not looked up either. Child processes are not affected.

        with no_network(), Endpoint() as endpoint:
            ...
    """
    with (
        patch.object(socket.socket, "connect", _guarded(socket.socket.connect)),
        patch.object(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex)),
        patch.object(socket, "getaddrinfo", _looked_up(socket.getaddrinfo)),
    ):
        yield


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _check(str(address[0]))
        return connect(self, address)

    return guarded


def _looked_up(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def looked_up(host: Any, *args: Any, **options: Any) -> Any:
        if host is not None:
            _check(host.decode() if isinstance(host, bytes) else str(host))
        return look_up(host, *args, **options)

    return looked_up


def _check(host: str) -> None:
    if not is_loopback(host):
        raise NetworkBlocked(f"the test tried to reach {host}: script a reply, or leave out extractor_no_network")
