"""Receipts as a Dagster job: an op plans the shards, one op for each extracts it, and another publishes them.

pip install dagster
python pipelines/dagster_shards.py samples/receipts out/receipts       in this process
dagster dev -f pipelines/dagster_shards.py                             in Dagster's own, with SOURCE and OUT set
"""

import os
import sys
from collections.abc import Iterator
from typing import Any

from dagster import DynamicOut, DynamicOutput, RetryPolicy, job, op

from extractor import Config, Pipeline, resolve_schema
from extractor.shards.plan import plan_shards
from extractor.shards.publish import publish
from extractor.shards.work import extract_shard

SOURCE, OUT = os.environ.get("SOURCE", "samples/receipts"), os.environ.get("OUT", "out/receipts")
SHARDS, BUDGET, CONCURRENCY = 8, 5.00, 4  # requests in flight of one op


@op(out=DynamicOut())
def plan() -> Iterator[DynamicOutput[Any]]:
    """One output for each shard."""
    for shard in plan_shards(SOURCE, shards=SHARDS, max_cost=BUDGET):
        yield DynamicOutput(shard, mapping_key=shard["shard"].replace("-", "_"))


@op(retry_policy=RetryPolicy(max_retries=2, delay=60))
def extract(shard: Any) -> dict[str, Any]:
    """One shard, wherever it landed; a retry goes on where the try before it stopped."""
    receipts = Pipeline(resolve_schema("receipt"), config=Config(concurrency=CONCURRENCY))
    return extract_shard(shard, receipts, OUT, wait=True)


@op
def publish_all(manifests: Any) -> dict[str, Any]:
    """The manifest of the whole."""
    return publish(manifests, OUT, wait=True)


@job
def receipts() -> None:
    """Plan, extract, publish."""
    publish_all(plan().map(extract).collect())


if __name__ == "__main__":
    SOURCE, OUT = sys.argv[1:]
    print(receipts.execute_in_process().output_for_node("publish_all"))
