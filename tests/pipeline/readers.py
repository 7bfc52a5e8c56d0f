"""The tables of each file format, read back with the libraries that people read them with."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet

from extractor.pipeline.sinks.files import defused
from extractor.pipeline.sinks.layout import Column, Layout, Table
from tests.pipeline.tables import LAYOUT, Rows

__all__ = ["READERS", "read_csv", "read_duckdb", "read_parquet", "read_sqlite"]


def read_csv(out: Path, layout: Layout = LAYOUT) -> Rows:
    """By the csv module, to which an empty text and no value are one; apostrophes before formulas are taken away."""
    return {table.name: [_typed(table, row, _from_csv) for row in _csv(out, table)] for table in layout.tables}


def _csv(out: Path, table: Table) -> list[dict[str, Any]]:
    with (out / _file(table, "csv")).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_parquet(out: Path, layout: Layout = LAYOUT) -> Rows:
    """By pyarrow."""
    return {
        table.name: [
            _typed(table, row, _from_json)
            for row in pyarrow.parquet.read_table(out / _file(table, "parquet")).to_pylist()
        ]
        for table in layout.tables
    }


def read_sqlite(out: Path, layout: Layout = LAYOUT) -> Rows:
    """By sqlite3."""
    with closing(sqlite3.connect(out / "records.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        return {
            table.name: [
                _typed(table, dict(row), _from_sqlite) for row in connection.execute(f'SELECT * FROM "{table.name}"')
            ]
            for table in layout.tables
        }


def read_duckdb(out: Path, layout: Layout = LAYOUT) -> Rows:
    """By duckdb."""
    found = {}
    with duckdb.connect(out / "records.duckdb", read_only=True) as connection:
        for table in layout.tables:
            rows = connection.execute(f'SELECT * FROM "{table.name}"')
            names = [column[0] for column in rows.description]
            dicts = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
            found[table.name] = [_typed(table, row, _from_json) for row in dicts]
    return found


READERS: dict[str, Callable[..., Rows]] = {
    "csv": read_csv,
    "duckdb": read_duckdb,
    "parquet": read_parquet,
    "sqlite": read_sqlite,
}


def _file(table: Table, ending: str) -> str:
    return ".".join(filter(None, ("records", table.suffix, ending)))


def _typed(table: Table, row: dict[str, Any], cell: Callable[[Column, Any], Any]) -> dict[str, Any]:
    return {
        column.name: None if row[column.name] is None else cell(column, row[column.name]) for column in table.columns
    }


def _from_json(column: Column, cell: Any) -> Any:
    """A cell of a format that has every type but JSON."""
    return json.loads(cell) if column.type == "json" else cell


def _from_sqlite(column: Column, cell: Any) -> Any:
    if column.many or column.type == "json":
        return _listed(column, cell)
    match column.type:
        case "decimal":
            return Decimal(repr(cell))
        case "boolean":
            return bool(cell)
    return _from_text(column, cell)


def _from_csv(column: Column, cell: str) -> Any:
    if cell == "":
        return None
    if column.many or column.type == "json":
        return _listed(column, _fused(cell))
    match column.type:
        case "integer":
            return int(cell)
        case "number":
            return float(cell)
        case "decimal":
            return Decimal(cell)
        case "boolean":
            return {"true": True, "false": False}[cell]
    return _fused(cell) if column.type == "text" else _from_text(column, cell)


def _listed(column: Column, cell: str) -> Any:
    """JSON text; of decimals it holds the digits."""
    found = json.loads(cell)
    return [one and Decimal(one) for one in found] if column.type == "decimal" else found


def _from_text(column: Column, cell: Any) -> Any:
    match column.type:
        case "date":
            return dt.date.fromisoformat(cell)
        case "datetime":
            return dt.datetime.fromisoformat(cell)
    return cell


def _fused(cell: str) -> str:
    """Text without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and defused(cell[1:]) == cell else cell
