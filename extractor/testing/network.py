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
        patch.object(socket, "getaddrinfo", _guarded(socket.getaddrinfo)),
    ):
        yield


def _guarded(call: Callable[..., Any]) -> Callable[..., Any]:
    """A method of a socket that takes an address, or a function that takes the name of a host."""

    def guarded(first: Any, *rest: Any, **options: Any) -> Any:
        if not isinstance(first, socket.socket):
            _check(first)
        elif first.family in (socket.AF_INET, socket.AF_INET6):
            _check(rest[0][0])
        return call(first, *rest, **options)

    return guarded


def _check(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name is not None and not is_loopback(name):
        raise NetworkBlocked(f"the test tried to reach {name}: script a reply, or leave out extractor_no_network")
