"""JSON that is still arriving: the value that any prefix of it holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import InvalidValue
from extractor.schema.text import partial_from_text

PREFIXES: list[tuple[str, Any]] = [
    ("", None),
    ("{", {}),
    ("Here you are:\n```json\n{", {}),
    ('{"a', {}),
    ('{"a"', {}),
    ('{"a": ', {}),
    ('{"a": 1', {}),
    ('{"a": 1,', {"a": 1}),
    ('{"a": tru', {}),
    ('{"a": true}', {"a": True}),
    ('{"a": "', {"a": ""}),
    ('{"a": "hel', {"a": "hel"}),
    ('{"a": "x\\', {"a": "x"}),
    ('{"a": "x\\u00e', {"a": "x"}),
    ('{"a": "x\\u00e9', {"a": "xé"}),
    ('{"a": "\\ud83d', {"a": ""}),
    ('{"a": "\\ud83d\\ude00"', {"a": "😀"}),
    ('[1, {"b": [null, "t', [1, {"b": [None, "t"]}]),
    ("[[], {}", [[], {}]),
    ("[-1.5e3 ", [-1500.0]),
    ("[123456789012345678901234567890]", [123456789012345678901234567890]),
    ('{"a": 1}\n``` and more {"b": 2}', {"a": 1}),
    ('{"a": 1, "a": 2}', {"a": 2}),
]


@pytest.mark.parametrize(("text", "value"), PREFIXES)
def test_a_prefix_holds(text: str, value: Any) -> None:
    """Strings show as far as they came; numbers, literals and names only once they are whole."""
    assert partial_from_text(text) == value


@pytest.mark.parametrize("text", ["[nul]", '{"a" 1}', "{1: 2}", "[}", '{"a": }', '["\\x"]', "[--1]", '{"a"}'])
def test_what_is_no_json_is_refused(text: str) -> None:
    """Text that no JSON begins with raises."""
    with pytest.raises(InvalidValue, match="is not JSON"):
        partial_from_text(text)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\é😀\n', max_size=3), inner, max_size=4),
    max_leaves=12,
)


def begins(part: Any, whole: Any) -> bool:
    """Whether a value may be what has come so far of another."""
    match part, whole:
        case None, _:
            return True
        case str(), str():
            return whole.startswith(part)
        case list(), list():
            return len(part) <= len(whole) and all(map(begins, part, whole))
        case dict(), dict():
            return part.keys() <= whole.keys() and all(begins(item, whole[name]) for name, item in part.items())
    return bool(part == whole)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(VALUES, max_size=3), st.booleans(), st.integers(1, 7))
def test_each_prefix_is_a_beginning_of_the_value(value: Any, ascii_only: bool, size: int) -> None:
    """However far a text has come, what it holds is a beginning of the value, and at its end all of it."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    for end in range(0, len(text), size):
        assert begins(partial_from_text(text[:end]), value)
    assert partial_from_text(text) == value
