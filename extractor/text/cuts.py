"""Where a part of a document may begin, and how a text is cut into parts of about equal weight."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from math import ceil

from extractor.text.lines import Lines
from extractor.text.structure import Structure

__all__ = ["Places"]

Until = Callable[[int], float]

_LEAST, _MOST = 0.6, 1.25  # of an even share of the weight, in which the best place is sought

SECTION, PAGE, BLOCK, ROW, LINE = 5, 4, 3, 2, 1
_SENTENCE = re.compile(r"[.!?…][\"'’”»)\]]*\s+(?=[^\sa-z])|[。！？；]|[؟।۔]\s*")
_SHORTENED = re.compile(r"(?:^|\W)[^\W\d_]{1,3}\.\s*\Z")  # Mr. J. Art. No. vs.
_SPACE = re.compile(r"\s+")


class Places:
    """The offsets at which a part may begin, and how good each is: the start of a section, of a page, after a blank
    line, of a row or record, of a line. Never within a row or a record, nor below a heading, a header or a group row.
    """

    def __init__(self, structure: Structure) -> None:
        self._text, self._levels = structure.text, _levels(structure)
        self.offsets = sorted(self._levels)

    def cut(self, until: Until, target: float, *, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
        """`text[start:end]` in parts of about equal weight, each of at most `target`; joined, they are the text.

        `until(offset)` is the weight of `text[:offset]`, such as its tokens; it never falls. A part passes `target`
        only where a single character does.

        >>> text = "First point.\\n\\nSecond point.\\n\\nThird point.\\n"
        >>> Places(Structure(text)).cut(float, 20)
        [(0, 14), (14, 29), (29, 42)]
        """
        end = len(self._text) if end is None else end
        parts = []
        while start < end:
            begun, left = until(start), until(end) - until(start)
            if left <= target:
                parts.append((start, end))
                break
            step = left / ceil(left / target)
            low, high = begun + _LEAST * step, begun + min(target, _MOST * step)
            found = self._best(until, low, high, begun + step)
            if found is None or not start < found < end:
                found = _within(self._text, start, end, until, low, high)
            parts.append((start, found))
            start = found
        return parts

    def _best(self, until: Until, low: float, high: float, aim: float) -> int | None:
        """The best place whose weight is more than `low` and at most `high`, the nearest to `aim` of equals."""
        first = bisect_right(self.offsets, low, key=until)
        last = bisect_right(self.offsets, high, key=until)
        return max(
            self.offsets[first:last],
            key=lambda offset: (self._levels[offset], -abs(until(offset) - aim)),
            default=None,
        )


def _levels(structure: Structure) -> dict[int, int]:
    """The places and how good each is."""
    lines, levels, blank = structure.lines, dict[int, int](), True
    for index, offset in enumerate(lines.starts):
        if lines[index].strip():
            levels[offset] = BLOCK if blank else LINE
        blank = not lines[index].strip() or structure.text[lines.end(index) - 1] == "\f"
    for table in structure.tables:
        rows = dict.fromkeys(table.rows, ROW) | {start: BLOCK for start, _ in table.groups}
        _only(levels, lines, (table.start, table.end), rows)
    for run in structure.runs:
        _only(levels, lines, (run.start, run.end), dict.fromkeys(run.starts, ROW))
    levels |= {page: PAGE for page in structure.pages if page in levels}
    levels |= {heading.start: SECTION for heading in structure.headings if heading.start in levels}
    for span in _heads(structure):
        _bind(levels, lines, span)
    return levels


def _only(levels: dict[int, int], lines: Lines, span: tuple[int, int], rows: dict[int, int]) -> None:
    """Leave within a table or a run the starts of its rows alone."""
    start, end = span
    for offset in lines.starts[bisect_right(lines.starts, start) : bisect_left(lines.starts, end)]:
        if offset in rows:
            levels[offset] = max(rows[offset], levels[offset])
        else:
            levels.pop(offset, None)


def _heads(structure: Structure) -> Iterator[tuple[int, int]]:
    """The spans that must not be parted from what stands below them: headings, header rows, group rows."""
    for heading in structure.headings:
        yield heading.start, heading.end
    for table in structure.tables:
        if table.header and table.header[0] >= table.start:
            yield table.header
        yield from table.groups


def _bind(levels: dict[int, int], lines: Lines, span: tuple[int, int]) -> None:
    """No part begins within a span, nor with the first text below it."""
    index = lines.at(span[0]) + 1
    while index < len(lines):
        levels.pop(lines.starts[index], None)
        if lines.starts[index] >= span[1] and lines[index].strip():
            break
        index += 1


# -- where a text has no place


def _within(text: str, start: int, end: int, until: Until, low: float, high: float) -> int:
    """Where to cut a stretch without a place: after a sentence, at white space, or at worst between two characters."""
    offsets = range(start + 1, end)
    first, last = start + 1 + bisect_right(offsets, low, key=until), start + bisect_right(offsets, high, key=until)
    if last <= first:
        last = max(start + 1, last)
        return _whole_character(text, start, last)
    for pattern in (_SENTENCE, _SPACE):
        found = [match.end() for match in pattern.finditer(text, first, last) if match.end() < last]
        if pattern is _SENTENCE:
            found = [at for at in found if not _SHORTENED.search(text, max(0, at - 8), at)]
        if found:
            return found[-1]
    return _whole_character(text, start, last)


def _whole_character(text: str, start: int, limit: int) -> int:
    """The last place up to `limit` that parts no character: no CR from its LF, no mark from its letter."""
    at = limit
    while at > start + 1 and at < len(text) and _joins(text[at - 1], text[at]):
        at -= 1
    return at if at > start + 1 else limit


def _joins(left: str, right: str) -> bool:
    return (
        (left == "\r" and right == "\n")
        or left == "\u200d"
        or right in "\u200d\ufe0e\ufe0f"
        or unicodedata.category(right) in ("Mn", "Mc", "Me")
        or "\U0001f3fb" <= right <= "\U0001f3ff"
        or "\U0001f1e6" <= left <= right <= "\U0001f1ff"
    )
