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

_SEEDS = 32
"""Places of a record's rarest value that are tried."""
_PROBES = 12
"""Values of a record that are asked how near they are to a seed."""
_FAR, _FAR_ALONE = 2_000, 300
"""Characters past which farther is no worse: in an item of a list, and in a record that stands alone."""
_LATER = 60
"""Characters that an earlier place is worth, where nothing tells where a record should be."""
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
    rarest, others = waiting[0], waiting[1:]
    hint, ordered = _hint(record)
    seeds = _near(rarest.places, hint, _SEEDS) if hint is not None else rarest.places[:_SEEDS]
    costs = [_cost(seed, rarest, others[:_PROBES], taken, far) + _order(seed, hint, ordered=ordered) for seed in seeds]
    if hint is None:
        costs = [cost + min(far, _LATER * number) for number, cost in enumerate(costs)]
    rarest.place = seeds[costs.index(min(costs))]
    settled = [rarest.place]
    for leaf in others:
        leaf.place = _nearest(leaf, settled, taken, far)
        settled.append(leaf.place)
    taken.update(settled)


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


def _order(seed: Place, hint: int | None, *, ordered: bool) -> float:
    """What it costs to stand far from where the record should be, or before what it follows."""
    if hint is None:
        return 0.0
    return min(_FAR, abs(seed.start - hint) / 4) + (_FAR if ordered and seed.start <= hint else 0)


def _cost(seed: Place, leaf: Leaf, others: Sequence[Leaf], taken: set[Place], far: int) -> float:
    """What a seed costs by itself, and by how far the other leaves would be from it."""
    cost = float(_own_cost(seed, leaf, taken))
    for other in others:
        cost += min(far, _away(_nearest(other, (seed,), taken, far), seed))
    return cost


def _nearest(leaf: Leaf, settled: Sequence[Place], taken: set[Place], far: int) -> Place:
    """The place nearest to any that is settled; where none is near, that with the best merits, or the first."""
    near = dict.fromkeys(place for one in settled[-_PROBES:] for place in _near(leaf.places, one.start, 6))
    best, least = leaf.places[0], float("inf")
    for place in (leaf.places[0], *leaf.merits, *near):
        away = min(_away(place, one) for one in settled)
        cost = min(far, away) + _own_cost(place, leaf, taken) + (0 if away else _SHARED)
        if cost < least:
            best, least = place, cost
    return best


def _own_cost(place: Place, leaf: Leaf, taken: set[Place]) -> int:
    return _WORSE[place.tier] + (_SHARED if place in taken else 0) - leaf.merits.get(place, 0)


def _away(place: Place, other: Place) -> int:
    """Characters between two places; 0 where they overlap."""
    return max(0, place.start - other.end + 1, other.start - place.end + 1)
