"""Which of several kinds a document is: one short question about its beginning, before the schema of its kind is asked.

    schema    Receipt | Invoice | Contract
    asks      {"kind": "Receipt" | "Invoice" | "Contract" | "other"}, each described by the docstring of its class
    shows     the beginning: as much text as a context holds, or as many pages of a scan
    then      the schema of that kind is asked alone, as if it had been declared alone

A document of none of the kinds costs this question and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from extractor.call.asking import Settings
from extractor.call.effects import Flow
from extractor.documents.document import Document, Image
from extractor.extraction.answers import Reading
from extractor.extraction.extract import read_document
from extractor.extraction.parts import Layout, Sizes, picture_tokens
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.pointer import JSON

__all__ = ["OTHER", "ask_kind", "asks_kind", "kind_layout", "kind_question"]

OTHER = "other"
"""The kind of a document that is of none of the kinds."""


def kind_question(kinds: Sequence[Schema[JSON]]) -> Schema[JSON]:
    """The schema that asks for the kind."""
    known = {kind.name: kind.description.partition("\n\n")[0].replace("\n", " ") for kind in kinds}
    words = [f"{name}: {description}" for name, description in known.items() if description]
    kind = {
        "description": "\n".join(["What kind of document this is.", *words, f"{OTHER}: none of these."]),
        "enum": [*known, OTHER],
    }
    document = {"title": "Kind", "type": "object", "properties": {"kind": kind}, "required": ["kind"]}
    return compile_schema({**document, "additionalProperties": False})


def asks_kind(wire: Mapping[str, Any] | None) -> bool:
    """Whether a wire schema is that of the question about the kind."""
    properties = (wire or {}).get("properties", {})
    return list(properties) == ["kind"] and properties["kind"].get("enum", [""])[-1] == OTHER


def kind_layout(kinds: Sequence[Schema[JSON]], document: Document, sizes: Sizes) -> Layout:
    """The beginning of a document, and the question about it. Pictures are shown of pages that have no text."""
    whole = Layout(document, kind_question(kinds), sizes)
    end = whole.sums.reach(0, sizes.context) if whole.is_text else len(document.text)
    text = document.text[:end]
    pages = tuple(page for page in document.pages if page.start < end or not whole.is_text)
    tables = tuple(replace(table, end=min(table.end, end)) for table in document.tables if table.header < end)
    bare = {page.number for page in pages if not text[page.start : page.end].strip()}
    pictures = (image for image in document.images if not whole.is_text or image.page in bare)
    images = tuple(_fitting(pictures, sizes.context - whole.sums.tokens(0, end)))
    beginning = replace(document, text=text, pages=pages, tables=tables, images=images, boxes=())
    return Layout(beginning, whole.schema, sizes)


def _fitting(images: Iterator[Image], room: int) -> Iterator[Image]:
    """The first pictures, until there is no room."""
    for image in images:
        if room <= 0:
            return
        yield image
        room -= picture_tokens(image)


def ask_kind(layout: Layout, settings: Settings, *, rank: int = 0) -> Flow[tuple[str | None, tuple[Reading, ...]]]:
    """The name of the kind, OTHER, or None where no answer says it; and what was read."""
    readings = yield from read_document(layout.schema, layout, layout.parts(), replace(settings, tools=()), rank=rank)
    stated = (reading.rest for reading in readings)
    return next((str(each["kind"]) for each in stated if isinstance(each, dict) and each.get("kind")), None), readings
