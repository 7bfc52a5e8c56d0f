"""What the keywords of JSON Schema are about, and several schemas that must all hold said as one.

combine({"type": "integer", "minimum": 1}, {"type": "number", "maximum": 9})
# {"type": "integer", "minimum": 1, "maximum": 9}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from extractor.schema.pointer import JSON

__all__ = [
    "ANNOTATIONS",
    "FORMATS",
    "NARROWING",
    "NUMERIC",
    "REFUSED",
    "RULES",
    "WHOLE",
    "combine",
    "facts_of",
    "foreign_to",
    "is_never",
    "is_of",
    "referring",
    "says_shape",
    "types_of",
]

ALSO = "x-also"
"""The keyword under which schemas are kept that could not be folded into the one they hold beside."""

REFUSED = "x-refused"
"""The keyword that marks what cannot be declared, with the construct and the remedy."""

WHOLE = "x-whole"
"""The keyword that takes no number written with a fraction, not even `1.0`."""

ANNOTATIONS = frozenset(
    ["$comment", "default", "deprecated", "description", "example", "examples", "readOnly", "title"]
) | {*["readOnly", "title", "writeOnly", "x-key", "x-label", "x-members", "x-merge", "x-names", "x-quote"]}
RULES = frozenset(["anyOf", "dependentSchemas", "else", "if", "not", "oneOf", "then", ALSO])
"""Keywords whose schemas hold for the value itself, without giving it its shape."""

SHAPE = frozenset(["$ref", "additionalProperties", "allOf", "anyOf", "const", "enum", "items", "oneOf"]) | {
    *["patternProperties", "prefixItems", "properties", "type", "unevaluatedProperties"]
}
NUMERIC = frozenset(["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"])
CONTENT = frozenset(["contentEncoding", "contentMediaType", "contentSchema"])
TEXTUAL = CONTENT | {"format", "maxLength", "minLength", "pattern"}
NARROWING = {
    "array": frozenset(["contains", "maxContains", "maxItems", "minContains", "minItems", "uniqueItems"]),
    "decimal": NUMERIC | {"format", "x-digits", "x-places"},
    "integer": NUMERIC,
    "number": NUMERIC,
    "object": frozenset(["dependentRequired", "maxProperties", "minProperties", "propertyNames"]),
    "string": TEXTUAL,
}
"""The keywords that narrow the values of each kind."""

IMPLYING = {
    "object": NARROWING["object"]
    | {"additionalProperties", "dependentSchemas", "patternProperties", "properties", "required"}
    | {"unevaluatedProperties"},
    "array": NARROWING["array"] | {"items", "prefixItems", "unevaluatedItems"},
    "string": TEXTUAL,
    "number": NUMERIC,
}
"""The keywords that are taken for a declaration of the type, where none is declared."""

FORMATS = {
    "base64": "bytes",
    "base64url": "bytes",
    "binary": "bytes",
    "byte": "bytes",
    "bytes": "bytes",
    "date": "date",
    "date-time": "datetime",
    "decimal": "decimal",
    "duration": "duration",
    "email": "email",
    "idn-email": "email",
    "iri": "url",
    "time": "time",
    "uri": "url",
    "url": "url",
    "uuid": "uuid",
}
"""What a string of a format stands for."""

OF_TYPE: dict[str, type] = {"array": list, "boolean": bool, "null": type(None), "object": dict, "string": str}


def is_never(schema: JSON) -> bool:
    """Whether no value at all can satisfy the schema, as far as can be seen at once."""
    if isinstance(schema, dict):
        return schema.get("not") in (True, {}) or schema.get("type") == [] or schema.get("enum") == []
    return schema is False


def says_shape(schema: JSON) -> bool:
    """Whether the schema says what a value looks like, rather than only narrowing it."""
    return isinstance(schema, dict) and not SHAPE.isdisjoint(schema)


def facts_of(schema: Mapping[str, JSON], kind: str = "") -> dict[str, JSON]:
    """The keywords that narrow a value of a kind, and the rules beside them."""
    own = NARROWING.get(kind, frozenset())
    return {keyword: value for keyword, value in schema.items() if keyword in own or keyword in RULES}


def types_of(schema: Mapping[str, JSON]) -> list[str]:
    """The JSON types that are declared, or that the keywords speak of."""
    declared = schema.get("type")
    if isinstance(declared, str):
        return [declared]
    if declared is not None:
        return [each for each in declared if not (each == "integer" and "number" in declared)]
    return [type_ for type_, keywords in IMPLYING.items() if not keywords.isdisjoint(schema)]


def foreign_to(type_: str) -> frozenset[str]:
    """The keywords that say nothing about values of a type."""
    own = IMPLYING.get("number" if type_ == "integer" else type_, frozenset())
    return frozenset().union(*IMPLYING.values()) - own


def is_of(value: JSON, type_: str) -> bool:
    """Whether a constant is of a JSON type; for numbers of either type it is enough to be one."""
    if type_ in ("integer", "number"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, OF_TYPE[type_])


def referring(document: JSON, change: Callable[[str], str]) -> JSON:
    """A copy of a document with each of its references changed, and no identifiers that these could be relative to."""
    if isinstance(document, Mapping):
        return {
            name: change(inner) if name == "$ref" and isinstance(inner, str) else referring(inner, change)
            for name, inner in document.items()
            if name not in ("$schema", "$id") or not isinstance(inner, str)
        }
    return [referring(each, change) for each in document] if isinstance(document, list) else document


# ---------------------------------------------------------------------- several schemas as one


def combine(first: Mapping[str, JSON], second: Mapping[str, JSON]) -> dict[str, JSON]:
    """One schema for both; where only one annotation can stay, it is that of `first`."""
    merged, left = dict(first), {}
    for keyword, theirs in second.items():
        if keyword not in merged:
            merged[keyword] = theirs
        elif merged[keyword] != theirs and keyword in FOLDS:
            merged[keyword] = FOLDS[keyword](merged[keyword], theirs)
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


FOLDS: dict[str, Callable[[Any, Any], Any]] = {
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
