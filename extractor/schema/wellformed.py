"""What the keywords of a JSON Schema document may hold; anything else is refused where it stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from extractor.errors import SchemaError
from extractor.schema.graph import recursive
from extractor.schema.patterns import compiled
from extractor.schema.pointer import JSON, join

__all__ = ["COUNTS", "must_be_well_formed", "must_descend"]

COUNTS: tuple[str, ...] = ("maxContains", "maxItems", "maxLength", "maxProperties")
COUNTS += ("minContains", "minItems", "minLength", "minProperties")
TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


def must_descend(document: Mapping[str, JSON]) -> None:
    """Refuse a document in which a schema refers to itself for the very same value, so that judging never ends."""
    definitions = document.get("$defs", {})
    graph = {f"#/$defs/{name}": list(_beside(schema)) for name, schema in definitions.items()}
    for place in sorted(recursive({**graph, "#": list(_beside(document))})):
        remedy = "let a reference end at a schema of its own"
        raise SchemaError(path=place.removeprefix("#"), construct=f"a reference to itself ({place})", remedy=remedy)


def _beside(schema: JSON) -> Iterator[str]:
    """The references that a schema follows for the value that it is about."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        yield schema["$ref"]
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(keyword, ()):
            yield from _beside(branch)
    for keyword in ("else", "if", "not", "then"):
        yield from _beside(schema.get(keyword))
    for branch in schema.get("dependentSchemas", {}).values():
        yield from _beside(branch)


def must_be_well_formed(schema: Mapping[str, JSON], at: str) -> None:
    """Refuse a schema of which a keyword holds what JSON Schema does not define; those below it are not looked at."""
    for keyword, value in schema.items():
        if keyword == "type" and not _is_type(value):
            raise SchemaError(
                path=join(at, keyword), construct=f"the type {value!r}", remedy=f"use {', '.join(sorted(TYPES))}"
            )
        if keyword in HOLDS and not HOLDS[keyword](value):
            remedy = "write what JSON Schema defines for this keyword"
            raise SchemaError(path=join(at, keyword), construct=f"{keyword}: {value!r}"[:200], remedy=remedy)
        if keyword in ("pattern", "patternProperties"):
            _must_compile([value] if isinstance(value, str) else value, join(at, keyword))


def _must_compile(patterns: list[str], at: str) -> None:
    for pattern in patterns:
        try:
            compiled(pattern)
        except SchemaError as error:
            raise SchemaError(path=at, construct=error.construct, remedy=error.remedy) from None


def _is_type(value: JSON) -> bool:
    return all(isinstance(each, str) and each in TYPES for each in ([value] if not isinstance(value, list) else value))


def _is_text(value: JSON) -> bool:
    return isinstance(value, str)


def _is_names(value: JSON) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: JSON) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_schema(value: JSON) -> bool:
    return isinstance(value, dict | bool)


def _is_object(value: JSON) -> bool:
    return isinstance(value, dict)


def _needs(value: JSON) -> bool:
    return isinstance(value, dict) and all(
        isinstance(each, dict | bool | str) or _is_names(each) for each in value.values()
    )


HOLDS: dict[str, Callable[[JSON], bool]] = {
    **dict.fromkeys(["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"], _is_object),
    **dict.fromkeys(["$dynamicRef", "$recursiveRef", "$ref", "contentEncoding", "contentMediaType"], _is_text),
    **dict.fromkeys(["format", "pattern"], _is_text),
    **dict.fromkeys(["additionalItems", "additionalProperties", "contains", "else", "if", "not"], _is_schema),
    **dict.fromkeys(["propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"], _is_schema),
    **dict.fromkeys(COUNTS, _is_count),
    **dict.fromkeys(["maximum", "minimum"], _is_number),
    **dict.fromkeys(["exclusiveMaximum", "exclusiveMinimum"], lambda v: isinstance(v, bool) or _is_number(v)),
    **dict.fromkeys(["allOf", "anyOf", "oneOf"], lambda v: isinstance(v, list) and bool(v)),
    "dependencies": _needs,
    "dependentRequired": lambda v: isinstance(v, dict) and all(map(_is_names, v.values())),
    "enum": lambda v: isinstance(v, list),
    "items": lambda v: isinstance(v, dict | bool | list),
    "multipleOf": lambda v: _is_number(v) and v > 0,
    "prefixItems": lambda v: isinstance(v, list),
    "required": _is_names,
    "uniqueItems": lambda v: isinstance(v, bool),
}
