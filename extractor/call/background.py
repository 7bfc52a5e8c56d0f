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
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread, current_thread
from typing import Any, Generic, TypeVar
from weakref import finalize

__all__ = ["Background", "Job", "on_interrupt", "run_on_loop", "stop", "taken", "uninterrupted"]

T = TypeVar("T")

on_interrupt: ContextVar[Callable[[], None] | None] = ContextVar("on_interrupt", default=None)
"""What a signal calls where KeyboardInterrupt could break something."""

_BOOKING_SECONDS = 1.0
"""How long an interrupt waits until what was in flight is booked as perhaps paid."""

_LOOK_SECONDS = 0.25
"""The longest wait in one piece. A signal wakes a thread that waits, and not one that is about to: Python looks for
signals between two steps of its own, and in a wait of the system only where the signal finds it there."""


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """Work on a loop in another thread.

    It can be cancelled from the moment that there is one, so that whoever holds it before the work begins loses none
    to an interrupt, whenever that comes.

        with closing(Job()) as job:
            background.begin(job, work)
            return job.result()
    """

    _loop: asyncio.AbstractEventLoop | None = None
    _task: asyncio.Task[Any] | None = None
    _ended: Future[T] = field(default_factory=Future)

    def result(self) -> T:
        """Wait for the end; returns or raises what the work does."""
        while not self._ended.done():
            with suppress(TimeoutError):
                self._ended.exception(_LOOK_SECONDS)
        return self._ended.result()

    def then(self, call: Callable[[Job[T]], object]) -> None:
        """Call at the end, from the thread of the loop."""
        self._ended.add_done_callback(lambda _: call(self))

    def close(self) -> None:
        """Cancel work that has not ended, and wait a moment until what it was paid for is booked."""
        if not self._ended.done():
            stop([self], _BOOKING_SECONDS)

    async def _work(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = asyncio.current_task()
        if self._ended.done():  # an interrupt came first
            work.close()
            return
        try:
            result = await work
        except BaseException as error:
            self._ended.set_exception(error)
        else:
            self._ended.set_result(result)

    def _cancel(self) -> None:
        assert self._loop
        self._loop.call_soon_threadsafe(self._cancelled)

    def _cancelled(self) -> None:
        if self._task is not None:
            self._task.cancel()
        elif not self._ended.done():  # an interrupt came before the work began
            self._ended.set_exception(asyncio.CancelledError())


def stop(jobs: Collection[Job[Any]], seconds: float | None = None) -> None:
    """Cancel the work of jobs, and wait until it has ended, for at most so many seconds."""
    begun = [job for job in jobs if job._loop and not job._ended.done()]
    for job in begun:
        job._cancel()
    wait([job._ended for job in begun], seconds)


def taken(queue: SimpleQueue[T]) -> T:
    """The next of a queue, as soon as there is one."""
    while True:
        with suppress(Empty):
            return queue.get(timeout=_LOOK_SECONDS)


class Background:
    """The loop. Any number of threads may begin work on it.

    One that nobody closes ends, with the work in flight, when it is collected, or with the process.
    """

    def __init__(self) -> None:
        ready: Future[_Begun] = Future()
        thread = Thread(target=asyncio.run, args=(_serve(ready),), name="extractor", daemon=True)
        self._end = partial(_end, thread, ready)
        self._unclosed = finalize(self, self._end, waiting=False)
        thread.start()
        self._loop, _ = ready.result()

    def begin(self, job: Job[T], work: Coroutine[Any, Any, T]) -> None:
        """Begin the work of a job, in a copy of the caller's context."""
        job._loop = self._loop
        self._loop.call_soon_threadsafe(self._loop.create_task, job._work(work))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work on the loop and wait for it.

        An interrupt cancels it, and all that it began, and is raised once it has ended; a second one does not wait.
        """
        job = Job[T]()
        try:
            self.begin(job, work)
            return job.result()
        finally:
            stop([job])

    def close(self, *, waiting: bool = True) -> None:
        """End the loop once the work in flight has ended, which is cancelled unless it is worth `waiting` for.

        Waits for that unless called on the loop itself.
        """
        if self._unclosed.detach():
            self._end(waiting=waiting)


_Begun = tuple[asyncio.AbstractEventLoop, "asyncio.Future[bool]"]


async def _serve(ready: Future[_Begun]) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_Threads())
    over: asyncio.Future[bool] = loop.create_future()
    ready.set_result((loop, over))
    if await over:
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)


def _end(thread: Thread, begun: Future[_Begun], *, waiting: bool) -> None:
    if not thread.is_alive():  # it belongs to the parent of a forked process
        return
    loop, over = begun.result()
    loop.call_soon_threadsafe(over.set_result, waiting)
    if thread is not current_thread():
        thread.join(_BOOKING_SECONDS)
        while waiting and thread.is_alive():
            thread.join(_LOOK_SECONDS)


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
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        loop.set_default_executor(_Threads())

        def look() -> None:
            loop.call_later(_LOOK_SECONDS, look)

        look()
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
        self._begun = 0

    def submit(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """As the standard one, for one loop; each of the first calls starts a thread."""
        future: Future[Any] = Future()
        self._calls.put((future, partial(function, *args, **named)))
        if self._begun < self._most:
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
