"""A DAG to copy: a person reviews what is doubtful in receipts, and the published records follow. Airflow 3.1 or newer.

Each document with a value that was not found in its source, or with a problem, becomes a task under "Required Actions".
Its form has the doubtful values. Once all are answered, records and tables are published again, and gold.jsonl has
what was reviewed.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from extractor.airflow import ExtractOperator, PublishOperator, ReviewOperator, flagged_documents, plan_shards

RECEIPTS = os.environ.get("RECEIPTS", "/data/receipts")
OUT, REPORTS = os.environ.get("REVIEWED", "/data/reviewed"), os.environ.get("REPORTS")


@dag(schedule=None, catchup=False, max_active_runs=1, tags=["extractor"])
def reviewed() -> None:
    """Receipts in, reviewed expenses out."""
    shards = task(task_id="plan")(plan_shards)(RECEIPTS, shards=4, max_cost=5.00)
    extract = ExtractOperator.partial(task_id="extract", schema="receipt", out=OUT, concurrency=4).expand(source=shards)
    publishing: dict[str, Any] = {"manifests": extract.output, "expected": shards, "out": OUT, "report_url": REPORTS}
    published: Any = PublishOperator(task_id="publish", fail_on="none", **publishing)
    flagged = task(task_id="flagged")(flagged_documents)(published.output, most=20)
    review = ReviewOperator.partial(
        task_id="review",
        out=OUT,
        report_url=REPORTS,
        retries=3,  # a text that the schema refuses is asked for again
        retry_delay=timedelta(seconds=10),
        response_timeout=timedelta(days=3),  # after which the document is left as it is
    ).expand(document=flagged)
    review >> PublishOperator(task_id="publish_reviewed", **publishing)


reviewed()
