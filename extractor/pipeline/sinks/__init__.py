"""Tables of the finished records, in files and in databases, beside records.jsonl.

What people name with `--format` becomes sinks, all of them proved usable before any work is done. `layout.py` turns a
schema into tables and records into rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from extractor.errors import UsageError
from extractor.pipeline.sinks.database import DuckdbFile, Postgres, SqliteFile
from extractor.pipeline.sinks.files import CsvFiles, ParquetFiles, formats_of, tables_among
from extractor.pipeline.sinks.layout import Layout, lay_out
from extractor.schema.compiler import Schema
from extractor.sources.urls import public_url

__all__ = ["FORMATS", "Sink", "named", "open_sinks"]

FORMATS = ("jsonl", "csv", "parquet", "sqlite", "duckdb")
"""What can be named, beside the URL of a PostgreSQL database. records.jsonl is always written."""

_POSTGRES = ("postgresql://", "postgres://")


class Sink(Protocol):
    """One form that finished records take. Its methods raise UsageError where it cannot be used.

    `written` tells what it writes: files of the output folder, or a URL without its password.
    """

    @property
    def written(self) -> tuple[str, ...]:
        """Names of tables' files, or one URL."""

    def check(self) -> None:
        """Prove that it can be written, and leave everything as it is."""

    def write(self, records: Iterable[Mapping[str, Any]], pruned: Sequence[str] = (), /) -> None:
        """Put lines of records.jsonl in place: all of them, or none. Doing it twice changes nothing.

        Rows of the documents `pruned` are removed, where rows outlive a run.
        """


def named(formats: str | Sequence[str]) -> tuple[str, ...]:
    """The formats, each once; UsageError for one that is not known."""
    every = tuple(dict.fromkeys([formats] if isinstance(formats, str) else formats))
    for name in every:
        if name not in FORMATS and not name.startswith(_POSTGRES):
            raise UsageError(
                f"no format {public_url(name)!r}: use one of {', '.join(FORMATS)} or a URL postgresql://..."
            )
    return every


def open_sinks(
    formats: str | Sequence[str],
    out: Path,
    schema: Schema[Any],
    *,
    carries: bool = False,
    there: Iterable[str] | None = None,
) -> tuple[Sink, ...]:
    """The sinks of a run into the folder `out`, checked; UsageError for the first that cannot be used.

    With `carries`, the documents are rows of a table, whose other columns are written too.

    Tables that an earlier run wrote there are written as well, so that they never say less than the records, unless
    what is there cannot be used. `there` are the names of the files of the output, if that is not the folder.
    """
    layout, sinks = lay_out(schema, carries=carries), list[Sink]()
    wanted = [name for name in named(formats) if name != "jsonl"]
    found = formats_of(tables_among((path.name for path in out.iterdir()) if there is None else there))
    for name in dict.fromkeys([*wanted, *found]):
        try:
            sink = _opened(name, out, layout)
            sink.check()
            sinks.append(sink)
        except UsageError:
            if name in wanted:
                raise
    return tuple(sinks)


def _opened(name: str, out: Path, layout: Layout) -> Sink:
    match name:
        case "csv":
            return CsvFiles(out, layout)
        case "parquet":
            return ParquetFiles(out, layout)
        case "sqlite":
            return SqliteFile(out / "records.sqlite", layout)
        case "duckdb":
            return DuckdbFile(out / "records.duckdb", layout)
    return Postgres(name, layout)
