"""Word (DOCX, DOCM, DOTX), strict and transitional: what a reader sees, with headings, numbers of lists, and notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from extractor.documents.archive import Archive
from extractor.documents.docx_lists import Lists
from extractor.documents.docx_styles import Styles
from extractor.documents.elements import child, has, local, number, setting, value
from extractor.documents.parsed import Attachment, Parsed
from extractor.documents.tables import render_table

__all__ = ["parse"]

_UNSEEN = frozenset({"del", "moveFrom", "instrText", "delText", "rt", "pPr", "sectPr", "tblPr", "trPr", "tcPr"})
_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_ITEMS = re.compile(r"^( *- .*)\n\n(?= *- )", re.M)  # the items of a list stand close together
_FIRST_ROW = 0x20
_WIDEST = 100
_SYMBOLS = {0x6F: "☐", 0x71: "☐", 0x78: "☒", 0xA8: "☐", 0xFC: "✓", 0xFB: "✗", 0xFD: "☒", 0xFE: "☑", 0xB7: "•"}


def parse(archive: Archive, main: str) -> Parsed:
    """The headers, the text with its tables and boxes, the footers, then notes and comments; embedded files follow."""
    root = archive.xml(main)
    relations = archive.relations(main)
    reader = _Reader(archive, main, relations)
    body = reader.body(root)
    parts = {kind: [target for k, target in relations.values() if k == kind] for kind, _ in relations.values()}
    header = reader.parts(parts.get("header", []))
    footer = reader.parts(parts.get("footer", []))
    notes = [note for kind in ("footnotes", "endnotes") for part in parts.get(kind, []) for note in reader.notes(part)]
    comments = [comment for part in parts.get("comments", []) for comment in reader.comments(part)]
    blocks = [block for block in (*header, *body, *footer, *notes, *comments) if block.strip()]
    text = _ITEMS.sub(r"\1\n", "\n\n".join(blocks))
    embedded = [Attachment(name.rpartition("/")[2], archive.read(name)) for name in parts.get("package", [])]
    return Parsed(text, attachments=(*reader.chunks, *embedded))


class _Reader:
    """Reads one document's elements, with the styles and lists that they refer to."""

    def __init__(self, archive: Archive, main: str, relations: dict[str, tuple[str, str]]) -> None:
        self._archive, self._relations = archive, relations
        folder = main.rpartition("/")[0]
        self._styles = Styles(archive.xml(f"{folder}/styles.xml"))
        self._lists = Lists(archive.xml(f"{folder}/numbering.xml"))
        self._unseen = _UNSEEN
        self.chunks: list[Attachment] = []

    def body(self, root: Element) -> list[str]:
        """The document with its tracked changes accepted; what was moved and then lost is shown where it came from."""
        blocks = [block for block in self.blocks(root) if block.strip()]
        if not blocks:
            self._unseen = _UNSEEN - {"moveFrom"}
        return blocks or list(self.blocks(root))

    def blocks(self, parent: Element) -> Iterator[str]:
        """The paragraphs and tables below `parent`, in order."""
        for element in parent:
            match local(element):
                case "p":
                    yield from self._paragraph(element)
                case "tbl":
                    yield self._table(element)
                case "altChunk":
                    yield from self._chunk(element)
                case name if name not in self._unseen:
                    yield from self.blocks(element)

    def parts(self, names: Iterable[str]) -> list[str]:
        """The texts of headers or footers, each once."""
        texts = []
        for name in names:
            root = self._archive.xml(name)
            texts.append("\n".join(self.blocks(root)))
        return list(dict.fromkeys(texts))

    def notes(self, name: str) -> Iterator[str]:
        """Footnotes or endnotes, each with the number that stands in the text."""
        for note in self._archive.xml(name):
            if value(note, "type") in ("", "normal"):
                yield f"[^{value(note, 'id')}]: " + " ".join(self.blocks(note)).strip()

    def comments(self, name: str) -> Iterator[str]:
        """Comments, each with its author."""
        for comment in self._archive.xml(name):
            yield f"[comment by {value(comment, 'author') or 'unknown'}] " + " ".join(self.blocks(comment)).strip()

    def _paragraph(self, paragraph: Element) -> Iterator[str]:
        boxes: list[Element] = []
        text = "".join(self._inline(paragraph, boxes)).strip("\n ")
        properties = child(paragraph, "pPr")
        if text:
            level = self._styles.heading(properties)
            label = self._lists.label(*self._styles.numbering(properties))
            yield ("#" * level + " " if level else "") + label + text
        for box in boxes:
            yield from self.blocks(box)

    def _inline(self, parent: Element, boxes: list[Element]) -> Iterator[str]:
        """The characters of a paragraph; the text boxes anchored in it are put by, to follow it."""
        for element in parent:
            match local(element):
                case "t":
                    yield element.text or ""
                case "txbxContent":
                    boxes.append(element)
                case "AlternateContent":
                    yield from self._alternative(element, boxes)
                case "r" if has(child(element, "rPr"), "vanish"):
                    continue
                case "footnoteReference" | "endnoteReference":
                    yield f"[^{value(element, 'id')}]"
                case "sym":
                    yield _SYMBOLS.get(int(value(element, "char") or "0", 16) & 0xFF, "")
                case "checkBox":
                    yield "☒" if _is_ticked(element) else "☐"
                case name if name in _MARKS:
                    yield _MARKS[name]
                case name if name not in self._unseen:
                    yield from self._inline(element, boxes)

    def _alternative(self, element: Element, boxes: list[Element]) -> Iterator[str]:
        """The first rendering that says something: the others say the same again."""
        for choice in element:
            found: list[Element] = []
            text = "".join(self._inline(choice, found))
            if text.strip() or found:
                boxes.extend(found)
                yield text
                return

    def _table(self, table: Element) -> str:
        rows = [[cell for node in _rows(row, "tc") for cell in self._cell(node)] for row in _rows(table, "tr")]
        look = child(table, "tblPr", "tblLook")
        header = value(look, "firstRow") == "1" or int(value(look, "val") or "0", 16) & _FIRST_ROW
        return render_table(rows, header=bool(header))

    def _cell(self, cell: Element) -> list[str]:
        properties = child(cell, "tcPr")
        continued = has(properties, "vMerge") and setting(properties, "vMerge") != "restart"
        width = min(number(child(properties, "gridSpan"), "val", 1), _WIDEST)
        return ["" if continued else "\n".join(self.blocks(cell)), *[""] * (width - 1)]

    def _chunk(self, element: Element) -> Iterator[str]:
        """A document of another format in the midst of this one: HTML is read in place, others follow the text."""
        _, name = self._relations.get(value(element, "id"), ("", ""))
        data = self._archive.read(name)
        if name.lower().endswith((".htm", ".html", ".xhtml")):
            from extractor.documents.formats.html import decode_html, html_text

            yield html_text(decode_html(data).text)
        elif data:
            self.chunks.append(Attachment(name.rpartition("/")[2], data))


def _rows(parent: Element, name: str) -> Iterator[Element]:
    """The rows of a table or the cells of a row, also inside content controls and tracked insertions."""
    for element in parent:
        if local(element) == name:
            yield element
        elif local(element) in ("sdt", "sdtContent", "ins", "customXml", "smartTag"):
            yield from _rows(element, name)


def _is_ticked(box: Element) -> bool:
    state = "checked" if has(box, "checked") else "default"
    return has(box, state) and setting(box, state) not in ("0", "false")
