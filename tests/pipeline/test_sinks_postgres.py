"""Tables in PostgreSQL, on a server that the tests start."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("psycopg")

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor import Pipeline
from extractor.emulator.server import Emulator
from extractor.errors import UsageError
from extractor.pipeline.config import Config
from extractor.pipeline.sinks import open_sinks
from extractor.pipeline.sinks.layout import Layout, lay_out
from extractor.pipeline.specs import resolve_schema
from extractor.schema.compiler import compile_schema
from extractor.sources.urls import public_url, scrubbed
from tests.kit import SAMPLES, gold, receipts_reply
from tests.pipeline import postgres
from tests.pipeline.tables import LAYOUT, ORDER, VALUE, VALUES, Rows, record, restored, same, written

HERE = Path()

pytestmark = pytest.mark.skipif(
    postgres.found() is None, reason="PostgreSQL is not installed (on Debian: apt-get install postgresql)"
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.running() as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    """The server, with no table in it."""
    with psycopg.connect(server) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return server


def query(url: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql.encode()).fetchall()


def tables(url: str, layout: Layout = LAYOUT) -> Rows:
    """All rows by table."""
    found = {}
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        for table in layout.tables:
            found[table.name] = connection.execute(f'SELECT * FROM "{table.name}"'.encode()).fetchall()
    return found


@settings(max_examples=60)
@given(values=st.lists(VALUES, min_size=1, max_size=3))
def test_what_goes_in_comes_back(server: str, values: list[Any]) -> None:
    """Whatever values hold, declared or not, is read back from the tables."""
    written(server, HERE, *(record(value, f"{index}.txt") for index, value in enumerate(values)))
    rows = tables(server)
    assert all(same(restored(rows, f"{index}.txt"), value) for index, value in enumerate(values))


def test_types(url: str) -> None:
    """Columns have the types that the schema declares, and a key."""
    written(url, HERE, record(VALUE))
    types = dict(query(url, "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'order'"))
    assert [types[name] for name in ("total", "day", "at", "count", "ratio", "paid", "tags", "more", "other")] == [
        *("numeric", "date", "timestamp without time zone", "bigint", "double precision", "boolean"),
        *("ARRAY", "jsonb", "text"),
    ]
    assert query(url, "SELECT total, day, tags[1], more->'k'->0 FROM \"order\"") == [
        (Decimal("12.30"), dt.date(2026, 2, 14), "x", 1)
    ]
    with pytest.raises(psycopg.errors.UniqueViolation):
        query(url, "INSERT INTO \"order\" (document) VALUES ('a.txt') RETURNING document")


def test_a_document_done_again_replaces_its_rows(url: str) -> None:
    """Rows of a document that comes again are replaced, those of others and tables of others stay."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS x")
    written(url, HERE, record(VALUE), record(VALUE, "b.txt"))
    for _ in range(2):
        written(url, HERE, record({"lines": [{"id": "Z"}]}))
    rows = tables(url)
    assert same(restored(rows, "a.txt"), {"lines": [{"id": "Z"}]})
    assert same(restored(rows, "b.txt"), VALUE)
    assert query(url, "SELECT x FROM mine") == [(1,)]


def test_nothing_is_seen_of_half_a_run(url: str) -> None:
    """When writing stops half way, the database is as it was."""
    written(url, HERE, record(VALUE))

    def broken() -> Iterator[dict[str, Any]]:
        yield from (record({}, f"{number}.txt") for number in range(9000))
        raise OSError("the disk is gone")

    (sink,) = open_sinks(url, HERE, ORDER)
    with pytest.raises(OSError, match="disk"):
        sink.write(broken())
    assert query(url, 'SELECT document FROM "order"') == [("a.txt",)]


