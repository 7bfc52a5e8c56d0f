"""A text measured once, so that the tokens of any part of it are known at once."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from extractor.documents.estimate import BLOCK, UNIT, block_costs, cost

__all__ = ["Ruler"]

_SHORT = 4 * BLOCK  # characters; of less than that, half of the pairs tell too little


class Ruler:
    """Estimated tokens of any `text[start:end]`: from a running sum of blocks, or measured by itself where short."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._until = list(accumulate(block_costs(text), initial=0))

    def tokens(self, start: int, end: int) -> int:
        """The estimate for `text[start:end]`."""
        if end - start <= _SHORT:
            return -(-cost(self._text[start:end]) // UNIT)
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
        """What the text costs up to `offset`, by its share of the block that it falls into."""
        block, beyond = divmod(offset, BLOCK)
        if not beyond:
            return self._until[block]
        width = min(BLOCK, len(self._text) - block * BLOCK)
        return self._until[block] + (self._until[block + 1] - self._until[block]) * beyond // width
