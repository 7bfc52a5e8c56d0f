"""Tables in files: what goes in comes back the same, once, whole or not at all, and never runs in a spreadsheet."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

import duckdb
import pyarrow.parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import UsageError
from extractor.pipeline.sinks import open_sinks
from extractor.pipeline.sinks.files import defused
from extractor.pipeline.sinks.layout import lay_out
from extractor.schema.compiler import compile_schema
from tests.pipeline.readers import READERS
from tests.pipeline.tables import LAYOUT, ORDER, VALUE, VALUES, record, restored, same, written

FORMATS = sorted(READERS)
DATABASES = ["duckdb", "sqlite"]


def blank(value: Any) -> Any:
    """With empty texts as nulls, which they are to the csv module."""
    if isinstance(value, dict):
        return {name: blank(inner) for name, inner in value.items()}
    return None if value == "" else [blank(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25)
@given(values=st.lists(VALUES, min_size=1, max_size=3))
def test_what_goes_in_comes_back(name: str, values: list[Any]) -> None:
    """Whatever values hold, declared or not, is read back from the tables of every format."""
    with TemporaryDirectory() as folder:
        written(name, Path(folder), *(record(value, f"{index}.txt") for index, value in enumerate(values)))
        rows = READERS[name](Path(folder))
        found = [restored(rows, f"{index}.txt") for index in range(len(values))]
    stored = blank if name == "csv" else lambda value: value
    assert all(same(stored(one), stored(value)) for one, value in zip(found, values, strict=True))


@pytest.mark.parametrize("name", FORMATS)
def test_every_document_has_a_row(name: str, tmp_path: Path) -> None:
    """A document that failed is in the tables with its status, and nothing else."""
    written(name, tmp_path, record(VALUE), record(None, "b.txt", "failed"), record({"total": "5"}, "c.txt", "partial"))
    rows = READERS[name](tmp_path)["order"]
    assert [(row["document"], row["status"]) for row in rows] == [
        ("a.txt", "ok"),
        ("b.txt", "failed"),
        ("c.txt", "partial"),
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_twice_is_once(name: str, tmp_path: Path) -> None:
    """The same records again leave the same tables."""
    written(name, tmp_path, record(VALUE), record(VALUE, "b.txt"))
    before = READERS[name](tmp_path)
    written(name, tmp_path, record(VALUE), record(VALUE, "b.txt"))
    assert READERS[name](tmp_path) == before


@pytest.mark.parametrize("name", FORMATS)
def test_no_records(name: str, tmp_path: Path) -> None:
    """Without any document the tables are there, and empty."""
    written(name, tmp_path)
    assert set(map(len, READERS[name](tmp_path).values())) == {0}


@pytest.mark.parametrize("name", DATABASES)
def test_a_document_done_again_replaces_its_rows(name: str, tmp_path: Path) -> None:
    """Rows of a document that comes again are replaced, those of other documents stay."""
    written(name, tmp_path, record(VALUE), record(VALUE, "b.txt"))
    written(name, tmp_path, record({"lines": [{"id": "Z"}]}))
    rows = READERS[name](tmp_path)
    assert same(restored(rows, "a.txt"), {"lines": [{"id": "Z"}]})
    assert same(restored(rows, "b.txt"), VALUE)


# ---------------------------------------------------------------------- types


def test_types_of_parquet(tmp_path: Path) -> None:
    """Columns of Parquet have the types that the schema declares."""
    written("parquet", tmp_path, record(VALUE))
    schema = pyarrow.parquet.read_schema(tmp_path / "records.parquet")
    names = ("total", "day", "at", "count", "ratio", "paid", "tags", "sums", "more")
    assert [str(schema.field(name).type).replace("element", "item") for name in names] == [
        *("decimal128(38, 9)", "date32[day]", "timestamp[us]", "int64", "double", "bool"),
        *("list<item: string>", "list<item: decimal128(38, 9)>", "string"),
    ]


def test_types_of_duckdb(tmp_path: Path) -> None:
    """Columns of DuckDB have the types that the schema declares, and sums are sums of decimals."""
    written("duckdb", tmp_path, record(VALUE))
    with duckdb.connect(tmp_path / "records.duckdb", read_only=True) as connection:
        types = dict(
            connection.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE NOT internal").fetchall()
        )
        total = connection.execute('SELECT sum(amount)::VARCHAR FROM "order_lines"').fetchall()
    assert [types[name] for name in ("total", "day", "at", "count", "paid", "tags", "more")] == [
        *("DECIMAL(38,9)", "DATE", "TIMESTAMP", "BIGINT", "BOOLEAN", "VARCHAR[]", "JSON"),
    ]
    assert total == [("12.300000000",)]


def test_types_of_sqlite(tmp_path: Path) -> None:
    """SQLite compares and adds amounts as numbers, and knows dates as its own functions write them."""
    written("sqlite", tmp_path, record({**VALUE, "total": "9"}), record({**VALUE, "total": "100.5"}, "b.txt"))
    with closing(sqlite3.connect(tmp_path / "records.sqlite")) as connection:
        large = connection.execute('SELECT document FROM "order" WHERE total > 10').fetchall()
        added = connection.execute('SELECT sum(total), max(date(at)) FROM "order" WHERE paid').fetchall()
    assert (large, added) == ([("b.txt",)], [(109.5, "2026-02-14")])


@pytest.mark.parametrize("name", ["duckdb", "parquet", "sqlite"])
def test_no_decimal_is_rounded(name: str, tmp_path: Path) -> None:
    """An amount with more digits than its column holds exactly is kept as it is in `other`."""
    written(name, tmp_path, record({"total": "0.12345678901234567890"}))
    (row,) = READERS[name](tmp_path)["order"]
    assert (row["total"], row["other"]) == (None, '{"/total":"0.12345678901234567890"}')


# ---------------------------------------------------------------------- spreadsheets


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-1+1", "'-1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        (" =1", "' =1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_formulas_are_defused(text: str, cell: str) -> None:
    """Text that a spreadsheet would run gets an apostrophe before it; other text stays as it is."""
    assert defused(text) == cell


def test_csv_text(tmp_path: Path) -> None:
    """Text is quoted, numbers and dates are bare, and an empty text is not the same as none."""
    value = {"number": "=1", "total": "-5.10", "day": "2026-02-14", "paid": False, "seller": {"name": ""}}
    written("csv", tmp_path, record(value, "=a.txt"))
    line = (tmp_path / "records.csv").read_text(encoding="utf-8").splitlines()[1]
    expected = f'"\'=a.txt","{"0" * 64}","ok",false,"\'=1",-5.10,2026-02-14,,,,false,,,,,"",,,'
    assert line == expected


# ---------------------------------------------------------------------- schemas that change

V1 = {"title": "Note", "type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
V2 = {
    **V1,
    "properties": {
        "a": {"type": "string"},
        "c": {"type": "integer"},
        "d": {"type": "array", "items": {"type": "object", "properties": {"e": {"type": "string"}}}},
    },
}
V3 = {**V1, "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize("name", DATABASES)
def test_new_columns_are_added(name: str, tmp_path: Path) -> None:
    """A schema that gained fields adds columns and tables; what it lost stays as it was."""
    written(name, tmp_path, record({"a": "x", "b": "y"}), schema=compile_schema(V1))
    new = compile_schema(V2)
    written(name, tmp_path, record({"a": "z", "c": 5, "d": [{"e": "w"}]}, "b.txt"), schema=new)
    layout = lay_out(new)
    rows = READERS[name](tmp_path, layout)
    assert same(restored(rows, "a.txt", layout), {"a": "x"})
    assert same(restored(rows, "b.txt", layout), {"a": "z", "c": 5, "d": [{"e": "w"}]})


def test_a_check_before_the_work_changes_nothing(tmp_path: Path) -> None:
    """Tables are widened when rows are written, not when it is found out that they could be."""
    written("sqlite", tmp_path, record({"a": "x", "b": "y"}), schema=compile_schema(V1))
    before = (tmp_path / "records.sqlite").read_bytes()
    open_sinks("sqlite", tmp_path, compile_schema(V2))
    assert (tmp_path / "records.sqlite").read_bytes() == before


@pytest.mark.parametrize("name", DATABASES)
def test_a_type_that_changed_is_told_before_any_work(name: str, tmp_path: Path) -> None:
    """A column of another type is refused in one line that names it, with the tables left as they were."""
    written(name, tmp_path, record({"a": "x", "b": "y"}), schema=compile_schema(V1))
    with pytest.raises(UsageError, match=r"column a of table note is .*schema now asks for .*rename or drop") as error:
        open_sinks(name, tmp_path, compile_schema(V3))
    assert "\n" not in str(error.value)
    layout = lay_out(compile_schema(V1))
    assert same(restored(READERS[name](tmp_path, layout), "a.txt", layout), {"a": "x", "b": "y"})


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_files_of_tables_that_are_no_more(name: str, tmp_path: Path) -> None:
    """Files are written again, and those of lists that the schema no longer has are removed."""
    written(name, tmp_path, record({"d": [{"e": "w"}]}), schema=compile_schema(V2))
    files = {f"records.{name}", *(f"records.{known}.{name}" for known in ("evidence", "problems", "usage"))}
    assert {file.name for file in tmp_path.iterdir()} == {*files, f"records.d.{name}"}
    written(name, tmp_path, record({"a": 5}), schema=compile_schema(V3))
    assert {file.name for file in tmp_path.iterdir()} == files


KNOWN = {
    **record({"total": "5", "number": "x"}, "a.txt", "partial"),
    "evidence": [
        {"path": "/total", "start": 3, "end": 4, "page": 1, "tier": "exact"},
        {"path": "/total", "start": 9, "end": 10, "page": 2, "tier": "exact"},
        {"path": "/number", "start": None, "end": None, "page": None, "tier": "none"},
    ],
    "confidence": {"/total": 0.9, "/number": 0.25},
    "problems": [{"path": "/number", "message": "not in the document"}],
    "chunks": 1,
    "attempts": 2,
    "repairs": [{}],
    "usage": {"prompt_tokens": 10, "cached_tokens": 0, "completion_tokens": 5, "cost_usd": 0.0000295},
}
COMPANIONS = {
    "order_evidence": (
        ("document", "path", "position", "span_start", "span_end", "page", "tier", "confidence"),
        [
            ("a.txt", "/number", 0, None, None, None, "none", 0.25),
            ("a.txt", "/total", 0, 3, 4, 1, "exact", 0.9),
            ("a.txt", "/total", 1, 9, 10, 2, "exact", 0.9),
        ],
    ),
    "order_problems": (
        ("document", "status", "position", "path", "message"),
        [("a.txt", "partial", 0, "/number", "not in the document")],
    ),
    "order_usage": (
        ("document", "run", "chunks", "attempts", "repairs", "prompt_tokens", "completion_tokens", "cost_usd"),
        [("a.txt", None, 1, 2, 1, 10, 5, 0.0000295)],
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_tables_tell_what_is_known_about_values(name: str, tmp_path: Path) -> None:
    """Beside the values stand their places, pages, tiers and confidence, the problems and the cost, in every format."""
    written(name, tmp_path, KNOWN)
    every = replace(LAYOUT, tables=LAYOUT.every)
    rows = READERS[name](tmp_path, every)
    for table, (columns, expected) in COMPANIONS.items():
        found = [tuple(row[column] for column in columns) for row in rows[table]]
        assert sorted(found, key=str) == sorted(expected, key=str)


# ---------------------------------------------------------------------- whole or absent


def broken() -> Iterator[dict[str, Any]]:
    """Records that end in an error, long after rows were written."""
    for number in range(2000):
        yield record(VALUE, f"{number}.txt")
    raise OSError("the disk is gone")


@pytest.mark.parametrize("name", FORMATS)
def test_half_a_table_is_never_seen(name: str, tmp_path: Path) -> None:
    """When writing stops half way, a first file is absent and an earlier one is as it was."""
    (sink,) = open_sinks(name, tmp_path, ORDER)
    with pytest.raises(OSError, match="disk"):
        sink.write(broken())
    assert list(tmp_path.iterdir()) == []
    written(name, tmp_path, record(VALUE))
    before = READERS[name](tmp_path)
    with pytest.raises(OSError, match="disk"):
        sink.write(broken())
    assert READERS[name](tmp_path) == before


@pytest.mark.parametrize("name", DATABASES)
def test_a_file_that_is_no_database(name: str, tmp_path: Path) -> None:
    """A file in the way that is something else is told in one line before any work, and is left alone."""
    (tmp_path / f"records.{name}").write_bytes(b"a letter, not a database" * 99)
    with pytest.raises(UsageError, match=rf"records\.{name} cannot be written: .*move it away") as error:
        open_sinks(name, tmp_path, ORDER)
    assert "\n" not in str(error.value)
    assert (tmp_path / f"records.{name}").read_bytes().startswith(b"a letter")


@pytest.mark.parametrize("name", FORMATS)
def test_memory_does_not_grow_with_the_records(name: str, tmp_path: Path) -> None:
    """Twice the records take no more memory."""
    peaks = [_peak(name, tmp_path / str(count), count) for count in (11_000, 22_000)]
    assert peaks[1] < 1.1 * peaks[0] + 200_000


def _peak(name: str, out: Path, count: int) -> int:
    out.mkdir(exist_ok=True)
    tracemalloc.start()
    written_many = (record({"number": "n"}, f"{number}.txt") for number in range(count))
    (sink,) = open_sinks(name, out, ORDER)
    sink.write(written_many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


# ---------------------------------------------------------------------- what is missing


@pytest.mark.parametrize(
    ("name", "library"), [("duckdb", "duckdb"), ("parquet", "pyarrow"), ("postgresql://u:secret@h/d", "psycopg")]
)
def test_a_missing_extra(name: str, library: str, tmp_path: Path) -> None:
    """Without its library, a format is refused in one line that says what to install, before any work."""
    (tmp_path / library).mkdir()
    (tmp_path / library / "__init__.py").write_text(f"raise ImportError('gone', name={library!r})")
    words = ["run", "samples/receipts", "--schema", "receipt", "--out", str(tmp_path / "out"), "--format", name]
    where = {"CLOUDFLARE_ACCOUNT_ID": "a", "CLOUDFLARE_AUTH_TOKEN": "t", "EXTRACTOR_BASE_URL": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-m", "extractor", *words],
        env={**os.environ, **where, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"needs {library}; install it with: pip install 'extractor-pipelines[tables]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr
    assert not (tmp_path / "out" / "journal.sqlite").exists()


@pytest.mark.parametrize("name", ["xlsx", "mysql://u:secret@h/d", "postgres"])
def test_an_unknown_format(name: str) -> None:
    """A format that is not known is refused where the pipeline is declared, without a password in the message."""
    from extractor import Pipeline

    with pytest.raises(UsageError, match="use one of jsonl, csv, parquet") as error:
        Pipeline(str, sink=name)
    assert "secret" not in str(error.value)
