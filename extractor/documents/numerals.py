"""Numbers of lists: letters and Roman numerals."""

from __future__ import annotations

__all__ = ["letters", "numeral", "roman"]

_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L")),
    *((40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)


def numeral(number: int, form: str) -> str:
    """A number in the form that its first specimen tells: 1, a, A, i or I.

    >>> numeral(4, "i")
    'iv'
    """
    match form:
        case "a" | "A":
            return letters(number) if form == "a" else letters(number).upper()
        case "i" | "I":
            return roman(number) if form == "I" else roman(number).lower()
    return str(number)


def letters(number: int) -> str:
    """a ... z, aa ... zz, as word processors count."""
    return chr(ord("a") + (number - 1) % 26) * min(1 + (number - 1) // 26, 10) if number > 0 else ""


def roman(number: int) -> str:
    """I, II, III, IV ..."""
    text = ""
    for size, digits in _ROMAN:
        count, number = divmod(min(max(number, 0), 4_999), size)
        text += digits * count
    return text
