"""Cores: where on one line most of each item of a list stands, the items in the order of the text.

Around each place of an item's rarest values, the *core* is what stands of it on that line. Of all ways to give each
item a core after the core of the item before, the one in which most values are found is taken. Items may be missing in
the text, and lines may belong to no item. The cells of one line may be items of their own, which share what stands
before them there, such as the label of a row with a figure for each year; the header cell over a cell counts like what
stands on its line. Where a list does not follow the text, an item takes the one core that fits it best, and none if two
fit it equally well.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

from extractor.extraction.finding import Place, within
from extractor.extraction.rows import REACH, Core, Fact, Lines, passages

__all__ = ["cores"]

_BEAM = 16
"""Ways to place the items so far that are followed further. A wrong one is behind after an item or two."""
_RARE = 3
"""Places up to which a value tells an item by itself, though most of the others are not there."""
_ENOUGH = 4
"""Score of a core with a rare value that is enough: that value and one near it."""


def cores(
    rows: Sequence[Sequence[Fact]], lines: Lines, start: int, end: int, own: tuple[int, int] | None = None
) -> list[Core | None]:
    """The core of each item that begins in `text[start:end]`, of equals rather one in the `own` range; None for one
    that is not there."""
    search = _Search(rows, lines, start, end, own or (start, end))
    found = search.sequences()
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

    def __init__(
        self, rows: Sequence[Sequence[Fact]], lines: Lines, start: int, end: int, own: tuple[int, int]
    ) -> None:
        self._lines, self._start, self._end, self._favoured = lines, start, end, own
        self._unit = 1 + sum(map(len, rows))
        self._reach = min(REACH, (end - start) // max(1, len(rows)))
        shared = Counter(places for facts in rows for places in {id(fact.places) for fact in facts})
        self._facts = [{(fact.name, id(fact.places)): None for fact in facts} for facts in rows]
        self._rows: list[list[Fact]] = []
        self._counts: list[list[int]] = []
        self._own: list[int] = []
        self._sizes: list[int] = []
        self._most = 0
        self._taken: list[Core] = []
        self._kinds = [tuple(facts) for facts in self._facts]  # equal for rows that say the same
        self._known: dict[Any, Core | None] = {}
        for facts in rows:
            inside = self._inside(facts, shared)
            self._rows.append([fact for _, _, _, fact in inside])
            self._counts.append([count for _, _, count, _ in inside])
            headings = sum(heading for heading, _, _, _ in inside)
            self._own.append(len(inside) - headings or len(inside))
            self._most = max(self._most, 2 * len(inside) ** 2 + 1)
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

    def _groupings(self, items: Sequence[int]) -> Iterator[list[int]]:
        """Other orders of some items: by where their rarest values stand first; and by each of their fields, those that
        say the same of it after one another."""
        yield sorted(items, key=lambda item: within(self._rows[item][0].places, self._start, self._end)[0].start)
        values: dict[str, dict[int, int]] = {}
        for item, facts in enumerate(self._facts):
            for name, value in facts:
                values.setdefault(name, {})[item] = value
        for own in values.values():
            first = {value: item for item, value in reversed(own.items())}
            order = sorted(items, key=lambda item: first[own[item]] if item in own else item)
            if order != items:
                yield order

    def sequences(self) -> list[Core | None]:
        """Cores of the items that follow the order of the text; of those left over, in the text left over, that do so
        forwards or backwards, and so on. Where items share lines, they may do so by one of their fields."""
        left = [item for item, facts in enumerate(self._rows) if facts]
        more = self.sequence(left)
        lines = {self._lines.around(core.start)[0] for core in more.values()}
        if 4 * (len(left) - len(lines)) >= len(left) > 1:
            for order in self._groupings(left):
                more = max(more, self.sequence(order), key=_found)
        found: list[Core | None] = [None] * len(self._rows)
        while more:
            for item, core in more.items():
                found[item] = core
            self._taken = sorted(filter(None, found))
            left = [item for item in left if item not in more]
            more = max(self.sequence(left), self.sequence(left[::-1]), key=_found) if left else {}
        return found

    def sequence(self, order: Sequence[int]) -> dict[int, Core]:
        """Cores of which each comes after that of the item before, so that as much as possible is found."""
        ways = [_Way(self._start, 0, -1, None, None)]
        for item in order:
            further = [
                _Way(core.end, way.score + self._worth(core.score, core.start), item, core, way)
                for way, core in self._tries(item, ways)
            ]
            if further:
                ways = self._open(_better(ways, further))
        found: dict[int, Core] = {}
        way: _Way | None = max(ways, key=lambda one: one.score)
        high = self._end
        while way is not None and way.core is not None:
            found[way.item] = core = self._latest(way.item, way.core, high)
            way, high = way.before, core.start
        return found

    def _latest(self, item: int, core: Core, high: int) -> Core:
        """The core of an item, or, ahead of the favoured range, the last one as good before the next item."""
        places = [within(fact.places, core.end, min(high, self._favoured[0])) for fact in self._rows[item][:2]]
        others = (self._core(item, one[-1], core.end) for one in places if one)
        return max([core, *(one for one in others if one and one.end <= high and one.score >= core.score)])

    def _worth(self, score: int, start: int) -> int:
        """What a score is worth at a place: of all ways with one sum, most in the favoured range is best."""
        low, high = self._favoured
        return score * self._unit + (low <= start < high)

    def _open(self, ways: Sequence[_Way]) -> list[_Way]:
        """The ways that go furthest, and those before them that may still find more in the lines that they leave."""
        found = list(ways[-_BEAM:])
        for way in reversed(ways[:-_BEAM]):
            lines = self._lines.count(way.end, found[0].end)
            if found[0].score - way.score < lines * self._worth(self._most, self._favoured[0]):
                found.insert(0, way)
        return found

    def _tries(self, item: int, ways: Sequence[_Way]) -> Iterator[tuple[_Way, Core]]:
        """Cores of an item after the end of each way: those of its two rarest values that come first there."""
        for fact in self._rows[item][:2]:
            behind = self._end
            for way in reversed(ways):
                at = bisect_left(fact.places, (way.end,))
                for place in fact.places[at:]:
                    if place.start >= behind:
                        break
                    base: _Way | None = way  # or what came before it, where its last item takes what this one needs
                    while base and not (core := self._core(item, place, base.end, base)):
                        base = base.before if self._lines.around(place.start)[0] < base.end else None
                    if base and core and not _overlaps(core, self._taken):
                        yield base, core
                        if core.score > 2 * len(self._rows[item]) ** 2:
                            break
                behind = min(behind, fact.places[at].start if at < len(fact.places) else behind)

    def _core(self, item: int, seed: Place, low: int, before: _Way | None = None) -> Core | None:
        """What of an item stands on the line of a place, after an offset; None if that says too little. What it says
        like the item that ends at the offset, the last one of the way `before`, may stand before that on the line."""
        line, last = self._lines.around(seed.start)
        if low > line:
            return self._core_of(item, seed, low, last, before)
        key = self._kinds[item], seed.start, seed.end
        if key not in self._known:
            self._known[key] = self._core_of(item, seed, line, last)
        return self._known[key]

    def _core_of(self, item: int, seed: Place, first: int, last: int, before: _Way | None = None) -> Core | None:
        """What of an item stands around a place, between two offsets of its line."""
        facts, counts = self._rows[item], self._counts[item]
        line, near = self._lines.around(seed.start)[0], seed.start - self._reach
        shared = self._facts[before.item] if before and before.core else {}
        above, headed = self._lines.headers.context(seed.start) if len(facts) > 1 else None, 0
        common: list[Fact] = []
        score, there, rare, own, close = 0, 0, False, False, False
        taken: list[Place] = []
        for rank, fact in enumerate(facts):
            places = fact.places
            if place := _beside(places, seed, first, last, taken):
                taken.append(place)
                there, score = there + 1, score + (2 if rank else 3)
                own = own or rank < self._own[item]
                rare = rare or (counts[rank] <= _RARE and not fact.slight)
            elif (fact.name, id(places)) in shared and within(places, line, seed.start):
                common.append(fact)
            elif above and self._lines.headers.heads(within(places, *above), seed[:2]):
                score, headed = score + (2 if rank else 3), headed + 1
            elif above and within(places, *above):
                score += 1
            elif within(places, near, seed.end + self._reach):
                score, close = score + 1, True
        if common and before and (close or not self._differs(before, common)):
            return None
        start = min([seed.start, *(one.start for one in taken)])
        end = max([seed.end, *(one.end for one in taken)])
        score += (2 if headed else 1) * len(common)
        there += headed + len(common)
        most = score >= (min(self._sizes[item], _ENOUGH) if rare else self._sizes[item])
        enough = own and most and (there > 1 or not facts[0].slight)
        return Core(start, end, 2 * there**2 + score - 2 * there) if enough else None

    def _differs(self, way: _Way, common: Sequence[Fact]) -> bool:
        """Whether the last item of a way has more in its core than what another item says like it."""
        core, shared = way.core, {id(fact.places) for fact in common}
        own = (fact.places for fact in self._rows[way.item] if id(fact.places) not in shared)
        return core is not None and any(within(places, core.start, core.end) for places in own)

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
                own = [fact for fact in self._rows[item][: self._own[item]] if not within(fact.places, *above)]
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
                ways = _better(ways, list(self._steps(item, fact, ways)))[-_BEAM:]
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
                found[item], low = Core(start, end, 2 * len(chosen[item]) ** 2 + 1), end
        return found

    def _steps(self, item: int, fact: Fact, ways: Sequence[_Trail]) -> Iterator[_Trail]:
        """Each way with the next place of a value: behind the item before, or near the value before of the item."""
        for way in ways:
            low = way.last + 1 if way.item == item else way.end
            at = bisect_left(fact.places, (low,))
            high = min(self._end, way.end + 2 * self._reach) if way.item == item else self._end
            if at < len(fact.places) and (place := fact.places[at]).start < high:
                worth = self._worth(1, place.start)
                yield _Trail(max(way.end, place.end), place.start, way.score + worth, item, fact, way, place)

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
        count = size = 0
        placed = passages(list(zip(rows, found, strict=True)), self._lines, [(self._start, self._end)] * len(rows))
        for item, passage in enumerate(placed):
            if passage:
                count += sum(bool(passage.within(fact.places)) for fact in self._rows[item][: self._own[item]])
                size += passage.end - passage.start
        return count, -size, sum(core.score for core in found if core)


def _found(cores: Mapping[int, Core]) -> int:
    """How much of the items is in their cores."""
    return sum(core.score for core in cores.values())


W = TypeVar("W", _Way, _Trail)


def _better(ways: Sequence[W], further: Sequence[W]) -> list[W]:
    """Those ways that no other is ahead of: one that found as much and ends as early."""
    best: Any = []
    for way in sorted([*ways, *further], key=lambda one: (one.end, -one.score)):
        if not best or way.score > best[-1].score:
            best.append(way)
    return list(best)


def _beside(places: Sequence[Place], seed: Place, first: int, last: int, taken: Sequence[Place]) -> Place | None:
    """The place in `text[first:last]` that is nearest to a seed, and has nothing in common with what is taken."""
    found = None
    for place in within(places, first, last):
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


def _overlaps(one: Core, taken: Sequence[Core]) -> bool:
    """Whether a core has a part in common with one of some cores that are in order."""
    at = bisect_left(taken, (one.end,))
    return at > 0 and one.start < taken[at - 1].end
