"""A DAG to copy: every day, the new invoices in a bucket become rows in a warehouse, within a budget.

Connections: `workersai_default`, `store` (the bucket) and `warehouse` (PostgreSQL).
"""

from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import Asset, dag, task

from extractor.airflow import ExtractOperator, PublishOperator, plan_shards

IN, OUT = "s3://store@docs/invoices", "s3://store@docs/extracted/invoices"


def alert(context: Any) -> None:
    print("ALERT", context["ti"].task_id, context.get("exception"))  # or a notifier: SmtpNotifier, SlackNotifier


ARGS = {"start_date": datetime(2026, 1, 1, tzinfo=UTC), "retries": 2, "on_failure_callback": alert}


@dag(schedule="@daily", catchup=False, max_active_runs=1, default_args=ARGS)
def invoices() -> None:
    shards = task(plan_shards)(IN, shards=8, max_cost=20.0)
    extract = ExtractOperator.partial(task_id="extract", schema="invoice", out=OUT, fail_on=0.05).expand(source=shards)
    publish: dict[str, Any] = {"manifests": extract.output, "expected": shards, "out": OUT, "sink_conn_id": "warehouse"}
    PublishOperator(task_id="publish", outlets=[Asset("invoices")], **publish)


invoices()
