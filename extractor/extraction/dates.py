"""Dates and times of day as people write them: numbers in any order, months in many languages, years of an era.

    >>> from extractor.extraction.folding import words_of
    >>> text = "issued 3. märz 2026 at 14:05"
    >>> [(one.value, one.start, one.end) for one in dates(text, words_of(text, month_names().keys()))]
    [('2026-03-03', 7, 19)]
    >>> time_beside(text, (7, 19), "14:05:00")
    (7, 28)

A day and a month without a year (`03.03.`) are a date that the document completes elsewhere: `yearless` finds those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date
from functools import cache

from extractor.extraction.folding import Read, fold
from extractor.extraction.words import eastern
from extractor.repair.names import DAY_FIRST, MONTHS

__all__ = ["dates", "is_date", "month_names", "time_at", "time_beside", "yearless"]


@cache
def month_names() -> dict[str, Set[int]]:
    """The numbers of the months that a name in folded text has."""
    return {fold(name).text: numbers for name, numbers in MONTHS.items()}


@cache
def _day_first() -> Set[str]:
    return {fold(name).text for name in DAY_FIRST}


_NUMERIC = re.compile(r"(?<!\d)(\d{4}|\d{1,2})( ?([-/.]) ?)(\d{1,2})\2(\d{4}|\d{2})(?!\d|\3\d)")
_DIGIT = re.compile(r"\d")
_COMPACT = re.compile(r"(?<![\w.,-])(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?![\w-]|[.,]\d)")
_MONTH = re.compile(r"(?<![\d./-])(0?[1-9]|1[0-2])[-/.]((?:19|20)\d\d)(?![\d/-]|\.\d)")
_EASTERN = re.compile(r"(?P<year>\d{4}) ?[年년] ?(?P<month>\d{1,2}) ?[月월] ?(?P<day>\d{1,2}) ?[日号일]?")
_SIGNS = "〇零一二三四五六七八九十"
_EASTERN_WORDS = re.compile(rf"([{_SIGNS}]{{4}})年([{_SIGNS}]{{1,2}})月([{_SIGNS}]{{1,3}})日")
_VIETNAMESE = re.compile(r"(?P<day>\d{1,2}) tháng (?P<month>\d{1,2}),? năm (?P<year>\d{4})")
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "民國": 1911, "民国": 1911}
_ERA = re.compile(rf"({'|'.join(_ERAS)}) ?(元|\d{{1,3}}) ?年 ?(\d{{1,2}}) ?月 ?(\d{{1,2}}) ?日?")
_DAY_BEFORE = re.compile(
    r"(?<![\d.,/])(\d{1,2})(?:s ?t|n ?d|r ?d|t ?h|er|o|a|°|\.)?(?:[ ,.-]{0,2}(?:day of|of|de|di|den|the))?[ ./-]{0,2}$"
)
_ENGLISH = re.compile(r"\d ?(?:st|nd|rd|th)\b|\b(?:of|the)\b")
_YEAR_AFTER = re.compile(r"\.?[ ,./-]{0,3}(?:(?:of|de|del|do) )?(\d{4}|'?\d{2})(?![\w]|[.,:]\d)")
_DAY_AFTER = re.compile(r"\.?[ ./-]{0,2}(\d{1,2})(?:st|nd|rd|th)?(?:[ ,.]{1,3}|-)(\d{4})(?!\d)")
_YEAR_BEFORE = re.compile(r"(?<![\d.,/])(\d{4})(?:\. |[ ./-])$")
_DAY_ALONE_AFTER = re.compile(r"\.?[ ./-]{0,2}(\d{1,2})(?:st|nd|rd|th)?(?![\w]|[.,:/-]\d)")
_TIME = re.compile(r"(?<![\d.,:/-])(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?(?!\d)(?: ?([ap])\.? ?m\b\.?)?")
_PIVOT = 50
"""Two digits below it are a year after 2000. One reading alone: the same digits in another century are another date."""
_SHORT = re.compile(r"(?<![\w.,/:-])(\d{1,2})([-/.])(\d{1,2})(?!\d|\2\d|[,:/-]\d)\.?")
_SHORT_EASTERN = re.compile(r"(?<![\d年년] )(?<![\d年년])(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日号일]")
_YEAR_FOLLOWS = re.compile(r"[ ,.]{0,3}(?:(?:19|20)\d\d(?![\d.,]*\d)|'\d\d)")
_BESIDE = 24
"""How many characters may stand between a date and its time."""
_ISO = re.compile(r"\d{4}-\d{2}(?:-\d{2})?(?:[T ]\d{2}:\d{2}.*)?")


def is_date(value: str) -> bool:
    """Whether text is an ISO date, month, or date with a time."""
    return _ISO.fullmatch(value) is not None


def dates(text: str, words: Mapping[str, Sequence[int]]) -> Iterator[Read]:
    """Every reading of every date in a folded text, in ISO 8601 (a month alone is YYYY-MM). `words` are where the names
    of months begin. A day and a month that can be told apart in no other way are read in both orders, unless all other
    dates of the text that are clear have one order."""
    yield from _numeric(text)
    for pattern in (_COMPACT, _EASTERN, _VIETNAMESE):
        for found in pattern.finditer(text):
            yield from _dated(int(found["year"]), int(found["month"]), int(found["day"]), *found.span())
    for found in _EASTERN_WORDS.finditer(text):
        year, month, day = (eastern(group) or 0 for group in found.groups())
        yield from _dated(year, month, day, *found.span())
    for found in _ERA.finditer(text):
        year = _ERAS[found[1]] + (1 if found[2] == "元" else int(found[2]))
        yield from _dated(year, int(found[3]), int(found[4]), *found.span())
    for found in _MONTH.finditer(text):
        yield Read(f"{found[2]}-{int(found[1]):02}", *found.span())
    for month, start, end in _names(words):
        yield from _named(text, month, start, end)


def _names(words: Mapping[str, Sequence[int]]) -> Iterator[tuple[int, int, int]]:
    """The month that each name may mean, and where it stands."""
    for name, months in month_names().items():
        for start in words.get(name, ()):
            yield from ((month, start, start + len(name)) for month in months)


def _numeric(text: str) -> Iterator[Read]:
    found = [
        (one, [int(one[group]) for group in (1, 4, 5)])
        for one in _NUMERIC.finditer(text)
        if not (text[one.start() - 1 : one.start()] == one[3] and _DIGIT.match(text, max(0, one.start() - 2)))
    ]  # more numbers before a date, parted by its own sign, are one with it; by another sign they are another date
    days_first = any(len(one[1]) < 3 and first > 12 and second <= 12 for one, (first, second, _) in found)
    months_first = any(len(one[1]) < 3 and second > 12 and first <= 12 for one, (first, second, _) in found)
    for one, (first, second, third) in found:
        if len(one[1]) > 2:
            yield from _dated(first, second, third, *one.span())
            continue
        year = _year(one[5])
        if days_first or not months_first or first > 12:
            yield from _dated(year, second, first, *one.span())
        if months_first or not days_first or second > 12:
            yield from _dated(year, first, second, *one.span())
        if len(one[5]) == 2:
            yield from _dated(_year(one[1]), second, third, *one.span())


def _named(text: str, month: int, start: int, end: int) -> Iterator[Read]:
    day_first = text[start:end] in _day_first()
    if not day_first and (after := _DAY_AFTER.match(text, end)):
        yield from _dated(int(after[2]), month, int(after[1]), start, after.end())
    first = max(0, start - 20)
    year, day = _YEAR_BEFORE.search(text[first:start]), _DAY_ALONE_AFTER.match(text, end)
    if not day_first and year and day:
        yield from _dated(int(year[1]), month, int(day[1]), first + year.start(), day.end())
    year = _YEAR_AFTER.match(text, end)
    day = _DAY_BEFORE.search(text[first:start])
    begin = first + day.start() if day else start
    if year is None or (day_first and _ENGLISH.search(text, begin, year.end())):
        return
    if day:
        yield from _dated(_year(year[1].lstrip("'")), month, int(day[1]), begin, year.end())
    elif len(year[1]) == 4:
        yield Read(f"{year[1]}-{month:02}", start, year.end())


def _year(written: str) -> int:
    """A year; of two digits, the one between 1950 and 2049."""
    year = int(written)
    return year if len(written) == 4 else year + (2000 if year < _PIVOT else 1900)


def _dated(year: int, month: int, day: int, start: int, end: int) -> Iterator[Read]:
    try:
        yield Read(date(year, month, day).isoformat(), start, end)
    except ValueError:
        return


def yearless(text: str, words: Mapping[str, Sequence[int]]) -> Iterator[Read]:
    """Every day of a month that a folded text says without a year, as MM-DD; numbers in both orders where both are
    possible."""
    for one in _yearless(text, words):
        if not _YEAR_FOLLOWS.match(text, one.end):
            yield one


def _yearless(text: str, words: Mapping[str, Sequence[int]]) -> Iterator[Read]:
    for found in _SHORT.finditer(text):
        first, second = int(found[1]), int(found[3])
        yield from _in_year(second, first, *found.span())
        if first != second:
            yield from _in_year(first, second, *found.span())
    for found in _SHORT_EASTERN.finditer(text):
        yield from _in_year(int(found[1]), int(found[2]), *found.span())
    for month, start, end in _names(words):
        first = max(0, start - 20)
        day_first = text[start:end] in _day_first()
        before = _DAY_BEFORE.search(text[first:start])
        begin = first + before.start() if before else start
        if before and not (day_first and _ENGLISH.search(text, begin, end + len(" of "))):
            yield from _in_year(month, int(before[1]), begin, end)
        if not day_first and (after := _DAY_ALONE_AFTER.match(text, end)):
            yield from _in_year(month, int(after[1]), start, after.end())


def _in_year(month: int, day: int, start: int, end: int) -> Iterator[Read]:
    for one in _dated(2000, month, day, start, end):
        yield one._replace(value=one.value[5:])


def time_at(text: str, clock: str) -> Iterator[tuple[int, int]]:
    """Where a folded text says a time of day (HH:MM:SS)."""
    return ((start, end) for written, start, end in _times(text) if _same(written, clock))


def time_beside(text: str, place: tuple[int, int], clock: str) -> tuple[int, int] | None:
    """The place of a date widened to the time that stands beside it; None if another time or none does."""
    start, end = place
    low = max(0, start - _BESIDE)
    for written, first, last in _times(text[low : end + _BESIDE]):
        if _same(written, clock) and not low + first < end > low + last > start:
            return min(start, low + first), max(end, low + last)
    return None


def _times(text: str) -> Iterator[tuple[str, int, int]]:
    """Every time of day in a folded text as HH:MM or HH:MM:SS, and where it stands."""
    for found in _TIME.finditer(text):
        hour = int(found[1]) % 12 + (12 if found[4] == "p" else 0) if found[4] else int(found[1])
        if hour < 24 and int(found[2]) < 60:
            written = f"{hour:02}:{found[2]}" + (f":{found[3]}" if found[3] else "")
            yield written, found.start(), found.end()


def _same(written: str, clock: str) -> bool:
    """Whether a time in a text is this one; seconds that the text leaves out must be zero."""
    return clock.startswith(written) and (len(written) > 5 or clock[5:8] in ("", ":00"))
