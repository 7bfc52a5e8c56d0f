"""EPUB: the chapters in reading order, each a page of its own after that of the title."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from extractor.documents.archive import Archive
from extractor.documents.elements import properties
from extractor.documents.embedded import Embedded
from extractor.documents.formats.html import decode_html, html_text
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.source import Source
from extractor.errors import DocumentError

__all__ = ["parse"]


def parse(data: bytes, source: Source) -> Parsed:
    """Title and author, then the text of every part of the spine, and its pictures."""
    archive = Archive(data, source.limits)
    if "META-INF/rights.xml" in archive:
        raise DocumentError("the book is encrypted (DRM); get a copy without it", kind="encrypted")
    package = _package(archive)
    about = properties(archive.xml(package))
    head = "\n".join(about[name] for name in ("title", "author") if name in about)
    names = list(_spine(archive, package))
    text, pages = paginate([head, *(_chapter(archive, name) for name in names)])
    embedded = Embedded(archive)
    for page, chapter in enumerate(names, 2):
        if chapter not in archive:
            embedded.missing(f"{chapter}: it is not in the book")
        for name in _pictures(archive, chapter):
            embedded.picture(archive.read(name), name, page)
    return embedded.parsed(text, pages, {"pages": len(pages), **about})


def _package(archive: Archive) -> str:
    container = archive.xml("META-INF/container.xml")
    for element in container.iter("rootfile"):
        return element.get("full-path", "")
    raise DocumentError("the book is damaged: it names no content; fetch it again", kind="damaged")


def _spine(archive: Archive, package: str) -> Iterator[str]:
    root = archive.xml(package)
    targets = {node.get("id"): node.get("href", "") for node in root.iter("item")}
    for node in root.iter("itemref"):
        if node.get("idref") in targets:
            yield normpath(join(dirname(package), unquote(targets[node.get("idref")])))


def _chapter(archive: Archive, name: str) -> str:
    data = archive.read(name)
    return html_text(decode_html(data).text) if data.strip() else ""


def _pictures(archive: Archive, chapter: str) -> Iterator[str]:
    """The names of the pictures that a chapter shows."""
    data = archive.read(chapter)
    for node in LexborHTMLParser(decode_html(data).text).css("img, image") if data.strip() else ():
        attributes = node.attributes
        target = attributes.get("src") or attributes.get("href") or attributes.get("xlink:href") or ""
        name = normpath(join(dirname(chapter), unquote(target.partition("#")[0])))
        if name in archive:
            yield name
