"""A polite end: what asks a process to stop ends a run as Ctrl-C does, with everything so far written."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from extractor.call.background import on_interrupt

__all__ = ["INTERRUPTED", "leave", "leave_at_once", "stopped_politely"]

_SOON_SECONDS = 0.0001
"""How soon threads that still compute give way to what is saved at the end of an interrupted run."""

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
    """Interrupt the work inside on SIGINT, SIGTERM and SIGHUP, so that it ends well; a second signal ends the process.

    A signal that is ignored, as SIGHUP by `nohup` and SIGINT in the background of a shell, stays ignored.

    For work that has something to end well, once all is imported: native modules may not survive an exception.
    """
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _interrupt) for number in _SIGNALS if _is_ours(number)}
    try:
        yield
    finally:
        interrupted = leave in map(signal.getsignal, before)
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if interrupted else handler)  # what is left is to exit


_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _is_ours(number: signal.Signals) -> bool:
    return signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler, leave)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupt the work. Whoever insists does not wait: what was paid for is in the journal."""
    for one in _SIGNALS:
        if signal.getsignal(one) is _interrupt:
            signal.signal(one, leave)
    sys.setswitchinterval(_SOON_SECONDS)
    end = on_interrupt.get()
    if end is None:
        raise KeyboardInterrupt
    end()
