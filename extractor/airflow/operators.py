"""`ExtractOperator`: a shard, or a whole folder or bucket, through a Pipeline in one task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator

from extractor.airflow import outcome
from extractor.airflow.hook import WorkersAIHook
from extractor.airflow.outcome import FailOn, ReportLink, linked
from extractor.errors import UsageError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from extractor.pipeline.pipeline import Pipeline
    from extractor.shards.plan import Shard, Source
    from extractor.shards.work import Manifest, Redo

__all__ = ["ExtractOperator"]

_SETTINGS: dict[str, Callable[[Any], Any]] = {
    "model": str,
    "instructions": str,
    "max_cost": float,
    "rpm": int,
    "concurrency": int,
    "max_output_tokens": int,
}
"""What arguments are once their templates are rendered."""

_NO_POOL = "default_pool"
"""Where Airflow counts tasks that are in no pool of anybody's."""


class ExtractOperator(BaseOperator):
    """Extract from documents and return a manifest: totals, usage and the places of the files, as small JSON.

    :param source: a shard of `plan_shards`, or paths or URIs of files, folders, prefixes and globs; `@PLACE` is a
        list with one such place a line; or the Rows of a table, whose query may be a template. The pipeline's own
        source where this is left out.
    :param schema: a class, or a SPEC: a ready-made name, `package.module:Model`, `file.py:Model`, a JSON Schema file.
    :param pipeline: a Pipeline or its SPEC, in place of a schema, with its stages and settings.
    :param split: whether each file holds several documents: there is a record for each of them.
    :param out: where output goes, a path that all workers see or a URI. A shard has a folder of its own below it, and
        so has each source of a mapped task, whose rows then join those of `out`. Rows of earlier runs stay.
    :param workersai_conn_id: the connection; None reads the environment, as the command line does.
    :param max_cost: US dollars. A hard cap. A task that reaches it fails without a retry; all answers are stored.
    :param fail_on: "any" failed document fails the task, "none" does, or more than a ratio of them. Where a
        PublishOperator follows, it counts over all shards, after it has published what there is.
    :param redo: which documents of earlier tries and runs are asked about again: those that "failed" or have no valid
        value, all that are "partial", or "none". What is ok, and has not changed, is never asked about again.
    :param report_url: where a browser finds `out`, for the link to the review page.

    A source that is empty, such as a day without documents, skips the task. While another task works on the same
    output, this one waits.

    In a pool, one slot is one request in flight: `concurrency` is how many slots a task takes, and where that is left
    out, `pool_slots` is its concurrency; a mapped task, which `partial` declares, needs both.

    The manifest is in XCom after a failure too, and a retry continues from the journal in the output. Without a
    `retry_policy`, errors that no retry can mend fail at once; a policy of your own gets the errors of
    `extractor.errors`.
    """

    template_fields: Sequence[str] = (
        *("source", "schema", "pipeline", "out", "workersai_conn_id", "model", "instructions"),
        *("max_cost", "rpm", "concurrency", "max_output_tokens", "redo", "report_url"),
    )
    operator_extra_links = (ReportLink(),)
    ui_color = "#f6e7d2"
    shallow_copy_attrs: Sequence[str] = ("schema", "pipeline")

    def __init__(
        self,
        *,
        out: str,
        source: Source | Shard | None = None,
        schema: Any = None,
        pipeline: Pipeline | str | None = None,
        split: bool = False,
        workersai_conn_id: str | None = WorkersAIHook.default_conn_name,
        model: str | None = None,
        instructions: str | None = None,
        max_cost: float | str | None = None,
        rpm: int | str | None = None,
        concurrency: int | str | None = None,
        max_output_tokens: int | str | None = None,
        fail_on: FailOn = "any",
        redo: Redo | str = "failed",
        report_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if self.pool != _NO_POOL and isinstance(concurrency, int) and "pool_slots" not in kwargs:
            self.pool_slots = concurrency
        self._allowed = outcome.allowed_ratio(fail_on)
        self.retry_policy = outcome.policy_of(self)
        self.out, self.source, self.schema, self.pipeline = out, source, schema, pipeline
        self.workersai_conn_id, self.model, self.instructions = workersai_conn_id, model, instructions
        self.max_cost, self.rpm, self.concurrency = max_cost, rpm, concurrency
        self.max_output_tokens, self.fail_on, self.report_url = max_output_tokens, fail_on, report_url
        self.redo: Any = redo  # a word of Redo once it is rendered
        self.split = split
        self._running = False
        self._read: set[str] = set()
        self._manifest: Manifest | None = None

    def execute(self, context: Context) -> Manifest:
        """Run the shard. What no retry can mend ends the task for good, more failures than allowed end this try."""
        with outcome.task_errors(policed=self.retry_policy is not None, connection=self.workersai_conn_id):
            manifest = self._extract(context)
        self.log.info(outcome.summary(manifest))
        outcome.count(manifest)
        outcome.announce(context, self.outlets, manifest)
        if not (manifest["shard"] and self._published_later()):
            outcome.judge(manifest, self._allowed)
        return manifest

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What OpenLineage asks for: the folders that were read and the rows that were written, after a failure too."""
        from extractor.airflow.lineage import lineage

        return lineage(self._read, self._manifest)

    def on_kill(self) -> None:
        """Stop at once: everything that was paid for is kept, and the task does not end as a success."""
        if self._running:
            raise KeyboardInterrupt

    def _do_render_template_fields(self, parent: Any, template_fields: Any, *rest: Any, **named: Any) -> None:
        """Airflow calls what it can in a template field, but a class that is a schema is no template."""
        wanted = [name for name in template_fields if name != "schema" or not callable(self.schema)]
        super()._do_render_template_fields(parent, wanted, *rest, **named)

    def _extract(self, context: Context) -> Manifest:
        from extractor.shards.index import below
        from extractor.shards.plan import documents_of, rows_of
        from extractor.shards.publish import publish
        from extractor.shards.work import extract_shard

        job, out = self._job(), str(self.out)
        shard = self._planned(job, mapped=getattr(context["ti"], "map_index", -1) >= 0)
        if not shard["documents"]:
            raise AirflowSkipException(f"no documents at {self.source}")
        rows = rows_of(shard)
        self._read = {rows.where} if rows else {file.uri.rpartition("/")[0] for file in documents_of(shard)}
        if shard["shard"] and context.get("map_index_template") is None:
            context["map_index_template"] = shard["shard"]

        def tell(manifest: Manifest) -> None:
            page = self.report_url and below(self.report_url, shard["shard"])
            self._manifest = {**linked(manifest, page), "fail_on": self._allowed}
            context["ti"].xcom_push(key="return_value", value=self._manifest)

        place = below(out, shard["shard"])
        self.log.info("extractor: %d documents, with %s, into %s", shard["documents"], job.config.model, place)
        self._running = True
        try:
            with outcome.logged(self.log, shard["documents"]) as progress:
                extract_shard(shard, job, out, progress=progress, tell=tell, redo=self.redo, wait=True)
        finally:
            self._running = False
        assert self._manifest is not None
        if shard["shard"] and not isinstance(self.source, Mapping):
            publish([self._manifest], out, wait=True)
        return self._manifest

    def _published_later(self) -> bool:
        """Whether a task that follows joins the shards, and so knows how many of all documents failed."""
        from extractor.airflow.publishing import PublishOperator

        kinds = (getattr(task, "operator_class", type(task)) for task in self.get_direct_relatives(upstream=False))
        return any(isinstance(kind, type) and issubclass(kind, PublishOperator) for kind in kinds)

    def _job(self) -> Pipeline:
        """The pipeline that the arguments describe, asking as the connection says."""
        from extractor.pipeline.runs import declared

        if (self.schema is None) == (self.pipeline is None):
            raise UsageError(f"{self.task_id}: give either a schema or a pipeline")
        job = declared(schema=self.schema, pipeline=self.pipeline)
        if self.workersai_conn_id is None:
            config = replace(job.config, **self._settings())
        else:
            config = WorkersAIHook(self.workersai_conn_id).config(job.config, **self._settings())
        return replace(job, config=config, split=self.split or job.split)

    def _settings(self) -> dict[str, Any]:
        settings = {} if self.pool == _NO_POOL else {"concurrency": self.pool_slots}
        for name, read in _SETTINGS.items():
            if (value := getattr(self, name)) not in (None, ""):
                try:
                    settings[name] = read(value)
                except ValueError:
                    raise UsageError(f"{self.task_id}: {name} is {value!r}: give a number") from None
        return settings

    def _planned(self, job: Pipeline, *, mapped: bool) -> Shard:
        from extractor.shards.plan import apart, whole

        source = job.source if self.source is None else self.source
        if isinstance(source, Mapping):
            return source
        if source == ():
            raise UsageError(f"{self.task_id}: give a source, as the pipeline has none")
        return apart(source) if mapped else whole(source)
