"""An event loop in a thread of its own, on which code without a loop has its work done.

background = Background()
reply = background.run(transport.send(request))
background.close()
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from threading import Lock, Semaphore, Thread, current_thread
from typing import Any, Generic, TypeVar

__all__ = ["Background", "Job", "on_interrupt", "run_on_loop", "stop", "uninterrupted"]

T = TypeVar("T")

on_interrupt: ContextVar[Callable[[], None] | None] = ContextVar("on_interrupt", default=None)
"""What a signal calls where KeyboardInterrupt could break something."""

_BOOKING_SECONDS = 1.0
"""How long an interrupt waits until what was in flight is booked as perhaps paid."""


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """Work that was begun on a loop in another thread."""

    _loop: asyncio.AbstractEventLoop
    _ended: Future[T] = field(default_factory=Future)
    _task: asyncio.Task[T] | None = None

    def result(self) -> T:
        """Wait for the end; returns or raises what the work does. An interrupt of this thread cancels the work."""
        try:
            return self._ended.result()
        except BaseException:
            if not self._ended.done():
                stop([self], _BOOKING_SECONDS)
            raise

    def then(self, call: Callable[[Job[T]], object]) -> None:
        """Call at the end, from the thread of the loop."""
        self._ended.add_done_callback(lambda _: call(self))

    def cancel(self) -> None:
        """Cancel the work; does not wait for its end."""
        if not self._ended.done():
            self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())

    def _begin(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = self._loop.create_task(work)
        self._task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[T]) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            self._ended.set_result(task.result())
        else:
            self._ended.set_exception(error)


def stop(jobs: Collection[Job[Any]], seconds: float | None = None) -> None:
    """Cancel the work of jobs, and wait until it has ended, for at most so many seconds."""
    for job in jobs:
        job.cancel()
    wait([job._ended for job in jobs], seconds)


class Background:
    """The loop. Any number of threads may begin work on it."""

    def __init__(self) -> None:
        ready: Future[None] = Future()
        self._thread = Thread(target=run_on_loop, args=(self._serve(ready),), name="extractor", daemon=True)
        self._thread.start()
        ready.result()

    def begin(self, work: Coroutine[Any, Any, T]) -> Job[T]:
        """Begin work on the loop, in a copy of the caller's context."""
        job = Job[T](self._loop)
        self._loop.call_soon_threadsafe(job._begin, work)
        return job

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work on the loop and wait for it. An interrupt cancels it, and all that it began, at once."""
        return self.begin(work).result()

    def close(self) -> None:
        """End the loop once the work in flight has ended; waits for that unless called on the loop itself."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            if self._thread is not current_thread():
                self._thread.join()

    async def _serve(self, ready: Future[None]) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        ready.set_result(None)
        await self._over.wait()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)


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
        asyncio.get_running_loop().set_default_executor(_Threads())
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


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let what is done in here come to its end; an interrupt that came meanwhile is raised after it.

    For interrupts that look at `on_interrupt`, as those of the command line do.
    """
    interrupts: list[bool] = []
    before = on_interrupt.set(lambda: interrupts.append(True))
    try:
        yield
    finally:
        on_interrupt.reset(before)
    if interrupts:
        raise KeyboardInterrupt


_Call = tuple[Future[Any], Callable[[], Any]]


class _Threads(ThreadPoolExecutor):
    """An executor whose threads nobody has to wait for: they end with the process, whatever they are computing then.

    The standard one joins its threads when the interpreter exits, and so a function that never returns would keep an
    interrupted process alive.
    """

    def __init__(self) -> None:
        super().__init__()
        self._most = min(32, (os.cpu_count() or 1) + 4)  # as the standard one
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._free, self._starting = Semaphore(0), Lock()
        self._begun = 0

    def submit(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """As the standard one; a thread is started where none is free."""
        future: Future[Any] = Future()
        self._calls.put((future, partial(function, *args, **named)))
        with self._starting:
            if not self._free.acquire(blocking=False) and self._begun < self._most:
                self._begun += 1
                Thread(target=self._work, name=f"extractor-{self._begun}", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end once all is done; waits for none, and cancels no call, whatever is asked."""
        for _ in range(self._begun):
            self._calls.put(None)

    def _work(self) -> None:
        while call := self._calls.get():
            future, function = call
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except BaseException as error:
                    future.set_exception(error)
            del call, future, function  # an idle thread holds nothing
            self._free.release()
