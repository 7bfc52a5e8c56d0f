"""Several JSON Schemas that must all hold, said as one as far as its shape goes.

The result admits every value that all of them admit. What cannot be said in one schema is kept under `ALSO`, so that
nothing is lost to the words for the model; exactness is the validator's work, not this file's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from extractor.schema.keywords import ALSO, ANNOTATIONS
from extractor.schema.pointer import JSON

__all__ = ["combine"]


def combine(first: Mapping[str, JSON], second: Mapping[str, JSON]) -> dict[str, JSON]:
    """One schema for both; where only one annotation can stay, it is that of `first`."""
    merged, left = dict(first), {}
    for keyword, theirs in second.items():
        if keyword not in merged:
            merged[keyword] = theirs
        elif merged[keyword] != theirs and keyword in RULES:
            merged[keyword] = RULES[keyword](merged[keyword], theirs)
        elif merged[keyword] != theirs and keyword not in ANNOTATIONS:
            left[keyword] = theirs
    if left:
        merged[ALSO] = [*merged.get(ALSO, []), left]
    return merged


def both(ours: JSON, theirs: JSON) -> JSON:
    """A schema that asks for the two of them."""
    if ours is False or theirs is False:
        return False
    if ours in (True, {}, theirs):
        return theirs
    return ours if theirs in (True, {}) else {"allOf": [ours, theirs]}


def _types(ours: JSON, theirs: JSON) -> JSON:
    left, right = ([each] if isinstance(each, str) else each for each in (ours, theirs))
    shared = [each for each in left if each in right or (each == "integer" and "number" in right)]
    shared += [each for each in right if each == "integer" and "number" in left and each not in shared]
    return shared[0] if len(shared) == 1 else shared


def _properties(ours: JSON, theirs: JSON) -> JSON:
    return {**ours, **{name: both(ours.get(name, True), schema) for name, schema in theirs.items()}}


def _positions(ours: JSON, theirs: JSON) -> JSON:
    longer = ours if len(ours) >= len(theirs) else theirs
    return [both(left, right) for left, right in zip(ours, theirs, strict=False)] + longer[
        min(len(ours), len(theirs)) :
    ]


def _union(ours: JSON, theirs: JSON) -> JSON:
    return [*ours, *(each for each in theirs if each not in ours)]


RULES: dict[str, Callable[[Any, Any], Any]] = {
    "additionalProperties": both,
    "allOf": _union,
    ALSO: _union,
    "enum": lambda ours, theirs: [each for each in ours if each in theirs],
    "exclusiveMaximum": min,
    "exclusiveMinimum": max,
    "items": both,
    "maxItems": min,
    "maxLength": min,
    "maxProperties": min,
    "maximum": min,
    "minItems": max,
    "minLength": max,
    "minProperties": max,
    "minimum": max,
    "patternProperties": _properties,
    "prefixItems": _positions,
    "properties": _properties,
    "propertyNames": both,
    "required": _union,
    "type": _types,
    "unevaluatedItems": both,
    "unevaluatedProperties": both,
}
