"""One value of what several parts of a document state."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import create_model

from extractor import Key, Merge, compile_schema
from extractor.extraction.answers import Reading, Row
from extractor.extraction.join import joined
from extractor.extraction.parts import Part
from extractor.schema.pointer import JSON


def join(declared: Any, *stated: JSON) -> tuple[JSON, list[str]]:
    """What becomes of a field that each part states, and the problems."""
    schema = compile_schema(create_model("Paper", __doc__="A paper.", field=(declared, None)))
    parts = [Part(index, 100 * index, 100 * index + 100) for index in range(len(stated))]
    readings = [Reading(part=part, rest={"field": value}) for part, value in zip(parts, stated, strict=True)]
    result = joined(schema, readings)
    assert result is not None
    return result.value["field"], [problem.message for problem in result.problems]


@pytest.mark.parametrize(
    ("policy", "stated", "expected"),
    [
        (Merge.FIRST, ["b", None, "a"], "b"),
        (Merge.LAST, ["b", "c", "a", ""], "a"),
        (Merge.VOTE, ["b", "A", "a ", "c"], "A"),
        (Merge.LONGEST, ["b", "a cat", "cat"], "a cat"),
        (Merge.MIN, ["10", "9.5", "100"], "9.5"),
        (Merge.MAX, ["2026-02-01", "2025-12-31"], "2026-02-01"),
        (Merge.CONCAT, ["b", "a", "b"], "b\na\nb"),
        (Merge.UNION, ["b", "a", "b"], "b\na"),
    ],
)
def test_a_declared_policy_settles_what_parts_disagree_about(policy: Merge, stated: list[str], expected: str) -> None:
    """Each policy takes its value, silence counts for nothing, and there is no problem."""
    assert join(Annotated[str | None, policy], *stated) == (expected, [])


def test_parts_that_disagree_are_a_problem() -> None:
    """Without a policy the first value stays, and the problem names all of them with their places."""
    message = 'parts of the document disagree: "b" (0-100, 200-300); "a" (100-200): the first is kept'
    assert join(str | None, "b", "a", "B") == ("b", [message])


@pytest.mark.parametrize(
    ("declared", "expected"),
    [(list[str], ["a", "b", "c", "a"]), (Annotated[list[str], Merge.UNION], ["a", "b", "c"])],
)
def test_items_come_in_the_order_of_the_document(declared: Any, expected: list[str]) -> None:
    """Items of later parts follow those of earlier ones; of a union, one that is stated again stays where it is."""
    schema = compile_schema(create_model("Paper", __doc__="A paper.", field=(declared, ...)))
    rows = [[Row(name, Part(index, index, index + 1)) for name in names] for index, names in enumerate(["ab", "ca"])]
    readings = [Reading(part=own[0].part, rest={"field": []}, rows={"/field": own}) for own in rows]
    result = joined(schema, readings)
    assert result is not None
    assert result.value["field"] == expected


def test_a_key_that_one_part_uses_twice_names_nothing() -> None:
    """Items of different parts with one key are one item; both of a key that stands twice in a part are kept."""
    item = create_model("Item", name=(Annotated[str, Key()], ...), size=(int | None, None), note=(str | None, None))
    a, b = {"name": "a", "size": 1}, {"name": "b", "size": 2}
    value, problems = join(list[item], [a, b], [{"name": "A", "note": "late"}, b, {**b, "size": 3}])
    assert value[0] == {"name": "a", "size": 1, "note": "late"}
    assert [each["size"] for each in value[1:]] == [2, 2, 3]
    assert problems == ['2 items of one part share the key "b": all are kept']
