"""What the text above a place settles for what follows it: lines of the document, most needed first."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from extractor.text.lines import Lines
from extractor.text.outline import Heading, opened
from extractor.text.structure import Structure
from extractor.text.tables import Table, cells_of
from extractor.text.tokens import count_tokens

__all__ = ["context"]

_FIRST, _LAST = 12, 4  # lines of the document that stand for its beginning and its end
_CAPTION = 3  # lines directly above a table
_LONGEST = 600  # characters of a line; of a longer one its first sentences, or those that define a term
_MOST_SPANS = 500  # that are tried
_GROUPS = 6  # group rows that are open at most
_ROWS_ABOVE = 100  # in which a value is sought that the rows below repeat or leave out

_FIRST_WORD = re.compile(r"([^\w\n]*)(\w*)")
_SENTENCES = re.compile(r".{1,600}[.!?。；;:](?=\s|$)|.{1,600}(?=\s)|.{1,600}", re.DOTALL)

_Span = tuple[int, int]


def context(structure: Structure, start: int, end: int | None = None, *, room: int) -> str:
    """Lines of the document that a reader of `text[start:end]` alone would miss, in at most `room` tokens.

    They are verbatim, in the document's order, each once: the header rows of the table that `start` lies in, its open
    group rows, the row before `start` and those in which its values last changed, as ditto marks and empty cells ask
    for; what the line at `start` is indented under; the headings of the sections that `start` lies in; what stands
    directly above the table or the run; the first lines of the document and, from behind `end`, its last; sentences
    that define a term which the text uses. Where they do not all fit, they are taken in this order. Of a very long line
    there are the first sentences.

    >>> text = "Prices in euro\\n\\nItem   Price\\nFruit\\nPear     1.50\\nPlum     2.50\\nFig      3.50\\n"
    >>> print(context(Structure(text), text.index("Fig"), room=100))
    Prices in euro
    Item   Price
    Fruit
    Pear     1.50
    Plum     2.50
    """
    text = structure.text
    end = len(text) if end is None else end
    chosen: dict[_Span, str] = {}
    for span in islice(_needed(structure, start, end), _MOST_SPANS):
        line = text[slice(*span)].rstrip()
        outside = span[1] <= start or span[0] >= end
        if line.strip() and outside and not any(begin < span[1] and span[0] < stop for begin, stop in chosen):
            cost = count_tokens(line) + 1
            if cost <= room:
                chosen[span] = line
                room -= cost
    return "\n".join(chosen[span] for span in sorted(chosen))


def _needed(structure: Structure, start: int, end: int) -> Iterator[_Span]:
    """The spans that may be needed to read what begins at `start`, the most needed first."""
    lines, table, run = structure.lines, structure.table_at(start), structure.run_at(start)
    inside = table and table.start < start
    if table and table.header and (inside or table.header[0] < table.start):
        yield from _lines_of(lines, table.header)
    if table and inside:
        yield from chain.from_iterable(_lines_of(lines, span) for span in _open_groups(lines, table, start))
        yield from _telling_rows(structure, table, start)
    elif run:
        yield from _lines_of(lines, (([run.start, *_before(run.starts, start)])[-1], start))
    if not table:
        yield from (_line(lines, index) for index in _less_indented(lines, start))
    for heading in reversed(_sections(structure.headings, start)):
        yield from _lines_of(lines, (heading.start, heading.end))
    if dense := table or run:
        first = lines.at(dense.start)
        yield from (_line(lines, index) for index in range(first - 1, max(-1, first - 1 - _CAPTION), -1))
    begins = [found[0].start for found in (structure.tables, structure.runs) if found]
    yield from (_line(lines, index) for index in range(min(_FIRST, len(lines), *map(lines.at, begins))))
    yield from _last_lines(structure)
    yield from _definitions(structure, start, end)


def _line(lines: Lines, index: int) -> _Span:
    """The line, or the first sentences of one that is very long."""
    start, end = lines.starts[index], lines.end(index)
    first = _SENTENCES.match(lines.text, start, end) if end - start > _LONGEST else None
    return start, first.end() if first else end


def _lines_of(lines: Lines, span: _Span) -> Iterator[_Span]:
    start, end = span
    if start < end:
        yield from (_line(lines, index) for index in range(lines.at(start), lines.at(end - 1) + 1))


def _before(spans: Sequence[Any], start: int) -> Sequence[Any]:
    """Those of some spans, or of some offsets, that begin before `start`."""
    return spans[: bisect_left(spans, (start, 0) if spans and isinstance(spans[0], tuple) else start)]


def _open_groups(lines: Lines, table: Table, start: int) -> list[_Span]:
    """The group rows that may hold for a row at `start`, the last first; groups may stand within groups.

    One group row of each kind, that is of one indent and of one first word where that recurs, and those that lead a
    chain of group rows without a row between.
    """
    firsts = {span: _FIRST_WORD.match(lines.text, *span) for span in table.groups}
    words = {span: found[2] if found else "" for span, found in firsts.items()}
    often = Counter(words.values())
    above = _before(table.groups, start)
    chain_at, kinds = list[_Span](), dict[tuple[str, str], _Span]()
    for chained in _chains(above, table.rows):
        chain_at = [*chain_at[: -len(chained)], *chained]
        for span in chained:
            indent = found[1] if (found := firsts[span]) else ""
            kinds[indent, words[span] if often[words[span]] > 1 else ""] = span
    return sorted({*chain_at, *kinds.values()}, reverse=True)[:_GROUPS]


def _chains(groups: Sequence[_Span], rows: Sequence[int]) -> Iterator[list[_Span]]:
    """The group rows, those together that no row stands between."""
    found: list[_Span] = []
    for span in groups:
        if found and bisect_left(rows, found[-1][0]) < bisect_left(rows, span[0]):
            yield found
            found = []
        found.append(span)
    if found:
        yield found


def _telling_rows(structure: Structure, table: Table, start: int) -> Iterator[_Span]:
    """Of the rows above in the same group, the last, and for each column the last with another value than that."""
    since = max((begin for begin, _ in _before(table.groups, start)), default=table.start)
    rows = [row for row in _before(table.rows, start)[-_ROWS_ABOVE:] if row > since or since == table.start]
    spans = list(zip(rows, [*rows[1:], start], strict=True)) if rows else []
    cells = cells_of([structure.text[begin:stop].strip("\r\n") for begin, stop in spans], table.delimiter)
    if not cells:
        return
    needed = {len(cells) - 1}
    for column, value in enumerate(cells[-1]):
        others = (at for at in range(len(cells) - 2, -1, -1) if cells[at][column : column + 1] not in ([value], []))
        needed |= set(islice(others, 1))
    for at in sorted(needed, reverse=True):
        yield from _lines_of(structure.lines, spans[at])


def _less_indented(lines: Lines, start: int) -> Iterator[int]:
    """The lines above that the line at `start` is indented under, the nearest first."""
    index = lines.at(start)
    indent = _indent(lines[index]) if index >= 0 else 0
    while indent and index:
        index -= 1
        if lines[index] and _indent(lines[index]) < indent:
            indent = _indent(lines[index])
            yield index


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _sections(headings: Sequence[Heading], start: int) -> Sequence[Heading]:
    """The headings above `start` whose sections it lies in, outermost first."""
    at = bisect_left(headings, start, key=lambda heading: heading.start)
    begins = at < len(headings) and headings[at].start == start
    return opened(headings[: at + 1])[:-1] if begins else opened(headings[:at])


def _last_lines(structure: Structure) -> Iterator[_Span]:
    """The last lines from the last row on that are not blank, the very last first."""
    lines = structure.lines
    last = lines.at(structure.rows[-1]) if structure.rows else 0
    found = (index for index in range(len(lines) - 1, last - 1, -1) if lines[index])
    return (_line(lines, index) for index in islice(found, _LAST))


def _definitions(structure: Structure, start: int, end: int) -> Iterator[_Span]:
    """The sentences above that define a term which `text[start:end]` uses."""
    used = structure.text[start:end].lower()
    for term in structure.terms:
        if term.start < start and term.name.lower() in used:
            yield term.start, min(term.end, start)
