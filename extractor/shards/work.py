"""One shard from beginning to end, on whatever machine it landed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from extractor.pipeline.config import Config
from extractor.pipeline.job import Progress
from extractor.pipeline.journal import Journal
from extractor.pipeline.outputs import write_json, write_lines
from extractor.pipeline.pipeline import Pipeline
from extractor.review.report import write_report
from extractor.shards.desk import JOURNAL, Desk, at_desk, staged
from extractor.shards.plan import Shard
from extractor.shards.storage import address, join

__all__ = ["Manifest", "below", "extract_shard", "manifest_of"]

Manifest = dict[str, Any]
"""The outcome of a shard, as small JSON: totals, usage, and the places of its files.

`usage` adds up the documents that ended, `spent_usd` all replies that were paid for.
"""


def extract_shard(
    shard: Shard,
    pipeline: Pipeline,
    out: str | Path,
    *,
    progress: Progress | None = None,
    tell: Callable[[Manifest], None] | None = None,
) -> Manifest:
    """Run the pipeline over the shard's documents; its files go to `out`/shards/NAME, each whole or absent.

    The same call continues where the shard stopped, on any machine that sees `out`. A stop by the budget, the account
    or an interrupt is raised once everything is written; `tell` receives the manifest even then.
    """
    with at_desk(below(str(out), shard)) as desk, staged(shard["documents"]) as folder:
        (desk.folder / "run.json").unlink(missing_ok=True)  # an older one would speak for this run
        try:
            config = _within(pipeline.config, shard["max_cost"])
            job = replace(pipeline, source=folder, follow_links=True, config=config)  # it holds links to the documents
            job.run(desk.folder, prune=True, progress=progress)
        finally:
            if (desk.folder / "run.json").exists():
                manifest = _conclude(desk, shard)
                if tell:
                    tell(manifest)  # before all that takes long: who stops a task may not wait for its end
                write_report(desk.folder)
    return manifest


def below(out: str, shard: Shard) -> str:
    """Where the files of a shard go; those of a whole job go to `out` itself."""
    return join(out, "shards", shard["shard"]) if shard["shard"] else out


def manifest_of(desk: Desk, run: dict[str, Any], documents: int, spent: float | None) -> Manifest:
    """The manifest of the output on a desk, from what its run.json says."""
    totals = run["totals"]
    reached = totals["ok"] + totals["partial"] + totals["failed"]
    with (desk.folder / "records.jsonl").open("rb") as lines:
        rows = sum(1 for _ in lines)
    return {
        **{name: run[name] for name in ("schema", "model", "stopped") if name in run},
        **{**totals, "documents": documents, "pending": documents - reached},
        **{"rows": rows, "spent_usd": spent},
        "out": desk.place,
        "records": join(desk.place, "records.jsonl"),
        "report": address(join(desk.place, "report.html")),
    }


def _within(config: Config, share: float | None) -> Config:
    """The configuration with no more money than the shard's share."""
    caps = [cap for cap in (config.max_cost, share) if cap is not None]
    return replace(config, max_cost=min(caps, default=None))


def _conclude(desk: Desk, shard: Shard) -> Manifest:
    """Name the documents' own places in place of the staged ones."""
    run = {**orjson.loads((desk.folder / "run.json").read_bytes()), "source": [uri for uri, _ in shard["documents"]]}
    write_lines(desk.folder / "failures.jsonl", _own_places(desk.folder / "failures.jsonl", shard["documents"]))
    write_json(desk.folder / "run.json", run)
    spent = _spent(desk.folder / JOURNAL, run["totals"]["usage"]["cost_usd"])
    return {"shard": shard["shard"], **manifest_of(desk, run, len(shard["documents"]), spent)}


def _spent(path: Path, documents: float | None) -> float | None:
    """What all kept answers cost, those of documents that did not end included; None where a price is unknown."""
    with closing(Journal(path)) as journal:
        return None if documents is None else journal.spent()


def _own_places(failures: Path, documents: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    places = {name: uri for uri, name in documents}
    lines = map(orjson.loads, failures.read_bytes().splitlines())
    return [{**line, "path": places.get(line["document"])} for line in lines]
