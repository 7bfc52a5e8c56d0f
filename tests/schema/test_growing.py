"""Lists that may grow, the two halves of a declaration, and what a row is made of."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, model_validator

from extractor.errors import InvalidValue
from extractor.schema.compiler import RowShape, compile_schema
from tests.schema.taken import check_wire


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Line(BaseModel):
    sku: str
    amount: Decimal
    note: str | None = None


class Shipment(BaseModel):
    parcels: list[Line]


class Delivery(BaseModel):
    carrier: str
    parcels: list[Line] = []


class Invoice(BaseModel):
    """An invoice."""

    number: str
    lines: list[Line] = Field(min_length=1, description="one for each article")
    delivery: Delivery | None = None
    shipment: Shipment
    total: Decimal

    @model_validator(mode="after")
    def must_add_up(self) -> Invoice:
        if sum(line.amount for line in self.lines) != self.total:
            raise ValueError("the lines do not add up")
        return self


class Tree(BaseModel):
    name: str
    parent: Tree | None = None
    twigs: list[Tree] = []


class Page(BaseModel):
    words: list[str]


def field(annotation: Any, **settings: Any) -> Any:
    """A model of one field."""
    return type("Model", (BaseModel,), {"__annotations__": {"it": annotation}, "it": Field(..., **settings)})


LISTS: list[tuple[Any, tuple[str, ...]]] = [
    (Invoice, ("/lines", "/delivery/parcels", "/shipment/parcels")),
    (list[Line], ("",)),
    (list[Line] | None, ("",)),
    (Line, ()),
    (Tree, ("/parent/twigs", "/twigs")),
    (field(list[str]), ("/it",)),
    (field(list[str] | None), ("/it",)),
    (field(tuple[int, ...]), ("/it",)),
    (field(list[str], max_length=20), ()),
    (field(list[str], max_length=21), ("/it",)),
    (field(list[Page], max_length=5), ("/it",)),
    (field(set[Mood]), ()),
    (field(set[Literal["a", "b"]]), ()),
    (field(list[Mood]), ("/it",)),
    (field(list[Page]), ("/it",)),
    (field(Page | Delivery), ()),
    (field(list[str] | list[int]), ()),
    (field(tuple[int, str]), ()),
    (field(dict[str, Line]), ()),
    (field(Any), ()),
]


@pytest.mark.parametrize(("declared", "lists"), LISTS, ids=str)
def test_lists_that_may_grow(declared: Any, lists: tuple[str, ...]) -> None:
    """Every list is one that nothing bounds and that objects alone lead to."""
    assert compile_schema(declared).lists == lists


SCHEMA = compile_schema(Invoice, counts=True)
ROWS: Any = {
    "lines_count": 1,
    "lines": [{"sku": "a", "amount": "1", "note": None}],
    "delivery": None,
    "shipment": {"parcels_count": 0, "parcels": []},
}


def names(wire: Any) -> Any:
    """The names of a wire schema with what is below them."""
    wire = next((branch for branch in wire.get("anyOf", ()) if branch.get("type") != "null"), wire)
    return {name: names(inner) for name, inner in wire.get("properties", {}).items()}


def test_rows_ask_for_the_lists_alone() -> None:
    """The lists, the objects above them and the helpers stand in the wire schema of the rows, and nothing else."""
    rows = SCHEMA.rows()
    assert rows is not None
    parcels: dict[str, Any] = {"parcels_count": {}, "parcels": {}}
    assert names(rows.wire) == {"lines_count": {}, "lines": {}, "delivery": parcels, "shipment": parcels}
    assert rows.wire["required"] == ["lines_count", "lines", "delivery", "shipment"]
    assert rows.wire["properties"]["lines"]["type"] == "array"
    assert rows.wire["properties"]["lines"]["description"].startswith("one for each article")
    found = rows.unwrap(ROWS)
    assert found.value == {
        "lines": [{"sku": "a", "amount": "1", "note": None}],
        "delivery": None,
        "shipment": {"parcels": []},
    }
    assert found.counts == {"/lines": 1, "/shipment/parcels": 0}
    assert rows.problems(found.value) == ()


def test_the_document_asks_for_all_the_rest() -> None:
    """No list, and no object that held nothing but lists, stands in the other half."""
    document = SCHEMA.document()
    assert document is not None
    assert names(document.wire) == {"number": {}, "delivery": {"carrier": {}}, "total": {}}
    assert document.problems({"number": "7", "total": "1"}) == ()
    assert document.problems({"total": "x"}) != ()


def test_the_halves_join_to_the_whole() -> None:
    """The document and the rows of its parts, joined in order, are a value of the declaration."""
    head = {"number": "7", "total": "3", "delivery": None}
    first = {"lines": [{"sku": "a", "amount": "1"}], "shipment": {"parcels": []}}
    second = {"lines": [{"sku": "b", "amount": "2"}], "delivery": {"parcels": []}, "shipment": {"parcels": []}}
    whole = SCHEMA.join([head, first, second])
    assert whole == {
        "number": "7",
        "total": "3",
        "delivery": None,
        "lines": [{"sku": "a", "amount": "1"}, {"sku": "b", "amount": "2"}],
        "shipment": {"parcels": []},
    }
    assert [line.sku for line in SCHEMA.validate(whole).lines] == ["a", "b"]


def test_a_part_need_not_say_what_the_whole_must() -> None:
    """Missing fields and judgements of the whole are no problems of a part; a wrong value in it is."""
    rows = SCHEMA.rows()
    assert rows is not None
    assert rows.problems({"lines": []}) == ()
    assert rows.problems({"lines": [{"sku": None}], "shipment": {}}) == ()
    assert [problem.path for problem in rows.problems({"lines": [{"sku": 1, "amount": "1"}]})] == ["/lines/0/sku"]
    excerpt = SCHEMA.excerpt()
    assert excerpt.problems({"number": "1", "lines": [], "shipment": {"parcels": []}, "total": "9"}) == ()


def test_strict_halves_require_what_is_declared_in_them() -> None:
    """With `loose=False` a row lacks what it must have, and the other half is still not missing."""
    rows, document = SCHEMA.rows(loose=False), SCHEMA.document(loose=False)
    assert rows is not None
    assert document is not None
    assert document.wire["required"] == ["number", "delivery", "total"]
    item = rows.wire["$defs"]["Line"] if "$defs" in rows.wire else rows.wire["properties"]["lines"]["items"]
    assert item["required"] == ["sku", "amount", "note"]
    assert "minItems" not in rows.wire["properties"]["lines"]
    value: Any = {"lines": [{"sku": "a"}], "shipment": {"parcels": []}}
    assert [problem.path for problem in rows.problems(value)] == ["/lines/0/amount"]
    assert [problem.path for problem in document.problems({"number": "1"})] == ["/total"]


def test_an_answer_that_says_more_is_trimmed_to_what_was_asked() -> None:
    """Places of the other half are left out, so that no row is counted twice; a name of nobody's stays."""
    document = SCHEMA.document()
    assert document is not None
    answer = {"number": "1", "total": "2", "lines": [{"sku": "a"}], "delivery": {"carrier": "c", "parcels": []}}
    assert document.unwrap({**answer, "colour": "red"}).value == {
        "number": "1",
        "total": "2",
        "delivery": {"carrier": "c"},
        "colour": "red",
    }


