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
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple

from extractor.extraction.dates import dates, is_date, month_names, time_at, time_beside, yearless
from extractor.extraction.folding import Read, bounded, fold, tokens, words_of
from extractor.extraction.near import near
from extractor.extraction.numbers import is_number, numerals
from extractor.extraction.words import length_of, lengths, numbers_in_words
from extractor.schema.pointer import JSON

__all__ = ["SIGNS", "Finder", "Place", "Wanted", "within"]

_NUMBERS = ("number", "integer", "decimal")
_NO_TEXT = (*_NUMBERS, "date", "datetime", "time")
"""Kinds of values that may be written in other ways than text is."""
_DECIMAL = re.compile(r"-?\d+\.\d+")

SIGNS = {
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
    **{"usd": r"\$", "brl": r"r\$", "pln": "zł", "thb": "฿|บาท", "php": "₱", "vnd": "₫", "ngn": "₦", "czk": "kč"},
    **{"inr": r"₹|(?<![a-z])rs\.?(?= ?\d)", "myr": r"(?<![a-z])rm(?= ?\d)", "sar": "ریال"},
    **{"chf": r"(?<![a-z])sfr\.?(?![a-z])"},
}
"""Signs of currencies by their ISO 4217 codes, as patterns in folded text."""

_INITIALS = re.compile(r"[A-Za-z]{1,2}|[A-Z]{3}")
"""Texts so short that their case is all that tells them from words: FR, IT, No."""
_CODE = re.compile(r"[a-z0-9 ()/+-]+")
_CELL = re.compile(r"[^\s|](?:[^\n\t|]*?[^\s|])??(?=  |[\t\n|]| [\t|]| *$)", re.MULTILINE)
_CELL_BEGINS = re.compile(r"(?:^ ?|  |[\t|] ?)\S$")
_CELL_AHEAD = re.compile(r"|  |\d |.?[\n\t|]|[\n\t|] ", re.DOTALL)
_STARTS = 12
"""Places of its rarest word at which a text in a column is looked for."""
_CODE_LEAST = 6
"""Letters and digits of a code; a shorter one that is grouped in another way could be anything."""


_Found = dict[Any, list[tuple[int, int]]]
"""Places in the folded text by what is said there."""


class Place(NamedTuple):
    """A range of the source where a value may stand, and further ones where it goes on in a column of its own."""

    start: int
    end: int
    tier: Literal["exact", "normalised", "fuzzy"]
    more: tuple[tuple[int, int], ...] = ()


def within(places: Sequence[Place], start: int, end: int) -> Sequence[Place]:
    """Those of some places, in order, that begin in `text[start:end]`."""
    return places[bisect_left(places, (start,)) : bisect_left(places, (end,))]


@dataclass(slots=True, unsafe_hash=True)
class Wanted:
    """A value to be found, and what its schema says it is ("any" without one).

    `dated`: it is a date, or text that looks like one. `number`: the number that it is; without a schema also text that
    could be a decimal, but never what may be a code.
    """

    value: JSON
    kind: str
    dated: bool = field(init=False, compare=False)
    number: Decimal | None = field(init=False, compare=False)

    def __post_init__(self) -> None:
        value, kind = self.value, self.kind
        text = isinstance(value, str)
        self.dated = text and kind in ("date", "datetime", "string", "any") and is_date(value)
        numeric = kind in _NUMBERS or (kind == "any" and _DECIMAL.fullmatch(value)) if text else value is not None
        self.number = None
        if numeric and not isinstance(value, bool):
            with suppress(InvalidOperation):
                number = Decimal(str(value))
                self.number = number if number.is_finite() else None


class _Form(NamedTuple):
    """A text as it is compared: folded, its words, and its letters and digits if it is a code."""

    text: str
    words: list[str]
    code: str

    @staticmethod
    def of(value: str) -> _Form:
        text = fold(value).text.strip()
        code = re.sub(r"[^a-z0-9]", "", text) if _CODE.fullmatch(text) else ""
        figures = 2 * sum(letter.isdigit() for letter in code)
        return _Form(text, tokens(text), code if len(code) >= _CODE_LEAST and figures >= len(code) else "")


