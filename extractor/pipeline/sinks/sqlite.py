"""SQLite: the tables in records.sqlite. Dates are ISO 8601 text, booleans 0 and 1, lists and JSON text."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from extractor.errors import UsageError
from extractor.pipeline.sinks.cells import MISFIT, Type, as_json
from extractor.pipeline.sinks.database import migrate, names, quoted, replace
from extractor.pipeline.sinks.files import database_file
from extractor.pipeline.sinks.layout import Column, Layout, Table
from extractor.pipeline.sinks.rows import Row

__all__ = ["SqliteFile"]


class SqliteFile:
    """A database file of which a run changes its own tables alone."""

    def __init__(self, out: Path, layout: Layout) -> None:
        self._path, self._layout = out / "records.sqlite", layout
        self.written = (self._path.name,)

    def check(self) -> None:
        """Make the tables and take that back."""
        if self._path.exists():
            with _transaction(self._path, self._path) as database:
                migrate(database, self._layout)
                database.execute("ROLLBACK")

    def write(self, records: Iterable[Mapping[str, Any]], pruned: Sequence[str] = ()) -> None:
        """Replace the rows of all these documents, and remove those of `pruned` ones, in one transaction."""
        with database_file(self._path) as file, _transaction(file, self._path) as database:
            migrate(database, self._layout)
            replace(database, self._layout, records, _store, pruned)
            database.execute("COMMIT")


class _Database:
    types: Mapping[Type, str] = {
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
    keyed = True
    quoted = staticmethod(quoted)

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection, self.name = connection, name

    def columns(self, table: str) -> dict[str, str]:
        rows = self._connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
        return dict(rows.fetchall())

    def execute(self, sql: str) -> None:
        self._connection.execute(sql)

    def delete(self, table: str, documents: Sequence[str]) -> None:
        self._connection.executemany(
            f"DELETE FROM {quoted(table)} WHERE document = ?", ((document,) for document in documents)
        )

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        marks = ", ".join("?" * len(table.columns))
        self._connection.executemany(f"INSERT INTO {quoted(table.name)} ({names(table)}) VALUES ({marks})", rows)


@contextmanager
def _transaction(file: Path, path: Path) -> Iterator[_Database]:
    """A transaction on `file`, rolled back unless it is committed; `path` is what messages call it."""
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield _Database(connection, str(path))
    except sqlite3.Error as error:
        raise UsageError(f"{path} cannot be written: {error}; close what uses it, or move it away") from error


def _store(column: Column, cell: Any) -> Any:
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
