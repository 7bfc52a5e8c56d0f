"""The shards of a job become one output directory, in the shape that every other run has."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from extractor.errors import STOPPING, StorageError, UsageError
from extractor.pipeline.config import Config
from extractor.pipeline.corrections import Corrections, as_extracted, read_corrections
from extractor.pipeline.journal import open_journal
from extractor.pipeline.outputs import locked, write_lines
from extractor.pipeline.pipeline import Pipeline
from extractor.pipeline.published import Published
from extractor.pipeline.result import flags
from extractor.pipeline.runs import declared
from extractor.pipeline.sinks import Sink, open_sinks
from extractor.pipeline.sinks.layout import Layout, lay_out
from extractor.pipeline.specs import resolve_schema
from extractor.review.report import write_report
from extractor.review.server import Run
from extractor.schema.compiler import Schema, compile_schema
from extractor.shards.desk import Desk, at_desk, borrowed
from extractor.shards.index import JOURNAL, read_index, update
from extractor.shards.plan import Shard, shard_of
from extractor.shards.purse import spent_by_all
from extractor.shards.work import Manifest, by_file, extract_shard, manifest_of, outcome, results, rows_in
from extractor.sources.storage import File, exists, inside, join, read
from extractor.wire.values import Usage, nano, usd

__all__ = ["manifests_of", "publish", "published_schema", "read_results", "retry_output"]

Maker = Callable[[Layout], Sink]
"""Makes a sink for the tables of a schema."""

_OF_ONE = ("ledger", "stopped", "tables", "skipped")
"""What a shard's run.json says of itself alone."""

_ADDED = (
    *("documents", "ok", "partial", "failed", "pending", "reused"),
    *("chunks", "attempts", "repairs", "values", "flagged", "seconds"),
)


def publish(
    manifests: Manifest | Iterable[Manifest | None],
    out: str | Path,
    *,
    expected: Iterable[Shard] | None = None,
    prune: bool = False,
    sink: str | Sequence[str | Maker] = (),
    schema: Any = None,
    max_partial: float | None = None,
    max_flagged: float | None = None,
    min_rows: int = 0,
    wait: bool = False,
) -> Manifest:
    """Join what a shard, or several, wrote into `out`: records, failures, totals and the review page, by document.

    The rows of earlier runs stay, and have the number of theirs in `run`; `prune` drops those of documents that none
    of the shards holds. Manifests that are None, of tasks that never began, are passed over. Of the plan that is
    `expected`, the shards without a manifest are named in `missing`, their documents are `pending`, and the rows that
    they have of earlier runs stay.

    All rows of `out` go to the tables of each `sink` as well, in one transaction: a form or a URL, as for a Pipeline,
    or a function that makes a sink for a layout of tables. Files of tables that are in `out` already are written again,
    where the schema is known. `schema` is a type, a JSON Schema or a SPEC, by default the one that the shards name.

    Corrections in `out` are applied to records and tables; what was reviewed is in `gold.jsonl` as well.

    Nothing is published, and UsageError says why, where more than the share `max_partial` of the documents is partial,
    more than the share `max_flagged` of the values was not found in its source, or there are fewer than `min_rows`
    records.

    UsageError where there is no manifest at all, two shards hold the same document, or another worker is at `out`,
    unless this may `wait`.
    """
    shards = manifests_of(manifests)
    if not shards:
        raise UsageError("no shard has a manifest: nothing was extracted, so nothing is published")
    there = {shard["shard"] for shard in shards}
    missing = [shard for shard in expected or () if shard["shard"] not in there]
    settings = _settings(shards, str(out))
    compiled = published_schema(schema, settings, needed=bool(sink or settings.get("split")))
    root = shards[0]["job"]
    with at_desk(str(out), wait=wait) as desk, locked(desk.folder):
        corrections = read_corrections(desk.folder, compiled.problems if compiled else None)
        totals = _totals(shards, missing, corrections)
        _check(totals, sum(shard["rows"] for shard in shards), max_partial, max_flagged, min_rows)
        sinks = _opened(sink, desk, compiled, carries="rows" in settings) if compiled else ()
        run, index = _run(settings, shards, missing, totals), read_index(root)
        (desk.folder / "run.json").unlink(missing_ok=True)
        with closing(open_journal(desk.journal)) as journal:
            run |= {"run": (journal.note("run") or 0) + 1, "tables": []}
            if "rows" not in run:
                run["source"] = sorted({line["place"].rpartition("/")[0] for line in index.values()})
            journal.keep_note("run", run["run"])
            published = Published(journal, compiled, bool(run.get("split")))
            ended = _gather(shards, published, {line["document"] for line in index.values()}, desk, corrections)
            if prune and not missing:
                journal.keep_note("walked", run["run"])
                journal.prune()
            published.write(desk.folder, lambda: run, sinks)
        write_report(desk.folder)
        if corrections.steps:
            write_lines(desk.folder / "gold.jsonl", Run(desk.folder).gold())
        update(root, results(index.values(), ended))
        paid = [shard["run_usd"] for shard in shards]
        return {
            **manifest_of(desk, run, totals["documents"]),
            **{name: run[name] for name in ("shards", "missing")},
            "tables": [table for one in sinks for table in one.written],
            "run_usd": None if None in paid else usd(sum(map(nano, paid))),
            "spent_usd": spent_by_all(root),
        }


