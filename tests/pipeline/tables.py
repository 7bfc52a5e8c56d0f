"""A schema of every kind of column, values for it, and the way back from rows to values."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel

from extractor.pipeline.sinks import open_sinks
from extractor.pipeline.sinks.layout import Column, Items, Layout, Place, lay_out
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.pointer import parts

Rows = Mapping[str, list[dict[str, Any]]]


class Tax(BaseModel):
    rate: Decimal | None = None
    note: str | None = None


class Line(BaseModel):
    id: str | None = None
    amount: Decimal | None = None
    taxes: list[Tax] = []


class Seller(BaseModel):
    name: str | None = None
    status: str | None = None


class Order(BaseModel):
    number: str | None = None
    total: Decimal | None = None
    day: dt.date | None = None
    at: dt.datetime | None = None
    count: int | None = None
    ratio: float | None = None
    paid: bool | None = None
    kind: Literal["a", "b"] | None = None
    tags: list[str] = []
    sums: list[Decimal] = []
    days: list[dt.date] = []
    seller: Seller | None = None
    lines: list[Line] = []
    more: dict[str, Any] = {}


ORDER: Schema[Any] = compile_schema(Order, counts=True)
LAYOUT: Layout = lay_out(ORDER)

VALUE: dict[str, Any] = {
    "number": "=1+1",
    "total": "12.30",
    "day": "2026-02-14",
    "at": "2026-02-14T10:30:00",
    "count": 3,
    "ratio": 0.5,
    "paid": True,
    "kind": "a",
    "tags": ["x", "", "NULL", "{,}"],
    "sums": ["1.5", "-2"],
    "days": ["2026-01-01"],
    "seller": {"name": "Ärzte & Söhne", "status": "open"},
    "lines": [
        {"id": "A", "amount": "10", "taxes": [{"rate": "0.19", "note": None}, {"rate": "0.07", "note": "-"}]},
        {"id": "B", "amount": "2.30", "taxes": []},
    ],
    "more": {"k": [1, {"x": None}]},
}


def record(value: Any, document: str = "a.txt", status: str = "ok") -> dict[str, Any]:
    """A line of records.jsonl, as far as tables look at it."""
    return {"document": document, "sha256": "0" * 64, "status": status, "value": value}


def written(name: str, out: Path, *records: dict[str, Any], schema: Schema[Any] = ORDER) -> None:
    """Put records into a format, as a run does."""
    (sink,) = open_sinks(name, out, schema)
    sink.write(iter(records))


# ---------------------------------------------------------------------- values

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_NUMBERS = st.integers(-(1 << 63), (1 << 64) - 1) | st.floats(allow_nan=False, allow_infinity=False)
_JUNK = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
    max_leaves=4,
)
_DECIMALS = st.decimals(allow_nan=False, allow_infinity=False).map(str)
_DAYS = st.dates().map(str)


def _objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects that have some of the fields, usually as declared, and now and then one more."""
    mixed = {name: st.one_of(values, values, values, _JUNK) for name, values in fields.items()}
    return st.fixed_dictionaries({}, optional={**mixed, "undeclared": _JUNK})


_LINES = _objects(
    id=_TEXTS, amount=_DECIMALS, taxes=st.lists(_objects(rate=_DECIMALS, note=_TEXTS) | _JUNK, max_size=2)
)

VALUES = _JUNK | _objects(
    number=_TEXTS,
    total=_DECIMALS,
    day=_DAYS,
    at=st.datetimes().map(dt.datetime.isoformat),
    count=st.integers(-(1 << 63), (1 << 63) - 1),
    ratio=st.floats(allow_nan=False, allow_infinity=False),
    paid=st.booleans(),
    kind=st.sampled_from("ab"),
    tags=st.lists(_TEXTS | st.none(), max_size=3),
    sums=st.lists(_DECIMALS, max_size=2),
    days=st.lists(_DAYS, max_size=2),
    seller=_objects(name=_TEXTS, status=_TEXTS),
    lines=st.lists(_LINES, max_size=2),
    more=st.dictionaries(_TEXTS, _JUNK, max_size=2),
)
"""Values as models give them: mostly as declared, with anything anywhere."""


# ---------------------------------------------------------------------- the way back


def restored(rows: Rows, document: str, layout: Layout = LAYOUT) -> Any:
    """The value that the rows of a document stand for; rows are told by table and column."""
    mine = {name: [row for row in table if row["document"] == document] for name, table in rows.items()}
    (top,) = mine[layout.tables[0].name]
    value = _value(layout.place, top, document, mine)
    for table in mine.values():
        for row in table:
            for pointer, other in json.loads(row.get("other") or "{}").items():
                value = _put(value, parts(pointer), other)
    return value


def _value(place: Place, row: Mapping[str, Any], own: str, rows: Rows) -> Any:
    match place:
        case Column(name=name):
            return row[name]
        case Items(table=table, place=inner):
            items = sorted(
                (row for row in rows[table.name] if row["parent_id"] == own), key=lambda row: row["position"]
            )
            return [_value(inner, item, item["id"], rows) for item in items]
        case dict():
            return {name: _value(inner, row, own, rows) for name, inner in place.items()}
    return None


def _put(value: Any, path: list[str], other: Any) -> Any:
    if not path:
        return other
    if isinstance(value, list):
        value[int(path[0])] = _put(value[int(path[0])], path[1:], other)
        return value
    held = value if isinstance(value, dict) else {}
    return {**held, path[0]: _put(held.get(path[0]), path[1:], other)}


def same(found: Any, value: Any) -> bool:
    """Whether a value came back: null, an empty list and an empty object are one, as they are in tables."""
    found, value = found or None if _is_box(found) else found, value or None if _is_box(value) else value
    match found:
        case dict():
            names = {*found, *value} if isinstance(value, dict) else ()
            return _nothing(found, value) or (
                isinstance(value, dict) and all(same(found.get(name), value.get(name)) for name in names)
            )
        case list():
            return isinstance(value, list) and len(found) == len(value) and all(map(same, found, value))
        case Decimal():
            return found == Decimal(str(value))
        case dt.date():
            return found == type(found).fromisoformat(value)
        case int() | float() if not isinstance(found, bool):
            return found == value or float(found) == float(value)
        case None:
            return value is None or _nothing(value, None)
    return type(found) is type(value) and found == value


def _is_box(value: Any) -> bool:
    return isinstance(value, dict | list)


def _nothing(*values: Any) -> bool:
    """Whether values hold nothing but nulls in objects."""
    return all(
        value is None or (isinstance(value, dict) and _nothing(*value.values())) or value == [] for value in values
    )
