"""OLE containers, by olefile: folders of streams in one file, as old Office files and those of Outlook are.

Drawings in the streams of Office hold pictures ([MS-ODRAW] 2.2.23): PNG, JPEG and TIFF as they are, others by name.
"""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from typing import Any

from extractor.documents.source import Source
from extractor.documents.text import decode
from extractor.errors import DocumentError

__all__ = ["Storage", "blips", "open_storage"]

_STREAM, _NO_ENTRY = 2, 0xFFFFFFFF
_SUMMARY = ["\x05SummaryInformation"]
_HEAD = re.compile(rb"[\x1a-\x1f\x29\x2a]\xf0", re.S)  # the kind of a record, two bytes into it
_KINDS = {
    **{0x1A: ".emf", 0x1B: ".wmf", 0x1C: ".pict", 0x1D: ".jpg", 0x1E: ".png", 0x1F: ".bmp", 0x29: ".tif", 0x2A: ".jpg"}
}
_SIGNATURES = {".jpg": (b"\xff\xd8\xff",), ".png": (b"\x89PNG\r\n\x1a\n",), ".tif": (b"II*\0", b"MM\0*")}
_OFFSETS = (17, 33)  # one identity before the data, or two
_BITMAPS = (0x7A8, 0x7A9)
_INSTANCES = {".emf": (0x3D4, 0x3D5), ".wmf": (0x216, 0x217), ".pict": (0x542, 0x543)}


class Storage:
    """One folder of a container. Its streams are read by name, "a/b" for one in a folder within."""

    def __init__(self, container: Any, below: dict[tuple[str, ...], list[str]], path: tuple[str, ...] = ()) -> None:
        self._container, self._below, self.path = container, below, path

    @property
    def names(self) -> list[str]:
        """The names of what is in it, streams and folders."""
        return self._below[self.path]

    @property
    def folders(self) -> list[str]:
        """The names of the folders in it."""
        return [name for name in self.names if (*self.path, name) in self._below]

    def __contains__(self, name: str) -> bool:
        return bool(self._container.exists([*self.path, *name.split("/")]))

    def read(self, name: str) -> bytes:
        """A stream, b"" where there is none. Raises DocumentError for a damaged one."""
        return _stream(self._container, (*self.path, *name.split("/")))

    def inner(self, name: str) -> Storage:
        """A folder within this one, "a/b" for one in that."""
        return Storage(self._container, self._below, (*self.path, *name.split("/")))

    def content(self) -> bytes:
        """All that it holds, without the names."""
        folders = set(self.folders)
        return b"".join(self.inner(name).content() if name in folders else self.read(name) for name in self.names)

    def about(self) -> dict[str, str]:
        """Title and author of the file, from the properties that every Office file has."""
        exists = self._container.get_type(_SUMMARY) == _STREAM
        stated = self._container.getproperties(_SUMMARY) if exists else {}
        charset = f"cp{(stated.get(1) or 0) % 65536}"
        texts = {name: _stated(stated.get(number), charset) for number, name in ((2, "title"), (4, "author"))}
        return {name: text for name, text in texts.items() if text}


def open_storage(data: bytes, source: Source) -> Storage:
    """The folder that the source names of the container, the whole mostly. Raises DocumentError for a damaged one."""
    container, below = _opened(data)
    return Storage(container, below, source.storage)


@lru_cache(maxsize=1)
def _opened(data: bytes) -> tuple[Any, dict[tuple[str, ...], list[str]]]:
    """The container and what is in each of its folders; the last one stays open."""
    from olefile import OleFileIO  # type: ignore[import-untyped]

    try:
        container = OleFileIO(BytesIO(data))
    except OSError as error:
        raise _damaged(error) from error
    entries = container.direntries
    beside = {sid for entry in entries if entry for sid in (entry.sid_left, entry.sid_right, entry.sid_child)}
    if any(len(entries) <= sid < _NO_ENTRY for sid in beside):
        raise _damaged("its directory is not whole")
    below: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for path in container.listdir(streams=False, storages=True):
        below[tuple(path)] = []
    for *outer, name in container.listdir(streams=True, storages=True):
        below[tuple(outer)].append(name)
    return container, below


@lru_cache(maxsize=1)
def _stream(container: Any, path: tuple[str, ...]) -> bytes:
    """A stream; the last one stays, since one place asks whether it is locked and another reads it."""
    if container.get_type(list(path)) != _STREAM:
        return b""
    try:
        data = bytes(container.openstream(list(path)).read())
    except OSError as error:
        raise _damaged(error) from error
    if len(data) < (size := container.get_size(list(path))):
        raise _damaged(f"{len(data):,} of {size:,} bytes of a stream are there")
    return data


def _damaged(why: object) -> DocumentError:
    return DocumentError(f"the file is damaged or cut off ({why}); fetch it again", kind="damaged")


def _stated(value: object, charset: str) -> str:
    if isinstance(value, bytes) and value.strip(b"\0 "):
        value = decode(value.strip(b"\0"), declared=charset).text
    return value.strip("\0 ") if isinstance(value, str) else ""


def blips(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Each picture, and the suffix of its format; data in other formats is returned as it is."""
    place = 0
    while match := _HEAD.search(data, place):
        start = match.start() - 2
        found = _blip(data, start) if start >= 0 else None
        if found is None:
            place = match.start() + 1
        else:
            place = start + 8 + struct.unpack_from("<I", data, start + 4)[0]
            yield found


def _blip(data: bytes, start: int) -> tuple[bytes, str] | None:
    if start + 8 > len(data):
        return None
    head, kind, size = struct.unpack_from("<HHI", data, start)
    body = data[start + 8 : start + 8 + size]
    suffix = _KINDS[kind & 0xFF]
    if len(body) < size or not size:
        return None
    for offset in _OFFSETS:
        if suffix in _SIGNATURES and body[offset:].startswith(_SIGNATURES[suffix]):
            return body[offset:], suffix
    if suffix == ".bmp" and head >> 4 in _BITMAPS:
        return _bitmap(body[_OFFSETS[_BITMAPS.index(head >> 4)] :]), suffix
    return (body[_OFFSETS[0] :], suffix) if head >> 4 in _INSTANCES.get(suffix, ()) else None


def _bitmap(data: bytes) -> bytes:
    """A bitmap as a file, which has a header that says where the pixels begin."""
    size, depth, compression, used = struct.unpack_from("<I10xHI12xI", data) if len(data) >= 40 else (40, 0, 0, 0)
    colours = used or (1 << depth if depth <= 8 else 0)
    start = 14 + size + 4 * colours + (12 if compression == 3 and size == 40 else 0)  # which are the masks of colours
    return b"BM" + struct.pack("<IHHI", 14 + len(data), 0, 0, start) + data
