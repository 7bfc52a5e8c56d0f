"""The shards of a job become one output directory, in the shape that every other run has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from extractor.errors import StorageError, UsageError
from extractor.pipeline.journal import Journal, open_journal
from extractor.pipeline.outputs import locked, write_json, write_lines
from extractor.pipeline.published import failure
from extractor.pipeline.runs import declared
from extractor.pipeline.sinks.formats import Sink, open_sinks
from extractor.pipeline.specs import resolve_schema
from extractor.review.report import write_report
from extractor.schema.compiler import Schema, compile_schema
from extractor.shards.desk import Desk, at_desk, borrowed
from extractor.shards.index import JOURNAL, Line, read_index, update
from extractor.shards.plan import Shard
from extractor.shards.purse import spent_by_all
from extractor.shards.work import Manifest, failures, manifest_of, results
from extractor.sources.storage import exists, join, lines, read, whole_file
from extractor.wire.values import Usage, nano, usd

__all__ = ["publish", "read_results"]

_OF_ONE = ("ledger", "stopped", "tables", "skipped")
"""What a shard's run.json says of itself alone."""

_ADDED = (
    *("documents", "ok", "partial", "failed", "pending", "reused"),
    *("chunks", "attempts", "repairs", "values", "flagged", "seconds"),
)


def publish(
    manifests: Iterable[Manifest | None],
    out: str | Path,
    *,
    expected: Iterable[Shard] | None = None,
    prune: bool = False,
    sink: str | Sequence[str] = (),
    schema: Any = None,
    wait: bool = False,
) -> Manifest:
    """Join what shards wrote into `out`: records, failures, totals and the review page, sorted by document.

    The rows of earlier runs stay, and have the number of theirs in `run`; `prune` drops those of documents that none
    of the shards holds. Manifests that are None, of tasks that never began, are passed over. Of the plan that is
    `expected`, the shards without a manifest are named in `missing`, their documents are `pending`, and the rows that
    they have of earlier runs stay.

    All rows of `out` go to the tables of each `sink` as well, in one transaction: a form or a URL, as for a Pipeline.
    `schema` is a type, a JSON Schema or a SPEC, by default the one that the shards name.

    UsageError where there is no manifest at all, two shards hold the same document, or another worker is at `out`,
    unless this may `wait`.
    """
    shards = [manifest for manifest in manifests if manifest]
    if not shards:
        raise UsageError("no shard has a manifest: nothing was extracted, so nothing is published")
    there = {shard["shard"] for shard in shards}
    missing = [shard for shard in expected or () if shard["shard"] not in there]
    settings = orjson.loads(read(join(shards[0]["out"], "run.json")))
    with at_desk(str(out), wait=wait) as desk, locked(desk.folder):
        sinks = open_sinks(sink, desk.folder, _compiled(schema, settings)) if sink else ()
        return _publish(shards, missing, desk, settings, sinks, prune=prune)


def read_results(where: str | Path | Manifest | Iterable[Manifest]) -> Iterator[dict[str, Any]]:
    """The lines of records.jsonl of an output place, of a manifest, or of several, one at a time."""
    match where:
        case {"records": records}:
            yield from map(orjson.loads, lines(records))
        case Iterable() if not isinstance(where, str):
            for manifest in where:
                yield from read_results(manifest)
        case _:
            yield from map(orjson.loads, lines(join(str(where), "records.jsonl")))


def _compiled(schema: Any, settings: Mapping[str, Any]) -> Schema[Any]:
    """The schema of tables: the one that is given, else the one that a run's settings name."""
    if schema is None:
        kind, spec = settings.get("spec") or (None, None)
        if kind is None:
            raise UsageError("the shards do not name their schema by a SPEC: give the schema of the tables")
        schema = declared(**{kind: spec}).schema
    return compile_schema(resolve_schema(schema) if isinstance(schema, str) else schema, counts=True)


def _publish(
    shards: Sequence[Manifest],
    missing: Sequence[Shard],
    desk: Desk,
    settings: Mapping[str, Any],
    sinks: Sequence[Sink],
    *,
    prune: bool,
) -> Manifest:
    root = shards[0]["job"]
    index = read_index(root)
    places = {line["document"]: line["place"] for line in index.values()}
    (desk.folder / "run.json").unlink(missing_ok=True)
    with closing(open_journal(desk.journal)) as journal:
        number = (journal.note("run") or 0) + 1
        journal.keep_note("run", number)
        ended = _gather(shards, journal, number, desk)
        if prune and not missing:
            journal.keep_note("walked", number)
            journal.prune()
        with whole_file(desk.folder / "records.jsonl") as file:
            file.writelines(journal.lines())
        dead = (failure(row, place) for row, place in journal.rows(dead=True))
        write_lines(desk.folder / "failures.jsonl", failures(dead, places))
        for one in sinks:
            one.write((row for row, _ in journal.rows()), journal.pruned())
    run = _run(settings, shards, missing, number, index)
    write_json(desk.folder / "run.json", run)
    write_report(desk.folder)
    update(root, results(list(index.values()), ended))
    manifest = manifest_of(desk, run, run["totals"]["documents"])
    paid = [shard["run_usd"] for shard in shards]
    return {
        **manifest,
        "shards": len(shards),
        "missing": [shard["shard"] for shard in missing],
        "tables": [table for one in sinks for table in one.written],
        "run_usd": None if None in paid else usd(sum(map(nano, paid))),
        "spent_usd": spent_by_all(root),
    }


def _gather(shards: Sequence[Manifest], journal: Journal, number: int, desk: Desk) -> dict[str, dict[str, Any]]:
    """Take the lines and texts of all shards into the journal of the whole; what became of each document, by name."""
    ended: dict[str, dict[str, Any]] = {}
    for shard in shards:
        changed = set()
        for row in read_results(shard):
            name = row["document"]
            if name in ended:
                raise UsageError(f"{name} is in two shards: plan all documents of a job in one call")
            ended[name] = {"sha256": row["sha256"], "status": row["status"]}
            line = {name: value for name, value in row.items() if name != "run"}
            if line != journal.line(name):
                changed.add(name)
            elif "run" in row:
                journal.leave_row(name, number)
            else:
                journal.adopt(name, number)
        place = join(shard["out"], JOURNAL)
        if changed and shard["out"] != desk.place:
            if not exists(place):
                raise StorageError(f"{place} is gone, which holds the rows to publish: run the shard again")
            with borrowed(place, desk.folder) as other:
                journal.take(other, changed, number)
    return ended


def _run(
    settings: Mapping[str, Any],
    shards: Sequence[Manifest],
    missing: Sequence[Shard],
    number: int,
    index: Mapping[str, Line],
) -> dict[str, Any]:
    """The run.json of the whole: the settings of the first shard, the totals of all."""
    stopped = [shard["stopped"] for shard in shards if shard.get("stopped")]
    totals = {name: sum(shard[name] for shard in shards) for name in _ADDED}
    left = sum(shard["documents"] for shard in missing)
    totals |= {"documents": totals["documents"] + left, "pending": totals["pending"] + left}
    usage = sum((Usage(**shard["usage"]) for shard in shards), Usage())
    return {
        **{name: value for name, value in settings.items() if name not in _OF_ONE},
        "run": number,
        **({"stopped": stopped[0]} if stopped else {}),
        "source": sorted({line["place"].rpartition("/")[0] for line in index.values()}),
        "shards": len(shards),
        "missing": [shard["shard"] for shard in missing],
        "totals": {**totals, "gone": 0, "usage": asdict(usage)},
    }
