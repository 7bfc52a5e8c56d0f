"""One place for every value: repeated values stand where the rest of their record does.

Values with few places are settled first. Each further one takes the place nearest to those that are settled,
so that a record stays together; items of a list follow one another as they do in the text.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.merge.finding import Place
from extractor.merge.habits import Habits

__all__ = ["Leaf", "Record", "Taken", "settle"]

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
_TOGETHER = 300
"""Characters up to which values of a record are one passage, in which no place is better than another."""
_LATER = 60
"""Characters that an earlier place is worth, where nothing tells where a record should be."""
_SHORT = 3
"""Characters up to which a place says little by itself."""
_SHARED = 120
"""Characters that a place of its own is worth, that no other value has or overlaps."""
_UNUSUAL = 60
"""Characters that the usual side of its record's anchor is worth."""
_WORSE = {"exact": 0, "normalised": 40, "fuzzy": 200}
"""Characters that a tier is worth."""


@dataclass(slots=True)
class Leaf:
    """A value, the places it may stand at (in order), and the one it is given; `key` if it names its record; `name` is
    what its field is called in the record."""

    pointer: str
    places: Sequence[Place]
    merits: Mapping[Place, int] = field(default_factory=dict)
    place: Place | None = None
    key: bool = False
    name: str = ""


Taken = Counter[Place]
"""How many values stand at a place."""


@dataclass(slots=True)
class Record:
    """The leaves of one object, the record that stands before or above it, and whether it is an item of a list;
    `habits` are those of all records of its kind.

    Once it is settled, `begin` is where its first value stands that it shares with no record before, or that of the
    record before if it has none; `echoes` are the places of its name, or of the record's above.
    """

    leaves: list[Leaf] = field(default_factory=list)
    before: Record | None = None
    above: Record | None = None
    listed: bool = False
    begin: int | None = None
    echoes: Sequence[Place] = ()
    habits: Habits = field(default_factory=Habits)


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
        self._echoes = echoes

    def add(self, place: Place, *, shared: bool) -> None:
        """Settle a place; one that is shared, such as a date in a heading, does not tell how far the record goes."""
        insort(self._places, place)
        self._latest = [*self._latest[1 - _PROBES :], place]
        if not shared and self.low - _TOGETHER <= place.end and place.start <= self.high + _TOGETHER:
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


def settle(record: Record, taken: Taken) -> None:
    """Give every leaf of a record that has places one of them, if it can be one that is not `taken`."""
    waiting = sorted((leaf for leaf in record.leaves if leaf.places), key=lambda leaf: len(leaf.places))
    named = sorted(place for leaf in waiting if leaf.key for place in leaf.places)
    record.echoes = named[:_ECHOES] or (record.above.echoes if record.above else ())
    if waiting:
        _settle(record, waiting, taken)
    places = [leaf.place for leaf in record.leaves if leaf.place]
    starts = [place.start for place in places if taken[place] == 1] or [place.start for place in places]
    record.begin = min(starts) if starts else record.before.begin if record.before else None


def _settle(record: Record, waiting: Sequence[Leaf], taken: Taken) -> None:
    far = _FAR if record.listed else _FAR_ALONE
    first, place = _anchor(record, waiting[:_PROBES], taken, far)
    first.place = place
    taken[place] += 1
    site = _Site(place, far)
    sides = record.habits.sides(first.name, waiting)
    for leaf in waiting:
        if leaf is not first:
            place = _best(leaf, site, taken, first.place, sides[leaf.name])
            if not (record.listed and place.end - place.start <= _SHORT and site.cost(place) >= far):
                _stand(leaf, place, site, taken)
    site.hear(record.echoes)
    for leaf in waiting:
        if leaf.place and leaf is not first and len(leaf.places) > 1:
            _reconsider(leaf, site, taken, first.place, sides[leaf.name])
    record.habits.learn({leaf.name: leaf.place.start for leaf in waiting if leaf.place})


def _stand(leaf: Leaf, place: Place, site: _Site, taken: Taken) -> None:
    leaf.place = place
    site.add(place, shared=taken[place] > 0)
    taken[place] += 1