class Finder:
    """Finds values in one text. All that are wanted must be named first: the text is read once for all of them."""

    def __init__(self, text: str, wanted: Iterable[Wanted]) -> None:
        self.text = text
        self.folded = fold(text)
        wanted = list(wanted)
        self._found: dict[tuple[type, Wanted], list[Place]] = {}
        self._unsure: dict[tuple[type, Wanted], list[Place]] = {}
        self._either: dict[tuple[type, Wanted], list[Place]] = {}
        self._forms = {one.value: _Form.of(one.value) for one in wanted if isinstance(one.value, str)}
        words = {word for form in self._forms.values() for word in form.words}
        words.update(form.code[:size] for form in self._forms.values() for size in range(1, len(form.code) + 1))
        if any(one.dated for one in wanted):
            words |= month_names().keys()
        self._words = words_of(self.folded.text, words)
        # where each number stands, where it stands with good will, and where it may be a cell between commas
        self._numbers: tuple[_Found, _Found, _Found] = (defaultdict(list), defaultdict(list), defaultdict(list))
        self._tables: dict[Callable[..., Iterable[Read]], _Found] = {}
        self._fractions: set[tuple[Decimal | None, int]] = set()
        numbers = {one.number for one in wanted if one.number is not None}
        for one in numerals(self.folded.text, numbers) if numbers else ():
            self._numbers[one.doubt][one.value].append((one.start, one.end))
            if "." in str(one.value):
                self._fractions.add((one.value, self.folded.source(one.start, one.end)[0]))

    def find(self, wanted: Wanted) -> list[Place]:
        """Places of a value, first to last; none where nothing in the text says it."""
        key = (type(wanted.value), wanted)
        if key not in self._found:
            found = sorted(set(self._search(wanted)))
            whole = [one for one in found if (wanted.number, one.start) not in self._fractions]
            self._found[key] = (whole if wanted.kind == "integer" else found) or found
        return self._found[key]

    def unsure(self, wanted: Wanted) -> list[Place]:
        """Places that say a value with good will: a day and a month without their year, a year in a date, 0.07 in 7 %,
        a cell of figures between commas. They count in the passage of a row, where nothing else there says it."""
        key = (type(wanted.value), wanted)
        if key not in self._unsure:
            found = self._read(yearless, self._words).get(wanted.value[5:10], []) if wanted.dated else []
            if wanted.number is not None:
                found = [*found, *self._numbers[1].get(wanted.number, ()), *self._numbers[2].get(wanted.number, ())]
            self._unsure[key] = sorted({self._place(start, end, wanted.value) for start, end in found})
        return self._unsure[key]

    def either(self, wanted: Wanted) -> list[Place]:
        """The places of both kinds."""
        key = (type(wanted.value), wanted)
        if key not in self._either:
            found, unsure = self.find(wanted), self.unsure(wanted)
            self._either[key] = sorted({*found, *unsure}) if unsure else found
        return self._either[key]

    def _search(self, wanted: Wanted) -> list[Place]:
        value, kind, number = wanted.value, wanted.kind, wanted.number
        if isinstance(value, bool) or value is None:
            return []
        found: list[tuple[int, int]] = []
        form = self._forms[value] if isinstance(value, str) else _Form("", [], "")
        if form.text:
            found += self._verbatim(value, form)
        if "," in form.text and not found and not is_number(form.text):  # over cells of CSV, whose commas are tabs here
            found += self._verbatim(value, form._replace(text=fold(value.replace(",", "\t")).text.strip()))
        if wanted.dated:
            found += self._date(value)
        if kind == "time" and form.text:
            found += time_at(self.folded.text, value)
        if number is not None:
            certain, loose, _ = self._numbers
            found += certain.get(number) or loose.get(number) or self._read(numbers_in_words).get(number) or []
        if form.text and kind not in _NO_TEXT and not found:
            found += [*self._regrouped(form), *self._signs(form), *self._length(value)]
            if not found and kind != "duration":
                return self._nearly(form)
        return [self._place(start, end, value) for start, end in found]

    def _nearly(self, form: _Form) -> list[Place]:
        """Where a text goes on in a column, or is written with other spaces or a few wrong letters."""
        found = near(self.folded.text, form.text, form.words, self._words)
        return [*self._stacked(form.words)] or [
            Place(*self.folded.source(start, end), tier) for start, end, tier in found
        ]

    def _place(self, start: int, end: int, value: JSON) -> Place:
        start, end = self.folded.source(start, end)
        written = value.strip() if isinstance(value, str) else str(value)
        found = self.text[start:end]
        ordinal = found.startswith(written) and found[len(written) :].isalpha()  # 12 in 12th
        exact = written in (found, found.replace("\t", ",")) or ordinal
        return Place(start, end, "exact" if exact else "normalised")

    def _verbatim(self, value: str, form: _Form) -> Iterator[tuple[int, int]]:
        """Where the folded text has the form of a value; initials in their very case."""
        text, size, places = self.folded.text, len(form.text), self._words
        _, word = min(((len(places.get(one, ())), one) for one in form.words), default=(0, ""))
        offset = words_of(form.text, {word}).get(word, (0,))[0]
        for begin in places.get(word, ()):
            start, end = begin - offset, begin - offset + size
            if start >= 0 and text.startswith(form.text, start) and bounded(text, start, end):
                first, last = self.folded.source(start, end)
                if not _INITIALS.fullmatch(value.strip()) or self.text[first:last] == value.strip():
                    yield start, end

    def _stacked(self, words: Sequence[str]) -> Iterator[Place]:
        """Where a text fills a cell, and goes on in the cells of the lines below that begin in the same column."""
        if len(words) < 2:
            return
        most = 2 * sum(map(len, words)) + len(words)
        firsts = self._words.get(words[0], ())
        rarest = min((self._words.get(word, ()) for word in words), key=len)
        ahead = [bisect_right(firsts, place) for place in rarest[:_STARTS]]
        for begin in sorted({begin for count in ahead for begin in firsts[max(0, count - 2) : count]}):
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

    def _read(self, reader: Callable[..., Iterable[Read]], *more: Any) -> _Found:
        """What a reader finds in the text."""
        if reader not in self._tables:
            self._tables[reader] = defaultdict(list)
            for value, start, end in reader(self.folded.text, *more):
                self._tables[reader][value].append((start, end))
        return self._tables[reader]

    def _date(self, value: str) -> list[tuple[int, int]]:
        day, clock = value[:10], value[11:]
        found = self._read(dates, self._words).get(day, [])
        if clock and not clock.startswith("00:00"):
            return [whole for place in found if (whole := time_beside(self.folded.text, place, clock))]
        return found

    def _length(self, value: str) -> Sequence[tuple[int, int]]:
        length = length_of(value)
        return self._read(lengths).get(length, ()) if length else ()

    def _signs(self, form: _Form) -> Iterator[tuple[int, int]]:
        """Where a currency stands by its sign."""
        if pattern := SIGNS.get(form.text):
            yield from (found.span() for found in re.finditer(pattern, self.folded.text))

    def _regrouped(self, form: _Form) -> Iterator[tuple[int, int]]:
        """Where a code (account, telephone, tax number) stands in groups of its own."""
        code, text = form.code, self.folded.text
        pattern = re.compile("[ ()/-]{0,2}".join(code))
        for size in range(1, len(code) + 1):
            for start in self._words.get(code[:size], ()):
                found = pattern.match(text, start)
                if found and bounded(text, start, found.end()):
                    yield found.span()
