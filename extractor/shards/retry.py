"""The documents of an output that are not ok, done again, wherever the output and the documents are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter

from extractor.errors import STOPPING
from extractor.pipeline.config import Config
from extractor.pipeline.pipeline import Pipeline
from extractor.shards.index import read_index
from extractor.shards.plan import shard_of
from extractor.shards.publish import publish
from extractor.shards.work import Manifest, extract_shard
from extractor.sources.storage import File

__all__ = ["retry_output"]


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
    for name, lines in groupby(dead, itemgetter("shard")):
        files = [File(line["place"], line["document"], line["size"], line["etag"]) for line in lines]
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
