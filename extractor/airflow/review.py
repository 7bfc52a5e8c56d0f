"""`ReviewOperator`: a person looks at what is doubtful in a document; what they decide becomes corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowOptionalProviderFeatureException,
)

try:
    from airflow.providers.standard.operators.hitl import HITLOperator
except (ImportError, AirflowOptionalProviderFeatureException) as error:
    raise AirflowOptionalProviderFeatureException(
        "ReviewOperator needs Airflow 3.1 or newer and apache-airflow-providers-standard: correct values with"
        " `extractor review` instead"
    ) from error

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from extractor.shards.review import Doubt

__all__ = ["ReviewOperator"]

_ACCEPT, _LEAVE = "Accept", "Leave as it is"
_VALUES = 50
"""The most values in one form."""

_LINE = 300
"""The most characters of a doubt above the form."""

_VERSION = "version"
"""The field of a form for what it was made of."""


class ReviewOperator(HITLOperator):
    """Ask a person about the values of a document that are doubtful: not found in its source, or with a problem.

    The form has a field for each such value. "Accept" stores what the fields hold as corrections in `out`, as
    `extractor review` does; records, tables and gold.jsonl have them once a PublishOperator has run again. A text that
    the schema refuses fails the task, and a retry asks again. A document without doubts waits for nobody.

    :param out: the output of a PublishOperator: a path that all workers see, or a URI.
    :param document: the name of a document, as `flagged_documents` returns them: map the task over these.
    :param schema: the schema of the records, as of an ExtractOperator; by default the SPEC that run.json names.
    :param report_url: where a browser finds `out`, for the link to the document on the review page.

    It takes the arguments of Airflow's HITLOperator as well: `response_timeout`, after which the document is left as
    it is, `assigned_users`, `notifiers`. It needs Airflow 3.1.
    """

    template_fields: Sequence[str] = ("out", "document", "report_url")
    ui_color = "#f6e7d2"

    def __init__(
        self, *, out: str, document: str, schema: Any = None, report_url: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(subject="Review", options=[_ACCEPT, _LEAVE], defaults=_LEAVE, **kwargs)
        self.out, self.document, self.schema, self.report_url = out, document, schema, report_url

    def execute(self, context: Context) -> Any:
        """Show the form, and wait."""
        from extractor.review.view import version_of
        from extractor.shards.review import doubts, under_review

        with under_review(self.out, schema=self.schema) as run:
            places, version = doubts(run, self.document), version_of(run.record(self.document))
        if not places:  # as where a try that stored its answer was killed
            return {"document": self.document, "choice": None, "corrected": []}
        self._show(places, version)
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Store what was decided; returns the document, the choice and the pointers of corrected values."""
        from extractor.review.view import version_of
        from extractor.shards.review import store_review, under_review

        answer = super().execute_complete(context, event)
        (choice,), texts = answer["chosen_options"], answer["params_input"]
        corrected: list[str] = []
        if choice == _ACCEPT:
            with under_review(self.out, schema=self.schema) as run:
                if texts.get(_VERSION) != version_of(run.record(self.document)):
                    raise AirflowFailException(f"{self.document} has been read again since: run the DAG again")
                corrected = store_review(run, self.document, texts)
        self.log.info("extractor: %s: %s, %d values corrected", self.document, choice, len(corrected))
        return {"document": self.document, "choice": choice, "corrected": corrected}

    def _show(self, places: Sequence[Doubt], version: str) -> None:
        """Make the form: a field for each doubtful value, and above it why it is doubtful."""
        from airflow.sdk import Param
        from airflow.sdk.definitions.param import ParamsDict

        values = [doubt for doubt in places if doubt.value is not None]
        more = len(values[_VALUES:])
        lines = [_line(doubt) for doubt in places if doubt not in values[_VALUES:]]
        lines += [f"- and {more} more, to review after these"] if more else []
        self.subject, self.body = f"Review {self.document}", "\n".join([*lines, "", self._link()])
        # Airflow shows a form again as it was at first, also after the record has changed.
        fields = {_VERSION: Param(version, type="string", enum=[version], title="Version of the record")}
        fields |= {
            doubt.path: Param(doubt.value, type=["null", "string"], title=doubt.path, description=doubt.reason)
            for doubt in values[:_VALUES]
        }
        self.params = ParamsDict(fields)

    def _link(self) -> str:
        """Where the document is beside its source."""
        if not self.report_url:
            return f"Beside its source: `extractor review {self.out}`"
        return f"[Beside its source]({self.report_url.rstrip('/')}/report.html#{quote(self.document, safe='')})"


def _line(doubt: Doubt) -> str:
    """A doubt as an item of Markdown in which nothing of the document is marked up."""
    text = " ".join(f"{doubt.path or '/'}: {doubt.reason}".split())[:_LINE].replace("`", "'")
    return f"- `{text}`"
