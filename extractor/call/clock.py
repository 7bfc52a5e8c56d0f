"""The time that drivers and transports go by, and the switch with which tests outlive every wait at once."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["now", "pause", "skip", "without_waits"]

_hurried = False
_ahead = 0.0


def now() -> float:
    """Seconds of the clock that limits go by: the machine's, and what was skipped of it."""
    return time.monotonic() + _ahead


def pause(seconds: float) -> float:
    """How long really to wait where a flow lets so many seconds pass."""
    return 0.0 if _hurried else seconds


def skip(seconds: float) -> float:
    """The same for a limit that has to pass, such as a Retry-After: its clock is put forward."""
    global _ahead
    if not _hurried or seconds == math.inf:
        return seconds
    _ahead += seconds
    return 0.0


@contextmanager
def without_waits() -> Iterator[None]:
    """Waits end at once, in every thread: back-offs, Retry-After, requests per minute, polls for a batch.

    For tests against the emulator. Replies still take their time, and what they decide is the same.

        with Emulator(reply, faults={"busy": 0.3}) as emulator, without_waits():
            ...
    """
    global _hurried
    before, _hurried = _hurried, True
    try:
        yield
    finally:
        _hurried = before
