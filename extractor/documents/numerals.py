"""Numbers of lists: letters, Roman numerals, and the numbers that a list gives to its paragraphs as they go by."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Level", "Numbering", "letters", "numeral", "roman"]

_PLACE = re.compile(r"%([1-9])")

_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L")),
    *((40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)


def numeral(number: int, form: str) -> str:
    """A number in the form that its first specimen tells: 1, 01, a, A, i or I.

    >>> numeral(4, "i")
    'iv'
    """
    match form:
        case "a" | "A":
            return letters(number) if form == "a" else letters(number).upper()
        case "i" | "I":
            return roman(number) if form == "I" else roman(number).lower()
        case "01":
            return f"{number:02}"
    return str(number)


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list: its first number, the form of its numbers (also `bullet` and `none`), and what is written.

    `text` holds `%1` for the number of the outermost level, and so on, as in `%1.%2)`.
    """

    start: int
    form: str
    text: str


class Numbering:
    """Lists by name, each with its levels by depth; counts as their paragraphs go by."""

    def __init__(self, lists: Mapping[str, Mapping[int, Level]]) -> None:
        self._lists = lists
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def label(self, name: str, depth: int, restart: int | None = None) -> str:
        """What stands in front of the next paragraph of this list, with a space after it; "" outside lists."""
        level = self._lists.get(name, {}).get(depth)
        if level is None or level.form == "none":
            return ""
        if level.form == "bullet":
            return "  " * depth + "- "
        counts = self._counts[name]
        begins = restart is not None or depth not in counts
        counts[depth] = (level.start if restart is None else restart) if begins else counts[depth] + 1
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        text = _PLACE.sub(lambda place: self._spelled(name, int(place[1]) - 1), level.text)
        return f"{text} " if text else ""

    def _spelled(self, name: str, depth: int) -> str:
        level = self._lists[name].get(depth)
        return numeral(self._counts[name].setdefault(depth, level.start), level.form) if level else ""


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
