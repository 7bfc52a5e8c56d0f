"""What a document says that a field could mean: its numbers, dates, times and currencies, in the form of the wire.

A form that can be read in two ways gives both readings (`1,540`, `03/04/2026`): the model chooses, but never invents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from extractor.extraction.dates import dates as dates_in
from extractor.extraction.dates import month_names, yearless
from extractor.extraction.finding import SIGNS
from extractor.extraction.folding import fold, words_of
from extractor.extraction.numbers import numerals
from extractor.extraction.words import numbers_in_words
from extractor.repair.names import CURRENCIES

__all__ = ["currencies", "dates", "moments", "numbers", "times"]

_FIGURE = re.compile(r"\d+\.\d+")
_CLOCK = re.compile(r"(?<![\d.,:])([01]?\d|2[0-3]) ?[:h] ?([0-5]\d)(?::([0-5]\d))?(?!\d)(?: ?([ap])\.? ?m\b)?")
_CODE = re.compile(rf"(?<![A-Z])(?:{'|'.join(CURRENCIES)})(?![A-Z])")
_LOOSE = {r"\$": "CAD AUD MXN NZD SGD", r"\bkr\b": "SEK NOK DKK ISK", r"\bs?fr\b": "CHF", r"\bft\b": "HUF"}
"""Signs that may mean a currency, and prove none."""


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
    folded = fold(text).text
    proved = [code.upper() for code, sign in SIGNS.items() if re.search(sign, folded)]
    loose = [code for sign, codes in _LOOSE.items() if re.search(sign, folded) for code in codes.split()]
    return _distinct([*_CODE.findall(text), *proved, *loose])


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
