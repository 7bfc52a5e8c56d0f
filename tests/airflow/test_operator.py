"""The operators as values: what they take, what they refuse, and what others read of them."""

from __future__ import annotations

from contextlib import nullcontext
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, ObjectStoragePath

from extractor.airflow.batch import ExtractBatchOperator
from extractor.airflow.operators import ExtractOperator
from extractor.airflow.outcome import judge, summary, task_errors
from extractor.airflow.publishing import PublishOperator
from extractor.errors import AccountError, BudgetExceeded, Busy, SchemaError, UsageError
from extractor.shards.plan import whole
from tests.airflow.kit import COUNT, RECEIPTS, bag

ERRORS = [
    UsageError("no such folder"),
    SchemaError(path="/a", construct="a callable", remedy="drop it"),
    AccountError("no credentials"),
    BudgetExceeded("over"),
]


def operator(**options: Any) -> ExtractOperator:
    return ExtractOperator(task_id="extract", **{"schema": "receipt", "out": "/out", **options})


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_no_retry_can_mend(error: Exception) -> None:
    """It fails the task for good: by the default policy where there are policies, else by Airflow's own exception."""
    policy = operator().retry_policy
    with pytest.raises(AirflowFailException, match=type(error).__name__), task_errors(policed=False):
        raise error
    with pytest.raises(type(error)), task_errors(policed=True):
        raise error
    assert (policy is None) == (version("apache-airflow") < "3.3")
    if policy is not None:
        assert policy.evaluate(error, 1, 3).action.value == "fail"


@pytest.mark.parametrize("policed", [True, False])
def test_what_a_retry_may_mend(policed: bool) -> None:
    """An error of the service keeps its type, for policies of one's own; the default one leaves it to `retries`."""
    with pytest.raises(Busy), task_errors(policed=policed):
        raise Busy("no capacity")
    with pytest.raises(AirflowException, match="the next try goes on"), task_errors(policed=policed):
        raise KeyboardInterrupt
    if policy := operator().retry_policy:
        assert policy.evaluate(Busy("no capacity"), 1, 3).action.value == "default"


def test_a_policy_of_ones_own() -> None:
    """What the user gives is kept."""
    if version("apache-airflow") < "3.3":
        pytest.skip("there are no policies")
    from airflow.sdk import ExceptionRetryPolicy

    mine = ExceptionRetryPolicy([])
    assert operator(retry_policy=mine).retry_policy is mine


@pytest.mark.parametrize(
    ("fail_on", "failed", "fails"),
    [("any", 0, False), ("any", 1, True), ("none", 20, False), (0.1, 2, False), (0.1, 3, True), (1, 20, False)],
)
def test_fail_on(fail_on: Any, failed: int, fails: bool) -> None:
    """Any failed document fails the task, none does, or more than a ratio of all of them."""
    manifest = {"failed": failed, "documents": 20, "records": "/out/records.jsonl"}
    message = f"^{failed} of 20 documents failed: see /out/failures.jsonl$"
    with pytest.raises(AirflowException, match=message) if fails else nullcontext():
        judge(manifest, operator(fail_on=fail_on)._allowed)


@pytest.mark.parametrize(("cost", "price"), [(0.00123, "$0.0012"), (0.0, "$0.00"), (None, "what is not known")])
def test_the_last_line_of_a_log(cost: float | None, price: str) -> None:
    """A task that ends says how many documents are ok, how many of them were known, what they cost, where to look."""
    counts = {"ok": 19, "documents": 20, "reused": 12, "failed": 1}
    manifest = {**counts, "run_usd": cost, "spent_usd": 0.5, "records": "/out/records.jsonl"}
    assert summary(manifest) == (
        f"extractor: 19 of 20 documents are ok (12 from the journal), 1 failed; this run cost {price},"
        " all runs $0.50: see /out/records.jsonl"
    )


