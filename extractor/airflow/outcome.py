"""How a run ends as a task: what is logged, what fails, and what is tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, Protocol

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from extractor.errors import AccountError, BudgetExceeded, UsageError
from extractor.pipeline.job import Totals
from extractor.pipeline.lock import locked
from extractor.shards.desk import held
from extractor.wire.prices import dollars

__all__ = ["FailOn", "Log", "Logged", "allowed_ratio", "await_turn", "judge", "policy_of", "summary", "task_errors"]

FailOn = Literal["any", "none"] | float
"""What fails a task: any document that failed, none, or more than a ratio of them (0..1)."""

_LASTING = (UsageError, AccountError, BudgetExceeded)
"""What no retry can mend."""

_QUIET_SECONDS = 10.0


class Log(Protocol):
    """What Airflow's loggers and those of the standard library share."""

    def info(self, message: str, /, *values: Any) -> Any: ...
    def warning(self, message: str, /, *values: Any) -> Any: ...


class Logged:
    """Progress as log lines: each document that is not ok, and now and then how far the rest is."""

    def __init__(self, log: Log, documents: int) -> None:
        self._log, self._documents, self._spoke = log, documents, time.monotonic()

    def __call__(self, row: dict[str, Any], totals: Totals) -> None:
        if row["status"] != "ok":
            reasons = "; ".join(f"{problem['message']} @ {problem['path'] or '/'}" for problem in row["problems"])
            self._log.warning("%s is %s: %s", row["document"], row["status"], reasons)
        if time.monotonic() - self._spoke > _QUIET_SECONDS:
            self._spoke = time.monotonic()
            self._log.info("%d of %d documents, %s", totals.documents, self._documents, _money(totals.usage.cost_usd))


def policy_of(operator: Any) -> Any:
    """An operator's retry policy, by default one that fails at once what no retry can mend; None before Airflow 3.3."""
    if (given := getattr(operator, "retry_policy", None)) is not None:
        return given
    try:
        from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
    except ImportError:
        return None
    return ExceptionRetryPolicy([RetryRule(exception=list(_LASTING), action=RetryAction.FAIL)])


@contextmanager
def task_errors(*, policed: bool) -> Iterator[None]:
    """Errors of ours pass as they are where a retry policy can tell them apart; AirflowFailException stands in else."""
    try:
        yield
    except _LASTING as error:
        if policed:
            raise
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error
    except KeyboardInterrupt as error:
        raise AirflowException("stopped from outside: what is finished is kept, the next try goes on") from error


def await_turn(out: str) -> None:
    """Raise AirflowException, which is tried again, where an earlier try of the task still works on `out`."""
    folder = held(out)
    try:
        with locked(folder):
            return
    except UsageError as error:
        raise AirflowException(f"{error}; a try that is given up ends soon, the next one goes on from there") from error


def allowed_ratio(fail_on: FailOn) -> float:
    """How many of the documents may fail, 0..1. UsageError where that is not said."""
    ratio = {"any": 0.0, "none": 1.0}.get(fail_on) if isinstance(fail_on, str) else fail_on
    if ratio is None or not 0 <= ratio <= 1:
        raise UsageError(f'fail_on is {fail_on!r}: give "any", "none" or a ratio from 0 to 1')
    return ratio


def judge(manifest: Mapping[str, Any], allowed: float) -> None:
    """Raise AirflowException where more of the documents failed than is allowed; a retry asks about just those."""
    failed, documents = manifest["failed"], manifest["documents"]
    if failed > allowed * documents:
        where = manifest["records"].replace("records.jsonl", "failures.jsonl")
        raise AirflowException(f"{failed} of {documents} documents failed: see {where}")


def summary(manifest: Mapping[str, Any]) -> str:
    """A manifest as one line of a log: how many documents are ok, what they cost, and where their records are."""
    cost = _money(manifest["usage"]["cost_usd"])
    return f"{manifest['ok']} of {manifest['documents']} documents are ok, {cost}: see {manifest['records']}"


def _money(usd: float | None) -> str:
    return "at a price that is not known" if usd is None else dollars(usd)
