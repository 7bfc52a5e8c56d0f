"""Batches: the task waits in the triggerer, and what was queued once is never queued again."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

from extractor.airflow.batch import BatchTrigger
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


def fired(trigger: BatchTrigger) -> dict[str, Any]:
    """What the event says that a trigger fires."""

    async def first() -> Any:
        return (await anext(aiter(trigger.run()))).payload

    return asyncio.run(first())


def test_a_trigger_carries_no_secret() -> None:
    """What is kept of a trigger is the connection's id; made anew from that, it fires for a batch nobody knows."""
    with connected() as emulator:
        path, kept = BatchTrigger("workersai_default", emulator.model, ["gone"], 0.1).serialize()
        assert path == "extractor.airflow.batch.BatchTrigger"
        assert emulator.token not in str(kept)
        assert fired(BatchTrigger(**kept)) == {"request_ids": ["gone"]}
