"""Receipts as a Prefect flow: the shards are tasks, which Prefect runs in parallel and retries.

pip install prefect
python pipelines/prefect_shards.py samples/receipts out/receipts
"""

from __future__ import annotations

import sys
from typing import Any

from prefect import flow, task, unmapped

from extractor import Config, Pipeline, resolve_schema
from extractor.shards.plan import Shard, plan_shards
from extractor.shards.publish import publish
from extractor.shards.work import extract_shard

SHARDS, BUDGET, CONCURRENCY = 8, 5.00, 4  # requests in flight of one task


@task(retries=2, retry_delay_seconds=60)
def extract(shard: Shard, out: str) -> dict[str, Any]:
    """One shard, wherever it landed; a retry goes on where the try before it stopped."""
    receipts = Pipeline(resolve_schema("receipt"), config=Config(concurrency=CONCURRENCY))
    return extract_shard(shard, receipts, out, wait=True)


@flow
def receipts(source: str, out: str) -> dict[str, Any]:
    """Plan, extract side by side, publish; returns the manifest of the whole."""
    shards = plan_shards(source, shards=SHARDS, max_cost=BUDGET)
    return publish(extract.map(shards, out=unmapped(out)).result(), out, expected=shards, wait=True)


if __name__ == "__main__":
    print(receipts(*sys.argv[1:]))
