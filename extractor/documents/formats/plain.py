"""Text, Markdown, JSON and CSV: the text as it stands in the file."""

from __future__ import annotations

from extractor.documents.parsed import Parsed
from extractor.documents.source import Source
from extractor.documents.text import decode

__all__ = ["parse"]


def parse(data: bytes, source: Source) -> Parsed:
    """The decoded text, unchanged."""
    text, encoding, guess = decode(data)
    return Parsed(text, metadata={"encoding": encoding}, unread=(guess,) if guess else ())
