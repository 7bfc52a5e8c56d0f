"""What a person types becomes a value by the schema, or one line that says why not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel, Field, model_validator

from extractor.errors import UsageError
from extractor.pipeline.corrections import reviewed
from extractor.review.steps import fields_of, step_of
from extractor.schema.compiler import Schema, compile_schema
from tests.review.kit import record


class Kind(Enum):
    """How it was paid."""

    CARD = "card"
    CASH = "cash"


class Line(BaseModel):
    """A line."""

    sku: str
    amount: Decimal
    note: str | None = None


class Bill(BaseModel):
    """A bill."""

    number: str = Field(description="As printed")
    issued: date
    kind: Kind
    paid: bool
    copies: int
    tax: Decimal | None = None
    tags: list[str] = []
    lines: list[Line]
    total: Decimal

    @model_validator(mode="after")
    def _adds_up(self) -> Bill:
        if self.total < 0:
            raise ValueError("the total is below zero")
        return self


SCHEMA: Schema[Any] = compile_schema(Bill, counts=True)
VALUE: dict[str, Any] = {
    **{"number": "7", "issued": "2026-01-02", "kind": "card", "paid": True, "copies": 1, "tax": None, "tags": []},
    **{"lines": [{"sku": "A", "amount": "1.50", "note": None}], "total": "1.50"},
}
RECORD = record("a", VALUE)


def after(schema: Schema[Any] | None = SCHEMA, **wanted: Any) -> Any:
    """The value after a step."""
    return reviewed(VALUE, [step_of(RECORD, [], wanted, schema)]).value


TYPED = [
    ("/number", "12", "12"),
    ("/number", " 007 ", " 007 "),
    ("/issued", "5 March 2026", "2026-03-05"),
    ("/kind", "Cash", "cash"),
    ("/paid", "no", False),
    ("/copies", "3", 3),
    ("/tax", "1.234,50 €", "1234.50"),
    ("/tax", "", None),
    ("/total", "3", "3"),
    ("/lines/0/amount", "2,75", "2.75"),
    ("/lines/0", '{"sku": "B", "amount": "3"}', {"sku": "B", "amount": "3", "note": None}),
    ("/tags", '["x"]', ["x"]),
]


@pytest.mark.parametrize(("path", "text", "value"), TYPED)
def test_text_is_read_by_the_schema(path: str, text: str, value: Any) -> None:
    """As it is read in answers, and then written as the schema writes it."""
    assert step_of(RECORD, [], {"action": "correct", "path": path, "text": text}, SCHEMA).value == value


REFUSED = [
    ("/total", "about five", "valid decimal .*@ /total"),
    ("/total", "1,234", "can mean 1.234 or 1234 @ /total"),
    ("/issued", "03/04/2026", "can mean two dates @ /issued"),
    ("/issued", "", "@ /issued"),
    ("/kind", "cheque", "@ /kind"),
    ("/copies", "1.5", "@ /copies"),
    ("/lines/0", '{"sku": "B"}', "required @ /lines/0/amount"),
    ("/lines/0", "{", r"is not JSON: .*@ /lines/0"),
    ("/lines/7/amount", "1", "no value to correct @ /lines/7/amount"),
    ("/nothing/there", "1", "no value to correct"),
]


@pytest.mark.parametrize(("path", "text", "message"), REFUSED)
def test_what_the_schema_refuses_is_one_line(path: str, text: str, message: str) -> None:
    """What is wrong, and where."""
    with pytest.raises(UsageError, match=message) as caught:
        after(action="correct", path=path, text=text)
    assert "\n" not in str(caught.value)


def test_rows_are_typed_field_by_field() -> None:
    """A new row, and another text for fields of one that is there; a blank field that may be absent is absent."""
    fields = {"/sku": "B", "/amount": "2,50", "/note": ""}
    assert after(action="missing", path="/lines/1", fields=fields)["lines"][1] == {
        **{"sku": "B", "amount": "2.50", "note": None}
    }
    assert after(action="correct", path="/lines/0", fields={"/sku": "C"})["lines"] == [
        {"sku": "C", "amount": "1.50", "note": None}
    ]
    with pytest.raises(UsageError, match="@ /lines/1/amount"):
        after(action="missing", path="/lines/1", fields={"/sku": "B", "/amount": "x"})


def test_rows_that_are_not_there_can_only_be_added_at_the_end() -> None:
    """A gap in a list, or a row of no list, is refused."""
    for path in ("/lines/2", "/number/0"):
        with pytest.raises(UsageError, match="no value to correct"):
            after(action="missing", path=path, text="{}")


@pytest.mark.parametrize("schema", [SCHEMA, None])
def test_two_additions_at_one_place_do_not_replace_each_other(schema: Schema[Any] | None) -> None:
    """A row that somebody else has added is there to stay; the same row may be added twice, as by a second import."""
    wanted = {"action": "missing", "path": "/lines/1", "text": '{"sku": "B", "amount": "2"}'}
    first = step_of(RECORD, [], wanted, schema)
    assert step_of(RECORD, [first], wanted, schema).value == first.value
    with pytest.raises(UsageError, match="another value was added @ /lines/1"):
        step_of(RECORD, [first], {**wanted, "text": '{"sku": "C", "amount": "3"}'}, schema)


def test_accept_and_invented_need_no_text() -> None:
    """Accepting changes nothing; what was invented is no value, even where the schema wants one; rows go."""
    assert after(action="accept", path="/total") == VALUE
    assert after(action="accept", path="") == VALUE
    assert after(action="invented", path="/total")["total"] is None
    assert after(action="invented", path="/lines/0")["lines"] == []


def test_what_is_wrong_elsewhere_does_not_stand_in_the_way() -> None:
    """A value that is right by itself is taken, though others of the document are still wrong."""
    broken = record("a", {**VALUE, "issued": "soon"})
    assert step_of(broken, [], {"action": "correct", "path": "/total", "text": "9"}, SCHEMA).value == "9"


def test_without_a_schema_a_value_keeps_its_type() -> None:
    """Text replaces text, a number a number."""
    assert after(None, action="correct", path="/number", text="12")["number"] == "12"
    assert after(None, action="correct", path="/copies", text="12")["copies"] == 12
    with pytest.raises(UsageError, match="@ /copies"):
        after(None, action="correct", path="/copies", text='"12"')
    with pytest.raises(UsageError, match="@ /paid"):
        after(None, action="correct", path="/paid", text="1")


@pytest.mark.parametrize("wanted", [{}, {"action": "guess", "path": ""}, {"action": "correct", "path": "/total"}])
def test_a_request_that_is_no_correction(wanted: dict[str, Any]) -> None:
    """It is refused in one line."""
    with pytest.raises(UsageError):
        after(**wanted)


def test_the_page_is_told_of_the_fields() -> None:
    """Each scalar with its kind, its choices and its description."""
    fields = fields_of(SCHEMA)
    assert fields["/number"] == {"kind": "string", "description": "As printed"}
    assert fields["/kind"]["choices"] == ["card", "cash"]
    assert {path: field["kind"] for path, field in fields.items() if path.startswith(("/lines", "/t"))} == {
        **{"/tax": "decimal", "/tags/*": "string", "/lines/*/sku": "string", "/lines/*/amount": "decimal"},
        **{"/lines/*/note": "string", "/total": "decimal"},
    }
