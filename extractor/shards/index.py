"""The manifest of an output place: `manifest.jsonl`, a line for every document that it ever held or is about to.

A document is what is at one place. Its line is written before anything is asked about it, so that whoever reads the
same place later, with another number of shards, finds the journal in which its replies are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, count
from typing import TypedDict, cast

import orjson

from extractor.shards.lease import hold
from extractor.sources.files import longer_names
from extractor.sources.storage import File, exists, join, lines, write
from extractor.sources.urls import named_url

__all__ = ["JOURNAL", "Line", "below", "in_shard", "journal_of", "read_index", "register", "update"]

JOURNAL = "journal.sqlite"
_FILE = "manifest.jsonl"


class Line(TypedDict):
    """A document: its place, its name in the output, what it was when it was read, and where its replies are kept.

    `size` is in bytes, `etag` what the storage says of the content; `sha256` and `status` are "" until it has ended.
    `shard` is "" for a job that was not divided; `journal` is a path below the output.
    """

    document: str
    place: str
    size: int
    etag: str
    sha256: str
    status: str
    shard: str
    journal: str


def read_index(out: str) -> dict[str, Line]:
    """The manifest of an output place, by place of document, without a signature; empty where there is none."""
    place = join(out, _FILE)
    if not exists(place):
        return {}
    return {named_url(line["place"]): cast(Line, line) for line in map(orjson.loads, lines(place))}


def register(out: str, shard: str, files: Iterable[File]) -> list[Line]:
    """Enter documents that are new, and return the lines of all of them, in their order.

    Each has a name that no other document of the output has. The lines of those that another shard knows say so.
    """
    now = {named_url(file.uri): file for file in files}
    index = read_index(out)
    if not now.keys() <= index.keys():
        with hold(out, "manifest"):
            index = read_index(out)
            taken = {line["document"] for line in index.values()}
            for place, file in now.items():
                if place not in index:
                    names = chain(longer_names(file.name, file.uri), (f"{file.name} ({more})" for more in count(2)))
                    name = next(name for name in names if name not in taken)
                    taken.add(name)
                    known = {"document": name, "place": file.uri, "size": file.size, "etag": file.etag}
                    index[place] = in_shard(cast(Line, {**known, "sha256": "", "status": ""}), shard)
            _write(out, index)
    facts = ((index[place], {"place": file.uri, "size": file.size, "etag": file.etag}) for place, file in now.items())
    return [cast(Line, {**line, **fact}) for line, fact in facts]


def update(out: str, changed: Iterable[Line]) -> None:
    """Enter what has become of documents."""
    with hold(out, "manifest"):
        _write(out, {**read_index(out), **{named_url(line["place"]): line for line in changed}})


def in_shard(line: Line, shard: str) -> Line:
    """The line of a document whose replies are in the journal of a shard."""
    return cast(Line, {**line, "shard": shard, "journal": journal_of(shard)})


def below(out: str, shard: str) -> str:
    """Where the files of a shard go; those of a whole job, which has no name, go to `out` itself."""
    return join(out, "shards", shard) if shard else out


def journal_of(shard: str) -> str:
    return f"shards/{shard}/{JOURNAL}" if shard else JOURNAL


def _write(out: str, index: Mapping[str, Line]) -> None:
    write(join(out, _FILE), b"".join(orjson.dumps(line) + b"\n" for line in index.values()))
