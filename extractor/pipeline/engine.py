"""Many documents at once: a bounded number is open, each ends on its own, in whatever order they finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from queue import SimpleQueue
from typing import TypeVar

from extractor.call.drivers import AsyncTransport, adrive
from extractor.call.effects import Flow

__all__ = ["AHEAD", "finished", "finished_in_threads"]

T = TypeVar("T")

AHEAD = 4
"""Documents open beyond the requests in flight, so that neither reading nor grounding ever holds up asking."""


async def finished(flows: Iterator[Flow[T]], transport: AsyncTransport, *, at_once: int) -> AsyncIterator[T]:
    """Drive flows, never more than `at_once` of them open, and yield results as they end.

    The iterator is only advanced when there is room, and results that nobody takes are no more than `at_once`, so
    it may be endless or very long. The first error that a flow lets through stops the rest and is raised.
    """
    ended: asyncio.Queue[tuple[T] | BaseException | None] = asyncio.Queue(at_once)

    async def work() -> None:
        # Who ends a document begins the next: its first request leaves before other replies are looked at.
        for flow in flows:
            await ended.put((await adrive(flow, transport),))

    async def work_all() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            await ended.put(errors.exceptions[0])
        else:
            await ended.put(None)

    working = asyncio.create_task(work_all())
    try:
        while (result := await ended.get()) is not None:
            if isinstance(result, BaseException):
                raise result
            yield result[0]
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def finished_in_threads(work: Iterator[Callable[[], T]], *, at_once: int) -> Iterator[T]:
    """The twin of `finished` for threads: calls functions, never more than `at_once` of them open."""
    ended: SimpleQueue[Future[T]] = SimpleQueue()
    pool = ThreadPoolExecutor(at_once, "extractor")
    open_now = 0
    try:
        for one in work:
            pool.submit(copy_context().run, one).add_done_callback(ended.put)
            open_now += 1
            if open_now >= at_once + AHEAD:
                yield ended.get().result()
                open_now -= 1
        for _ in range(open_now):
            yield ended.get().result()
    finally:
        pool.shutdown(cancel_futures=True)
