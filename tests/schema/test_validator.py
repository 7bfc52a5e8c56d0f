"""The validator of JSON Schema: each keyword, each message with its place, and agreement with an independent one."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import Problem, SchemaError
from extractor.schema.normal import normal
from extractor.schema.patterns import compiled
from extractor.schema.validator import Validator, same

PROBLEMS: list[tuple[Any, Any, list[tuple[str, str]]]] = [
    ({"type": "integer"}, "1", [("", "must be integer, not '1'")]),
    ({"type": ["integer", "null"]}, True, [("", "must be integer or null, not true")]),
    ({"type": "integer"}, 1.0, []),
    ({"enum": ["a", None, {"x": 1}]}, "b", [("", "must be 'a' or null or an object, not 'b'")]),
    ({"const": 1}, True, [("", "must be 1, not true")]),
    ({"minimum": 1, "exclusiveMaximum": 3}, 3, [("", "must be less than 3, not 3")]),
    ({"multipleOf": 0.1}, 0.3, []),
    ({"multipleOf": 0.01}, 0.075, [("", "must be a multiple of 0.01, not 0.075")]),
    ({"minLength": 2}, "😀", [("", "must have at least 2 characters, not 1")]),
    ({"pattern": "^a"}, "ba", [("", "must match the pattern ^a, unlike 'ba'")]),
    (
        {"items": {"type": "integer"}},
        [1, "a", 2, "b"],
        [("/1", "must be integer, not 'a'"), ("/3", "must be integer, not 'b'")],
    ),
    (
        {"prefixItems": [True, {"const": 1}], "items": False},
        [0, 2, 3],
        [("/1", "must be 1, not 2"), ("/2", "nothing may stand here")],
    ),
    (
        {"contains": {"const": 1}, "maxContains": 1},
        [1, 1],
        [("", "must have 1 to 1 items of the required kind, not 2")],
    ),
    ({"uniqueItems": True}, [1, True, 1.0], [("/2", "must not be there twice")]),
    ({"required": ["a", "b~/"]}, {"a": 1}, [("/b~0~1", "is required")]),
    ({"properties": {"a": {"type": "null"}}}, {"a": []}, [("/a", "must be null, not a list")]),
    (
        {"additionalProperties": False, "patternProperties": {"^x": True}},
        {"x1": 1, "y": 1},
        [("/y", "is no property of this object")],
    ),
    ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, [("/ab", "its name must have at most 1 characters, not 2")]),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, [("/b", "is required beside a")]),
    ({"maxProperties": 0}, {"a": 1}, [("", "must have at most 0 properties, not 1")]),
    ({"not": {"type": "string"}}, "x", [("", "must not be what it is ('x')")]),
    (
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "x",
        [("", "must be integer, not 'x' or must be null, not 'x'")],
    ),
    (
        {"anyOf": [{"type": "string"}, {"properties": {"a": {"type": "integer"}}, "type": "object"}]},
        {"a": "x"},
        [("/a", "must be integer, not 'x'")],
    ),
    ({"oneOf": [True, True]}, 1, [("", "must be exactly one of 2 alternatives, and is 2 of them")]),
    ({"if": {"const": 1}, "then": False}, 1, [("", "nothing may stand here")]),
    ({"if": {"const": 1}, "else": {"const": 2}}, 3, [("", "must be 2, not 3")]),
    ({"unevaluatedItems": False, "prefixItems": [True]}, [1, 2], [("/1", "is no property of this object")]),
    ({"format": "date"}, "no date", []),
    ({"type": "string"}, "x" * 100, []),
    ({"type": "integer"}, "x" * 100, [("", f"must be integer, not {'x' * 76!r}".replace("x'", "x..."))]),
]


@pytest.mark.parametrize(("schema", "value", "problems"), PROBLEMS)
def test_problems(schema: Any, value: Any, problems: list[tuple[str, str]]) -> None:
    """Each rule that is broken is told in one line, at its place in the value."""
    found = list(Validator(schema).problems(value, schema))
    assert found == [Problem(path, message) for path, message in problems]


PATTERNS: list[tuple[str, str, bool]] = [
    ("^a$", "a\n", False),
    (r"^\d+$", "١", False),
    (r"\p{L}+", "é", True),
    (r"^\p{Lu}$", "é", False),
    (r"^[\p{L}-]+$", "é-b", True),
    (r"^(?<year>\d{4})$", "2024", True),
    (r"^[\w.+-]+@[\w-]+\.[\w.]+$", "a.b+c@d-e.f", True),
    (r"^[^[]$", "[", False),
    (r"^\/a\-b$", "/a-b", True),
    (r"^\S+$", "a b", False),
    (r"^(?!x)\w+$", "x1", False),
    (r"^(?!x)\w+$", "y1", True),
    (r"^(\w)\1$", "aa", True),
    (r"^[^a]$", "\ud800", True),
    (r"^(\w+\s?)*$", "a" * 60 + "!", False),
    (r"^(a|a)*$", "a" * 60 + "!", False),
    (r"^([a-z0-9]+)+@$", "a" * 5000, False),
]


@pytest.mark.parametrize(("pattern", "text", "found"), PATTERNS)
def test_patterns(pattern: str, text: str, found: bool) -> None:
    """A pattern means what it means in ECMA 262, not what Python would make of it."""
    assert compiled(pattern).search(text) is found


@pytest.mark.parametrize(
    "pattern", [r"^(?=a)(\w+\s?)*$", r"^(?!b)(a|a)+$", r"^(\w)\1(?:x{1,}y?)*$", r"(?<!a)((a+)b?)+"]
)
def test_a_pattern_that_could_take_for_ever_is_refused(pattern: str) -> None:
    """Look-around and back-references are for an engine that repetitions of repetitions can keep busy."""
    with pytest.raises(SchemaError, match="could take for ever"):
        compiled(pattern)


SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "ab"])
)
NAMES = st.sampled_from(["a", "b", "c"])
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
TYPES = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas of a few keywords each, over schemas."""
    several = st.lists(inner, min_size=1, max_size=2)
    sizes = st.integers(0, 3)
    values = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
        "enum": st.lists(JSON, min_size=1, max_size=3),
        "const": JSON,
        **dict.fromkeys(["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"], sizes),
        **dict.fromkeys(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], st.integers(-2, 2)),
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        "pattern": st.sampled_from(["^a", "b$"]),
        "uniqueItems": st.booleans(),
        **dict.fromkeys(
            ["properties", "patternProperties", "dependentSchemas"], st.dictionaries(NAMES, inner, max_size=2)
        ),
        **dict.fromkeys(["items", "contains", "not", "if", "then", "else", "propertyNames"], inner),
        **dict.fromkeys(["additionalProperties", "unevaluatedProperties", "unevaluatedItems"], inner),
        **dict.fromkeys(["allOf", "anyOf", "oneOf", "prefixItems"], several),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=1),
    }
    return st.lists(st.sampled_from(sorted(values)), max_size=3, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({keyword: values[keyword] for keyword in chosen})
    )


SCHEMAS = st.recursive(st.booleans() | keywords(st.booleans()), keywords, max_leaves=8)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(SCHEMAS, JSON)
def test_agrees_with_an_independent_validator(schema: Any, value: Any) -> None:
    """Schema by schema and value by value, the verdict is that of jsonschema's validator."""
    document = normal(schema)
    assert Validator(document).holds(value, document) == jsonschema.Draft202012Validator(schema).is_valid(value)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(JSON, JSON)
def test_sameness(left: Any, right: Any) -> None:
    """Two values are the same exactly when one is a constant that the other satisfies."""
    assert same(left, right) == jsonschema.Draft202012Validator({"const": left}).is_valid(right)
    assert same(left, left)
