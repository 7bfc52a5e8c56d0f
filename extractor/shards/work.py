"""One shard from beginning to end, on whatever machine it landed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

import orjson

from extractor.call.ledger import Heads
from extractor.errors import UsageError
from extractor.pipeline.config import Config
from extractor.pipeline.job import Progress
from extractor.pipeline.journal import check_schema, open_journal
from extractor.pipeline.outputs import write_json, write_lines
from extractor.pipeline.pipeline import Pipeline
from extractor.review.report import write_report
from extractor.schema.compiler import Schema
from extractor.shards.desk import Desk, Documents, at_desk, borrowed, is_row
from extractor.shards.index import Line, below, in_shard, read_index, register, update
from extractor.shards.lease import hold, is_free
from extractor.shards.plan import Shard, documents_of, rows_of
from extractor.shards.purse import Purse
from extractor.sources.rows import Rows
from extractor.sources.storage import address, exists, facts, join, read
from extractor.sources.storage import lines as lines_of
from extractor.wire.values import Usage, usd

__all__ = [
    *("Manifest", "Redo", "by_file", "extract_shard", "file_of", "manifest_of", "outcome"),
    "results",
    "rows_in",
]

Manifest = dict[str, Any]
"""The outcome of a shard, as small JSON: totals, usage, and the places of its files.

`usage` adds up the documents, whenever they were paid for. `run_usd` is what this run spent and `spent_usd` what all
runs did, replies among it that no document could use; None is a price that is not known.
"""

Redo = Literal["none", "failed", "partial"]
"""Which documents of earlier runs are asked about again although replies are stored: none, those that failed or have
no valid value, or all that are not ok."""


def extract_shard(
    shard: Shard,
    pipeline: Pipeline,
    out: str | Path,
    *,
    progress: Progress | None = None,
    tell: Callable[[Manifest], None] | None = None,
    redo: Redo = "failed",
    using: Config | None = None,
    wait: bool = False,
) -> Manifest:
    """Run the pipeline over the shard's documents; its files go to `out`/shards/NAME, each whole or absent.

    The same call continues where the shard stopped, on any machine that sees `out`, and takes over what other shards
    of `out` know of its documents. An object that has not changed since it ended ok is not fetched. A stop by the
    budget, the account or an interrupt is raised once everything is written; `tell` receives the manifest even then.
    With `using`, the model is asked as that says, and documents count as read by the pipeline's own configuration.
    UsageError where another worker is at the same shard, or at one that has some of its documents, unless this may
    `wait`.
    """
    out, name = str(out), shard["shard"]
    if not out:
        raise UsageError("out is empty: give a folder or a URL")
    if not shard["documents"]:
        raise UsageError("no documents: the source is empty")
    if redo not in ("none", "failed", "partial"):
        raise UsageError(f'redo is {redo!r}: give "none", "failed" or "partial"')
    if exists(published := join(out, "run.json")):
        check_schema(out, orjson.loads(read(published)), pipeline.file_schema, "name another out")
    with _at_work(out, shard, wait=wait) as (desk, lines, tables):
        (desk.folder / "run.json").unlink(missing_ok=True)  # an older one would speak for this run
        before = _prepared(desk, lines, redo, pipeline.file_schema)
        purse = Purse(out, name, shard["max_cost"], desk.lease)
        purse.begin(before)
        source, config = tables[0] if tables else (), _within(pipeline.config, shard["max_cost"])
        job = replace(pipeline, source=source, origin=Documents(lines, tables), purse=purse, config=config)
        try:
            job._do(desk.folder, _within(using or config, shard["max_cost"]), progress=progress)
        finally:
            after = _heads(desk)
            purse.end(after)
            if (desk.folder / "run.json").exists():
                manifest = _conclude(desk, out, name, lines, before, after)
                if tell:
                    tell(manifest)  # before all that takes long: who stops a task may not wait for its end
                write_report(desk.folder)
    return manifest


def manifest_of(desk: Desk, run: Mapping[str, Any], documents: int) -> Manifest:
    """The manifest of the output on a desk, from what its run.json says."""
    totals = run["totals"]
    reached = totals["ok"] + totals["partial"] + totals["failed"]
    rows = sum(1 for _ in lines_of(str(desk.folder / "records.jsonl")))
    return {
        **{name: run[name] for name in ("schema", "model", "stopped") if name in run},
        **{**totals, "documents": documents, "pending": documents - reached, "rows": rows},
        "out": desk.place,
        "records": join(desk.place, "records.jsonl"),
        "report": address(join(desk.place, "report.html")),
    }


def file_of(record: str, files: Container[str]) -> str:
    """The file that a record is of: the name before its number, where a file holds several documents."""
    return record if record in files else record.rpartition("#")[0]


def by_file(rows: Iterable[dict[str, Any]], files: Container[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Lines of records.jsonl, those of each file together."""
    return ((file, list(each)) for file, each in groupby(rows, lambda row: file_of(row["document"], files)))


