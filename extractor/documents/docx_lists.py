"""The numbers in front of a Word document's paragraphs, which stand nowhere in its text: clause 4.2(b) among them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from extractor.documents.elements import child, has, local, number, setting, value

__all__ = ["Lists", "letters", "roman"]

_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L")),
    *((40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    form: str
    text: str


class Lists:
    """The lists of one document, counting as its paragraphs go by."""

    def __init__(self, root: Element) -> None:
        self._levels = {value(node, "abstractNumId"): _levels(node) for node in root if local(node) == "abstractNum"}
        self._kinds = {value(node, "numId"): setting(node, "abstractNumId") for node in root if local(node) == "num"}
        self._starts = {value(node, "numId"): _overrides(node) for node in root if local(node) == "num"}
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def label(self, number: str, depth: int) -> str:
        """What stands in front of the next paragraph of this list, with a space after it; "" outside lists."""
        kind = self._kinds.get(number, "")
        levels = self._levels.get(kind, {})
        level = levels.get(depth)
        if level is None or level.form == "none":
            return ""
        if level.form == "bullet":
            return "  " * depth + "- "
        self._count(number, kind, depth)
        text = _PLACE.sub(lambda place: self._shown(kind, int(place[1]) - 1), level.text)
        return f"{text} " if text else ""

    def _count(self, number: str, kind: str, depth: int) -> None:
        counts = self._counts[kind]
        override = self._starts[number].pop(depth, None)
        start = self._levels[kind][depth].start if override is None else override
        counts[depth] = start if override is not None or depth not in counts else counts[depth] + 1
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]

    def _shown(self, kind: str, depth: int) -> str:
        level = self._levels[kind].get(depth)
        if level is None:
            return ""
        count = self._counts[kind].setdefault(depth, level.start)
        match level.form:
            case "lowerLetter" | "upperLetter":
                text = letters(count)
                return text if level.form == "lowerLetter" else text.upper()
            case "lowerRoman" | "upperRoman":
                text = roman(count)
                return text if level.form == "upperRoman" else text.lower()
            case "decimalZero":
                return f"{count:02}"
        return str(count)


def letters(number: int) -> str:
    """a ... z, aa ... zz, as Word counts."""
    return chr(ord("a") + (number - 1) % 26) * min(1 + (number - 1) // 26, 10) if number > 0 else ""


def roman(number: int) -> str:
    """I, II, III, IV ..."""
    text = ""
    for size, digits in _ROMAN:
        count, number = divmod(min(max(number, 0), 4_999), size)
        text += digits * count
    return text


def _levels(node: Element) -> dict[int, _Level]:
    found = {}
    for level in node:
        depth = value(level, "ilvl")
        if local(level) == "lvl" and depth.isdigit():
            found[int(depth)] = _Level(
                number(child(level, "start"), "val", 1), setting(level, "numFmt"), setting(level, "lvlText")
            )
    return found


def _overrides(node: Element) -> dict[int, int]:
    found = {}
    for override in node:
        depth = value(override, "ilvl")
        if local(override) == "lvlOverride" and depth.isdigit() and has(override, "startOverride"):
            found[int(depth)] = number(child(override, "startOverride"), "val", 1)
    return found
