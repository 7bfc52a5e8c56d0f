"""Assertions on results and records, which print every value that differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from extractor.pipeline.result import Result
from extractor.review.alignment import pair_up
from extractor.review.files import read_gold, read_records
from extractor.schema.pointer import JSON, leaves

__all__ = ["assert_record", "assert_records"]

Record = Result[Any] | Mapping[str, Any]
"""The outcome of one document: a Result, or its line of records.jsonl."""


def assert_record(record: Record, expected: Any, *, status: str | None = "ok") -> None:
    """Fail unless a record has the expected values, and ended with the expected status (None for any).

    `expected` is an instance of the schema, or JSON of its shape; fields that it does not name are not compared, and
    None stands for a value that must not be there. Values are compared as `extractor eval` does: numbers by value, text
    without case and spacing, rows of a list in any order.

        assert_record(result, {"merchant": "Kiosk 7", "total": "5.00"})
        # AssertionError: kiosk.txt: 1 value differs, the status is ok
        #   total: expected '5.00', found '5.50' @ /total
    """
    __tracebackhide__ = True
    row = record.row() if isinstance(record, Result) else record
    if lines := list(_differences(row, to_jsonable_python(expected), status)):
        raise AssertionError("\n".join(lines))


def assert_records(out: str | Path, gold: str | Path, *, status: str | None = "ok") -> None:
    """Fail unless the records of a run have the values of a gold file, document by document.

    `out` is the output folder of the run. A document of gold without a record fails, and so does the reverse.

        assert_records("out/receipts", "samples/receipts/gold.jsonl")
    """
    __tracebackhide__ = True
    rows = {row["document"]: row for row in read_records(Path(out))}
    expected = {line["document"]: line["value"] for line in read_gold(Path(gold))}
    lines = [f"{name}: in gold, and not among the records" for name in expected if name not in rows]
    for name, row in rows.items():
        lines += _differences(row, expected[name], status) if name in expected else [f"{name}: not in gold"]
    if lines:
        raise AssertionError("\n".join(lines))


def _differences(row: Mapping[str, Any], expected: JSON, status: str | None) -> Iterator[str]:
    """A head line and a line for each difference; nothing where there is none."""
    pairs = pair_up(expected, _compared(row["value"], expected))
    wrong = [pair for pair in pairs if not pair.right]
    if not wrong and status in (None, row["status"]):
        return
    differ = "no value differs" if not wrong else f"{len(wrong)} value{'s differ' if len(wrong) > 1 else ' differs'}"
    wanted = f" and not {status}" if status not in (None, row["status"]) else ""
    yield f"{row['document']}: {differ}, the status is {row['status']}{wanted}"
    for pair in wrong:
        place = "" if pair.pointer is None else f" @ {pair.pointer}"
        yield f"  {pair.field}: expected {_text(pair.gold)}, found {_text(pair.found)}{place}"
    for problem in row["problems"]:
        yield f"  problem: {problem['message']} @ {problem['path'] or '/'}"


def _text(value: JSON) -> str:
    return "nothing" if value is None else repr(value)


def _compared(found: JSON, expected: JSON) -> JSON:
    """What of a value is compared: the fields that the expected one names."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return {name: _compared(found.get(name), inner) for name, inner in expected.items()}
    if isinstance(found, list) and isinstance(expected, list):
        named = {name: None for item in expected if isinstance(item, dict) for name in item}
        rows = [{name: item.get(name) for name in named} if isinstance(item, dict) else item for item in found]
        if len(found) <= len(expected):
            return rows
        # One of them is surplus. It differs, though it may have no value in the named fields.
        return [
            row if any(leaf is not None for _, leaf in leaves(row)) else item
            for row, item in zip(rows, found, strict=True)
        ]
    return found
