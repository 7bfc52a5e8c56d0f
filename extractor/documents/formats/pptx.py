"""PowerPoint (PPTX): each slide a page, shapes from top to bottom, then notes and comments."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from extractor.documents.archive import Archive
from extractor.documents.elements import local
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.tables import render_table

__all__ = ["parse"]

_MARKS = {"br": "\n", "tab": "\t"}


def parse(archive: Archive, main: str) -> Parsed:
    """The slides in the order they are shown."""
    text, pages = paginate(_slide(archive, name) for name in _slides(archive, main))
    return Parsed(text, pages, metadata={"pages": len(pages)})


def _slides(archive: Archive, main: str) -> Iterator[str]:
    relations = archive.relations(main)
    root = archive.xml(main)
    for element in root.iter():
        if local(element) == "sldId":
            names = [relations[value] for value in element.attrib.values() if value in relations]
            yield from (target for kind, target in names if kind == "slide")


def _slide(archive: Archive, name: str) -> str:
    blocks = _shapes(archive.xml(name))
    for kind, target in archive.relations(name).values():
        if kind == "notesSlide":
            blocks += [f"Notes: {text}" for text in _shapes(archive.xml(target)) if not text.isdigit()]
        elif kind in ("comments", "comment"):
            blocks += [f"Comment: {text}" for text in _comments(archive.xml(target))]
    return "\n\n".join(blocks)


def _shapes(root: Element) -> list[str]:
    """The texts of a slide's shapes as the eye meets them: those without a place of their own (titles) first."""
    found = list(_texts(root, (0, 0)))
    return [text for _, text in sorted(found, key=lambda shape: shape[0])]


def _texts(parent: Element, place: tuple[int, int]) -> Iterator[tuple[tuple[int, int], str]]:
    for element in parent:
        match local(element):
            case "sp" | "graphicFrame" | "cxnSp" | "pic":
                text = _text(element)
                if text:
                    yield _place(element) or place, text
            case "grpSp":
                yield from _texts(element, _place(element) or place)
            case "AlternateContent":
                yield from _texts(element[0], place) if len(element) else ()
            case _:
                yield from _texts(element, place)


def _place(shape: Element) -> tuple[int, int] | None:
    """Top and left, in bands of a quarter inch so that shapes side by side read from left to right."""
    for element in shape.iter():
        if local(element) == "off":
            top, left = element.get("y", "0"), element.get("x", "0")
            return (
                (int(top) // 228_600, int(left)) if top.lstrip("-").isdigit() and left.lstrip("-").isdigit() else None
            )
    return None


def _text(shape: Element) -> str:
    for element in shape.iter():
        if local(element) == "tbl":
            rows = [[_lines(cell) for cell in row if local(cell) == "tc"] for row in element if local(row) == "tr"]
            return render_table(rows, header=True)
    title = any(local(e) == "ph" and e.get("type") in ("title", "ctrTitle") for e in shape.iter())
    text = _lines(shape)
    return f"# {text}" if title and text else text


def _lines(parent: Element) -> str:
    paragraphs = ("".join(_characters(p)).strip() for p in parent.iter() if local(p) == "p")
    return "\n".join(text for text in paragraphs if text)


def _characters(paragraph: Element) -> Iterator[str]:
    for element in paragraph.iter():
        name = local(element)
        if name == "t":
            yield element.text or ""
        elif name in _MARKS:
            yield _MARKS[name]


def _comments(root: Element) -> Iterator[str]:
    for element in root.iter():
        if local(element) == "cm":
            texts = (part.text or "" for part in element.iter() if local(part) in ("text", "t"))
            yield " ".join(" ".join(texts).split())
