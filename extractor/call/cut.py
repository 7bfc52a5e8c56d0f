"""What ends the waiting of other threads: the requests that they have in flight, and their turn to send one.

`on_interrupt` is what a signal calls in place of raising KeyboardInterrupt, where that could break something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

__all__ = ["Cut", "Stopped", "endable", "on_interrupt", "uninterrupted"]


class Stopped(BaseException):
    """Thrown into a flow whose sibling failed; a BaseException, so that no flow takes it for a reply."""


class Cut:
    """Ends what the threads of one call wait for, at once and for good."""

    def __init__(self) -> None:
        self._over = False
        self._ends: list[Callable[[], None]] = []
        self._lock = Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold for what this thread does meanwhile, and for threads that run in copies of its context."""
        before = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(before)

    @contextmanager
    def endable(self, end: Callable[[], None]) -> Iterator[None]:
        """Wait for something that `end`, called from another thread, ends; Stopped where that came to pass."""
        with self._lock:
            if self._over:
                raise Stopped
            self._ends.append(end)
        try:
            yield
        except Exception:
            if self._over:
                raise Stopped from None
            raise
        finally:
            with self._lock:
                self._ends.remove(end)

    def end(self) -> None:
        """End every wait, and each that would begin."""
        with self._lock:
            self._over = True
            for end in self._ends:
                end()


_CURRENT: ContextVar[Cut | None] = ContextVar("cut", default=None)


@contextmanager
def endable(end: Callable[[], None]) -> Iterator[None]:
    """As `Cut.endable` of the call that this thread works for, if it works for one."""
    cut = _CURRENT.get()
    if cut is None:
        yield
        return
    with cut.endable(end):
        yield


on_interrupt: ContextVar[Callable[[], None] | None] = ContextVar("on_interrupt", default=None)


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
