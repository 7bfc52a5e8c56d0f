"""Schemas become tables, and records their rows: the same for every format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from pydantic import BaseModel

from extractor.pipeline.sinks.layout import Layout, batches, lay_out, rows
from extractor.schema.compiler import compile_schema
from tests.pipeline.tables import LAYOUT, VALUE, VALUES, record, restored, same


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    lives: float
    tricks: list[str]


class Folder(BaseModel):
    name: str
    inside: list[Folder] = []


def columns(annotation: Any) -> list[str]:
    """The columns of a model with one field `x`, the fixed ones left out: `table.name: type`."""
    model = type("M", (BaseModel,), {"__annotations__": {"x": annotation}})
    return [
        f"{table.suffix}.{column.name}: {column.type}{'[]' if column.many else ''}"
        for table in lay_out(compile_schema(model)).tables
        for column in table.columns[6 if table.suffix else 4 : -1]
    ]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (str, [".x: text"]),
        (int, [".x: integer"]),
        (float, [".x: number"]),
        (Decimal, [".x: decimal"]),
        (bool, [".x: boolean"]),
        (dt.date, [".x: date"]),
        (dt.datetime, [".x: datetime"]),
        (dt.time, [".x: text"]),
        (UUID, [".x: text"]),
        (dt.date | None, [".x: date"]),
        (Literal["a", "b"], [".x: text"]),
        (Literal[1, "b"], [".x: json"]),
        (Size, [".x: integer"]),
        (int | float, [".x: number"]),
        (dt.date | str, [".x: text"]),
        (int | str, [".x: json"]),
        (Any, [".x: json"]),
        (dict[str, int], [".x: json"]),
        (tuple[int, str], [".x: json"]),
        (list[str], [".x: text[]"]),
        (list[Decimal | None] | None, [".x: decimal[]"]),
        (list[list[int]], [".x: json"]),
        (Cat, [".x_kind: text", ".x_lives: integer"]),
        (list[Cat], ["x.kind: text", "x.lives: integer"]),
        (Cat | Dog | None, [".x_kind: text", ".x_lives: number", ".x_tricks: text[]"]),
        (list[Cat | Dog], ["x.kind: text", "x.lives: number", "x.tricks: text[]"]),
        (Folder, [".x_name: text", ".x_inside: json"]),
    ],
)
def test_columns(annotation: Any, expected: list[str]) -> None:
    """Each kind of field has the columns and tables that hold it."""
    assert columns(annotation) == expected


def test_names_never_clash() -> None:
    """Fields that are called as a fixed column, as each other except for case, or too long, get names of their own."""
    fields = {
        "status": (str, ...),
        "Status": (str, ...),
        "other": (str, ...),
        "a_b": (str, ...),
        "Total (EUR)": (str, ...),
        "x" * 70: (str, ...),
        "x" * 71: (str, ...),
        "=": (str, ...),
    }
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in fields}}
    schema["properties"]["a"] = {"type": "object", "properties": {"b": {"type": "string"}}}  # type: ignore[index]
    (table,) = lay_out(compile_schema(schema)).tables
    names = [column.name for column in table.columns]
    assert names[4:10] == ["status_2", "Status_3", "other_2", "a_b", "Total_EUR", "x" * 63]
    assert names[10:] == ["x" * 59 + "_2", "value", "a_b_2", "other"]


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        (list[Cat], ["list_cat", "list_cat_items"]),
        (int, ["int"]),
        ({"title": "Order sheet", "type": "object"}, ["order_sheet"]),
    ],
)
def test_roots_that_are_no_objects(schema: Any, names: list[str]) -> None:
    """A list at the top has a table for its items; a scalar at the top is one column."""
    layout = lay_out(compile_schema(schema))
    assert [table.name for table in layout.tables] == names
    value = [{"kind": "cat", "lives": 9}] if len(names) == 2 else 5
    assert same(restored(table_rows(layout, value), "a.txt", layout), value)


def table_rows(layout: Layout, value: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows of one record as a reader of tables sees them."""
    found: dict[str, list[dict[str, Any]]] = {table.name: [] for table in layout.every}
    for table, row in rows(layout, record(value), lambda column, cell: cell):
        found[table.name].append(dict(zip((column.name for column in table.columns), row, strict=True)))
    return found


def test_rows() -> None:
    """A record has a row, and each item of its lists one that names its parent and its position."""
    found = table_rows(LAYOUT, VALUE)
    (order,) = found["order"]
    assert (order["document"], order["status"], order["total"]) == ("a.txt", "ok", Decimal("12.30"))
    assert (order["day"], order["at"]) == (dt.date(2026, 2, 14), dt.datetime(2026, 2, 14, 10, 30))
    assert (order["seller_name"], order["seller_status"], order["other"]) == ("Ärzte & Söhne", "open", None)
    assert [(row["id"], row["parent_id"], row["position"], row["id_2"]) for row in found["order_lines"]] == [
        ("a.txt#/lines/0", "a.txt", 0, "A"),
        ("a.txt#/lines/1", "a.txt", 1, "B"),
    ]
    assert [(row["id"], row["parent_id"], row["rate"]) for row in found["order_lines_taxes"]] == [
        ("a.txt#/lines/0/taxes/0", "a.txt#/lines/0", Decimal("0.19")),
        ("a.txt#/lines/0/taxes/1", "a.txt#/lines/0", Decimal("0.07")),
    ]


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (None, None),
        ([], '{"":[]}'),
        ({"total": "about ten"}, '{"/total":"about ten"}'),
        ({"count": 2**63}, '{"/count":9223372036854775808}'),
        ({"paid": 1}, '{"/paid":1}'),
        ({"day": 0}, '{"/day":0}'),
        ({"tags": ["a", 5]}, '{"/tags":["a",5]}'),
        ({"seller": "ACME", "colour": "red"}, '{"/seller":"ACME","/colour":"red"}'),
        ({"lines": {"id": "A"}}, '{"/lines":{"id":"A"}}'),
    ],
)
def test_what_no_column_holds_is_kept(value: Any, other: str | None) -> None:
    """A misread value or an undeclared one stands in `other`, by its JSON pointer."""
    assert table_rows(LAYOUT, value)["order"][0]["other"] == other


def test_offsets_become_utc() -> None:
    """A datetime with an offset is told in UTC, one without stays as it is printed."""
    assert table_rows(LAYOUT, {"at": "2026-02-14T10:30:00+02:00"})["order"][0]["at"] == dt.datetime(2026, 2, 14, 8, 30)


@given(VALUES)
def test_rows_say_what_the_record_says(value: Any) -> None:
    """Whatever a value holds, declared or not, can be read back from its rows."""
    assert same(restored(table_rows(LAYOUT, value), "a.txt"), value)


def test_rows_stream() -> None:
    """Records are read no further than the batch that is asked for."""
    read = []

    def endless() -> Iterator[dict[str, Any]]:
        while True:
            read.append(1)
            yield record(VALUE, f"{len(read)}.txt")

    batch = next(batches(LAYOUT, endless(), lambda column, cell: cell, size=100))
    assert sum(map(len, batch.values())) == 102
    assert len(read) == len(batch[LAYOUT.tables[0]]) == 17
