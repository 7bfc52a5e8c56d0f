"""ZIP files from strangers: their parts, no more of them than the limits allow, and their XML."""

from __future__ import annotations

import zipfile
import zlib
from functools import cached_property, lru_cache
from io import BytesIO
from posixpath import dirname, join, normpath
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from extractor.documents.elements import ABSENT, parse_xml
from extractor.documents.source import Limits, too_large
from extractor.errors import DocumentError

__all__ = ["Archive", "open_archive"]

_RATIO = 250  # deflate reaches 1,032; office files stay below 100
_SMALL = 10 << 20
_CUSTOMARY = ("word/document.xml", "ppt/presentation.xml", "xl/workbook.xml", "xl/workbook.bin")


class Archive:
    """The parts of a ZIP file by name, whatever the case and slashes they were stored with. Raises DocumentError."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise DocumentError(f"the file is damaged or cut off ({error}); fetch it again", kind="damaged") from error
        self._parts = {_key(info.filename): info for info in self._zip.infolist() if not info.is_dir()}
        self._relations: dict[str, dict[str, tuple[str, str]]] = {}
        self.damaged: list[str] = []  # parts that were asked for as XML and are none
        if sum(info.file_size for info in self._parts.values()) > limits.unpacked:
            raise too_large("what the file unpacks to", limits.unpacked, "bytes")

    @property
    def names(self) -> list[str]:
        """The names of all parts, in the order they are stored in."""
        return [info.filename for info in self._parts.values()]

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._parts

    def read(self, name: str) -> bytes:
        """One part, b"" where there is none. Raises DocumentError where it is encrypted, damaged or a bomb."""
        info = self._parts.get(_key(name))
        if info is None:
            return b""
        if info.flag_bits & 1:
            raise DocumentError("the archive is encrypted; unpack it with its password first", kind="encrypted")
        if info.file_size > max(_SMALL, _RATIO * info.compress_size):
            raise too_large("the ratio that the file unpacks by", _RATIO, "to one")
        try:
            with self._zip.open(info) as part:
                return part.read(info.file_size)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
            raise DocumentError(f"the file is damaged ({error}); fetch it again", kind="damaged") from error

    def xml(self, name: str) -> Element:
        """The root of one part, an empty element where there is no such part or it is `damaged`."""
        data = self.read(name)
        if name.lower().endswith(".vml"):
            data = data.replace(b"<br>", b"<br/>")  # as Excel writes it
        try:
            return parse_xml(data) if data.strip() else ABSENT
        except ParseError:
            self.damaged.append(name)
            return ABSENT

    @cached_property
    def main(self) -> str:
        """Where an office package says its document is, or where it is by custom if it says nothing."""
        stated = [target for kind, target in self.relations("").values() if kind == "officeDocument"]
        for name in (*stated, *_CUSTOMARY):
            if name in self:
                return name
        raise DocumentError("this is a ZIP archive, not a document; unpack it", kind="unsupported")

    @cached_property
    def root(self) -> Element:
        """The root of the main part, which tells what the package is and then is read."""
        return self.xml(self.main)

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """What an office part points to: id -> (last word of the type, name of the part or address outside)."""
        if name in self._relations:
            return self._relations[name]
        folder, _, file = name.rpartition("/")
        root = self.xml(f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels")
        found = self._relations[name] = {}
        for relation in root:
            target = relation.get("Target", "")
            if relation.get("TargetMode") != "External":
                target = _resolve(name, target)
            found[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], target)
        return found


@lru_cache(maxsize=1)
def open_archive(data: bytes, limits: Limits) -> Archive:
    """The archive in these bytes; the last one stays open, since one place asks what it is and another reads it."""
    return Archive(data, limits)


def _resolve(part: str, target: str) -> str:
    target = unquote(target.replace("\\", "/"))
    return target.lstrip("/") if target.startswith("/") else normpath(join(dirname(part), target))


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
