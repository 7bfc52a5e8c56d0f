"""A DAG to copy: a bucket of invoices becomes tables of a warehouse, every day, by what is new, within a budget.

Connections: `workersai_default`, `store` (the bucket) and `warehouse` (PostgreSQL).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import Asset, dag, task

from extractor.airflow.operators import ExtractOperator
from extractor.airflow.publishing import PublishOperator
from extractor.shards.plan import plan_shards

IN, OUT = "s3://store@docs/invoices", "s3://store@docs/extracted/invoices"


def alert(context: Any) -> None:
    print("ALERT", context["ti"].task_id, context.get("exception"))  # or a notifier: SmtpNotifier, SlackNotifier


START = datetime(2026, 1, 1, tzinfo=UTC)


@dag(schedule="@daily", start_date=START, catchup=False, max_active_runs=1, default_args={"on_failure_callback": alert})
def invoices() -> None:
    shards = task(task_id="plan")(plan_shards)(IN, shards=8, max_cost=20.0)
    extract = ExtractOperator.partial(task_id="extract", schema="invoice", out=OUT, concurrency=4).expand(source=shards)
    PublishOperator(
        task_id="publish",
        manifests=extract.output,
        expected=shards,
        out=OUT,
        sink_conn_id="warehouse",
        fail_on=0.05,
        outlets=[Asset("invoices")],
    )


invoices()
