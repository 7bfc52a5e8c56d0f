"""A whole Airflow: runs triggered over REST, tasks killed in the middle, and what is there in the end."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from extractor.emulator.server import Emulator
from extractor.shards.publish import read_results
from extractor.shards.review import flagged_documents
from tests.airflow.conftest import HITL
from tests.airflow.kit import COUNT, RECEIPTS, connected, submitted
from tests.airflow.processes import holders, until
from tests.airflow.standalone import Standalone, standalone
from tests.kit import gold, receipts_reply

pytestmark = pytest.mark.skipif(version("apache-airflow") < "3", reason="the REST API that these tests speak is newer")


class Reader:
    """Reads receipts, and those that have a word of `wrong` in them as that says."""

    def __init__(self) -> None:
        self.right, self.wrong, self.calls = receipts_reply(), dict[str, dict[str, str]](), 0

    def __call__(self, body: Mapping[str, Any]) -> Any:
        self.calls += 1
        wrong = (values for word, values in self.wrong.items() if word in str(body["messages"]))
        return {**self.right(body), **next(wrong, {})}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def emulator(reader: Reader) -> Iterator[Emulator]:
    with connected(reader, latency=1.0) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def slow() -> Iterator[Emulator]:
    with connected(name="slow", latency=12.0) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def slower() -> Iterator[Emulator]:
    with connected(name="slower", latency=45.0) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def api(emulator: Emulator, slow: Emulator, slower: Emulator, airflow_home: Path) -> Iterator[Standalone]:
    with standalone(airflow_home) as api:
        yield api


def paid_twice(emulator: Emulator, since: int) -> int:
    """How many questions were answered, and so paid for, more than once."""
    answered = Counter(str(exchange.body["messages"]) for exchange in emulator.requests[since:] if exchange.usage)
    return sum(answered.values()) - len(answered)


def right(out: Path) -> bool:
    rows = list(read_results(out))
    return len(rows) == COUNT and {row["document"]: row["value"] for row in rows} == gold(RECEIPTS)


@pytest.fixture(scope="module")
def published(api: Standalone) -> str:
    """A run of the ready-made DAG that succeeded."""
    run = api.trigger("receipts")
    assert api.finished(run) == "success"
    return run


def test_over_rest(api: Standalone, published: str, airflow_home: Path) -> None:
    """The ready-made DAG: every receipt once, manifests and links to read, and the asset is announced."""
    assert right(airflow_home / "expenses")
    assert api.manifest(published, "publish")["ok"] == COUNT
    shard = api.manifest(published, map_index=0)["shard"]
    assert api.review_page(published, map_index=0) == f"https://reports.example/shards/{shard}/report.html"
    assert api.review_page(published, "publish") == "https://reports.example/report.html"
    run_id = published.rpartition("/")[2]
    assert api.get("/api/v2/assets/events", source_run_id=run_id)["total_entries"] == 1
    assert api.get("/api/v2/importErrors")["import_errors"] == []


def rows(api: Standalone, job: str) -> dict[str, int]:
    """How many rows each data set of a job's finished tasks has, as OpenLineage was told."""
    done = [event for event in api.events() if event["job"]["name"] == job and event["eventType"] == "COMPLETE"]
    outputs = [output for event in done for output in event["outputs"]]
    return {output["name"]: output["outputFacets"]["outputStatistics"]["rowCount"] for output in outputs}


def test_lineage(api: Standalone, published: str, airflow_home: Path) -> None:
    """OpenLineage hears of every shard's rows and of those that were published, and where they came from."""
    records = str(airflow_home / "expenses" / "records.jsonl")
    assert until(lambda: rows(api, "receipts.publish")) == {records: COUNT}
    until(lambda: sum(rows(api, "receipts.extract").values()) == COUNT)
    read = {
        data["name"] for event in api.events() if event["job"]["name"] == "receipts.extract" for data in event["inputs"]
    }
    assert read == {str(RECEIPTS)}