def test_checking_leaves_no_trace(url: str) -> None:
    """Proving that tables can be made makes none."""
    open_sinks(url, HERE, ORDER)
    assert query(url, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == [(0,)]


def test_a_schema_that_changes(url: str) -> None:
    """New columns are added; a column of another type is refused in one line, before any work."""
    v1 = {"title": "Note", "type": "object", "properties": {"a": {"type": "string"}}}
    v2 = {**v1, "properties": {**v1["properties"], "b": {"type": "integer"}}}  # type: ignore[dict-item]
    v3 = {**v1, "properties": {"a": {"type": "boolean"}}}
    written(url, HERE, record({"a": "x"}), schema=compile_schema(v1))
    written(url, HERE, record({"a": "y", "b": 5}, "b.txt"), schema=compile_schema(v2))
    rows = tables(url, lay_out(compile_schema(v2)))["note"]
    assert sorted((row["document"], row["a"], row["b"]) for row in rows) == [("a.txt", "x", None), ("b.txt", "y", 5)]
    with pytest.raises(UsageError, match="column a of table note is text, and the schema now asks for boolean"):
        open_sinks(url, HERE, compile_schema(v3))


def test_a_run_into_a_database(url: str, tmp_path: Path) -> None:
    """A run fills the tables, a second one changes nothing, and the password stands nowhere."""
    with Emulator(receipts_reply()) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        job = Pipeline(resolve_schema("receipt"), SAMPLES / "receipts", config=Config(rpm=None, **where), sink=url)
        job.run(tmp_path)
        before = query(url, "SELECT * FROM receipt ORDER BY document")
        job.run(tmp_path)
    expected = {name: Decimal(value["total"]) for name, value in gold(SAMPLES / "receipts").items()}
    assert dict(query(url, "SELECT document, total FROM receipt")) == expected
    assert query(url, "SELECT * FROM receipt ORDER BY document") == before
    texts = [repr(job), *(file.read_bytes().decode("latin-1") for file in tmp_path.iterdir())]
    assert [text for text in texts if postgres.PASSWORD in text or postgres.QUOTED in text] == []
    assert json.loads((tmp_path / "run.json").read_text())["sink"] == [public_url(url)]


def test_a_wrong_password_is_told_without_it(url: str) -> None:
    """A server that refuses is a one-line error, without the password in it or in what it came from."""
    with pytest.raises(UsageError, match="password authentication failed") as error:
        open_sinks(url.replace(postgres.QUOTED, "hunter2%21"), HERE, ORDER)
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:hunter2@127.0.0.1:1/d",
        "postgresql://u:hunter2@nowhere.invalid/d",
        "postgresql://u:hunter2@h:x/d",
    ],
)
def test_a_database_that_is_not_there(address: str, tmp_path: Path) -> None:
    """A server that cannot be reached ends the command with one line, before any document is read."""
    words = ["run", str(SAMPLES / "receipts"), "--schema", "receipt", "--out", str(tmp_path), "--format", address]
    where = {"CLOUDFLARE_ACCOUNT_ID": "a", "CLOUDFLARE_AUTH_TOKEN": "t", "EXTRACTOR_BASE_URL": "http://127.0.0.1:9"}
    environment = {**os.environ, **where}
    command = [sys.executable, "-m", "extractor", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "hunter2" not in done.stderr
    assert not (tmp_path / "journal.sqlite").exists()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql://u:p@h:5432/d?sslmode=require", "postgresql://u@h:5432/d?sslmode=require"),
        ("postgresql://u:p%40q@h/d?password=x&sslpassword=y", "postgresql://u@h/d"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql:///d?host=/tmp/s", "postgresql:///d?host=/tmp/s"),
        ("postgresql://u:p@[::1/d", "postgresql://..."),
        ("csv", "csv"),
        ("https://u:p@h:8080/v4", "https://h:8080/v4"),
        ("https://t0ken@h/v4", "https://h/v4"),
    ],
)
def test_urls_are_shown_without_passwords(address: str, expected: str) -> None:
    """What is told of a URL connects to the same place, and says no secret."""
    assert public_url(address) == expected


def test_passwords_are_struck_out() -> None:
    """A server that repeats a password, as it was given or as it reads, has it struck out."""
    assert scrubbed("bad a@b or a%40b\nDETAIL", "postgresql://u:a%40b@h/d") == "bad *** or ***"
