"""A DAG to copy: a folder or bucket of documents, planned into shards, extracted in parallel, published as one asset.

Put this file into Airflow's DAG folder. Set RECEIPTS and OUT to paths that every worker sees, or to URIs, such as
`s3://my_connection@bucket/receipts`; REPORTS to where a browser finds OUT. Connect once (login is the account id):

    airflow connections add workersai_default --conn-type workersai --conn-login ACCOUNT --conn-password TOKEN
    airflow pools set workersai 32 "requests in flight"
"""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.providers.common.compat.sdk import Asset, dag, task

from extractor.airflow import ExtractOperator, PublishOperator, plan_shards

SCHEMA = "receipt"
RECEIPTS = os.environ.get("RECEIPTS", "/data/receipts")
OUT, REPORTS = os.environ.get("OUT", "/data/expenses"), os.environ.get("REPORTS")
POOL = os.environ.get("POOL", "default_pool")  # workersai, once that pool exists: a task without its pool waits
BUDGET = 5.00  # US dollars, for all runs into OUT; its shards share it
SHARDS, CONCURRENCY = 8, 4
RETRIES = {"retries": 2, "retry_delay": timedelta(minutes=1)}


@dag(schedule=None, catchup=False, max_active_runs=1, tags=["extractor"], default_args=RETRIES)
def receipts() -> None:
    """Documents in, validated records out; a run fetches and pays only for documents that are new or have changed."""
    shards = task(task_id="plan")(plan_shards)(RECEIPTS, shards=SHARDS, max_cost=BUDGET)
    extract = ExtractOperator.partial(
        task_id="extract",
        schema=SCHEMA,
        out=OUT,
        report_url=REPORTS,
        concurrency=CONCURRENCY,
        pool=POOL,
        pool_slots=CONCURRENCY,
    ).expand(source=shards)
    PublishOperator(
        task_id="publish",
        manifests=extract.output,
        expected=shards,
        out=OUT,
        fail_on=0.05,
        report_url=REPORTS,
        outlets=[Asset(OUT if "://" in OUT else f"file://{OUT}")],
    )


receipts()