def test_a_root_that_is_a_list_has_one_half() -> None:
    """The rows of a list are wrapped on the wire as the list is, and nothing is left for the document."""
    schema = compile_schema(list[Line], counts=True)
    rows = schema.rows()
    assert rows is not None
    assert schema.document() is None
    assert schema.wire_path("") == "/value"
    assert rows.unwrap({"value_count": 1, "value": [{"sku": "a"}]}).value == [{"sku": "a"}]
    assert schema.join([[{"sku": "a"}], [{"sku": "b"}]]) == [{"sku": "a"}, {"sku": "b"}]


def test_nothing_that_grows() -> None:
    """A declaration without such lists has no rows, and its document is all of it."""
    schema = compile_schema(Line)
    document = schema.document(loose=False)
    assert schema.rows() is None
    assert document is not None
    assert document.wire == schema.wire
    with pytest.raises(InvalidValue):
        document.validate({"sku": "a"})


@pytest.mark.parametrize("loose", [True, False])
def test_halves_may_be_sent(loose: bool) -> None:
    """Both halves keep to what the service takes."""
    schema = compile_schema(Invoice, counts=True)
    for half in (schema.rows(loose=loose), schema.document(loose=loose), schema.excerpt()):
        assert half is not None
        assert check_wire(half.wire) == ()


class Everything(BaseModel):
    name: str
    day: dt.date | None
    mood: Mood
    paid: bool = False
    weight: float
    tags: list[str] = []
    pair: tuple[int, str]
    other: Annotated[Line | Page, Field(description="either")]


SHAPES: list[tuple[Any, str, RowShape]] = [
    (
        Invoice,
        "/lines",
        RowShape({"text": 1, "number": 1}, {"text": 1}, {"sku": "", "amount": "", "note": ""}),
    ),
    (list[int], "", RowShape({"number": 1}, {}, 0)),
    (
        list[Everything] | None,
        "",
        RowShape(
            {"text": 3, "enum": 1, "number": 3},
            {"date": 1, "bool": 1, "text": 2},
            {
                "name": "",
                "day": "",
                "mood": "good",
                "paid": False,
                "weight": 0,
                "tags": [""],
                "pair": {"item_1": 0, "item_2": ""},
                "other": {"variant": "Line", "sku": "", "amount": "", "note": ""},
            },
        ),
    ),
]


@pytest.mark.parametrize(("declared", "pointer", "shape"), SHAPES, ids=str)
def test_what_a_row_is_made_of(declared: Any, pointer: str, shape: RowShape) -> None:
    """Leaves are counted by kind, and the skeleton is a row of the wire with empty values."""
    assert compile_schema(declared).row_shape(pointer) == shape


def test_a_row_that_holds_rows_of_its_own_kind() -> None:
    """A definition inside itself counts once, and is null in the skeleton where it repeats itself."""
    assert compile_schema(Tree).row_shape("/twigs").skeleton == {"name": "", "parent": None, "twigs": [None]}


def test_definitions_that_hold_each_other_are_followed_once() -> None:
    """Lists, shape and groups of a schema end where its definitions lead back, however many they are."""
    names = [f"D{number}" for number in range(30)]
    below = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    one = {"type": "object", "properties": {**below, "text": {"type": "string"}}}
    rows = {"type": "array", "items": below["D1"]}
    schema = compile_schema(
        {"type": "object", "properties": {"a": below["D0"], "rows": rows}, "$defs": dict.fromkeys(names, one)}
    )
    assert schema.lists == ("/rows",)
    assert schema.shape.optional == {"text": 2}
    assert len(schema.groups()) > 1