def _reconsider(leaf: Leaf, site: _Site, taken: Taken, anchor: Place, side: int) -> None:
    """Place a leaf once more, now that it is known where its record begins and ends."""
    assert leaf.place is not None
    site.drop(leaf.place)
    taken[leaf.place] -= 1
    _stand(leaf, _best(leaf, site, taken, anchor, side), site, taken)


def _anchor(record: Record, waiting: Sequence[Leaf], taken: Taken, far: int) -> tuple[Leaf, Place]:
    """The place of a rare value that the other values of the record stand nearest to."""
    found = (waiting[0], waiting[0].places[0])
    if len(found[0].places) == 1 and (
        len(waiting) == 1 or (found[1].end - found[1].start > _SHORT and not taken[found[1]])
    ):
        return found
    least = 1 << 30
    named = [leaf for leaf in waiting if leaf.key and len(leaf.places) <= _ECHOES]
    for leaf in named or waiting[:_ANCHORS]:
        others = [other for other in waiting if other is not leaf]
        sides = record.habits.sides(leaf.name, others)
        for seed, order in _seeds(leaf, record, far):
            cost = order + _own_cost(seed, leaf, taken)
            for other in others if cost < least else ():
                cost += _apart(other, seed, taken, far, sides[other.name])
            if cost < least:
                found, least = (leaf, seed), cost
    return found


def _seeds(leaf: Leaf, record: Record, far: int) -> Iterator[tuple[Place, int]]:
    """Places of a leaf that its record may stand at, and what is against each: before what it follows, far from that
    or from the record above and from where it is named, or, where nothing is known, late in the text."""
    before, above = record.before, record.above
    follows = before.begin if before else None
    hint = follows if follows is not None else above.begin if above else None
    if follows is None and not (above and above.listed):
        yield from ((seed, min(far, _LATER * number)) for number, seed in enumerate(leaf.places[:_SEEDS]))
    if hint is None:
        return
    for seed in _near(leaf.places, hint, _SEEDS):
        yield seed, min(_FAR, abs(seed.start - hint) // 2) + (_FAR if follows is not None and seed.start <= hint else 0)
    for echo in () if leaf.key else record.echoes:
        yield from ((seed, min(_FAR, _gap(seed, echo) + 1)) for seed in _near(leaf.places, echo.start, _BESIDE))


def _near(places: Sequence[Place], offset: int, count: int) -> Sequence[Place]:
    """The places that stand around an offset, most of them after it."""
    middle = bisect_left(places, (offset,))
    first = max(0, min(middle - count // 4, len(places) - count))
    return places[first : first + count]


def _apart(leaf: Leaf, seed: Place, taken: Taken, far: int, side: int) -> int:
    """What it costs a leaf at the least if its record stands at a seed."""
    near = (*leaf.merits, *_near(leaf.places, seed.start, _BESIDE))
    costs = [
        (min(_gap(place, seed), far) or _SHARED) + _own_cost(place, leaf, taken) + _odd(place, seed, side)
        for place in near
    ]
    return min(costs)


def _best(leaf: Leaf, site: _Site, taken: Taken, anchor: Place, side: int) -> Place:
    """The place of a leaf that costs least; of equals the first in the text."""
    if len(leaf.places) == 1:
        return leaf.places[0]
    costs = (
        (_own_cost(place, leaf, taken) + site.cost(place) + _odd(place, anchor, side), place)
        for place in set(site.candidates(leaf))
    )
    return min(costs)[1]


def _odd(place: Place, anchor: Place, side: int) -> int:
    """What it costs to stand on the other side of the anchor than in the records before."""
    return _UNUSUAL if (place.start - anchor.start) * side < 0 else 0


def _own_cost(place: Place, leaf: Leaf, taken: Taken) -> int:
    return _WORSE[place.tier] + (_SHARED if taken[place] else 0) - leaf.merits.get(place, 0)


def _gap(place: Place, other: Place) -> int:
    """Characters between two places; 0 where they overlap."""
    if place[0] >= other[1]:
        return place[0] - other[1] + 1
    return other[0] - place[1] + 1 if other[0] >= place[1] else 0
