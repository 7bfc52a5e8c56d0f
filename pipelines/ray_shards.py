"""Receipts on the workers of a Ray cluster, by Ray Data: the same shards as Airflow's tasks.

pip install 'ray[data]'
python pipelines/ray_shards.py samples/receipts out/receipts                             workers on this machine
RAY_ADDRESS=auto python pipelines/ray_shards.py s3://inbox/receipts s3://out/receipts    workers of a cluster
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import ray

from extractor import Config, Pipeline, resolve_schema
from extractor.shards.plan import plan_shards
from extractor.shards.publish import publish
from extractor.shards.work import extract_shard

SHARDS = 8
BUDGET = 5.00
CONCURRENCY = 4  # requests in flight of one worker


def work(batch: dict[str, Any], out: str) -> dict[str, Any]:
    """A batch of shards, on whichever worker it landed; done again after a worker died, it goes on from there."""
    job = Pipeline(resolve_schema("receipt"), config=Config(concurrency=CONCURRENCY))
    return {"manifest": [extract_shard(shard, job, out) for shard in batch["shard"]]}


def spread(source: str, out: str) -> dict[str, Any]:
    """Plan, extract on all workers, publish; returns the manifest of the whole."""
    shards = plan_shards(source, shards=SHARDS, max_cost=BUDGET)
    rows = ray.data.from_items([{"shard": shard} for shard in shards])
    done = rows.map_batches(partial(work, out=out), batch_size=1)
    return publish([row["manifest"] for row in done.iter_rows()], out)


if __name__ == "__main__":
    source, out = sys.argv[1:]
    print(spread(source, out))
