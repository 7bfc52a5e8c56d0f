"""How a run ends as a task: what is logged, counted, announced and linked, what fails, and what is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, Literal

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, BaseOperatorLink, Stats, XCom

from extractor.errors import AccountError, BudgetExceeded, UsageError

__all__ = [
    *("FailOn", "ReportLink", "allowed_ratio", "announce", "count", "judge", "linked", "logged", "policy_of"),
    *("summary", "task_errors"),
]

FailOn = Literal["any", "none"] | float
"""What fails a task: any document that failed or was not reached, none, or more than a ratio of them (0..1)."""

_LASTING = (UsageError, AccountError, BudgetExceeded)
"""What no retry can mend."""

_EVERY_SECONDS = 10.0

_ANNOUNCED = ("documents", "ok", "partial", "failed", "pending", "rows", "flagged", "run_usd", "spent_usd", "model")
_COUNTED = ("ok", "partial", "failed", "pending", "reused", "attempts")


@contextmanager
def logged(log: Any, documents: int) -> Iterator[Callable[[dict[str, Any], Any], None]]:
    """What logs each document that is not ok; every ten seconds, also while none ends, a line tells how many have."""
    begun, ended, latest = time.monotonic(), Event(), [SimpleNamespace(ok=0, partial=0, failed=0, reused=0)]

    def progress(row: dict[str, Any], totals: Any) -> None:
        latest[:] = [totals]
        if row["status"] != "ok":
            reasons = "; ".join(f"{problem['message']} @ {problem['path'] or '/'}" for problem in row["problems"])
            log.warning("extractor: %s is %s: %s", row["document"], row["status"], reasons)

    def tick() -> None:
        while not ended.wait(_EVERY_SECONDS):
            done, seconds = latest[0].ok + latest[0].partial + latest[0].failed, time.monotonic() - begun
            line = "extractor: %d of %d documents after %.0f s, %d of them from the journal"
            log.info(line, done, documents, seconds, latest[0].reused)

    ticking = Thread(target=tick, name="extractor-progress", daemon=True)
    ticking.start()
    try:
        yield progress
    finally:
        ended.set()
        ticking.join()


def policy_of(operator: Any) -> Any:
    """An operator's retry policy, by default one that fails at once what no retry can mend; None before Airflow 3.3."""
    if (own := getattr(operator, "retry_policy", None)) is not None:
        return own
    try:
        from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
    except ImportError:
        return None
    return ExceptionRetryPolicy([RetryRule(exception=list(_LASTING), action=RetryAction.FAIL)])


@contextmanager
def task_errors(*, policed: bool, connection: str | None = None) -> Iterator[None]:
    """Errors of ours pass as they are where a retry policy can tell them apart; AirflowFailException stands in else.

    An error of the account names the connection that it is about.
    """
    try:
        yield
    except _LASTING as error:
        if connection and isinstance(error, AccountError) and connection not in str(error):
            error.args = (f"connection {connection}: {error}", *error.args[1:])
        if policed:
            raise
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error
    except KeyboardInterrupt as error:
        raise AirflowException("stopped from outside: what is finished stays, the next try goes on") from error


def allowed_ratio(fail_on: FailOn) -> float:
    """How many of the documents may fail, 0..1. UsageError where that is not said."""
    ratio = {"any": 0.0, "none": 1.0}.get(fail_on) if isinstance(fail_on, str) else fail_on
    if ratio is None or not 0 <= ratio <= 1:
        raise UsageError(f'fail_on is {fail_on!r}: give "any", "none" or a ratio from 0 to 1')
    return ratio


def judge(manifest: Mapping[str, Any], allowed: float, *, final: bool = False) -> None:
    """Raise AirflowException where more documents failed, or were not reached, than is allowed.

    A retry asks about those that failed, unless this is `final`.
    """
    failed, pending, documents = manifest["failed"], manifest.get("pending", 0), manifest["documents"]
    if failed + pending > allowed * documents:
        where = manifest["records"].replace("records.jsonl", "failures.jsonl")
        left = f" and {pending} were not reached" if pending else ""
        failure = AirflowFailException if final else AirflowException
        raise failure(f"{failed} of {documents} documents failed{left}: see {where}")


def summary(manifest: Mapping[str, Any]) -> str:
    """A manifest as one line of a log: how many documents are ok, what they cost, and where their records are."""
    counts = {name: manifest.get(name, 0) for name in ("partial", "failed", "pending")}
    others = "".join(f", {count} {name}" for name, count in counts.items() if count)
    reused = f" ({manifest['reused']} from the journal)" if manifest.get("reused") else ""
    run, spent = _money(manifest["run_usd"]), _money(manifest["spent_usd"])
    return (
        f"extractor: {manifest['ok']} of {manifest['documents']} documents are ok{reused}{others};"
        f" this run cost {run}, all runs {spent}: see {manifest['records']}"
    )


def announce(context: Any, outlets: Sequence[Any], manifest: Mapping[str, Any]) -> None:
    """Give the events of the task's outlets what a consumer wants to know: counts, cost and model."""
    extra = {name: manifest[name] for name in _ANNOUNCED if name in manifest}
    extra |= {name: manifest[name] for name in ("stopped", "missing", "records") if manifest.get(name)}
    events = context.get("outlet_events")
    for outlet in outlets if events is not None else ():
        events[outlet].extra = extra


def count(manifest: Mapping[str, Any]) -> None:
    """Send counts and cost to StatsD or OpenTelemetry, wherever Airflow sends its own metrics."""
    for name in _COUNTED:
        Stats.incr(f"extractor.{name}", manifest.get(name, 0))
    Stats.gauge("extractor.run_usd", manifest["run_usd"] or 0)
    Stats.timing("extractor.seconds", 1000 * manifest.get("seconds", 0))


def _money(usd: float | None) -> str:
    from extractor.wire.prices import dollars

    return "what is not known" if usd is None else dollars(usd)


def linked(manifest: Mapping[str, Any], url: str | None) -> dict[str, Any]:
    """The manifest with its review page where a browser finds it; as it is where `url` says nothing."""
    return {**manifest, **({"report": f"{url.rstrip('/')}/report.html"} if url else {})}


class ReportLink(BaseOperatorLink):
    """The review page: every value beside the place in its source that it came from."""

    name = "Review page"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Where the task's report.html is, or nothing where it wrote none."""
        manifest = XCom.get_value(ti_key=ti_key, key="return_value")
        return str(manifest["report"]) if isinstance(manifest, dict) and "report" in manifest else ""
