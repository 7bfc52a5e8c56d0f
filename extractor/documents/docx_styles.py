"""What the styles of a Word document say of its paragraphs: which are headings, which belong to a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from extractor.documents.elements import child, local, setting, value

__all__ = ["Styles"]

_HEADING = re.compile(r"heading ([1-9])", re.I)


class Styles:
    """The paragraph styles, each with those it is based on."""

    def __init__(self, root: Element) -> None:
        self._styles = {value(style, "styleId"): style for style in root}

    def heading(self, properties: Element) -> int:
        """The level of a heading from 1 to 6, 0 for any other paragraph."""
        for source in self._chain(properties):
            level = setting(_paragraph(source), "outlineLvl")
            named = _HEADING.fullmatch(setting(source, "name")) if local(source) == "style" else None
            if named or (level.isdigit() and int(level) < 9):
                return min(int(named[1]) if named else int(level) + 1, 6)
        return 0

    def numbering(self, properties: Element) -> tuple[str, int]:
        """The list that a paragraph belongs to and its depth there; ("", 0) where it belongs to none."""
        number = level = ""
        for source in self._chain(properties):
            mark = child(_paragraph(source), "numPr")
            number = number or setting(mark, "numId")
            level = level or setting(mark, "ilvl")
        return number, int(level) if level.isdigit() else 0

    def _chain(self, properties: Element) -> Iterator[Element]:
        """Where a setting may stand: the paragraph itself, its style, and the styles below that one."""
        yield properties
        seen: set[str] = set()
        name = setting(properties, "pStyle")
        while name in self._styles and name not in seen:
            seen.add(name)
            yield self._styles[name]
            name = setting(self._styles[name], "basedOn")


def _paragraph(source: Element) -> Element:
    """The settings of a paragraph, be they its own or those of a style."""
    return child(source, "pPr") if local(source) == "style" else source
