"""DuckDB: the tables in records.duckdb, with lists as lists and JSON as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from extractor.errors import MissingExtra, UsageError
from extractor.pipeline.sinks.database import FileDatabase, names, quoted
from extractor.pipeline.sinks.layout import MISFIT, SCALE, WIDTH, Column, Table, as_json, every, fits_decimal
from extractor.pipeline.sinks.rows import Row

try:
    import duckdb
except ImportError as error:
    raise MissingExtra(f"--format duckdb needs {error.name}", extra="tables") from error

__all__ = ["DuckdbFile"]


class DuckdbFile(FileDatabase):
    """records.duckdb."""

    types = {  # noqa: RUF012
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

    @contextmanager
    def opened(self, file: Path) -> Iterator[None]:
        try:
            with closing(duckdb.connect(file)) as self.connection:
                self.execute("BEGIN")
                yield
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise UsageError(f"{self.name} cannot be written: {reason}; close what uses it, or move it away") from error

    def columns(self, table: str) -> dict[str, str]:
        known = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND NOT internal"
        return dict(self.connection.execute(known, [table]).fetchall())

    def delete(self, table: str, documents: Sequence[str]) -> None:
        of_these = f"DELETE FROM {quoted(table)} WHERE document IN (SELECT unnest(?::VARCHAR[]))"
        self.connection.execute(of_these, [list(documents)])

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Rows go in as columns: one by one they would take a thousand times as long."""
        cells = ", ".join(map(self._unnested, table.columns))
        values = [[row[column.index] for row in rows] for column in table.columns]
        if rows:
            self.connection.execute(f"INSERT INTO {quoted(table.name)} ({names(table)}) SELECT {cells}", values)

    def store(self, column: Column, cell: Any) -> Any:
        if column.type == "json":
            return as_json(cell)
        if column.type == "decimal":
            return _digits(cell) if every(fits_decimal, cell) else MISFIT
        return cell

    def _unnested(self, column: Column) -> str:
        type_, sent = self.types[column.type], "VARCHAR" if column.type == "decimal" else self.types[column.type]
        return f"unnest(?::{sent}[][])::{type_}[]" if column.many else f"unnest(?::{sent}[])::{type_}"


def _digits(cell: Any) -> Any:
    """Decimals as text, which DuckDB reads exactly whatever others stand in the same batch."""
    if isinstance(cell, list):
        return [None if one is None else format(one, "f") for one in cell]
    return format(cell, "f")
