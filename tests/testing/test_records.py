"""Assertions on records: what they let pass, and the lines they print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from extractor import Extractor, Problem, Result
from extractor.testing import Endpoint, assert_record, assert_records

VALUE = {
    "number": "A1",
    "total": "5.00",
    "tax": None,
    "lines": [{"sku": "x", "amount": "2"}, {"sku": "y", "amount": "3"}],
}


def record(value: Any = VALUE, status: Any = "ok", problems: tuple[Problem, ...] = ()) -> Result[Any]:
    return Result("a.txt", "0", status, data=value, problems=problems)


@pytest.mark.parametrize(
    "expected",
    [
        VALUE,
        {"total": 5},
        {"number": "a1 "},
        {"tax": None},
        {"lines": [{"sku": "y"}, {"sku": "x"}]},
        {"lines": [{"sku": "y", "amount": 3.0}, {"sku": "x", "amount": "2.0"}]},
    ],
)
def test_what_passes(expected: Any) -> None:
    """Named fields are compared by what they mean, rows in any order; the same for a result and its line."""
    assert_record(record(), expected)
    assert_record(record().row(), expected)


@pytest.mark.parametrize(
    ("found", "expected", "lines"),
    [
        (
            record(),
            {"number": "A2", "tax": "1.00"},
            [
                "a.txt: 2 values differ, the status is ok",
                "  number: expected 'A2', found 'A1' @ /number",
                "  tax: expected '1.00', found nothing",
            ],
        ),
        (
            record(),
            {"total": None},
            ["a.txt: 1 value differs, the status is ok", "  total: expected nothing, found '5.00' @ /total"],
        ),
        (
            record(),
            {"lines": [{"sku": "x", "amount": "2"}, {"sku": "y", "amount": "4"}]},
            [
                "a.txt: 1 value differs, the status is ok",
                "  lines[].amount: expected '4', found '3' @ /lines/1/amount",
            ],
        ),
        (
            record(),
            {"lines": [{"tax": None}]},
            [
                "a.txt: 4 values differ, the status is ok",
                "  lines[].sku: expected nothing, found 'x' @ /lines/0/sku",
                "  lines[].amount: expected nothing, found '2' @ /lines/0/amount",
                "  lines[].sku: expected nothing, found 'y' @ /lines/1/sku",
                "  lines[].amount: expected nothing, found '3' @ /lines/1/amount",
            ],
        ),
        (
            record({"lines": [{"sku": "x"}]}),
            {"lines": []},
            ["a.txt: 1 value differs, the status is ok", "  lines[].sku: expected nothing, found 'x' @ /lines/0/sku"],
        ),
        (
            record(status="partial", problems=(Problem("/total", "was cut"),)),
            {"total": "5.00"},
            ["a.txt: no value differs, the status is partial and not ok", "  problem: was cut @ /total"],
        ),
        (
            record(None, status="failed", problems=(Problem("", "no text"),)),
            {"total": "5.00"},
            [
                "a.txt: 1 value differs, the status is failed and not ok",
                "  total: expected '5.00', found nothing",
                "  problem: no text @ /",
            ],
        ),
    ],
)
def test_what_fails(found: Result[Any], expected: Any, lines: list[str]) -> None:
    """Every value that differs has a line with its place, and so has every problem."""
    with pytest.raises(AssertionError) as failure:
        assert_record(found, expected)
    assert str(failure.value).splitlines() == lines


class Receipt(BaseModel):
    """A receipt."""

    merchant: str = Field(alias="soldBy")


@dataclass
class Note:
    """A note."""

    total: Decimal


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Receipt, Receipt(soldBy="Kiosk 7")),
        (Note, Note(Decimal("7.00"))),
        (list[Receipt], [Receipt(soldBy="Kiosk 7")]),
    ],
)
def test_a_value_of_any_schema(schema: Any, value: Any) -> None:
    """An instance is scripted and compared as its JSON: by alias, of a dataclass, in a list."""
    with Endpoint() as endpoint, Extractor(**endpoint.where) as extractor:
        endpoint.answer(schema, "Kiosk 7\nTotal 7.00", value)
        assert_record(extractor.extract(schema, "Kiosk 7\nTotal 7.00"), value)


def test_any_status() -> None:
    """The status is compared only where one is expected."""
    found = record(status="partial")
    assert_record(found, VALUE, status=None)
    assert_record(found, VALUE, status="partial")
    with pytest.raises(AssertionError, match="no value differs, the status is partial and not failed"):
        assert_record(found, VALUE, status="failed")


def test_a_whole_run(tmp_path: Path) -> None:
    """Records and gold name each other, one to one."""
    rows = [{**record().row(), "document": name} for name in ("a.txt", "b.txt")]
    (tmp_path / "records.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    gold = tmp_path / "gold.jsonl"
    gold.write_text("".join(f"{json.dumps({'document': d, 'value': VALUE})}\n" for d in ("a.txt", "b.txt")))
    assert_records(tmp_path, gold)
    gold.write_text("".join(f"{json.dumps({'document': d, 'value': VALUE})}\n" for d in ("a.txt", "c.txt")))
    with pytest.raises(AssertionError) as failure:
        assert_records(tmp_path, gold)
    assert str(failure.value).splitlines() == ["c.txt: in gold, and not among the records", "b.txt: not in gold"]
