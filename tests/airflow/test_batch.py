"""Batches: the task waits in the triggerer, and what was queued once is never queued again."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

try:
    from airflow.sdk.exceptions import TaskDeferred
except ImportError:  # Airflow 2
    from airflow.exceptions import TaskDeferred

from extractor.airflow.batch import BatchTrigger, ExtractBatchOperator
from extractor.pipeline.journal import Journal
from extractor.shards.publish import read_results
from tests.airflow.kit import COUNT, RECEIPTS, connected, run, submitted
from tests.kit import gold


def test_queued(tmp_path: Path) -> None:
    """All questions go out as batches, the task is deferred while they take, and every answer is paid for once."""
    with connected(latency=10.0) as emulator:
        ran = run("queued", source=RECEIPTS, out=tmp_path)
    assert ran.states["extract", -1] == "success"
    assert {row["document"]: row["value"] for row in read_results(tmp_path)} == gold(RECEIPTS)
    assert len(submitted(emulator)) == COUNT
    assert not [exchange for exchange in emulator.requests if "messages" in exchange.body]
    assert ran.manifests["extract", -1]["ok"] == COUNT
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        assert journal.note("run") > 1  # it was asked to go on at least once


def test_a_batch_is_waited_for_a_day(tmp_path: Path) -> None:
    """The deferral ends then, which fails the task; another try takes up what was queued, and queues nothing."""
    task = ExtractBatchOperator(task_id="extract", source=RECEIPTS, schema="receipt", out=str(tmp_path), patience=5)
    context: Any = {"ti": SimpleNamespace(xcom_push=lambda **values: None)}
    with connected(latency=20.0) as emulator:
        with pytest.raises(TaskDeferred) as deferred:
            task.execute(context)
        with pytest.raises(TaskDeferred):
            task.execute(context)
        assert len(submitted(emulator)) == COUNT
    assert deferred.value.timeout == timedelta(days=1)


def fired(trigger: BatchTrigger) -> dict[str, Any]:
    """What the event says that a trigger fires."""

    async def first() -> Any:
        return (await anext(aiter(trigger.run()))).payload

    return asyncio.run(first())


def test_a_trigger_carries_no_secret() -> None:
    """What is kept of a trigger is the connection's id; rebuilt from that, it fires for a batch nobody knows."""
    with connected() as emulator:
        path, arguments = BatchTrigger("workersai_default", emulator.model, ["gone"], 0.1).serialize()
        assert path == "extractor.airflow.batch.BatchTrigger"
        assert emulator.token not in str(arguments)
        assert fired(BatchTrigger(**arguments)) == {"request_ids": ["gone"]}
