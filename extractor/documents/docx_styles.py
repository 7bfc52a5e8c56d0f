"""What the styles of a Word document say of its paragraphs: which are headings, which belong to a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from extractor.documents.archive import local

__all__ = ["Styles", "child", "value"]

_HEADING = re.compile(r"heading ([1-9])", re.I)


def child(element: Element | None, name: str) -> Element | None:
    """The first child of that local name."""
    return next((node for node in element if local(node) == name), None) if element is not None else None


def value(element: Element, name: str) -> str:
    """The attribute of that local name, "" where it is absent."""
    return next((text for key, text in element.items() if key.rpartition("}")[2] == name), "")


def _setting(element: Element | None, name: str) -> str:
    node = child(element, name)
    return value(node, "val") if node is not None else ""


class Styles:
    """The paragraph styles, each with those it is based on."""

    def __init__(self, root: Element | None) -> None:
        self._styles = {value(style, "styleId"): style for style in (root if root is not None else ())}

    def heading(self, properties: Element | None) -> int:
        """The level of a heading from 1 to 6, 0 for any other paragraph."""
        for source in self._chain(properties):
            level = _setting(child(source, "pPr") if local(source) == "style" else source, "outlineLvl")
            named = _HEADING.fullmatch(_setting(source, "name")) if local(source) == "style" else None
            if named or (level.isdigit() and int(level) < 9):
                return min(int(named[1]) if named else int(level) + 1, 6)
        return 0

    def numbering(self, properties: Element | None) -> tuple[str, int]:
        """The list that a paragraph belongs to and its depth there; ("", 0) where it belongs to none."""
        number = level = ""
        for source in self._chain(properties):
            mark = child(child(source, "pPr") if local(source) == "style" else source, "numPr")
            number = number or _setting(mark, "numId")
            level = level or _setting(mark, "ilvl")
        return number, int(level) if level.isdigit() else 0

    def _chain(self, properties: Element | None) -> Iterator[Element]:
        """Where a setting may stand: the paragraph itself, its style, and the styles below that one."""
        if properties is None:
            return
        yield properties
        seen: set[str] = set()
        name = _setting(properties, "pStyle")
        while name in self._styles and name not in seen:
            seen.add(name)
            yield self._styles[name]
            name = _setting(self._styles[name], "basedOn")
