"""Many documents at once: a bounded number is open, each ends on its own, in whatever order they finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

from extractor.call.drivers import AsyncTransport, adrive
from extractor.call.effects import Flow

__all__ = ["finished"]

T = TypeVar("T")


async def finished(flows: Iterator[Flow[T]], transport: AsyncTransport, *, at_once: int) -> AsyncIterator[T]:
    """Drive flows, never more than `at_once` of them open, and yield results as they end.

    The iterator is only advanced when there is room, so it may be endless or very long. The first error
    that a flow lets through stops the rest and is raised.
    """
    open_now: set[asyncio.Task[T]] = set()
    try:
        for flow in flows:
            open_now.add(asyncio.create_task(adrive(flow, transport)))
            if len(open_now) >= at_once:
                done, open_now = await asyncio.wait(open_now, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        while open_now:
            done, open_now = await asyncio.wait(open_now, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        await _stop(open_now)


async def _stop(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
