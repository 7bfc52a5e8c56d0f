"""Three days of a job that goes from a bucket to a warehouse: S3 and PostgreSQL are real servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest
import s3fs
from moto.server import ThreadedMotoServer

from extractor import load
from tests.airflow.kit import connected, run
from tests.kit import SAMPLES, gold, gold_reply, schema_of
from tests.pipeline.postgres import found, running

INVOICES = SAMPLES / "invoices"
GOLD = {name: value for name, value in gold(INVOICES).items() if name.endswith(".txt")}

pytestmark = pytest.mark.skipif(found() is None, reason="PostgreSQL is not installed")


@pytest.fixture(scope="module")
def warehouse() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def bucket(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[s3fs.S3FileSystem]:
    """An empty bucket `docs`, and the connections `store` and `warehouse`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    extra = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    store = {"conn_type": "aws", "login": "me", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_STORE", json.dumps(store))
    parts = urlsplit(warehouse)
    socket = parse_qs(parts.query)["host"][0]
    login = {"login": parts.username, "password": unquote(parts.password or "")}
    database = {"conn_type": "postgres", **login, "host": socket, "schema": parts.path.strip("/")}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(database))
    found = s3fs.S3FileSystem(key="me", secret="secret", endpoint_url=extra["endpoint_url"], skip_instance_cache=True)
    found.mkdir("docs")
    yield found
    found.rm("docs", recursive=True)  # all servers of a process share what they hold
    server.stop()


def rows(warehouse: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(warehouse) as connection:
        return connection.execute(sql.encode()).fetchall()


def put(bucket: s3fs.S3FileSystem, *names: str, content: Path | None = None) -> None:
    for name in names:
        bucket.put_file(str(content or INVOICES / name), f"docs/invoices/{name}")


def test_three_days(bucket: s3fs.S3FileSystem, warehouse: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each day pays for what is new or changed, and the warehouse follows; a bad document fails alone, and alerts."""
    texts = {load(INVOICES / name).text: value for name, value in GOLD.items()}
    first, second, third, other = sorted(GOLD)
    with connected(gold_reply(schema_of("invoice"), texts)) as emulator:
        put(bucket, first, second)
        one = run("invoices")
        assert (one.state, emulator.served) == ("success", 2)
        assert rows(warehouse, "SELECT document, total FROM invoice ORDER BY document") == [
            (name, Decimal(str(GOLD[name]["total"]))) for name in (first, second)
        ]

        put(bucket, third)
        put(bucket, first, content=INVOICES / other)
        bucket.pipe_file("docs/invoices/bad.txt", b" ")
        two = run("invoices")
        assert (two.state, emulator.served) == ("failed", 4)
        published = two.manifests["publish", -1]
        assert [published[name] for name in ("documents", "ok", "failed", "reused", "rows")] == [4, 3, 1, 1, 4]
        assert 0 < published["run_usd"] < published["spent_usd"] == pytest.approx(emulator.usage.cost_usd)
        assert "ALERT publish 1 of 4 documents failed" in capsys.readouterr().out
        changed = rows(warehouse, f"SELECT number FROM invoice WHERE document = '{first}'")
        assert changed == [(GOLD[other]["number"],)]
        lines = sum(len(GOLD[name]["lines"]) for name in (second, third, other))
        assert rows(warehouse, "SELECT count(*) FROM invoice_lines") == [(lines,)]

        bucket.rm_file("docs/invoices/bad.txt")
        three = run("invoices")
        assert (three.state, emulator.served) == ("success", 4)
        assert three.manifests["publish", -1]["run_usd"] == 0
        assert len(rows(warehouse, "SELECT document FROM invoice WHERE total IS NOT NULL")) == 3


@pytest.mark.skipif(version("apache-airflow") < "3", reason="Airflow 2 renders no template within a source")
def test_rows_of_a_warehouse(
    bucket: s3fs.S3FileSystem, warehouse: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A query over a connection is the source of a day: shards share its rows, other columns reach the warehouse."""
    names = sorted(GOLD)
    texts = {name: load(INVOICES / name).text for name in names}
    days = [(name, "2026-11-01" if name == names[0] else "2026-11-02", texts[name]) for name in names]
    with psycopg.connect(warehouse) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mails (id text, day text, body text)")
        cursor.executemany("INSERT INTO mails VALUES (%s, %s, %s)", days)
    reply = gold_reply(schema_of("invoice"), {texts[name]: value for name, value in GOLD.items()})
    with connected(reply) as emulator:
        one = run("mails", day="2026-11-01", out=tmp_path)
        two = run("mails", day="2026-11-02", out=tmp_path)
        at_once = run("mails_at_once", day="2026-11-02", out=tmp_path / "at_once")
        assert [done.state for done in (one, two, at_once)] == ["success"] * 3
        assert emulator.served == 2 * len(names) - 1
    published = two.manifests["publish", -1]
    assert [published[name] for name in ("documents", "ok", "rows")] == [len(names) - 1, len(names) - 1, len(names)]
    assert at_once.manifests["extract", -1]["ok"] == len(names) - 1
    found = rows(warehouse, "SELECT document, columns->>'day' FROM invoice WHERE columns IS NOT NULL ORDER BY document")
    assert found == [(name, day) for name, day, _ in days]
    output = capsys.readouterr()
    assert "p@ss" not in output.out + output.err + str(one.manifests)
