"""JSON Schema documents: every draft and kind of reference, and what becomes of constructs without a wire form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from extractor.errors import InvalidValue, SchemaError
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.normal import normal
from extractor.schema.sources import one_of
from extractor.schema.validator import Validator
from tests.schema.taken import check_wire

INTEGER = {"type": "integer"}
TEXT = {"type": "string"}
DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_6 = "http://json-schema.org/draft-06/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"

NORMAL: list[tuple[str, Any, Any]] = [
    (
        "definitions are hoisted",
        {"definitions": {"a b": INTEGER, "unused": TEXT}, "$ref": "#/definitions/a b"},
        {"$ref": "#/$defs/a_b", "$defs": {"a_b": INTEGER}},
    ),
    (
        "so is any other place that is referred to",
        {"properties": {"a": INTEGER, "b": {"$ref": "#/properties/a"}}},
        {"properties": {"a": INTEGER, "b": {"$ref": "#/$defs/a"}}, "$defs": {"a": INTEGER}},
    ),
    ("a reference to the root stays", {"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}),
    (
        "identifiers are bases",
        {
            "$id": "https://a.example/x",
            "$ref": "y#in",
            "$defs": {"Y": {"$id": "y", "$defs": {"z": {"$anchor": "in", **TEXT}}}},
        },
        {"$ref": "#/$defs/z", "$defs": {"z": TEXT}},
    ),
    (
        "an identifier of draft 4",
        {"$schema": DRAFT_4, "id": "https://a.example/", "$ref": "b", "definitions": {"B": {"id": "b", **TEXT}}},
        {"$ref": "#/$defs/B", "$defs": {"B": TEXT}},
    ),
    ("a property called id is no identifier", {"properties": {"id": {"id": "x"}}}, {"properties": {"id": {}}}),
    (
        "siblings of a reference mean nothing up to draft 7",
        {
            "$schema": DRAFT_7,
            "properties": {"a": {"$ref": "#/definitions/A", "minimum": 1}},
            "definitions": {"A": INTEGER},
        },
        {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": INTEGER}},
    ),
    (
        "and something after",
        {"$schema": DRAFT_2019, "properties": {"a": {"$ref": "#/$defs/A", "minimum": 1}}, "$defs": {"A": INTEGER}},
        {"properties": {"a": {"$ref": "#/$defs/A", "minimum": 1}}, "$defs": {"A": INTEGER}},
    ),
    ("exclusive bounds of draft 4", {"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
    ("inclusive bounds of draft 4", {"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
    (
        "lists by position",
        {"items": [INTEGER, TEXT], "additionalItems": False},
        {"prefixItems": [INTEGER, TEXT], "items": False},
    ),
    (
        "dependencies",
        {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
        {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}},
    ),
    ("keywords that came later count", {"$schema": DRAFT_4, "const": 1}, {"const": 1}),
    (
        "so do keywords that went",
        {"$schema": DRAFT_2020, "dependencies": {"a": ["b"]}},
        {"dependentRequired": {"a": ["b"]}},
    ),
]


@pytest.mark.parametrize(("document", "expected"), [pytest.param(*row[1:], id=row[0]) for row in NORMAL])
def test_normal_form(document: Any, expected: Any) -> None:
    """A document of any draft is said as 2020-12 with plain references."""
    assert normal(document) == expected


REFUSED: list[tuple[str, Any, str, str]] = [
    ("remote", {"properties": {"a": {"$ref": "https://a.example/b"}}}, "/properties/a/$ref", "copy what it names"),
    ("missing", {"$ref": "#/$defs/nowhere"}, "/$defs/nowhere", "define it"),
    (
        "endless",
        {"$ref": "#/$defs/A", "$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}]}}},
        "/$defs/A",
        "let a reference end",
    ),
    ("unknown type", {"properties": {"a": {"type": "float"}}}, "/properties/a/type", "use array, boolean"),
    ("not a schema", {"properties": {"a": "string"}}, "/properties/a", "write an object"),
    ("malformed", {"required": True}, "/required", "write what JSON Schema defines"),
    ("bad pattern", {"patternProperties": {"(": {}}}, "/patternProperties", "write it without"),
    ("draft 3", {"$schema": "http://json-schema.org/draft-03/schema#"}, "", "say it in draft 4 or later"),
    ("nothing fits", {"not": {}}, "", "allow at least one value"),
    ("dynamic", {"$dynamicRef": "#x", "$defs": {"a": {"$dynamicAnchor": "x"}}}, "/$dynamicRef", "refer to the one"),
    ("recursive", {"items": {"$recursiveRef": "#"}}, "/items/$recursiveRef", "refer to the one that is meant"),
    ("unknown policy", {"properties": {"a": {"x-merge": "most"}}}, "/a", "use one of first"),
]


MALFORMED: list[tuple[str, Any]] = [
    ("/type", {"type": [{}]}),
    ("/type", {"type": 1}),
    ("/required", {"required": [1]}),
    ("/required", {"required": True}),
    ("/dependencies", {"dependencies": 1.5}),
    ("/dependencies", {"dependencies": {"a": 1}}),
    ("/properties/a/format", {"properties": {"a": {"type": "string", "format": {}}}}),
    ("/$defs/A/anyOf", {"$ref": "#/$defs/A", "$defs": {"A": {"anyOf": []}}}),
    ("/minItems", {"minItems": 1.5}),
    ("/maxLength", {"maxLength": -1}),
    ("/maximum", {"maximum": float("inf")}),
    ("/exclusiveMaximum", {"exclusiveMaximum": [1]}),
    ("/multipleOf", {"multipleOf": 0}),
    ("/uniqueItems", {"uniqueItems": 1}),
    ("/$ref", {"$ref": None}),
    ("/patternProperties", {"patternProperties": {"(": {}}}),
    ("", {"anyOf": [{"$ref": "#"}, {"type": "string"}]}),
    ("/$defs/A", {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"not": {"$ref": "#/$defs/A"}}}}),
]


@pytest.mark.parametrize(("path", "document"), MALFORMED)
def test_what_is_no_schema_is_refused_with_its_path(path: str, document: Any) -> None:
    """A keyword that holds what JSON Schema does not define is told by its place, and never an error of Python's."""
    with pytest.raises(SchemaError) as caught:
        compile_schema(document)
    assert caught.value.path == path


