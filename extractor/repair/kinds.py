"""One table of how a value is read by the kind of its field: plain, ambiguous or refused.

*Plain* means one thing only, and is read (`1.234,50 €` is 1234.50). *Ambiguous* means two things (`01/03/2024`), and
*refused* is a value of another kind that a lax validator would take for one (a year for a timestamp): both are
problems, never a value. What is none of these is left as it is, for the schema to judge.

    read("decimal", "EUR 1.234,50")  ->  Meant("1234.50", "'EUR 1.234,50' was read as 1234.50")
    read("date", "March 1, 2024")    ->  Meant("2024-03-01", "'March 1, 2024' was read as 2024-03-01")
    read("date", "01/03/2024")       ->  Meant("01/03/2024", problem="'01/03/2024' can mean two dates")
    read("datetime", "2024")         ->  Meant("2024", problem="'2024' is a number, and no date and time")
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import product
from unicodedata import normalize, numeric

from extractor.repair.names import CURRENCIES, MONTHS, UNITS
from extractor.schema.pointer import JSON

__all__ = [
    "CANONICAL",
    "Digits",
    "Meant",
    "absent",
    "begun",
    "choose",
    "folded",
    "is_elision",
    "is_scale",
    "number",
    "read",
    "says_left_out",
]


class Digits(float):
    """A JSON number with a fraction or an exponent, and its digits as they were written."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Digits:
        made = super().__new__(cls, text)
        made.text = text
        return made


@dataclass(frozen=True, slots=True)
class Meant:
    """What a value means as one of a kind. `note` says what was changed, `problem` why it can be no such value."""

    value: JSON
    note: str = ""
    problem: str = ""


def read(kind: str, value: JSON, facts: Mapping[str, JSON] | None = None) -> Meant:
    """A scalar as one of `kind` (see the table at the end); `facts` are the keywords that narrow the field."""
    reader = KINDS.get(kind)
    return reader(value, facts or {}) if reader else Meant(value)


_DAY, _TIME = r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
CANONICAL = {
    "date": re.compile(_DAY, re.ASCII),
    "datetime": re.compile(rf"{_DAY}(?:[T ]{_TIME})?", re.ASCII),
    "decimal": re.compile(r"-?\d+(?:\.\d+)?", re.ASCII),
    "duration": re.compile(r"-?P(?:\d+D)?(?:T[\d.HMS]+)?", re.ASCII),
    "time": re.compile(_TIME, re.ASCII),
}
"""Text that is a value of its kind as it stands."""

# ---------------------------------------------------------------------- numbers

