"""Files anywhere: on this machine by path, on object storage by URI. The only file that touches fsspec.

A URI may name an Airflow connection (`s3://my_connection@bucket/key`), which Airflow then opens; any other is
opened with the credentials of the environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from glob import glob, has_magic
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from extractor.documents.discover import discover
from extractor.errors import UsageError

__all__ = ["GOLD", "File", "address", "exists", "fetch", "is_remote", "join", "listing", "local", "read", "send"]

GOLD = "gold*.jsonl"
"""Gold answers: they lie beside documents and are none."""


class File(NamedTuple):
    """A file that was found: where it is, its name below the place that was searched, its size in bytes."""

    uri: str
    name: str
    size: int


def is_remote(place: str) -> bool:
    """Whether a place is on object storage; a plain path and a `file://` URI are on this machine."""
    return "://" in place and not place.startswith("file://")


def local(place: str) -> Path:
    """The path of a place on this machine."""
    return Path(url2pathname(urlsplit(place).path) if place.startswith("file://") else place).absolute()


def join(place: str, *parts: str) -> str:
    """A place below another; empty parts are left out."""
    return "/".join((place.rstrip("/"), *filter(None, parts)))


def address(place: str) -> str:
    """A place as a URI."""
    return place if is_remote(place) else local(place).as_uri()


def listing(place: str) -> list[File]:
    """The documents at a place, sorted by name: a file, a folder or prefix, a glob, or `@` and a list of places.

    A list is a text file with one place a line. Hidden files and gold answers are left out of folders and prefixes.
    UsageError where there is nothing.
    """
    if place.startswith("@"):
        lines = read(place[1:]).decode().splitlines()
        return [file for line in lines if line.strip() for file in listing(line.strip())]
    found = sorted(_remote(place) if is_remote(place) else _local(place), key=lambda file: file.name)
    if not found:
        raise UsageError(f"no documents at {place}: check the path, the prefix or the pattern")
    return found


def exists(place: str) -> bool:
    """Whether there is a file."""
    if not is_remote(place):
        return local(place).exists()
    store, path = _opened(place)
    store.invalidate_cache()
    return bool(store.exists(path))


def read(place: str) -> bytes:
    """A small file, whole. UsageError where there is none."""
    try:
        if not is_remote(place):
            return local(place).read_bytes()
        store, path = _opened(place)
        return bytes(store.cat_file(path))
    except FileNotFoundError:
        raise UsageError(f"no file {place}: check the path") from None


def fetch(place: str, to: Path) -> None:
    """Bring a file to this machine; one that is here already is only linked to."""
    if is_remote(place):
        store, path = _opened(place)
        store.get_file(path, str(to))
    else:
        to.symlink_to(local(place))


def send(path: Path, place: str) -> None:
    """Put a file on object storage, where it is seen once it is whole."""
    store, target = _opened(place)
    store.put_file(str(path), target)


def _opened(uri: str) -> tuple[Any, str]:
    """The store that holds a URI, and the path in it."""
    try:
        if "@" in urlsplit(uri).netloc:
            from airflow.providers.common.compat.sdk import ObjectStoragePath

            place = ObjectStoragePath(uri)
            return place.fs, place.path
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise UsageError(f"{uri} needs {error.name}: install it, or give paths on this machine") from error
    try:
        store, path = url_to_fs(uri)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{uri} cannot be opened: {error}") from error
    return store, path


def _local(place: str) -> Iterator[File]:
    path = local(place)
    if not path.exists() and has_magic(place):
        root = _root(str(path))
        for found in map(Path, glob(str(path), recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute pattern
            if found.is_file():
                yield File(str(found), found.relative_to(root).as_posix(), found.stat().st_size)
        return
    for found, name in discover([path]):
        yield File(str(found), name, found.stat().st_size if found.exists() else 0)


def _remote(uri: str) -> Iterator[File]:
    store, path = _opened(uri)
    store.invalidate_cache()
    uri, path = uri.rstrip("/"), path.rstrip("/")
    if has_magic(path):
        found = store.glob(path, detail=True)
        root = _root(path)
        uri = uri[: len(uri) - len(path) + len(root)]
    else:
        found, root = store.find(path, detail=True), path
    for at, facts in found.items():
        name = at[len(root) :].strip("/") or at.rpartition("/")[2]
        if facts.get("type") != "directory" and (at == path or _wanted(name)):
            yield File(uri + at[len(root) :], name, facts.get("size") or 0)


def _root(pattern: str) -> str:
    """The folder that a pattern starts from: all that comes before its first wildcard."""
    return "/".join(takewhile(lambda part: not has_magic(part), pattern.split("/")))


def _wanted(name: str) -> bool:
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and not fnmatchcase(name.rpartition("/")[2], GOLD)
