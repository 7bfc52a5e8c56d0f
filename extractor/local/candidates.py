"""What a document says that a field could mean: its numbers, dates, times and currencies, in the form of the wire.

A form that can be read in two ways gives both readings (`1,540`, `03/04/2026`): the model chooses, but never invents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from extractor.extraction.dates import dates as dates_in
from extractor.extraction.dates import month_names, yearless
from extractor.extraction.folding import fold, words_of
from extractor.extraction.numbers import numerals
from extractor.extraction.words import numbers_in_words

__all__ = ["currencies", "dates", "moments", "numbers", "times"]

_FIGURE = re.compile(r"\d+\.\d+")
_CLOCK = re.compile(r"(?<![\d.,:])([01]?\d|2[0-3]) ?[:h] ?([0-5]\d)(?::([0-5]\d))?(?!\d)(?: ?([ap])\.? ?m\b)?")
_CODES = (
    "EUR USD GBP CHF JPY CNY CAD AUD NZD SEK NOK DKK ISK PLN CZK HUF RON BGN TRY RUB INR KRW SGD HKD TWD THB MYR IDR "
    "PHP VND BRL MXN ARS CLP COP PEN ZAR ILS AED SAR EGP NGN KES"
)
_CODE = re.compile(rf"(?<![A-Z])(?:{'|'.join(_CODES.split())})(?![A-Z])")
_SIGNS = {
    "€": "EUR", "£": "GBP", "$": "USD CAD AUD MXN NZD SGD", "¥": "JPY CNY", "￥": "JPY CNY", "円": "JPY", "元": "CNY",
    "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "R$": "BRL",
    "kr": "SEK NOK DKK ISK", "Fr.": "CHF", "SFr": "CHF", "RM": "MYR",
}  # fmt: skip


def numbers(text: str) -> tuple[str, ...]:
    """Every number of the text, in figures or in words, plain: no thousands separators, a point before decimals, a
    minus where there is one.
    """
    folded = fold(text).text
    figures = (
        f"{numeral.value:f}" for numeral in sorted(numerals(folded), key=lambda found: found.start) if numeral.doubt < 2
    )
    return _distinct([*figures, *(str(worded.value) for worded in numbers_in_words(folded))])


def dates(text: str) -> tuple[str, ...]:
    """Every date of the text as YYYY-MM-DD, in each order in which its numbers make one, and then every day that has
    no year, in each year of the text. `7.12` is a figure and no day; `7.12.` is one.
    """
    folded = fold(text).text
    words = words_of(folded, month_names().keys())
    found = [dated.value for dated in dates_in(folded, words)]
    days = [day.value for day in yearless(folded, words) if not _FIGURE.fullmatch(folded[day.start : day.end])]
    years = dict.fromkeys(value[:4] for value in found)
    whole = [value for value in found if len(value) == 10]
    return _distinct([*whole, *(f"{year}-{day}" for day in days for year in years if _is_date(year, day))])


def times(text: str) -> tuple[str, ...]:
    """Every time of day as HH:MM:SS."""
    return _distinct(_clock(found) for found in _CLOCK.finditer(fold(text).text))


def moments(text: str) -> tuple[str, ...]:
    """Every date of the text at every time of it, and at midnight."""
    return tuple(f"{day}T{time}" for day in dates(text) for time in (*times(text), "00:00:00"))


def currencies(text: str) -> tuple[str, ...]:
    """The ISO 4217 codes that stand in the text, and those that its currency signs may mean."""
    meant = [code for sign, codes in _SIGNS.items() if sign in text for code in codes.split()]
    return _distinct([*_CODE.findall(text), *meant])


def _is_date(year: str, day: str) -> bool:
    """Whether the year has the day: 29 February."""
    try:
        date.fromisoformat(f"{year}-{day}")
    except ValueError:
        return False
    return True


def _clock(found: re.Match[str]) -> str:
    hour = int(found[1])
    if found[4] and hour <= 12:
        hour = hour % 12 + (12 if found[4] == "p" else 0)
    return f"{hour:02}:{found[2]}:{found[3] or '00'}"


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
