"""A text as lines: where each begins, and what it holds."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

__all__ = ["Lines"]

_ENDS = re.compile(r"[\n\f]")


class Lines:
    """The lines of a text, which new lines and form feeds end. `starts[i]` is the offset of line `i`.

    >>> lines = Lines("one\\r\\ntwo")
    >>> lines[0], lines.starts, lines.at(4)
    ('one', [0, 5], 0)
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(end.end() for end in _ENDS.finditer(text))]
        if self.starts[-1] == len(text):
            self.starts.pop()

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> str:
        """The line without what ends it, and without white space at its end."""
        return self.text[self.starts[index] : self.end(index)].rstrip()

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def end(self, index: int) -> int:
        """Where the line after line `index` begins."""
        return self.starts[index + 1] if index + 1 < len(self.starts) else len(self.text)

    def between(self, start: int, end: int) -> range:
        """The lines that `text[start:end]` lies in."""
        return range(self.at(start), self.at(max(start, end - 1)) + 1)

    def at(self, offset: int) -> int:
        """The line that `offset` lies in."""
        return bisect_right(self.starts, offset) - 1
