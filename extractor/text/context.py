"""What the text above a place settles for what follows it: lines of the document, most needed first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from extractor.text.lines import Lines
from extractor.text.outline import Heading, opened
from extractor.text.structure import Structure
from extractor.text.tokens import count_tokens

__all__ = ["context"]

_FIRST, _LAST = 12, 4  # lines of the document that stand for its beginning and its end
_CAPTION = 3  # lines directly above a table
_LONGEST = 600  # characters of a line that are worth their room


def context(structure: Structure, start: int, end: int | None = None, *, room: int) -> str:
    """Lines of the document that a reader of `text[start:end]` alone would miss, in at most `room` tokens.

    They are verbatim, in the document's order, each once: the header rows of the table that `start` lies in, its open
    group row and the row before `start`; the headings of the sections that `start` lies in; what stands directly above
    the table; the first lines of the document and, from behind `end`, its last. Where they do not all fit, they are
    taken in this order.

    >>> text = "Prices in euro\\n\\nItem   Price\\nFruit\\nPear     1.50\\nPlum     2.50\\nFig      3.50\\n"
    >>> print(context(Structure(text), text.index("Fig"), room=100))
    Prices in euro
    Item   Price
    Fruit
    Plum     2.50
    """
    end = len(structure.text) if end is None else end
    chosen: dict[int, str] = {}
    for index in _needed(structure, start):
        offset, line = structure.lines.starts[index], structure.lines[index]
        if line and offset not in chosen and len(line) <= _LONGEST and (offset < start or offset >= end):
            cost = count_tokens(line) + 1
            if cost <= room:
                chosen[offset] = line
                room -= cost
    return "\n".join(chosen[offset] for offset in sorted(chosen))


def _needed(structure: Structure, start: int) -> Iterator[int]:
    """The lines that may be needed to read what begins at `start`, the most needed first."""
    lines, table = structure.lines, structure.table_at(start)
    inside = table and table.start < start
    if table and table.header and (inside or table.header[0] < table.start):
        yield from _of(lines, table.header)
    if table and inside:
        yield from chain.from_iterable(_of(lines, span) for span in _before(table.groups, start)[-1:])
    yield from _of(lines, _row_above(structure, start))
    for heading in reversed(_sections(structure.headings, start)):
        yield from _of(lines, (heading.start, heading.end))
    if table and inside:
        yield from range(lines.at(table.start) - 1, lines.at(table.start) - 1 - _CAPTION, -1)
    begins = [found[0].start for found in (structure.tables, structure.runs) if found]
    yield from range(min(_FIRST, len(lines), *map(lines.at, begins)))
    yield from _last_lines(structure)


def _of(lines: Lines, span: tuple[int, int]) -> Iterable[int]:
    start, end = span
    return range(lines.at(start), lines.at(end - 1) + 1) if start < end else ()


def _before(spans: Sequence[tuple[int, int]], start: int) -> Sequence[tuple[int, int]]:
    return spans[: bisect_left(spans, (start, 0))]


def _row_above(structure: Structure, start: int) -> tuple[int, int]:
    """The row or record that ends at `start`; an empty span where none does."""
    found = structure.table_at(start) or structure.run_at(start)
    at = bisect_left(structure.rows, start) - 1
    if found is None or at < 0 or structure.rows[at] < found.start:
        return start, start
    return structure.rows[at], start


def _sections(headings: Sequence[Heading], start: int) -> Sequence[Heading]:
    """The headings above `start` whose sections it lies in, outermost first."""
    at = bisect_left(headings, start, key=lambda heading: heading.start)
    begins = at < len(headings) and headings[at].start == start
    return opened(headings[: at + 1])[:-1] if begins else opened(headings[:at])


def _last_lines(structure: Structure) -> Iterator[int]:
    """The last lines from the last row on that are not blank, the very last first."""
    lines = structure.lines
    last = lines.at(structure.rows[-1]) if structure.rows else 0
    return islice((index for index in range(len(lines) - 1, last - 1, -1) if lines[index]), _LAST)
