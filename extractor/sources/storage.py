"""Files anywhere: on this machine by path, on object storage and web servers by URL. The only file that touches fsspec.

A URL may name an Airflow connection (`s3://my_connection@bucket/key`), which Airflow then opens; any other is
opened with the credentials of the environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from glob import glob, has_magic
from io import BufferedReader
from itertools import takewhile
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from extractor.documents.discover import Skip, discover, is_output
from extractor.documents.source import LIMITS, too_large
from extractor.errors import DocumentError, ExtractorError, MissingExtra, StorageError, UsageError
from extractor.sources.urls import public_url

__all__ = [
    *("GOLD", "File", "address", "create", "dataset_name", "document", "erase", "exists", "facts", "fetch", "inside"),
    *("inspected", "is_remote", "join", "lines", "listing", "local", "opened", "read", "send", "whole_file", "write"),
]

GOLD = "gold*.jsonl"
"""Gold answers: they lie beside documents and are none."""

_PIECE = 1 << 20  # bytes


class File(NamedTuple):
    """A file that was found: where it is, its name below the place that was searched, its size in bytes.

    `etag` changes with its content, as far as the storage knows; "" where that is not known.
    """

    uri: str
    name: str
    size: int
    etag: str = ""

    @property
    def stamp(self) -> str | None:
        """What changes with the content of an object; None where only reading it can tell, as on this machine."""
        known = is_remote(self.uri) and self.size >= 0 and self.etag
        return f"{self.uri} {self.size} {self.etag}" if known else None


def is_remote(place: str) -> bool:
    """Whether a place is on object storage or the web; a plain path and a `file://` URL are on this machine."""
    return "://" in place and not place.startswith("file://")


def local(place: str) -> Path:
    """The path of a place on this machine."""
    return Path(url2pathname(urlsplit(place).path) if place.startswith("file://") else place).absolute()


def join(place: str, *parts: str) -> str:
    """A place below another; empty parts are left out."""
    return "/".join((place.rstrip("/"), *filter(None, parts)))


def address(place: str) -> str:
    """A place as a URL."""
    return place if is_remote(place) else local(place).as_uri()


def dataset_name(place: str) -> tuple[str, str]:
    """Namespace and name as OpenLineage writes them: ("s3://bucket", "key"), or ("file", "/path")."""
    if not is_remote(place):
        return "file", str(local(place))
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path.strip("/") or "/"


def listing(place: str, skip: Skip = lambda name, why: None) -> list[File]:
    """The documents at a place, sorted by name: a file, a folder or prefix, a glob, or `@` and a list of places.

    A list is a text file with one place a line. Hidden files and gold answers are left out of folders and prefixes, and
    so are outputs of jobs, of which `skip` is told.
    On a web server, a URL that ends with `/` is a folder, of which the server lists the files; any other is a file.
    Nothing where a pattern, a folder or a prefix is empty, or is the only thing that is missing in a place that has
    others; UsageError where there is no such place at all, StorageError where it cannot be listed.
    """
    if not place:
        raise UsageError("no source: name the files, folders or URLs to read")
    if place.startswith("@"):
        listed = read(place[1:]).decode().splitlines()
        return [file for line in listed if line.strip() for file in listing(line.strip(), skip)]
    found: list[File] = []
    with suppress(FileNotFoundError), _asking(place):
        found = sorted((_remote if is_remote(place) else _local)(place, skip), key=lambda file: file.name)
    if not found and not _has_others(place):
        raise UsageError(f"no documents at {public_url(place)}: check the path, the prefix or the pattern")
    return found


def _has_others(place: str) -> bool:
    """Whether the folder that holds a place, or that a pattern starts from, is there."""
    if not is_remote(place):
        path = str(local(place))
        return Path(_root(path) if has_magic(place) else path).parent.is_dir()
    store, at = _opened(place)
    with suppress(OSError):
        return bool(store.ls(_root(at) if has_magic(at) else at.rstrip("/").rpartition("/")[0]))
    return False


@contextmanager
def _asking(place: str, done: str = "read") -> Iterator[None]:
    """Turns what a file system raises into one line of ours; a file that is not there to be read stays what it is."""
    try:
        yield
    except ExtractorError:
        raise
    except Exception as error:  # each file system has errors of its own
        if done == "read" and isinstance(error, FileNotFoundError):
            raise
        raise StorageError(f"{public_url(place)} cannot be {done}: {_reason(error, place)}") from error


def _reason(error: Exception, place: str) -> str:
    if status := getattr(error, "status", None):  # of a web server, whose words repeat the URL with its signature
        return f"the server says {status} {getattr(error, 'message', '')}".strip()
    lines = str(error).replace(place, public_url(place)).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}".removesuffix(": ")


def exists(place: str) -> bool:
    """Whether there is a file."""
    if not is_remote(place):
        return local(place).exists()
    store, path = _opened(place)
    store.invalidate_cache()
    return bool(store.exists(path))


def read(place: str) -> bytes:
    """A small file, whole. UsageError where there is none."""
    with opened(place) as file:
        return file.read()


def document(place: str, *, size: int = -1) -> bytes:
    """The bytes of a document. DocumentError where it is gone, may not be read, or is over the limit."""
    try:
        store, path = _opened(place)
        if _is_web(place):  # a server need not tell the size, and what it tells need not be true
            return _streamed(store, path)
        size = size if size >= 0 else store.info(path)["size"]
        if size > LIMITS.bytes:
            raise too_large(f"a file of {size:,} bytes", LIMITS.bytes, "bytes")
        return bytes(store.cat_file(path))
    except ExtractorError:
        raise
    except Exception as error:  # whatever a file system raises, it is about this document alone
        gone = "it is gone" if isinstance(error, FileNotFoundError) else _reason(error, place)
        raise DocumentError(f"{public_url(place)} cannot be read: {gone}", kind="unreadable") from error


def _streamed(store: Any, path: str) -> bytes:
    """A file of a web server in one request, read no further than to the limit."""
    data = bytearray()
    with store.open(path, "rb", block_size=0, size=LIMITS.bytes) as file:  # no size is to be asked for
        while piece := file.read(_PIECE):
            data += piece
            if len(data) > LIMITS.bytes:
                raise too_large("a file", LIMITS.bytes, "bytes")
    return bytes(data)


@contextmanager
def opened(place: str) -> Iterator[IO[bytes]]:
    """A file to read from, at any place in it. UsageError where there is none."""
    try:
        with _asking(place):
            if is_remote(place):
                store, path = _opened(place)
                file = BufferedReader(store.open(path, "rb"))  # for lines of a stream of unknown size
            else:
                file = local(place).open("rb")
    except FileNotFoundError:
        raise UsageError(f"no file {public_url(place)}: check the path") from None
    with file, _asking(place):
        yield file


def lines(place: str) -> Iterator[bytes]:
    """The lines of a file, one at a time. UsageError where there is none."""
    with opened(place) as file:
        yield from file


def write(place: str, data: bytes) -> None:
    """Write a small file, whole."""
    if is_remote(place):
        store, path = _opened(place)
        with _asking(place, "written"):
            store.pipe_file(path, data)
    else:
        with whole_file(local(place)) as file:
            file.write(data)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file beside its place and move it there when all of it is written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # or a power failure could leave the name without its content
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def fetch(place: str, to: Path) -> None:
    """Copy a file of object storage to this machine."""
    store, path = _opened(place)
    store.get_file(path, str(to))


def send(path: Path, place: str) -> None:
    """Put a file on object storage, where it is seen once it is whole."""
    store, target = _opened(place)
    with _asking(place, "written"):
        store.put_file(str(path), target)


def create(place: str, data: bytes) -> bool:
    """Write a small file on object storage unless it exists; whether this call wrote it.

    The write is conditional where the storage has that. Where it has not, the file is read back: the last writer wins.
    """
    store, path = _opened(place)
    with _asking(place, "written"):
        try:
            store.pipe_file(path, data, mode="create")
        except (OSError, TypeError, NotImplementedError):
            store.invalidate_cache()
            if store.exists(path):
                return False
            store.pipe_file(path, data)
        return bool(store.cat_file(path) == data)


def erase(place: str) -> None:
    """Remove a file from object storage; nothing where there is none."""
    store, path = _opened(place)
    with suppress(FileNotFoundError):
        store.rm_file(path)


def inside(place: str) -> list[str]:
    """The names of the files in a folder on object storage, sorted; none where there is no such folder."""
    store, path = _opened(place)
    store.invalidate_cache()
    with suppress(FileNotFoundError):
        found = [entry["name"] for entry in store.ls(path, detail=True) if entry["type"] == "file"]
        return sorted(name.rpartition("/")[2] for name in found if name.rstrip("/") != path.rstrip("/"))
    return []


def facts(files: Iterable[File]) -> list[File]:
    """The same files as `inspected`; object storage is asked once for each folder, whose listing it then answers by.

    Errors as of opening a URL: without its library, no object looks as if it were gone.
    """
    listed, found = set[str](), list[File]()
    for file in files:
        parent = file.uri.rpartition("/")[0]
        if is_remote(file.uri) and parent not in listed:
            listed.add(parent)
            store, path = _opened(file.uri)
            with suppress(Exception):  # each file system has errors of its own; reading tells why
                store.invalidate_cache()
                if not _is_web(file.uri):  # a web server tells no more than names
                    store.ls(path.rpartition("/")[0])
        found.append(inspected(file))
    return found


def inspected(file: File) -> File:
    """A file with the size and etag that it has now; (-1, "") for one that is gone, or whose storage does not tell."""
    try:
        if not is_remote(file.uri):
            status = local(file.uri).stat()
            return file._replace(size=status.st_size, etag=str(status.st_mtime_ns))
        store, path = _opened(file.uri)
        entry = store.info(path)
    except Exception:  # reading it tells why
        return file._replace(size=-1, etag="")
    return file._replace(size=entry.get("size") or 0, etag=_etag(entry))


def _etag(entry: Mapping[str, Any]) -> str:
    """What the file systems of fsspec know of a file's content: a digest, or when it was last changed."""
    digests = ("ETag", "etag", "md5Hash", "checksum")
    times = ("LastModified", "Last-Modified", "last_modified", "updated", "mtime", "created")
    return next((str(entry[name]).strip('"') for name in (*digests, *times) if entry.get(name)), "")


