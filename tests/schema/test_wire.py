"""What the service takes of a schema, and that schemas past its limits are laid out within them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from extractor.schema.compiler import compile_schema
from extractor.schema.validator import Validator
from tests.schema.taken import check_wire


def wrapped(schema: Any, **root: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": schema}, "required": ["a"], **root}


TAKEN: list[tuple[str, Any]] = [
    ("bounds", wrapped({"type": "integer", "minimum": 1, "maximum": 2, "title": "A", "default": 1})),
    ("a list without items", wrapped({"type": "array", "minItems": 1})),
    ("a map", wrapped({"type": "object", "additionalProperties": {"type": "string"}})),
    ("anything further", wrapped({"type": "object", "additionalProperties": {}})),
    ("alternatives", wrapped({"anyOf": [{"type": "string"}, {"type": "null"}], "description": "x"})),
    ("a definition", wrapped({"$ref": "#/$defs/A"}, **{"$defs": {"A": {"type": "string", "enum": ["x"]}}})),
    ("recursion that can end", wrapped({"type": "array", "items": {"$ref": "#"}})),
    ("a pattern", wrapped({"type": "string", "pattern": "^a"})),
    ("constants and null", wrapped({"type": ["string", "null"], "enum": ["x", None]})),
    ("several types", wrapped({"type": ["string", "null"], "description": "x"})),
    ("what is not required", {"type": "object", "properties": {"a": {"type": "null"}}}),
]


@pytest.mark.parametrize("wire", [pytest.param(wire, id=name) for name, wire in TAKEN])
def test_what_is_taken(wire: Any) -> None:
    """What the published subset allows is not complained of."""
    assert check_wire(wire) == ()


A = "/properties/a"
ADDED = "/additionalProperties"
REFUSED: list[tuple[str, Any, str, str]] = [
    ("not an object", [], "", "must be a JSON object"),
    ("a root of another type", {"type": "string"}, "", "the root must be an object"),
    ("a keyword", wrapped({"type": "string", "format": "date"}), A, "the keyword format is not taken"),
    (
        "a keyword of another type",
        wrapped({"type": "string", "minItems": 1}),
        A,
        "the keyword minItems is not taken beside the type string",
    ),
    ("a combination", wrapped({"oneOf": [{"type": "null"}]}), A, "the keyword oneOf is not taken"),
    (
        "a type beside anyOf",
        wrapped({"type": "string", "anyOf": [{"type": "string"}]}),
        A,
        "anyOf stands alone, without type",
    ),
    (
        "words twice",
        wrapped({"anyOf": [{"type": "null", "description": "x"}], "description": "y"}),
        A,
        "a description stands here or",
    ),
    ("an empty schema", wrapped({}), A, "must be a schema that says something"),
    ("constants of two types", wrapped({"enum": [1, "a"]}), A, "the constants of an enum must be scalars of one type"),
    (
        "constants of another type",
        wrapped({"type": "string", "enum": [1]}),
        A,
        "the constant 1 is not of the type string",
    ),
    ("no constants", wrapped({"type": "string", "enum": []}), A, "an enum needs a constant"),
    ("constants that are too large", wrapped({"type": "integer", "enum": [2**60]}), A, "a constant is too large"),
    ("constants of a list", wrapped({"type": "array", "enum": [[1]]}), A, "the keyword enum is not taken beside"),
    ("words alone", wrapped({"description": "x"}), A, "must be a schema that says something"),
    (
        "words alone below a map",
        wrapped({"type": "object", "additionalProperties": {"title": "x"}}),
        A + ADDED,
        "must be",
    ),
    ("items that may not be", wrapped({"type": "array", "items": False}), A + "/items", "must be a schema"),
    ("an unknown type", wrapped({"type": "date"}), A, "there is no type date"),
    ("bounds beside several types", wrapped({"type": ["string", "null"], "minLength": 1}), A, "several types take"),
    (
        "constants of three types",
        wrapped({"type": ["string", "null", "integer"], "enum": ["x"]}),
        A,
        "constants are of one",
    ),
    ("no alternatives", wrapped({"anyOf": []}), A, "anyOf needs a branch"),
    ("too many alternatives", wrapped({"anyOf": [{"type": "null"}] * 501}), "", "501 alternatives in one place"),
    ("a fraction of an item", wrapped({"type": "array", "minItems": 1.5}), A, "minItems must be a whole number"),
    (
        "titles twice",
        wrapped({"anyOf": [{"type": "null", "title": "x"}], "title": "y"}),
        A,
        "a title stands here or",
    ),
    (
        "a reference by another way",
        wrapped({"$ref": "A"}, **{"$defs": {"A": {"type": "null"}}}),
        A,
        "the reference A leads",
    ),
    ("a root without an end", wrapped({"$ref": "#"}), "", "no value of it can end"),
    ("constants that are lists", wrapped({"enum": [[1]]}), A, "the constants of an enum must be scalars of one type"),
    (
        "too many constants",
        wrapped({"type": "integer", "enum": list(range(1001))}),
        A,
        "at most 1000 constants are taken",
    ),
    ("definitions below", wrapped({"type": "null", "$defs": {}}), A, "definitions stand at the root only"),
    ("a dangling reference", wrapped({"$ref": "#/$defs/A"}), A, "the reference #/$defs/A leads nowhere"),
    (
        "a slash in a name",
        wrapped({"type": "object", "properties": {"x/y": {"type": "null"}}}),
        A,
        "no property may be named 'x/y'",
    ),
    (
        "a reserved name",
        wrapped({"type": "object", "properties": {"anyOf": {"type": "null"}}}),
        A,
        "no property may be named 'anyOf'",
    ),
    (
        "an unknown required",
        wrapped({"type": "object", "required": ["x"]}),
        A,
        "required names each declared property once",
    ),
    ("bounds that cross", wrapped({"type": "integer", "minimum": 2, "maximum": 1}), A, "minimum is more than maximum"),
    ("a number too large", wrapped({"type": "integer", "minimum": 2**60}), A, f"minimum {2**60} is too large"),
    (
        "a number like 1e-07",
        wrapped({"type": "number", "minimum": 1e-7}),
        A,
        "minimum 1e-07 is too large or not in plain",
    ),
    (
        "no end",
        wrapped({"$ref": "#/$defs/A"}, **{"$defs": {"A": wrapped({"$ref": "#/$defs/A"})}}),
        "/$defs/A",
        "no value of it can end",
    ),
    (
        "too large",
        wrapped({"type": "string", "description": "x" * 120_000}),
        "",
        "120088 bytes, at most 120000 are taken",
    ),
]


@pytest.mark.parametrize(("wire", "path", "message"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_refused(wire: Any, path: str, message: str) -> None:
    """What the subset has no room for is told with its place in the schema."""
    problems = check_wire(wire)
    assert [problem for problem in problems if problem.path == path and problem.message.startswith(message)]


def nested(depth: int) -> dict[str, Any]:
    """An object within an object, `depth` of them, with a number in the innermost."""
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"in": schema}, "required": ["in"], "additionalProperties": False}
    return schema


def nested_value(depth: int) -> Any:
    value: Any = 7
    for _ in range(depth):
        value = {"in": value}
    return value


def test_too_deep_is_asked_as_text() -> None:
    """What stands deeper than the service allows is asked for as JSON text, and comes back as what it is."""
    schema = compile_schema(nested(40))
    assert check_wire(schema.wire) == ()
    wire = schema.encode(nested_value(40))
    assert schema.decode(json.dumps(wire)) == nested_value(40)
    assert not list(Validator(schema.wire).problems(wire, schema.wire))
    assert schema.problems(nested_value(39)) != ()


def test_too_large_is_asked_as_text() -> None:
    """A schema of too many bytes gives up its deepest parts for text, which still name what they hold."""
    leaf = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(40)}}
    document = {"type": "object", "properties": {f"s{i}": leaf for i in range(100)}}
    schema = compile_schema(document)
    assert check_wire(schema.wire) == ()
    description = schema.wire["properties"]["s0"]["description"]
    assert description.startswith("an object with p0, p1, p2")
    value = {"s1": {"p1": "x"}, "s2": {}}
    assert schema.decode(json.dumps(schema.encode(value))) == value


def test_a_root_that_no_text_in_it_makes_small_enough_is_asked_as_text() -> None:
    """A union of very many objects is asked for as JSON text altogether, and comes back as what it is."""
    kinds = [
        {"type": "object", "properties": {f"k{i}": {"const": i}, "é" * 200: {"type": "string"}}, "required": [f"k{i}"]}
        for i in range(600)
    ]
    schema = compile_schema({"anyOf": kinds})
    assert check_wire(schema.wire) == ()
    value = {"k599": 599, "é" * 200: "x"}
    assert schema.decode(json.dumps(schema.encode(value))) == value
    assert schema.problems({"k599": 598}) != ()


def test_large_enums_become_words() -> None:
    """Constants past the largest number are told in part, and checked on our side."""
    schema = compile_schema({"type": "object", "properties": {"a": {"enum": [f"v{i}" for i in range(1500)]}}})
    assert check_wire(schema.wire) == ()
    assert schema.decode('{"a": "v1499"}') == {"a": "v1499"}
    assert schema.problems({"a": "w"}) != ()