@pytest.mark.skipif(not HITL, reason="nobody can be asked before 3.1")
def test_a_review(api: Standalone, reader: Reader, airflow_home: Path) -> None:
    """A person corrects what is doubtful, after a text that the schema refuses: records, totals and gold follow."""
    out, name = airflow_home / "reviewed", "bakery_bremen.txt"
    right_value = gold(RECEIPTS)[name]
    reader.wrong = {"Holtmann": {"merchant": "Nowhere Ltd", "total": "999.99"}}
    run = api.trigger("reviewed")
    form = api.form(run)
    reader.wrong = {}
    assert form["subject"] == f"Review {name}"
    assert f"[Beside its source](https://reports.example/report.html#{name})" in form["body"]
    assert "- `/merchant: not found in the source`" in form["body"].splitlines()
    fields = {at: field["value"] for at, field in form["params"].items()}
    version = fields.pop("version")
    assert fields == {"/merchant": "Nowhere Ltd", "/total": "999.99"}
    before = reader.calls
    answer = {"version": version, "/merchant": right_value["merchant"]}
    assert api.answer(run, "Accept", {**answer, "/total": "much"}) == "up_for_retry"
    flagged = flagged_documents(out)
    assert flagged[0] == name
    for index in range(1, len(flagged)):
        values = {at: field["value"] for at, field in api.form(run, map_index=index)["params"].items()}
        choice = "Leave as it is" if index == 1 else "Accept"
        assert api.answer(run, choice, values, map_index=index) == "success"
    assert api.answer(run, "Accept", {**answer, "/total": right_value["total"]}) == "success"
    assert api.finished(run) == "success"
    assert right(out)
    assert flagged_documents(out) == [flagged[1]]
    assert [row["document"] for row in read_results(out) if row.get("corrected")] == [name]
    reviewed = {
        line["document"]: line["value"] for line in map(json.loads, (out / "gold.jsonl").read_text().splitlines())
    }
    assert reviewed == {each: gold(RECEIPTS)[each] for each in flagged if each != flagged[1]}
    assert api.manifest(run, "publish_reviewed")["run_usd"] == api.manifest(run, "publish")["run_usd"]
    assert reader.calls == before


def test_a_killed_worker(api: Standalone, emulator: Emulator, tmp_path: Path) -> None:
    """SIGKILL in the middle: the retry goes on, and at most what was in flight is paid for twice."""
    since, goal = len(emulator.requests), emulator.served + 5
    run = api.trigger("patient", source=RECEIPTS, out=tmp_path)
    until(lambda: emulator.served >= goal)
    for process in holders(tmp_path):
        os.kill(process, signal.SIGKILL)
    assert api.finished(run) == "success"
    assert right(tmp_path)
    assert api.get(f"{run}/taskInstances/extract")["try_number"] == 2
    assert paid_twice(emulator, since) <= 1


def test_marked_failed_and_cleared(api: Standalone, emulator: Emulator, tmp_path: Path) -> None:
    """A task that a person stops tells what it had done and what it had not; cleared, it does the rest."""
    since, goal = len(emulator.requests), emulator.served + 3
    run = api.trigger("patient", source=RECEIPTS, out=tmp_path)
    until(lambda: emulator.served >= goal)
    api.fail(run)
    until(lambda: not holders(tmp_path))
    assert api.get(f"{run}/taskInstances/extract")["state"] == "failed"
    statuses = [row["status"] for row in read_results(tmp_path)]
    assert 0 < statuses.count("ok") < len(statuses) == COUNT
    manifest = until(lambda: api.manifest(run))
    assert 0 < manifest["ok"] < COUNT
    assert manifest["usage"]["cost_usd"] > 0
    api.clear(run)
    assert api.finished(run) == "success"
    assert right(tmp_path)
    assert paid_twice(emulator, since) <= 1


def test_cleared_while_deferred(api: Standalone, slow: Emulator, tmp_path: Path) -> None:
    """A task that waits for batches and is stopped and cleared takes them up again: nothing is queued twice."""
    run = api.trigger("queued", source=RECEIPTS, out=tmp_path, connection="slow")
    until(lambda: api.get(f"{run}/taskInstances/extract")["state"] == "deferred")
    before = len(slow.requests)
    until(lambda: len(slow.requests) > before + 1)  # the triggerer asks now, and the worker has let go
    api.fail(run)
    assert api.finished(run) == "failed"
    api.clear(run)
    assert api.finished(run) == "success"
    assert right(tmp_path)
    assert len(submitted(slow)) == COUNT


def test_a_dead_triggerer(api: Standalone, slower: Emulator, tmp_path: Path) -> None:
    """Another triggerer takes up what a dead one waited for: every answer is there, and nothing is queued twice."""
    run = api.trigger("queued", source=RECEIPTS, out=tmp_path, connection="slower")
    until(lambda: api.get(f"{run}/taskInstances/extract")["state"] == "deferred")
    before = len(slower.requests)
    until(lambda: len(slower.requests) > before + 1)  # the triggerer asks now
    api.kill("triggerer")
    assert slower.served == 0
    api.start("triggerer")
    assert api.finished(run) == "success"
    assert right(tmp_path)
    assert len(submitted(slower)) == COUNT
    assert api.get(f"{run}/taskInstances/extract")["try_number"] == 1
