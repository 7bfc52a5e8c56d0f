"""The files that hold tables, named beside records.jsonl, each whole or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from extractor.pipeline.sinks.layout import Layout, Table
from extractor.sources.storage import whole_file

__all__ = ["database_file", "formats_in", "table_files", "table_names", "tables_in"]


def formats_in(out: Path) -> list[str]:
    """The formats of the tables in an output folder, whichever run wrote them."""
    return sorted({name.rpartition(".")[2] for name in tables_in(out)})


def tables_in(out: Path) -> list[str]:
    """The files in an output folder that hold tables, whichever run wrote them."""
    files = {f"records.{ending}" for ending in ("duckdb", "sqlite")}
    names = (path.name for path in out.glob("records.*"))
    return sorted(name for name in names if name in files or name.endswith((".csv", ".parquet")))


def table_names(layout: Layout, ending: str) -> dict[Table, str]:
    """The files of tables that have one each."""
    return {table: ".".join(filter(None, ("records", table.suffix, ending))) for table in layout.every}


@contextmanager
def table_files(out: Path, layout: Layout, ending: str) -> Iterator[dict[Table, IO[bytes]]]:
    """Files to write, by table. Those of tables that an earlier schema had are removed at the end."""
    paths = {table: out / name for table, name in table_names(layout, ending).items()}
    with ExitStack() as stack:
        yield {table: stack.enter_context(whole_file(path)) for table, path in paths.items()}
    for left in {*out.glob(f"records.{ending}"), *out.glob(f"records.*.{ending}")} - {*paths.values()}:
        left.unlink()


@contextmanager
def database_file(path: Path) -> Iterator[Path]:
    """Where to write a database: in place where there is one, which transactions keep whole, else beside its place."""
    if path.exists():
        yield path
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield beside
        beside.replace(path)
    finally:
        for left in (beside, beside.with_name(f"{beside.name}.wal"), beside.with_name(f"{beside.name}-journal")):
            left.unlink(missing_ok=True)
