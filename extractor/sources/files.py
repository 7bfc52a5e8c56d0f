"""The documents of a job, wherever they are: what a source tells of each, and how its content is had.

A document of object storage or a web server is read into memory when it is its turn, and never copied to a disk, so
that nothing of it is left behind by a process that is killed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import blake2b, sha256
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from extractor.documents.discover import Skip, discover
from extractor.documents.document import Document
from extractor.documents.load import load, load_bytes
from extractor.errors import DocumentError, UsageError
from extractor.sources.storage import File, document, inspected, is_remote, listing, local
from extractor.sources.urls import named_url, public_url

__all__ = ["Entry", "Files", "Origin", "longer_names"]


class Entry(NamedTuple):
    """A document of a source, by its name within the run.

    `place` is the path or URL that it is read from. `content` is there already where the source is a table: the text or
    the bytes of a cell, or why they cannot be had; `columns` are then the other cells of the row. `stamp` changes with
    the content; None where only reading it can tell.
    """

    name: str
    place: str
    content: str | bytes | DocumentError | None = None
    stamp: str | None = None
    size: int = -1
    columns: Mapping[str, Any] | None = None

    @property
    def path(self) -> Path | None:
        """The document as a file of this machine, if it is one."""
        if self.content is not None or is_remote(self.place):
            return None
        return local(self.place) if "://" in self.place else Path(self.place)

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is on object storage or a web server."""
        return self.content is None and is_remote(self.place)

    @property
    def lasting_place(self) -> str:
        """The place for use from any folder."""
        return str(self.path.absolute()) if self.path else self.place

    def stamped(self) -> Entry:
        """The same entry with the stamp that its storage has now, if it was not listed with one."""
        if self.stamp is not None or not self.is_elsewhere:
            return self
        now = inspected(File(self.place, self.name, self.size))
        return self._replace(stamp=now.stamp, size=now.size)

    def load(self, *, password: str | None = None, ocr: str | None = None, page: int | None = None) -> Document:
        """The document itself. Errors as of `extractor.load`."""
        if path := self.path:
            return load(path, name=self.name, password=password, ocr=ocr, page=page)
        content = self.read()
        if isinstance(content, str):
            return Document.from_text(content, name=self.name)
        return load_bytes(content, name=self.name, password=password, ocr=ocr, page=page)

    def digest(self) -> str:
        """The SHA-256 of the content that is there; "" for none."""
        data = self.content.encode("utf-8", "surrogatepass") if isinstance(self.content, str) else self.content
        return sha256(data).hexdigest() if isinstance(data, bytes) else ""

    def read(self) -> str | bytes:
        """The content of a document that is no file of this machine. DocumentError where it cannot be had."""
        if isinstance(self.content, DocumentError):
            raise self.content
        return document(self.place, size=self.size) if self.content is None else self.content


class Origin(Protocol):
    """Where the documents of a job come from."""

    @property
    def places(self) -> list[str]:
        """What the source is, for messages and run.json: no secret."""

    def found(self, *, without: Path | None = None, skip: Skip = lambda name, why: None) -> Iterator[Entry]:
        """The documents, each under a name of its own; nothing in the folder `without`. `skip` takes what is none."""

    def named(self, wanted: Mapping[str, str]) -> Iterator[Entry]:
        """The documents of these names, with the places at which they were found earlier."""


class Files:
    """Files and folders of this machine, object storage and web servers, by path or URL.

    Files of this machine are named by `discover`, all others by their URL, without login and query; a digest stands for
    a query that is more than a signature. Object storage is listed once.
    """

    def __init__(self, places: Iterable[str], *, follow_links: bool = False) -> None:
        self._declared, self._follow = list(places), follow_links

    @property
    def places(self) -> list[str]:
        """The places as they were declared."""
        return [public_url(place) for place in self._declared]

    @property
    def paths(self) -> list[Path]:
        """Those on this machine."""
        return [local(place) if "://" in place else Path(place) for place in self._declared if not _is_listed(place)]

    def found(self, *, without: Path | None = None, skip: Skip = lambda name, why: None) -> Iterator[Entry]:
        """The files of this machine, then all others. UsageError for a place that is missing, or if there is none."""
        if not all(self._declared) or not self._declared:
            raise UsageError("no source: name the files, folders or URLs to read")
        here = discover(self.paths, without=without, follow_links=self._follow, skip=skip)
        entries, skipped = self._elsewhere
        for name, why in skipped:
            skip(name, why)
        return chain((Entry(name, str(path)) for path, name in here), entries)

    def named(self, wanted: Mapping[str, str]) -> Iterator[Entry]:
        """Each from where it was found, which is not looked for."""
        return (Entry(name, place) for name, place in wanted.items())

    @cached_property
    def _elsewhere(self) -> tuple[list[Entry], list[tuple[str, str]]]:
        """What is found by listing, and the name and the reason of what is left out of that."""
        skipped: list[tuple[str, str]] = []
        places = filter(_is_listed, self._declared)
        files = {file.uri: file for place in places for file in listing(place, lambda *left: skipped.append(left))}
        times = Counter(map(named_url, files))
        # Signatures alone tell some of them apart.
        names = (
            name if times[name := named_url(uri)] == 1 else f"{name}?{blake2b(uri.encode(), digest_size=4).hexdigest()}"
            for uri in files
        )
        entries = [
            Entry(name, file.uri, None, file.stamp, file.size) for name, file in zip(names, files.values(), strict=True)
        ]
        return entries, skipped


def _is_listed(place: str) -> bool:
    """Whether a place is found by listing it: a URL, or `@` and the name of a file that lists places."""
    return is_remote(place) or (place.startswith("@") and not Path(place).exists())


def longer_names(name: str, place: str) -> Iterator[str]:
    """Names for the document at a place, the shortest first: each next one has one folder more of its path."""
    path = PurePosixPath(urlsplit(place).path) if is_remote(place) else local(place)
    folders = path.parts[1 : -len(PurePosixPath(name).parts)]
    return ("/".join((*folders[len(folders) - more :], name)) for more in range(len(folders) + 1))