@pytest.mark.parametrize("fail_on", ["some", 5, -0.1])
def test_a_fail_on_that_means_nothing(fail_on: Any) -> None:
    """It is refused when the DAG is read."""
    with pytest.raises(UsageError, match="fail_on"):
        operator(fail_on=fail_on)


@pytest.mark.parametrize(
    ("options", "slots", "in_flight"),
    [
        ({}, 1, 16),
        ({"concurrency": 4}, 1, 4),
        ({"pool": "ai", "concurrency": 4}, 4, 4),
        ({"default_args": {"pool": "ai"}, "concurrency": 4}, 4, 4),
        ({"pool": "ai", "pool_slots": 3}, 3, 3),
        ({"pool": "ai"}, 1, 1),
        ({"pool": "ai", "pool_slots": 2, "concurrency": "4"}, 2, 4),
    ],
)
def test_slots(options: Any, slots: int, in_flight: int) -> None:
    """In a pool, one slot is one request in flight, whichever of the two is said."""
    task = operator(workersai_conn_id=None, **options)
    assert (task.pool_slots, task._job().config.concurrency) == (slots, in_flight)


def test_split() -> None:
    """Files that hold several documents are so by the operator, or by its pipeline."""
    jobs = [operator(split=split, workersai_conn_id=None)._job() for split in (False, True)]
    assert [job.split for job in jobs] == [False, True]
    assert operator(schema=None, pipeline=jobs[1], workersai_conn_id=None)._job().split


def test_templates() -> None:
    """Whatever may differ from run to run is a template, and every template is an argument."""
    for kind in (ExtractOperator, ExtractBatchOperator, PublishOperator):
        made = bag().dags["queued"].task_dict["extract"] if kind is ExtractBatchOperator else operator()
        made = PublishOperator(task_id="publish", manifests=[], out="/out") if kind is PublishOperator else made
        assert all(hasattr(made, name) for name in kind.template_fields)
    wanted = {"source", "schema", "pipeline", "out", "workersai_conn_id", "model", "instructions", "max_cost"}
    assert wanted <= set(ExtractOperator.template_fields)


@pytest.mark.parametrize("setting", ["max_cost", "rpm", "concurrency"])
def test_a_template_that_is_no_number(setting: str) -> None:
    """One line names the argument; no retry mends it."""
    with pytest.raises(UsageError, match=f"{setting} is 'much': give a number"):
        operator(schema="receipt", workersai_conn_id=None, **{setting: "much"})._job()


@pytest.mark.parametrize("options", [{}, {"pipeline": "folder_job"}], ids=["neither", "both"])
def test_a_schema_or_a_pipeline(options: Any) -> None:
    """One of the two has to be given."""
    schema = "receipt" if options else None
    with pytest.raises(UsageError, match="either a schema or a pipeline"):
        operator(schema=schema, workersai_conn_id=None, **options)._job()


def test_a_path_of_airflow() -> None:
    """An ObjectStoragePath is a source like any other, alone and in a list."""
    place = ObjectStoragePath(f"file://{RECEIPTS}")
    assert whole(place)["documents"] == whole([place])["documents"] == COUNT


lineage = pytest.mark.skipif(
    not find_spec("airflow.providers.openlineage"),
    reason="OpenLineage's provider is not installed: that these tests pass shows that nobody misses it",
)


@lineage
def test_lineage_of_nothing() -> None:
    """Without OpenLineage's provider nothing asks; with it, a task that never began read and wrote nothing."""
    facets = operator().get_openlineage_facets_on_complete(None)
    assert (facets.inputs, facets.outputs) == ([], [])


@lineage
def test_names_of_data(tmp_path: Path) -> None:
    """Places are named as OpenLineage names them: no connection in a bucket's name."""
    from extractor.airflow.lineage import dataset_name

    assert dataset_name("s3://store@docs/inbox/a") == ("s3://docs", "inbox/a")
    assert dataset_name("gs://docs") == ("gs://docs", "/")
    assert dataset_name(str(tmp_path)) == dataset_name(tmp_path.as_uri()) == ("file", str(tmp_path))
