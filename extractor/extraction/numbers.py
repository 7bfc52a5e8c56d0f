"""Numbers as people write them: thousands marks, decimal commas, currencies, negatives, percent, words of scale.

    >>> [str(one.value) for one in numerals("EUR 1.234,50", {"12345"})]
    ['1234.50']
    >>> [str(one.value) for one in numerals("1,234", {"1234"})]
    ['1.234', '1234']

Digits of other scripts are those of ASCII after folding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

__all__ = ["Numeral", "digits_of", "is_number", "number_of", "numerals"]

_NUMBER = re.compile(r"\d+(?:[.,']\d+)*")
_SPACED = re.compile(r"(?<![\d.,'])\d{1,3}(?: \d{3})+(?:[.,]\d+)?(?![\d.,']?\d)")
_MINUS = re.compile(r"(?:^|[^\w)])([-(]) ?(?:[a-z]{1,3}\b|[$€£¥₹₽₩])? ?$")
_CODE = re.compile(r"[a-z]+$")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_AFTER = re.compile(
    r"( ?%)"
    r"|( ?(?:k|m|mn|mio|mrd|bn|thousand|tausend|million|millionen|millions|billion|milliarden?|lakh|crore)\b)"
)
_UNIT = re.compile(
    r"(?:st|nd|rd|th|er|e|x|kg|g|mg|lbs?|oz|l|ml|cl|m|cm|mm|km|ft|in|h|hrs?|min|s|pcs?|stk|kwh|kw|[kmgt]b)\b"
)
_CURRENCY_CODES = """
    rm eur usd gbp chf cad aud nzd sgd hkd inr rs jpy cny rmb krw myr idr rp thb php brl mxn sek nok dkk kr pln zl czk
    kc huf ft ron lei try tl rub aed zar
"""
_CURRENCIES = frozenset(_CURRENCY_CODES.split())
_SCALES = {
    **dict.fromkeys(("k", "thousand", "tausend"), 3),
    **dict.fromkeys(("m", "mn", "mio", "million", "millionen", "millions"), 6),
    **dict.fromkeys(("bn", "mrd", "billion", "milliarde", "milliarden"), 9),
    "lakh": 5,
    "crore": 7,
}


class Numeral(NamedTuple):
    """A number in a text: what it may mean, and where it stands. `doubt` is 1 for a reading that needs good will, and 2
    for a cell of figures between commas that may as well be one number."""

    value: Decimal
    start: int
    end: int
    doubt: int


def number_of(value: object) -> Decimal | None:
    """A JSON number, or text that is one, as a Decimal."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def digits_of(number: Decimal) -> str:
    """The digits that every way of writing a number shares: no zeros at either end."""
    return "".join(map(str, number.as_tuple().digits)).strip("0")


def is_number(written: str) -> bool:
    """Whether digits with marks between them can be one number.

    >>> is_number("1,234.50"), is_number("000,3.50,1")
    (True, False)
    """
    return bool(_values(written))


def numerals(text: str, wanted: set[str]) -> Iterator[Numeral]:
    """Every reading of every number in a folded text whose digits are `wanted`."""
    for pattern in (_NUMBER, _SPACED):
        for found in pattern.finditer(text):
            written = found[0]
            if (written if written.isdigit() else _digits(written)).strip("0") in wanted:
                yield from _readings(text, written, found.start(), found.end())
            if "," in written or (
                text[found.start() - 1 : found.start()] == "," and not text[found.end() : found.end() + 1].isalnum()
            ):
                yield from _cells(text, written, found.start(), wanted)


def _cells(text: str, written: str, start: int, wanted: set[str]) -> Iterator[Numeral]:
    """Figures between commas may each be a number of their own, as in the cells of a row."""
    doubt = 2 if _values(written) else 0
    for cell in written.split(","):
        if _digits(cell).strip("0") in wanted:
            sign, first, last = _sign(text, start, start + len(cell))
            yield from (Numeral(sign * value, first, last, doubt) for value in _values(cell))
        start += len(cell) + 1


def _digits(written: str) -> str:
    return written.replace(",", "").replace(".", "").replace("'", "").replace(" ", "")


def _readings(text: str, written: str, start: int, end: int) -> Iterator[Numeral]:
    loose = _loose(text, start, end)
    if loose is None:
        return
    if written.isdigit() and (ordinal := _ORDINAL.match(text, end)):
        end = ordinal.end()
    sign, start_signed, end_signed = _sign(text, start, end)
    after = _AFTER.match(text, end)
    for value in _values(written):
        yield Numeral(sign * value, start_signed, end_signed, loose)
        if sign < 0:  # a dash with a space after it may also begin a line of a list
            yield Numeral(value, start, end, text[start_signed + 1] != " ")
        if after and after[1]:
            yield Numeral(sign * value / 100, start_signed, after.end(), True)
        elif after:
            yield Numeral(sign * value.scaleb(_SCALES[after[2].strip()]), start_signed, after.end(), loose)


def _values(written: str) -> list[Decimal]:
    """What digits with these marks may mean: `1.234` is two things, `1.234,5` one, `1.2.3` none."""
    marks = re.sub(r"\d", "", written)
    if not marks:
        return [Decimal(written)]
    last = marks[-1]
    whole, _, rest = written.rpartition(last)
    found = []
    if last in ".," and marks.count(last) == 1 and _grouped(whole):
        found.append(Decimal(f"{_digits(whole)}.{rest}"))
    if len(set(marks)) == 1 and _grouped(written):
        found.append(Decimal(_digits(written)))
    return found


def _grouped(written: str) -> bool:
    """Whether marks part thousands (or, in India, hundreds above the first thousand)."""
    groups = re.split(r"[.,' ]", written)
    return len(groups) == 1 or (
        1 <= len(groups[0]) <= 3
        and groups[0][0] != "0"
        and len(groups[-1]) == 3
        and {len(group) for group in groups[1:-1]} in (set(), {2}, {3})
    )


def _loose(text: str, start: int, end: int) -> bool | None:
    """None for digits that are part of something else: a word, a code, a telephone number, a date."""
    before, after = text[max(0, start - 6) : start], text[end : end + 6]
    if (letters := _CODE.search(before)) and letters[0] not in _CURRENCIES:
        return None
    if after[:1].isalpha() and after[0].isascii() and not _UNIT.match(after) and not _AFTER.match(text, end):
        return None
    if re.search(r"[\d\w][-/:.,'_]$", before) and not re.search(r"(?:^|[^\w])[a-z]{1,4}\.$|[a-z]:$", before):
        return _year(text, start, end)
    if re.match(r"[-/:_][\d\w]", after):
        return _year(text, start, end)
    return False


def _year(text: str, start: int, end: int) -> bool | None:
    """A year may be read out of a date."""
    return True if end - start == 4 and text[start] in "12" else None


def _sign(text: str, start: int, end: int) -> tuple[int, int, int]:
    before = _MINUS.search(text[max(0, start - 8) : start])
    if before and before[1] == "-":
        return -1, start - (len(before.string) - before.start(1)), end
    if before and text[end : end + 1] == ")":
        return -1, start - (len(before.string) - before.start(1)), end + 1
    if text[end : end + 1] == "-" and not text[end + 1 : end + 2].isalnum():
        return -1, start, end + 1
    return 1, start, end
