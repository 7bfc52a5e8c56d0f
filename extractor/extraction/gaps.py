"""Rows that a document shows and no item was read from, though the rows around them are items.

    Day   Text     Sum
    2.1.  Kiosk   4.50    listed
    3.1.  Tram    2.00    left out: it is like the others
    4.1.  Canteen 5.00    listed
          Sum    11.50    no row: other cells are filled

A row with the sums of those above it is a total. Where most rows are left out here and there, the schema asks for some.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

import orjson

from extractor.extraction.finding import Finder, Wanted
from extractor.extraction.folding import fold, tokens
from extractor.extraction.numbers import numerals
from extractor.schema.pointer import JSON
from extractor.text.records import words
from extractor.text.structure import Structure
from extractor.text.tables import Table, cells_of

__all__ = ["left_out"]

Range = tuple[int, int]
_NEGATIVE = re.compile(r"^\W*[-−(]")
_SUMMARY = 2
"""Cells of a row that may be a part of the summary below a list: what it is, and how much."""
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
    """The rows of a part in which no item is placed, though others like them have one: fewer than half, or all of a
    table from some row on. Not those that say a `single` value of the document, or what one of the items says whose
    place is not known.

    >>> text = "Day   Sum\\n2.1.  4.50\\n3.1.  2.00\\n4.1.  5.00\\n"
    >>> [text[slice(*row)] for row in left_out(Structure(text), (0, len(text)), [(10, 20), (32, 42)])]
    ['3.1.  2.00\\n']
    """
    found: list[Range] = []
    for rows, kinds, is_table in (*_in_tables(structure, *part), *_in_runs(structure, *part)):
        held = [any(start < high and low < end for low, high in placed) for start, end in rows]
        known = {kind for kind, its in zip(kinds, held, strict=True) if its and kind}
        like = [index for index, kind in enumerate(kinds) if kind in known]
        last = max((at for at, index in enumerate(like) if held[index]), default=0)
        counts = [at < last or sum(map(bool, kinds[index] or ())) > _SUMMARY for at, index in enumerate(like)]
        gaps = [at for at, index in enumerate(like) if counts[at] and not held[index]]
        if gaps and (2 * len(gaps) < len(like) or (is_table and len(gaps) == len(like) - gaps[0])):
            texts = [structure.text[slice(*row)] for row in rows]
            common = set[str]().union(*(_said(text) for text, its in zip(texts, held, strict=True) if its))
            stated = [_said(orjson.dumps(item).decode()) for item in unplaced]
            for index in (like[at] for at in gaps):
                own = _said(texts[index]) - common
                if not any(own <= its for its in stated) and not _says_one(texts[index], single):
                    found.append(rows[index])
    return found


def _said(text: str) -> set[str]:
    return set(tokens(fold(text).text))


def _says_one(text: str, values: Collection[Wanted]) -> bool:
    finder = Finder(text, values)
    return any(finder.find(one) for one in values)


_Kind = Collection[str] | None
_Alike = tuple[list[Range], list[_Kind], bool]
"""Some rows, what those of one kind have in common (None for a row of no kind), and whether they are of a table."""


def _in_tables(structure: Structure, start: int, end: int) -> Iterator[_Alike]:
    """The rows of each table between its group rows: their kinds are which cells are filled, and with what."""
    for table in structure.tables:
        starts = [row for row in table.rows if start <= row < end]
        for low, high in pairwise([0, *(group for group, _ in table.groups), len(structure.text)]):
            rows = starts[bisect_left(starts, low) : bisect_left(starts, high)]
            if len(rows) > 1:
                yield _of_table(structure, table, rows)


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
    return spans, [None if at in totals | prose else kind for at, kind in enumerate(kinds)], True


def _filled(cell: str) -> str:
    """What a cell is filled with: nothing, a number or date, a negative one, or words."""
    if any(map(str.isalpha, cell)):
        return "words"
    return ("minus" if _NEGATIVE.match(cell) else "figures") if any(map(str.isdigit, cell)) else ""


def _totals(rows: Sequence[Sequence[str]]) -> Iterator[int]:
    """The rows whose numbers are all sums of the columns above, from some row on: of two rows or more; the last row
    also of one, if it says something else."""
    sums = list[dict[int, Decimal]]()
    whole: dict[int, Decimal] = {}
    for index, row in enumerate(rows):
        found = ((column, next(numerals(fold(cell).text), None)) for column, cell in enumerate(row))
        values = {column: one.value for column, one in found if one and _filled(row[column]) != "words"}
        least = 1 if index == len(rows) - 1 and row != rows[index - 1] else 2
        for before in sums[: max(0, index + 1 - least)] if any(values.values()) else ():
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
        yield rows, kinds, False
