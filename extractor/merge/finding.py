"""Every place of a text where a value may stand: as it is, or written in another way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from extractor.merge.codes import beginnings, code_in, regrouped
from extractor.merge.dates import MONTHS, dates, is_date
from extractor.merge.folding import Words, bounded, fold, tokens
from extractor.merge.near import near
from extractor.merge.numbers import digits_of, number_of, numerals
from extractor.merge.phrases import phrased
from extractor.merge.times import time_at, time_beside
from extractor.schema.pointer import JSON

__all__ = ["Finder", "Place", "Tier", "Wanted"]

Tier = Literal["exact", "normalised", "fuzzy"]

_DATES = ("date", "datetime")
_NUMBERS = ("number", "integer", "decimal")
_SHORT = 3
_DECIMAL = re.compile(r"-?\d+\.\d+")
_SILENT = ("enum", "boolean", "null")


class Place(NamedTuple):
    """A range of the source where a value may stand. `loose`: taken only where there is nothing better."""

    start: int
    end: int
    tier: Tier
    loose: bool = False


class Wanted(NamedTuple):
    """A value to be found, and what its schema says it is ("any" without one); `key` if it names its record, which may
    be spelled in several ways."""

    value: JSON
    kind: str
    key: bool = False


class Finder:
    """Finds values in one text. All that are wanted must be told first: the text is read once for all of them."""

    def __init__(self, text: str, wanted: Iterable[Wanted]) -> None:
        self.text = text
        self.folded = fold(text)
        self._found: dict[tuple[str, JSON], list[Place]] = {}
        wanted = [one for one in wanted if not _unsaid(one)]
        self._forms = {one.value: fold(one.value).text.strip() for one in wanted if isinstance(one.value, str)}
        self._tokens = {form: tokens(form) for form in self._forms.values()}
        words = {word for found in self._tokens.values() for word in found}
        words.update(word for form in self._tokens for word in beginnings(code_in(form)))
        self._dated = any(_datelike(one) for one in wanted)
        self._words = Words(self.folded.text, words | MONTHS.keys() if self._dated else words)
        self._numbers = self._read_numbers(wanted)
        self._dates = self._read_dates() if self._dated else {}

    def find(self, wanted: Wanted) -> list[Place]:
        """Places of a value, first to last; none where nothing in the text says it."""
        key = (type(wanted.value).__name__ + wanted.kind + "!" * wanted.key, wanted.value)
        if key not in self._found:
            self._found[key] = [] if _unsaid(wanted) else sorted(set(self._search(wanted)))
        return self._found[key]

    def _search(self, wanted: Wanted) -> list[Place]:
        value, number = wanted.value, number_of(wanted.value)
        found: list[Place] = []
        if isinstance(value, str) and value.strip():
            found += self._verbatim(value)
            if _datelike(wanted):
                found += self._date(value)
        if wanted.kind == "time":
            found += [self._place(start, end, value) for start, end in time_at(self.folded.text, value)]
        if number is not None and _numeric(wanted):
            found += self._number(number, value)
        if isinstance(value, str) and wanted.kind not in (*_NUMBERS, *_DATES, "time"):
            found += self._other(value) if not found else self._respelled(value) if wanted.key else []
        return found

    def _place(self, start: int, end: int, value: JSON, *, loose: bool = False) -> Place:
        start, end = self.folded.source(start, end)
        written = value.strip() if isinstance(value, str) else str(value)
        said = self.text[start:end]
        exact = said == written or (said.startswith(written) and said[len(written) :].isalpha())  # 12 in 12th
        return Place(start, end, "exact" if exact else "normalised", loose)

    def _verbatim(self, value: str) -> list[Place]:
        form, text = self._forms[value], self.folded.text
        words = self._tokens[form]
        if not words:
            return []
        rarest = min(words, key=lambda word: len(self._words[word]))
        offset = _offset(form, words, rarest)
        size = len(form)
        starts = (start - offset for start in self._words[rarest])
        found = [
            self._place(start, start + size, value)
            for start in starts
            if start >= 0 and text.startswith(form, start) and bounded(text, start, start + size)
        ]
        return [place for place in found if place.tier == "exact"] if _initials(value) else found

    def _read_numbers(self, wanted: Sequence[Wanted]) -> dict[Decimal, list[tuple[int, int, bool]]]:
        numbers = {number for one in wanted if _numeric(one) and (number := number_of(one.value)) is not None}
        found: dict[Decimal, list[tuple[int, int, bool]]] = {number: [] for number in numbers}
        if numbers:
            for numeral in numerals(self.folded.text, {digits_of(number) for number in numbers}):
                if numeral.value in found:
                    found[numeral.value].append(numeral[1:])
        return found

    def _number(self, number: Decimal, value: JSON) -> list[Place]:
        return [self._place(start, end, value, loose=loose) for start, end, loose in self._numbers.get(number, ())]

    def _read_dates(self) -> dict[str, list[tuple[int, int]]]:
        found: dict[str, list[tuple[int, int]]] = {}
        for value, start, end in dates(self.folded.text, self._words):
            found.setdefault(value, []).append((start, end))
        return found

    def _date(self, value: str) -> list[Place]:
        day, clock = value[:10], value[11:]
        found = self._dates.get(day, [])
        if clock and not clock.startswith("00:00"):
            found = [whole for place in found if (whole := time_beside(self.folded.text, place, clock))]
        return [self._place(start, end, value) for start, end in found]

    def _other(self, value: str) -> list[Place]:
        """Places that say a text in other groups, by a sign or a phrase, or nearly so."""
        form, text = self._forms[value], self.folded.text
        said = self._respelled(value) + [self._place(start, end, value) for start, end in phrased(form, text)]
        if said:
            return said
        found = near(text, form, self._tokens[form], self._words)
        return [Place(*self.folded.source(start, end), tier) for start, end, tier in found]

    def _respelled(self, value: str) -> list[Place]:
        """Places of a code in groups of its own."""
        code = code_in(self._forms[value])
        found = regrouped(self.folded.text, code, self._words) if code else ()
        return [self._place(start, end, value) for start, end in found]


def _initials(value: str) -> bool:
    """Whether a text is so short that its case is all that tells it from a word: FR, IT, No."""
    word = value.strip()
    return word.isalpha() and (len(word) < _SHORT or (len(word) == _SHORT and word.isupper()))


def _unsaid(wanted: Wanted) -> bool:
    """Whether a text need not say a value for it to be true: flags, choices."""
    return wanted.kind in _SILENT or isinstance(wanted.value, bool)


def _datelike(wanted: Wanted) -> bool:
    return isinstance(wanted.value, str) and wanted.kind in (*_DATES, "string", "any") and is_date(wanted.value)


def _numeric(wanted: Wanted) -> bool:
    """Numbers; without a schema also text that could be a decimal, but never text that may be a code."""
    if isinstance(wanted.value, str):
        return wanted.kind in _NUMBERS or (wanted.kind == "any" and bool(_DECIMAL.fullmatch(wanted.value)))
    return True


def _offset(form: str, words: Sequence[str], word: str) -> int:
    """Where the first occurrence of `word` as a word begins in a form."""
    position = 0
    for one in words:
        position = form.index(one, position)
        if one == word:
            return position
        position += len(one)
    raise AssertionError(word)
