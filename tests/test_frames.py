"""Data frames of the real libraries: a column of texts becomes typed columns, in order, and nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pydantic import BaseModel

from extractor import Extractor
from extractor.call.prompt import read_document
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.emulator.values import Refusal
from extractor.errors import AccountError, UsageError
from extractor.extraction.kinds import asks_kind
from extractor.frames import extract_frame, register_duckdb, to_arrow


class Line(BaseModel):
    """A line of a bill."""

    item: str
    amount: Decimal


class Bill(BaseModel):
    """A bill."""

    number: int
    issued: dt.date
    lines: list[Line]
    note: str | None = None


class Amount(BaseModel):
    """An amount."""

    amount: Decimal


TEXTS = [
    "Bill 7 of 2026-03-01: tea 2.50",
    None,
    "Bill 8 of 2026-03-02: milk 1.10 and bread 3.00",
    "Bill 7 of 2026-03-01: tea 2.50",
]
WIRE = {
    TEXTS[0]: {"number": 7, "issued": "2026-03-01", "lines": [{"item": "tea", "amount": "2.50"}], "note": None},
    TEXTS[2]: {
        "number": 8,
        "issued": "2026-03-02",
        "lines": [{"item": "milk", "amount": "1.10"}, {"item": "bread", "amount": "3.00"}],
        "note": None,
    },
}
TEA = {
    "number": 7,
    "issued": dt.date(2026, 3, 1),
    "lines": [{"item": "tea", "amount": Decimal("2.50")}],
    "note": None,
}


def reply(body: Mapping[str, Any]) -> Any:
    value = dict(WIRE[read_document(body["messages"]).strip()])
    return {**value, "lines_count": len(value["lines"])}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(reply) as emulator:
        yield emulator


def client(emulator: Emulator, **options: Any) -> Extractor:
    return Extractor(
        account_id=emulator.account_id, token=emulator.token, base_url=emulator.base_url, rpm=100_000, **options
    )


def frames() -> list[Any]:
    rows = {"id": [1, 2, 3, 4], "body": TEXTS}
    return [
        pytest.param(pd.DataFrame(rows, index=["a", "b", "c", "d"]), id="pandas"),
        pytest.param(pl.DataFrame(rows), id="polars"),
        pytest.param(pa.table(rows), id="pyarrow"),
    ]


@pytest.mark.parametrize("frame", frames())
def test_a_column_of_texts(frame: Any, emulator: Emulator) -> None:
    """A frame comes back as its own kind, with its rows in order and typed structs; an equal text is paid for once."""
    with client(emulator) as extractor:
        found = extract_frame(frame, "body", Bill, extractor=extractor)
    assert type(found) is type(frame)
    if isinstance(found, pd.DataFrame):
        assert list(found.index) == list(frame.index)
    table = found if isinstance(found, pa.Table) else pa.table(found)
    rows = table.to_pylist()
    assert [row["id"] for row in rows] == [1, 2, 3, 4]
    assert [row["status"] for row in rows] == ["ok", None, "ok", "ok"]
    assert rows[0]["value"] == TEA == rows[3]["value"]
    assert rows[1]["value"] is None
    assert [line["item"] for line in rows[2]["value"]["lines"]] == ["milk", "bread"]
    assert emulator.served == 2
    assert sum(row["cost_usd"] or 0 for row in rows) == pytest.approx(emulator.usage.cost_usd)


def test_types_do_not_depend_on_the_rows(emulator: Emulator) -> None:
    """The columns have the types of the schema, also where no row has a value."""
    with client(emulator) as extractor:
        table = extract_frame(pa.table({"body": pa.array([None], pa.string())}), "body", Bill, extractor=extractor)
    lines = pa.list_(pa.struct([("item", pa.string()), ("amount", pa.decimal128(38, 9))]))
    assert table.schema.field("value").type == pa.struct(
        [("number", pa.int64()), ("issued", pa.date32()), ("lines", lines), ("note", pa.string())]
    )
    assert emulator.served == 0


def test_a_union_names_the_class() -> None:
    """Records of several classes are JSON text, and `kind` names the class of each, as in records.jsonl."""

    def either(body: Mapping[str, Any]) -> Any:
        if asks_kind(Question.of(body).schema):
            return {"kind": "Amount" if "amount" in read_document(body["messages"]) else "other"}
        return {"amount": "2.50"}

    frame = pa.table({"body": ["amount 2.50", "Closed on Friday.", None]})
    with Emulator(either) as emulator, client(emulator) as extractor:
        rows = extract_frame(frame, "body", Amount | Bill, extractor=extractor).to_pylist()
    assert [(row["kind"], row["status"], row["value"]) for row in rows] == [
        ("Amount", "ok", '{"amount":"2.50"}'),
        ("other", "failed", None),
        (None, None, None),
    ]


def test_what_a_column_cannot_hold() -> None:
    """A value out of the range of its column is null there, and the row is partial and says so."""
    digits = str(10**30)
    with Emulator(lambda body: {"amount": digits}) as emulator, client(emulator) as extractor:
        table = extract_frame(pa.table({"body": [f"amount {digits}"]}), "body", Amount, extractor=extractor)
    row = table.to_pylist()[0]
    assert (row["value"], row["status"]) == ({"amount": None}, "partial")
    assert "out of the range" in row["problems"][0]


def test_a_stop_in_the_middle() -> None:
    """Rows that a stop leaves are failed and say why; a stop before the first row is raised."""
    frame = pa.table({"body": [TEXTS[0], TEXTS[2]]})
    refusal = Refusal(401, b'{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}')

    def until_withdrawn(body: Mapping[str, Any]) -> Any:
        return refusal if read_document(body["messages"]).strip() == TEXTS[2] else reply(body)

    with Emulator(until_withdrawn) as emulator, client(emulator, concurrency=1) as extractor:
        rows = extract_frame(frame, "body", Bill, extractor=extractor).to_pylist()
        assert [(row["status"], row["value"]) for row in rows] == [("ok", TEA), ("failed", None)]
        assert rows[1]["problems"][0].startswith("not read: ")
        assert rows[1]["cost_usd"] is None
        with pytest.raises(AccountError):
            extract_frame(frame.slice(1), "body", Bill, extractor=extractor)


@pytest.mark.parametrize(
    ("frame", "column", "message"),
    [
        (pl.DataFrame({"a": ["x"]}), "b", "no column 'b'; it has a"),
        (pl.DataFrame({"a": [1]}), "a", "row 0 of column 'a' holds a int"),
        (pd.DataFrame({"a": ["x"], "status": [1]}), "a", "already has a column 'status'"),
        (pd.DataFrame([["x", "y"]], columns=["a", "a"]), "a", "2 columns 'a'"),
        (pd.DataFrame({"a": ["x", 1]}), "a", "a DataFrame cannot be read as a table: .*Expected bytes, got a 'int'"),
        (pd.Series(["x"], name="a"), "a", "a Series cannot be read as a table"),
        (pl.DataFrame({"a": ["x"]}).lazy(), "a", "a LazyFrame cannot be read as a table"),
    ],
)
def test_frames_that_do_not_fit(frame: Any, column: str, message: str, emulator: Emulator) -> None:
    """A frame without the column, or with a column of ours, is refused in one line before anything is sent."""
    with client(emulator) as extractor, pytest.raises(UsageError, match=message):
        extract_frame(frame, column, Bill, extractor=extractor)
    assert emulator.served == 0


def test_a_function_of_duckdb(emulator: Emulator) -> None:
    """A schema becomes a function of SQL, whose struct has the types of the schema."""
    connection = duckdb.connect()
    connection.execute(
        "create table mails as select unnest([1, 2, 3]) as id, unnest(?::varchar[]) as body", [TEXTS[:3]]
    )
    with client(emulator) as extractor:
        register_duckdb(connection, "read_bill", Bill, extractor=extractor)
        rows = connection.sql(
            "select id, r.status, r.value.number, r.value.lines[1].amount"
            " from (select id, read_bill(body) as r from mails) order by id"
        ).fetchall()
    assert rows == [(1, "ok", 7, Decimal("2.50")), (2, None, None, None), (3, "ok", 8, Decimal("1.10"))]


def test_a_relation_of_duckdb(emulator: Emulator) -> None:
    """Whatever exports Arrow comes back as a table of pyarrow."""
    connection = duckdb.connect()
    relation = connection.sql(f"select '{TEXTS[0]}' as body")
    with client(emulator) as extractor:
        table = extract_frame(relation, "body", Bill, extractor=extractor)
    assert isinstance(table, pa.Table)
    assert table["value"].to_pylist() == [TEA]


def test_results_as_a_table(emulator: Emulator) -> None:
    """Results of any call become one table, with the name of each document first."""
    with client(emulator) as extractor:
        table = to_arrow([extractor.extract(Bill, TEXTS[0])], Bill)
    assert table.column_names == ["document", "value", "status", "problems", "cost_usd"]
    assert table.to_pylist()[0]["value"] == TEA