_SPACES = " \t\u00a0\u2007\u2009\u202f"
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PLAINER = _WIDE | str.maketrans("−–‒﹣٫٬", "----.,")
"""Full-width characters, minus signs and the separators of Arabic, as ASCII has them."""
_NAMES = r"kr\.?|zł|Kč|Ft|S?Fr\.?|Rs\.?|Rp\.?|DM|руб\.?|лв\.?|грн\.?|đ|円|元|원|[Ee]uros?|[Dd]ollars?"
_CURRENCY = rf"(?:[A-Z]{{0,3}}[$¢£¤¥₠-⃀]|{'|'.join(CURRENCIES)}|{_NAMES})"
_WHOLE_CURRENCY = re.compile(r"[¥₩₫円원đ]|JPY|KRW|VND")
"""Currencies without decimals."""
_AMOUNT = re.compile(
    rf"(?P<sign>[+-]?)\s*(?:{_CURRENCY})?\s*(?P<inner>[+-]?)\s*(?P<digits>[\d.](?:[\d.,'’_ \u00a0\u2009\u202f]*\d)?\.?"
    rf"(?:[eE][+-]?\d+)?)\s*(?:{_CURRENCY})?(?P<percent>\s*(?:%|percent|per cent|pct\.?))?(?P<after>-?)"
)
_CENTS = re.compile(r"(?<=\d)[.,]-{1,2}(?=\s|\Z)")
"""The dash that stands for no cents, as in `5,-`."""
_SCALED = re.compile(
    r"(.*\d)\s*(k|thousand|million|lakh|crore|Tsd\.?|Mio\.?|Mrd\.?|万|萬|亿|億)(?![^\W\d_])(\D*)", re.DOTALL
)
_FOLD = {"k": 3, "thousand": 3, "tsd": 3, "lakh": 5, "million": 6, "mio": 6, "crore": 7, "mrd": 9}
_FOLD |= dict.fromkeys("万萬", 4) | dict.fromkeys("亿億", 8)
_FRACTION = re.compile(r"([-+]?\d*)\s*([½¼¾⅛⅜⅝⅞⅕⅖⅗⅘])")
_BRACKETS = re.compile(r"\((.+)\)")
_EITHER = re.compile(r"[1-9]\d{0,2}[,.]\d{3}")
"""A thousand and something to one writer, one and something to another."""
_POINT = re.compile(
    r"[1-9]\d{0,2}(?:([,'’ \u00a0\u2009\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?|[1-9]\d?(?:,\d\d)+,\d{3}(?:\.\d+)?"
)
_COMMA = re.compile(
    r"[1-9]\d{0,2}(?:([.'’ \u00a0\u2009\u202f])\d{3})(?:\1\d{3})*,\d+|[1-9]\d{0,2}(?:\.\d{3}){2,}|\d+,\d+"
)
_PLAIN = re.compile(r"(?=\.?\d)(?:[1-9][\d_]*|0)?(?:\.[\d_]*)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
_LONGEST = 4_000


def number(text: str, facts: Mapping[str, JSON], *, whole: bool = False) -> Meant | None:
    """The number that text stands for, as JSON writes it; None where it stands for none. `whole`: it is an integer."""
    if len(text) > _LONGEST:
        return None
    clean = _CENTS.sub("", text.strip().translate(_PLAINER))
    if part := _FRACTION.fullmatch(clean):
        whole_part = Decimal(part[1] if part[1].strip("+-") else f"{part[1]}0")
        return Meant(f"{whole_part + Decimal(str(numeric(part[2]))).copy_sign(whole_part):f}")
    if scaled := _SCALED.fullmatch(clean):
        return _multiplied(text, scaled, facts)
    inside = _BRACKETS.fullmatch(clean)
    found = _AMOUNT.fullmatch(inside[1] if inside else clean)
    if found is None:
        return None
    signs = [sign for sign in (found["sign"], found["inner"], found["after"], "-" if inside else "") if sign]
    if len(signs) > 1:
        return None
    digits = found["digits"]
    if _EITHER.fullmatch(digits) and _WHOLE_CURRENCY.search(clean):
        digits = re.sub("[,.]", "", digits)
    if _EITHER.fullmatch(digits) and not (whole and "," in digits):
        return Meant(text, problem=f"{text!r} can mean {digits.replace(',', '.')} or {re.sub('[,.]', '', digits)}")
    plain = _plain_digits(digits)
    if plain is None:
        return None
    if found["percent"] and _is_share(facts):
        plain = f"{Decimal(plain) / 100:f}"
    return Meant(f"{signs[0] if '-' in signs else ''}{plain}")


def _multiplied(text: str, scaled: re.Match[str], facts: Mapping[str, JSON]) -> Meant | None:
    """A number with a word behind it for so many times as much: `1.5 million`."""
    meant = number(f"{scaled[1]}{scaled[3]}", facts)
    if meant is None or meant.problem:
        return meant and Meant(text, problem=f"{text!r} can mean two numbers")
    exact = Decimal(meant.value).scaleb(_FOLD[scaled[2].rstrip(".").lower()])
    return Meant(f"{exact:f}" if exact % 1 else f"{exact.to_integral_value():f}")


def _plain_digits(digits: str) -> str | None:
    if _POINT.fullmatch(digits):
        return re.sub(r"[^\d.]", "", digits)
    if _COMMA.fullmatch(digits):
        return re.sub(r"[^\d,]", "", digits).replace(",", ".")
    return digits.replace("_", "") if _PLAIN.fullmatch(digits) else None


def _is_share(facts: Mapping[str, JSON]) -> bool:
    """Whether a field holds parts of one, so that 5 % is 0.05; else the number is the one that is printed."""
    most = facts.get("maximum", facts.get("exclusiveMaximum"))
    return isinstance(most, int | float) and most <= 1


def _integer(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    return _numeric(value, facts, whole=True)


def _float(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    return _numeric(value, facts, whole=False)


def _numeric(value: JSON, facts: Mapping[str, JSON], *, whole: bool) -> Meant:
    if isinstance(value, bool):
        return Meant(value, problem=f"{_quoted(value)} is no number")
    if isinstance(value, float) and not math.isfinite(value):
        return Meant(value, problem=f"{_quoted(value)} is no finite number")
    if not isinstance(value, str):
        return Meant(value)
    meant = number(value, facts, whole=whole)
    if meant is None or meant.problem:
        return meant or _infinite(value)
    exact = Decimal(meant.value)
    if whole and exact % 1:
        return Meant(value)
    read = int(exact) if whole or re.fullmatch(r"-?\d+", meant.value) else float(exact)
    if isinstance(read, float) and not math.isfinite(read):
        return Meant(value, problem=f"{value!r} is no finite number")
    return Meant(read, f"{value!r} was read as {meant.value}")


def _decimal(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    """A decimal travels as text, so that no digit is lost on the way."""
    if isinstance(value, Digits):
        return Meant(value.text)
    if not isinstance(value, str):
        return _numeric(value, facts, whole=False)
    if CANONICAL["decimal"].fullmatch(value):
        return Meant(value)
    meant = number(value, facts)
    if meant is None or meant.problem:
        return meant or _infinite(value)
    return meant if meant.value == value else Meant(meant.value, f"{value!r} was read as {meant.value}")


def _infinite(value: str) -> Meant:
    """A word that validators take for a number."""
    return Meant(value, problem=f"{value!r} is no finite number") if _WORD.fullmatch(value.strip()) else Meant(value)


# ---------------------------------------------------------------------- dates and times

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

_DIGITS = re.compile(r"[+-]?\d+(?:\.\d+)?")
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})([-/. ]|\. |[年년] ?)(?P<month>\d{1,2})(?:\2|[月월] ?)(?P<day>\d{1,2})[日일.]?"
)
_OF_WEEK = re.compile(r"\d{4}-?W\d\d-?\d")
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})")
_WORDS = re.compile(r"\d+|[^\W\d_]+")
_BETWEEN = re.compile(r"[\s,./'’()-]*")
_ISO_TIME = r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?"
_CLOCK = re.compile(
    rf"T?(?:{_ISO_TIME}|(\d{{1,2}})[h時时시] ?(\d{{2}})[分분]?|(\d{{1,2}})(?=\s*[aApP]))\s*([aApP])?\.?"
    rf"(?(8)\s*[mM]\.?)(?:\s*Uhr)?\s*(Z|z|UTC|GMT|[+-]\d{{2}}:?\d{{2}})?"
)
_TIME_AT = re.compile(r"[\s,T]+(?:at\s+|um\s+)?(?=\d{1,2}(?::\d|[h時时시] ?\d|\s*[aApP]\.?[mM]))")
_BASIC = re.compile(r"\d{8}T\d{4}(?:\d\d)?(?:Z|[+-]\d{4})?")
_SPAN = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)\.?[\s,]*(?:and\s+)?")
_UNITS = {name: seconds for name, (months, seconds) in UNITS.items() if not months}
_CALENDAR = re.compile(r"[-+]?P(?=[^T]*[YM])[\dYMWD.,]+(?:T[\dHMS.,]+)?")


