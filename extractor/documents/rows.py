"""The header of a table that a cut falls into."""

from __future__ import annotations

import re

__all__ = ["TableHeads"]

_LONGEST = 4000  # characters of a row
_MARKS = ("|", "\t", ";", ",")
_COLUMNS = re.compile(r"\S(?: {2,}|\t)\S.*\S(?: {2,}|\t)\S")
_DIVIDER = re.compile(r"[|+:\-= ]+")


class TableHeads:
    """Header rows for one cut after another of a text; a long table is walked once, however often it is cut."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._cut = 0
        self._head = ""

    def above(self, cut: int) -> str:
        """The header row of the table that `cut` falls into, with its divider; nothing outside of tables."""
        kind = "" if self._text.endswith("\n\n", 0, cut) else _row_kind(self._line_at(cut))
        head = self._walk(cut, kind) if kind else ""
        self._cut, self._head = cut, head
        return head

    def _walk(self, cut: int, kind: str) -> str:
        top = cut
        while top > 0:
            start = self._text.rfind("\n", 0, top - 1) + 1
            if _row_kind(self._text[start:top]) != kind:
                break
            top = start
            if top <= self._cut and self._head:
                return self._head
        return self._header(top, cut)

    def _header(self, top: int, cut: int) -> str:
        """The first row from `top`, and the divider below it where there is one, if both stand above `cut`."""
        first = self._line_at(top)
        second = self._line_at(top + len(first))
        head = first + second if _DIVIDER.fullmatch(second.strip()) else first
        return head.strip("\r\n") if top + len(head) <= cut else ""

    def _line_at(self, start: int) -> str:
        end = self._text.find("\n", start, start + _LONGEST)
        return self._text[start : end + 1] if end >= 0 else self._text[start : start + _LONGEST]


def _row_kind(line: str) -> str:
    """What parts the cells of a row, and how many there are where that is fixed; nothing for other lines."""
    line = line.strip("\r\n")
    for mark in _MARKS:
        count = line.count(mark)
        if count >= (2 if mark == "|" else 1) and mark in "|\t":
            return f"{mark}{count}"
        if count >= 2 and line.count(mark + " ") * 2 <= count:
            return f"{mark}{count}"
    return "columns" if ("  " in line or "\t" in line) and _COLUMNS.search(line) else ""
