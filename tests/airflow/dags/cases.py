"""One DAG for each thing that a test promises of a task; paths come with the run's configuration."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from airflow.providers.common.compat.sdk import dag, task

from extractor import Pipeline, Rows
from extractor.airflow import ExtractBatchOperator, ExtractOperator, PublishOperator, plan_shards
from extractor.pipeline.specs import resolve_pipeline, resolve_schema

SOURCE, OUT = "{{ dag_run.conf['source'] }}", "{{ dag_run.conf['out'] }}"


@dag(schedule=None)
def one_task():
    ExtractOperator(task_id="extract", schema="{{ dag_run.conf.get('schema', 'receipt') }}", source=SOURCE, out=OUT)


@dag(schedule=None)
def lenient():
    ExtractOperator(task_id="extract", schema="receipt", source=SOURCE, out=OUT, fail_on=0.9)


@dag(schedule=None)
def poor():
    ExtractOperator(task_id="extract", schema="receipt", source=SOURCE, out=OUT, max_cost="0.038", retries=2)


@dag(schedule=None)
def staged_pipeline():
    ExtractOperator(task_id="extract", pipeline="folder_job", out=OUT, report_url="https://reports.example/daily/")


@dag(schedule=None)
def patient():
    ExtractOperator(
        task_id="extract",
        schema="receipt",
        source=SOURCE,
        out=OUT,
        concurrency=1,
        retries=3,
        retry_delay=timedelta(seconds=1),
    )


@dag(schedule=None)
def queued():
    ExtractBatchOperator(
        task_id="extract",
        schema="receipt",
        source=SOURCE,
        out=OUT,
        workersai_conn_id="{{ dag_run.conf.get('connection', 'workersai_default') }}",
        patience=5.0,
        poll_seconds=2.0,
    )


@dag(schedule=None)
def decorated():
    @task.extract(schema="receipt", out=OUT)
    def extract(cities, dag_run=None):
        return [f"{dag_run.conf['source']}/*{city}.txt" for city in cities]

    @task
    def totals(manifest):
        from extractor.shards.publish import read_results

        return {row["document"]: row["value"]["total"] for row in read_results(manifest)}

    totals(extract(["lyon", "bremen"]))


@dag(schedule=None)
def declared():
    source = Path(resolve_pipeline("folder_job").source)
    places = [str(source / "cafe_lyon.txt"), str(source / "bakery_bremen.txt")]
    job = Pipeline(resolve_schema("receipt"), places)
    one = ExtractOperator(task_id="by_pipeline", pipeline=job, out=f"{OUT}/pipeline")
    ExtractOperator(task_id="by_class", schema=resolve_schema("receipt"), source=places, out=f"{OUT}/class") >> one
    ExtractOperator.partial(task_id="mapped", schema=resolve_schema("receipt"), out=f"{OUT}/mapped").expand(
        source=[[path] for path in places]
    )


MAILS = Rows(
    "airflow://warehouse",
    query="SELECT * FROM mails WHERE day = '{{ dag_run.conf['day'] }}'",
    column="body",
    key="id",
)


@dag(schedule=None)
def mails():
    shards = task(plan_shards)(MAILS, shards=3)
    extract = ExtractOperator.partial(task_id="extract", schema="invoice", out=OUT).expand(source=shards)
    PublishOperator(task_id="publish", manifests=extract.output, expected=shards, out=OUT, sink_conn_id="warehouse")


@dag(schedule=None)
def mails_at_once():
    ExtractOperator(task_id="extract", schema="invoice", source=MAILS, out=OUT)


for case in (one_task, lenient, poor, staged_pipeline, patient, queued, decorated, declared, mails, mails_at_once):
    case()