def _settings(shards: Sequence[Manifest], out: str) -> dict[str, Any]:
    """The settings of the shards, which are alike, and how rows are read where this run or an earlier one had any."""
    places = [join(place, "run.json") for place in (*(shard["out"] for shard in shards), out)]
    own, *others = (orjson.loads(read(place)) for place in places if exists(place))
    of_rows = [run for run in (own, *others) if "rows" in run]
    return {**own, **{name: of_rows[0][name] for name in ("rows", "source")}} if of_rows else own


def retry_output(
    out: str,
    job: Pipeline,
    using: Config,
    *,
    sink: Sequence[str] = (),
    tell: Callable[[Manifest], None] = lambda manifest: None,
) -> Manifest | None:
    """Ask again about the documents of `out` that are not ok, by shard, and publish what came of it; None without any.

    Replies that fell short are set aside, good ones are used. The model is asked as `using` says, which caps the cost
    of all shards together. `tell` receives the manifest of each shard; tables of all records go to each `sink`.
    """
    dead = sorted((line for line in read_index(out).values() if line["status"] != "ok"), key=itemgetter("shard"))
    done: list[Manifest] = []
    stopped: Exception | None = None
    for name, found in groupby(dead, itemgetter("shard")):
        files = [File(line["place"], line["document"], line["size"], line["etag"]) for line in found]
        shard = shard_of(name, files, using.max_cost)
        try:
            extract_shard(shard, job, out, tell=done.append, redo="partial", using=using, wait=True)
        except STOPPING as error:
            stopped = error
            break
        tell(done[-1])
    manifest = publish(done, out, sink=sink, schema=job.schema, wait=True) if done else None
    if stopped:
        raise stopped
    return manifest


def manifests_of(manifests: Manifest | Iterable[Manifest | None] | None) -> list[Manifest]:
    """Those of tasks that wrote one."""
    return [manifests] if isinstance(manifests, dict) else [manifest for manifest in manifests or () if manifest]


def read_results(where: str | Path | Manifest | Iterable[Manifest]) -> Iterator[dict[str, Any]]:
    """The lines of records.jsonl of an output place, of a manifest, or of several, one at a time."""
    match where:
        case {"records": records}:
            yield from rows_in(records)
        case Iterable() if not isinstance(where, str):
            for manifest in where:
                yield from read_results(manifest)
        case _:
            yield from rows_in(join(str(where), "records.jsonl"))


def _opened(sink: str | Sequence[str | Maker], desk: Desk, schema: Schema[Any], *, carries: bool) -> tuple[Sink, ...]:
    wanted = [sink] if isinstance(sink, str) else sink
    made = [each(lay_out(schema, carries=carries)) for each in wanted if not isinstance(each, str)]
    for each in made:
        each.check()
    there = inside(desk.place) if desk.away else None
    forms = [each for each in wanted if isinstance(each, str)]
    return (*open_sinks(forms, desk.folder, schema, carries=carries, there=there), *made)


