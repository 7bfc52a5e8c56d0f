"""Transports that never ask twice: what the journal holds is not sent, and what comes back is kept before use.

The same question asked by two documents at once is sent once; should that one fail, the next one asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from threading import Event, Lock

from extractor.call.drivers import AsyncTransport, Transport
from extractor.pipeline.journal import Journal
from extractor.wire.values import Reply, Request

__all__ = ["AsyncRemembering", "Batches", "Remembering"]


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
    """A transport around another, for threads."""

    def __init__(self, transport: Transport, journal: Journal) -> None:
        self._transport, self._journal = transport, journal
        self._asked: dict[str, Event] = {}
        self._lock = Lock()

    def send(self, request: Request) -> Reply:
        key, mine = request.key, Event()
        while True:
            with self._lock:
                if (kept := self._journal.reply(key)) is not None:
                    return kept
                if (asked := self._asked.setdefault(key, mine)) is mine:
                    break
            asked.wait()
        try:
            reply = self._transport.send(request)
            self._journal.keep(key, reply)
            return reply
        finally:
            with self._lock:
                del self._asked[key]
            mine.set()


class AsyncRemembering:
    """A transport around another, for one event loop."""

    def __init__(self, transport: AsyncTransport, journal: Journal) -> None:
        self._transport, self._journal = transport, journal
        self._asked: dict[str, asyncio.Event] = {}

    async def send(self, request: Request) -> Reply:
        key, mine = request.key, asyncio.Event()
        while True:
            if (kept := self._journal.reply(key)) is not None:
                return kept
            if (asked := self._asked.setdefault(key, mine)) is mine:
                break
            await asked.wait()
        try:
            reply = await self._transport.send(request)
            self._journal.keep(key, reply)
            return reply
        finally:
            del self._asked[key]
            mine.set()
