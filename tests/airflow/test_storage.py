"""Object storage that speaks S3: documents come from a bucket, output is published whole into one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import s3fs
from moto.server import ThreadedMotoServer

from extractor.emulator.server import Emulator
from extractor.errors import UsageError
from extractor.pipeline.journal import Journal
from extractor.shards.desk import Desk
from extractor.shards.lease import Lease
from extractor.shards.plan import documents_of, plan_shards, shard_of, whole
from extractor.shards.publish import publish, read_results
from extractor.shards.work import extract_shard
from tests.airflow.kit import COUNT, RECEIPTS, connected, read, run
from tests.airflow.processes import until
from tests.kit import ROOT, gold, receipts_reply
from tests.shards.kit import job

WORK = """
from extractor import Config, Pipeline
from extractor.pipeline.specs import resolve_schema
from extractor.shards.plan import whole
from extractor.shards.work import extract_shard

job = Pipeline(resolve_schema("receipt"), config=Config(concurrency=1))
extract_shard(whole("s3://docs/inbox/receipts"), job, "s3://docs/out")
"""


def saved(bucket: s3fs.S3FileSystem, seen: Path) -> int:
    """How many documents the journal in the bucket holds."""
    bucket.invalidate_cache()
    if not bucket.exists("docs/out/journal.sqlite"):
        return 0
    bucket.get_file("docs/out/journal.sqlite", str(seen))
    with closing(Journal(seen, read_only=True)) as journal:
        return sum(1 for _ in journal.rows())


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """A store that the environment and a connection lead to; Airflow keeps what it opened, so there is one for all."""
    with pytest.MonkeyPatch.context() as patch:
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        for name, value in {"ACCESS_KEY_ID": "me", "SECRET_ACCESS_KEY": "secret", "ENDPOINT_URL": endpoint}.items():
            patch.setenv(f"AWS_{name}", value)
        extra = {"endpoint_url": endpoint, "region_name": "us-east-1"}
        connection = {"conn_type": "aws", "login": "me", "password": "secret", "extra": extra}
        patch.setenv("AIRFLOW_CONN_ARCHIVE", json.dumps(connection))
        yield
        server.stop()


@pytest.fixture
def bucket(server: None) -> Iterator[s3fs.S3FileSystem]:
    """The bucket `docs`, with the receipts in `inbox/receipts`."""
    store = s3fs.S3FileSystem()
    store.mkdir("docs")
    store.put(str(RECEIPTS), "docs/inbox/", recursive=True)
    yield store
    store.rm("docs", recursive=True)


@pytest.mark.parametrize(
    "place", ["s3://docs/inbox/receipts", "s3://docs/inbox/receipts/*.txt", "s3://archive@docs/inbox/"]
)
def test_what_is_in_a_bucket(bucket: s3fs.S3FileSystem, place: str) -> None:
    """A prefix and a pattern find what a folder would, by the environment's credentials or a connection's."""
    names = {Path(file.name).name for shard in plan_shards(place, shards=3) for file in documents_of(shard)}
    assert names == gold(RECEIPTS).keys()


def test_nothing_in_a_bucket(bucket: s3fs.S3FileSystem) -> None:
    """A prefix that holds nothing, where others hold something, is no work; a bucket that is not there is an error."""
    assert whole("s3://docs/outbox")["documents"] == 0
    with pytest.raises(UsageError, match="no documents at s3://nowhere/inbox"):
        whole("s3://nowhere/inbox")


def test_a_task_from_bucket_to_bucket(bucket: s3fs.S3FileSystem, tmp_path: Path) -> None:
    """A task reads a prefix through a connection; what it writes is there for readers, and again costs nothing."""
    with connected() as emulator:
        for _ in range(2):
            ran = run("one_task", source="s3://archive@docs/inbox/receipts", out="s3://archive@docs/out")
            manifest = ran.manifests["extract", -1]
    assert {row["document"]: row["value"] for row in read_results(manifest)} == gold(RECEIPTS)
    assert emulator.served == COUNT == manifest["reused"]
    assert {Path(path).name for path in bucket.ls("docs/out")} == {
        *("records.jsonl", "failures.jsonl", "run.json", "report.html", "journal.sqlite"),
        *("manifest.jsonl", "ledger.json"),
    }


def test_the_ready_made_dag_from_bucket_to_bucket(bucket: s3fs.S3FileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """The DAG that users copy does for buckets what it does for folders, through the connection that they name."""
    monkeypatch.setenv("RECEIPTS", "s3://archive@docs/inbox/receipts")
    monkeypatch.setenv("OUT", "s3://archive@docs/expenses")
    with connected() as emulator:
        ran = run("receipts", read(ROOT / "pipelines" / "airflow_receipts.py"))
    assert ran.state == "success"
    assert {row["document"]: row["value"] for row in read_results("s3://docs/expenses")} == gold(RECEIPTS)
    assert emulator.served == COUNT == ran.manifests["publish", -1]["ok"]


def test_shards_in_a_bucket(bucket: s3fs.S3FileSystem) -> None:
    """Shards that were worked on anywhere are published into the bucket as one."""
    with Emulator(receipts_reply()) as emulator:
        shards = plan_shards("s3://docs/inbox/receipts", shards=3)
        manifest = publish([extract_shard(shard, job(emulator), "s3://docs/work") for shard in shards], "s3://docs/all")
    assert {row["document"]: row["value"] for row in read_results("s3://docs/all")} == gold(RECEIPTS)
    assert manifest["report"] == "s3://docs/all/report.html"


def test_tables_in_a_bucket(bucket: s3fs.S3FileSystem) -> None:
    """The other forms that a pipeline gives its records arrive beside them."""
    with Emulator(receipts_reply()) as emulator:
        tables = replace(job(emulator), sink=("csv", "sqlite"))
        extract_shard(whole("s3://docs/inbox/receipts"), tables, "s3://docs/out")
    assert {"records.csv", "records.sqlite"} < {Path(path).name for path in bucket.ls("docs/out")}
    assert bucket.cat_file("docs/out/records.csv").count(b'"ok"') == COUNT


def test_a_machine_that_died(bucket: s3fs.S3FileSystem, tmp_path: Path) -> None:
    """What a machine saved before it died is taken up by another one, and not asked again."""
    shard = whole("s3://docs/inbox/receipts")
    with Emulator(receipts_reply()) as emulator:
        extract_shard(shard_of("", documents_of(shard)[:7]), job(emulator), tmp_path)
        Desk("s3://docs/out", tmp_path, Lease("s3://docs/out")).save()
        assert extract_shard(shard, job(emulator), "s3://docs/out")["ok"] == COUNT
    assert emulator.served == COUNT


def test_an_earlier_try_that_still_works(bucket: s3fs.S3FileSystem) -> None:
    """A second try on the same machine is turned away, and the first one ends whole."""
    shard = whole("s3://docs/inbox/receipts")
    turned_away: list[UsageError] = []

    def second_run(row: Any, totals: Any) -> None:
        with pytest.raises(UsageError, match="in use by another run") as refused:
            extract_shard(shard, job(emulator), "s3://docs/out")
        turned_away.append(refused.value)

    with Emulator(receipts_reply()) as emulator:
        assert extract_shard(shard, job(emulator), "s3://docs/out", progress=second_run)["ok"] == COUNT
    assert len(turned_away) == emulator.served == COUNT


def test_a_machine_is_lost(bucket: s3fs.S3FileSystem, tmp_path: Path) -> None:
    """What was answered reaches the store while the work goes on, so another machine asks only for the rest."""
    with Emulator(receipts_reply(), latency=0.3) as emulator:
        who = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
        where = {**os.environ, **who, "EXTRACTOR_BASE_URL": emulator.base_url, "TMPDIR": str(tmp_path)}
        with subprocess.Popen([sys.executable, "-c", WORK], env=where) as machine:
            until(lambda: saved(bucket, tmp_path / "seen") >= 5)
            machine.kill()
    with Emulator(receipts_reply()) as emulator:
        assert extract_shard(whole("s3://docs/inbox/receipts"), job(emulator), "s3://docs/out")["ok"] == COUNT
    assert emulator.served <= COUNT - 5
