"""Values that people write as a sign or a phrase: currencies, and lengths of time."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["phrased"]

_SIGNS = {
    **{"eur": "€", "gbp": "£", "jpy": "¥", "cny": "¥", "krw": "₩", "rub": "₽", "ils": "₪", "uah": "₴", "try": "₺"},
    **{"usd": r"\$", "brl": r"r\$", "pln": "zł", "thb": "฿", "php": "₱", "vnd": "₫"},
    "inr": r"₹|(?<![a-z])rs\.?(?= ?\d)",
    "myr": r"(?<![a-z])rm(?= ?\d)",
    "chf": r"(?<![a-z])sfr\.?(?![a-z])",
}
_LENGTH = re.compile(r"(\d{1,3}|[a-z]+) (year|month|week|day|hour)s?")
_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_TENS = {18: "eighteen", 20: "twenty", 24: "twenty-four", 30: "thirty", 36: "thirty-six", 45: "forty-five"}
_MORE = {48: "forty-eight", 60: "sixty", 90: "ninety", 120: "one hundred twenty", 180: "one hundred eighty"}
_WORDS = dict(enumerate(_ONES.split())) | _TENS | _MORE
_NUMBERS = {word: number for number, word in _WORDS.items()}


def phrased(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a folded text says a currency by its sign, or a length of time in figures, words or both."""
    pattern = _SIGNS.get(form) or _length(form)
    if pattern:
        yield from (found.span() for found in re.finditer(pattern, text))


def _length(form: str) -> str | None:
    """`2 years` is also `two years`, `two (2) years` and `2-year`."""
    found = _LENGTH.fullmatch(form)
    number = None if found is None else int(found[1]) if found[1].isdigit() else _NUMBERS.get(found[1])
    if found is None or number is None:
        return None
    figures = rf"\(?{number}\)?"
    said = rf"(?:{word}(?: ?\({number}\))?|{figures})" if (word := _WORDS.get(number)) else figures
    return rf"(?<![\w.,-]){said}[ -]{found[2]}s?(?![a-z])"
