"""Rows before leaves: which stretch of a text each item of a list was read from.

    >>> from extractor.extraction.ground import place_rows
    >>> text = "Day   What     Sum\\n2 May Kiosk   4.50\\n2 May Kiosk   4.50\\n3 May Canteen 4.50\\n"
    >>> items = [{"day": "2 May", "sum": 4.5}, {"day": "2 May", "sum": 4.5}, {"day": "3 May", "sum": 4.5}]
    >>> [text[start:end] for start, end in place_rows(items, text)]
    ['2 May Kiosk   4.50', '2 May Kiosk   4.50', '3 May Canteen 4.50']

Items follow the order of the text, so a list is aligned with it as a sequence. Two steps:

1. **Cores.** Around each place of an item's rarest values, the *core* is what stands of it on that line. Of all ways to
   give each item a core after the core of the item before, the one in which most values are found is taken. Items may
   be missing in the text, and lines may belong to no item. The cells of one line may be items of their own, which share
   what stands before them there, such as the label of a row with a figure for each year; the header cell over a cell
   counts like what stands on its line.
2. **Cuts.** Between two cores the text belongs to the first item up to a cut and to the second from there on. The cuts
   are those with which most values stand in the passage of their own item, so that a record of several lines may begin
   before its core and go on after it.

What stands outside every passage (headings, totals, rows that are no item) belongs to no item. Where a list does not
follow the text, an item takes the one core that fits it best, and none if two fit it equally well.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, NamedTuple, TypeVar

from extractor.documents.document import Table
from extractor.extraction.finding import Place
from extractor.extraction.headers import Headers

__all__ = ["Core", "Fact", "Lines", "Passage", "cores", "passages", "slight"]

_BEAM = 16
"""Ways to place the items so far that are followed further. A wrong one is behind after an item or two."""
_LOOK = 8
"""Places of a rare value that are tried for an item, after each of those ways."""
_REACH = 2_000
"""Characters around a core within which a value counts half for it; less where there is less text for each item."""
_LONG = 200
"""Characters past which a line is prose, of which each sentence counts as a line."""
_RARE = 3
"""Places up to which a value tells an item by itself, though most of the others are not there."""
_ENOUGH = 4
"""Score of a core with a rare value that is enough: that value and one near it."""

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
    """Where most of an item stands on one line, and how much: 2 for each value there, 1 more for the rarest, and 1 for
    each one near."""

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
        return _within(places, self.low, self.high)


def slight(written: str) -> bool:
    """Whether words or figures say little by themselves: 12, No, GB; but not 5.00, 12 %, EUR, R-42."""
    letters = "".join(one for one in written if one.isalnum())
    size = len(letters) + len(_IDEOGRAPH.findall(letters))
    code = size == 3 and (letters.isupper() if letters.isalpha() else letters[0].isalpha())
    return size <= 3 and not code and not _SEVERAL.search(written)


class Lines:
    """The lines of a text; of very long ones the sentences."""

    def __init__(self, text: str, tables: Sequence[Table] = ()) -> None:
        self.text = text
        self.headers = Headers(text, tables)
        self._breaks = [0, *(found.end() for found in re.finditer(r"[\n\f]", text))]
        starts = []
        for start, end in pairwise([*self._breaks, len(text)]):
            starts.append(start)
            if end - start > _LONG:
                starts += [start + found.start() for found in _SENTENCE.finditer(text[start:end]) if found.start()]
        wide = [
            range(one + _REACH, other, _REACH) for one, other in pairwise([*starts, len(text)]) if other - one > _REACH
        ]
        self._starts = sorted([*starts, *(cut for cuts in wide for cut in cuts)])

    def around(self, offset: int) -> tuple[int, int]:
        """Where the line (or sentence) around an offset begins and ends, its break included."""
        at = bisect_right(self._starts, offset)
        return self._starts[at - 1], self._starts[at] if at < len(self._starts) else len(self.text)

    def column(self, offset: int) -> int:
        """Characters before an offset on its line."""
        return offset - self._breaks[bisect_right(self._breaks, offset) - 1]

    def end(self, offset: int) -> int:
        """Where the line around an offset ends."""
        at = bisect_right(self._breaks, max(0, offset - 1))
        return self._breaks[at] if at < len(self._breaks) else len(self.text)

    def before(self, offset: int) -> str:
        """The text of the line up to an offset, or the end of that where it is very long."""
        return self.text[offset - min(_REACH, self.column(offset)) : offset]

    def label(self, place: Place, reach: int, margin: int) -> str:
        """What stands before a place on its line or in its sentence, as far as `reach`, and on the line above it, with
        a margin on both sides."""
        at = bisect_right(self._breaks, place.start) - 1
        column = place.start - self._breaks[at]
        above = self.text[self._breaks[at - 1] : self._breaks[at] - 1] if at else ""
        before = self.text[max(self.around(place.start)[0], place.start - reach) : place.start]
        return f"{before} {above[max(0, column - margin) : column + place.end - place.start + margin]}"

    def filled(self, start: int, end: int) -> bool:
        """Whether the line of a range has little else."""
        low, high = self.around(start)
        return 2 * (end - start) >= len(self.text[low:high].strip())

    def table_row(self, core: Core) -> tuple[int, int]:
        """The line of a table that a core is in; elsewhere the core."""
        if not self.headers.is_row(core.start):
            return core.start, core.end
        return core.start - self.column(core.start), self.end(core.end)

    def blank(self, offset: int) -> bool:
        """Whether a line begins at an offset and the one above it is blank."""
        at = bisect_left(self._breaks, offset)
        if at == 0 or at >= len(self._breaks) or self._breaks[at] != offset:
            return offset == 0
        return not self.text[self._breaks[at - 1] : offset].strip()


# ---------------------------------------------------------------------- cores


def cores(rows: Sequence[Sequence[Fact]], lines: Lines, start: int, end: int) -> list[Core | None]:
    """The core of each item that begins in `text[start:end]`; None for one that is not there."""
    search = _Search(rows, lines, start, end)
    found = search.sequence(range(len(rows)))
    if search.crowded(found):
        for other in map(search.sequence, search.orders()):
            if other.count(None) <= found.count(None):
                found = max(found, other, key=lambda one: sum(core.score for core in one if core))
    found = search.strays(found)
    ways = [search.in_reading_order(order) for order in search.field_orders(found)]
    return max([*ways, found], key=lambda one: search.held(one, rows)) if ways else found


class _Way(NamedTuple):
    """One way to place the items so far: where the last of them ends, how much was found, and how it came here."""

    end: int
    score: int
    item: int
    core: Core | None
    before: _Way | None


class _Trail(NamedTuple):
    """One way to place the values so far: how far they reach, where the last of them begins, how many were found, of
    which item and field that one is, and how it came here."""

    end: int
    last: int
    score: int
    item: int
    fact: Fact | None
    before: _Trail | None
    place: Place | None = None


class _Search:
    """Cores of the items of one list in a stretch of a text."""

    def __init__(self, rows: Sequence[Sequence[Fact]], lines: Lines, start: int, end: int) -> None:
        self._lines, self._start, self._end = lines, start, end
        self._reach = min(_REACH, (end - start) // max(1, len(rows)))
        shared = Counter(places for facts in rows for places in {id(fact.places) for fact in facts})
        self._facts = [{(fact.name, id(fact.places)): None for fact in facts} for facts in rows]
        self._rows: list[list[Fact]] = []
        self._counts: list[list[int]] = []
        self._own: list[int] = []
        self._sizes: list[int] = []
        for facts in rows:
            inside = self._inside(facts, shared)
            self._rows.append([fact for _, _, _, fact in inside])
            self._counts.append([count for _, _, count, _ in inside])
            headings = sum(heading for heading, _, _, _ in inside)
            self._own.append(len(inside) - headings or len(inside))
            self._sizes.append((sum(not fact.inner for fact in facts) or len(facts)) - headings)

    def _inside(self, facts: Sequence[Fact], shared: Mapping[int, int]) -> list[tuple[bool, bool, int, Fact]]:
        """The values of an item itself, or of its lists if it has no others, the rarest first, with how often each is
        there. A value with more items than places is the heading of a group of them, and comes last."""
        counted = []
        for fact in facts:
            low, high = bisect_left(fact.places, (self._start,)), bisect_left(fact.places, (self._end,))
            if low < high:
                counted.append((shared[id(fact.places)] > high - low, fact.slight, high - low, fact))
        return sorted([one for one in counted if not one[3].inner] or counted, key=lambda one: one[:3])

    def crowded(self, found: Sequence[Core | None]) -> bool:
        """Whether a quarter of the items are not there, or share the line of another one."""
        lines = {self._lines.around(core.start)[0] for core in found if core}
        return 4 * (len(found) - len(lines)) >= len(found) > 1

    def orders(self) -> Iterator[list[int]]:
        """Other orders of the items: the last first; that of the places of their rarest values; and column by column,
        where those that say the same of a field follow each other and now do not."""
        values: dict[str, dict[int, int]] = {}
        for item, facts in enumerate(self._facts):
            for name, value in facts:
                values.setdefault(name, {})[item] = value
        usual = list(range(len(self._rows)))
        yield usual[::-1]
        yield sorted(usual, key=lambda item: [self._first(fact) for fact in self._rows[item][:1]])
        for own in values.values():
            first = {value: item for item, value in reversed(own.items())}
            order = sorted(usual, key=lambda item: first[own[item]] if item in own else item)
            if order != usual:
                yield order

    def sequence(self, order: Sequence[int]) -> list[Core | None]:
        """Cores of which each comes after that of the item before, so that as much as possible is found."""
        ways = [_Way(self._start, 0, -1, None, None)]
        for item in order:
            further = [_Way(core.end, way.score + core.score, item, core, way) for way, core in self._tries(item, ways)]
            if further:
                ways = _better(ways, further)
        found: list[Core | None] = [None] * len(self._rows)
        way: _Way | None = max(ways, key=lambda one: one.score)
        while way is not None and way.core is not None:
            found[way.item] = way.core
            way = way.before
        return found

    def _tries(self, item: int, ways: Sequence[_Way]) -> Iterator[tuple[_Way, Core]]:
        """Cores of an item after the end of each way: those of its two rarest values that come first there."""
        for fact in self._rows[item][:2]:
            behind = self._end
            for way in reversed(ways):
                at = bisect_left(fact.places, (way.end,))
                for place in fact.places[at : at + _LOOK]:
                    if place.start >= behind:
                        break
                    core = self._core(item, place, way.end, way.item)
                    if core:
                        yield way, core
                        if core.score > 2 * len(self._rows[item]):
                            break
                behind = min(behind, fact.places[at].start if at < len(fact.places) else behind)

    def _core(self, item: int, seed: Place, low: int, mate: int = -1) -> Core | None:
        """What of an item stands on the line of a place, after an offset; None if that says too little. What it says
        like the item that ends at the offset, its `mate`, may stand before that on the line."""
        facts, counts = self._rows[item], self._counts[item]
        line, last = self._lines.around(seed.start)
        first, near = max(line, low), max(low, seed.start - self._reach)
        shared = self._facts[mate] if mate >= 0 and line < low else {}
        above, headed, common = self._lines.headers.context(seed.start) if len(facts) > 1 else None, 0, 0
        score, there, rare, own = 0, 0, False, False
        taken: list[Place] = []
        for rank, fact in enumerate(facts):
            places = fact.places
            if place := _beside(places, seed, first, last, taken):
                taken.append(place)
                there, score = there + 1, score + (2 if rank else 3)
                own = own or rank < self._own[item]
                rare = rare or (counts[rank] <= _RARE and not fact.slight)
            elif (fact.name, id(places)) in shared and _within(places, line, seed.start):
                common += 1
            elif above and self._lines.headers.heads(_within(places, *above), seed[:2]):
                score, headed = score + (2 if rank else 3), headed + 1
            elif (above and _within(places, *above)) or _within(places, near, seed.end + self._reach):
                score += 1
        start = min([seed.start, *(one.start for one in taken)])
        end = max([seed.end, *(one.end for one in taken)])
        score += (2 if headed else 1) * common
        there += headed + common
        most = score >= (min(self._sizes[item], _ENOUGH) if rare else self._sizes[item])
        enough = own and most and (there > 1 or not facts[0].slight)
        return Core(start, end, score) if enough else None

    def field_orders(self, found: Sequence[Core | None]) -> list[list[str]]:
        """The orders in which the fields of the items may follow one another in the text: that in which they stand near
        the cores, and that of the items. None where all stand in cores, but for what a header says, nor where items
        share a line."""
        if len({self._lines.around(core.start) for core in found if core}) < sum(core is not None for core in found):
            return []
        ahead, outside = Counter[tuple[str, str]](), False
        for item, core in enumerate(found):
            if core:
                above = self._lines.headers.context(core.start) or (0, 0)
                own = [fact for fact in self._rows[item][: self._own[item]] if not _within(fact.places, *above)]
                spots = sorted((_nearest(fact.places, core), fact.name) for fact in own)
                outside = outside or any(not core.start <= spot < core.end for spot, _ in spots)
                ahead.update((one[1], other[1]) for one, other in combinations(spots, 2))
        fields = {name for pair in ahead for name in pair}
        names = list(dict.fromkeys(name for facts in self._facts for name, _ in facts if name in fields))
        seen = sorted(names, key=lambda name: sum(ahead[other, name] > ahead[name, other] for other in names))
        return [] if not outside else [seen] if seen == names else [seen, names]

    def in_reading_order(self, names: Sequence[str]) -> list[Core | None]:
        """Cores from the first to the last value of each item, where the values of all items are one sequence: the
        longest that the text has in this order."""
        order = {name: rank for rank, name in enumerate(names)}
        ways = [_Trail(self._start, self._start, 0, -1, None, None)]
        for item, facts in enumerate(self._rows):
            own = [fact for fact in facts[: self._own[item]] if fact.name in order]
            for fact in sorted(own, key=lambda one: order[one.name]):
                ways = _better(ways, list(self._steps(item, fact, ways)))
        chosen: defaultdict[int, list[Sequence[Place]]] = defaultdict(list)
        ends: dict[int, Place] = {}
        way: _Trail | None = max(ways, key=lambda one: one.score)
        while way is not None and way.fact is not None and way.place is not None:
            ends.setdefault(way.item, way.place)
            chosen[way.item].append(way.fact.places)
            way = way.before
        found: list[Core | None] = [None] * len(self._rows)
        low = self._start
        for item in sorted(chosen):
            if 2 * len(chosen[item]) >= self._own[item]:
                start, end = self._tight(chosen[item], ends[item], low)
                found[item], low = Core(start, end, 2 * len(chosen[item]) + 1), end
        return found

    def _steps(self, item: int, fact: Fact, ways: Sequence[_Trail]) -> Iterator[_Trail]:
        """Each way with the next place of a value: behind the item before, or near the value before of the item."""
        for way in ways:
            low = way.last + 1 if way.item == item else way.end
            at = bisect_left(fact.places, (low,))
            high = min(self._end, way.end + 2 * self._reach) if way.item == item else self._end
            if at < len(fact.places) and (place := fact.places[at]).start < high:
                yield _Trail(max(way.end, place.end), place.start, way.score + 1, item, fact, way, place)

    @staticmethod
    def _tight(values: Sequence[Sequence[Place]], last: Place, low: int) -> tuple[int, int]:
        """From the first to the last value of an item, each of them, from the last on, as late as can be."""
        start, end = last.start, last.end
        for places in values[1:]:
            at = bisect_left(places, (start,)) - 1
            if at >= 0 and places[at].start >= low:
                start, end = places[at].start, max(end, places[at].end)
        return start, end

    def held(self, found: Sequence[Core | None], rows: Sequence[Sequence[Fact]]) -> tuple[int, int, int]:
        """How many values of the items themselves stand in the passages that are cut around some cores, how short
        these are all in all, and how much is in the cores."""
        order = sorted((item for item, core in enumerate(found) if core), key=lambda item: found[item] or ())
        placed = [(rows[item], found[item], (self._start, self._end)) for item in order]
        count = size = 0
        for item, passage in zip(order, _cut(placed, self._lines), strict=True):
            own = self._rows[item][: self._own[item]]
            count += sum(bool(passage.within(fact.places)) for fact in own)
            size += passage.end - passage.start
        return count, -size, sum(core.score for core in found if core)

    def strays(self, found: list[Core | None]) -> list[Core | None]:
        """Cores with those of the items that are out of order: the only one of the best that nobody else has."""
        taken = sorted(core for core in found if core)
        for item, core in enumerate(found):
            if core is not None or not self._rows[item]:
                continue
            options = {
                one
                for fact in self._rows[item][:2]
                for place in self._few(fact)
                if (one := self._core(item, place, self._start)) and not _overlaps(one, taken)
            }
            best = [one for one in options if one.score == max(other.score for other in options)]
            if len(best) == 1:
                found[item] = best[0]
                taken.insert(bisect_left(taken, best[0]), best[0])
        return found

    def _first(self, fact: Fact) -> int:
        return _within(fact.places, self._start, self._end)[0].start

    def _few(self, fact: Fact) -> Sequence[Place]:
        """The places of a value, if they are few."""
        places = _within(fact.places, self._start, self._end)
        return places if len(places) <= _BEAM else ()


W = TypeVar("W", _Way, _Trail)


def _better(ways: Sequence[W], further: Sequence[W]) -> list[W]:
    """Those ways that no other is ahead of: one that found as much and ends as early."""
    best: Any = []
    for way in sorted([*ways, *further], key=lambda one: (one.end, -one.score)):
        if not best or way.score > best[-1].score:
            best.append(way)
    return list(best[-_BEAM:])


def _beside(places: Sequence[Place], seed: Place, first: int, last: int, taken: Sequence[Place]) -> Place | None:
    """The place in `text[first:last]` that is nearest to a seed, and has nothing in common with what is taken."""
    found = None
    for place in _within(places, first, last):
        if found and place.start - seed.end > seed.start - found.end:
            break
        if not any(place.start < one.end and one.start < place.end for one in taken):
            found = place
    return found


def _nearest(places: Sequence[Place], core: Core) -> int:
    """Where the first place in a core begins, or else the one that is nearest to it."""
    at = bisect_left(places, (core.start,))
    inside = at < len(places) and places[at].start < core.end
    near = places[at : at + 1] if inside else places[max(0, at - 1) : at + 1]
    return min((place.start for place in near), key=lambda start: abs(start - core.start))


def _within(places: Sequence[Place], start: int, end: int) -> Sequence[Place]:
    return places[bisect_left(places, (start,)) : bisect_left(places, (end,))]


def _overlaps(core: Core, taken: Sequence[Core]) -> bool:
    at = bisect_left(taken, core)
    return any(one.start < core.end and core.start < one.end for one in taken[max(0, at - 1) : at + 1])


# ---------------------------------------------------------------------- cuts

Sides = tuple[list[int], list[int]]
"""Where the values of an item begin that stand before its core, and where those end that stand after it."""


def passages(
    rows: Sequence[tuple[Sequence[Fact], Core | None]], lines: Lines, bounds: Sequence[tuple[int, int]]
) -> list[Passage | None]:
    """The passage of each item with a core, such that as many values as possible stand in the passage of their own;
    `bounds` are what each of them cannot reach beyond."""
    order = sorted((index for index, (_, core) in enumerate(rows) if core), key=lambda index: rows[index][1] or ())
    placed = [(*rows[index], bounds[index]) for index in order]
    found: list[Passage | None] = [None] * len(rows)
    for index, passage in zip(order, _cut(placed, lines), strict=True):
        found[index] = passage
    return found


def _cut(placed: Sequence[tuple[Sequence[Fact], Any, tuple[int, int]]], lines: Lines) -> list[Passage]:
    if not placed:
        return []
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


def _edges(
    placed: Sequence[Core], bounds: Sequence[tuple[int, int]], lines: Lines, *, nests: bool
) -> list[tuple[int, int]]:
    """From where to where each item may reach: its neighbours' cores, or the rows of a table that these are in;
    outside, as far as any two are apart. Items with lists of their own may be of any length."""
    widest = max((max(0, other.start - one.end) for one, other in pairwise(placed)), default=_REACH)
    first, last = lines.around(placed[0].start)[0], lines.around(placed[-1].end - 1)[1]
    rows = [lines.table_row(core) for core in placed]
    between = [
        (row[1], after[0]) if row[1] <= after[0] else (one.end, other.start)
        for (one, other), (row, after) in zip(pairwise(placed), pairwise(rows), strict=True)
    ]
    starts = [first - widest, *(low for low, _ in between)]
    beyond = len(lines.text) if nests and len(placed) == 1 else max(widest, _REACH) if nests else widest
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
        near = _within(fact.places, place.end - _LONG, place.start + 1)[-1:]
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


def _reach_of(core: Core, sides: Sides, low: int, high: int, lines: Lines) -> tuple[int, int]:
    """From the first to the last line of what an item has between its cuts."""
    start = min([core.start, *(one for one in sides[0] if one >= low)])
    end = max([core.end, *(one for one in sides[1] if one <= high)])
    first, last = max(low, lines.around(start)[0]), min(high, lines.around(max(start, end - 1))[1])
    while last > end and lines.text[last - 1].isspace():
        last -= 1
    return min(first, start), max(last, end)