def outcome(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What became of a file: the worst of the statuses of its records."""
    status = max((row["status"] for row in rows), key=("ok", "partial", "failed").index)
    return {"sha256": rows[0]["sha256"], "status": status}


def results(lines: Iterable[Line], rows: Mapping[str, Mapping[str, Any]]) -> Iterator[Line]:
    """Lines of the manifest with what became of their documents in rows, by name."""
    for line in lines:
        if row := rows.get(line["document"]):
            yield Line(**{**line, "sha256": row["sha256"] or line["sha256"], "status": row["status"]})


@contextmanager
def _at_work(out: str, shard: Shard, *, wait: bool) -> Iterator[tuple[Desk, list[Line], list[Rows]]]:
    """The desk of a shard, the lines of its documents, and the tables that it has rows of, the latest first.

    What other shards know of the documents is taken over, once nobody is at work there.
    """
    name, others = shard["shard"], set[str]()
    while True:
        with ExitStack() as own, ExitStack() as theirs:
            for each in sorted({name, *others}):  # in one order everywhere, so that no two wait for each other
                if each != name:
                    theirs.enter_context(hold(below(out, each), "desk", wait=wait))
                else:
                    desk = own.enter_context(at_desk(below(out, name), wait=wait))
            tables = _tables(desk, rows_of(shard))
            files = documents_of(shard)
            now = facts(file for file in files if not is_row(file.uri, tables))
            lines = register(out, name, [*now, *(file for file in files if is_row(file.uri, tables))])
            found = {
                each for each in {line["shard"] for line in lines} - {name} if not is_free(below(out, each), "desk")
            }
            if found <= others:
                _take_over(desk, out, name, [line for line in lines if line["shard"] != name])
                theirs.close()
                yield desk, [in_shard(line, name) for line in lines], tables
                return
        others = found


def _tables(desk: Desk, rows: Rows | None) -> list[Rows]:
    """The tables that the shard has rows of, those of `rows` first. The journal knows how each is read."""
    with closing(open_journal(desk.journal)) as journal:
        known = journal.note("tables") or []
        if rows and (own := {"source": rows.source, **rows.settings}) not in known[:1]:
            known = [own, *(each for each in known if each != own)]
            journal.keep_note("tables", known)
    return [Rows(**each) for each in known]


def _take_over(desk: Desk, out: str, name: str, others: Sequence[Line]) -> None:
    """Copy what other shards know of these documents, which belong to this one from now on."""
    if not others:
        return
    with closing(open_journal(desk.journal)) as journal:
        for place, lines in groupby(sorted(others, key=itemgetter("journal")), itemgetter("journal")):
            if exists(join(out, place)):  # else it was killed before it asked for anything
                with borrowed(join(out, place), desk.folder) as other:
                    journal.take(other, {line["document"] for line in lines}, journal.note("run") or 0, replies=True)
    desk.save()
    update(out, (in_shard(line, name) for line in others))


def _prepared(desk: Desk, lines: Sequence[Line], redo: Redo, schema: Schema[Any]) -> Heads:
    """Set replies aside that are not to be used again; returns what was spent so far."""
    names = {line["document"] for line in lines}
    with closing(open_journal(desk.journal)) as journal:
        short = [row for row, _ in journal.rows() if row["status"] != "ok" and row["document"] in names]
        for row in short if redo != "none" else ():
            if redo == "partial" or row["value"] is None or schema.problems(row["value"], row.get("kind")):
                journal.set_aside(row["document"])
        return journal.heads()


def _heads(desk: Desk) -> Heads:
    with closing(open_journal(desk.journal)) as journal:
        return journal.heads()


def _within(config: Config, budget: float | None) -> Config:
    """The configuration with no more money than the budget of the job."""
    caps = [cap for cap in (config.max_cost, budget) if cap is not None]
    return replace(config, max_cost=min(caps, default=None))


def _conclude(desk: Desk, out: str, name: str, lines: Sequence[Line], before: Heads, after: Heads) -> Manifest:
    """Leave what other runs put into the shard's journal out of its records."""
    index = read_index(out)
    places = {line["document"]: line["place"] for line in index.values()}
    names = {line["document"] for line in lines} if name else set(places)
    for file in ("records.jsonl", "failures.jsonl"):
        rows = rows_in(desk.folder / file)
        write_lines(desk.folder / file, (row for row in rows if file_of(row["document"], places) in names))
    mine = {line["document"] for line in lines}
    outcomes, usage = dict[str, dict[str, Any]](), Usage()
    for file, records in by_file(rows_in(desk.folder / "records.jsonl"), places):
        if file in mine:
            outcomes[file] = outcome(records)
            usage = sum((Usage(**record["usage"]) for record in records), usage)
    if not name:
        update(out, results(lines, outcomes))
    run = orjson.loads((desk.folder / "run.json").read_bytes())
    run["totals"]["usage"] = asdict(usage)
    write_json(desk.folder / "run.json", run)
    known = before.spent is not None and after.spent is not None
    totals = run["totals"]
    ended = totals["ok"] + totals["partial"] + totals["failed"]
    documents = ended + totals["pending"] if run["split"] else len(lines)
    return {
        "shard": name,
        "job": out,
        **manifest_of(desk, run, documents),
        "run_usd": usd(after.spent - before.spent) if known else None,  # type: ignore[operator]
        "spent_usd": None if after.spent is None else usd(after.spent),
    }


def rows_in(place: str | Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return map(orjson.loads, lines_of(str(place)))
