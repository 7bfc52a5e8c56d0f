"""OpenDocument text and presentations (ODT, ODP)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from extractor.documents.archive import Archive
from extractor.documents.elements import ABSENT, local, number, value
from extractor.documents.parsed import Parsed
from extractor.documents.tables import render_table
from extractor.errors import DocumentError

__all__ = ["parse"]

_UNSEEN = frozenset({"tracked-changes", "sequence-decls", "forms", "automatic-styles", "font-face-decls", "scripts"})
_WIDEST = 100
_MARKS = {"tab": "\t", "line-break": "\n", "s": " "}


def parse(archive: Archive) -> Parsed:
    """The headers, then the text with its headings, lists and tables, then the footers; notes stand in place."""
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise DocumentError("the file is encrypted; save a copy without a password", kind="encrypted")
    root = archive.xml("content.xml")
    if root is ABSENT:
        raise DocumentError("the file is damaged: it has no readable content; fetch it again", kind="damaged")
    styles = archive.xml("styles.xml")
    blocks = [*_margins(styles, "header"), *_blocks(root, 0), *_margins(styles, "footer")]
    return Parsed("\n\n".join(block for block in blocks if block.strip()))


def _margins(styles: Element, name: str) -> list[str]:
    nodes = (node for node in styles.iter() if local(node) == name)
    return list(dict.fromkeys("\n".join(_blocks(node, 0)) for node in nodes))


def _blocks(parent: Element, depth: int) -> Iterator[str]:
    for element in parent:
        match local(element):
            case "p" | "h":
                yield from _paragraph(element)
            case "list":
                yield "\n".join(_items(element, depth))
            case "table":
                yield render_table([list(_cells(row)) for row in _rows(element)], header=True)
            case name if name not in _UNSEEN:
                yield from _blocks(element, depth)


def _paragraph(element: Element) -> Iterator[str]:
    boxes: list[Element] = []
    text = "".join(_inline(element, boxes)).strip()
    level = value(element, "outline-level")
    yield "#" * min(int(level), 6) + " " + text if local(element) == "h" and level.isdigit() and text else text
    for box in boxes:
        yield from _blocks(box, 0)


def _items(parent: Element, depth: int) -> Iterator[str]:
    for item in parent:
        for place, block in enumerate(_blocks(item, depth + 1)):
            nested = block.lstrip().startswith("- ")
            yield block if nested or place else "  " * depth + "- " + block


def _inline(parent: Element, boxes: list[Element]) -> Iterator[str]:
    yield parent.text or ""
    for element in parent:
        match local(element):
            case "text-box":
                boxes.append(element)
            case "note":
                yield " [" + " ".join("".join(_inline(element, boxes)).split()) + "]"
            case "annotation" | "note-citation":
                pass
            case name if name in _MARKS:
                yield _MARKS[name] * min(number(element, "c", 1), _WIDEST)
            case _:
                yield from _inline(element, boxes)
        yield element.tail or ""


def _rows(table: Element) -> Iterator[Element]:
    for element in table:
        if local(element) == "table-row":
            yield element
        elif local(element) in ("table-rows", "table-header-rows", "table-row-group"):
            yield from _rows(element)


def _cells(row: Element) -> Iterator[str]:
    for cell in row:
        if local(cell) in ("table-cell", "covered-table-cell"):
            times = min(number(cell, "number-columns-repeated", 1), _WIDEST)
            yield from ["\n".join(_blocks(cell, 0))] * times
