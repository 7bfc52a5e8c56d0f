"""What becomes of a response's bytes as they come in: one reply at the end, or text on the way as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from extractor.errors import BrokenReply
from extractor.wire.prices import Price
from extractor.wire.streams import StreamReader
from extractor.wire.values import Reply

__all__ = ["LARGEST", "Heard", "Receiver", "Streamed", "Whole"]

LARGEST = 200_000_000
"""Bytes of one response: a batch of 10 MB of questions may well have ten times that in answers."""

Read = TypeVar("Read", covariant=True)

Heard = Callable[[str | None], None]
"""Hears each piece of an answer's text as it comes, and None when an answer begins, for a broken one begins again."""


class Receiver(Protocol[Read]):
    """Takes the body of one response, piece by piece; `reply` reads the whole, or raises a ServiceError."""

    def feed(self, data: bytes) -> None: ...

    def reply(self) -> Read: ...


class Whole(Generic[Read]):
    """A body that is read once it is all there."""

    def __init__(self, read: Callable[[bytes], Read]) -> None:
        self._read = read
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        self._size = _bounded(self._size + len(data))
        self._parts.append(data)

    def reply(self) -> Read:
        return self._read(b"".join(self._parts))


class Streamed:
    """A reply that is heard as it grows, where there is anybody to hear it."""

    def __init__(self, headers: Mapping[str, str], price: Price | None, heard: Heard | None) -> None:
        request_id = headers.get("cf-ai-req-id") or headers.get("cf-ray")
        self._reader = StreamReader(price=price, request_id=request_id)
        self._heard = heard or _unheard
        self._heard(None)
        self._size = 0

    def feed(self, data: bytes) -> None:
        self._size = _bounded(self._size + len(data))
        for piece in self._reader.feed(data):
            self._heard(piece)

    def reply(self) -> Reply:
        return self._reader.reply()


def _bounded(size: int) -> int:
    if size > LARGEST:
        raise BrokenReply(f"the reply is larger than {LARGEST:,} bytes, which no answer is: it is asked again")
    return size


def _unheard(piece: str | None) -> None:
    return None
