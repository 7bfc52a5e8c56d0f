"""A DAG to copy: a folder or bucket of receipts, planned into shards, extracted side by side, published as one asset.

Put this file into Airflow's DAG folder. Set RECEIPTS and OUT to paths that every worker sees, or to URIs, which may
name a connection: `s3://my_connection@bucket/receipts`. Connect to Workers AI once (login is the account id):

    airflow connections add workersai_default --conn-type workersai --conn-login ACCOUNT --conn-password TOKEN
    airflow pools set workersai 32 "requests in flight"
"""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.providers.common.compat.sdk import Asset, dag, task

from extractor.airflow.operators import ExtractOperator

RECEIPTS = os.environ.get("RECEIPTS", "/data/receipts")
OUT = os.environ.get("OUT", "/data/expenses")
POOL = os.environ.get("POOL", "default_pool")  # a pool that nobody made would hang: name `workersai` once it is there
BUDGET = 5.00
SHARDS, CONCURRENCY = 8, 4


@dag(schedule=None, catchup=False, max_active_runs=1, tags=["extractor"])
def receipts():
    """Receipts in, validated expenses out; a run pays only for receipts that no earlier run has read."""

    @task
    def plan():
        """The shards of this run: what each task reads, and its part of the budget."""
        from extractor.shards.plan import plan_shards

        return plan_shards(RECEIPTS, shards=SHARDS, max_cost=BUDGET)

    @task(outlets=[Asset(OUT if "://" in OUT else f"file://{OUT}")])
    def publish(manifests):
        """One set of files for whoever waits for the asset: records, failures, totals, the review page."""
        from extractor.shards.publish import publish as join

        return join(manifests, OUT)

    extract = ExtractOperator.partial(
        task_id="extract",
        schema="receipt",
        out=OUT,
        concurrency=CONCURRENCY,
        pool=POOL,
        pool_slots=CONCURRENCY,
        fail_on=0.05,
        retries=2,
        retry_delay=timedelta(minutes=1),
    ).expand(source=plan())

    publish(extract.output)


receipts()
