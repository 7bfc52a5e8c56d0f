"""Where the values of a joined document stand, and how sure each one is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.documents.document import Document
from extractor.extraction.join import Joined
from extractor.merge.confidence import confidence
from extractor.merge.ground import Span, ground
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON

__all__ = ["grounded"]


def grounded(
    schema: Schema[Any], document: Document, value: JSON, joined: Joined, *, bound: bool
) -> tuple[Mapping[str, tuple[Span, ...]], Mapping[str, float]]:
    """Spans and confidence of every leaf of a value, by pointer. `bound`: answers can only be text of the document."""
    evidence = ground(value, document.text, schema=schema, quotes=_known(joined, "quote"), pages=document.pages)
    sure = confidence(
        evidence,
        agreement={**joined.agreement, **_known(joined, "votes")},
        repaired={fact.path for fact in joined.facts if fact.kind == "repaired"},
        logprobs=_known(joined, "logprob"),
        bound=bound,
    )
    return evidence, sure


def _known(joined: Joined, kind: str) -> dict[str, Any]:
    """Facts of one kind by pointer; of several about one place, the first."""
    return {fact.path: fact.value for fact in reversed(joined.facts) if fact.kind == kind}
