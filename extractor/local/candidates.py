"""What a document says that a field could mean: its numbers, dates, times and currencies, in the form of the wire.

A form that can be read in two ways gives both readings (`1,540`, `03/04/2026`): the model chooses, but never invents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import permutations

__all__ = ["currencies", "dates", "numbers", "times"]

_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?(?!\d)")
_NUMBER = re.compile(r"\d+(?:[.,'’]\d+)*")
_MINUS = re.compile(r"[-−–(]\s*[^\w\s]?\s*$")

_MONTHS = {
    1: "january januar janvier enero gennaio janeiro januari",
    2: "february februar février fevrier febrero febbraio fevereiro februari",
    3: "march märz maerz mars marzo março marco maart",
    4: "april avril abril aprile",
    5: "may mai mayo maggio maio mei",
    6: "june juni juin junio giugno junho",
    7: "july juli juillet julio luglio julho",
    8: "august août aout agosto augustus",
    9: "september septembre septiembre settembre setembro",
    10: "october oktober octobre octubre ottobre outubro",
    11: "november novembre noviembre novembro",
    12: "december dezember décembre decembre diciembre dicembre dezembro",
}
_NAMES = {name: month for month, names in _MONTHS.items() for name in names.split()}
_FIELDS = re.compile(r"(?<!\d)(\d{1,4}) ?[-/. 年] ?(\d{1,2}) ?[-/. 月] ?(\d{1,4})(?!\d)")
_SOLID = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)")
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|\.)?[\s.-]*(?:de |of )?([^\W\d_]{3,})\.?,?[\s.-]*(?:de )?(\d{4}|\d{2})(?!\d)"
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,})\.?[\s-]*(\d{1,2})(?:st|nd|rd|th)?,?[\s-]+(\d{4})(?!\d)")
_CLOCK = re.compile(r"(?<!\d)([01]?\d|2[0-3])\s*[:.hH]\s*([0-5]\d)(?::([0-5]\d))?(?!\d)\s*([AaPp]\.?[Mm])?")

_SIGNS = {
    "€": "EUR", "£": "GBP", "$": "USD CAD AUD MXN NZD SGD", "¥": "JPY CNY", "￥": "JPY CNY", "円": "JPY", "元": "CNY",
    "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "R$": "BRL",
    "kr": "SEK NOK DKK ISK", "Fr.": "CHF", "SFr": "CHF", "RM": "MYR",
}  # fmt: skip
_CODES = (
    "EUR USD GBP CHF JPY CNY CAD AUD NZD SEK NOK DKK ISK PLN CZK HUF RON BGN TRY RUB INR KRW SGD HKD TWD THB MYR IDR "
    "PHP VND BRL MXN ARS CLP COP PEN ZAR ILS AED SAR EGP NGN KES"
)
_CODE = re.compile(rf"(?<![A-Z])(?:{'|'.join(_CODES.split())})(?![A-Z])")


def numbers(text: str) -> tuple[str, ...]:
    """Every number of the text, plain: no thousands separators, a point before decimals, a minus where there is one."""
    found = [match for pattern in (_GROUPED, _NUMBER) for match in pattern.finditer(text)]
    readings = ((match, plain) for match in found for plain in _plain(match[0]))
    return _distinct(sign + plain for match, plain in readings for sign in _signs(text, match.start()))


def dates(text: str) -> tuple[str, ...]:
    """Every date of the text as YYYY-MM-DD, in each order in which its numbers make one."""
    return _distinct(day.isoformat() for day in _dates(text))


def times(text: str) -> tuple[str, ...]:
    """Every time of day as HH:MM:SS."""
    return _distinct(_clock(match) for match in _CLOCK.finditer(text))


def currencies(text: str) -> tuple[str, ...]:
    """The ISO 4217 codes that stand in the text, and those that its currency signs may mean."""
    meant = [code for sign, codes in _SIGNS.items() if sign in text for code in codes.split()]
    return _distinct([*_CODE.findall(text), *meant])


def _plain(printed: str) -> Iterator[str]:
    compact = re.sub(r"[\s'’\u00a0\u202f]", "", printed)
    marks = re.findall(r"[.,]", compact)
    if not marks:
        yield _whole(compact)
    elif len(set(marks)) == 2:
        yield _decimal(compact, compact.rfind(marks[-1]))
    elif len(marks) > 1:
        if all(len(group) == 3 for group in re.split(r"[.,]", compact)[1:]):
            yield _whole(re.sub(r"[.,]", "", compact))
    else:
        mark = compact.index(marks[0])
        yield _decimal(compact, mark)
        if len(compact) - mark == 4:
            yield _whole(compact.replace(marks[0], ""))


def _decimal(compact: str, mark: int) -> str:
    return f"{_whole(re.sub('[.,]', '', compact[:mark]))}.{compact[mark + 1 :]}"


def _whole(digits: str) -> str:
    return digits.lstrip("0") or "0"


def _signs(text: str, start: int) -> tuple[str, ...]:
    return ("", "-") if _MINUS.search(text, max(0, start - 4), start) else ("",)


def _dates(text: str) -> Iterator[date]:
    for match in _FIELDS.finditer(text):
        yield from _orders(match[1], match[2], match[3])
    for match in _SOLID.finditer(text):
        yield from _day(match[1], int(match[2]), match[3])
    for match in _DAY_FIRST.finditer(text):
        yield from _day(match[3], _month(match[2]), match[1])
    for match in _MONTH_FIRST.finditer(text):
        yield from _day(match[3], _month(match[1]), match[2])


def _orders(first: str, second: str, third: str) -> Iterator[date]:
    if len(first) == 4:
        yield from _day(first, int(second), third)
    elif len(third) in (2, 4):
        for day, month in permutations((first, second)):
            yield from _day(third, int(month), day)


def _day(year: str, month: int, day: str) -> Iterator[date]:
    try:
        yield date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))
    except ValueError:
        return


def _month(word: str) -> int:
    """The month of a name or of its first letters; 0 for another word."""
    word = word.lower()
    return _NAMES.get(word) or next((month for name, month in _NAMES.items() if name.startswith(word)), 0)


def _clock(match: re.Match[str]) -> str:
    hour, half = int(match[1]), (match[4] or "").lower()[:1]
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour:02}:{match[2]}:{match[3] or '00'}"


def _distinct(values: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
