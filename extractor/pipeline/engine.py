"""Many documents at once: a bounded number is open, each ends on its own, in whatever order they finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from extractor.call.cut import on_interrupt
from extractor.call.drivers import AsyncTransport, adrive
from extractor.call.effects import Flow
from extractor.call.threads import Threads

__all__ = ["AHEAD", "finished", "finished_in_background", "run_on_loop"]

T = TypeVar("T")

AHEAD = 4
"""Documents open beyond the requests in flight, so that neither reading nor grounding ever holds up asking."""


def run_on_loop(work: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run`, which an interrupt ends at once, whatever is being computed in a thread."""
    task: asyncio.Task[Any] | None = None
    interrupted = False

    def end() -> None:
        nonlocal interrupted
        if task is None:
            raise KeyboardInterrupt
        interrupted = True
        task.get_loop().call_soon_threadsafe(task.cancel)

    async def main() -> None:
        nonlocal task
        task = asyncio.current_task()
        asyncio.get_running_loop().set_default_executor(Threads())
        await work

    before = on_interrupt.set(end)
    try:
        with asyncio.Runner() as runner:
            runner.run(main())
    except asyncio.CancelledError:
        if interrupted:
            raise KeyboardInterrupt from None
        raise
    finally:
        on_interrupt.reset(before)


async def finished(flows: Iterator[Flow[T]], transport: AsyncTransport, *, at_once: int) -> AsyncGenerator[T, None]:
    """Drive flows, never more than `at_once` of them open, and yield results as they end.

    The iterator is only advanced when there is room, and results that nobody takes are no more than `at_once`, so
    it may be endless or very long. The first error that a flow lets through stops the rest and is raised.
    """
    ended: asyncio.Queue[tuple[T] | BaseException | None] = asyncio.Queue()
    room = asyncio.Semaphore(at_once)

    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        # Who ends a document begins the next: its first request leaves before other replies are looked at.
        for flow in flows:
            result = await adrive(flow, transport)
            if task.cancelling():  # an error of what was cancelled took the place of that, and the flow went on with it
                raise asyncio.CancelledError
            await room.acquire()
            ended.put_nowait((result,))

    async def work_all() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            ended.put_nowait(errors.exceptions[0])  # never waits: nobody may be there to take it
        else:
            ended.put_nowait(None)

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
    flows: Iterator[Flow[T]], open_transport: Callable[[], AbstractAsyncContextManager[AsyncTransport]], *, at_once: int
) -> Iterator[T]:
    """The twin of `finished` for code without an event loop: it drives flows on one in another thread.

    `flows` is advanced in the caller's thread. Leaving early, or an interrupt, cancels what is in flight at once.
    """
    ended: SimpleQueue[Future[T]] = SimpleQueue()
    with _background(open_transport) as (loop, transport):
        open_now = 0
        for flow in flows:
            asyncio.run_coroutine_threadsafe(adrive(flow, transport), loop).add_done_callback(ended.put)
            open_now += 1
            if open_now >= at_once:
                yield ended.get().result()
                open_now -= 1
        for _ in range(open_now):
            yield ended.get().result()


@contextmanager
def _background(
    open_transport: Callable[[], AbstractAsyncContextManager[AsyncTransport]],
) -> Iterator[tuple[asyncio.AbstractEventLoop, AsyncTransport]]:
    """A loop in a thread of its own, and a transport on it; at the end all its tasks are cancelled and waited for."""
    ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None], AsyncTransport]] = Future()

    async def serve() -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            async with open_transport() as transport:
                ready.set_result((asyncio.get_running_loop(), task, transport))
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    others = asyncio.all_tasks() - {task}
                    for other in others:
                        other.cancel()
                    await asyncio.gather(*others, return_exceptions=True)  # what they may have cost is booked
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = Thread(target=copy_context().run, args=(run_on_loop, serve()), name="extractor", daemon=True)
    thread.start()
    loop, task, transport = ready.result()
    try:
        yield loop, transport
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
