"""Every place of a text where a value may stand: as it is, or written in another way.

    >>> finder = Finder("Paid ١٬٢٥٠٫٠٠ within thirty (30) days", [Wanted(1250, "number"), Wanted("P30D", "duration")])
    >>> finder.find(Wanted(1250, "number"))
    [Place(start=5, end=13, tier='normalised', more=())]
    >>> finder.find(Wanted("P30D", "duration"))
    [Place(start=21, end=37, tier='normalised', more=())]

A place is where a value *may* stand; which of several places it was read from is for `ground` to say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Literal, NamedTuple

from extractor.extraction.dates import dates, is_date, month_names, time_at, time_beside, yearless
from extractor.extraction.folding import bounded, fold, tokens, words_of
from extractor.extraction.near import near
from extractor.extraction.numbers import digits_of, number_of, numerals
from extractor.extraction.words import length_of, lengths, numbers_in_words
from extractor.schema.pointer import JSON

__all__ = ["Finder", "Place", "Wanted"]

_DATES = ("date", "datetime")
_NUMBERS = ("number", "integer", "decimal")
_DECIMAL = re.compile(r"-?\d+\.\d+")

_SIGNS = {
    **{
        "eur": "€",
        "gbp": "£",
        "jpy": "¥|円",
        "cny": "¥|元",
        "krw": "₩|원",
        "rub": "₽",
        "ils": "₪",
        "uah": "₴",
        "try": "₺",
    },
    **{
        "usd": r"\$",
        "brl": r"r\$",
        "pln": "zł",
        "thb": "฿|บาท",
        "php": "₱",
        "vnd": "₫",
        "inr": r"₹|(?<![a-z])rs\.?(?= ?\d)",
    },
    **{"myr": r"(?<![a-z])rm(?= ?\d)", "chf": r"(?<![a-z])sfr\.?(?![a-z])", "sar": "ریال", "czk": "kč", "ngn": "₦"},
}
"""Signs of currencies by their ISO 4217 codes, as patterns in folded text."""

_CODE = re.compile(r"[a-z0-9 ()/+-]+")
_CELL = re.compile(r"[^\s|](?:[^\n\t|]*?[^\s|])??(?=  |[\t\n|]| [\t|]| *$)", re.MULTILINE)
_CELL_BEGINS = re.compile(r"(?:^ ?|  |[\t|] ?)\S$")
_CELL_AHEAD = re.compile(r"|  |.?[\n\t|]|[\n\t|] ", re.DOTALL)
_STARTS = 12
"""Places of its first word at which a text in a column is looked for."""
_CODE_LEAST = 6
"""Letters and digits of a code; a shorter one that is grouped in another way could be anything."""


_Found = dict[Decimal, list[tuple[int, int]]]


class Place(NamedTuple):
    """A range of the source where a value may stand, and further ones where it goes on in a column of its own."""

    start: int
    end: int
    tier: Literal["exact", "normalised", "fuzzy"]
    more: tuple[tuple[int, int], ...] = ()


class Wanted(NamedTuple):
    """A value to be found, and what its schema says it is ("any" without one)."""

    value: JSON
    kind: str

    @property
    def dated(self) -> bool:
        """Whether it is a date, or text that looks like one."""
        return isinstance(self.value, str) and self.kind in (*_DATES, "string", "any") and is_date(self.value)

    @property
    def number(self) -> Decimal | None:
        """The number that it is; without a schema also text that could be a decimal, but never what may be a code."""
        if isinstance(self.value, str) and not (
            self.kind in _NUMBERS or (self.kind == "any" and _DECIMAL.fullmatch(self.value))
        ):
            return None
        return number_of(self.value)


class Finder:
    """Finds values in one text. All that are wanted must be named first: the text is read once for all of them."""

    def __init__(self, text: str, wanted: Iterable[Wanted]) -> None:
        self.text = text
        self.folded = fold(text)
        self._found: dict[tuple[str, str, JSON], list[Place]] = {}
        self._unsure: dict[tuple[str, str, JSON], list[Place]] = {}
        wanted = list(wanted)
        self._forms = {one.value: fold(one.value).text.strip() for one in wanted if isinstance(one.value, str)}
        self._tokens = {form: tokens(form) for form in self._forms.values()}
        words = {word for found in self._tokens.values() for word in found}
        words.update(word for form in self._tokens for word in _beginnings(_code(form)))
        self._fractions: set[tuple[Decimal | None, int]] = set()
        dated = any(one.dated for one in wanted)
        self._words = words_of(self.folded.text, words | month_names().keys() if dated else words)
        self._numbers, self._loose, self._cells = self._read_numbers(
            {number for one in wanted if (number := one.number) is not None}
        )

    def find(self, wanted: Wanted) -> list[Place]:
        """Places of a value, first to last; none where nothing in the text says it."""
        key = (type(wanted.value).__name__, wanted.kind, wanted.value)
        if key not in self._found:
            found = sorted(set(self._search(wanted)))
            whole = [one for one in found if (wanted.number, one.start) not in self._fractions]
            self._found[key] = (whole if wanted.kind == "integer" else found) or found
        return self._found[key]

    def unsure(self, wanted: Wanted) -> list[Place]:
        """Places that say a value with good will: a day and a month without their year, a year in a date, 0.07 in 7 %,
        a cell of figures between commas. They count in the passage of a row, where nothing else there says it."""
        key = (type(wanted.value).__name__, wanted.kind, wanted.value)
        if key not in self._unsure:
            found = self._yearless.get(wanted.value[5:10], ()) if wanted.dated else ()
            places = [self._place(start, end, wanted.value) for start, end in found]
            if (number := wanted.number) is not None:
                found = [*self._loose.get(number, ()), *self._cells.get(number, ())]
                places += [self._place(start, end, wanted.value) for start, end in found]
            self._unsure[key] = sorted(set(places))
        return self._unsure[key]

    def _search(self, wanted: Wanted) -> list[Place]:
        value, kind = wanted.value, wanted.kind
        if isinstance(value, bool) or value is None:
            return []
        found: list[tuple[int, int]] = []
        text = isinstance(value, str) and bool(value.strip())
        if text:
            found += self._cased(value) if _initials(value) else self._verbatim(value)
        if wanted.dated:
            found += self._date(value)
        if kind == "time" and text:
            found += time_at(self.folded.text, value)
        if (number := wanted.number) is not None:
            found += self._numbers.get(number) or self._loose.get(number) or self._worded.get(number) or []
        if text and kind not in (*_NUMBERS, *_DATES, "time") and not found:
            found += [*self._regrouped(value), *self._signs(value), *self._length(value)]
        places = [self._place(start, end, value) for start, end in found]
        if text and not found and kind not in (*_NUMBERS, *_DATES, "time", "duration"):
            form = self._forms[value]
            if stacked := list(self._stacked(self._tokens[form])):
                return stacked
            nearly = near(self.folded.text, form, self._tokens[form], self._words)
            return [Place(*self.folded.source(start, end), tier) for start, end, tier in nearly]
        return places

    def _place(self, start: int, end: int, value: JSON) -> Place:
        start, end = self.folded.source(start, end)
        written = value.strip() if isinstance(value, str) else str(value)
        found = self.text[start:end]
        exact = found == written or (found.startswith(written) and found[len(written) :].isalpha())  # 12 in 12th
        return Place(start, end, "exact" if exact else "normalised")

    def _verbatim(self, value: str) -> Iterator[tuple[int, int]]:
        form, text = self._forms[value], self.folded.text
        words = self._tokens[form]
        if not words:
            return
        rarest = min(words, key=lambda word: len(self._words[word]))
        offset, size = _offset(form, words, rarest), len(form)
        for begin in self._words[rarest]:
            start = begin - offset
            if start >= 0 and text.startswith(form, start) and bounded(text, start, start + size):
                yield start, start + size

    def _stacked(self, words: Sequence[str]) -> Iterator[Place]:
        """Where a text fills a cell, and goes on in the cells of the lines below that begin in the same column."""
        most = 2 * sum(map(len, words)) + len(words)
        for begin in self._words[words[0]][:_STARTS] if len(words) > 1 else ():
            start, read = self.folded.source(begin, begin + len(words[0]))[0], 0
            pieces: list[tuple[int, int]] = []
            if not _CELL_AHEAD.fullmatch(self.text, max(0, start - 2), start):
                continue
            while start >= 0 and (cell := _CELL.match(self.text, start, start + most)):
                found = tokens(fold(cell[0]).text)
                if not found or words[read : read + len(found)] != found:
                    break
                pieces.append(cell.span())
                read += len(found)
                if read == len(words):
                    first, *more = pieces
                    if more:
                        yield Place(*first, "normalised", tuple(more))
                    break
                start = self._below(start)

    def _below(self, offset: int) -> int:
        """Where a cell begins in the line below, in the column of an offset; -1 if none does."""
        line = self.text.rfind("\n", 0, offset) + 1
        below = self.text.find("\n", offset) + 1
        for shift in (0, -1, 1):
            at = below + offset - line + shift
            if below and _CELL_BEGINS.search(self.text[max(below, at - 2) : at + 1]):
                return at
        return -1

    def _cased(self, value: str) -> Iterator[tuple[int, int]]:
        """Where initials stand in their very case."""
        for start, end in self._verbatim(value):
            first, last = self.folded.source(start, end)
            if self.text[first:last] == value.strip():
                yield start, end

    def _read_numbers(self, numbers: set[Decimal]) -> tuple[_Found, _Found, _Found]:
        """Where each number stands, where it stands with good will, and where it may be a cell between commas."""
        found: tuple[_Found, _Found, _Found] = (defaultdict(list), defaultdict(list), defaultdict(list))
        if numbers:
            for numeral in numerals(self.folded.text, {digits_of(number) for number in numbers}):
                if numeral.value in numbers:
                    if "." in str(numeral.value):
                        self._fractions.add((numeral.value, self.folded.source(numeral.start, numeral.end)[0]))
                    found[numeral.doubt][numeral.value].append((numeral.start, numeral.end))
        return found

    @cached_property
    def _worded(self) -> dict[Decimal, list[tuple[int, int]]]:
        return _by_value((Decimal(one.value), one.start, one.end) for one in numbers_in_words(self.folded.text))

    @cached_property
    def _dates(self) -> dict[str, list[tuple[int, int]]]:
        return _by_value(dates(self.folded.text, self._words))

    @cached_property
    def _yearless(self) -> dict[str, list[tuple[int, int]]]:
        return _by_value(yearless(self.folded.text, self._words))

    @cached_property
    def _lengths(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        return _by_value(lengths(self.folded.text))

    def _date(self, value: str) -> list[tuple[int, int]]:
        day, clock = value[:10], value[11:]
        found = self._dates.get(day, [])
        if clock and not clock.startswith("00:00"):
            return [whole for place in found if (whole := time_beside(self.folded.text, place, clock))]
        return found

    def _length(self, value: str) -> Sequence[tuple[int, int]]:
        length = length_of(value)
        return self._lengths.get(length, ()) if length else ()

    def _signs(self, value: str) -> Iterator[tuple[int, int]]:
        """Where a currency stands by its sign."""
        pattern = _SIGNS.get(self._forms[value])
        if pattern:
            yield from (found.span() for found in re.finditer(pattern, self.folded.text))

    def _regrouped(self, value: str) -> Iterator[tuple[int, int]]:
        """Where a code (account, telephone, tax number) stands in groups of its own."""
        code, text = _code(self._forms[value]), self.folded.text
        pattern = re.compile("[ ()/-]{0,2}".join(code))
        for beginning in _beginnings(code):
            for start in self._words[beginning]:
                found = pattern.match(text, start)
                if found and bounded(text, start, found.end()):
                    yield found.span()


def _by_value(found: Iterable[tuple[JSON, int, int]]) -> dict[JSON, list[tuple[int, int]]]:
    places: dict[JSON, list[tuple[int, int]]] = defaultdict(list)
    for value, start, end in found:
        places[value].append((start, end))
    return dict(places)


def _initials(value: JSON) -> bool:
    """Whether a text is so short that its case is all that tells it from a word: FR, IT, No."""
    word = value.strip() if isinstance(value, str) else ""
    return word.isascii() and word.isalpha() and (len(word) < 3 or (len(word) == 3 and word.isupper()))


def _code(form: str) -> str:
    """The letters and digits of a folded value that is a code (half of it digits); "" for other text."""
    code = re.sub(r"[^a-z0-9]", "", form)
    digits = sum(letter.isdigit() for letter in code)
    return code if len(code) >= _CODE_LEAST and 2 * digits >= len(code) and _CODE.fullmatch(form) else ""


def _beginnings(code: str) -> set[str]:
    """The words that a code may begin with in a text, however it is grouped there."""
    return {code[:size] for size in range(1, len(code) + 1)}


def _offset(form: str, words: Sequence[str], word: str) -> int:
    """Where the first occurrence of `word` as a word begins in a form."""
    position = 0
    for one in words:
        position = form.index(one, position)
        if one == word:
            return position
        position += len(one)
    raise AssertionError(word)
