"""`PublishOperator`: what the shards of a job wrote, as one output for whoever waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from extractor.airflow.links import ReportLink, linked
from extractor.airflow.outcome import policy_of, summary, task_errors

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from extractor.shards.work import Manifest

__all__ = ["PublishOperator"]


class PublishOperator(BaseOperator):
    """Join what the shards of a job wrote into `out`, and return the manifest of the whole.

    :param manifests: what the tasks of an ExtractOperator returned, `extract.output`; None is passed over.
    :param out: where records, failures, totals and the review page go: a path that all workers see, or a URI.
    :param report_url: where a browser finds `out`, for the link to the review page.

    Its outlets are announced once everything is written; OpenLineage gets the number of rows.
    """

    template_fields: Sequence[str] = ("manifests", "out", "report_url")
    operator_extra_links = (ReportLink(),)
    ui_color = "#f6e7d2"

    def __init__(
        self, *, manifests: Iterable[Manifest | None] | XComArg, out: str, report_url: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.manifests: Any = manifests  # rendered before it is executed
        self.out, self.report_url = out, report_url
        self.retry_policy = policy_of(self)
        self._done: tuple[list[str], Manifest] | None = None

    def execute(self, context: Context) -> Manifest:
        """Join the shards; UsageError where none has a manifest or two hold the same document."""
        from extractor.shards.publish import publish

        shards = [manifest for manifest in self.manifests if manifest]
        with task_errors(policed=self.retry_policy is not None):
            manifest = linked(publish(shards, self.out), self.report_url)
        self.log.info(summary(manifest))
        self._done = [shard["records"] for shard in shards], manifest
        return manifest

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What OpenLineage asks for: the rows of the shards that were read, and the rows that were written."""
        from extractor.airflow.lineage import lineage

        return lineage(*(self._done or ((), None)))
