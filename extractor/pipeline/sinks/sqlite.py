"""SQLite: the tables in records.sqlite. Dates are ISO 8601 text, booleans 0 and 1, lists and JSON text."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from extractor.errors import UsageError
from extractor.pipeline.sinks.database import FileDatabase, names, quoted
from extractor.pipeline.sinks.layout import MISFIT, Column, Table, as_json
from extractor.pipeline.sinks.rows import Row

__all__ = ["SqliteFile"]


class SqliteFile(FileDatabase):
    """records.sqlite."""

    types = {  # noqa: RUF012
        "text": "TEXT",
        "integer": "INTEGER",
        "number": "REAL",
        "decimal": "DECIMAL",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "datetime": "DATETIME",
        "json": "TEXT",
    }
    many = "TEXT"

    @contextmanager
    def opened(self, file: Path) -> Iterator[None]:
        try:
            with closing(sqlite3.connect(file, isolation_level=None)) as self.connection:
                self.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.Error as error:
            raise UsageError(f"{self.name} cannot be written: {error}; close what uses it, or move it away") from error

    def columns(self, table: str) -> dict[str, str]:
        return dict(self.connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall())

    def delete(self, table: str, documents: Sequence[str]) -> None:
        of_one = f"DELETE FROM {quoted(table)} WHERE document = ?"
        self.connection.executemany(of_one, ((document,) for document in documents))

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        marks = ", ".join("?" * len(table.columns))
        self.connection.executemany(f"INSERT INTO {quoted(table.name)} ({names(table)}) VALUES ({marks})", rows)

    def store(self, column: Column, cell: Any) -> Any:
        if column.many or column.type == "json":
            return as_json(cell)
        match cell:
            case Decimal():
                return _number(cell)
            case datetime():
                return cell.isoformat(" ")
            case date():
                return cell.isoformat()
        return cell


def _number(value: Decimal) -> Any:
    """The integer or float that says the same; SQLite has no decimals."""
    if value.adjusted() < 18 and value == value.to_integral_value():
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else MISFIT
