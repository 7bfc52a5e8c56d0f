"""Rows of tables as documents: the same texts and columns from every kind of table."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pandas
import pytest

from extractor import Config, Pipeline, Rows
from extractor.emulator.server import Emulator
from extractor.errors import UsageError
from extractor.pipeline.runs import export, pipeline_of_run
from extractor.pipeline.specs import resolve_schema
from extractor.sources.rows import library
from tests.kit import SAMPLES, gold, receipts_reply

RECEIPTS = SAMPLES / "receipts"
GOLD = gold(RECEIPTS)
NAMES = sorted(GOLD)[:3]
MAILS: list[dict[str, Any]] = [
    {"id": number, "sender": f'"{name}", a sender', "body": (RECEIPTS / name).read_text("utf-8")}
    for number, name in enumerate(NAMES, 7)
]
COLUMNS = ["id", "sender", "body"]


def _csv(folder: Path, *, delimiter: str = ",", name: str = "mails.csv", encoding: str = "utf-8") -> Any:
    with (folder / name).open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(MAILS)
    return folder / name


def _json_lines(folder: Path) -> Any:
    (folder / "mails.jsonl").write_bytes(b"\n".join(map(orjson.dumps, MAILS)))
    return str(folder / "mails.jsonl")


def _parquet(folder: Path) -> Any:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist(MAILS), folder / "mails.parquet")
    return folder / "mails.parquet"


def _url(folder: Path) -> Any:
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe_file("/rows/mails.parquet", _parquet(folder).read_bytes())
    return "memory://rows/mails.parquet"


def _sqlite(folder: Path) -> Any:
    with sqlite3.connect(folder / "mails.db") as connection:
        connection.execute("CREATE TABLE mails (id INTEGER, sender TEXT, body TEXT)")
        connection.executemany("INSERT INTO mails VALUES (:id, :sender, :body)", MAILS)
    connection.close()
    return f"sqlite:///{folder}/mails.db"


def _duckdb(folder: Path) -> Any:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(folder / "mails.duckdb")) as connection:
        connection.execute("CREATE TABLE mails (id INTEGER, sender TEXT, body TEXT)")
        connection.executemany("INSERT INTO mails VALUES (?, ?, ?)", [list(mail.values()) for mail in MAILS])
    return f"duckdb:///{folder}/mails.duckdb"


SOURCES: dict[str, Callable[[Path], Any]] = {
    "csv": _csv,
    "semicolons": lambda folder: _csv(folder, delimiter=";", encoding="utf-8-sig"),
    "tsv": lambda folder: _csv(folder, delimiter="\t", name="mails.tsv", encoding="utf-16"),
    "jsonl": _json_lines,
    "parquet": _parquet,
    "url": _url,
    "sqlite": _sqlite,
    "duckdb": _duckdb,
    "pandas": lambda folder: pytest.importorskip("pandas").DataFrame(MAILS),
    "polars": lambda folder: pytest.importorskip("polars").DataFrame(MAILS),
    "pyarrow": lambda folder: pytest.importorskip("pyarrow").Table.from_pylist(MAILS),
    "mappings": lambda folder: MAILS,
}
QUERY = "SELECT * FROM mails ORDER BY id DESC"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(receipts_reply()) as emulator:
        yield emulator


def job(emulator: Emulator, rows: Rows, **options: Any) -> Pipeline:
    config = Config(base_url=emulator.base_url, account_id=emulator.account_id, token=emulator.token)
    return Pipeline(resolve_schema("receipt"), rows, config=config, **options)


def records(out: Path) -> dict[str, dict[str, Any]]:
    return {row["document"]: row for row in map(json.loads, (out / "records.jsonl").read_text().splitlines())}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_table_of_any_kind(kind: str, emulator: Emulator, tmp_path: Path) -> None:
    """Each row is a document, named by its key, with its other columns; a later run asks for nothing."""
    source = SOURCES[kind](tmp_path)
    query = QUERY if kind in ("sqlite", "duckdb") else None
    rows = Rows(source, column="body", key="id", query=query)
    assert job(emulator, rows).run(tmp_path / "out").ok == 3
    found = records(tmp_path / "out")
    assert {name: row["value"] for name, row in found.items()} == {
        str(mail["id"]): GOLD[name] for mail, name in zip(MAILS, NAMES, strict=True)
    }
    typed = str if kind in ("csv", "semicolons", "tsv") else int
    assert [found[str(mail["id"])]["columns"] for mail in MAILS] == [
        {"id": typed(mail["id"]), "sender": mail["sender"]} for mail in MAILS
    ]
    totals = job(emulator, rows).run(tmp_path / "out")
    assert (totals.reused, emulator.served) == (3, 3)


def test_what_changes(emulator: Emulator, tmp_path: Path) -> None:
    """A changed text is asked about, another value beside it is taken over without asking, and a row may be gone."""
    out, mails = tmp_path / "out", [dict(mail) for mail in MAILS]
    rows = Rows(mails, column="body", key="id")
    job(emulator, rows).run(out)
    mails[0]["sender"], mails[1]["body"] = "another", mails[1]["body"] + "\n"
    del mails[2]
    totals = job(emulator, rows).run(out)
    assert (totals.ok, totals.gone, emulator.served) == (2, 1, 4)
    assert records(out)["7"]["columns"] == {"id": 7, "sender": "another"}


def test_rows_that_cannot_be_read(emulator: Emulator, tmp_path: Path) -> None:
    """Each fails itself alone; an empty cell is skipped and listed; equal keys are told apart; no key is a number."""
    rows = [MAILS[0], {"id": 8, "body": 42}, {"id": 9, "body": None}, {"id": 7, "body": MAILS[1]["body"]}, {"id": 3}]
    out = tmp_path / "out"
    totals = job(emulator, Rows(rows, column="body", key="id")).run(out)
    assert (totals.ok, totals.failed) == (2, 1)
    assert records(out)["8"]["problems"][0]["message"] == "8: the column body holds a int, neither text nor a file"
    assert set(records(out)) == {"7", "7 (2)", "8"}
    assert [line["name"] for line in json.loads((out / "run.json").read_text())["skipped"]] == ["9", "3"]
    (tmp_path / "short.csv").write_text('id,body\n1,"Total 1",extra\n')
    job(emulator, Rows(tmp_path / "short.csv", column="body")).run(tmp_path / "short")
    assert "it has 3 cells, and the header 2" in records(tmp_path / "short")["row 1"]["problems"][0]["message"]
    (tmp_path / "bad.jsonl").write_text('{"body": \n"text"\n')
    job(emulator, Rows(tmp_path / "bad.jsonl", column="body")).run(tmp_path / "bad")
    assert [row["status"] for row in records(tmp_path / "bad").values()] == ["failed", "failed"]


def test_every_row_has_a_name_of_its_own() -> None:
    """A key may repeat, or look like the name that another row has got."""
    keys = ["a", "a", "a (2)", "row 5", None, "row 5", "a"]
    found = Rows([{"id": key, "text": "x"} for key in keys], column="text", key="id").found()
    assert [entry.name for entry in found] == ["a", "a (2)", "a (2) (2)", "row 5", "row 5 (2)", "row 5 (3)", "a (3)"]


def test_columns_of_one_name(tmp_path: Path) -> None:
    """Every cell is carried along; a column that is named, and is there twice, is refused."""
    (tmp_path / "a.csv").write_text("text,n,n\nx,1,2\n")
    (entry,) = Rows(tmp_path / "a.csv", column="text").found()
    assert entry.columns == {"n": "1", "n (2)": "2"}
    with pytest.raises(UsageError, match=r"a\.csv has 2 columns 'n': rename all but one"):
        list(Rows(tmp_path / "a.csv", column="text", key="n").found())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "a NoneType has no rows"),
        (pandas.Series(["x"], name="text"), "a Series cannot be read as a table"),
        (pandas.DataFrame({"text": ["x"], "n": [[1, "a"]]}), "a DataFrame cannot be read as a table"),
    ],
)
def test_what_is_no_table(source: Any, message: str) -> None:
    """A value without rows is refused in one line."""
    with pytest.raises(UsageError, match=message):
        list(Rows(source, column="text").found())


def test_a_row_whose_columns_are_no_json_fails_alone() -> None:
    """Numbers of more than 64 bits have no place in JSON."""
    bad, good = Rows([{"text": "x", "n": 2**80}, {"text": "y", "n": 1}], column="text").found()
    assert str(bad.content) == "row 1: its other columns cannot be written as JSON: Integer exceeds 64-bit range"
    assert (good.content, good.columns) == ("y", {"n": 1})


def test_a_column_of_files(emulator: Emulator, tmp_path: Path) -> None:
    """A cell of bytes is a file: its format is recognised as that of any other."""
    rows = Rows([{"body": (RECEIPTS / NAMES[0]).read_bytes()}], column="body")
    job(emulator, rows).run(tmp_path / "out")
    assert records(tmp_path / "out")["row 1"]["value"] == GOLD[NAMES[0]]


def test_the_tables_of_rows(emulator: Emulator, tmp_path: Path) -> None:
    """Tables have the other columns as JSON, so that results are joined with what they came from."""
    rows = Rows([{**MAILS[0], "on": date(2026, 3, 1), "fee": Decimal("1.10")}], column="body", key="id")
    out = tmp_path / "out"
    job(emulator, rows, sink=["sqlite", "csv"], spec=("schema", "receipt")).run(out)
    with sqlite3.connect(out / "records.sqlite") as connection:
        query = "SELECT columns ->> 'sender', columns ->> 'on', columns ->> 'fee' FROM receipt"
        assert connection.execute(query).fetchall() == [(MAILS[0]["sender"], "2026-03-01", "1.10")]
    connection.close()
    assert (out / "records.csv").read_text().startswith('"document","sha256","status","corrected","columns",')


def test_a_retry(emulator: Emulator, tmp_path: Path) -> None:
    """The rows that are not ok are read from the table again; one that is gone says so. Data of Python stays there."""
    out, path = tmp_path / "out", tmp_path / "mails.jsonl"
    path.write_text('{"id": 7, "body": 1}\n{"id": 8, "body": 2}\n')
    job(emulator, Rows(path, column="body", key="id"), spec=("schema", "receipt")).run(out)
    path.write_bytes(orjson.dumps(MAILS[0]))
    read = pipeline_of_run(out)
    assert read.source == Rows(str(path), column="body", key="id")
    totals = job(emulator, read.source).retry(out)  # type: ignore[arg-type]
    assert (totals.ok, totals.failed) == (1, 1)
    assert "the row is no longer in" in records(out)["8"]["problems"][0]["message"]
    job(emulator, Rows(MAILS, column="body"), sink="csv", spec=("schema", "receipt")).run(tmp_path / "data")
    assert export(tmp_path / "data", "jsonl") == ("records.jsonl", *export(tmp_path / "data", "csv"))
    with pytest.raises(UsageError, match="the rows of a list are in no file"):
        list(pipeline_of_run(tmp_path / "data").opened_source().found())


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("mails.csv", {"column": "text"}, "mails.csv has no column 'text'; it has id, sender, body"),
        ("mails.csv", {"column": "body", "key": "nr"}, "mails.csv has no column 'nr'"),
        ("mails.xlsx", {"column": "body"}, "mails.xlsx is no table: rows are read from CSV"),
        ("nowhere.csv", {"column": "body"}, "no file nowhere.csv"),
        ("nowhere.parquet", {"column": "body"}, "no file nowhere.parquet"),
        ("mails.csv", {"column": "body", "query": "select 1"}, "a query needs the URL of a database"),
        ("sqlite:///mails.db", {"column": "body"}, "needs a query that selects the rows"),
        ("sqlite:///mails.db", {"column": "body", "query": "select nonsense"}, "no such column: nonsense"),
        ("sqlite:///mails.db", {"column": "body", "query": "delete from mails"}, "attempt to write a readonly"),
        ("sqlite:///nowhere.db", {"column": "body", "query": "select 1"}, "unable to open database file"),
        ("duckdb:///nowhere.db", {"column": "body", "query": "select 1"}, "nowhere.db"),
    ],
)
def test_one_line_for_what_cannot_be_read(
    source: str, options: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that cannot be read as asked is one line, before anything is written."""
    _csv(tmp_path)
    _sqlite(tmp_path)
    monkeypatch.chdir(tmp_path)
    with Emulator(receipts_reply()) as emulator, pytest.raises(UsageError) as refused:
        job(emulator, Rows(source, **options)).run("out")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_repr_is_the_same_everywhere() -> None:
    """It holds neither data nor a password."""
    assert repr(Rows(MAILS, column="body", key="id")) == "Rows('<list>', column='body', key='id')"
    url = "postgresql://me:secret@db/shop"
    assert repr(Rows(url, column="body", query="x")) == "Rows('postgresql://me@db/shop', column='body', query='x')"


def test_an_extra_that_is_installed_and_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is in the line, also where what it lacks is no module of Python."""

    def broken(name: str) -> Any:
        raise ImportError("no pq wrapper available")

    monkeypatch.setattr("extractor.sources.rows.import_module", broken)
    with pytest.raises(UsageError, match="a PostgreSQL URL needs psycopg"):
        library("psycopg", "a PostgreSQL URL needs")
