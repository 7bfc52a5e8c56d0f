"""Numbers of lists: letters, Roman and Chinese numerals, counted as the paragraphs of a list go by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["WORD_FORMS", "Level", "label", "letters", "numeral", "roman"]

WORD_FORMS = {
    **{0: "1", 1: "I", 2: "i", 3: "A", 4: "a", 18: "①", 22: "01", 23: "bullet", 58: "а", 59: "А", 255: "none"},
    **dict.fromkeys((11, 33, 35, 37, 39), "一"),
}
"""The forms of the numbers of lists, as DOC and RTF number them."""

_PLACE = re.compile(r"%([1-9])")

_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L")),
    *((40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
_LATIN, _CYRILLIC = "abcdefghijklmnopqrstuvwxyz", "абвгдежзиклмнопрстуфхцчшщыэюя"
_CHINESE = "〇一二三四五六七八九"


def numeral(number: int, form: str) -> str:
    """A number in the form that its first specimen tells: 1, 01, a, A, i, I, ①, the Cyrillic а and А, or 一.

    >>> numeral(4, "i"), numeral(23, "一")
    ('iv', '二十三')
    """
    match form.partition(",")[0]:
        case "a" | "A" | "а" | "А" as first:
            text = letters(number, _LATIN if first.isascii() else _CYRILLIC)
            return text if first.islower() else text.upper()
        case "i" | "I" as first:
            return roman(number) if first == "I" else roman(number).lower()
        case "01":
            return f"{number:02}"
        case "一" if 0 < number < 100:
            tens, ones = divmod(number, 10)
            return _CHINESE[tens][: tens > 1] + "十"[: tens > 0] + _CHINESE[ones][: ones > 0]
        case "①" if 0 < number <= 20:
            return chr(ord("①") + number - 1)
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


def letters(number: int, alphabet: str = _LATIN) -> str:
    """a ... z, aa ... zz, as word processors count."""
    size = len(alphabet)
    return alphabet[(number - 1) % size] * min(1 + (number - 1) // size, 10) if number > 0 else ""


def roman(number: int) -> str:
    """I, II, III, IV ..."""
    text = ""
    for size, digits in _ROMAN:
        count, number = divmod(min(max(number, 0), 4_999), size)
        text += digits * count
    return text
