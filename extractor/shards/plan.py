"""Which documents belong together in one task, and how much of the budget is theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from hashlib import blake2b
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TypedDict

from extractor.errors import UsageError
from extractor.shards.storage import GOLD, File, listing

__all__ = ["Shard", "Source", "plan_shards", "whole"]

Source = str | Path | Sequence[str | Path]
"""Paths or URIs of files, folders, prefixes or globs; `@` before one means a list of such places, one a line.

An Airflow ObjectStoragePath is taken too: it is a URI with a connection's name.
"""


class Shard(TypedDict):
    """The work of one task, as JSON: small enough to travel between machines. `documents` are pairs of URI and name."""

    shard: str
    documents: list[tuple[str, str]]
    bytes: int
    max_cost: float | None


def plan_shards(source: Source, *, shards: int = 16, max_cost: float | None = None) -> list[Shard]:
    """Spread the documents of `source` over up to `shards` tasks, and `max_cost` (US dollars) by their sizes.

    A document's shard depends on its name alone, so a later plan with the same number of shards meets the same
    journals again and pays only for what is new. Shards without documents are left out.
    """
    if shards < 1:
        raise UsageError(f"shards is {shards}: give 1 or more")
    files = _named(source)
    total = sum(file.size + 1 for file in files)
    buckets: dict[int, list[File]] = {}
    for file in files:
        buckets.setdefault(_bucket(file.name, shards), []).append(file)
    return [_shard(f"{number + 1:04}-of-{shards:04}", buckets[number], total, max_cost) for number in sorted(buckets)]


def whole(source: Source) -> Shard:
    """All documents of `source` as one shard, whose output is the output of the job."""
    files = _named(source)
    return _shard("", files, 0, None)


def _shard(name: str, files: Sequence[File], total: int, max_cost: float | None) -> Shard:
    part = None if max_cost is None else max_cost * sum(file.size + 1 for file in files) / total
    pairs = [(file.uri, file.name) for file in files]
    return Shard(shard=name, documents=pairs, bytes=sum(file.size for file in files), max_cost=part)


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
