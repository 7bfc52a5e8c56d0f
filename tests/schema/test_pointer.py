"""Values put at pointers."""

from __future__ import annotations

from copy import deepcopy

import pytest

from extractor import compile_schema
from extractor.schema.pointer import JSON, put

PUT: list[tuple[JSON, str, JSON]] = [
    (1, "", {"a": 2}),
    ({"a": 1, "b": 2}, "/a", {"a": 9, "b": 2}),
    ({"a/b": {"~": 1}}, "/a~1b/~0", {"a/b": {"~": 9}}),
    ({"a": [1, 2, 3]}, "/a/1", {"a": [1, 9, 3]}),
    ({"a": [1]}, "/a/1", {"a": [1, 9]}),
    ({"a": [{"b": 1}]}, "/a/0/c/d", {"a": [{"b": 1, "c": {"d": 9}}]}),
    ({"a": None}, "/a/b", {"a": {"b": 9}}),
    ({"a": [1]}, "/a/b", {"a": {"b": 9}}),
    (None, "/a", {"a": 9}),
]


@pytest.mark.parametrize(("value", "pointer", "wanted"), PUT)
def test_a_value_is_put_at_a_pointer(value: JSON, pointer: str, wanted: JSON) -> None:
    """The copy has the new value there, objects on the way are made, a list grows at its end; the original stays."""
    before = deepcopy(value)
    assert put(value, pointer, wanted if pointer == "" else 9) == wanted
    assert value == before


PATCHED: list[tuple[JSON, JSON]] = [
    ({"/a": 1}, {"a": 1, "rows": [{"n": 1}, {"n": 2}]}),
    ({"/a": 1, "/rows/1/n": 5}, {"a": 1, "rows": [{"n": 1}, {"n": 5}]}),
    ({"/a": ...}, {"rows": [{"n": 1}, {"n": 2}]}),
    ({"/rows/1/n": ...}, {"a": 0, "rows": [{"n": 1}, {}]}),
    ({"/rows/7/n": ...}, {"a": 0, "rows": [{"n": 1}, {"n": 2}]}),
]


@pytest.mark.parametrize(("answers", "wanted"), PATCHED)
def test_an_answer_replaces_what_was_asked_for(answers: dict[str, JSON], wanted: JSON) -> None:
    """What the answer has of the places that were asked about takes their place, and what it leaves out goes away."""
    answer: JSON = {}
    for path, new in answers.items():
        answer = answer if new is ... else put(answer, path, new)
    document = {"properties": {"a": {}, "rows": {"type": "array", "items": {"properties": {"n": {}}}}}}
    part = compile_schema({"type": "object", **document}).subset(answers)
    assert part.patch({"a": 0, "rows": [{"n": 1}, {"n": 2}]}, answer) == wanted