def published_schema(schema: Any, settings: Mapping[str, Any], *, needed: bool) -> Schema[Any] | None:
    """The schema of the records: the one that is given, else the one that a run's settings name; None for neither."""
    if schema is None:
        kind, spec = settings.get("spec") or (None, None)
        if kind is None and not needed:
            return None
        if kind is None:
            raise UsageError("the shards do not name their schema by a SPEC: give the schema of the tables")
        try:
            schema = declared(**{kind: spec}).schema
        except UsageError:
            if needed:
                raise
            return None
    return compile_schema(resolve_schema(schema) if isinstance(schema, str) else schema, counts=True)


def _totals(shards: Sequence[Manifest], missing: Sequence[Shard], corrections: Corrections) -> dict[str, Any]:
    """The totals of all shards, with what people made of their records."""
    totals = {name: sum(shard[name] for shard in shards) for name in _ADDED}
    left = sum(shard["documents"] for shard in missing)
    totals |= {"documents": totals["documents"] + left, "pending": totals["pending"] + left}
    for row in read_results(shards) if corrections.steps else ():
        if "run" not in row and corrections.of(row):
            before, after = as_extracted(row), corrections.applied(row)
            totals[before["status"]] -= 1
            totals[after["status"]] += 1
            totals["flagged"] += len(flags(after)) - len(flags(before))
    usage = sum((Usage(**shard["usage"]) for shard in shards), Usage())
    return {**totals, "gone": 0, "usage": asdict(usage)}


def _check(
    totals: Mapping[str, Any], rows: int, max_partial: float | None, max_flagged: float | None, min_rows: int
) -> None:
    """UsageError for the first limit that the totals pass."""
    for name, whole, limit in ("partial", "documents", max_partial), ("flagged", "values", max_flagged):
        if limit is not None and totals[name] > limit * totals[whole]:
            raise UsageError(
                f"{totals[name]} of {totals[whole]} {whole} are {name}, more than max_{name}={limit:g}: nothing was"
                " published"
            )
    if rows < min_rows:
        raise UsageError(f"there are {rows} records, fewer than min_rows={min_rows}: nothing was published")


def _gather(
    shards: Sequence[Manifest],
    published: Published,
    files: Container[str],
    desk: Desk,
    corrections: Corrections,
) -> dict[str, dict[str, Any]]:
    """Take the lines and texts of all shards into the journal of the whole; what became of each file, by name."""
    ended: dict[str, dict[str, Any]] = {}
    journal = published.journal
    number = journal.note("run")
    for shard in shards:
        changed = set()
        for file, rows in by_file(read_results(shard), files):
            if file in ended:
                raise UsageError(f"{file} is in two shards: plan all documents of a job in one call")
            ended[file] = outcome(list(map(corrections.applied, rows)))
            known = journal.line(file)
            now = [{name: value for name, value in as_extracted(row).items() if name != "run"} for row in rows]
            if known is None or now != list(published.records(known)):
                changed.add(file)
            elif "run" in rows[0]:
                journal.leave_row(file, number)
            else:
                journal.adopt(file, number)
        place = join(shard["out"], JOURNAL)
        if changed and shard["out"] != desk.place:
            if not exists(place):
                raise StorageError(f"{place} is gone, which holds the rows to publish: run the shard again")
            with borrowed(place, desk.folder) as other:
                journal.take(other, changed, number)
    return ended


def _run(
    settings: Mapping[str, Any], shards: Sequence[Manifest], missing: Sequence[Shard], totals: Mapping[str, Any]
) -> dict[str, Any]:
    """The run.json of the whole: the settings of the first shard, the totals of all."""
    stopped = [shard["stopped"] for shard in shards if shard.get("stopped")]
    return {
        **{name: value for name, value in settings.items() if name not in _OF_ONE},
        **({"stopped": stopped[0]} if stopped else {}),
        "shards": len(shards),
        "missing": [shard["shard"] for shard in missing],
        "totals": totals,
    }
