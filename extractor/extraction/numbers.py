"""Numbers as people write them: thousands marks, decimal commas, currencies, negatives, percent, words of scale.

    >>> [str(one.value) for one in numerals("EUR 1.234,50", {Decimal("1234.5")})]
    ['1234.50']
    >>> [str(one.value) for one in numerals("1,234", {Decimal("1.234"), Decimal(1234)})]
    ['1.234', '1234']

Digits of other scripts are those of ASCII after folding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from decimal import Decimal
from typing import NamedTuple

from extractor.repair.names import CURRENCIES, UNITS

__all__ = ["Numeral", "is_number", "numerals"]

_NUMBER = re.compile(r"\d+(?:[.,']\d+)*")
_SPACED = re.compile(r"(?<![\d.,'])\d{1,3}(?: \d{3})+(?:[.,]\d+)?(?![\d.,']?\d)")
_MARKS, _FIGURES = re.compile(r"\D"), re.compile(r"\d")
_GROUPED = re.compile(r"\d+|[1-9]\d{0,2}(?:[.,' ]\d{3})+|[1-9]\d{0,2}(?:[.,' ]\d{2})+[.,' ]\d{3}")
"""Marks part thousands or, in India, hundreds above the first thousand."""
_MINUS = re.compile(r"(?:^|[^\w)])([-(]) ?(?:[a-z]{1,3}\b|[$€£¥₹₽₩])? ?$")
_CODE = re.compile(r"[a-z]+$")
_RUNS_ON, _LABEL = re.compile(r"[\d\w][-/:.,'_]$"), re.compile(r"(?:^|[^\w])[a-z]{1,4}\.$|[a-z]:$")
_GOES_ON = re.compile(r"[-/:_][\d\w]")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_UNIT = re.compile(
    r"(?:st|nd|rd|th|er|e|x|[mk]?g|lbs?|oz|t|[mc]?l|[cmk]?m|ft|in|yd|mi|h|[mun]?s|k?cal|[kmg]?hz|[km]?wh?|m?ah|[kmgt]?b"
    rf"|k?pa|bar|psi|px|pt|rpm|mph|pcs?|stk|{'|'.join(name for name in UNITS if name.isascii() and len(name) > 1)})\b"
)
_CURRENCIES = {
    *(code.lower() for code in CURRENCIES),
    *("rm", "rs", "rmb", "rp", "kr", "kn", "zl", "kc", "ft", "lei", "tl", "dm", "fr", "sfr"),
}
_SCALES = {
    **dict.fromkeys(("k", "thousand", "tausend"), 3),
    **dict.fromkeys(("m", "mn", "mio", "million", "millionen", "millions"), 6),
    **dict.fromkeys(("bn", "mrd", "billion", "milliarde", "milliarden"), 9),
    **{"lakh": 5, "crore": 7},
}
_SIDE = re.compile(r" ?(?:[cd]r|db|od)\b")
"""The side of an account behind an amount. Which of the two is negative is up to the account."""
_PERCENT = re.compile(r" ?%")
_AFTER = re.compile(rf"( ?%)|( ?(?:{'|'.join(_SCALES)})\b)")


class Numeral(NamedTuple):
    """A number in a text: what it may mean, and where it stands. `doubt` is 1 for a reading that needs good will, and 2
    for a cell of figures between commas that may as well be one number."""

    value: Decimal
    start: int
    end: int
    doubt: int


def is_number(written: str) -> bool:
    """Whether digits with marks between them can be one number.

    >>> is_number("1,234.50"), is_number("000,3.50,1")
    (True, False)
    """
    return bool(_values(written))


def numerals(text: str, wanted: Set[Decimal] | None = None) -> Iterator[Numeral]:
    """Every place in a folded text that may be one of the numbers, or any number."""
    digits = None if wanted is None else {"".join(map(str, one.as_tuple().digits)).strip("0") for one in wanted}
    for pattern in (_NUMBER, _SPACED):
        for found in pattern.finditer(text):
            for one in _read(text, found, digits):
                if wanted is None or one.value in wanted:
                    yield one


def _read(text: str, found: re.Match[str], digits: Set[str] | None) -> Iterator[Numeral]:
    """What figures with marks may be that have these digits: one number, or numbers in cells between commas."""
    written, start, end = found[0], *found.span()
    if digits is None or _MARKS.sub("", written).strip("0") in digits:
        yield from _readings(text, written, start, end)
    if "," in written or (text[start - 1 : start] == "," and not text[end : end + 1].isalnum()):
        doubt = 2 if _values(written) else 0
        for cell in written.split(","):
            if digits is None or _MARKS.sub("", cell).strip("0") in digits:
                sign, first, last = _sign(text, start, start + len(cell))
                percent = _PERCENT.match(text, last)
                for value in _values(cell):
                    yield Numeral(sign * value, first, last, doubt)
                    if percent:
                        yield Numeral(sign * value / 100, first, percent.end(), max(1, doubt))
            start += len(cell) + 1


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
        if side := _SIDE.match(text, end):
            yield Numeral(-sign * value, start_signed, side.end(), True)
        if after and after[1]:
            yield Numeral(sign * value / 100, start_signed, after.end(), True)
        elif after:
            yield Numeral(sign * value.scaleb(_SCALES[after[2].strip()]), start_signed, after.end(), loose)


def _values(written: str) -> list[Decimal]:
    """What digits with these marks may mean: `1.234` is two things, `1.234,5` one, `1.2.3` none."""
    if written.isdigit():
        return [Decimal(written)]
    marks = _FIGURES.sub("", written)
    whole, last, rest = written.rpartition(marks[-1])
    found = []
    if last in ".," and marks.count(last) == 1 and _GROUPED.fullmatch(whole):
        found.append(Decimal(f"{_MARKS.sub('', whole)}.{rest}"))
    if len(set(marks)) == 1 and _GROUPED.fullmatch(written):
        found.append(Decimal(_MARKS.sub("", written)))
    return found


def _loose(text: str, start: int, end: int) -> bool | None:
    """None for digits that are part of something else: a word, a code, a telephone number, a date. A year may be read
    out of a date."""
    before, after = text[max(0, start - 6) : start], text[end : end + 6]
    if (letters := _CODE.search(before)) and letters[0] not in _CURRENCIES:
        return None
    if after[:1].isalpha() and after[0].isascii() and not _UNIT.match(after) and not _AFTER.match(text, end):
        return None
    if (_RUNS_ON.search(before) and not _LABEL.search(before)) or _GOES_ON.match(after):
        return True if end - start == 4 and text[start] in "12" else None
    return False


def _sign(text: str, start: int, end: int) -> tuple[int, int, int]:
    before = _MINUS.search(text[max(0, start - 8) : start])
    if before and before[1] == "-":
        return -1, start - (len(before.string) - before.start(1)), end
    if before and text[end : end + 1] == ")":
        return -1, start - (len(before.string) - before.start(1)), end + 1
    if text[end : end + 1] == "-" and not text[end + 1 : end + 2].isalnum():
        return -1, start, end + 1
    return 1, start, end
