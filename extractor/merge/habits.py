"""Records of one kind say their fields in one order, mostly: which field stands before which, as seen so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice, permutations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.merge.placing import Leaf

__all__ = ["Habits"]

_LEAST = 3
"""Records that must have been seen before they tell anything."""
_FEW = 8
_TOGETHER = 2_000
"""Characters past which a field stands somewhere else altogether."""
_MOSTLY = 0.8
"""The share of them that must agree, as the lead over those that do not."""


class Habits:
    """On which side of a field another stands, counted over the records of a list."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}

    def learn(self, starts: Mapping[str, int]) -> None:
        """Take in one more record: where its fields begin, of which a few are enough."""
        for one, other in permutations(islice(starts.items(), _FEW), 2):
            offset = other[1] - one[1]
            if 0 < abs(offset) <= _TOGETHER:
                lead, count = self._seen.get((one[0], other[0]), (0, 0))
                self._seen[one[0], other[0]] = (lead + (1 if offset > 0 else -1), count + 1)

    def sides(self, anchor: str, leaves: Iterable[Leaf]) -> Mapping[str, int]:
        """1 for a field that stands after the anchor, -1 for one before it, 0 where that is not known."""
        return {leaf.name: self._side(anchor, leaf.name) for leaf in leaves}

    def _side(self, anchor: str, name: str) -> int:
        lead, count = self._seen.get((anchor, name), (0, 0))
        return 0 if count < _LEAST or abs(lead) < _MOSTLY * count else 1 if lead > 0 else -1
