"""Rows before leaves: which stretch of a text each item of a list was read from.

    >>> from extractor.extraction.ground import place_rows
    >>> text = "Day   What     Sum\\n2 May Kiosk   4.50\\n2 May Kiosk   4.50\\n3 May Canteen 4.50\\n"
    >>> items = [{"day": "2 May", "sum": 4.5}, {"day": "2 May", "sum": 4.5}, {"day": "3 May", "sum": 4.5}]
    >>> [text[start:end] for start, end in place_rows(items, text)]
    ['2 May Kiosk   4.50', '2 May Kiosk   4.50', '3 May Canteen 4.50']

Items follow the order of the text, so a list is aligned with it as a sequence. Two steps:

1. **Cores** (`cores.py`). Each item gets a place after the item before it where most of its values stand on one line.
2. **Cuts.** Between two cores the text belongs to the first item up to a cut and to the second from there on. The cuts
   are those with which most values stand in the passage of their own item, so that a record of several lines may begin
   before its core and go on after it.

What stands outside every passage (headings, totals, rows that are no item) belongs to no item.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from extractor.documents.document import Table
from extractor.extraction.finding import Place, within
from extractor.extraction.headers import Headers
from extractor.text.lines import Lines as TextLines

__all__ = ["REACH", "Core", "Fact", "Lines", "Passage", "passages", "slight"]

Range = tuple[int, int]
"""`text[start:end]`."""

REACH = 2_000
"""Characters of a long line or text around a row that count as near."""
_LONG = 200
"""Characters past which a line is prose, of which each sentence counts as a line."""

_SENTENCE = re.compile(r"(?<=[\w)\]\"”]{3}[.;!?] )(?=[^\sa-z])|(?<=[。！？])")
_SEVERAL = re.compile(r"\d[.,:/-]\d|%")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Fact(NamedTuple):
    """A value of an item: what its field is called in the item, and every place where it may stand, in order. `inner`
    values are those of a list in the item; `slight` ones say little by themselves."""

    name: str
    places: Sequence[Place]
    inner: bool = False
    slight: bool = False


class Core(NamedTuple):
    """Where most of an item stands on one line, and how much: twice the square of the number of values there, 1 more
    for the rarest, and 1 for each one near. So a line is worth more to one item than to several that share it."""

    start: int
    end: int
    score: int


@dataclass(frozen=True, slots=True)
class Passage:
    """The stretch of a text that an item was read from, and its core within that.

    The stretch reaches from the first line with a value of the item to the last; from `low` to `high` nothing is any
    other item's.
    """

    start: int
    end: int
    core: Core
    low: int
    high: int

    def holds(self, place: Place) -> bool:
        """Whether a place begins in the passage."""
        return self.start <= place.start < self.end

    def within(self, places: Sequence[Place]) -> Sequence[Place]:
        """The places at which a value of the item may stand."""
        return within(places, self.low, self.high)


def slight(written: str) -> bool:
    """Whether words or figures say little by themselves: 12, No, GB; but not 5.00, 12 %, EUR, R-42."""
    letters = "".join(one for one in written if one.isalnum())
    size = len(letters) + len(_IDEOGRAPH.findall(letters))
    code = size == 3 and (letters.isupper() if letters.isalpha() else letters[0].isalpha())
    return size <= 3 and not code and not _SEVERAL.search(written)


class Lines:
    """The lines of a text; of very long ones the sentences. `tables` are those of its loader."""

    def __init__(self, text: str, tables: Sequence[Table] = ()) -> None:
        self.text, self._tables, self._breaks = text, tables, TextLines(text)
        starts = []
        for start, end in pairwise([*self._breaks.starts, len(text)]):
            starts.append(start)
            if end - start > _LONG:
                starts += [start + found.start() for found in _SENTENCE.finditer(text[start:end]) if found.start()]
        wide = [
            range(one + REACH, other, REACH) for one, other in pairwise([*starts, len(text)]) if other - one > REACH
        ]
        self._starts = sorted([*starts, *(cut for cuts in wide for cut in cuts)])

    @cached_property
    def headers(self) -> Headers:
        """The headers of the tables of the text."""
        return Headers(self.text, self._tables)

    def around(self, offset: int) -> Range:
        """Where the line (or sentence) around an offset begins and ends, its break included."""
        at = bisect_right(self._starts, offset)
        return self._starts[at - 1], self._starts[at] if at < len(self._starts) else len(self.text)

    def column(self, offset: int) -> int:
        """Characters before an offset on its line."""
        return offset - self._breaks.starts[self._breaks.at(offset)]

    def count(self, start: int, end: int) -> int:
        """How many lines (or sentences) begin from one offset to another."""
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)

    def end(self, offset: int) -> int:
        """Where the line around an offset ends."""
        return self._breaks.end(self._breaks.at(max(0, offset - 1)))

    def before(self, offset: int) -> str:
        """The text of the line up to an offset, or the end of that where it is very long."""
        return self.text[offset - min(REACH, self.column(offset)) : offset]

    def label(self, place: Place, reach: int, margin: int, *, headers: bool) -> tuple[str, str]:
        """What stands before a place on its line or in its sentence, as far as `reach`; and what stands above it: the
        `headers` of its column in a table, else the line above with a margin on both sides. What a colon stands before
        has no label above."""
        before = self.text[max(self.around(place.start)[0], place.start - reach) : place.start]
        if before.rstrip().endswith(":"):
            return before, ""
        if headers and self.headers.is_row(place.start):
            return before, self.headers.above(place[:2])
        line, column = self._breaks.at(place.start), self.column(place.start)
        above = self._breaks[line - 1] if line else ""
        return before, above[max(0, column - margin) : column + place.end - place.start + margin]

    def filled(self, start: int, end: int) -> bool:
        """Whether the line of a range has little else."""
        low, high = self.around(start)
        return 2 * (end - start) >= len(self.text[low:high].strip())

    def table_row(self, core: Core) -> Range:
        """The line of a table that a core is in; elsewhere the core."""
        if not self.headers.is_row(core.start):
            return core.start, core.end
        return core.start - self.column(core.start), self.end(core.end)

    def blank(self, offset: int) -> bool:
        """Whether a line begins at an offset and the one above it is blank."""
        line = self._breaks.at(offset)
        return offset == 0 or (self._breaks.starts[line] == offset and not self._breaks[line - 1])


# ---------------------------------------------------------------------- cuts

Sides = tuple[list[int], list[int]]
"""Where the values of an item begin that stand before its core, and where those end that stand after it."""


def passages(
    rows: Sequence[tuple[Sequence[Fact], Core | None]], lines: Lines, bounds: Sequence[Range]
) -> list[Passage | None]:
    """The passage of each item with a core, such that as many values as possible stand in the passage of their own;
    `bounds` are what each of them cannot reach beyond."""
    order = sorted((index for index, (_, core) in enumerate(rows) if core), key=lambda index: rows[index][1] or ())
    cut = _cut([(*rows[index], bounds[index]) for index in order], lines) if order else []
    placed = dict(zip(order, cut, strict=True))
    return [placed.get(index) for index in range(len(rows))]


def _cut(placed: Sequence[tuple[Sequence[Fact], Any, Range]], lines: Lines) -> list[Passage]:
    cores: list[Core] = [core for _, core, _ in placed]
    nests = any(fact.inner for facts, _, _ in placed for fact in facts)
    edges = _edges(cores, [bound for _, _, bound in placed], lines, nests=nests)
    sides = [_sides(facts, core, *edge) for (facts, core, _), edge in zip(placed, edges, strict=True)]
    between = [
        _between(one.end, other.start, sides[at][1], sides[at + 1][0], lines)
        for at, (one, other) in enumerate(pairwise(cores))
    ]
    first = min(_ahead(start, edges[0][0], lines) for start in (cores[0].start, *sides[0][0]))
    last = max(_after(end, edges[-1][1], lines) for end in (cores[-1].end, *sides[-1][1]))
    found = []
    for at, (low, high) in enumerate(pairwise([first, *between, last])):
        low, high = max(low, edges[at][0]), min(high, edges[at][1])
        found.append(Passage(*_reach_of(cores[at], sides[at], low, high, lines), cores[at], low, high))
    return found


def _edges(placed: Sequence[Core], bounds: Sequence[Range], lines: Lines, *, nests: bool) -> list[Range]:
    """From where to where each item may reach: its neighbours' cores, or the rows of a table that these are in;
    outside, as far as any two are apart. Items with lists of their own may be of any length."""
    widest = max((max(0, other.start - one.end) for one, other in pairwise(placed)), default=REACH)
    first, last = lines.around(placed[0].start)[0], lines.around(placed[-1].end - 1)[1]
    rows = [lines.table_row(core) for core in placed]
    between = [
        (row[1], after[0]) if row[1] <= after[0] else (one.end, other.start)
        for (one, other), (row, after) in zip(pairwise(placed), pairwise(rows), strict=True)
    ]
    starts = [first - widest, *(low for low, _ in between)]
    beyond = len(lines.text) if nests and len(placed) == 1 else max(widest, REACH) if nests else widest
    ends = [*(high for _, high in between), last + beyond]
    return [(max(start, low), min(end, high)) for start, end, (low, high) in zip(starts, ends, bounds, strict=True)]


def _sides(facts: Sequence[Fact], core: Core, low: int, high: int) -> Sides:
    """Where the values that are not in the core stand nearest to it; those of inner lists follow it, equal ones one
    after the other."""
    equal = Counter[int]()
    sides: Sides = ([], [])
    for fact in facts:
        first, after = bisect_left(fact.places, (core.start,)), bisect_left(fact.places, (core.end,))
        held = first < after and not (fact.slight and _covered(fact.places[first:after], facts))
        if fact.inner:
            held, after = first + equal[id(fact.places)] < after, first + equal[id(fact.places)]
            equal[id(fact.places)] += 1
        if held:
            continue
        left, right = fact.places[max(0, first - 1) : first], fact.places[after : after + 1]
        ahead = [core.start - place.end for place in left if place.start >= low]
        behind = [place.start - core.end for place in right if place.end <= high]
        if ahead and not (behind and (fact.inner or behind < ahead)):
            sides[0].append(left[0].start)
        elif behind:
            sides[1].append(right[0].end)
    return sides


def _covered(places: Sequence[Place], facts: Sequence[Fact]) -> bool:
    """Whether all of these places are parts of places of other values."""

    def covers(fact: Fact, place: Place) -> bool:
        near = within(fact.places, place.end - _LONG, place.start + 1)[-1:]
        return any(place.end <= one.end and one.end - one.start > place.end - place.start for one in near)

    return all(any(covers(fact, place) for fact in facts) for place in places)


def _between(end: int, start: int, left: Sequence[int], right: Sequence[int], lines: Lines) -> int:
    """The cut between two cores that leaves most of what each wants on its side: where the line of the second begins,
    after what the first may want, or before what the second may want; of equals below a blank line."""
    usual = _ahead(start, end, lines)
    wanted = [_after(one, start, lines) for one in left] + [_ahead(one, end, lines) for one in right]

    def worth(cut: int) -> tuple[int, bool, bool]:
        covered = sum(one <= cut for one in left) + sum(one >= cut for one in right)
        return covered, lines.blank(cut), cut == usual

    return max({usual, *wanted}, key=worth)


def _ahead(offset: int, low: int, lines: Lines) -> int:
    """Where the line of an offset begins, but no earlier than `low`."""
    start, _ = lines.around(offset)
    return start if start >= low else max(low, offset)


def _after(offset: int, high: int, lines: Lines) -> int:
    """Where the line of what ends at an offset ends, but no later than `high`."""
    _, end = lines.around(max(0, offset - 1))
    return min(end, high)


def _reach_of(core: Core, sides: Sides, low: int, high: int, lines: Lines) -> Range:
    """From the first to the last line of what an item has between its cuts."""
    start = min([core.start, *(one for one in sides[0] if one >= low)])
    end = max([core.end, *(one for one in sides[1] if one <= high)])
    first, last = max(low, lines.around(start)[0]), min(high, lines.around(max(start, end - 1))[1])
    while last > end and lines.text[last - 1].isspace():
        last -= 1
    return min(first, start), max(last, end)
