"""The shards of a job become one output directory, in the shape that every other run has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from heapq import merge
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from extractor.errors import UsageError
from extractor.pipeline.journal import Journal
from extractor.pipeline.outputs import output_directory, write_json, write_lines
from extractor.review.report import write_report
from extractor.shards.desk import JOURNAL, Desk
from extractor.shards.storage import exists, fetch, is_remote, join, local
from extractor.shards.work import Manifest, manifest_of
from extractor.wire.values import Usage, nano, usd

__all__ = ["publish", "read_results"]

_ADDED = (
    *("documents", "ok", "partial", "failed", "pending", "reused"),
    *("chunks", "attempts", "repairs", "values", "flagged", "seconds"),
)


def publish(manifests: Iterable[Manifest | None], out: str | Path) -> Manifest:
    """Join what shards wrote into `out`: records, failures, totals and the review page, sorted by document.

    Manifests that are None, of tasks that never began, are passed over. UsageError where there is none at all, or
    where two shards hold the same document.
    """
    shards = [manifest for manifest in manifests if manifest]
    if not shards:
        raise UsageError("no shard has a manifest: nothing was extracted, so nothing is published")
    with ExitStack() as stack:
        place = str(out)
        folder = (
            Path(stack.enter_context(TemporaryDirectory(prefix="extractor-"))) if is_remote(place) else local(place)
        )
        return _publish(shards, Desk(place, output_directory(folder)))


def read_results(where: str | Path | Manifest | Iterable[Manifest]) -> Iterator[dict[str, Any]]:
    """The lines of records.jsonl of an output place, of a manifest, or of several, one at a time."""
    match where:
        case {"records": records}:
            yield from _lines(records)
        case Iterable() if not isinstance(where, str):
            for manifest in where:
                yield from read_results(manifest)
        case _:
            yield from _lines(join(str(where), "records.jsonl"))


def _publish(shards: Sequence[Manifest], desk: Desk) -> Manifest:
    write_lines(desk.folder / "records.jsonl", _once(_merged(shards, "records.jsonl")))
    write_lines(desk.folder / "failures.jsonl", _merged(shards, "failures.jsonl"))
    _keep_texts(shards, desk.folder / JOURNAL)
    run = _run(shards)
    write_json(desk.folder / "run.json", run)
    write_report(desk.folder)
    spent = [shard["spent_usd"] for shard in shards]
    manifest = manifest_of(desk, run, run["totals"]["documents"], None if None in spent else usd(sum(map(nano, spent))))
    desk.publish()
    return manifest


def _merged(shards: Sequence[Manifest], name: str) -> Iterator[dict[str, Any]]:
    """Lines of all shards by document; each shard's own are sorted already, so memory does not grow with them."""
    return merge(*(_lines(join(shard["out"], name)) for shard in shards), key=lambda line: line["document"])


def _once(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    last = None
    for line in lines:
        if line["document"] == last:
            raise UsageError(f"{last} is in two shards: plan all documents of a job in one call")
        last = line["document"]
        yield line


def _lines(place: str) -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="extractor-") as folder:
        path = Path(folder, "lines")
        fetch(place, path)
        with path.open("rb") as file:
            yield from map(orjson.loads, file)


def _keep_texts(shards: Sequence[Manifest], path: Path) -> None:
    """Gather the texts that the review page shows values in."""
    path.unlink(missing_ok=True)
    with closing(Journal(path)) as joined:
        for shard in shards:
            place = join(shard["out"], JOURNAL)
            if exists(place):
                _copy_texts(place, [line["document"] for line in read_results(shard)], joined)


def _copy_texts(place: str, documents: Iterable[str], joined: Journal) -> None:
    with TemporaryDirectory(prefix="extractor-") as folder:
        path = local(place)
        if is_remote(place):
            path = Path(folder, JOURNAL)
            fetch(place, path)
        with closing(Journal(path)) as journal:
            for name in documents:
                if (text := journal.text(name)) is not None:
                    joined.keep_text(name, text)


def _run(shards: Sequence[Manifest]) -> dict[str, Any]:
    stopped = [shard["stopped"] for shard in shards if shard.get("stopped")]
    totals = {name: sum(shard[name] for shard in shards) for name in _ADDED}
    usage = sum((Usage(**shard["usage"]) for shard in shards), Usage())
    return {
        **{name: shards[0][name] for name in ("schema", "model")},
        **({"stopped": stopped[0]} if stopped else {}),
        "shards": len(shards),
        "totals": {**totals, "usage": asdict(usage)},
    }
