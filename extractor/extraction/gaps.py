"""Rows that a document shows and no item was read from, though the rows around them are items.

    Day   Text     Sum
    1.1.  Carried  7.00    no row: it is before the first item of the table
    2.1.  Kiosk    4.50    listed
    3.1.  Tram     2.00    left out: it is like the others
    4.1.  Canteen  5.00    listed
          Sum     18.50    no row: other cells are filled

Rows of one kind are items where most of those are that stand between items. Rows below the last item are left out only
where they are more than a summary. A row with the sums of those above it is a total. Where a column tells the items
from the others, the schema asks for some.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from decimal import Decimal
from itertools import accumulate, pairwise, zip_longest
from math import comb
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
_SIGN = re.compile(r"[^\w\s]")
_SIGN, _PIECE = re.compile(r"[^\w\s]"), re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
_NEGATIVE = re.compile(r"^\W*[-−(]")
ALIKE = 2
"""Rows with an item that another row must be like."""
_LONG, _PROSE = 120, 5
"""Characters past which a record, and words past which a cell is prose."""


_CHANCE = 20
"""Of so many choices of rows, chance makes one."""


class _Row(NamedTuple):
    """A row of a table or a run: its place, what makes it of one kind with others, its cells, and whether an item holds
    it. It is `inside` where items stand before and behind it, and `behind` where it goes on a list of items."""

    place: Range
    kind: Hashable
    cells: Sequence[str]
    held: bool
    inside: bool
    behind: bool


def left_out(
    structure: Structure,
    placed: Sequence[Range],
    *,
    parts: Sequence[int] = (0,),
    unplaced: Sequence[JSON] = (),
    single: Collection[Wanted] = (),
) -> list[Range]:
    """The rows of a text in which no item is placed, though most like them have one, in one of the parts that begin at
    `parts` at the least; where a part has no item at all, all rows like those. Not those that say a `single` value of
    the document which no item says, nor one for each of the `unplaced` items, whose place or end is not known.

    >>> text = "Day   Sum\\n2.1.  4.50\\n3.1.  2.00\\n4.1.  5.00\\n"
    >>> [text[slice(*row)] for row in left_out(Structure(text), [(10, 20), (32, 42)])]
    ['3.1.  2.00\\n']
    """

    def part_of(place: Range) -> int:
        return bisect_right(parts, place[0])

    heard = {part_of(place) for place in placed}
    kinds: defaultdict[Hashable, list[_Row]] = defaultdict(list)
    for row in _rows(structure, placed):
        kinds[row.kind].append(row)
    gaps: list[Range] = []
    listed: list[str] = []
    for rows in kinds.values():
        items, inside = [row for row in rows if row.held], Counter(part_of(row.place) for row in rows if row.inside)
        own = Counter(part_of(row.place) for row in items)
        if len(items) < ALIKE or not any(2 * count > inside[part] for part, count in own.items()):
            continue
        missing = [
            row for row in rows if not row.held and (row.inside or row.behind or part_of(row.place) not in heard)
        ]
        if missing and not _is_choice(structure.text, items, missing):
            gaps += (row.place for row in missing)
            listed += (structure.text[slice(*row.place)] for row in items)
    return sorted(_unexcused(structure.text, gaps, listed, unplaced, single)) if gaps else []


def _unexcused(
    text: str,
    gaps: Sequence[Range],
    listed: Sequence[str],
    unplaced: Sequence[JSON],
    single: Collection[Wanted],
) -> Iterator[Range]:
    """The gaps that say neither what an item says whose place is not known, nor what no row says."""
    common = set[str]().union(*map(_tokens_of, listed))
    saying: defaultdict[str, set[int]] = defaultdict(set)
    for number, item in enumerate(unplaced):
        for token in _tokens_of(orjson.dumps(item).decode()):
            saying[token].add(number)
    left = Counter({number: _size_of(item) for number, item in enumerate(unplaced)})
    finder = Finder("\n".join(listed), single)
    telling = [one for one in single if not finder.find(one)]
    for place in gaps:
        row = text[slice(*place)]
        own, telling_here = _tokens_of(row) - common, Finder(row, telling)
        excused = set(+left).intersection(*(saying[token] for token in own))
        if excused:
            left[min(excused)] -= 1
        elif not any(map(telling_here.find, telling)):
            yield place


def _size_of(item: JSON) -> int:
    """How many rows of a text an item may take: one, and those of its lists."""
    lists = [inner for inner in item.values() if isinstance(inner, list)] if isinstance(item, dict) else []
    return 1 + sum(_size_of(one) for inner in lists for one in inner)


def _is_choice(text: str, items: Sequence[_Row], others: Sequence[_Row]) -> bool:
    """Whether something tells the items from the other rows, so that the schema seems to ask for some of them.

    Each item has a word or a sign, "open" or a tick, that none of the others has; or the others have one, here and
    there. Or a column says other things in them, such as another month, or has only larger or smaller numbers: where
    that is no matter of place, and rows that are left out by chance would hardly ever differ so.
    """
    rows = sorted((*items, *others))
    own, rest = ([_marks(text[slice(*row.place)]) for row in some] for some in (items, others))
    if len(own) > 1 and not set.intersection(*own) <= set().union(*rest):
        return True
    if _stretches([row.held for row in rows]) < 4:
        return False
    ways = comb(len(rows), len(others)) // _CHANCE
    return (
        not set.intersection(*rest) <= set().union(*own)
        or any(2 ** len({*labels}) <= ways and _parts(rows, labels) for labels in _pieces(text, rows))
        or (2 * len(rows) <= ways and any(_parts_by_size(rows, numbers) for numbers in _numbers(rows)))
    )


def _stretches(labels: Sequence[Hashable]) -> int:
    """How many stretches of equal labels follow each other."""
    return 1 + sum(one != other for one, other in pairwise(labels))


def _parts(rows: Sequence[_Row], labels: Sequence[str]) -> bool:
    """Whether no label is both of an item and of another row, and labels come again and again."""
    of_items = {label for row, label in zip(rows, labels, strict=True) if row.held}
    of_others = {label for row, label in zip(rows, labels, strict=True) if not row.held}
    return of_items.isdisjoint(of_others) and _stretches(labels) >= 2 * len(of_items | of_others)


def _parts_by_size(rows: Sequence[_Row], numbers: Sequence[Decimal]) -> bool:
    own = [number for row, number in zip(rows, numbers, strict=True) if row.held]
    rest = [number for row, number in zip(rows, numbers, strict=True) if not row.held]
    return min(own) > max(rest) or max(own) < min(rest)


def _pieces(text: str, rows: Sequence[_Row]) -> Iterator[Sequence[str]]:
    """What each row says in one place of a column: the words and the figures of its cells by their order."""
    for cells in zip(*(row.cells or [text[slice(*row.place)]] for row in rows), strict=False):
        yield from zip_longest(*map(_PIECE.findall, cells), fillvalue="")


def _numbers(rows: Sequence[_Row]) -> Iterator[Sequence[Decimal]]:
    """The columns that have a number in each row."""
    for cells in zip(*(row.cells for row in rows), strict=False):
        numbers = [number for cell in cells if (number := _number(cell)) is not None]
        if len(numbers) == len(cells):
            yield numbers


def _number(cell: str) -> Decimal | None:
    """The number that a cell says, the largest of several."""
    found = [one.value for one in numerals(fold(cell).text) if not one.doubt]
    return max(found, key=abs) if found and _filled(cell) != "words" else None


def _marks(text: str) -> set[str]:
    """The words of a row that have no digits, and its signs."""
    return {word for word in words(text) if "9" not in word} | set(_SIGN.findall(text))


def _tokens_of(text: str) -> set[str]:
    return set(tokens(fold(text).text))


# -- rows and their kinds


def _rows(structure: Structure, placed: Sequence[Range]) -> Iterator[_Row]:
    """All rows that are of a kind."""
    ranges = sorted(placed)
    starts, ends = [start for start, _ in ranges], list(accumulate((end for _, end in ranges), max))
    for places, kinds, cells in (*_of_tables(structure), *_of_runs(structure)):
        before = [bisect_left(starts, end) for _, end in places]
        held = [at > 0 and ends[at - 1] > start for at, (start, _) in zip(before, places, strict=True)]
        items = [index for index, its in enumerate(held) if its and kinds[index]]
        first, last = (items[0], items[-1]) if items else (len(places), -1)
        tail = [kind for kind in kinds[last + 1 :] if kind in {kinds[index] for index in items}]
        open_ended = bool(items) and (not cells or _goes_on(tail, len(items)))
        for index, (place, kind) in enumerate(zip(places, kinds, strict=True)):
            if kind:
                inside = index <= last and (first <= index or not cells)
                behind = open_ended and index > last
                yield _Row(place, kind, cells[index] if cells else (), held[index], inside, behind)


_Kinds = Sequence[tuple[str, ...]]
_Found = tuple[Sequence[Range], _Kinds, Sequence[Sequence[str]]]
"""Rows, their kinds, () for one that is of none, and the cells of those of a table."""


def _goes_on(tail: _Kinds, items: int) -> bool:
    """Whether rows below the last item are more than a summary: several that begin with a figure; or as many as the
    items, of more cells than a name and a value."""
    if tail and next(filter(None, tail[0][1:])) == "words":
        return len(tail) >= items and sum(map(bool, tail[0][1:])) > 2
    return len(tail) > 1


def _of_tables(structure: Structure) -> Iterator[_Found]:
    """The rows of each table between its group rows: their kinds are the header, and what each cell is filled with."""
    for table in structure.tables:
        header = structure.text[slice(*table.header)] if table.header else ""
        for low, high in pairwise([table.start, *(group for group, _ in table.groups), table.end]):
            starts = table.rows[bisect_left(table.rows, low) : bisect_left(table.rows, high)]
            places = _places(structure, table, starts, high)
            cells = cells_of([structure.text[slice(*place)].strip("\r\n") for place in places], table.delimiter)
            no_rows = {
                *_totals(cells),
                *(at for at, row in enumerate(cells) if max(map(_size, row), default=0) > _PROSE),
            }
            kinds = [tuple(map(_filled, row)) for row in cells]
            yield (
                places,
                [(header, *kind) if any(kind) and at not in no_rows else () for at, kind in enumerate(kinds)],
                cells,
            )


def _size(cell: str) -> int:
    return len(cell.split())


def _places(structure: Structure, table: Table, starts: Sequence[int], end: int) -> list[Range]:
    """From where to where each row is; of a table whose cells stand between spaces, the first line."""
    if table.delimiter:
        return list(pairwise([*starts, end])) if starts else []
    return [(row, structure.lines.end(structure.lines.at(row))) for row in starts]


def _filled(cell: str) -> str:
    """What a cell is filled with: nothing, a number or date, a negative one, or words."""
    if any(map(str.isalpha, cell)):
        return "words"
    return ("minus" if _NEGATIVE.match(cell) else "figures") if any(map(str.isdigit, cell)) else ""


def _totals(rows: Sequence[Sequence[str]]) -> Iterator[int]:
    """The rows whose numbers are all sums of the columns above, from some row on: of two rows or more."""
    whole: Counter[int] = Counter()
    sums: defaultdict[tuple[int, Decimal], set[int]] = defaultdict(set)
    for index, row in enumerate(rows):
        values = {column: value for column, cell in enumerate(row) if (value := _number(cell)) is not None}
        since = [sums[column, whole[column] - value] for column, value in values.items()]
        if any(values.values()) and any(before < index - 1 for before in set.intersection(*since)):
            yield index
        for column in range(len(row)):
            sums[column, Decimal(whole[column])].add(index)
        for column, value in values.items():
            whole[column] += value  # type: ignore[assignment]


def _of_runs(structure: Structure) -> Iterator[_Found]:
    """The records of each run: their kind is which they have of the words that most of them have."""
    for run in structure.runs:
        places = list(pairwise([*run.starts, run.end]))
        texts = [frozenset(words(structure.text[slice(*place)])) for place in places]
        often = Counter(word for text in texts for word in text)
        common = [tuple(sorted(word for word in text if 2 * often[word] > len(places))) for text in texts]
        short = [end - start <= _LONG for start, end in places]
        yield places, [kind if its and len(kind) > 1 else () for kind, its in zip(common, short, strict=True)], ()
