"""A schema for a part of a document: nothing that the whole must say has to stand in every part of it."""

from __future__ import annotations

from typing import Any

from extractor.schema.compiler import Excerpt, Schema

__all__ = ["Excerpt", "excerpt"]


def excerpt(whole: Schema[Any]) -> Excerpt:
    """The schema to ask about parts with; what it allows beyond the whole is only that something is missing."""
    return whole.excerpt()
