"""More than one machine: the ready-made DAG on CeleryExecutor, with a worker lost in the middle."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from extractor.shards.publish import read_results
from tests.airflow.cluster import THERE, cluster
from tests.airflow.kit import COUNT, RECEIPTS, connected
from tests.airflow.processes import until
from tests.kit import gold

OPTED = THERE and os.environ.get("TEST_CELERY") == "1"


@pytest.mark.skipif(not OPTED, reason="`make test-airflow-celery` runs this, with Debian's redis-server and postgresql")
def test_a_worker_dies(airflow_home: Path) -> None:
    """SIGKILL to one of two workers: its shards are done again elsewhere, and every receipt is there once."""
    with connected(latency=3.0) as emulator, cluster(airflow_home) as (parts, api):
        run = api.trigger("receipts")
        until(lambda: emulator.served and parts.busy(0, airflow_home / "expenses"))
        parts.kill(0)
        assert api.finished(run) == "success"
        tries = [api.get(f"{run}/taskInstances/extract/{shard}")["try_number"] for shard in range(8)]
    rows = list(read_results(airflow_home / "expenses"))
    assert len(rows) == COUNT
    assert {row["document"]: row["value"] for row in rows} == gold(RECEIPTS)
    assert max(tries) == 2
    prompts = Counter(str(exchange.body["messages"]) for exchange in emulator.requests if exchange.usage)
    assert prompts.total() - len(prompts) <= 2 * 4  # two shards at once on a worker, four requests in flight of each
