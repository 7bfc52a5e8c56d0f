"""Numbers of lists: letters, Roman numerals, and the numbers that a list gives to its paragraphs as they go by."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["WORD_FORMS", "Level", "Numbering", "label", "letters", "numeral", "roman"]

WORD_FORMS = {0: "1", 1: "I", 2: "i", 3: "A", 4: "a", 22: "01", 23: "bullet", 255: "none"}
"""The forms of the numbers of lists, as DOC and RTF number them."""

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

    `text` holds `%1` for the number of the outermost level, and so on, as in `%1.%2)`. `legal` writes all of them in
    figures. The count restarts after an item of a level above the depth `restarts`.
    """

    start: int
    form: str
    text: str
    legal: bool = False
    restarts: int = 9


def label(levels: Mapping[int, Level], depth: int, counts: dict[int, int], restart: int | None = None) -> str:
    """What stands in front of the next paragraph of a list, with a space after it; "" where the list has no such level.

    `counts` are the numbers of the list so far, by depth, from 0 on; the next one is written there.

    >>> counts = {}
    >>> levels = {0: Level(1, "1", "%1."), 1: Level(1, "a", "%1.%2)")}
    >>> [label(levels, depth, counts) for depth in (0, 1, 1, 0, 1)]
    ['1. ', '1.a) ', '1.b) ', '2. ', '2.a) ']
    """
    level = levels.get(depth)
    if level is None or level.form == "none":
        return ""
    if level.form == "bullet":
        return "  " * depth + "- "
    begins = restart is not None or depth not in counts
    counts[depth] = (level.start if restart is None else restart) if begins else counts[depth] + 1
    for deeper in [other for other in counts if other > depth]:
        if deeper not in levels or depth < levels[deeper].restarts:
            del counts[deeper]

    def spelled(place: re.Match[str]) -> str:
        outer = levels.get(int(place[1]) - 1)
        count = counts.setdefault(int(place[1]) - 1, outer.start) if outer else 0
        return numeral(count, "1" if level.legal else outer.form) if outer else ""

    text = _PLACE.sub(spelled, level.text)
    return f"{text} " if text else ""


class Numbering:
    """Lists by name, each with its levels by depth; counts as their paragraphs go by."""

    def __init__(self, lists: Mapping[str, Mapping[int, Level]]) -> None:
        self._lists = lists
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def label(self, name: str, depth: int, restart: int | None = None) -> str:
        """What stands in front of the next paragraph of this list, with a space after it; "" outside lists."""
        return label(self._lists.get(name, {}), depth, self._counts[name], restart)


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
