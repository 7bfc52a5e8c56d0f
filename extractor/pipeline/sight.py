"""What of a document a model is shown: pictures go to none that cannot see."""

from __future__ import annotations

from dataclasses import replace

from extractor.call.endpoint import sees
from extractor.documents.document import Document
from extractor.errors import DocumentError, Problem, install_hint

__all__ = ["as_seen"]


def as_seen(document: Document, model: str) -> tuple[Document, tuple[Problem, ...]]:
    """The document as the model can take it, and a problem where that is not all of it.

    Raises DocumentError where there is nothing but pictures and the model cannot see: no request could be answered.
    """
    if not document.images or sees(model):
        return document, ()
    ways = f"{model} sees none: use a model that sees, or OCR; {install_hint('ocr')}"
    if not document.text or document.text.isspace():
        raise DocumentError(f"{document.name}: there is no text in it, only pictures, and {ways}", kind="no_text")
    lost = len(document.images) - len({box.image for box in document.boxes})
    message = f"not read: {lost} picture{'s' if lost > 1 else ''} beside the text; {ways}"
    return replace(document, images=()), (Problem("", message),) if lost else ()
