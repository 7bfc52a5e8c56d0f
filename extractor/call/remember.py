"""A transport that never pays twice: what is kept is not sent, and what comes back is kept before anybody uses it.

The same question asked by two documents at once is sent once; should that one fail, the next one asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container

from extractor.call.effects import Transport
from extractor.call.ledger import Book
from extractor.errors import StorageError
from extractor.wire.values import Reply, Request

__all__ = ["NotStored", "Remembering"]

_LOOK_SECONDS = 0.2
"""How often to look whether another process has the reply that it asks for."""


class NotStored(StorageError):
    """A question that only a stored reply may answer has none."""


class Remembering:
    """A transport around another, for one event loop. Of the documents in `stored_only` nothing is sent."""

    def __init__(self, transport: Transport, book: Book, stored_only: Container[str] = ()) -> None:
        self._transport, self._book, self._stored_only = transport, book, stored_only
        self._in_flight: dict[str, asyncio.Event] = {}

    async def send(self, request: Request) -> Reply:
        key, mine = request.key, asyncio.Event()
        while True:
            if (stored := self._book.get(key, request.document)) is not None:
                return stored
            if request.document in self._stored_only:
                raise NotStored(f"no reply is stored for a question about {request.document}")
            if (other := self._in_flight.setdefault(key, mine)) is mine:
                break
            await other.wait()
        try:
            return await self._sent(request)
        finally:
            del self._in_flight[key]
            mine.set()

    async def _sent(self, request: Request) -> Reply:
        key, book = request.key, self._book
        while not book.claim(key):
            await asyncio.sleep(_LOOK_SECONDS)
            if (stored := book.get(key, request.document)) is not None:
                return stored
        try:
            reply = await self._transport.send(request)
            # One flush serves all who wait for it, so that whoever is cancelled leaves it to the others.
            await asyncio.shield(asyncio.wrap_future(book.put(key, reply, request.document)))
        except BaseException:
            book.release(key)
            raise
        return reply
