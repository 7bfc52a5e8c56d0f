"""Places that say nearly the same as a text: other spacing and hyphens (normalised), or a few wrong letters (fuzzy).

Whole words alone, and never with another digit. Wrong letters are counted as edits, by Myers' bit vectors: a few
operations on big integers for each letter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from extractor.extraction.folding import bounded

__all__ = ["align", "near"]

_LEAST = 8
"""Letters that a text must have to be looked for with mistakes: in a shorter one a mistake makes another word."""
_MISTAKES = 0.1
"""Share of letters that may be wrong."""
_ANCHORS = 3
_PLACES = 12
"""Rare words to look around, and places of each: what bounds the work of a value that is nowhere."""

_GAP = re.compile(r"(?<=[^\W\d_])- ?(?=[^\W\d_])|[,;|]? ")
_MARKS = re.compile(r"[-,;|]")
_DIGITS = re.compile(r"\d+")


def near(
    text: str, form: str, words: Sequence[str], index: Mapping[str, Sequence[int]]
) -> list[tuple[int, int, Literal["normalised", "fuzzy"]]]:
    """Places (start, end, tier) near the rarest words of a form: where only spacing differs, else those with the fewest
    mistakes."""
    if len(form) < _LEAST:
        return []
    windows, squeezed = list(_windows(text, form, words, index)), _squeezed(form)
    if spaced := {place for low, high in windows for place in _spaced(text, squeezed, low, high)}:
        return [(start, end, "normalised") for start, end in sorted(spaced)]
    counts = Counter(words)
    close = [found for low, high in windows if (found := _fuzzy(text, form, counts, low, high))]
    best = min((cost for cost, _, _ in close), default=0)
    return [(start, end, "fuzzy") for start, end in sorted({one[1:] for one in close if one[0] == best})]


def _windows(
    text: str, form: str, words: Sequence[str], index: Mapping[str, Sequence[int]]
) -> Iterator[tuple[int, int]]:
    """Stretches around the places of the rarest words, a little longer than the form on both sides."""
    there = sorted({word for word in words if index[word]}, key=lambda word: (len(index[word]), word))
    reach = len(form) + len(form) // 4 + 8
    seen: set[int] = set()
    for word in there[:_ANCHORS]:
        for start in index[word][:_PLACES]:
            if start // reach not in seen:
                seen.add(start // reach)
                yield max(0, start - reach), min(len(text), start + len(word) + reach)


def _squeezed(text: str) -> str:
    """A text without spaces, the commas before them, and hyphens between letters."""
    return _GAP.sub("", text) if _MARKS.search(text) else text.replace(" ", "")


def _spaced(text: str, wanted: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Where a window, squeezed, says what is wanted; with or without the point at its end."""
    dotted, wanted = wanted.endswith("."), wanted.rstrip(".")
    window = text[low:high]
    squeezed = _squeezed(window)
    if wanted not in squeezed:
        return
    gaps = {place for gap in _GAP.finditer(window) for place in range(*gap.span())}
    positions = [position for position in range(len(window)) if position not in gaps]
    start = squeezed.find(wanted)
    while start >= 0:
        begin, end = low + positions[start], low + positions[start + len(wanted) - 1] + 1
        if bounded(text, begin, end):
            yield begin, end + text.startswith(".", end) * dotted
        start = squeezed.find(wanted, start + 1)


def _fuzzy(text: str, form: str, counts: Mapping[str, int], low: int, high: int) -> tuple[int, int, int] | None:
    """The best stretch of whole words in a window with few enough mistakes and the very same digits."""
    window = text[low:high]
    if not _says_half(window, counts):
        return None
    found = align(form, window, most=int(len(form) * _MISTAKES))
    if found is None:
        return None
    cost, start, end = found
    written = window[start:end]
    start, end = start + len(written) - len(written.lstrip(" ")), end - len(written) + len(written.rstrip(" "))
    if not bounded(text, low + start, low + end) or _DIGITS.findall(written) != _DIGITS.findall(form):
        return None
    return cost, low + start, low + end


def _says_half(window: str, counts: Mapping[str, int]) -> bool:
    """Whether the words of a form that stand in a window make up half of its letters at the least."""
    least = sum(count * len(word) for word, count in counts.items()) / 2
    if sum(count * len(word) for word, count in counts.items() if word in window) < least:
        return False
    there = Counter(re.findall(r"\w+", window))
    return sum(min(count, there[word]) * len(word) for word, count in counts.items()) >= least


def align(pattern: str, text: str, *, most: int) -> tuple[int, int, int] | None:
    """(edits, start, end) of the stretch of `text` nearest to `pattern`, of equals the first; None if past `most`."""
    cost, end = _best_end(pattern, text)
    if cost > most:
        return None
    _, length = _best_end(pattern[::-1], text[max(0, end - len(pattern) - cost) : end][::-1], whole=True)
    return cost, end - length, end


def _best_end(pattern: str, text: str, *, whole: bool = False) -> tuple[int, int]:
    """The fewest edits and where the stretch ends; `whole`: the stretch must begin where the text does."""
    masks: dict[str, int] = {}
    for position, letter in enumerate(pattern):
        masks[letter] = masks.get(letter, 0) | 1 << position
    size = len(pattern)
    full, last = (1 << size) - 1, 1 << (size - 1)
    plus, minus, cost = full, 0, size
    best = (size, 0)
    for position, letter in enumerate(text, 1):
        equal = masks.get(letter, 0)
        diagonal = ((((equal & plus) + plus) ^ plus) | equal | minus) & full
        up = minus | (full & ~(diagonal | plus))
        down = plus & diagonal
        cost += 1 if up & last else -1 if down & last else 0
        up = (up << 1 | (1 if whole else 0)) & full
        plus = (down << 1 | (full & ~((equal | minus) | up))) & full
        minus = up & (equal | minus)
        best = min(best, (cost, position))
    return best
