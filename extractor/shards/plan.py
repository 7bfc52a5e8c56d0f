"""Which documents belong together in one task."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from hashlib import blake2b
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TypedDict

import orjson

from extractor.errors import UsageError
from extractor.sources.storage import GOLD, File, listing

__all__ = ["Shard", "Source", "apart", "documents_of", "plan_shards", "shard_of", "whole"]

Source = str | Path | Sequence[str | Path]
"""Paths or URIs of files, folders, prefixes or globs; `@` before one means a list of such places, one a line.

An Airflow ObjectStoragePath is taken too: it is a URI with a connection's name.
"""


class Shard(TypedDict):
    """The work of one task, as JSON: small enough to travel between machines.

    `documents` is how many there are, of `bytes` in all; `packed` lists them, and `documents_of` reads it. `max_cost`
    is the budget of the whole job in US dollars, which its shards share.
    """

    shard: str
    documents: int
    bytes: int
    max_cost: float | None
    packed: str


def plan_shards(source: Source, *, shards: int = 16, max_cost: float | None = None) -> list[Shard]:
    """Spread the documents of `source` over up to `shards` tasks, which share a budget of `max_cost` US dollars.

    A document's shard depends on its name alone, so a later plan with the same number of shards meets the same
    journals again and pays only for what is new. Shards without documents are left out: an empty folder, prefix or
    pattern has none. The budget is for all runs into one output together.
    """
    if shards < 1:
        raise UsageError(f"shards is {shards}: give 1 or more")
    buckets: dict[int, list[File]] = {}
    for file in _named(source):
        buckets.setdefault(_bucket(file.name, shards), []).append(file)
    return [shard_of(f"{number + 1:04}-of-{shards:04}", buckets[number], max_cost) for number in sorted(buckets)]


def whole(source: Source) -> Shard:
    """All documents of `source` as one shard, whose output is the output of the job."""
    return shard_of("", _named(source))


def apart(source: Source) -> Shard:
    """All documents of `source` as one shard with a folder of its own, which the same source meets again."""
    places = sorted(map(str, source if isinstance(source, Iterable) and not isinstance(source, str) else [source]))
    digest = blake2b("\n".join(places).encode(), digest_size=8).hexdigest()
    return Shard(**{**whole(source), "shard": f"source-{digest}"})


def documents_of(shard: Shard) -> list[File]:
    """The documents of a shard, each with its place and its name."""
    listed = orjson.loads(zlib.decompress(urlsafe_b64decode(shard["packed"])))
    root = listed["root"]
    pairs = ([root + line, line] if isinstance(line, str) else line for line in listed["documents"])
    return [File(uri, name, 0) for uri, name in pairs]


def shard_of(name: str, files: Sequence[File], max_cost: float | None = None) -> Shard:
    """A shard of that name with these documents."""
    root = files[0].uri.removesuffix(files[0].name) if files else ""
    documents = [file.name if file.uri == root + file.name else (file.uri, file.name) for file in files]
    packed = urlsafe_b64encode(zlib.compress(orjson.dumps({"root": root, "documents": documents}), 9)).decode()
    size = sum(file.size for file in files)
    return Shard(shard=name, documents=len(files), bytes=size, max_cost=max_cost, packed=packed)


def _bucket(name: str, shards: int) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) % shards


def _named(source: Source) -> list[File]:
    """Every document once, under a name that no other has and that is a plain path below a folder."""
    places = source if isinstance(source, Iterable) and not isinstance(source, str) else [source]
    found = {file.uri: file for place in places for file in listing(str(place))}
    return list(_unique(found.values()))


def _unique(files: Iterable[File]) -> Iterator[File]:
    taken: set[str] = set()
    for file in files:
        name = plain = _plain(file.name)
        copies = count(2)
        while name in taken:
            name = f"{plain} ({next(copies)})"
        taken.add(name)
        yield file._replace(name=name)


def _plain(name: str) -> str:
    """A name that stays below its folder and is not hidden in it."""
    parts = (part for part in PurePosixPath(name).parts if part not in ("/", "..", "."))
    return "/".join(f"_{part}" if part.startswith(".") or fnmatchcase(part, GOLD) else part for part in parts) or "_"
