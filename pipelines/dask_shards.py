"""Receipts on the workers of a Dask cluster: the same shards as Airflow's tasks, without Airflow.

pip install distributed
python pipelines/dask_shards.py samples/receipts out/receipts                        workers on this machine
python pipelines/dask_shards.py s3://inbox/receipts s3://out/receipts HOST:8786      workers of a cluster
"""

from __future__ import annotations

import sys
from typing import Any

from distributed import Client, LocalCluster

from extractor import Config, Pipeline, resolve_schema
from extractor.shards.plan import Shard, plan_shards
from extractor.shards.publish import publish
from extractor.shards.work import extract_shard

SHARDS = 8
BUDGET = 5.00
CONCURRENCY = 4  # requests in flight of one worker


def work(shard: Shard, out: str) -> dict[str, Any]:
    """One shard, on whichever worker it landed; done again after a worker died, it goes on where that one stopped."""
    job = Pipeline(resolve_schema("receipt"), config=Config(concurrency=CONCURRENCY))
    return extract_shard(shard, job, out)


def spread(client: Client, source: str, out: str) -> dict[str, Any]:
    """Plan, extract on all workers, publish; returns the manifest of the whole."""
    shards = plan_shards(source, shards=SHARDS, max_cost=BUDGET)
    return publish(client.gather(client.map(work, shards, out=out, pure=False)), out)


if __name__ == "__main__":
    source, out, *scheduler = sys.argv[1:]
    cluster = scheduler[0] if scheduler else LocalCluster(n_workers=2, threads_per_worker=1)
    with Client(cluster) as connected:
        print(spread(connected, source, out))