def _opened(uri: str) -> tuple[Any, str]:
    """The store that holds a URL, and the path in it."""
    parts, name = urlsplit(uri), public_url(uri)
    if _is_web(uri) and not parts.hostname:
        raise UsageError(f"{name} names no server: check the URL")
    try:
        if "@" in parts.netloc and not _is_web(uri):
            try:
                from airflow.providers.common.compat.sdk import ObjectStoragePath
            except ImportError:
                raise UsageError(f"{name} names a connection of Airflow, which is not installed here") from None
            place = ObjectStoragePath(uri)
            return place.fs, place.path
        from fsspec.core import url_to_fs

        store, path = url_to_fs(uri)
    except ImportError as error:
        raise MissingExtra(f"{name} cannot be opened: {error}", extra="cloud") from error
    except ExtractorError:
        raise
    except Exception as error:  # no such file system, or what it needs to begin is not there
        raise UsageError(f"{name} cannot be opened: {_reason(error, uri)}") from error
    return store, path


def _is_web(uri: str) -> bool:
    return uri.startswith(("https://", "http://"))


def _local(place: str, skip: Skip) -> Iterator[File]:
    path = local(place)
    if not path.exists() and has_magic(place):
        root = _root(str(path))
        for found in map(Path, glob(str(path), recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute pattern
            if found.is_file():
                yield File(str(found), found.relative_to(root).as_posix(), found.stat().st_size)
        return
    for found, name in discover([path], skip=skip) if path.exists() else ():
        yield File(str(found), name, found.stat().st_size if found.exists() else 0)


def _remote(uri: str, skip: Skip) -> Iterator[File]:
    store, path = _opened(uri)
    store.invalidate_cache()
    if _is_web(uri) and not uri.endswith("/"):
        yield File(uri, urlsplit(uri).path.rpartition("/")[2], -1)
        return
    uri, path = uri.rstrip("/"), path.rstrip("/")
    if has_magic(path):
        found = store.glob(path, detail=True)
        root = _root(path)
        uri = uri[: len(uri) - len(path) + len(root)]
    elif _is_web(uri):
        found, root = _linked(store, path), path
    else:
        found, root = store.find(path, detail=True), path
    folders: dict[str, set[str]] = {}
    for at in () if has_magic(path) else found:
        folders.setdefault(at.rpartition("/")[0], set()).add(at.rpartition("/")[2])
    outputs = [folder for folder, names in folders.items() if is_output(names)]
    outputs = [folder for folder in outputs if not folder.startswith(tuple(f"{outer}/" for outer in outputs))]
    if root in outputs:
        raise UsageError(f"{public_url(uri)} is the output of a job: name the place of documents, or single files")
    for folder in outputs:
        skip(public_url(uri + folder[len(root) :]), "the output of a job")
    for at, entry in found.items():
        is_folder = entry.get("type") == "directory" or (at.endswith("/") and not entry.get("size"))  # as consoles make
        if is_folder or at.startswith(tuple(f"{folder}/" for folder in outputs)):
            continue
        name = at[len(root) :].strip("/") or at.rpartition("/")[2]
        if at == path or _wanted(name):
            yield File(uri + at[len(root) :], name, entry.get("size") or 0, _etag(entry))


def _linked(store: Any, root: str) -> dict[str, dict[str, Any]]:
    """The files that a web server lists in a folder and below. A folder that it lists and does not have holds none.

    fsspec's `find` takes one that does not answer for empty, and the page of an empty one for a file.
    """
    found, folders = {}, [root]
    for folder in folders:
        with suppress(FileNotFoundError):
            for entry in store.ls(folder, detail=True):
                at = entry["name"].rstrip("/")
                if entry["type"] != "directory":
                    found[entry["name"]] = entry
                elif at.startswith(f"{folder}/") and at.rpartition("/")[2] not in (".", "..") and at not in folders:
                    folders.append(at)
    return dict(sorted(found.items()))


def _root(pattern: str) -> str:
    """The folder that a pattern starts from: all that comes before its first wildcard."""
    return "/".join(takewhile(lambda part: not has_magic(part), pattern.split("/")))


def _wanted(name: str) -> bool:
    hidden = any(part.startswith((".", "?")) for part in name.split("/"))  # with ?, a web server lists by another order
    return not hidden and not fnmatchcase(name.rpartition("/")[2], GOLD)
