"""A polite end: what asks a process to stop ends a run as Ctrl-C does, with everything so far written."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["interruptible", "leave", "stopped_politely"]


def leave(number: int, frame: FrameType | None) -> None:
    """End the process at once with the exit code of an interrupt: a handler for where nothing is to be saved."""
    os._exit(130)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt on an interrupt, while it lasts, where the process would `leave`."""
    if signal.getsignal(signal.SIGINT) is not leave:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, leave)


@contextmanager
def stopped_politely() -> Iterator[None]:
    """Take SIGTERM for an interrupt, while it lasts."""
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C would; where a shell made that ignored, as for a job in the background, raise what it raises."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)
