"""Lines that head what stands below them without being marked as headings: short, capitalised, after a blank line."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from extractor.documents.landmarks import TITLE

__all__ = ["Titles"]

_TITLE = re.compile(TITLE)
_SENTENCE_ENDS = ".,;:!?"
_COMMON = 3
"""How often a sort of title must occur before it can stand under another sort."""


class _Title(NamedTuple):
    start: int
    end: int
    text: str
    sort: str


class Titles:
    """The titles of a text. Those that begin with the same word are of one sort: "Annex A" and "Annex B"."""

    def __init__(self, text: str, landmarks: Sequence[int]) -> None:
        self._titles = list(_read(text, landmarks))
        self._starts = [title.start for title in self._titles]
        self._counts = Counter(title.sort for title in self._titles)

    def above(self, cut: int, low: int) -> tuple[str, ...]:
        """The title that `cut` stands under, and the one above that, outermost first; none from before `low`.

        A title stands under the last one before it of another sort, if that sort is rarer: many sections to a chapter.
        """
        index = bisect_left(self._starts, cut)
        begins = index < len(self._titles) and self._starts[index] == cut
        inner = self._titles[index] if begins else self._titles[index - 1] if index else None
        if inner is None or inner.start < low:
            return ()
        outer = self._over(inner, index - (not begins), low)
        return tuple(title.text for title in (outer, None if begins else inner) if title)

    def _over(self, inner: _Title, index: int, low: int) -> _Title | None:
        """The title that an inner one, which is the one at `index`, stands under."""
        for title in self._titles[index - 1 :: -1] if index else ():
            if title.start < low:
                break
            if title.sort != inner.sort:
                rarer = _COMMON <= self._counts[inner.sort] > self._counts[title.sort]
                return title if rarer else None
        return None


def _read(text: str, landmarks: Sequence[int]) -> Iterator[_Title]:
    """Lines that are not indented, whose long words all begin with a capital, and that end no sentence."""
    for start in landmarks:
        if start and text[start - 1] == "\n" and (found := _TITLE.match(text, start)):
            title = found[0]
            if title[-1] not in _SENTENCE_ENDS:
                yield _Title(start, found.end(), title, title.split(None, 1)[0].casefold())
