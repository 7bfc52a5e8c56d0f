"""What becomes of a response's bytes as they come in: one reply at the end, or text on the way as well."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar

from extractor.errors import BrokenReply
from extractor.wire.prices import Price
from extractor.wire.streams import StreamReader
from extractor.wire.values import Reply

__all__ = ["LARGEST", "Heard", "Receiver", "Streamed", "Unpacking", "Whole"]

LARGEST = 200_000_000
"""Bytes of one response: a batch of 10 MB of questions may well have ten times that in answers."""

_PIECE = 1 << 18  # bytes
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}

Read = TypeVar("Read", covariant=True)

Heard = Callable[[str | None], None]
"""Hears each piece of an answer's text as it comes, and None when an answer begins, for a broken one begins again."""


class Receiver(Protocol[Read]):
    """Takes the body of one response, piece by piece; `reply` reads the whole, or raises a ServiceError."""

    def feed(self, data: bytes) -> None: ...

    def reply(self) -> Read: ...


class Unpacking:
    """The bytes that a body stands for, a piece at a time, so that their number is known before they are in memory.

    No encoding is asked for; gzip and deflate are read where somebody on the way applied one of them. BrokenReply for
    any other, and for a body that is not what its header says.
    """

    def __init__(self, encoding: str) -> None:
        names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
        if len(names) > 1 or not set(names) <= _WINDOWS.keys():
            raise BrokenReply("the reply is packed in a way that was not asked for: it is asked again")
        self._packed = zlib.decompressobj(_WINDOWS[names[0]]) if names else None
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What the next bytes of the body stand for."""
        if self._packed is None:
            yield data
            return
        self._begun = self._begun or bool(data)
        while data:
            try:
                piece = self._packed.decompress(data, _PIECE)
            except zlib.error as error:
                raise BrokenReply(f"the reply is not packed as its header says ({error}): it is asked again") from None
            yield piece
            data = self._packed.unconsumed_tail

    def end(self) -> None:
        """BrokenReply where the body ended too early."""
        if self._begun and self._packed is not None and not self._packed.eof:
            raise BrokenReply("the reply is cut short, in the middle of what is packed: it is asked again")


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
