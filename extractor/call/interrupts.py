"""Interrupts that end well: where KeyboardInterrupt could break something, a signal calls `on_interrupt` instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["on_interrupt", "uninterrupted"]

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