def _days(text: str) -> set[date]:
    """Every date that text can mean."""
    text = text.translate(_WIDE)
    if _OF_WEEK.fullmatch(text):
        with suppress(ValueError):
            return {date.fromisoformat(text)}
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _valid([(int(found["year"]), int(found["month"]), int(found["day"]))])
    if found := _YEAR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        both = [(year, second, first)] + [(year, first, second)] * (found[2] != ".")  # with points the day comes first
        return _valid(both)
    return _named(text)


def _named(text: str) -> set[date]:
    """The date of a text with the name of one month in it, a day and a year of four digits."""
    _, comma, after = text.partition(",")
    if comma and text[: -len(after) - 1].isalpha() and text[: -len(after) - 1].casefold() not in _MONTHS:
        text = after
    words = [word.casefold() for word in _WORDS.findall(text)]
    if _BETWEEN.fullmatch(_WORDS.sub("", text)) is None:
        return set()
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    figures = [word for word in words if word.isdecimal()]
    others = [word for word in words if not word.isdecimal() and word not in _MONTHS and word not in _BESIDE]
    if len(months) != 1 or len(figures) != 2 or others:
        return set()
    years = [figure for figure in figures if len(figure) == 4]
    days = [figure for figure in figures if len(figure) <= 2]
    return _valid([(int(years[0]), months[0], int(days[0]))]) if len(years) == len(days) == 1 else set()


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
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hour = int(found[1] or found[5] or found[7])
    minute, second = int(found[2] or found[6] or 0), int(found[3] or 0)
    half = (found[8] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * (half == "p") if half else hour
    zone = (found[9] or "").upper().replace("UTC", "Z").replace("GMT", "Z")
    try:
        return f"{time(hour, minute, second).isoformat()}{found[4] or ''}{zone}"
    except ValueError:
        return None


def _split(text: str) -> tuple[str, str]:
    """The date and the time of a moment; either may be empty."""
    found = _TIME_AT.search(text)
    return (text[: found.start()], text[found.end() :]) if found else (text, "")


def _date(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if (refused := _no_timestamp(value, "date", dated=True)) or not isinstance(value, str):
        return refused or Meant(value)
    text = value.strip()
    day, clock = _split(text)
    if clock and _clock(clock) is None:
        return Meant(value)
    days = _days(day.strip())
    if len(days) != 1:
        return Meant(value, problem=f"{value!r} can mean two dates") if days else Meant(value)
    return _written(value, days.pop().isoformat())


def _datetime(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if (refused := _no_timestamp(value, "date and time", dated=True)) or not isinstance(value, str):
        return refused or Meant(value)
    text = value.strip()
    if CANONICAL["datetime"].fullmatch(text):
        return Meant(value)
    if _BASIC.fullmatch(text):
        with suppress(ValueError):
            return _written(value, datetime.fromisoformat(text).isoformat())
    day, clock = _split(text)
    days, at = _days(day.strip()), _clock(clock) if clock else ""
    if len(days) > 1:
        return Meant(value, problem=f"{value!r} can mean two dates")
    if not days or at is None:
        return Meant(value)
    return _written(value, f"{days.pop().isoformat()}T{at or '00:00:00'}")


def _time(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if (refused := _no_timestamp(value, "time of day")) or not isinstance(value, str):
        return refused or Meant(value)
    if CANONICAL["time"].fullmatch(value):
        return Meant(value)
    day, clock = _split(value.strip())
    at = _clock(clock if clock and _days(day.strip()) else value.strip())
    return Meant(value) if at is None else _written(value, at)


def _duration(value: JSON, facts: Mapping[str, JSON]) -> Meant:
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
        return Meant(value, problem=f"{_quoted(value)} is a number, and no {what}")
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()) and not (dated and _days(value.strip())):
        return Meant(value, problem=f"{value!r} is a number, and no {what}")
    return None


def _written(value: str, meant: str) -> Meant:
    return Meant(value) if value == meant else Meant(meant, f"{value!r} was read as {meant}")


# ---------------------------------------------------------------------- yes and no, text, choices, absence

_YES, _NO = (
    frozenset(words.split())
    for words in (
        "true yes y on 1 t ja oui si sí sim wahr vrai verdadero vero da да tak evet はい 是 ✓ ✔ ☑",
        "false no n off 0 f nein non não nee falsch faux falso nej ne нет nie hayır いいえ 否 ✗ ✘ ☐",
    )
)
_ABSENCE = (
    "|-|--|---|–|—|n/a|n.a|na|nil|none|null|unknown|undefined|unspecified|missing|empty|blank|no data|tbd"
    "|not available|not applicable|not specified|not stated|not given|not provided|not found|not mentioned"
    "|not in document|none given|none provided"
    "|keine angabe|keine|k.a|unbekannt|nicht angegeben|nicht vorhanden|nicht verfügbar"
    "|non disponible|non précisé|non renseigné|non renseignée|inconnu|néant|aucun"
    "|no disponible|desconocido|ninguno|non disponibile|sconosciuto|nessuno|não disponível|não informado"
    "|niet beschikbaar|onbekend|nie dotyczy|brak|yok|нет данных|неизвестно|не указано|غير متوفر"
    "|未知|不明|無|无|なし|該当なし|没有|없음"
)
_ABSENT = frozenset(_ABSENCE.split("|"))
_LONGEST_ABSENCE = 60
"""Characters; what is longer is no word for absence."""
_NOT_THERE = re.compile(
    r"(?:(?:the )?(?:information|value|data|date|amount|it) )?(?:is |was )?not (?:explicitly )?"
    r"(?:available|applicable|disclosed|found|given|included|indicated|known|listed|mentioned|present|provided|shown"
    r"|specified|stated)(?: (?:anywhere )?(?:in|on|by|within|here|from)(?: the| this)?(?: \w+){0,2})?[.]?"
)
_SCALE_NAMES = "k m b mn mm bn mio mrd tsd % percent hundred thousand million billion trillion lakh crore"
_SCALES = frozenset(_SCALE_NAMES.split())
_MARK = r"[\[(<]\W*(?:truncated|omitted|abridged|shortened|snip(?:ped)?|continued)\W*[\])>]"
_ELISION = re.compile(r"[\s\[(]*(?:\.{3,}|…)[\s.…\])]*")
_MORE = re.compile(
    r"[\s\[(<]*(?:(?:\.{3,}|…)\s*\(?(?:and )?(?:\d+ )?(?:more|others?|remaining|the rest|rest|etc)\b.*"
    r"|(?:(?:and|plus|\+|&) ?)?\d+ (?:more|others?|further|additional|remaining)(?: \w+){0,2}"
    r"|etc\.?|et cetera|and so (?:on|forth)|usw\.?|ecc\.?|и т\. ?д\.?|等等)[\s.…\])>]*"
    rf"|{_MARK}",
    re.DOTALL | re.IGNORECASE,
)
_CUT = re.compile(rf"(.*\w)\s*(?:\.{{3,}}|…|{_MARK})\s*", re.DOTALL | re.IGNORECASE)
_ROWS = "data|document|entries|entry|item|items|lines|list|pages|records|results|rows|table|transactions"
_MARKS_END = (".", "…", "]", ")", ">")
_LEFT_OUT = re.compile(
    r"\b(?:omitted|omitting|truncated|abridged|abbreviated|shortened|brevity|to be continued|so (?:on|forth) for)\b"
    r"|\b(?:remaining|further|additional|other|first) \d+\b|\b\d+ (?:more|other|further|additional|remaining)\b"
    rf"|\b(?:rest of|remaining|other|only the first|not all(?: of)?|partial) (?:the )?(?:{_ROWS})\b"
    r"|\b(?:first|show\w*|list\w*|includ\w*|part) \d+ (?:out )?of (?:the )?\d+\b"
    r"|\bcontinue[sd]? (?:in|on) (?:the |my )?next\b|\bonly (?:\w+ )?(?:the first|first|a few|some of|part of)\b"
    rf"|\b(?:{_ROWS}) continues?\b|\bdue to (?:the |my )?(?:length|output|size|space|token)\b"
    r"|\b(?:ausgelassen|weggelassen|gekürzt|omitid[oa]s?|omis(?:es)?|omess[aei]|truncad[oa]s?|tronquée?s?)\b|省略"
    r"|\b(?:weitere|übrige|restliche)[nr]? (?:\w+ )?(?:zeilen|einträge|positionen|daten\w*)\b|пропущен"
    r"|\A\W*(?:and so (?:on|forth)|etc\.?|et cetera)\W*\Z",
    re.IGNORECASE,
)
_MORE_FLAGS = frozenset(["truncated", "istruncated", "incomplete", "isincomplete", "hasmore", "more", "omitted"])
_MORE_COUNT = re.compile(rf"(?:{'|'.join(_MORE_FLAGS)}|remaining|skipped)(?:{_ROWS})?(?:count)?")
_ALL_FLAGS = frozenset(["complete", "iscomplete"])
"""Names of members that say by true, or by false, that there is more."""


def says_left_out(value: JSON, name: str = "", names: Collection[str] = ()) -> bool:
    """Whether what a model says beside its answer, `name` being its member there, says that the answer is not all.

    Members of `names` are data: `...` stands there in templates.
    """
    if isinstance(value, dict):
        return any(says_left_out(item, inner, names) for inner, item in value.items() if inner not in names)
    if isinstance(value, bool):
        return folded(name) in (_MORE_FLAGS if value else _ALL_FLAGS)
    if isinstance(value, int | list) and _MORE_COUNT.fullmatch(folded(name)):
        return value != [] and value != 0
    if isinstance(value, list):
        return any(says_left_out(item, names=names) for item in value)
    return isinstance(value, str) and (is_elision(value) or _LEFT_OUT.search(value) is not None)


def _boolean(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if isinstance(value, str) and (truth := _truth(value)) is not None:
        return Meant(truth, f"{value!r} was read as {_quoted(truth)}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Meant(bool(value), f"{value} was read as {_quoted(bool(value))}") if value in (0, 1) else Meant(value)
    return Meant(value)


def _string(value: JSON, facts: Mapping[str, JSON]) -> Meant:
    if isinstance(value, Digits):
        return Meant(value.text, f"the number {value.text} stands for text")
    if isinstance(value, int) and not isinstance(value, bool):
        return Meant(str(value), f"the number {value} stands for text")
    return Meant(value)


_MEMBER = re.compile(r"[^\W\d]\w*\.[^\W\d]\w*")
_SHORT = 6
"""Letters: a shorter word and its plural often mean two things (good, goods)."""


def choose(value: JSON, constants: tuple[JSON, ...], names: tuple[str, ...] = ()) -> Meant:
    """The one constant that a value can mean: itself, or in another case, with blanks or other joints, as text.

    `names` are what the constants are called: `CREDIT_NOTE` means "cn" where that is its name.
    """
    if any(type(value) is type(each) and value == each for each in constants) or isinstance(value, dict | list):
        return Meant(value)
    text = str(value).removesuffix(".0") if isinstance(value, float) else _text(value)
    ways = product((folded, _bare_form, _singular), (tuple(map(_text, constants)), names))
    fitting = (
        [each for each, word in zip(constants, words, strict=False) if form(text) and form(word) == form(text)]
        for form, words in ways
    )
    found = next(filter(None, fitting), [])
    if not found and (truth := _truth(value)) is not None:
        sides = [_truth(each) for each in constants]
        found = [each for each, side in zip(constants, sides, strict=True) if side is truth]
        # `NO` among the codes of countries is no denial.
        found = found if (False in sides and True in sides) or isinstance(constants[0], bool) else []
    if len(found) == 1:
        return Meant(found[0], f"{value!r} was read as {found[0]!r}")
    return Meant(value, problem=f"{_quoted(value)} is none of the choices" if isinstance(value, bool) else "")


def _bare_form(text: str) -> str:
    """Text without its accents, the marks around it, and the name of the class before it."""
    plain = "".join(char for char in normalize("NFD", text) if not "\u0300" <= char <= "\u036f")
    plain = plain.strip(" !?,;:*'\"`")
    return folded(plain.rpartition(".")[2] if _MEMBER.fullmatch(plain) else plain)


def _singular(text: str) -> str:
    plain = _bare_form(text)
    return plain.removesuffix("s") if len(plain) > _SHORT else plain


def _truth(value: JSON) -> bool | None:
    """What a boolean, or a word for one, says."""
    word = value.strip().casefold() if isinstance(value, str) else value
    return word if isinstance(word, bool) else True if word in _YES else False if word in _NO else None


def folded(text: str) -> str:
    """Text without case, blanks, underscores, hyphens and points."""
    return re.sub(r"[\s_.\-]+", "", text).casefold()


def is_scale(value: JSON) -> bool:
    """Whether text says that a number beside it stands for a multiple of itself."""
    return isinstance(value, str) and value.strip().casefold().rstrip("s.") in _SCALES


def absent(value: JSON) -> bool:
    """Whether text says that there is no value."""
    if not isinstance(value, str) or len(value) > _LONGEST_ABSENCE:
        return False
    word = value.strip(" \t\n[]()<>.?*").replace(" / ", "/").casefold()
    found = word in _ABSENT or (" not " in f" {word}" and _NOT_THERE.fullmatch(word) is not None)
    return found and not is_elision(value)


def is_elision(value: JSON) -> bool:
    """Whether text stands for something that was left out: `...`, `and 20 more`, `[truncated]`."""
    return isinstance(value, str) and bool(_ELISION.fullmatch(value) or _MORE.fullmatch(value))


def begun(value: str) -> str:
    """What stands before a mark at the end of text that says that it goes on; "" where there is no such mark."""
    found = _CUT.fullmatch(value) if value.rstrip()[-1:] in _MARKS_END else None
    return found[1] if found else ""


def _text(value: JSON) -> str:
    return _quoted(value) if value is None or isinstance(value, bool) else str(value)


def _quoted(value: JSON) -> str:
    return (
        {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value)
    )


KINDS: dict[str, Callable[[JSON, Mapping[str, JSON]], Meant]] = {
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "decimal": _decimal,
    "duration": _duration,
    "integer": _integer,
    "number": _float,
    "string": _string,
    "time": _time,
}
