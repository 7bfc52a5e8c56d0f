"""Where the values of a joined document stand, and how likely each one is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extractor.documents.document import Document
from extractor.extraction.confidence import confidence
from extractor.extraction.ground import Span, ground
from extractor.extraction.join import Joined
from extractor.extraction.parts import Part
from extractor.extraction.within import items_at
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, join

__all__ = ["grounded"]


def grounded(
    schema: Schema[Any], document: Document, value: JSON, joined: Joined, *, bound: bool
) -> tuple[Mapping[str, tuple[Span, ...]], Mapping[str, float]]:
    """Spans and confidence of every leaf of a value, by pointer. `bound`: answers can only be text of the document."""
    rows = {
        path: list(_ranges(items_at(value, path), items, len(document.text))) for path, items in joined.rows.items()
    }
    evidence = ground(
        value,
        document.text,
        schema=schema,
        quotes=_known(joined, "quote"),
        pages=document.pages,
        rows=rows if document.text else None,
        pictures=dict(_pictures(document, joined)),
    )
    likely = confidence(
        evidence,
        agreement={**joined.agreement, **_known(joined, "votes")},
        repaired={fact.path for fact in joined.facts if fact.kind == "repaired"},
        logprobs=_known(joined, "logprob"),
        bound=bound,
    )
    return evidence, likely


def _ranges(items: Sequence[JSON], parts: Sequence[Sequence[Part]], size: int) -> Iterator[list[tuple[int, int]]]:
    """Where each item of a list stands: in its parts; the last of a part that holds a list may go on into others."""
    for index, own in enumerate(parts):
        item, after = items[index] if index < len(items) else None, parts[index + 1] if index + 1 < len(parts) else ()
        ranges = [(part.start, part.end) for part in own]
        long = isinstance(item, dict) and any(isinstance(inner, list) and inner for inner in item.values())
        if long and ranges and (not after or after[0] != own[-1]):
            ranges[-1] = (ranges[-1][0], after[0].end if after else size)
        yield ranges


def _known(joined: Joined, kind: str) -> dict[str, Any]:
    """Facts of one kind by pointer; of several about one place, the first."""
    return {fact.path: fact.value for fact in reversed(joined.facts) if fact.kind == kind}


def _pictures(document: Document, joined: Joined) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The pages of the pictures that each item of a list, and all the rest, was read from."""
    if document.images:
        yield "", _pages(document.images)
    for path, items in joined.rows.items():
        for index, parts in enumerate(items):
            if pages := _pages([image for part in parts for image in part.images]):
                yield join(path, index), pages


def _pages(images: Any) -> tuple[int, ...]:
    return tuple(dict.fromkeys(image.page for image in images if image.page is not None))
