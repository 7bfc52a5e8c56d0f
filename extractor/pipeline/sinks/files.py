"""CSV and Parquet: a file for each table beside records.jsonl, written anew each time, and each whole or absent.

`records.csv`, and `records.lines.csv` for each list of objects. CSV is as RFC 4180 has it, with two rules more. Text is
always quoted, so that an empty text and no value can be told apart. A cell that a spreadsheet would take for a formula
gets an apostrophe before it, as one would type it there; numbers and dates stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Any

from extractor.pipeline.sinks.layout import (
    MISFIT,
    SCALE,
    WIDTH,
    Column,
    Layout,
    Row,
    Table,
    as_json,
    batches,
    every,
    fits_decimal,
)
from extractor.sources.rows import library
from extractor.sources.storage import whole_file

__all__ = ["CsvFiles", "ParquetFiles", "arrow_types", "defused", "formats_of", "tables_among"]

_FORMULA = re.compile(r"'*[\s\u200b\ufeff\x00-\x1f]*[=+\-@\t\r\n＝＋－＠]")
"""What a spreadsheet runs, also after what it may trim; a text that looks defused already is defused once more."""


def formats_of(tables: Iterable[str]) -> list[str]:
    """The formats of files that hold tables."""
    return sorted({name.rpartition(".")[2] for name in tables})


def tables_among(names: Iterable[str]) -> list[str]:
    """The files of an output that hold tables, whichever run wrote them."""
    whole, parts = ("records.duckdb", "records.sqlite"), (".csv", ".parquet")
    return sorted(name for name in names if name in whole or (name.startswith("records.") and name.endswith(parts)))


class _Files:
    """The files of a format, which is their ending."""

    ending: str

    def __init__(self, out: Path, layout: Layout) -> None:
        self._out, self._layout = out, layout
        self._names = {table: ".".join(filter(None, ("records", table.suffix, self.ending))) for table in layout.every}
        self.written = tuple(self._names.values())

    def check(self) -> None:
        """The folder was proved writable already."""

    @contextmanager
    def _files(self) -> Iterator[dict[Table, IO[bytes]]]:
        """Files to write, by table. Those of tables that an earlier schema had are removed at the end."""
        paths = {table: self._out / name for table, name in self._names.items()}
        with ExitStack() as stack:
            yield {table: stack.enter_context(whole_file(path)) for table, path in paths.items()}
        there = {*self._out.glob(f"records.{self.ending}"), *self._out.glob(f"records.*.{self.ending}")}
        for left in there - {*paths.values()}:
            left.unlink()


class CsvFiles(_Files):
    """CSV."""

    ending = "csv"

    def write(self, records: Iterable[Mapping[str, Any]], pruned: Sequence[str] = ()) -> None:
        """Write all tables anew."""
        with self._files() as files:
            for table, file in files.items():
                file.write(_line(column.name for column in table.columns))
            for batch in batches(self._layout, records, self._store):
                for table, rows in batch.items():
                    files[table].writelines(map(_line, rows))

    @staticmethod
    def _store(column: Column, cell: Any) -> Any:
        return as_json(cell) if column.many or column.type == "json" else cell


def defused(text: str) -> str:
    """The text so that a spreadsheet shows it and does not run it; without its first apostrophe it is as it was."""
    return f"'{text}" if _FORMULA.match(text) else text


def _line(cells: Iterable[Any]) -> bytes:
    return (",".join(map(_cell, cells)) + "\n").encode()


def _cell(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case str():
            return '"' + defused(cell).replace('"', '""') + '"'
        case bool():
            return str(cell).lower()
        case date():
            return cell.isoformat()
    return str(cell)


def arrow_types(arrow: Any) -> dict[str, Any]:
    """The types of cells in Arrow; JSON is text."""
    return {
        "text": arrow.string(),
        "integer": arrow.int64(),
        "number": arrow.float64(),
        "decimal": arrow.decimal128(WIDTH, SCALE),
        "boolean": arrow.bool_(),
        "date": arrow.date32(),
        "datetime": arrow.timestamp("us"),
        "json": arrow.string(),
    }


class ParquetFiles(_Files):
    """Parquet, by pyarrow; JSON is text, and so are lists, if `flat`."""

    ending = "parquet"

    def __init__(self, out: Path, layout: Layout, *, flat: bool = False) -> None:
        super().__init__(out, layout)
        self._flat = flat
        need = "--format parquet needs"
        self._arrow, self._parquet = library("pyarrow", need), library("pyarrow.parquet", need)
        self._types = arrow_types(self._arrow)

    def write(self, records: Iterable[Mapping[str, Any]], pruned: Sequence[str] = ()) -> None:
        """Write all tables anew."""
        schemas = {
            table: self._arrow.schema([(column.name, self._type(column)) for column in table.columns])
            for table in self._layout.every
        }
        with self._files() as files, ExitStack() as stack:
            writers = {
                table: stack.enter_context(self._parquet.ParquetWriter(file, schemas[table], compression="zstd"))
                for table, file in files.items()
            }
            for batch in batches(self._layout, records, self._store):
                for table, rows in batch.items():
                    arrays = [self._array(column, rows) for column in table.columns]
                    writers[table].write_batch(self._arrow.record_batch(arrays, schema=schemas[table]))

    def write_column(self, path: Path, name: str, values: Sequence[str]) -> None:
        """Write texts as a file with one column."""
        self._parquet.write_table(self._arrow.table({name: self._arrow.array(values, self._types["text"])}), path)

    def _type(self, column: Column) -> Any:
        if column.many:
            return self._types["json"] if self._flat else self._arrow.list_(self._types[column.type])
        return self._types[column.type]

    def _array(self, column: Column, rows: Sequence[Row]) -> Any:
        cells = [row[column.index] for row in rows]
        if column.many and self._flat:
            cells = [None if cell is None else as_json(cell) for cell in cells]
        return self._arrow.array(cells, self._type(column))

    @staticmethod
    def _store(column: Column, cell: Any) -> Any:
        if column.type == "json":
            return as_json(cell)
        return cell if column.type != "decimal" or every(fits_decimal, cell) else MISFIT
