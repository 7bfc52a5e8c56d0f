"""Many documents at once: a bounded number is open, each ends on its own, in whatever order they finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from queue import SimpleQueue
from typing import TypeVar

from extractor.call.background import Job, stop, taken
from extractor.call.effects import Flow, Transport, drive
from extractor.errors import STOPPING, ExtractorError

__all__ = ["AHEAD", "finished", "finished_in_background"]

T = TypeVar("T")

AHEAD = 4
"""Documents open beyond the requests in flight, so that neither reading nor grounding ever holds up asking."""


async def finished(flows: Iterator[Flow[T]], transport: Transport, *, at_once: int) -> AsyncGenerator[T, None]:
    """Drive flows, never more than `at_once` of them open, and yield results as they end.

    The iterator is only advanced when there is room, and results that nobody takes are no more than `at_once`, so
    it may be endless or very long. What stops the job is raised once the flows that are open have ended, and what they
    were paid for was yielded; any other error that a flow lets through stops the rest at once.
    """
    ended: asyncio.Queue[tuple[T] | BaseException | None] = asyncio.Queue()
    room, stopped = asyncio.Semaphore(at_once), list[ExtractorError]()

    async def work() -> None:
        # Who ends a document begins the next: its first request leaves before other replies are looked at.
        try:
            for flow in flows:
                try:
                    result = await drive(flow, transport)
                except STOPPING as error:
                    stopped.append(error)
                else:
                    await room.acquire()
                    ended.put_nowait((result,))
                if stopped:
                    return
        except (KeyboardInterrupt, SystemExit) as error:  # of a stage or a source; out of a task, it breaks the loop
            ended.put_nowait(error)

    async def work_all() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            ended.put_nowait(errors.exceptions[0])  # never waits: nobody may be there to take it
        else:
            ended.put_nowait(stopped[0] if stopped else None)

    working = asyncio.create_task(work_all())
    try:
        while (result := await ended.get()) is not None:
            if isinstance(result, BaseException):
                raise result
            room.release()
            yield result[0]
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def finished_in_background(
    flows: Iterator[Flow[T]], begin: Callable[[Job[T], Flow[T]], object], *, at_once: int
) -> Iterator[T]:
    """The twin of `finished` for code without an event loop: it drives flows in the background, as `begin` does.

    `flows` is advanced in the caller's thread. Leaving early, or an interrupt, cancels what is in flight at once.
    """
    ended: SimpleQueue[Job[T]] = SimpleQueue()
    in_flight, stopped = set[Job[T]](), list[ExtractorError]()

    def next_results() -> Iterator[T]:
        job = taken(ended)
        in_flight.remove(job)
        try:
            result = job.result()
        except STOPPING as error:
            stopped.append(error)
        else:
            yield result

    try:
        for flow in flows:
            job = Job[T]()
            in_flight.add(job)  # before it begins: whatever is in flight can be stopped
            job.then(ended.put)
            begin(job, flow)
            if len(in_flight) >= at_once:
                yield from next_results()
            if stopped:
                break
        while in_flight:
            yield from next_results()
        if stopped:
            raise stopped[0]
    finally:
        stop(in_flight)