@pytest.mark.parametrize(("document", "path", "remedy"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_refused(document: Any, path: str, remedy: str) -> None:
    """What cannot be expressed names its place, what it is, and what to write instead."""
    with pytest.raises(SchemaError) as caught:
        compile_schema(document)
    assert caught.value.path == path
    assert caught.value.remedy.startswith(remedy)
    assert "\n" not in str(caught.value)


OBJECT = {"type": "object"}
CLOSED = {**OBJECT, "additionalProperties": False}
CASES: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("anything", {}, [1, None, {"a": []}, "text", "5"], []),
    ("an object that was left open", OBJECT, [{}, {"a": None, "b": {"c": [1]}}], [1, []]),
    (
        "optional, nullable, both",
        {**CLOSED, "properties": {"o": INTEGER, "n": {"type": ["integer", "null"]}, "r": TEXT}, "required": ["r"]},
        [{"r": ""}, {"r": "", "n": None}, {"r": "", "o": 1, "n": 2}],
        [{"r": "", "o": None}, {}, {"r": "", "x": 1}],
    ),
    (
        "a null default is not null",
        {**CLOSED, "properties": {"a": {"type": ["integer", "null"], "default": None}}},
        [{}, {"a": None}, {"a": 1}],
        [{"a": "1"}],
    ),
    (
        "pattern properties",
        {
            **CLOSED,
            "properties": {"n": INTEGER},
            "patternProperties": {"^s_": TEXT, "^o_": {**CLOSED, "properties": {"x": INTEGER}}},
        },
        [{"n": 1, "s_a": "x", "o_b": {}}, {"o_a": {"x": 1}}],
        [{"s_a": 1}, {"o_a": {"x": "1"}}, {"t": 1}],
    ),
    (
        "a map of records with optional fields",
        {**OBJECT, "additionalProperties": {**CLOSED, "properties": {"x": INTEGER}}},
        [{}, {"a": {}, "b": {"x": 1}}],
        [{"a": {"x": None}}],
    ),
    (
        "lists by position",
        {"type": "array", "prefixItems": [INTEGER, {**CLOSED, "properties": {"x": TEXT}}], "items": TEXT},
        [[], [1], [1, {}], [1, {"x": "a"}, "b", "c"]],
        [["a"], [1, {}, 2], [1, 2]],
    ),
    ("a fixed tuple", {"prefixItems": [INTEGER, TEXT], "items": False, "minItems": 2}, [[1, "a"]], [[1], [1, "a", 2]]),
    ("constants that are objects", {"enum": [{"a": 1}, [1], "x", None]}, [{"a": 1}, [1], "x", None], [{"a": 2}, "[1]"]),
    ("numbers that are alike", {"enum": [1, 2.5, True]}, [1, 2.5, True], [0, False, "1"]),
    (
        "all of several",
        {
            "allOf": [{"$ref": "#/$defs/A"}, {"properties": {"b": {"maximum": 5}}, "required": ["b"]}],
            "$defs": {"A": {**OBJECT, "properties": {"b": INTEGER}}},
        },
        [{"b": 5}, {"b": 1, "c": 2}],
        [{}, {"b": 6}, {"b": "1"}],
    ),
    (
        "one of several objects",
        {
            "oneOf": [
                {**CLOSED, "properties": {"a": INTEGER}},
                {**CLOSED, "properties": {"b": INTEGER}, "required": ["b"]},
            ]
        },
        [{"a": 1}, {"b": 1}, {}],
        [{"a": 1, "b": 1}, {"a": None}],
    ),
    (
        "any of several beside properties",
        {
            **OBJECT,
            "properties": {"a": INTEGER},
            "anyOf": [{"required": ["a"]}, {"properties": {"b": TEXT}, "required": ["b"]}],
        },
        [{"a": 1}, {"b": "x"}, {"a": 1, "b": "x", "c": 2}],
        [{}, {"b": 1}, {"c": 1}],
    ),
    (
        "conditions",
        {
            **OBJECT,
            "properties": {"k": TEXT},
            "if": {"properties": {"k": {"const": "n"}}, "required": ["k"]},
            "then": {"properties": {"v": INTEGER}, "required": ["v"]},
            "else": {"properties": {"v": {"type": ["string", "null"]}}},
        },
        [{"k": "n", "v": 1}, {"k": "m", "v": "x"}, {"k": "m", "v": None}, {}],
        [{"k": "n"}, {"k": "n", "v": None}, {"k": "m", "v": 1}],
    ),
    (
        "dependencies",
        {
            **OBJECT,
            "properties": {"a": INTEGER, "b": INTEGER},
            "dependentRequired": {"a": ["b"]},
            "dependentSchemas": {"b": {"properties": {"c": TEXT}}},
        },
        [{}, {"b": 1}, {"a": 1, "b": 1, "c": "x"}],
        [{"a": 1}, {"b": 1, "c": 1}],
    ),
    (
        "unevaluated",
        {
            "allOf": [{"properties": {"a": INTEGER}}],
            "properties": {"b": INTEGER},
            "unevaluatedProperties": False,
            **OBJECT,
        },
        [{"a": 1}, {"b": 1}, {}],
        [{"c": 1}],
    ),
    (
        "names",
        {**OBJECT, "propertyNames": {"pattern": "^[a-z]$"}, "additionalProperties": INTEGER},
        [{"a": 1}],
        [{"ab": 1}],
    ),
    (
        "recursion through a union",
        {
            "$ref": "#/$defs/T",
            "$defs": {
                "T": {
                    "anyOf": [
                        TEXT,
                        {
                            **CLOSED,
                            "properties": {"l": {"$ref": "#/$defs/T"}, "r": {"$ref": "#/$defs/T"}},
                            "required": ["l"],
                        },
                    ]
                }
            },
        },
        ["x", {"l": "a"}, {"l": {"l": "a", "r": "b"}, "r": {"l": "c"}}],
        [{"r": "a"}, {"l": None}, 1],
    ),
    (
        "text that reads like JSON",
        {**CLOSED, "properties": {"a": {}}, "required": ["a"]},
        [{"a": "1"}, {"a": 1}, {"a": "null"}, {"a": None}, {"a": "x"}],
        [{}],
    ),
    (
        "several types",
        {"type": ["string", "array", "null"], "items": INTEGER, "minLength": 1},
        ["x", [], [1], None],
        ["", ["x"], 1],
    ),
    ("large numbers", {"maximum": 10**30, "type": "integer"}, [10**29, -(10**40)], [10**31]),
    (
        "a map or a list",
        {"anyOf": [{**OBJECT, "additionalProperties": INTEGER}, {"type": "array", "items": INTEGER}]},
        [{}, [], {"variant": 1, "pairs": 2}, [1]],
        [None, [{}], {"a": "x"}],
    ),
    ("anchors of other engines", {"type": "string", "pattern": r"\A[^\n]*\Z"}, ["", "a b"], ["a\nb", "a\n"]),
    ("large constants", {"enum": [2**60, 1]}, [2**60, 1], [2**60 + 1, "1"]),
    (
        "anything, with words about it",
        {
            **OBJECT,
            "properties": {"l": {"type": "array", "items": {"description": "a thing"}}},
            "additionalProperties": {"description": "an extra"},
        },
        [{"l": [1, None], "x": {"y": 1}}],
        [{"l": 1}],
    ),
    (
        "no item twice",
        {"type": "array", "uniqueItems": True},
        [[1, True, "1"], [{}, []]],
        [[1, 1.0], [{"a": 1}, {"a": 1}]],
    ),
]


@pytest.mark.parametrize(("document", "valid", "invalid"), [pytest.param(*row[1:], id=row[0]) for row in CASES])
def test_there_and_back(document: Any, valid: list[Any], invalid: list[Any]) -> None:
    """Every valid value comes back from its wire form as it was; no invalid one does."""
    schema: Schema[Any] = compile_schema(document)
    assert check_wire(schema.wire) == ()
    for value in valid:
        wire = schema.encode(value)
        back = schema.decode(json.dumps(wire))
        assert json.dumps(back, sort_keys=True) == json.dumps(value, sort_keys=True)
        assert not list(Validator(schema.wire).problems(wire, schema.wire))
    for value in invalid:
        with pytest.raises(InvalidValue):
            schema.decode(json.dumps(schema.encode(value)))


def test_order_is_kept() -> None:
    """The wire asks for the properties in the declared order."""
    names = ["zulu", "alpha", "mike"]
    schema = compile_schema({**OBJECT, "properties": dict.fromkeys(names, TEXT)})
    assert list(schema.wire["properties"]) == names


WORDS: list[tuple[Any, str]] = [
    ({"type": "string", "format": "date"}, "ISO 8601 date, YYYY-MM-DD"),
    ({"type": "number", "exclusiveMinimum": 0, "description": "Net"}, "Net (more than 0)"),
    (
        {"type": "array", "uniqueItems": True, "contains": INTEGER},
        'No item twice; must satisfy {"contains":{"type":"integer"}}',
    ),
    ({**OBJECT, "anyOf": [{"required": ["a"]}, {"required": ["b", "c"]}]}, "At least one of: a; or b and c"),
    ({**OBJECT, "dependentRequired": {"a": ["b"]}}, "a needs b too"),
    (
        {**OBJECT, "minProperties": 1, "propertyNames": {"enum": ["x", "y"]}},
        "At least 1 properties; each name: one of x, y",
    ),
    ({"type": "string", "not": {"const": "x"}}, 'Must satisfy {"not":{"const":"x"}}'),
    ({"type": "integer", "title": "How many"}, "How many"),
    ({"type": "integer", "title": "Amount due"}, ""),
]


@pytest.mark.parametrize(("document", "words"), WORDS, ids=lambda row: row if isinstance(row, str) else "")
def test_what_is_not_obeyed_becomes_words(document: Any, words: str) -> None:
    """A rule that the service has no keyword for is told in the description; a title that repeats the name is not."""
    schema = compile_schema({**OBJECT, "properties": {"amount_due": document}, "required": ["amount_due"]})
    description = schema.wire["properties"]["amount_due"].get("description", "")
    assert description[:1].upper() + description[1:] == words[:1].upper() + words[1:]


def test_a_description_is_written_once() -> None:
    """Words are allowed once only: those of a field and of its definition are told together."""
    address = {**CLOSED, "description": "Where to", "properties": {"city": TEXT}, "required": ["city"]}
    document = {
        **CLOSED,
        "properties": {"to": {"$ref": "#/$defs/A", "description": "Goods"}, "bill": {"$ref": "#/$defs/A"}},
        "required": ["to", "bill"],
        "$defs": {"A": address},
    }
    wire = compile_schema(document).wire
    assert wire["properties"]["to"] == {"$ref": "#/$defs/A", "description": "Goods (Where to)"}
    assert wire["properties"]["bill"] == {"$ref": "#/$defs/A", "description": "Where to"}
    assert "description" not in wire["$defs"]["A"]


def test_annotations_of_documents() -> None:
    """A document marks keys, policies and quotes as a model does."""
    item = {
        **CLOSED,
        "properties": {"id": {**TEXT, "x-key": True}, "n": {**INTEGER, "x-merge": "max", "x-quote": True}},
    }
    schema = compile_schema({**CLOSED, "properties": {"rows": {"type": "array", "items": item}}}, counts=True)
    rows, n = schema.field("/rows"), schema.field("/rows/0/n")
    assert rows is not None
    assert rows.keys == ("id",)
    assert n is not None
    assert n.policy == "max"
    assert list(schema.wire["properties"]) == ["rows_count", "rows"]


def test_several_documents_of_one_title() -> None:
    """Each of several documents is a branch of its own, whatever it is called and whatever its properties are."""
    documents = [
        {"title": "Note", "type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
        for name in ("$id", "text")
    ]
    schema = compile_schema(one_of(documents))
    assert [kind.name for kind in schema.kinds] == ["Note", "Note_2"]
    for value in ({"$id": "x"}, {"text": "x"}):
        assert schema.decode(schema.encode(value)) == value
