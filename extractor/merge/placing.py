"""One place for every value: repeated values stand where the rest of their record does.

Values with few places are settled first. Each further one takes the place nearest to those that are settled,
so that a record stays together; items of a list follow one another as they do in the text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from extractor.merge.finding import Place

__all__ = ["Leaf", "Record", "settle"]

_ANCHORS, _SEEDS = 3, 12
"""Rare values of a record, and places of each, that the others are measured from."""
_PROBES = 8
"""Values of a record that are asked how near they are to a seed."""
_BESIDE = 4
"""Places of a value around another that are looked at."""
_FAR, _FAR_ALONE = 2_000, 300
"""Characters past which farther is no worse: in an item of a list, and in a record that stands alone."""
_LATER = 60
"""Characters that an earlier place is worth, where nothing tells where a record should be."""
_SHORT = 3
"""Characters up to which a place says little by itself."""
_SHARED = 400
"""Characters that a place of its own is worth, that no other value has or overlaps."""
_WORSE = {"exact": 0, "normalised": 40, "fuzzy": 200}
"""Characters that a tier is worth."""


@dataclass(slots=True)
class Leaf:
    """A value, the places it may stand at (in order), and the one it is given."""

    pointer: str
    places: Sequence[Place]
    merits: Mapping[Place, int] = field(default_factory=dict)
    place: Place | None = None


@dataclass(slots=True)
class Record:
    """The leaves of one object, the record that stands before or above it, and whether it is an item of a list."""

    leaves: list[Leaf] = field(default_factory=list)
    before: Record | None = None
    above: Record | None = None
    listed: bool = False

    def begin(self) -> int | None:
        return min((leaf.place.start for leaf in self.leaves if leaf.place), default=None)


def settle(record: Record, taken: set[Place]) -> None:
    """Give every leaf of a record that has places one of them, if it can be one that is not `taken`."""
    waiting = sorted((leaf for leaf in record.leaves if leaf.places), key=lambda leaf: len(leaf.places))
    if not waiting:
        return
    far = _FAR if record.listed else _FAR_ALONE
    first, place = _anchor(record, waiting[:_PROBES], taken, far)
    first.place = place
    settled = [place]
    for leaf in waiting:
        if leaf is not first:
            _, place = _best(leaf, settled, taken, far)
            if not (record.listed and _weak(place) and min(_away(place, one) for one in settled) > far):
                leaf.place = place
                settled.append(place)
    taken.update(settled)


def _weak(place: Place) -> bool:
    """Too short to be believed far from the rest of its record."""
    return place.end - place.start <= _SHORT


def _anchor(record: Record, waiting: Sequence[Leaf], taken: set[Place], far: int) -> tuple[Leaf, Place]:
    """The place of a rare value that the other values of the record stand nearest to."""
    rarest = waiting[0]
    if len(rarest.places) == 1 and (len(waiting) == 1 or not _weak(rarest.places[0])):
        return rarest, rarest.places[0]
    hint, ordered = _hint(record)
    found, least = (rarest, rarest.places[0]), 1 << 30
    for leaf in waiting[:_ANCHORS]:
        others = [other for other in waiting if other is not leaf]
        for seed, order in _seeds(leaf, hint, far, ordered=ordered):
            cost = order + _own_cost(seed, leaf, taken)
            cost += sum(_best(other, (seed,), taken, far)[0] for other in others) if cost < least else 0
            if cost < least:
                found, least = (leaf, seed), cost
    return found


def _seeds(leaf: Leaf, hint: int | None, far: int, *, ordered: bool) -> list[tuple[Place, int]]:
    """Places of a leaf that its record may stand at, and what is against each: far from where the record should be,
    before what it follows, or, where nothing is known, late in the text."""
    if hint is None:
        return [(seed, min(far, _LATER * number)) for number, seed in enumerate(leaf.places[:_SEEDS])]
    return [
        (seed, min(_FAR, abs(seed.start - hint) // 4) + (_FAR if ordered and seed.start <= hint else 0))
        for seed in _near(leaf.places, hint, _SEEDS)
    ]


def _hint(record: Record) -> tuple[int | None, bool]:
    """Where the record before begins, which this one follows; else where the record above does."""
    before = record.before
    while before is not None:
        if (begin := before.begin()) is not None:
            return begin, True
        before = before.before
    above = record.above
    while above is not None:
        if (begin := above.begin()) is not None:
            return begin, False
        above = above.above
    return None, False


def _near(places: Sequence[Place], offset: int, count: int) -> Sequence[Place]:
    """The places that stand around an offset, most of them after it."""
    middle = bisect_left(places, (offset,))
    first = max(0, min(middle - count // 4, len(places) - count))
    return places[first : first + count]


def _best(leaf: Leaf, settled: Sequence[Place], taken: set[Place], far: int) -> tuple[int, Place]:
    """The cost and the place of a leaf nearest to any that is settled; where none is near, the one with the best
    surroundings, or the first."""
    near = dict.fromkeys(place for one in settled[-_PROBES:] for place in _near(leaf.places, one.start, _BESIDE))
    found = leaf.places[0]
    least = 1 << 30
    for place in (found, *leaf.merits, *near):
        away = min([_away(place, one) for one in settled])
        cost = (away if away < far else far) + _own_cost(place, leaf, taken) + (0 if away else _SHARED)
        if cost < least:
            found, least = place, cost
    return least, found


def _own_cost(place: Place, leaf: Leaf, taken: set[Place]) -> int:
    return _WORSE[place.tier] + (_SHARED if place in taken else 0) - leaf.merits.get(place, 0)


def _away(place: Place, other: Place) -> int:
    """Characters between two places; 0 where they overlap."""
    if place[0] >= other[1]:
        return place[0] - other[1] + 1
    return other[0] - place[1] + 1 if other[0] >= place[1] else 0
