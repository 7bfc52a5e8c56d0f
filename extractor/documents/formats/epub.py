"""EPUB: the chapters in reading order, each a page of its own after that of the title."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from extractor.documents.archive import Archive
from extractor.documents.elements import local
from extractor.documents.formats.html import decode_html, html_text
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.properties import properties
from extractor.errors import DocumentError

__all__ = ["parse"]


def parse(archive: Archive) -> Parsed:
    """Title and author, then the text of every part of the spine."""
    if "META-INF/rights.xml" in archive:
        raise DocumentError("the book is encrypted (DRM); get a copy without it", kind="encrypted")
    package = _package(archive)
    about = properties(archive.xml(package))
    head = "\n".join(about[name] for name in ("title", "author") if name in about)
    text, pages = paginate([head, *(_chapter(archive, name) for name in _spine(archive, package))])
    return Parsed(text, pages, metadata={"pages": len(pages), **about})


def _package(archive: Archive) -> str:
    container = archive.xml("META-INF/container.xml")
    for element in container.iter():
        if local(element) == "rootfile":
            return element.get("full-path", "")
    raise DocumentError("the book is damaged: it names no content; fetch it again", kind="damaged")


def _spine(archive: Archive, package: str) -> Iterator[str]:
    root = archive.xml(package)
    nodes = list(root.iter())
    targets = {node.get("id"): node.get("href", "") for node in nodes if local(node) == "item"}
    for node in nodes:
        if local(node) == "itemref" and node.get("idref") in targets:
            yield normpath(join(dirname(package), unquote(targets[node.get("idref")])))


def _chapter(archive: Archive, name: str) -> str:
    data = archive.read(name)
    return html_text(decode_html(data).text) if data.strip() else ""
