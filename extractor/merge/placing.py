"""One place for every value: repeated values stand where the rest of their record does.

Values with few places are settled first. Each further one takes the place nearest to those that are settled,
so that a record stays together; items of a list follow one another as they do in the text.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.merge.finding import Place

__all__ = ["Leaf", "Record", "settle"]

_ANCHORS, _SEEDS = 3, 12
"""Rare values of a record, and places of each, that the others are measured from."""
_PROBES = 8
"""Values of a record that are asked how near they are to a seed."""
_BESIDE = 4
"""Places of a value around another that are looked at."""
_ECHOES = 24
"""Places of its name that a record is heard of at."""
_FAR, _FAR_ALONE = 2_000, 300
"""Characters past which farther is no worse: in an item of a list, and in a record that stands alone."""
_LATER = 60
"""Characters that an earlier place is worth, where nothing tells where a record should be."""
_SHORT = 3
"""Characters up to which a place says little by itself."""
_SHARED = 120
"""Characters that a place of its own is worth, that no other value has or overlaps."""
_WORSE = {"exact": 0, "normalised": 40, "fuzzy": 200}
"""Characters that a tier is worth."""


@dataclass(slots=True)
class Leaf:
    """A value, the places it may stand at (in order), and the one it is given; `key` if it names its record."""

    pointer: str
    places: Sequence[Place]
    merits: Mapping[Place, int] = field(default_factory=dict)
    place: Place | None = None
    key: bool = False


@dataclass(slots=True)
class Record:
    """The leaves of one object, the record that stands before or above it, and whether it is an item of a list.

    Once it is settled, `begin` is where its first value stands, or that of the record before if it has none.
    """

    leaves: list[Leaf] = field(default_factory=list)
    before: Record | None = None
    above: Record | None = None
    listed: bool = False
    begin: int | None = None


class _Site:
    """The places of a record that are settled: those together around its anchor, and those that stand apart."""

    def __init__(self, anchor: Place, far: int) -> None:
        self.far = far
        self.low, self.high = anchor.start, anchor.end
        self._places = [anchor]
        self._latest = [anchor]
        self._echoes: Sequence[Place] = ()

    def hear(self, echoes: Sequence[Place]) -> None:
        """Take in where else the record is named: what was said of it far away stands beside its name there."""
        self._echoes = echoes[:_ECHOES]

    def add(self, place: Place) -> None:
        """Settle a place."""
        insort(self._places, place)
        self._latest = [*self._latest[1 - _PROBES :], place]
        if self.low - self.far <= place.end and place.start <= self.high + self.far:
            self.low, self.high = min(self.low, place.start), max(self.high, place.end)

    def drop(self, place: Place) -> None:
        """Take a settled place back; what stands together still reaches as far."""
        self._places.remove(place)

    def cost(self, place: Place) -> int:
        """What it costs to stand there: characters from the nearest settled place, none among those that stand
        together; and room that another value has already."""
        middle = bisect_left(self._places, place)
        gap = min([_gap(place, one) for one in self._places[max(0, middle - 2) : middle + 1]])
        if not gap:
            return _SHARED
        if self.low <= place[0] and place[1] <= self.high:
            return 0
        return min(gap, self.far, *(_gap(place, one) + 1 for one in self._echoes))

    def candidates(self, leaf: Leaf) -> Iterator[Place]:
        """Places of a leaf worth weighing, first to last where nothing else counts."""
        yield leaf.places[0]
        yield from leaf.merits
        yield from _near(leaf.places, self.low, _BESIDE)
        for one in self._latest:
            yield from _near(leaf.places, one.start, _BESIDE)
        for one in self._echoes:
            yield from _near(leaf.places, one.start, _BESIDE)


def settle(record: Record, taken: set[Place]) -> None:
    """Give every leaf of a record that has places one of them, if it can be one that is not `taken`."""
    waiting = sorted((leaf for leaf in record.leaves if leaf.places), key=lambda leaf: len(leaf.places))
    if waiting:
        _settle(record, waiting, taken)
    starts = [leaf.place.start for leaf in record.leaves if leaf.place]
    record.begin = min(starts) if starts else record.before.begin if record.before else None


def _settle(record: Record, waiting: Sequence[Leaf], taken: set[Place]) -> None:
    far = _FAR if record.listed else _FAR_ALONE
    first, place = _anchor(record, waiting[:_PROBES], taken, far)
    first.place = place
    taken.add(place)
    site = _Site(place, far)
    for leaf in waiting:
        if leaf is not first:
            _, place = _best(leaf, site, taken)
            if not (record.listed and place.end - place.start <= _SHORT and site.cost(place) >= far):
                leaf.place = place
                site.add(place)
                taken.add(place)
    site.hear(sorted(place for leaf in waiting if leaf.key for place in leaf.places))
    for leaf in waiting:
        if leaf.place and leaf is not first and len(leaf.places) > 1:
            _reconsider(leaf, site, taken)


def _reconsider(leaf: Leaf, site: _Site, taken: set[Place]) -> None:
    """Place a leaf once more, now that it is known where its record begins and ends."""
    assert leaf.place is not None
    site.drop(leaf.place)
    taken.discard(leaf.place)
    _, leaf.place = _best(leaf, site, taken)
    site.add(leaf.place)
    taken.add(leaf.place)


def _anchor(record: Record, waiting: Sequence[Leaf], taken: set[Place], far: int) -> tuple[Leaf, Place]:
    """The place of a rare value that the other values of the record stand nearest to."""
    found = (waiting[0], waiting[0].places[0])
    if len(found[0].places) == 1 and (len(waiting) == 1 or found[1].end - found[1].start > _SHORT):
        return found
    least = 1 << 30
    for leaf in waiting[:_ANCHORS]:
        others = [other for other in waiting if other is not leaf]
        for seed, order in _seeds(leaf, record, far):
            cost = order + _own_cost(seed, leaf, taken)
            cost += sum(_apart(other, seed, taken, far) for other in others) if cost < least else 0
            if cost < least:
                found, least = (leaf, seed), cost
    return found


def _seeds(leaf: Leaf, record: Record, far: int) -> Iterator[tuple[Place, int]]:
    """Places of a leaf that its record may stand at, and what is against each: before what it follows, far from that
    or from the record above, or, where nothing is known, late in the text."""
    before, above = record.before, record.above
    follows = before.begin if before else None
    hint = follows if follows is not None else above.begin if above else None
    if hint is None:
        yield from ((seed, min(far, _LATER * number)) for number, seed in enumerate(leaf.places[:_SEEDS]))
        return
    for seed in _near(leaf.places, hint, _SEEDS):
        yield seed, min(_FAR, abs(seed.start - hint) // 2) + (_FAR if follows is not None and seed.start <= hint else 0)


def _near(places: Sequence[Place], offset: int, count: int) -> Sequence[Place]:
    """The places that stand around an offset, most of them after it."""
    middle = bisect_left(places, (offset,))
    first = max(0, min(middle - count // 4, len(places) - count))
    return places[first : first + count]


def _apart(leaf: Leaf, seed: Place, taken: set[Place], far: int) -> int:
    """What it costs a leaf at the least if its record stands at a seed."""
    near = (*leaf.merits, *_near(leaf.places, seed.start, _BESIDE))
    return min([(min(_gap(place, seed), far) or _SHARED) + _own_cost(place, leaf, taken) for place in near])


def _best(leaf: Leaf, site: _Site, taken: set[Place]) -> tuple[int, Place]:
    """The place of a leaf that costs least, and what it costs; of equals the first in the text."""
    return min((_own_cost(place, leaf, taken) + site.cost(place), place) for place in set(site.candidates(leaf)))


def _own_cost(place: Place, leaf: Leaf, taken: set[Place]) -> int:
    return _WORSE[place.tier] + (_SHARED if place in taken else 0) - leaf.merits.get(place, 0)


def _gap(place: Place, other: Place) -> int:
    """Characters between two places; 0 where they overlap."""
    if place[0] >= other[1]:
        return place[0] - other[1] + 1
    return other[0] - place[1] + 1 if other[0] >= place[1] else 0
