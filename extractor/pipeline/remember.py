"""Transports that never pay twice: what is kept is not sent, and what comes back is kept before anybody uses it.

The same question asked by two documents at once is sent once; should that one fail, the next one asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from extractor.call.effects import Transport
from extractor.errors import NotKept
from extractor.pipeline.journal import Journal
from extractor.wire.values import Reply, Request

__all__ = ["Batches", "Remembering", "Replies"]

_LOOK_SECONDS = 0.2
"""How often to look whether another process has the reply that it asks for."""


class Replies(Protocol):
    """Where paid replies are kept, by the keys of their requests, and who asks for which."""

    def get(self, key: str, document: str, /) -> Reply | None: ...

    def claim(self, key: str, /) -> bool: ...

    def put(self, key: str, reply: Reply, document: str, /) -> Future[None]: ...

    def release(self, key: str, /) -> None: ...


class Batches:
    """Which batches are out, kept in the journal, so that a run that was killed picks them up again."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def batches(self) -> Mapping[str, Sequence[str]]:
        return self._journal.note("batches") or {}

    def keep(self, request_id: str, keys: Sequence[str]) -> None:
        self._journal.keep_note("batches", {**self.batches(), request_id: list(keys)})

    def drop(self, request_id: str) -> None:
        self._journal.keep_note("batches", {name: keys for name, keys in self.batches().items() if name != request_id})


class Remembering:
    """A transport around another, for one event loop. Of the documents in `stored_only` nothing is sent."""

    def __init__(self, transport: Transport, replies: Replies, stored_only: Container[str] = ()) -> None:
        self._transport, self._replies, self._stored_only = transport, replies, stored_only
        self._in_flight: dict[str, asyncio.Event] = {}

    async def send(self, request: Request) -> Reply:
        key, mine = request.key, asyncio.Event()
        while True:
            if (stored := self._replies.get(key, request.document)) is not None:
                return stored
            if request.document in self._stored_only:
                raise NotKept(f"no reply is kept for a question about {request.document}")
            if (other := self._in_flight.setdefault(key, mine)) is mine:
                break
            await other.wait()
        try:
            return await self._sent(request)
        finally:
            del self._in_flight[key]
            mine.set()

    async def _sent(self, request: Request) -> Reply:
        key, replies = request.key, self._replies
        while not replies.claim(key):
            await asyncio.sleep(_LOOK_SECONDS)
            if (stored := replies.get(key, request.document)) is not None:
                return stored
        try:
            reply = await self._transport.send(request)
            # One flush serves all who wait for it, so that whoever is cancelled leaves it to the others.
            await asyncio.shield(asyncio.wrap_future(replies.put(key, reply, request.document)))
        except BaseException:
            replies.release(key)
            raise
        return reply
