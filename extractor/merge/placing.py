"""One place for every value: repeated values stand where the rest of their record does.

Values with few places are settled first. Each further one takes the place nearest to those that are settled,
so that a record stays together; items of a list follow one another as they do in the text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from extractor.merge.finding import Place

__all__ = ["Leaf", "Record", "settle"]

_SEEDS = 32
"""Places of a record's rarest value that are tried."""
_PROBES = 12
"""Values of a record that are asked how near they are to a seed."""
_FAR = 2_000
"""Characters past which farther is no worse."""
_WORSE = {"exact": 0, "normalised": 40, "fuzzy": 200}
"""Characters that a tier is worth."""


@dataclass(slots=True)
class Leaf:
    """A value, the places it may stand at (in order), and the one it is given."""

    pointer: str
    places: Sequence[Place]
    place: Place | None = None


@dataclass(slots=True)
class Record:
    """The leaves of one object, and the record that stands before or above it."""

    leaves: list[Leaf] = field(default_factory=list)
    before: Record | None = None
    above: Record | None = None

    def begin(self) -> int | None:
        return min((leaf.place.start for leaf in self.leaves if leaf.place), default=None)


def settle(record: Record) -> None:
    """Give every leaf of a record that has places one of them."""
    waiting = sorted((leaf for leaf in record.leaves if leaf.places), key=lambda leaf: len(leaf.places))
    if not waiting:
        return
    rarest, others = waiting[0], waiting[1:]
    hint, ordered = _hint(record)
    seeds = _near(rarest.places, hint, _SEEDS) if hint is not None else rarest.places[:_SEEDS]
    rarest.place = min(seeds, key=lambda seed: _cost(seed, others[:_PROBES], hint, ordered=ordered))
    settled = [rarest.place]
    for leaf in others:
        leaf.place = _nearest(leaf.places, settled)
        settled.append(leaf.place)


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


def _cost(seed: Place, others: Sequence[Leaf], hint: int | None, *, ordered: bool) -> float:
    spread = float(_WORSE[seed.tier])
    for leaf in others:
        spread += min(_FAR, _away(_nearest(leaf.places, (seed,)), seed))
    if hint is not None:
        spread += min(_FAR, abs(seed.start - hint) / 4)
        spread += _FAR if ordered and seed.start <= hint else 0
    return spread


def _nearest(places: Sequence[Place], settled: Sequence[Place]) -> Place:
    """The place nearest to any that is settled, and not itself one of them if another is as good."""
    near = {place: None for one in settled[-_PROBES:] for place in _near(places, one.start, 4)}
    return min(near, key=lambda place: min(_away(place, one) for one in settled) + _WORSE[place.tier])


def _away(place: Place, other: Place) -> int:
    """Characters between two places; a place that is taken is farther than one beside it."""
    if place.start == other.start:
        return 400
    return place.start - other.end if place.start >= other.end else max(0, other.start - place.end)
