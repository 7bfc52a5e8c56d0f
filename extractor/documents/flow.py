"""Text with structure, put together piece by piece: lines and paragraphs, with their marks in front."""

from __future__ import annotations

import re

from extractor.documents.scripts import visible, written

__all__ = ["Flow"]

_WHITE = " \t\r\n\f\v\xa0"
_SPACES = re.compile(f"[{_WHITE}]+")


class Flow:
    """A page being written. White space collapses as it does in a browser, unless it is put in verbatim."""

    __slots__ = ("_mark", "_parts", "_pending", "_spaced")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._pending = 0  # line ends due before the next piece
        self._spaced = True  # whether the last piece ended in white space
        self._mark = ""

    def put(self, text: str) -> None:
        """Running text: any white space is one space."""
        seen = visible(text)
        if not seen.strip(_WHITE):
            if seen and not self._pending and not self._spaced:
                self._parts.append(" ")
                self._spaced = True
            return
        text = _SPACES.sub(" ", seen)
        if self._break() or self._spaced:
            text = text.lstrip(" ")
        self._parts.append(self._take_mark() + text)
        self._spaced = text.endswith(" ")

    def put_verbatim(self, text: str) -> None:
        """Text whose white space counts."""
        if text:
            self._break()
            self._parts.append(self._take_mark() + text)
            self._spaced = text[-1].isspace()

    def mark(self, text: str) -> None:
        """What stands in front of the next text, if there is any before the next mark."""
        self._mark = text

    def end_line(self) -> None:
        """What follows begins on a new line."""
        self._pending = max(self._pending, 1)

    def end_paragraph(self) -> None:
        """What follows begins after a blank line."""
        self._pending = 2

    def last(self) -> str:
        """The character that the next piece would stand beside, "" at the beginning of a line."""
        return "" if self._pending or not self._parts else self._parts[-1][-1:]

    def text(self) -> str:
        """What was written so far."""
        return written("".join(self._parts)).strip()

    def _take_mark(self) -> str:
        mark, self._mark = self._mark, ""
        return mark

    def _break(self) -> bool:
        due, self._pending = self._pending, 0
        if not due or not self._parts:
            return False
        if self._spaced and self._parts[-1].endswith(" "):
            self._parts[-1] = self._parts[-1].rstrip(" ")
        self._parts.append("\n" * due)
        return True
