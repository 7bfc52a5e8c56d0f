"""EPUB: the chapters in reading order, each a page of its own after that of the title."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, join, normpath
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from selectolax.lexbor import LexborHTMLParser

from extractor.documents.archive import Archive
from extractor.documents.elements import properties
from extractor.documents.embedded import Embedded
from extractor.documents.formats.html import decode_html, html_parts
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
    root = archive.xml(package)
    about = properties(root)
    texts = ["\n".join(about[name] for name in ("title", "author") if name in about)]
    embedded = Embedded(archive)
    for page, chapter in enumerate(_spine(root, package), 2):
        if chapter not in archive:
            embedded.missing(f"{chapter}: it is not in the book")
        data = archive.read(chapter)
        html = decode_html(data).text if data.strip() else ""
        texts.append(embedded.part(html_parts(html), page))
        for name in _pictures(archive, chapter, html):
            embedded.picture(archive.read(name), name, page)
    text, pages = paginate(texts)
    return embedded.parsed(text, pages, {"pages": len(pages), **about})


def _package(archive: Archive) -> str:
    container = archive.xml("META-INF/container.xml")
    for element in container.iter("rootfile"):
        return element.get("full-path", "")
    raise DocumentError("the book is damaged: it names no content; fetch it again", kind="damaged")


def _spine(root: Element, package: str) -> Iterator[str]:
    targets = {node.get("id"): node.get("href", "") for node in root.iter("item")}
    for node in root.iter("itemref"):
        if node.get("idref") in targets:
            yield normpath(join(dirname(package), unquote(targets[node.get("idref")])))


def _pictures(archive: Archive, chapter: str, html: str) -> Iterator[str]:
    """The names of the pictures that a chapter shows."""
    for node in LexborHTMLParser(html).css("img, image") if "<im" in html.lower() else ():
        attributes = node.attributes
        target = attributes.get("src") or attributes.get("href") or attributes.get("xlink:href") or ""
        name = normpath(join(dirname(chapter), unquote(target.partition("#")[0])))
        if name in archive:
            yield name
