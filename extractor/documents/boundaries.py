"""The best place to cut a text at or before a limit: plain searches backwards, the strongest boundary first."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from extractor.documents.outline import Outline

__all__ = ["best_cut", "first_cut"]

_BLANK_LINES = ("\n\n", "\n\r\n", "\f")
_BLANK_LINE = re.compile(r"\n[ \t\r]+\n")
_SHORTENED = re.compile(r"\b(?:[A-Z]|Mr|Ms|Mrs|Dr|St|No|Nr|Art|Jr|Sr|cf|vs)\. \Z")
_CLAUSE_ENDS = ("; ", "；")
_SENTENCE_ENDS = (". ", "! ", "? ", ".\u201d ", '." ', "。", "！", "？", "।", "؟ ")


def best_cut(text: str, start: int, limit: int, *, outline: Outline, page_ends: Sequence[int]) -> int:
    """Where to end the piece that begins at `start` and must not pass `limit`; always past `start`.

    In order: a page end or a heading in the last fifth; a blank line, and then a line, in the last half or at least
    past the first quarter; in the last half a sentence, a semicolon; then any white space; at worst a character that
    joins with no other. No cut parts a heading from what follows it.
    """
    least = start + (limit - start) // 4
    for cut in _candidates(text, start, limit, outline, page_ends):
        whole = outline.before_headings(cut, start) if cut > start else start
        if whole > start and whole >= min(cut, least) and not _joins(text[whole - 1], text[whole : whole + 1]):
            return whole
    return _character(text, start, limit)


def _candidates(text: str, start: int, limit: int, outline: Outline, page_ends: Sequence[int]) -> Iterator[int]:
    length = limit - start
    fifth, half, quarter = limit - length // 5, limit - length // 2, start + length // 4
    yield max(_page_end(page_ends, fifth, limit), outline.last_between(fifth, limit) or 0)
    yield _blank_line(text, half, limit) or _blank_line(text, quarter, half)
    yield text.rfind("\n", half, limit) + 1 or text.rfind("\n", quarter, limit) + 1
    yield _sentence(text, half, limit)
    yield _last(text, _CLAUSE_ENDS, half, limit)
    yield _last(text, (" ", "\t"), start + 1, limit)


def first_cut(text: str, low: int, high: int) -> int:
    """The first good place at or after `low` to begin a piece that goes on past `high`; `high` where there is none."""
    half = low + (high - low) // 2
    for mark, last in (("\n\n", half), ("\n", half), (". ", half), ("。", half), (" ", high)):
        if (found := text.find(mark, low, last)) >= 0:
            return found + len(mark)
    while low < high and _joins(text[low - 1], text[low]):
        low += 1
    return low


def _page_end(ends: Sequence[int], low: int, high: int) -> int:
    index = bisect_right(ends, high) - 1
    return ends[index] if index >= 0 and ends[index] >= low else 0


def _blank_line(text: str, low: int, high: int) -> int:
    """Just after the last blank line in (low, high], and those that follow it; 0 where there is none."""
    cut = _last(text, _BLANK_LINES, low, high)
    if not cut:
        cut = max((match.end() for match in _BLANK_LINE.finditer(text, low, high)), default=0)
    while 0 < cut < high and text[cut] in "\r\n":
        cut += 1
    return cut - 1 if cut and text[cut - 1] == "\r" else cut


def _sentence(text: str, low: int, high: int) -> int:
    """Just after the last end of a sentence in [low, high], which `Mr. ` and `J. ` are not; 0 where there is none."""
    cut = _last(text, _SENTENCE_ENDS, low, high)
    while cut and _SHORTENED.search(text, max(0, cut - 6), cut):
        cut = _last(text, _SENTENCE_ENDS, low, cut - 1)
    return cut


def _last(text: str, marks: Sequence[str], low: int, high: int) -> int:
    """Just after the last of any of the marks in [low, high]; 0 where there is none."""
    cut = 0
    for mark in marks:
        if (at := text.rfind(mark, low, high)) >= 0:
            low, cut = at, max(cut, at + len(mark))
    return cut


def _character(text: str, start: int, limit: int) -> int:
    """The last place up to `limit` that parts no character: no CR from its LF, no mark from its letter."""
    cut = limit
    while cut > start + 1 and _joins(text[cut - 1], text[cut : cut + 1]):
        cut -= 1
    return cut if cut > start + 1 else limit


def _joins(left: str, right: str) -> bool:
    if not right:
        return False
    return (
        (left == "\r" and right == "\n")
        or left == "\u200d"
        or right in "\u200d\ufe0e\ufe0f"
        or bool(unicodedata.combining(right))
        or unicodedata.category(right) in ("Mn", "Mc", "Me")
        or "\U0001f3fb" <= right <= "\U0001f3ff"
        or "\U0001f1e6" <= left <= right <= "\U0001f1ff"
    )
