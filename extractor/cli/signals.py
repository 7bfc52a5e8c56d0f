"""A polite end: what asks a process to stop ends a run as Ctrl-C does, with everything so far written."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

__all__ = ["INTERRUPTED", "leave", "leave_at_once", "stopped_politely"]

INTERRUPTED = 130
"""The exit code of a process that was asked to stop."""


def leave(number: int, frame: FrameType | None) -> None:
    """End the process at once with the exit code of an interrupt: a handler for where nothing is to be saved."""
    os._exit(INTERRUPTED)


def leave_at_once() -> None:
    """End an interrupted process once all is saved, without waiting for threads that still compute something."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads on
            stream.flush()
    os._exit(INTERRUPTED)


@contextmanager
def stopped_politely() -> Iterator[None]:
    """Raise KeyboardInterrupt where the process would `leave`, and on SIGTERM and SIGHUP too, while it lasts.

    A SIGHUP that `nohup` made ignored stays ignored.

    For work that has something to end well, once all is imported: native modules may not survive an exception.
    """
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raising: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {signal.SIGTERM: _interrupt}
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        raising[signal.SIGHUP] = _interrupt
    if signal.getsignal(signal.SIGINT) is leave:
        raising[signal.SIGINT] = signal.default_int_handler
    before = {number: signal.signal(number, handler) for number, handler in raising.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C would; where a shell made that ignored, as for a job in the background, raise what it raises."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)
