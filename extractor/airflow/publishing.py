"""`PublishOperator`: what the shards of a job wrote, as one output for whoever waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator

from extractor.airflow import outcome
from extractor.airflow.hook import connection_named
from extractor.airflow.outcome import FailOn, ReportLink, linked

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from extractor.shards.plan import Shard
    from extractor.shards.publish import Maker
    from extractor.shards.work import Manifest

__all__ = ["PublishOperator"]

_LIBPQ = ("sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout", "options", "application_name")
"""What the extra of a connection says for the driver."""


class PublishOperator(BaseOperator):
    """Join what the shards of a job wrote into `out`, and return the manifest of the whole.

    :param manifests: what the task of an ExtractOperator returned, or its mapped tasks, `extract.output`; None is
        passed over.
    :param out: where records, failures, totals and the review page go: a path that all workers see, or a URI.
    :param expected: what `plan_shards` returned: a shard that has no manifest is named in `missing`.
    :param fail_on: how many of all documents may fail, or not be reached, before this task fails: "any", "none" or a
        ratio; by default what the tasks of the shards say. Whatever it is, everything is published first.
    :param prune: drop the rows of documents that no shard holds any more; by default they stay.
    :param sink: forms of the records beside records.jsonl: "csv", "parquet", "sqlite", "duckdb".
    :param sink_conn_id: an Airflow connection to PostgreSQL, Snowflake, Redshift or BigQuery, whose tables get the rows
        of `out` by document. For Redshift `out` is on S3, which the cluster reads by its default role; for BigQuery it
        is on Cloud Storage.
    :param sink_dataset: the dataset of the tables in BigQuery.
    :param max_partial: the largest share of documents that may be partial.
    :param max_flagged: the largest share of values that may be missing from their sources.
    :param min_rows: the least number of records. Where one of these limits is passed nothing is published.
    :param schema: the schema of the tables, as of an ExtractOperator; by default the SPEC of the shards.
    :param report_url: where a browser finds `out`, for the link to the review page.

    Its outlets are announced once everything is written, with counts, cost and model; OpenLineage gets them too.
    Without any shard, as on a day without documents, the task is skipped.
    """

    template_fields: Sequence[str] = ("manifests", "out", "expected", "sink_conn_id", "sink_dataset", "report_url")
    operator_extra_links = (ReportLink(),)
    ui_color = "#f6e7d2"

    def __init__(
        self,
        *,
        manifests: Manifest | Iterable[Manifest | None] | XComArg,
        out: str,
        expected: Iterable[Shard] | XComArg | None = None,
        fail_on: FailOn | None = None,
        prune: bool = False,
        sink: str | Sequence[str] = (),
        sink_conn_id: str | None = None,
        sink_dataset: str | None = None,
        max_partial: float | None = None,
        max_flagged: float | None = None,
        min_rows: int = 0,
        schema: Any = None,
        report_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._allowed = None if fail_on is None else outcome.allowed_ratio(fail_on)
        self.expected: Any = expected  # rendered before it is executed, as the manifests are
        self.fail_on, self.prune = fail_on, prune
        self.sink, self.sink_conn_id, self.schema = sink, sink_conn_id, schema
        self.sink_dataset = sink_dataset
        self.max_partial, self.max_flagged, self.min_rows = max_partial, max_flagged, min_rows
        self.manifests: Any = manifests
        self.out, self.report_url = out, report_url
        self.retry_policy = outcome.policy_of(self)
        self._done: tuple[list[str], Manifest] | None = None

    def execute(self, context: Context) -> Manifest:
        """Join the shards; UsageError where none has a manifest or two hold the same document."""
        from extractor.shards.publish import manifests_of, publish

        shards = manifests_of(self.manifests)
        expected = None if self.expected is None else list(self.expected)
        if not shards and not expected:
            raise AirflowSkipException("no shards: there is nothing to publish")
        with outcome.task_errors(policed=self.retry_policy is not None):
            limits = {name: getattr(self, name) for name in ("max_partial", "max_flagged", "min_rows")}
            options = {"prune": self.prune, "sink": self._sinks(), "schema": self.schema, **limits}
            done = publish(shards, self.out, expected=expected, wait=True, **options)
        manifest = linked(done, self.report_url)
        self._done = [shard["records"] for shard in shards], manifest
        self.log.info(outcome.summary(manifest))
        if manifest["missing"]:
            self.log.warning("extractor: without a manifest: %s", ", ".join(manifest["missing"]))
        outcome.announce(context, self.outlets, manifest)
        context["ti"].xcom_push(key="return_value", value=manifest)
        lowest = min(shard.get("fail_on", 1.0) for shard in shards)
        outcome.judge(manifest, lowest if self._allowed is None else self._allowed, final=True)
        return manifest

    def _sinks(self) -> tuple[str | Maker, ...]:
        """The forms of the records, and the database of the connection that is to get them."""
        forms = (self.sink,) if isinstance(self.sink, str) else tuple(self.sink)
        return (*forms, self._database(self.sink_conn_id)) if self.sink_conn_id else forms

    def _database(self, conn_id: str) -> str | Maker:
        """The URL of a PostgreSQL, or what makes the sink of a warehouse. UsageError for another kind of connection."""
        connection = connection_named(conn_id)
        if connection.conn_type in ("postgres", "postgresql"):
            return _url(connection)

        from extractor.airflow.warehouse import WAREHOUSES, hook_of
        from extractor.errors import UsageError

        warehouse = WAREHOUSES.get(connection.conn_type or "")
        if warehouse is None:
            raise UsageError(
                f"connection {conn_id} is one to {connection.conn_type}, and sink_conn_id takes one to postgres,"
                f' {", ".join(WAREHOUSES)}: write sink="parquet", and load that into other warehouses'
            )
        hook = hook_of(connection)
        return lambda layout: warehouse(conn_id, hook, layout, out=str(self.out), dataset=self.sink_dataset)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What OpenLineage asks for: the rows of the shards that were read, and the rows that were written."""
        from extractor.airflow.lineage import lineage

        return lineage(*(self._done or ((), None)))


def _url(connection: Any) -> str:
    """The URL of a connection to PostgreSQL."""
    login = ":".join(quote(part, safe="") for part in (connection.login, connection.password) if part)
    host, database = (quote(part or "", safe="") for part in (connection.host or "localhost", connection.schema))
    where = f"{host}:{connection.port or 5432}/{database}"
    options = {name: value for name, value in connection.extra_dejson.items() if name in _LIBPQ}
    return f"postgresql://{login}@{where}{f'?{urlencode(options)}' if options else ''}"
