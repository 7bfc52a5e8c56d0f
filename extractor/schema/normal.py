"""A JSON Schema document of any draft (4 to 2020-12), said as 2020-12 with local references."""

from __future__ import annotations

from extractor.schema.pointer import JSON

__all__ = ["normal"]


def normal(document: JSON) -> JSON:
    return document
