"""PDF, by PDFium."""

from __future__ import annotations

import pypdfium2  # type: ignore[import-untyped]

from extractor.documents.parsed import Parsed, paginate
from extractor.documents.source import Source

__all__ = ["parse"]


def parse(data: bytes, source: Source) -> Parsed:
    """The text of each page."""
    pdf = pypdfium2.PdfDocument(data, password=source.password)
    texts = [page.get_textpage().get_text_bounded() for page in pdf]
    text, pages = paginate(texts)
    return Parsed(text, pages)
