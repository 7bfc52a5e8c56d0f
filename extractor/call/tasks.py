"""How tasks of one event loop take turns: going straight on, and waiting to be woken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

__all__ = ["Waiting", "straight"]

T = TypeVar("T")


@coroutine
def straight(work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Await `work` without letting others run where it only offers to, and waits for nothing.

    httpcore and anyio offer that ten times a request. Of many replies at once each would then wait for all others at
    every step, and the next requests would leave together, to come back together.
    """
    resume: Callable[[Any], Any] = work.send
    value: Any = None
    while True:
        try:
            waiting = resume(value)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        resume, value = work.send, None
        if waiting is not None:
            try:
                value = yield waiting
            except BaseException as error:
                resume, value = work.throw, error


class Waiting:
    """A task that waits until it is woken, from whatever thread. A `wake` that comes first is not lost."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken = self._loop.create_future()

    def wake(self) -> None:
        if _running() is self._loop:
            self._set()
        else:
            self._loop.call_soon_threadsafe(self._set)

    async def pause(self, seconds: float) -> None:
        """Wait until it is woken, or so many seconds have passed."""
        timer = self._loop.call_later(seconds, self._set)
        try:
            await self._woken
        finally:
            timer.cancel()
            self._woken = self._loop.create_future()

    def _set(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
