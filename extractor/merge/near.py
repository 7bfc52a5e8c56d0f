"""Places that say nearly the same as a text: other spacing and hyphens (normalised), or a few wrong letters (fuzzy)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from extractor.merge.alignment import align
from extractor.merge.folding import Words, bounded

__all__ = ["Near", "near"]

_LEAST = 8
"""Letters that a text must have to be looked for with mistakes: in a shorter one a mistake makes another word."""
_MISTAKES = 0.1
"""Share of letters that may be wrong."""
_ANCHORS = 3
_PLACES = 12
"""Rare words to look around, and places of each: what bounds the work of a value that is nowhere."""

_HYPHEN = re.compile(r"(?<=[^\W\d_])- ?(?=[^\W\d_])| ")
_DIGITS = re.compile(r"\d+")


class Near(NamedTuple):
    """A range of the folded text, and in what way it is like the form."""

    start: int
    end: int
    tier: Literal["normalised", "fuzzy"]


def near(text: str, form: str, words: Sequence[str], index: Words) -> list[Near]:
    """Places near the rarest words of a form: where only spacing differs, else those with the fewest mistakes."""
    if len(form) < _LEAST:
        return []
    windows = list(_windows(text, form, words, index))
    spaced = {place for low, high in windows for place in _squeezed(text, form, low, high)}
    if spaced:
        return [Near(start, end, "normalised") for start, end in sorted(spaced)]
    close = [found for low, high in windows if (found := _fuzzy(text, form, words, low, high))]
    best = min((cost for cost, _, _ in close), default=0)
    return [Near(start, end, "fuzzy") for start, end in sorted({one[1:] for one in close if one[0] == best})]


def _windows(text: str, form: str, words: Sequence[str], index: Words) -> Iterator[tuple[int, int]]:
    """Stretches around the places of the rarest words, a little longer than the form on both sides."""
    there = sorted({word for word in words if index[word]}, key=lambda word: (len(index[word]), word))
    reach = len(form) + len(form) // 4 + 8
    seen: set[int] = set()
    for word in there[:_ANCHORS]:
        for start in index[word][:_PLACES]:
            if start // reach not in seen:
                seen.add(start // reach)
                yield max(0, start - reach), min(len(text), start + len(word) + reach)


def _squeezed(text: str, form: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Where a window says the form once spaces, and hyphens between letters, are left out of both."""
    wanted, window = _HYPHEN.sub("", form), text[low:high]
    squeezed = _HYPHEN.sub("", window)
    if wanted not in squeezed:
        return
    gaps = {place for gap in _HYPHEN.finditer(window) for place in range(*gap.span())}
    kept = [position for position in range(len(window)) if position not in gaps]
    start = squeezed.find(wanted)
    while start >= 0:
        begin, end = low + kept[start], low + kept[start + len(wanted) - 1] + 1
        if bounded(text, begin, end):
            yield begin, end
        start = squeezed.find(wanted, start + 1)


def _fuzzy(text: str, form: str, words: Sequence[str], low: int, high: int) -> tuple[int, int, int] | None:
    """The best stretch of whole words in a window with few enough mistakes and the very same digits."""
    window = text[low:high]
    there = Counter(re.findall(r"\w+", window))
    kept = sum(min(count, there[word]) * len(word) for word, count in Counter(words).items())
    if 2 * kept < sum(map(len, words)):
        return None
    cost, start, end = align(form, window)
    start, end = _whole(window, start, end)
    if cost > len(form) * _MISTAKES or not bounded(text, low + start, low + end):
        return None
    if _DIGITS.findall(window[start:end]) != _DIGITS.findall(form):
        return None
    return cost, low + start, low + end


def _whole(window: str, start: int, end: int) -> tuple[int, int]:
    """A stretch without space at its ends."""
    while start < end and window[start] == " ":
        start += 1
    while end > start and window[end - 1] == " ":
        end -= 1
    return start, end
