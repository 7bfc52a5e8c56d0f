"""What a wrong value is asked again with: problems by place, its valid part, some fields alone, groups of them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, create_model

from extractor.errors import Problem
from extractor.schema.annotations import Key, Merge, Quote
from extractor.schema.compiler import Part, compile_schema
from extractor.schema.paths import Field as Place
from tests.schema.taken import check_wire


class Line(BaseModel):
    sku: Annotated[str, Key()]
    amount: Decimal = Field(ge=0)
    note: str = "none"


class Party(BaseModel):
    """Who."""

    name: str
    city: str | None = None


class Invoice(BaseModel):
    number: Annotated[str, Quote()]
    issued: Annotated[date, Merge.LAST]
    lines: list[Line] = Field(min_length=1)
    buyer: Party | None = None
    total: int = 0
    tags: dict[str, int] = {}
    span: tuple[int, str] | None = None


SCHEMA = compile_schema(Invoice)
GOOD: dict[str, Any] = {
    "number": "1",
    "issued": "2024-01-31",
    "lines": [{"sku": "a", "amount": "1"}, {"sku": "b", "amount": "2"}],
    "buyer": {"name": "n"},
    "total": 3,
    "tags": {"x": 1},
}


def broken(**changes: Any) -> dict[str, Any]:
    return json.loads(json.dumps(GOOD)) | changes


LINES = [{"sku": "a", "amount": "x"}, {"sku": "b"}, {"sku": "c", "amount": "2", "note": 5}, {"sku": "d", "amount": "4"}]
PROBLEMS: list[tuple[Any, list[str]]] = [
    (GOOD, []),
    (broken(issued="31/01/2024"), ["/issued"]),
    (broken(lines=LINES), ["/lines/0/amount", "/lines/1/amount", "/lines/2/note"]),
    (broken(lines=[]), ["/lines"]),
    (broken(buyer={"city": 3}), ["/buyer/name", "/buyer/city"]),
    (broken(tags={"x": "many"}, span=[1]), ["/tags/x", "/span/1"]),
    ({}, ["/number", "/issued", "/lines"]),
    ([], [""]),
]


@pytest.mark.parametrize(("value", "paths"), PROBLEMS, ids=str)
def test_problems_are_told_by_place(value: Any, paths: list[str]) -> None:
    """Each problem names one place of the declared value, without the names of union branches."""
    assert [problem.path for problem in SCHEMA.problems(value)] == paths


PRUNED: list[tuple[Any, dict[str, Any]]] = [
    (broken(total="x", tags={"x": "y", "z": 2}), {k: v for k, v in GOOD.items() if k != "total"} | {"tags": {"z": 2}}),
    (broken(lines=LINES), broken(lines=[{"sku": "c", "amount": "2"}, {"sku": "d", "amount": "4"}])),
    (broken(buyer={"city": 3}), {k: v for k, v in GOOD.items() if k != "buyer"}),
    (broken(span=[1]), broken()),
    (broken(issued="soon"), {k: v for k, v in GOOD.items() if k != "issued"}),
]


@pytest.mark.parametrize(("value", "valid"), PRUNED, ids=["leaves", "items", "object", "tuple", "required"])
def test_prune_keeps_the_largest_valid_part(value: Any, valid: Any) -> None:
    """Optional leaves go back to their defaults, bad items are left out, and what was dropped is told."""
    problems = SCHEMA.problems(value)
    pruned, dropped = SCHEMA.prune(value, problems)
    assert pruned == valid
    assert set(problems) <= set(dropped)
    assert all(problem.message == "Field required" for problem in SCHEMA.problems(pruned))


def test_subset_asks_for_the_failing_fields_alone() -> None:
    """A subset keeps names and nesting; items of a list stand under their indices."""
    part = SCHEMA.subset(["/lines/0/amount", "/lines/2/note", "/issued"])
    amount = SCHEMA.wire["properties"]["lines"]["items"]["properties"]["amount"]
    assert check_wire(part.wire) == ()
    assert list(part.wire["properties"]) == ["lines", "issued"]
    assert part.wire["properties"]["lines"]["properties"]["0"]["properties"] == {"amount": amount}
    assert len(part.prompt_text) < len(SCHEMA.prompt_text) / 2


def test_patch_puts_the_answer_in_its_place() -> None:
    """What was asked for is replaced, or left out where the answer says null; all else stays."""
    value = broken(lines=LINES[2:], issued="soon", total="x")
    part = SCHEMA.subset(["/lines/0/note", "/issued", "/total"])
    answer = part.decode('{"lines": {"0": {"note": null}}, "issued": "2024-02-01", "total": 5}')
    patched = part.patch(value, answer)
    assert patched == broken(lines=[{"sku": "c", "amount": "2"}, LINES[3]], issued="2024-02-01", total=5)
    assert value["issued"] == "soon"
    assert SCHEMA.problems(patched) == ()


def test_patch_makes_what_was_missing() -> None:
    """A field that the value had no place for gets one; a list grows by its next item."""
    part = SCHEMA.subset(["/buyer/name", "/lines/1", "/tags/z"])
    answer = part.decode(
        '{"buyer": {"name": "n"}, "lines": {"1": {"sku": "b", "amount": "2", "note": null}}, "tags": {"z": 9}}'
    )
    patched = part.patch({"number": "1", "issued": "2024-01-31", "lines": [{"sku": "a", "amount": "1"}]}, answer)
    assert patched["buyer"] == {"name": "n"}
    assert patched["lines"] == [{"sku": "a", "amount": "1"}, {"sku": "b", "amount": "2"}]
    assert patched["tags"] == {"z": 9}


def test_a_subset_of_everything_and_of_what_is_not_there() -> None:
    """The empty pointer asks for the whole; a pointer that leads nowhere asks for the nearest place above it."""
    whole = SCHEMA.subset([""])
    assert whole.wire["properties"].keys() == SCHEMA.wire["properties"].keys()
    assert whole.patch({"old": 1}, GOOD) == GOOD
    assert list(SCHEMA.subset(["/buyer/name/first"]).wire["properties"]["buyer"]["properties"]) == ["name"]


def test_wide_schemas_are_asked_in_groups() -> None:
    """369 fields are asked for in groups, each in order, and joined to one valid value."""
    fields: dict[str, Any] = {f"field_{i}": (int if i % 3 else str | None, ... if i % 3 else None) for i in range(319)}
    inner = create_model("Inner", **{f"inner_{i}": (float, ...) for i in range(50)})
    schema = compile_schema(create_model("Wide", **fields, deep=(inner, ...)))
    groups = schema.groups()
    assert [len(group.wire["properties"]) for group in groups] == [100, 100, 100, 20]
    assert schema.groups() is groups
    value = {f"field_{i}": i if i % 3 else f"t{i}" for i in range(319)} | {
        "deep": {f"inner_{i}": 0.5 for i in range(50)}
    }
    answers = []
    for group in groups:
        assert check_wire(group.wire) == ()
        mine = {name: value[name] for name in group.wire["properties"]}
        answers.append(group.decode(json.dumps(group.encode(mine))))
    joined = schema.join(answers)
    assert joined == value
    assert list(joined) == list(value)
    assert schema.problems(joined) == ()


def test_a_wide_object_is_divided_inside() -> None:
    """An object that is too wide for one group is asked for in several, under its own name."""
    inner = create_model("Inner", **{f"inner_{i}": (int, ...) for i in range(250)})
    schema = compile_schema(create_model("Wide", deep=(inner, ...)))
    groups = schema.groups()
    assert [len(group.wire["properties"]["deep"]["properties"]) for group in groups] == [100, 100, 50]
    value = {"deep": {f"inner_{i}": i for i in range(250)}}
    parts = [group.patch({}, value) for group in groups if isinstance(group, Part)]
    assert schema.join(parts) == value


def test_a_small_schema_is_its_own_group() -> None:
    """What fits into one answer is asked for as it is, lists and plain values among it."""
    assert SCHEMA.groups() == (SCHEMA,)
    assert SCHEMA.join([GOOD]) == GOOD
    listed = compile_schema(list[Invoice])
    assert listed.groups(leaves=2) == (listed,)


FIELDS: list[tuple[str, dict[str, Any] | None]] = [
    ("", {"kind": "object", "required": True}),
    ("/number", {"kind": "string", "required": True}),
    ("/issued", {"kind": "date", "policy": Merge.LAST}),
    ("/lines", {"kind": "array", "keys": ("sku",)}),
    ("/lines/7", {"kind": "object", "required": True}),
    ("/lines/0/sku", {"kind": "string", "key": True}),
    ("/lines/0/amount", {"kind": "decimal", "key": False}),
    ("/lines/0/note", {"required": False}),
    ("/buyer", {"kind": "object", "required": False, "description": "Who."}),
    ("/buyer/city", {"kind": "string"}),
    ("/tags", {"kind": "map"}),
    ("/tags/any name", {"kind": "integer"}),
    ("/span/1", {"kind": "string"}),
    ("/nowhere", None),
    ("/lines/x", None),
    ("/number/deeper", None),
]


@pytest.mark.parametrize(("pointer", "facts"), FIELDS)
def test_field(pointer: str, facts: dict[str, Any] | None) -> None:
    """Every place of the declaration tells what it holds; other places tell nothing."""
    found = SCHEMA.field(pointer)
    if facts is None:
        assert found is None
    else:
        assert isinstance(found, Place)
        assert {name: getattr(found, name) for name in facts} == facts


PATHS: list[tuple[Any, str, str]] = [
    (Invoice, "/lines/0/amount", "/lines/0/amount"),
    (Invoice, "/span/1", "/span/item_2"),
    (Invoice, "/tags/x", "/tags/x"),
    (list[Invoice], "/3/number", "/value/3/number"),
    (list[Invoice], "", "/value"),
    (create_model("M", a=(int, Field(alias="a/b"))), "/a~1b", "/a_b"),
]


@pytest.mark.parametrize(("declared", "here", "there"), PATHS, ids=str)
def test_paths_there_and_back(declared: Any, here: str, there: str) -> None:
    """A problem can be told in the words of the wire, and one of the wire in those of the declaration."""
    schema = compile_schema(declared)
    assert schema.wire_path(here) == there
    assert schema.declared_path(there) == here


def test_a_problem_reads_as_one_line() -> None:
    """What is wrong, and where."""
    assert str(SCHEMA.problems(broken(total="x"))[0]).endswith(" @ /total")
    assert str(Problem("", "is wrong")) == "is wrong @ /"
