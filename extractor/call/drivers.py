"""What runs a flow: `drive` in threads, `adrive` on an event loop. Neither knows what the flow is about."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import copy_context
from threading import Event, Lock, Thread
from typing import Any, Protocol, TypeVar

from extractor.call.clock import pause
from extractor.call.cut import Cut, Stopped
from extractor.call.effects import Effect, Flow, Now, Run, Send, Together, Wait
from extractor.wire.values import Reply, Request

__all__ = ["AsyncTransport", "Transport", "adrive", "drive", "in_background"]

T = TypeVar("T")

_BOOKING_SECONDS = 1.0
"""How long an interrupt waits until other threads have booked what their requests may have cost."""


class Transport(Protocol):
    """Whatever turns a request into a reply, or raises a ServiceError or BudgetExceeded. Used from many threads."""

    def send(self, request: Request, /) -> Reply: ...


class AsyncTransport(Protocol):
    """The same for an event loop; used from many tasks of one loop."""

    async def send(self, request: Request, /) -> Reply: ...


def drive(flow: Flow[T], transport: Transport, *, workers: int) -> T:
    """Run a flow to its end with at most `workers` threads at work, this one among them; returns what it returns.

    Requests that are in flight when the flow fails are let finish, so that what was paid is kept. An interrupt ends
    them at once; the most that they can have cost counts as perhaps paid.
    """
    pool = ThreadPoolExecutor(workers - 1, "extractor") if workers > 1 else None
    group, cut, patient = _Group(), Cut(), True
    try:
        with cut.held():
            return _Threads(transport, pool, cut).run(flow, group)
    except BaseException as error:
        group.stop()
        patient = isinstance(error, Exception)
        raise
    finally:
        if pool:
            pool.shutdown(wait=patient, cancel_futures=True)


async def adrive(flow: Flow[T], transport: AsyncTransport) -> T:
    """Run a flow to its end on the running event loop; cancelling the task cancels all that the flow began."""
    resume: Callable[[Any], Effect] = flow.send
    value: Any = None
    try:
        while True:
            try:
                effect = resume(value)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            try:
                resume, value = flow.send, await _aperform(effect, transport)
            except Exception as error:
                resume, value = flow.throw, error
    finally:
        flow.close()


async def _aperform(effect: Effect, transport: AsyncTransport) -> Any:
    match effect:
        case Send(request):
            reply = await transport.send(request)
            await asyncio.sleep(0)  # who waits for the place that this left goes first
            return reply
        case Wait(seconds):
            await asyncio.sleep(pause(seconds))
        case Now():
            return time.monotonic()
        case Run(function):
            return await _acall(function)
        case Together((flow,)):
            return [await adrive(flow, transport)]
        case Together(flows):
            return await _agather(flows, transport)
    return None


async def _acall(function: Callable[[], Any]) -> Any:
    result = await asyncio.to_thread(function)
    return await result if inspect.isawaitable(result) else result


async def _agather(flows: tuple[Flow[Any], ...], transport: AsyncTransport) -> list[Any]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(adrive(flow, transport)) for flow in flows]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def in_background(work: Coroutine[Any, Any, None], failed: Callable[[BaseException], None]) -> Callable[[], None]:
    """Run on an event loop of its own, in another thread; what is returned cancels it, and waits until it has ended.

    `failed` hears of the error that it ends with, if one does.
    """
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            failed(error)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    thread = Thread(target=copy_context().run, args=(run,), name="extractor", daemon=True)
    thread.start()

    def stop() -> None:
        with suppress(RuntimeError):  # it has ended, and the loop is closed
            loop.call_soon_threadsafe(task.cancel)
        thread.join()

    return stop


class _Group:
    """Flows that stop together: those of one Together, and all that they began in turn."""

    def __init__(self) -> None:
        self.stopped = Event()
        self._inner: list[_Group] = []
        self._lock = Lock()

    def inner(self) -> _Group:
        group = _Group()
        with self._lock:
            self._inner.append(group)
            if self.stopped.is_set():
                group.stop()
        return group

    def leave(self, group: _Group) -> None:
        with self._lock:
            self._inner.remove(group)

    def stop(self) -> None:
        with self._lock:
            self.stopped.set()
            for group in self._inner:
                group.stop()


class _Threads:
    """Drives flows on a shared pool. A parent runs each child that no thread has taken, so it never deadlocks."""

    def __init__(self, transport: Transport, pool: ThreadPoolExecutor | None, cut: Cut) -> None:
        self._transport = transport
        self._pool = pool
        self._cut = cut

    def run(self, flow: Flow[T], group: _Group) -> T:
        resume: Callable[[Any], Effect] = flow.send
        value: Any = None
        try:
            while True:
                if group.stopped.is_set():
                    raise Stopped
                try:
                    effect = resume(value)
                except StopIteration as stop:
                    return stop.value  # type: ignore[no-any-return]
                try:
                    resume, value = flow.send, self._perform(effect, group)
                except Exception as error:
                    resume, value = flow.throw, error
        finally:
            flow.close()

    def _perform(self, effect: Effect, group: _Group) -> Any:
        match effect:
            case Send(request):
                return self._transport.send(request)
            case Wait(seconds):
                group.stopped.wait(pause(seconds))
            case Now():
                return time.monotonic()
            case Run(function):
                result = function()
                return _run(_awaited(result)) if inspect.isawaitable(result) else result
            case Together((flow,)):
                return [self.run(flow, group)]
            case Together(flows):
                inner = group.inner()
                try:
                    return self._together(flows, inner)
                finally:
                    group.leave(inner)
        return None

    def _together(self, flows: tuple[Flow[Any], ...], group: _Group) -> list[Any]:
        if self._pool is None:
            return [self.run(flow, group) for flow in flows]
        futures = [self._pool.submit(copy_context().run, self._child, flow, group) for flow in flows]
        try:
            mine = {index: self._child(flows[index], group) for index, one in enumerate(futures) if one.cancel()}
            return [mine[index] if index in mine else one.result() for index, one in enumerate(futures)]
        except BaseException as error:
            group.stop()
            interrupted = not isinstance(error, Exception | Stopped)
            if interrupted:
                self._cut.end()
            wait([one for one in futures if not one.cancel()], _BOOKING_SECONDS if interrupted else None)
            raise _first_error(futures, error) from None

    def _child(self, flow: Flow[Any], group: _Group) -> Any:
        try:
            return self.run(flow, group)
        except BaseException:
            group.stop()
            raise


def _first_error(futures: list[Future[Any]], error: BaseException) -> BaseException:
    """The error behind `error`: where a child was only stopped, the one that its failed sibling raised."""
    if not isinstance(error, Stopped):
        return error
    ended = (one.exception() for one in futures if one.done() and not one.cancelled())
    return next((other for other in ended if other is not None and not isinstance(other, Stopped)), error)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop of its own, beside one that runs in this thread already, as in a notebook."""
    if asyncio._get_running_loop() is None:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, asyncio.run, work).result()


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
