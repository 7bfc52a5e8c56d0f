"""Which documents belong together in one task."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from hashlib import blake2b
from math import inf
from pathlib import Path, PurePosixPath
from typing import Any, TypedDict

import orjson

from extractor.errors import UsageError
from extractor.sources.rows import Rows, distinct
from extractor.sources.storage import GOLD, File, listing
from extractor.sources.urls import named_url

__all__ = ["Shard", "Source", "apart", "documents_of", "plan_shards", "rows_of", "shard_of", "whole"]

Source = str | Path | Sequence[str | Path] | Rows
"""Paths or URIs of files, folders, prefixes or globs; `@` before one means a list of such places, one a line.

An Airflow ObjectStoragePath is taken too: it is a URI with a connection's name. Of the Rows of a table, each worker
reads the table. Rows of a query need a `key`, as their numbers may change from one query to the next.
"""


class Shard(TypedDict):
    """The work of one task, as JSON: small enough to travel between machines.

    `documents` is how many there are, of `bytes` in all; `packed` lists them, and `documents_of` and `rows_of` read it.
    `max_cost` is the budget of the whole job in US dollars, which its shards share.
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
    pattern has none. The budget is for all runs into one output together. UsageError for rows that other processes
    cannot read, and for a database URL with a password, which would be stored with the plan.
    """
    if shards < 1:
        raise UsageError(f"shards is {shards}: give 1 or more")
    if max_cost is not None and not 0 <= max_cost < inf:
        raise UsageError(f"max_cost is {max_cost}: give 0 or more")
    if isinstance(source, Rows) and source.query is not None and source.where != str(source.source):
        raise UsageError(
            f"{source.where} has a password, and plans are stored: use PGPASSWORD, or airflow://CONNECTION"
        )
    rows, files = _listed(source)
    buckets: dict[int, list[File]] = {}
    for file in files:
        number = int.from_bytes(blake2b(file.name.encode(), digest_size=8).digest()) % shards
        buckets.setdefault(number, []).append(file)
    return [
        shard_of(f"{number + 1:04}-of-{shards:04}", buckets[number], max_cost, rows=rows) for number in sorted(buckets)
    ]


def whole(source: Source) -> Shard:
    """All documents of `source` as one shard, whose output is the output of the job."""
    rows, files = _listed(source)
    return shard_of("", files, rows=rows)


def apart(source: Source) -> Shard:
    """All documents of `source` as one shard with a folder of its own, which the same source meets again."""
    digest = blake2b("\n".join(sorted(map(str, _places(source)))).encode(), digest_size=8).hexdigest()
    return Shard(**{**whole(source), "shard": f"source-{digest}"})


def documents_of(shard: Shard) -> list[File]:
    """The documents of a shard, each with its place and its name; a row of a table is at the place of the table."""
    listed = _unpacked(shard)
    root = listed["root"]
    pairs = ([root + line, line] if isinstance(line, str) else line for line in listed["documents"])
    return [File(uri, name, 0) for uri, name in pairs]


def rows_of(shard: Shard) -> Rows | None:
    """The table whose rows the documents of a shard are, if they are."""
    rows = _unpacked(shard).get("rows")
    return Rows(**rows) if rows else None


def shard_of(name: str, files: Sequence[File], max_cost: float | None = None, *, rows: Rows | None = None) -> Shard:
    """A shard of that name with these documents, which are `rows` of a table."""
    root = files[0].uri.removesuffix(files[0].name) if files else ""
    documents = [file.name if file.uri == root + file.name else (file.uri, file.name) for file in files]
    listed: dict[str, Any] = {"root": root, "documents": documents}
    if rows:
        listed["rows"] = {"source": rows.source, **rows.settings}
    packed = urlsafe_b64encode(zlib.compress(orjson.dumps(listed), 9)).decode()
    size = sum(file.size for file in files)
    return Shard(shard=name, documents=len(files), bytes=size, max_cost=max_cost, packed=packed)


def _unpacked(shard: Shard) -> Any:
    return orjson.loads(zlib.decompress(urlsafe_b64decode(shard["packed"])))


def _listed(source: Source) -> tuple[Rows | None, list[File]]:
    """The table, if it is one, and every document once, under a name that no other has.

    Those of files are plain paths below a folder, those of rows their keys.
    """
    if not isinstance(source, Rows):
        found = {file.uri: file for place in _places(source) for file in listing(str(place))}
        for name, times in Counter(map(named_url, found)).items():
            if times > 1:
                raise UsageError(f"{name} is there {times} times, with other signatures: name it once")
        names = distinct(_plain(file.name) for file in found.values())
        return None, [file._replace(name=name) for file, name in zip(found.values(), names, strict=True)]
    rows = source.lasting()
    if rows.query is not None and rows.key is None:
        raise UsageError(f"{rows.where}: the numbers of rows change between queries: give a key, a column of names")
    entries = rows.found()
    return rows, [File(rows.place_of(entry.name), entry.name, entry.size) for entry in entries]


def _places(source: Source) -> Sequence[Any]:
    return list(source) if isinstance(source, Iterable) and not isinstance(source, str) else [source]


def _plain(name: str) -> str:
    """A name that stays below its folder and is not hidden in it."""
    parts = (part for part in PurePosixPath(name).parts if part not in ("/", "..", "."))
    return "/".join(f"_{part}" if part.startswith(".") or fnmatchcase(part, GOLD) else part for part in parts) or "_"
