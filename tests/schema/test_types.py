"""What each construct of pydantic compiles to, as literals: the property that a field of that type becomes."""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    Field,
    Json,
    JsonValue,
    PositiveInt,
    SecretStr,
    StringConstraints,
    create_model,
)

from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.validator import Validator
from tests.schema.taken import check_wire


class Color(enum.Enum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    ONE = 1
    B = "b"
    NOTHING = None


class Mark(enum.Flag):
    BOLD = 1
    WIDE = 2


class Cat(BaseModel):
    """A cat."""

    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    """A dog."""

    kind: Literal["dog"]
    name: str | None = None


class Cash(BaseModel):
    amount: Decimal


class Card(BaseModel):
    number: str


UTC = dt.UTC
Row = tuple[str, Any, Any, Any]
"""A name, a type, a value of it, and the wire schema of a required field of that type."""


ROWS: list[Row] = [
    ("text", str, "x", {"type": "string"}),
    (
        "text with bounds and a pattern",
        Annotated[str, StringConstraints(min_length=1, max_length=3, pattern="^a")],
        "ab",
        {"type": "string", "minLength": 1, "maxLength": 3, "description": "Matches the pattern ^a"},
    ),
    ("integer", int, 1, {"type": "integer"}),
    ("integer of any size", int, 10**30, {"type": "integer"}),
    (
        "bounded integer",
        Annotated[int, Field(gt=1, lt=9, multiple_of=2)],
        4,
        {"type": "integer", "minimum": 2, "maximum": 8, "description": "A multiple of 2"},
    ),
    ("positive integer", PositiveInt, 3, {"type": "integer", "minimum": 1}),
    ("number", float, 1.5, {"type": "number"}),
    (
        "bounded number",
        Annotated[float, Field(gt=1, le=5)],
        4.5,
        {"type": "number", "maximum": 5, "description": "More than 1"},
    ),
    ("boolean", bool, True, {"type": "boolean"}),
    ("nothing", None, None, {"type": "null"}),
    (
        "decimal",
        Decimal,
        Decimal("1.10"),
        {"type": "string", "description": "Decimal number in digits, such as 1234.50"},
    ),
    (
        "bounded decimal",
        Annotated[Decimal, Field(ge=0, decimal_places=2)],
        Decimal("1.10"),
        {
            "type": "string",
            "description": "Decimal number in digits, such as 1234.50; at least 0; at most 2 decimal places",
        },
    ),
    ("date", dt.date, dt.date(2024, 2, 29), {"type": "string", "description": "ISO 8601 date, YYYY-MM-DD"}),
    ("time", dt.time, dt.time(1, 2, 3), {"type": "string", "description": "ISO 8601 time, HH:MM:SS"}),
    (
        "date and time",
        dt.datetime,
        dt.datetime(2024, 1, 1, 12),
        {"type": "string", "description": "ISO 8601 date and time, YYYY-MM-DDTHH:MM:SS with the zone if it is known"},
    ),
    (
        "date and time with a zone",
        AwareDatetime,
        dt.datetime(2024, 1, 1, tzinfo=UTC),
        {"type": "string", "description": "ISO 8601 date and time, YYYY-MM-DDTHH:MM:SS with the zone if it is known"},
    ),
    (
        "duration",
        dt.timedelta,
        dt.timedelta(days=1, hours=2),
        {"type": "string", "description": "ISO 8601 duration, such as P1DT2H30M"},
    ),
    ("uuid", uuid.UUID, uuid.UUID(int=5), {"type": "string", "description": "UUID"}),
    ("url", AnyUrl, AnyUrl("https://a.example/"), {"type": "string", "minLength": 1, "description": "URL"}),
    ("address", IPv4Address, IPv4Address("192.0.2.1"), {"type": "string", "description": "IPv4 address"}),
    ("path", PurePosixPath, PurePosixPath("a/b"), {"type": "string", "description": "Format path"}),
    (
        "bytes",
        bytes,
        b"\xff\x00",
        {"type": "string", "description": "Text, or base64: and the base64 of bytes that are no text"},
    ),
    ("bytes as base64", Base64Bytes, b"YWJj", {"type": "string", "description": "Base64"}),
    ("secret", SecretStr, SecretStr("s"), {"type": "string"}),
    ("enum of text", Color, Color.RED, {"type": "string", "enum": ["red", "blue"], "description": "A colour."}),
    (
        "enum of integers",
        Level,
        Level.HIGH,
        {"type": "integer", "enum": [1, 2], "description": "1 is LOW, 2 is HIGH"},
    ),
    ("flags", Mark, Mark.BOLD | Mark.WIDE, {"type": "integer", "description": "a sum of 1 (BOLD), 2 (WIDE)"}),
    (
        "enum of several types",
        Mixed,
        Mixed.NOTHING,
        {
            "anyOf": [{"type": "integer", "enum": [1]}, {"type": "string", "enum": ["b"]}, {"type": "null"}],
            "description": "1 is ONE, null is NOTHING",
        },
    ),
    ("one constant", Literal["a"], "a", {"type": "string", "enum": ["a"]}),
    (
        "constants of several types",
        Literal["a", 1, True, None],
        True,
        {
            "anyOf": [
                {"type": "string", "enum": ["a"]},
                {"type": "integer", "enum": [1]},
                {"type": "boolean", "enum": [True]},
                {"type": "null"},
            ]
        },
    ),
    ("optional", int | None, None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    (
        "optional with bounds and words",
        Annotated[int, Field(ge=0)] | None,
        1,
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
    ),
    ("one of two scalars", int | str, "a", {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
    (
        "union told by a tag of ours",
        Cash | Card,
        Card(number="4"),
        {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {
                        "variant": {"type": "string", "enum": ["Cash"]},
                        "amount": {"type": "string", "description": "Decimal number in digits, such as 1234.50"},
                    },
                    "required": ["variant", "amount"],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {"variant": {"type": "string", "enum": ["Card"]}, "number": {"type": "string"}},
                    "required": ["variant", "number"],
                    "additionalProperties": False,
                },
            ]
        },
    ),
    (
        "union told by a constant of its own",
        Annotated[Cat | Dog, Field(discriminator="kind")],
        Dog(kind="dog"),
        {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {
                        "kind": {"type": "string", "enum": ["cat"]},
                        "lives": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    },
                    "required": ["kind", "lives"],
                    "additionalProperties": False,
                    "description": "A cat.",
                },
                {
                    "type": "object",
                    "properties": {
                        "kind": {"type": "string", "enum": ["dog"]},
                        "name": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    },
                    "required": ["kind", "name"],
                    "additionalProperties": False,
                    "description": "A dog.",
                },
            ]
        },
    ),
    (
        "optional union",
        Cash | Card | None,
        None,
        {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {
                        "variant": {"type": "string", "enum": ["Cash"]},
                        "amount": {"type": "string", "description": "Decimal number in digits, such as 1234.50"},
                    },
                    "required": ["variant", "amount"],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {"variant": {"type": "string", "enum": ["Card"]}, "number": {"type": "string"}},
                    "required": ["variant", "number"],
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        },
    ),
    ("list", list[int], [1], {"type": "array", "items": {"type": "integer"}}),
    (
        "bounded list",
        Annotated[list[str], Field(min_length=1, max_length=2)],
        ["a"],
        {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
    ),
    ("list of anything", list[Any], [1, "a", {"b": None}], {"type": "array"}),
    ("set", set[int], {1, 2}, {"type": "array", "items": {"type": "integer"}, "description": "No item twice"}),
    (
        "frozen set",
        frozenset[str],
        frozenset("a"),
        {"type": "array", "items": {"type": "string"}, "description": "No item twice"},
    ),
    (
        "sequence",
        Sequence[Cat],
        [Cat(kind="cat")],
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "enum": ["cat"]},
                    "lives": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                },
                "required": ["kind", "lives"],
                "additionalProperties": False,
                "description": "A cat.",
            },
        },
    ),
    (
        "tuple of different things",
        tuple[int, str],
        (1, "a"),
        {
            "type": "object",
            "properties": {"item_1": {"type": "integer"}, "item_2": {"type": "string"}},
            "required": ["item_1", "item_2"],
            "additionalProperties": False,
        },
    ),
    (
        "tuple of like things",
        tuple[int, int],
        (1, 2),
        {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    ),
    ("tuple of any length", tuple[int, ...], (1, 2, 3), {"type": "array", "items": {"type": "integer"}}),
    ("empty tuple", tuple[()], (), {"type": "array", "minItems": 0, "maxItems": 0}),
    (
        "dict",
        dict[str, int],
        {"a": 1},
        {"type": "object", "properties": {}, "required": [], "additionalProperties": {"type": "integer"}},
    ),
    (
        "dict with integer keys",
        dict[int, str],
        {1: "a"},
        {"type": "object", "properties": {}, "required": [], "additionalProperties": {"type": "string"}},
    ),
    (
        "dict with dates for keys",
        dict[dt.date, bool],
        {dt.date(2024, 1, 1): True},
        {
            "type": "object",
            "properties": {},
            "required": [],
            "additionalProperties": {"type": "boolean"},
            "description": "Each name: ISO 8601 date, YYYY-MM-DD",
        },
    ),
    (
        "ordered dict",
        OrderedDict[str, int],
        OrderedDict(a=1),
        {"type": "object", "properties": {}, "required": [], "additionalProperties": {"type": "integer"}},
    ),
    (
        "mapping",
        Mapping[str, Cat],
        {"a": Cat(kind="cat")},
        {
            "type": "object",
            "properties": {},
            "required": [],
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "enum": ["cat"]},
                    "lives": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                },
                "required": ["kind", "lives"],
                "additionalProperties": False,
                "description": "A cat.",
            },
        },
    ),
    (
        "dict of anything",
        dict[str, Any],
        {"a": [1, {"b": None}]},
        {"type": "object", "properties": {}, "required": [], "additionalProperties": True},
    ),
    ("anything", Any, {"a": [1, "b", None]}, {"type": "string", "description": "Any JSON, written as JSON text"}),
    ("any JSON", JsonValue, [1, None], {"type": "string", "description": "Any JSON, written as JSON text"}),
    (
        "JSON text",
        Json[bool],
        True,
        {
            "type": "string",
            "description": 'Content of type application/json; must satisfy {"contentSchema":{"type":"boolean"}}',
        },
    ),
    (
        "deeply nested",
        list[dict[str, tuple[int, str] | None]],
        [{"a": (1, "b"), "c": None}],
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {},
                "required": [],
                "additionalProperties": {
                    "anyOf": [
                        {
                            "type": "object",
                            "properties": {"item_1": {"type": "integer"}, "item_2": {"type": "string"}},
                            "required": ["item_1", "item_2"],
                            "additionalProperties": False,
                        },
                        {"type": "null"},
                    ]
                },
            },
        },
    ),
]


def model_of(declared: Any) -> type[BaseModel]:
    """A model with one field of a type."""
    return create_model("M", value=(declared, ...))


@pytest.mark.parametrize(("declared", "wire"), [pytest.param(row[1], row[3], id=row[0]) for row in ROWS])
def test_compiles_to(declared: Any, wire: Any) -> None:
    """A field of each type is asked for with exactly this schema."""
    assert compile_schema(model_of(declared)).wire["properties"]["value"] == wire


@pytest.mark.parametrize(("declared", "value"), [pytest.param(row[1], row[2], id=row[0]) for row in ROWS])
def test_there_and_back(declared: Any, value: Any) -> None:
    """A value of each type comes back from its wire form as it was, of the same type."""
    schema: Schema[Any] = compile_schema(declared)
    wire = schema.encode(value)
    back = schema.decode(json.dumps(wire))
    assert (back, type(back)) == (value, type(value))
    assert schema.validate(schema.dump(value)) == value
    assert not list(Validator(schema.wire).problems(wire, schema.wire))
    assert check_wire(schema.wire) == ()
