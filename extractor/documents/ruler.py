"""A text measured once, so that the tokens of any part of it are known at once."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from extractor.documents.estimate import BLOCK, UNIT, block_costs

__all__ = ["Ruler"]


class Ruler:
    """Estimated tokens of any `text[start:end]`: whole blocks from a running sum, the ends of it measured."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._until = list(accumulate(block_costs(text), initial=0))

    def tokens(self, start: int, end: int) -> int:
        """The estimate for `text[start:end]`."""
        first, last = -(-start // BLOCK), end // BLOCK
        if first >= last:
            cost = sum(block_costs(self._text[start:end]))
        else:
            cost = self._until[last] - self._until[first] + self._ends(start, first * BLOCK, last * BLOCK, end)
        return -(-cost // UNIT)

    def reach(self, start: int, tokens: int) -> int:
        """About how far `tokens` go from `start`: an offset past `start`, to be checked with `tokens()`."""
        within = start % BLOCK / BLOCK
        block = start // BLOCK
        spent = (
            self._until[block] + within * (self._until[block + 1] - self._until[block])
            if start < len(self._text)
            else 0
        )
        goal = spent + tokens * UNIT
        last = bisect_right(self._until, goal) - 1
        if last >= len(self._until) - 1:
            return len(self._text)
        share = (goal - self._until[last]) / (self._until[last + 1] - self._until[last])
        return min(len(self._text), max(start + 1, int((last + share) * BLOCK)))

    def _ends(self, start: int, after: int, before: int, end: int) -> int:
        return sum(block_costs(self._text[start:after])) + sum(block_costs(self._text[before:end]))
