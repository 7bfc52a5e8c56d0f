"""Rows that a document shows and no item was read from, though the rows around them are items.

    Day   Text     Sum
    1.1.  Carried  7.00    no row: it is before the first item of the table
    2.1.  Kiosk    4.50    listed
    3.1.  Tram     2.00    left out: it is like the others
    4.1.  Canteen  5.00    listed
          Sum     18.50    no row: other cells are filled

Rows below the last item are left out only where they are more than a summary. A row with the sums of those above it is
a total. Where a column tells the items from the others, or most rows between are others, the schema asks for some.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import orjson

from extractor.extraction.finding import Finder, Wanted
from extractor.extraction.folding import fold, tokens
from extractor.extraction.numbers import numerals
from extractor.schema.pointer import JSON
from extractor.text.records import words
from extractor.text.structure import Structure
from extractor.text.tables import Table, cells_of

__all__ = ["ALIKE", "left_out"]

Range = tuple[int, int]
_NEGATIVE = re.compile(r"^\W*[-−(]")
ALIKE = 2
"""Rows with an item that another row must be like."""
_SUMMARY = 2
"""Cells of a row that may be a part of the summary below a list, whose rows are many: what it is, and how much."""
_TELLING, _LONG, _PROSE = 2, 120, 5
"""Words that most records must share to be of one kind; characters past which a record, and words past which a cell is
prose."""


def left_out(
    structure: Structure,
    part: Range,
    placed: Sequence[Range],
    unplaced: Sequence[JSON] = (),
    single: Collection[Wanted] = (),
) -> list[Range]:
    """The rows of a part in which no item is placed, though two like them or more have one: fewer than half, or all of
    a table from some row on. Not those that say a `single` value of the document which no such row says, or what one
    of the items says whose place is not known.

    >>> text = "Day   Sum\\n2.1.  4.50\\n3.1.  2.00\\n4.1.  5.00\\n"
    >>> [text[slice(*row)] for row in left_out(Structure(text), (0, len(text)), [(10, 20), (32, 42)])]
    ['3.1.  2.00\\n']
    """
    found: list[Range] = []
    for alike in (*_in_tables(structure, *part), *_in_runs(structure, *part)):
        rows = alike.rows
        held = [any(start < high and low < end for low, high in placed) for start, end in rows]
        if gaps := _gaps(alike, held):
            texts = [structure.text[slice(*row)] for row in rows]
            listed = [text for text, its in zip(texts, held, strict=True) if its]
            common = set[str]().union(*map(_tokens_of, listed))
            stated = [_tokens_of(orjson.dumps(item).decode()) for item in unplaced]
            finder = Finder("\n".join(listed), single)
            telling = [one for one in single if not finder.find(one)]
            for index in gaps:
                own = _tokens_of(texts[index]) - common
                if not any(own <= its for its in stated) and not _says_one(texts[index], telling):
                    found.append(rows[index])
    return found


def _gaps(alike: _Alike, held: Sequence[bool]) -> list[int]:
    """Which rows are like those that are held, and are not: if they are too few for a choice, or where a list ends."""
    (first, last), cells = alike.edges, alike.cells
    count = Counter(kind for kind, its in zip(alike.kinds, held, strict=True) if its)
    like = [(index, kind) for index, kind in enumerate(alike.kinds) if kind and count[kind] >= ALIKE]
    items = [index for index, _ in like if held[index]]
    tail = [(index, kind) for index, kind in like if index > items[-1]]
    gaps = [index for index, _ in like if not (held[index] or (first and index < items[0]))]
    if last and tail and not _goes_on([kind for _, kind in tail], len(items)):
        gaps, tail = gaps[: -len(tail)], []
    few = 2 * len(gaps) < len(like) or (cells and len(gaps) == len(tail))
    return gaps if few and not (cells and _is_choice([cells[at] for at in items], [cells[at] for at in gaps])) else []


def _goes_on(tail: Sequence[Collection[str]], items: int) -> bool:
    """Whether rows below the last item are more than a summary: several that begin with a figure; or as many as the
    items, of more cells than a summary has."""
    if next(filter(None, tail[0])) == "words":
        return len(tail) >= items and sum(map(bool, tail[0])) > _SUMMARY
    return len(tail) > 1


def _is_choice(items: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> bool:
    """Whether a column tells the items from other rows: all of the ones, two or more, say the same there, and none of
    the others does."""
    for one, other in zip(zip(*items, strict=False), zip(*others, strict=False), strict=False):
        for own, rest in ((one, other), (other, one)):
            if len(own) > 1 and len({*own}) == 1 and _filled(own[0]) == "words" and own[0] not in rest:
                return True
    return False


def _tokens_of(text: str) -> set[str]:
    return set(tokens(fold(text).text))


def _says_one(text: str, values: Collection[Wanted]) -> bool:
    finder = Finder(text, values)
    return any(finder.find(one) for one in values)


_Kind = Collection[str] | None


class _Alike(NamedTuple):
    """Some rows, and what those of one kind have in common (None for a row of no kind); of a table, their cells, and
    whether they begin and end with it or with a group of it."""

    rows: list[Range]
    kinds: list[_Kind]
    cells: Sequence[Sequence[str]] = ()
    edges: tuple[bool, bool] = (False, False)


def _in_tables(structure: Structure, start: int, end: int) -> Iterator[_Alike]:
    """The rows of each table between its group rows: their kinds are which cells are filled, and with what."""
    for table in structure.tables:
        for low, high in pairwise([table.start, *(group for group, _ in table.groups), table.end]):
            rows = table.rows[bisect_left(table.rows, low) : bisect_left(table.rows, high)]
            own = rows[bisect_left(rows, start) : bisect_left(rows, end)]
            if len(own) > 1:
                yield _of_table(structure, table, own)._replace(edges=(own[0] == rows[0], own[-1] == rows[-1]))


def _of_table(structure: Structure, table: Table, starts: Sequence[int]) -> _Alike:
    after = bisect_left(table.rows, starts[-1]) + 1
    last = table.rows[after] if after < len(table.rows) else table.end
    spans = list(pairwise([*starts, last]))
    if not table.delimiter:
        spans = [(row, structure.lines.end(structure.lines.at(row))) for row in starts]
    cells = cells_of([structure.text[slice(*span)].strip("\r\n") for span in spans], table.delimiter)
    totals = set(_totals(cells))
    prose = {at for at, row in enumerate(cells) if any(len(cell.split()) > _PROSE for cell in row)}
    kinds: list[_Kind] = [tuple(map(_filled, row)) for row in cells]
    return _Alike(
        spans, [kind if any(kind or ()) and at not in totals | prose else None for at, kind in enumerate(kinds)], cells
    )


def _filled(cell: str) -> str:
    """What a cell is filled with: nothing, a number or date, a negative one, or words."""
    if any(map(str.isalpha, cell)):
        return "words"
    return ("minus" if _NEGATIVE.match(cell) else "figures") if any(map(str.isdigit, cell)) else ""


def _totals(rows: Sequence[Sequence[str]]) -> Iterator[int]:
    """The rows whose numbers are all sums of the columns above, from some row on: of two rows or more."""
    sums = list[dict[int, Decimal]]()
    whole: dict[int, Decimal] = {}
    for index, row in enumerate(rows):
        found = (
            (column, [one.value for one in numerals(fold(cell).text) if not one.doubt])
            for column, cell in enumerate(row)
        )
        values = {column: max(own, key=abs) for column, own in found if own and _filled(row[column]) != "words"}
        for before in sums[: max(0, index - 1)] if any(values.values()) else ():
            if all(whole.get(column, 0) - before.get(column, 0) == value for column, value in values.items()):
                yield index
                break
        sums.append(dict(whole))
        for column, value in values.items():
            whole[column] = whole.get(column, Decimal(0)) + value


def _in_runs(structure: Structure, start: int, end: int) -> Iterator[_Alike]:
    """The records of each run: their kind is which they have of the words that most of them have."""
    for run in structure.runs:
        rows = [row for row in pairwise([*run.starts, run.end]) if start <= row[0] < end]
        texts = [frozenset(words(structure.text[slice(*row)])) for row in rows]
        often = Counter(word for text in texts for word in text)
        common = [frozenset(word for word in text if 2 * often[word] > len(rows)) for text in texts]
        short = [high - low <= _LONG for low, high in rows]
        kinds: list[_Kind] = [
            kind if its and len(kind) >= _TELLING else None for kind, its in zip(common, short, strict=True)
        ]
        yield _Alike(rows, kinds)
