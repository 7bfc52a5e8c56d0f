"""Slides, OpenDocument, books, and the formats of old."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from extractor.documents.document import Document
from extractor.errors import DocumentError
from tests.documents.making import archive, loaded, ole, relations

_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"


def slide(*shapes: str) -> str:
    return f'<p:sld xmlns:p="p" xmlns:a="a">{"".join(shapes)}</p:sld>'


def shape(text: str, x: int, y: int, kind: str = "") -> str:
    place = f'<a:off x="{x}" y="{y}"/>'
    title = f'<p:ph type="{kind}"/>' if kind else ""
    return f"<p:sp>{title}{place}<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"


def test_slides_are_read_as_the_eye_meets_them(tmp_path: Path) -> None:
    """In the order of the show, each from top to bottom and left to right, with its tables and notes."""
    cells = "<a:tr><a:tc><a:p><a:t>k</a:t></a:p></a:tc><a:tc><a:p><a:t>v</a:t></a:p></a:tc></a:tr>"
    frame = f'<p:graphicFrame><a:off x="0" y="5000000"/><a:tbl>{cells}</a:tbl></p:graphicFrame>'
    second = slide(frame, shape("right", 900, 2_000_010), shape("left", 5, 2_000_000), shape("Top", 0, 0, "title"))
    shown = '<p:sldIdLst><p:sldId r:id="b"/><p:sldId r:id="a"/></p:sldIdLst>'
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relations(("r", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'<p:presentation xmlns:p="p" xmlns:r="r">{shown}</p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(("a", "slide", "slides/1.xml"), ("b", "slide", "slides/2.xml")),
        "ppt/slides/1.xml": slide(shape("last", 0, 0)),
        "ppt/slides/2.xml": second,
        "ppt/slides/_rels/2.xml.rels": relations(("n", "notesSlide", "../notes.xml")),
        "ppt/notes.xml": slide(shape("say this", 0, 0)),
    }
    document = loaded(tmp_path, "a.pptx", archive(parts))
    assert document.text.split("\n\n")[:-1] == ["# Top", "left", "right", "| k | v |", "Notes: say this", "last"]
    assert document.page_at(document.text.index("last")) == 2


def opened(tmp_path: Path, kind: str, body: str, **parts: str) -> Document:
    namespaces = f'xmlns:text="{_TEXT}" xmlns:table="{_TABLE}" xmlns:office="o"'
    content = f"<office:document-content {namespaces}>{body}</office:document-content>"
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return loaded(tmp_path, "a.odt", archive({"mimetype": mimetype, "content.xml": content, **parts}))


def test_open_document_text_is_read(tmp_path: Path) -> None:
    """Headings, lists, spaces, notes and tables come out as they look."""
    body = '<text:h text:outline-level="2">T</text:h><text:p>a<text:s text:c="2"/>b<text:tab/>c</text:p>'
    body += "<text:list><text:list-item><text:p>one</text:p></text:list-item>"
    body += "<text:list-item><text:p>two</text:p></text:list-item></text:list>"
    note = "<text:note-body><text:p>note</text:p></text:note-body>"
    body += f"<text:p>x<text:note><text:note-citation>1</text:note-citation>{note}</text:note></text:p>"
    cells = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    body += f"<table:table><table:table-row>{cells.format('k')}{cells.format('v')}</table:table-row></table:table>"
    document = opened(tmp_path, "text", body)
    assert document.text == "## T\n\na  b\tc\n\n- one\n- two\n\nx[^1]\n\n| k | v |\n\n[^1]: note"
    assert document.metadata["format"] == "odt"


def test_open_document_text_that_is_encrypted_is_told(tmp_path: Path) -> None:
    """Its manifest says so."""
    with pytest.raises(DocumentError, match="encrypted") as caught:
        opened(tmp_path, "text", "<text:p>x</text:p>", **{"META-INF/manifest.xml": "<m><encryption-data/></m>"})
    assert caught.value.kind == "encrypted"


def test_a_book_is_its_chapters_in_order(tmp_path: Path) -> None:
    """The spine says what follows what, and the title stands first."""
    package = (
        '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>A book</dc:title></metadata>'
        '<manifest><item id="a" href="a%20b.xhtml"/><item id="c" href="../c.xhtml"/></manifest>'
        '<spine><itemref idref="c"/><itemref idref="a"/></spine></package>'
    )
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfile full-path="OPS/book.opf"/></container>',
        "OPS/book.opf": package,
        "OPS/a b.xhtml": "<html><body><h1>Two</h1></body></html>",
        "c.xhtml": "<html><body><h1>One</h1></body></html>",
    }
    document = loaded(tmp_path, "a.epub", archive(parts))
    assert document.text.split() == ["A", "book", "#", "One", "#", "Two"]
    assert (document.metadata["format"], document.metadata["title"]) == ("epub", "A book")


def old_word(text: str, *, flags: int = 0) -> bytes:
    """A Word 97 document of one eight-bit piece."""
    head = bytearray(2048)
    struct.pack_into("<HH", head, 0, 0xA5EC, 0x00C1)
    struct.pack_into("<H", head, 10, flags)
    plan = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, 0x40000000 | 2 * 2048, 0)
    clx = b"\x01\x02\x00ab" + b"\x02" + struct.pack("<I", len(plan)) + plan
    struct.pack_into("<II", head, 0x01A2, 0, len(clx))
    return ole({"WordDocument": bytes(head) + text.encode("cp1252"), "0Table": clx})


def test_old_word_files_are_read(tmp_path: Path) -> None:
    """Paragraphs, cells and the results of fields come out; instructions of fields do not."""
    data = old_word("Bill\rTotal \x13 PAGE \x1442\x15 EUR\rk\x07v\x07\x07after\r")
    document = loaded(tmp_path, "a.doc", data)
    assert document.text.split() == ["Bill", "Total", "42", "EUR", "|", "k", "|", "v", "|", "after"]
    assert document.metadata["format"] == "doc"
    with pytest.raises(DocumentError, match="encrypted"):
        loaded(tmp_path, "b.doc", old_word("x", flags=0x0100))


def test_old_slides_are_read(tmp_path: Path) -> None:
    """Texts come in order, also from containers within containers; those of the master slides are left out."""

    def atom(kind: int, data: bytes, version: int = 0) -> bytes:
        return struct.pack("<HHI", version, kind, len(data)) + data

    texts = atom(0x0FA0, "Größe\rTotal 42".encode("utf-16-le")) + atom(0x0FA8, b"narrow")
    stream = atom(0x03E8, atom(0x0FF0, texts, 0x0F) + atom(0x0FF0, atom(0x0FA8, b"click to edit"), 0x1F), 0x0F)
    document = loaded(tmp_path, "a.ppt", ole({"PowerPoint Document": stream}))
    assert document.text == "Größe\nTotal 42\n\nnarrow"


def test_an_ole_container_of_something_else_is_told(tmp_path: Path) -> None:
    """Installers and thumbnails are no documents."""
    with pytest.raises(DocumentError, match="no document in it") as caught:
        loaded(tmp_path, "a.msi", ole({"Something": b"else"}))
    assert caught.value.kind == "unsupported"
