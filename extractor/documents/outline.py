"""Where a text's sections begin: headings in every common form, and the rules drawn between sections."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["Heading", "Outline"]

_LONGEST = 120  # characters of a line that can be a heading
_STROKES = "#-=_*~"
_BLOCK = 4  # lines of capitals that still are one heading

_HASHES = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_RULE = re.compile(r"([-=_*~])(?: ?\1){2,}")
_WORD = re.compile(
    r"(?i:(chapter|part|article|section|book|annex|appendix|exhibit|schedule)[ \t]+(?-i:[\dIVXLCA-Z])[\dIVXLC.]*\b.*)"
    r"|第[\d〇一二三四五六七八九十百]{1,5}[章节節編部条條回].*"
)
_NUMBER = re.compile(r"(?:\d{1,3}|[IVXLC]{1,7})((?:\.\d{1,3})*)[.)]?[ \t]+[^\W\d_a-z].*(?<![.,;:])")


class Heading(NamedTuple):
    """`text[start:end]` is a heading, or a rule with the title below it; `depth` ranks it among those of its kind."""

    start: int
    end: int
    title: str
    kind: str
    depth: int = 0

    def closes(self, other: Heading) -> bool:
        """Whether the section of `other` ends here: a heading ends those of its kind that are as deep, or deeper."""
        return self.kind == other.kind and self.depth <= other.depth

    def follows(self, other: Heading) -> bool:
        """Whether a line of capitals on its text, such as `PART THREE`, goes on a row of those that stand alone."""
        if self.kind != "capitals" or other.kind != "capitals alone":
            return False
        mine, theirs = (heading.title.partition("\n")[0].split() for heading in (self, other))
        return len(mine) == len(theirs) > 1 and mine[-1] == theirs[-1] and mine != theirs


class Outline:
    """The headings among the landmarks of a text, in order."""

    def __init__(self, text: str, landmarks: Sequence[int]) -> None:
        self._text, self._begin = text, landmarks[0]
        self.headings = list(self._read(landmarks))
        self._starts = [heading.start for heading in self.headings]

    def last_between(self, low: int, high: int) -> int | None:
        """Where the last heading in [low, high] starts."""
        index = bisect_left(self._starts, high + 1) - 1
        return self._starts[index] if index >= 0 and self._starts[index] >= low else None

    def before_headings(self, cut: int, low: int) -> int:
        """`cut`, or the start of the headings that it would part from what they stand above, if that is past `low`."""
        index = bisect_left(self._starts, cut) - 1
        while index >= 0 and self._starts[index] > low and not self._text[self.headings[index].end : cut].strip():
            cut = self._starts[index]
            index -= 1
        return cut

    def _read(self, landmarks: Sequence[int]) -> Iterator[Heading]:
        read = 0
        for start in landmarks:
            if start >= read and (heading := self._heading_at(start)):
                read = heading.end
                yield heading

    def _heading_at(self, start: int) -> Heading | None:
        line, end = self._line(start)
        if not line:
            return None
        if line[0] in _STROKES:
            if match := _HASHES.fullmatch(line):
                return Heading(start, end, match[2].rstrip("# "), "#", len(match[1]))
            if match := _RULE.fullmatch(line):
                return self._ruled(start, end, match[1])
            if start > self._begin:
                return None
        if match := _WORD.fullmatch(line):
            return Heading(start, end, line, (match[1] or "第").lower())
        if (match := _NUMBER.fullmatch(line)) and self._is_blank_at(end):
            return Heading(start, end, line, "number" if line[0].isdigit() else "roman", match[1].count("."))
        return self._capitals(start) if line.isupper() else None

    def _line(self, start: int) -> tuple[str, int]:
        """The line at `start`, stripped, and where it ends; nothing where it is too long to be a heading."""
        end = self._text.find("\n", start, start + _LONGEST)
        if end < 0:
            end = min(len(self._text), start + _LONGEST)
            if end < len(self._text):
                return "", end
        return self._text[start:end].strip(), end

    def _is_blank_at(self, newline: int) -> bool:
        line, end = self._line(newline + 1)
        return not line and self._text[newline + 1 : end].isspace() is (end > newline + 1)

    def _ruled(self, start: int, end: int, stroke: str) -> Heading:
        """A rule underlines the lone line above it, or else opens a section with the short line below it."""
        above = self._text.rfind("\n", max(0, start - _LONGEST), max(0, start - 1)) + 1
        title = self._text[above:start].strip()
        if title and "\n" not in title and not self._text[max(0, above - 2) : above].strip():
            return Heading(above, end, title, "underlined", 1 if stroke == "=" else 2)
        title, below = self._line(end + 1)
        return (
            Heading(start, below, title, "rule")
            if title and self._is_blank_at(below)
            else Heading(start, end, "", "rule")
        )

    def _capitals(self, start: int) -> Heading | None:
        """A block of lines in capitals; one that stands directly on its text is of a lower kind."""
        lines: list[str] = []
        end = start - 1
        while (found := self._line(end + 1))[0].isupper() and len(lines) <= _BLOCK:
            lines.append(found[0])
            end = found[1]
        if len(lines) > _BLOCK or sum(map(str.isalpha, lines[0])) < 3:
            return None
        return Heading(start, end, "\n".join(lines), "capitals alone" if self._is_blank_at(end) else "capitals")
