"""What of a cut answer is whole, and from where on the text has to be read again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from extractor.extraction.ground import ground
from extractor.merge.identity import guessed
from extractor.pipeline.work import Piece
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON

__all__ = ["salvaged"]

_LEAST = 3
"""Items of which the last, which may be half an item, is left out."""

_ORDERED = 0.9
"""The share of neighbours that must stand in the order of the text, for the text to be told by them."""


def salvaged(schema: Schema[Any], piece: Piece) -> tuple[Piece, int] | None:
    """The whole items of a cut answer, and the offset in the document where the last of them begins.

    None unless the answer can only have been cut in one list of objects, after everything else was said, and its
    items follow the text: then all that is missing stands from that offset on.
    """
    chunk, answer = piece.chunk, piece.answer
    name = _last_field(schema)
    items = answer.value.get(name) if isinstance(answer.value, dict) and not answer.problems else None
    if not isinstance(items, list) or len(items) < _LEAST or not all(isinstance(item, dict) for item in items):
        return None
    places = _places(schema, name, items[:-1], chunk.text)
    if places is None:
        return None
    before, begin, end = places
    begin = _paragraph(chunk.text, before, begin)
    if not begin:
        return None
    if _named(schema, name, items):
        end = len(chunk.text)
    gone = (f"/{name}", f"/{name}/{len(items) - 1}/")
    counts = {path: count for path, count in answer.counts.items() if path != gone[0] and not path.startswith(gone[1])}
    value = {**answer.value, name: items[:-1]}
    start, end = chunk.start + begin, chunk.start + end
    return Piece(replace(chunk, end=end), replace(answer, value=value, truncated=False, counts=counts)), start


def _named(schema: Schema[Any], name: str, items: list[JSON]) -> bool:
    """Whether items are joined by name: what else the text says of them may then be told twice, wherever it stands."""
    field = schema.field(f"/{name}")
    return bool((field and field.keys) or guessed([items[:-1]]).ways)


def _paragraph(text: str, before: int, offset: int) -> int:
    """Where the paragraph around an offset begins, or its line where that is far off or begins with what stands
    `before`; 0 at the very beginning."""
    line = text.rfind("\n", 0, offset) + 1
    paragraph = text.rfind("\n\n", 0, offset) + 2
    return max(before, paragraph if 2 * paragraph > line and paragraph >= before else line)


def _last_field(schema: Schema[Any]) -> str:
    """The declared name of what an answer says last; "" where that is no field of the whole."""
    fields = list(schema.wire.get("properties", {}))
    return schema.declared_path(f"/{fields[-1]}").removeprefix("/") if fields else ""


def _places(schema: Schema[Any], name: str, items: list[JSON], text: str) -> tuple[int, int, int] | None:
    """Where what stands before the last item ends, where that begins and ends; None if items do not follow the text."""
    evidence = ground({name: items}, text, schema=schema)
    spans: list[list[tuple[int, int]]] = [[] for _ in items]
    for pointer, found in evidence.items():
        spans[int(pointer.split("/")[2])] += [
            (span.start, span.end) for span in found if span.start is not None and span.end is not None
        ]
    begins = [min(one)[0] for one in spans if one]
    ordered = sum(first <= second for first, second in pairwise(begins))
    if not spans[-1] or ordered < _ORDERED * (len(items) - 1):
        return None
    before = max((end for one in spans[:-1] for _, end in one if end <= begins[-1]), default=0)
    return before, begins[-1], max(end for _, end in spans[-1])
