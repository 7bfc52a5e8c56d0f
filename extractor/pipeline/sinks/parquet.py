"""Parquet, by pyarrow: records.parquet, and records.lines.parquet for each list of objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from extractor.errors import MissingExtra
from extractor.pipeline.sinks.cells import MISFIT, SCALE, WIDTH, Type, as_json, every, fits_decimal
from extractor.pipeline.sinks.files import table_files, table_names
from extractor.pipeline.sinks.layout import Column, Layout, Table
from extractor.pipeline.sinks.rows import Row, batches

try:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow.parquet import ParquetWriter, write_table  # type: ignore[import-untyped]
except ImportError as error:
    raise MissingExtra(f"--format parquet needs {error.name}", extra="tables") from error

__all__ = ["ParquetFiles", "write_column"]

_TYPES: dict[Type, Any] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "decimal": pa.decimal128(WIDTH, SCALE),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "json": pa.string(),
}


class ParquetFiles:
    """One file a table, written anew each time; JSON is text, and so are lists, if `flat`."""

    def __init__(self, out: Path, layout: Layout, *, flat: bool = False) -> None:
        self._out, self._layout, self._flat = out, layout, flat
        self.written = tuple(table_names(layout, "parquet").values())

    def check(self) -> None:
        """The folder was proved writable already."""

    def write(self, records: Iterable[Mapping[str, Any]], pruned: Sequence[str] = ()) -> None:
        """Write all tables anew."""
        with table_files(self._out, self._layout, "parquet") as files, ExitStack() as stack:
            writers = {
                table: stack.enter_context(ParquetWriter(file, self._schema(table), compression="zstd"))
                for table, file in files.items()
            }
            for batch in batches(self._layout, records, _store):
                for table, rows in batch.items():
                    writers[table].write_batch(self._columns(table, rows))

    def _schema(self, table: Table) -> Any:
        return pa.schema([(column.name, self._type(column)) for column in table.columns])

    def _type(self, column: Column) -> Any:
        if column.many:
            return pa.string() if self._flat else pa.list_(_TYPES[column.type])
        return _TYPES[column.type]

    def _columns(self, table: Table, rows: list[Row]) -> Any:
        arrays = [pa.array(self._cells(column, rows), self._type(column)) for column in table.columns]
        return pa.record_batch(arrays, schema=self._schema(table))

    def _cells(self, column: Column, rows: list[Row]) -> list[Any]:
        cells = [row[column.index] for row in rows]
        return [None if cell is None else as_json(cell) for cell in cells] if column.many and self._flat else cells


def write_column(path: Path, name: str, values: Sequence[str]) -> Path:
    """Write texts as a file with one column."""
    write_table(pa.table({name: pa.array(values, pa.string())}), path)
    return path


def _store(column: Column, cell: Any) -> Any:
    if column.type == "json":
        return as_json(cell)
    return cell if column.type != "decimal" or every(fits_decimal, cell) else MISFIT
