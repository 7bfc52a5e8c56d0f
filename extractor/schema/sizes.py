"""How large a wire schema is, and where it passes the limits of its dialect."""

from __future__ import annotations

from collections.abc import Mapping

from extractor.schema.dialects import Dialect
from extractor.schema.pointer import JSON
from extractor.schema.text import to_text

__all__ = ["excesses", "nesting"]


NESTING = frozenset(["additionalProperties", "anyOf", "items", "properties"])


def excesses(wire: Mapping[str, JSON], dialect: Dialect) -> dict[str, tuple[int, int]]:
    """The measures in which a wire schema passes the dialect's limits, each with its size and the limit."""
    depth, properties, branches = _measure(wire)
    measures = {
        "levels deep": (depth, dialect.max_depth),
        "properties": (properties, dialect.max_properties),
        "alternatives in one place": (branches, dialect.max_branches),
        "bytes": (len(to_text(wire).encode()), dialect.max_bytes),
    }
    return {what: (size, limit) for what, (size, limit) in measures.items() if limit is not None and size > limit}


def nesting(wire: Mapping[str, JSON]) -> int:
    """How many objects and lists stand within each other, each definition counted from its own root."""
    return _measure(wire)[0]


def _measure(wire: Mapping[str, JSON]) -> tuple[int, int, int]:
    """The nesting of a schema, the properties in it, and the most alternatives in one place, in one pass."""
    deepest = properties = most = 0
    ahead = [(schema, 1) for schema in (wire, *wire.get("$defs", {}).values())]
    while ahead:
        schema, depth = ahead.pop()
        deepest = max(deepest, depth)
        branches = schema.get("anyOf", ())
        most = max(most, len(branches))
        ahead += [(branch, depth) for branch in branches]
        declared = schema.get("properties", {})
        properties += len(declared)
        others = (schema.get("items"), schema.get("additionalProperties"))
        below = [*declared.values(), *(inner for inner in others if isinstance(inner, dict))]
        deepest = max(deepest, depth + bool(below))
        ahead += [(inner, depth + 1) for inner in below if not NESTING.isdisjoint(inner)]
    return deepest, properties, most
