"""DuckDB: the tables in records.duckdb, with lists as lists and JSON as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from extractor.errors import MissingExtra, UsageError
from extractor.pipeline.sinks.cells import MISFIT, SCALE, WIDTH, Type, as_json, every, fits_decimal
from extractor.pipeline.sinks.database import migrate, names, quoted, replace
from extractor.pipeline.sinks.files import database_file
from extractor.pipeline.sinks.layout import Column, Layout, Table
from extractor.pipeline.sinks.rows import Row

try:
    import duckdb
except ImportError as error:
    raise MissingExtra(f"--format duckdb needs {error.name}", extra="tables") from error

__all__ = ["DuckdbFile"]


class DuckdbFile:
    """A database file of which a run changes its own tables alone."""

    def __init__(self, out: Path, layout: Layout) -> None:
        self._path, self._layout = out / "records.duckdb", layout
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
        "text": "VARCHAR",
        "integer": "BIGINT",
        "number": "DOUBLE",
        "decimal": f"DECIMAL({WIDTH},{SCALE})",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "datetime": "TIMESTAMP",
        "json": "JSON",
    }
    many = "{}[]"
    keyed = False  # its indices refuse a key that was deleted earlier in the same transaction
    quoted = staticmethod(quoted)

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self._connection, self.name = connection, name

    def columns(self, table: str) -> dict[str, str]:
        found = self._connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND NOT internal", [table]
        )
        return dict(found.fetchall())

    def execute(self, sql: str) -> None:
        self._connection.execute(sql)

    def delete(self, table: str, documents: Sequence[str]) -> None:
        self._connection.execute(
            f"DELETE FROM {quoted(table)} WHERE document IN (SELECT unnest(?::VARCHAR[]))", [list(documents)]
        )

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Rows go in as columns: one by one they would take a thousand times as long."""
        cells = ", ".join(self._unnested(column) for column in table.columns)
        values = [[row[column.index] for row in rows] for column in table.columns]
        if rows:
            self._connection.execute(f"INSERT INTO {quoted(table.name)} ({names(table)}) SELECT {cells}", values)

    def _unnested(self, column: Column) -> str:
        type_, sent = self.types[column.type], "VARCHAR" if column.type == "decimal" else self.types[column.type]
        return f"unnest(?::{sent}[][])::{type_}[]" if column.many else f"unnest(?::{sent}[])::{type_}"


@contextmanager
def _transaction(file: Path, path: Path) -> Iterator[_Database]:
    """A transaction on `file`, rolled back unless it is committed; `path` is what messages call it."""
    try:
        with closing(duckdb.connect(file)) as connection:
            connection.execute("BEGIN")
            yield _Database(connection, str(path))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path} cannot be written: {reason}; close what uses it, or move it away") from error


def _store(column: Column, cell: Any) -> Any:
    if column.type == "json":
        return as_json(cell)
    if column.type == "decimal":
        return _digits(cell) if every(fits_decimal, cell) else MISFIT
    return cell


def _digits(cell: Any) -> Any:
    """Decimals as text, which DuckDB reads exactly whatever others stand in the same batch."""
    if isinstance(cell, list):
        return [None if one is None else format(one, "f") for one in cell]
    return format(cell, "f")
