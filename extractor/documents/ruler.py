"""A text measured once, so that the tokens of any part of it are known at once."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from extractor.documents.estimate import BLOCK, UNIT, block_costs

__all__ = ["Ruler"]


class Ruler:
    """Estimated tokens of any `text[start:end]`: whole blocks from a running sum, the rest of one measured."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._until = list(accumulate(block_costs(text), initial=0))
        self._known: dict[int, int] = {}  # one chunk's end is the next one's start

    def tokens(self, start: int, end: int) -> int:
        """The estimate for `text[start:end]`."""
        return -(-(self._cost_to(end) - self._cost_to(start)) // UNIT)

    def reach(self, start: int, tokens: int) -> int:
        """About how far `tokens` go from `start`: an offset past it, to be checked with `tokens()`."""
        goal = self._cost_to(start) + tokens * UNIT
        block = bisect_right(self._until, goal) - 1
        if block >= len(self._until) - 1:
            return len(self._text)
        share = (goal - self._until[block]) / (self._until[block + 1] - self._until[block])
        return min(len(self._text), max(start + 1, int((block + share) * BLOCK)))

    def _cost_to(self, offset: int) -> int:
        if offset not in self._known:
            block = offset // BLOCK
            self._known[offset] = self._until[block] + sum(block_costs(self._text[block * BLOCK : offset]))
        return self._known[offset]
