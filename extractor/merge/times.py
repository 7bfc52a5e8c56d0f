"""Times of day as people write them, beside a date or alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["time_at", "time_beside"]

_TIME = re.compile(r"(?<![\d.,:/-])(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?(?!\d)(?: ?([ap])\.? ?m\b\.?)?")
_REACH = 24
"""How many characters may stand between a date and its time."""


def time_at(text: str, clock: str) -> Iterator[tuple[int, int]]:
    """Where a folded text says a time of day (HH:MM:SS)."""
    return ((start, end) for written, start, end in _times(text) if _same(written, clock))


def _times(text: str) -> Iterator[tuple[str, int, int]]:
    """Every time of day in a folded text as HH:MM or HH:MM:SS, and where it stands."""
    for found in _TIME.finditer(text):
        hour = int(found[1]) % 12 + (12 if found[4] == "p" else 0) if found[4] else int(found[1])
        if hour < 24 and int(found[2]) < 60:
            written = f"{hour:02}:{found[2]}" + (f":{found[3]}" if found[3] else "")
            yield written, found.start(), found.end()


def _same(written: str, clock: str) -> bool:
    """Whether a time in a text is this one; seconds that the text leaves out must be zero."""
    return clock.startswith(written) and (len(written) > 5 or clock[5:8] in ("", ":00"))


def time_beside(text: str, place: tuple[int, int], clock: str) -> tuple[int, int] | None:
    """The place of a date widened to the time that stands beside it; None if another time or none does."""
    start, end = place
    low = max(0, start - _REACH)
    for written, first, last in _times(text[low : end + _REACH]):
        if _same(written, clock) and not low + first < end > low + last > start:
            return min(start, low + first), max(end, low + last)
    return None
