"""The source text of a document cut into marked and unmarked pieces, for a page that shows evidence in place.

Pure. Offsets are resolved here, where they are Python string indices: a browser counts in other units.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

__all__ = ["Mark", "Piece", "passages"]

Mark = tuple[int, int, int]
"""start, end, and the number that a page knows the evidence by."""

Piece = str | list[object] | int
"""Plain text, `[text, [mark numbers]]`, or the count of characters left out at this point."""

_ROOM = 240
_GAP = 400
_SNAP = 40


def passages(text: str, marks: Sequence[Mark], *, cap: int) -> list[Piece]:
    """The whole text or, where it is longer than `cap` characters, its opening and what surrounds the marks.

    Marks may overlap; text is cut wherever one begins or ends. Marks outside the text are left out.
    """
    inside = [(start, min(end, len(text)), number) for start, end, number in marks if 0 <= start < min(end, len(text))]
    windows = _windows(text, inside, cap)
    begins, ends = _edges(inside)
    opened, closed = {start for start, _ in windows}, {end for _, end in windows}
    pieces: list[Piece] = []
    active: set[int] = set()
    visible = False
    for start, end in pairwise(sorted({0, len(text), *begins, *ends, *opened, *closed})):
        visible = start in opened or (visible and start not in closed)
        active = (active | begins.get(start, set())) - ends.get(start, set())
        piece = text[start:end]
        pieces.append(([piece, sorted(active)] if active else piece) if visible else end - start)
    return pieces


def _edges(marks: Sequence[Mark]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Which marks begin, and which end, at each offset."""
    begins: dict[int, set[int]] = {}
    ends: dict[int, set[int]] = {}
    for start, end, number in marks:
        begins.setdefault(start, set()).add(number)
        ends.setdefault(end, set()).add(number)
    return begins, ends


def _windows(text: str, marks: Sequence[Mark], cap: int) -> list[tuple[int, int]]:
    """The ranges that are shown, in order and apart from each other."""
    if len(text) <= cap:
        return [(0, len(text))]
    windows = [(0, _snap(text, min(cap // 4, len(text))))]
    for start, end, _ in sorted(marks):
        low, high = _snap(text, max(0, start - _ROOM)), _snap(text, min(len(text), end + _ROOM))
        if low <= windows[-1][1] + _GAP:
            windows[-1] = (windows[-1][0], max(high, windows[-1][1]))
        else:
            windows.append((low, high))
    return windows


def _snap(text: str, at: int) -> int:
    """The end of the white space nearest before `at`, so that no word is cut; `at` itself where there is none."""
    if at in (0, len(text)):
        return at
    found = max(text.rfind(space, max(0, at - _SNAP), at) for space in " \n")
    return at if found < 0 else found + 1
