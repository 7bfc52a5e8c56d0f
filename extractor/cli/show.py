"""What a person sees of a run: a live line on a terminal, plain lines in a pipe, and a table at the end."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import orjson
import typer
from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from extractor.cli.help import one_line
from extractor.pipeline.job import Totals
from extractor.pipeline.result import many
from extractor.pipeline.sinks.files import tables_among
from extractor.review.files import read_run
from extractor.wire.prices import dollars
from extractor.wire.values import Usage

if TYPE_CHECKING:
    from extractor.extraction.plan import Plan

__all__ = ["Screen", "show_plan"]

_COLOURS = {"partial": "yellow", "failed": "red"}
_MOST_UNREADABLE = 10
_WRITTEN = ("records.jsonl", "failures.jsonl", "run.json", "report.html")


class Screen:
    """Progress on standard error, the outcome on standard output. Use it in a `with`.

    A document that is not ok is named with its reason as soon as it has ended. How many `documents` there are may not
    be known.
    """

    def __init__(self, documents: int | None, *, json: bool, quiet: bool = False) -> None:
        self._documents, self._json, self._quiet = documents, json, quiet
        self._totals = Totals()
        self._began = time.monotonic()
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, refresh_per_second=8, transient=True, get_renderable=self._line)

    @property
    def begun(self) -> bool:
        """Whether any document has ended."""
        return self._totals.documents > 0

    def progress(self, row: dict[str, Any], totals: Totals) -> None:
        """Take in one finished document."""
        self._totals = totals
        if self._quiet:
            return
        if not self._console.is_terminal:
            print(f"{self._done()} {one_line(_line_of(row))}", file=sys.stderr, flush=True)  # noqa: T201
        elif row["status"] != "ok":
            line = Text(one_line(_line_of(row)))
            line.highlight_words([f" {row['status']}"], style=_COLOURS[row["status"]])
            self._console.print(line)

    def outcome(self, out: Path) -> None:
        """Say what run.json tells of the run: what was found, what is flagged, what was spent, and where it is."""
        self._live.stop()
        run = read_run(out)
        totals, written = run["totals"], [*_WRITTEN, *run["tables"]]
        stale = [name for name in tables_among(path.name for path in out.iterdir()) if name not in written]
        if self._quiet and not self._json:
            return
        if self._json:
            places = {"out": str(out), "written": written, "stale": stale}
            typer.echo(orjson.dumps({**places, **totals, "ledger": run["ledger"]}, option=orjson.OPT_INDENT_2).decode())
            return
        rows = _rows(Totals(**{**totals, "usage": Usage(**totals["usage"])}), run["ledger"])
        if run["skipped"]:
            rows["skipped"] = _skipped(run["skipped"])
        rows["written"] = f"{out}/{', '.join(written)}"
        if stale:
            rows["stale"] = f"{', '.join(stale)}: as of an earlier run; name their --format to write them again"
        _print(rows)

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._quiet:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def _line(self) -> RenderableType:
        """A bar and the figures on one line, the most important first, as far as the terminal is wide."""
        totals, seconds = self._totals, time.monotonic() - self._began
        usage, done = totals.usage, totals.documents
        new = done - totals.reused  # what an earlier run has done takes no time
        left = _duration(seconds / new * max(0, self._documents - done)) if new and self._documents else "-"
        facts = (
            f"{self._done()} documents · {_money(usage.cost_usd)} · {left} left · {_duration(seconds)} · "
            f"{usage.prompt_tokens + usage.completion_tokens:,} tokens · {many(totals.chunks, 'part')}"
        )
        width = self._console.width // 5
        line = Table.grid(padding=(0, 1))
        line.add_column(width=width)
        line.add_column(no_wrap=True, overflow="ellipsis")
        line.add_row(ProgressBar(self._documents or done or 1, done, width=width), facts)
        return line

    def _done(self) -> str:
        """How many have ended, of how many; a file may hold several."""
        done = self._totals.documents
        return str(done) if self._documents is None else f"{min(done, self._documents)}/{self._documents}"


def _skipped(entries: list[dict[str, str]]) -> str:
    names: dict[str, list[str]] = {}
    for entry in entries:
        names.setdefault(entry["why"], []).append(entry["name"])
    return "; ".join(f"{why}: {one_line(_listed(some))}" for why, some in names.items())


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_UNREADABLE
    return ", ".join(names[:_MOST_UNREADABLE]) + (f" and {more:,} more, which run.json lists" if more > 0 else "")


def _line_of(row: dict[str, Any]) -> str:
    if not row["problems"]:
        return f"{row['document']} {row['status']}"
    path, message = row["problems"][0]["path"], row["problems"][0]["message"].removeprefix(f"{row['document']}: ")
    return f"{row['document']} {row['status']}: {f'{path}: ' if path else ''}{message}"


def _rows(totals: Totals, ledger: dict[str, Any]) -> dict[str, str]:
    ended = [f"{totals.ok} ok", f"{totals.partial} partial", f"{totals.failed} failed"]
    left = f" ({totals.earlier} ok in an earlier run)" if totals.earlier else ""
    ended += [f"{totals.pending} not reached{left}"] if totals.pending else []
    ended += [f"{totals.gone} no longer in the source"] if totals.gone else []
    reused = f" ({totals.reused} from an earlier run)" if totals.reused else ""
    usage = totals.usage
    gone = {"gone": f"{totals.gone} records of an earlier run are left as they are; --prune drops them"}
    pruned = {"pruned": f"{many(totals.pruned, 'document')} no longer in the source"}
    return {
        "documents": f"{totals.documents}: {', '.join(ended)}{reused}",
        **(gone if totals.gone else {}),
        **(pruned if totals.pruned else {}),
        "found": f"{many(totals.values, 'value')} in {many(totals.chunks, 'part')}",
        "flagged": f"{many(totals.flagged, 'value')} not found in the source",
        "asked": f"{many(totals.attempts, 'attempt')}, {many(totals.repairs, 'repair')}",
        "tokens": f"{usage.prompt_tokens:,} in ({usage.cached_tokens:,} cached), {usage.completion_tokens:,} out",
        "spent": f"{_spent(ledger)}; this run took {_duration(totals.seconds)}",
    }


def _spent(ledger: dict[str, Any]) -> str:
    """The sum of the ledger, over all runs, and what of it is in no line of records.jsonl."""
    more = (
        [f"{dollars(ledger['elsewhere_usd'])} of it for replies that no document uses"]
        if ledger["elsewhere_usd"]
        else []
    )
    if ledger["perhaps_usd"]:
        more.append(f"up to {dollars(ledger['perhaps_usd'])} more for requests that ended without a reply")
    if ledger["reserved_usd"]:
        more.append(f"up to {dollars(ledger['reserved_usd'])} more for a batch that is out")
    if ledger["reused_usd"]:
        more.append(f"{dollars(ledger['reused_usd'])} saved by equal questions")
    return ", ".join([_money(ledger["spent_usd"]), *more])


def show_plan(plan: Plan, *, json: bool) -> None:
    """Print what a job would send and cost."""
    if json:
        typer.echo(orjson.dumps(asdict(plan), option=orjson.OPT_INDENT_2).decode())
        return
    notes = [f"{len(plan.unreadable):,} of them unreadable"] if plan.unreadable else []
    notes += [f"{plan.finished:,} of them finished by an earlier run"] if plan.finished else []
    prices = " / ".join(map(_money, (plan.low_usd, plan.likely_usd, plan.high_usd)))
    by = f"; by {many(plan.sampled, 'document')} asked about for {_money(plan.sample_usd)}" if plan.sampled else ""
    longest, least = plan.most_completion_tokens, plan.seconds
    rows = {
        "documents": ", ".join([f"{plan.documents:,}", *notes]),
        "requests": f"{plan.requests:,} for {many(plan.chunks, 'part')}",
        "tokens in": f"{plan.prompt_tokens:,}, about {plan.cached_tokens:,} of them cached",
        "tokens out": f"about {plan.completion_tokens:,}, {longest:,} at the most",
        "price": f"{prices} (low / likely / high){by}; repairs of bad answers are extra",
        "time": "as long as the model takes" if least is None else f"{_duration(least)} or more, at the rate limit",
    }
    listed = list(plan.unreadable.items())[:_MOST_UNREADABLE]
    rows |= {f"unreadable {number}": f"{name}: {why}" for number, (name, why) in enumerate(listed, 1)}
    if len(plan.unreadable) > len(listed):
        rows["unreadable ..."] = f"{len(plan.unreadable) - len(listed):,} more; --json lists all"
    _print(rows)


def _print(rows: dict[str, str]) -> None:
    width = max(map(len, rows))
    for name, text in rows.items():
        typer.echo(f"{name:{width}}  {text}")


def _money(usd: float | None) -> str:
    return "of unknown price" if usd is None else dollars(usd)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return (
        f"{minutes // 60} h {minutes % 60} min"
        if minutes >= 60
        else f"{minutes} min {rest} s"
        if minutes
        else f"{seconds:.1f} s"
    )
