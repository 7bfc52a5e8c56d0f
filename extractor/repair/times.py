"""Dates, times and durations as people write them, where they can mean one thing.

as_date("March 1, 2024", {})  ->  Meant("2024-03-01", "'March 1, 2024' was read as 2024-03-01")
as_date("01/03/2024", {})     ->  Meant("01/03/2024", problem="'01/03/2024' can mean two dates")
as_datetime("2024", {})       ->  Meant("2024", problem="'2024' is a number, and no date and time")
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal

from extractor.repair.names import DAY_FIRST, MONTHS, UNITS
from extractor.repair.numbers import ascii_of
from extractor.repair.receipt import Meant, spelt
from extractor.schema.pointer import JSON

__all__ = ["CANONICAL", "as_date", "as_datetime", "as_duration", "as_time"]

_DAY, _TIME = r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
_ZONE = r"(?:Z|[+-]\d{2}:?\d{2})?"
CANONICAL = {
    "date": re.compile(_DAY, re.ASCII),
    "datetime": re.compile(rf"{_DAY}(?:T{_TIME}{_ZONE}| {_TIME}(?:Z|\+\d{{2}}:?\d{{2}})?)?", re.ASCII),
    "duration": re.compile(r"-?P(?:\d+D)?(?:T[\d.HMS]+)?", re.ASCII),
    "time": re.compile(rf"{_TIME}(?:(?<=\d:\d\d:\d\d){_ZONE}|Z|\+\d{{2}}:?\d{{2}})?", re.ASCII),
}
"""Text that is a value of its kind as it stands."""

_MONTHS = {name: min(numbers) for name, numbers in MONTHS.items() if len(numbers) == 1}
_BESIDE_NAMES = (
    "st nd rd th of the day de del den der di do er le el º г",
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun",
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miércoles jueves viernes sábado domingo",
    "lunedì martedì mercoledì giovedì venerdì sabato domenica",
)
_BESIDE = frozenset(name for names in _BESIDE_NAMES for name in names.split())
"""Words beside a date that say nothing more."""
_ENGLISH = frozenset(("st", "nd", "rd", "th", "of", "the", "day"))

_DIGITS = re.compile(r"[+-]?\d+(?:\.\d+)?")
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})([-/. ]|\. |[年년] ?)(?P<month>\d{1,2})(?:\2|[月월] ?)(?P<day>\d{1,2})"
    r"(?:[日일.]?|Z|[+-]\d\d:\d\d|\s*\([^\W\d]+\))"
)
"""Also with the zone that XML writes behind a date, or the day of the week in brackets."""
_OF_WEEK = re.compile(r"\d{4}-?W\d\d-?\d")
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})")
_WORDS = re.compile(r"\d+|[^\W\d_]+")
_BETWEEN = re.compile(r"[\s,./'’()-]*")
_HOUR = r"\d{1,2}(?::\d|[h時时시] ?\d|\.\d\d\s*Uhr|\s*[aApP]\.?[mM])"
_CLOCK = re.compile(
    r"T?(?P<hour>\d{1,2})(?:(?::|[h時时시] ?|\.(?=\d\d\s*Uhr))(?P<minute>\d{2})"
    r"(?:[分분]|:(?P<second>\d{2})(?P<part>\.\d+)?)?|(?=\s*[aApP]))\s*(?:(?P<half>[aApP])\.?\s*[mM]\.?)?(?:\s*Uhr)?"
    r"\s*(?P<zone>[Zz]|\(?(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?\)?|UTC|GMT|\(UTC\))?"
)
_TIME_LAST = re.compile(rf"(?P<day>.*?)[\s,T]+(?:(?:at|um|à)\s+)?(?P<time>{_HOUR}.*)", re.DOTALL)
_TIME_FIRST = re.compile(rf"(?P<time>{_HOUR}[\d:]*(?:\s*[aApP]\.?[mM]\.?)?)[\s,]+(?:on\s+)?(?P<day>.*\d.*)", re.DOTALL)
_TWO_TIMES = re.compile(r"(?:.*\s)?\d{1,2}:\d{2} ?[-–] ?\d{1,2}:\d{2}", re.DOTALL)
"""From one time to another, or a time with its zone."""
_BASIC = re.compile(r"\d{8}T\d{4}(?:\d\d)?(?:Z|[+-]\d{4})?")
_SPAN = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)\.?[\s,]*(?:and\s+)?")
_UNITS = {name: seconds for name, (months, seconds) in UNITS.items() if not months}
_CALENDAR = re.compile(r"[-+]?P(?=[^T]*[YM])[\dYMWD.,]+(?:T[\dHMS.,]+)?")


def _days(text: str, *, led: bool = False) -> set[date]:
    """Every date that text can mean; `led`: a word and a comma before it are the day of the week, in any language."""
    text = ascii_of(text.strip())
    word, _, after = text.partition(",")
    if led and word.isalpha() and word.casefold() not in _MONTHS:
        text = after.strip()
    if _OF_WEEK.fullmatch(text):
        with suppress(ValueError):
            return {date.fromisoformat(text)}
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _valid([(int(found["year"]), int(found["month"]), int(found["day"]))])
    if found := _YEAR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        day_first, month_first = _valid([(year, second, first)]), _valid([(year, first, second)])
        return day_first or month_first if found[2] == "." else day_first | month_first
    return _named(text)


def _named(text: str) -> set[date]:
    """The date of a text with the name of one month in it, a day and a year of four digits."""
    words = [word.casefold() for word in _WORDS.findall(text)]
    if _BETWEEN.fullmatch(_WORDS.sub("", text)) is None:
        return set()
    months = [word for word in words if word in _MONTHS]
    figures = [word for word in words if word.isdecimal()]
    others = [word for word in words if not word.isdecimal() and word not in _MONTHS and word not in _BESIDE]
    if len(months) != 1 or len(figures) != 2 or others:
        return set()
    years = [figure for figure in figures if len(figure) == 4]
    days = [figure for figure in figures if len(figure) <= 2]
    if not len(years) == len(days) == 1:
        return set()
    (month,), (day,), (year,) = months, days, years
    if month in DAY_FIRST and (words.index(day) > words.index(month) or _ENGLISH.intersection(words)):
        return set()
    return _valid([(int(year), _MONTHS[month], int(day))])


def _valid(triples: Iterable[tuple[int, int, int]]) -> set[date]:
    found = set()
    for year, month, day in triples:
        if 1 <= month <= 12 and 1 <= day <= 31 and year:
            try:
                found.add(date(year, month, day))
            except ValueError:
                continue
    return found


def _clock(text: str) -> str | None:
    """A time of day as ISO 8601, with its zone where one stands there."""
    found = _CLOCK.fullmatch(ascii_of(text.strip()))
    if found is None:
        return None
    hour, half, sign = int(found["hour"]), (found["half"] or "").lower(), found["sign"]
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * (half == "p") if half else hour
    zone = f"{sign}{int(found['hours']):02}:{found['minutes'] or '00'}" if sign else "Z" if found["zone"] else ""
    try:
        clock = time(hour, int(found["minute"] or 0), int(found["second"] or 0))
    except ValueError:
        return None
    return f"{clock.isoformat()}{found['part'] or ''}{zone}"


def _split(text: str) -> tuple[str, str]:
    """The date and the time of a moment; either may be empty."""
    found = _TIME_FIRST.fullmatch(text) or _TIME_LAST.fullmatch(text)
    return (found["day"], found["time"]) if found else (text, "")


def as_date(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if (refused := _no_timestamp(value, "date", dated=True)) or not isinstance(value, str):
        return refused or Meant(value)
    text = value.strip()
    day, clock = _split(text)
    if clock and _clock(clock) is None:
        return Meant(value)
    days = _days(day, led=True)
    if len(days) != 1:
        return Meant(value, problem=f"{value!r} can mean two dates") if days else Meant(value)
    return _written(value, days.pop().isoformat())


def as_datetime(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if (refused := _no_timestamp(value, "date and time", dated=True)) or not isinstance(value, str):
        return refused or Meant(value)
    text = value.strip()
    if CANONICAL["datetime"].fullmatch(text):
        return Meant(value)
    if _TWO_TIMES.fullmatch(text):
        return Meant(value, problem=f"{value!r} can mean two times, or one with its zone")
    if _BASIC.fullmatch(text):
        with suppress(ValueError):
            return _written(value, datetime.fromisoformat(text).isoformat())
    day, clock = _split(text)
    days, at = _days(day, led=bool(clock)), _clock(clock) if clock else ""
    if len(days) > 1:
        return Meant(value, problem=f"{value!r} can mean two dates")
    if not days or at is None:
        return Meant(value)
    return _written(value, f"{days.pop().isoformat()}T{at or '00:00:00'}")


def as_time(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if (refused := _no_timestamp(value, "time of day")) or not isinstance(value, str):
        return refused or Meant(value)
    if CANONICAL["time"].fullmatch(value):
        return Meant(value)
    if _TWO_TIMES.fullmatch(value.strip()):
        return Meant(value, problem=f"{value!r} can mean two times, or one with its zone")
    day, clock = _split(value.strip())
    at = _clock(clock if clock and _days(day, led=True) else value.strip())
    return Meant(value) if at is None else _written(value, at)


def as_duration(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if (refused := _no_timestamp(value, "duration with a unit")) or not isinstance(value, str):
        return refused or Meant(value)
    if _CALENDAR.fullmatch(value.strip()):
        return Meant(value, problem=f"{value!r} has months or years, which have no fixed length")
    if re.fullmatch(r"\d+:\d\d", value.strip()):
        return Meant(value, problem=f"{value!r} can mean hours and minutes, or minutes and seconds")
    found = _SPAN.findall(value.strip())
    if not found or _SPAN.sub("", value.strip()):
        return Meant(value)
    units = [_unit(name.lower(), behind) for (_, name), behind in zip(found, [("", ""), *found], strict=False)]
    if 0 in units or [*dict.fromkeys(units)] != sorted(units, reverse=True):
        return Meant(value)
    counts = [Decimal(count.replace(",", ".")) for count, _ in found]
    if any(count % 1 for count in counts):
        total = sum((count * unit for count, unit in zip(counts, units, strict=True)), Decimal()).normalize()
        return _written(value, f"PT{total:f}S")
    days = sum(int(count) * unit // 86_400 for count, unit in zip(counts, units, strict=True) if unit >= 86_400)
    signs = {3_600: "H", 60: "M", 1: "S"}
    clock = "".join(f"{count}{signs[unit]}" for count, unit in zip(counts, units, strict=True) if unit in signs)
    return _written(value, f"P{f'{days}D' if days or not clock else ''}{f'T{clock}' if clock else ''}")


def _unit(name: str, before: tuple[str, str]) -> int:
    """The seconds of a unit; 0 where it is none. A lone `m` is a minute only behind hours."""
    return 60 if name == "m" and _UNITS.get(before[1].lower()) == 3_600 else _UNITS.get(name, 0)


def _no_timestamp(value: JSON, what: str, *, dated: bool = False) -> Meant | None:
    """Why a number is no date and no time: validators take it for seconds since 1970, or since midnight."""
    if isinstance(value, int | float):
        return Meant(value, problem=f"{spelt(value)} is a number, and no {what}")
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()) and not (dated and _days(value)):
        return Meant(value, problem=f"{value!r} is a number, and no {what}")
    return None


def _written(value: str, meant: str) -> Meant:
    return Meant(value) if value == meant else Meant(meant, f"{value!r} was read as {meant}")
