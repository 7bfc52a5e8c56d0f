"""The effects that a conversation yields, and `drive`, which carries them out.

A flow is a generator of effects that returns its result. It never sends, waits or starts a thread itself, and nests
with `yield from`, so that policy is written once and tested with no network, no clock and no mocks.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from extractor.call.clock import pause
from extractor.wire.values import Reply, Request

__all__ = ["Effect", "Flow", "Now", "Run", "Send", "Together", "Transport", "Wait", "drive"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Ask the model. Resumes with a Reply, or with a ServiceError or BudgetExceeded raised at the yield."""

    request: Request


@dataclass(frozen=True, slots=True)
class Wait:
    """Let `seconds` pass. Resumes with None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """Tell the time. Resumes with the seconds of a clock that only goes forward."""


@dataclass(frozen=True, slots=True)
class Run:
    """Call a function that may take long, off the event loop. Resumes with its result, or raises its error.

    What an async function returns is awaited before the flow resumes.
    """

    function: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Together:
    """Drive several flows at once. Resumes with the list of their results, in order, when all have ended.

    An error that one of them lets through is raised at the yield once the others were stopped.
    """

    flows: tuple[Flow[Any], ...]


Effect = Send | Wait | Now | Run | Together
Flow = Generator[Effect, Any, T]
"""A computation that asks its driver for effects and returns a T."""


class Transport(Protocol):
    """Whatever turns a request into a reply, or raises a ServiceError or BudgetExceeded. Used from many tasks."""

    async def send(self, request: Request, /) -> Reply: ...


async def drive(flow: Flow[T], transport: Transport) -> T:
    """Run a flow to its end on the running event loop; cancelling the task cancels all that the flow began."""
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    resume: Callable[[Any], Effect] = flow.send
    value: Any = None
    try:
        while True:
            if task.cancelling() > before:  # an error of what was cancelled took the place of that
                raise asyncio.CancelledError
            try:
                effect = resume(value)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            resume, value = flow.send, None
            try:
                match effect:
                    case Now():
                        value = time.monotonic()
                    case Send(request):
                        value = await transport.send(request)
                        await asyncio.sleep(0)  # who waits for the place that this left goes first
                    case Wait(seconds):
                        await asyncio.sleep(pause(seconds))
                    case Run(function):
                        value = await _call(function)
                    case Together((only,)):
                        value = [await drive(only, transport)]
                    case Together(flows):
                        value = await _gather(flows, transport) if flows else []
            except Exception as error:
                resume, value = flow.throw, error
    finally:
        flow.close()


async def _call(function: Callable[[], Any]) -> Any:
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    try:
        result = await asyncio.to_thread(_called, function)
        return await result if inspect.isawaitable(result) else result
    except asyncio.CancelledError as error:
        if task.cancelling() > before:
            raise
        raise RuntimeError("the function raised CancelledError") from error  # nobody has cancelled the flow


def _called(function: Callable[[], Any]) -> Any:
    """The result of a function. No future takes a StopIteration: who waits for it would wait forever."""
    try:
        return function()
    except StopIteration as error:
        raise RuntimeError("the function raised StopIteration") from error


async def _gather(flows: tuple[Flow[Any], ...], transport: Transport) -> list[Any]:
    """The results of all, in order. The first error cancels the others and is raised once they have ended."""
    tasks = [asyncio.create_task(drive(flow, transport)) for flow in flows]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if error := next(filter(None, (task.exception() for task in ended)), None):
            raise error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [task.result() for task in tasks]
