"""Text as it is compared: one case, one kind of space, quote, dash and digit, with a way back to the source.

>>> folded = fold("Total:  ١٢٫٥٠ ﬁnal")
>>> folded.text
'total: 12.50 final'
>>> folded.source(7, 12)
(8, 13)
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, NamedTuple
from unicodedata import digit, normalize

from extractor.extraction.numbers import is_number

__all__ = ["MARKS", "Folded", "Read", "bounded", "fold", "tokens", "words_of"]

_THAI_TO_KHMER = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_KANA_HAN_HANGUL = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_UNSPACED = _THAI_TO_KHMER + _KANA_HAN_HANGUL
"""Letters of scripts without spaces between words (or, Hangul, that glue endings on): each is a word of its own."""
MARKS = "\u0300-\u036f\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
"""Vowel signs and accents, which belong to the word around them; of Indian scripts the letters and digits as well."""

_NOTE = re.compile("[⁰¹²³⁴-⁹]+")
_ODD = re.compile(rf"  +|\\(?=\|)|(?<=\d){_NOTE.pattern}|[A-Za-z]?[^\x00-\x7f]+")
_CLUSTER = re.compile(r".[\u0300-\u036f\u3099\u309a\u1160-\u11ff]*", re.DOTALL)
_WORD = re.compile(rf"[{_UNSPACED}]|(?:[^\W{_UNSPACED}]|[{MARKS}])+")
_ASCII_WORD = re.compile(r"\w+", re.ASCII)
_INSIDE_WORD = re.compile(rf"(?<=[^\W{_UNSPACED}]|[{MARKS}])(?:[^\W{_UNSPACED}]|[{MARKS}])")
_INSIDE_NUMBER = re.compile(r"(?<=\d)[.,](?=\d)")
_DIGIT = re.compile(r"[^\W\D]")
_FIGURES_BEFORE, _FIGURES_AFTER = re.compile(r"\d+(?:[.,']\d+)*$"), re.compile(r"(?:[.,']\d+)+")
_LONGEST = 40
"""Characters of a number around a mark in it."""
_SPACES = str.maketrans(dict.fromkeys("\t\n\r\f\v\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000", " "))
_SPACES |= str.maketrans(dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "))
_SIGNS = str.maketrans(
    dict.fromkeys("‐‑‒–—―−﹣－", "-")
    | dict.fromkeys("‘’‚‛′`´", "'")
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff®™©", "")
    | dict.fromkeys("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u0640", "")
    | {"٫": ".", "٬": ",", "٪": "%", "،": ",", "؛": ";", "ي": "ی", "ى": "ی", "ك": "ک"}
)


class Read(NamedTuple):
    """What a stretch of a folded text says, as a number, a date or a length of time."""

    value: Any
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. From each mark on, its letters follow the source's one to one up to the next mark."""

    text: str
    here: list[int]
    there: list[int]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the source."""
        first = bisect_right(self.here, start) - 1
        begin = self.there[first] + start - self.here[first]
        last = bisect_left(self.here, end)
        if last < len(self.here) and self.here[last] == end:
            return begin, self.there[last]
        finish = self.there[last - 1] + end - self.here[last - 1]
        return begin, min(finish, self.there[last]) if last < len(self.there) else finish


def fold(text: str) -> Folded:
    """Case, spacing, ligatures, full-width letters, quotes, dashes and digits of any script made one, in a single pass.

    Signs that only direct how text is drawn (soft hyphens, marks of direction) are left out, as is what escapes a bar.
    """
    spaced = text.translate(_SPACES)
    if text.isascii() and "  " not in spaced and "\\|" not in spaced:
        return Folded(spaced.lower(), [0], [0])
    pieces: list[str] = []
    here, there = [0], [0]
    begin = length = 0
    for found in _ODD.finditer(spaced):
        lowered = spaced[begin : found.start()].lower()
        pieces.append(lowered)
        length += len(lowered)
        begin = found.start()
        for size, piece in _plain(found[0]):
            pieces.append(piece)
            begin, length = begin + size, length + len(piece)
            if size != len(piece):
                here += (length - len(piece), length)
                there += (begin - size, begin)
    pieces.append(spaced[begin:].lower())
    return Folded("".join(pieces), here, there)


def _plain(run: str) -> list[tuple[int, str]]:
    """Pieces of a run that need more than lower case: how long each was, and what it becomes. The mark of a note behind
    a figure is no part of it."""
    if run[0] == " ":
        return [(len(run), " ")]
    if run == "\\" or _NOTE.match(run):
        return [(len(run), "")]
    run = _DIGIT.sub(lambda found: str(digit(found[0])), run)
    whole = run.translate(_SIGNS)
    if len(whole) == len(run) and normalize("NFKC", whole) == whole and len(lower := whole.casefold()) == len(run):
        return [(len(run), lower)]
    clusters = _CLUSTER.findall(run)
    plain = [normalize("NFKC", normalize("NFKC", one.translate(_SIGNS)).casefold()) for one in clusters]
    if all(len(one) == len(piece) for one, piece in zip(clusters, plain, strict=True)):
        return [(len(run), "".join(plain))]
    return [(len(one), piece) for one, piece in zip(clusters, plain, strict=True)]


def tokens(folded: str) -> list[str]:
    """The words of a folded text; letters of scripts without spaces one by one."""
    return (_ASCII_WORD if folded.isascii() else _WORD).findall(folded)


def words_of(folded: str, wanted: Set[str]) -> Mapping[str, list[int]]:
    """Where each of the `wanted` words begins in a folded text; a word that is nowhere begins in no place."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for found in (_ASCII_WORD if folded.isascii() else _WORD).finditer(folded):
        if (word := found[0]) in wanted:
            places[word].append(found.start())
    return places


def bounded(text: str, start: int, end: int) -> bool:
    """Whether a place begins and ends where words do, and is not a part of a longer number. Figures between commas that
    cannot be one number are cells."""
    for cut in (start, end):
        if _INSIDE_WORD.match(text, cut):
            return False
        mark = cut - 1 if text[cut - 1 : cut] in (".", ",") else cut
        if _INSIDE_NUMBER.match(text, mark):
            before, after = (
                _FIGURES_BEFORE.search(text, max(0, mark - _LONGEST), mark),
                _FIGURES_AFTER.match(text, mark),
            )
            if text[mark] == "." or is_number((before[0] if before else "") + (after[0] if after else "")):
                return False
    return True
