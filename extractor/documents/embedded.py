"""What a document carries besides its words: pictures to show, files to read, and what can only be named."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from xml.etree.ElementTree import Element

from extractor.documents.archive import Archive
from extractor.documents.document import Page
from extractor.documents.drawings import chart, diagram
from extractor.documents.ole import Storage
from extractor.documents.parsed import Attachment, Parsed
from extractor.errors import DocumentError

__all__ = ["Embedded"]

_PICTURES = (
    *(".avif", ".bmp", ".emf", ".emz", ".gif", ".heic", ".jfif", ".jpe", ".jpeg", ".jpg", ".pcx", ".pict", ".png"),
    *(".svg", ".svm", ".tif", ".tiff", ".wdp", ".webp", ".wmf", ".wmz"),
)
_DRAWN = (".emf", ".emz", ".pict", ".svg", ".svm", ".wmf", ".wmz")


class Embedded:
    """Collects what one parser meets, in an archive or outside; each picture and each file once."""

    def __init__(self, archive: Archive | None = None) -> None:
        self._archive = archive
        self._seen: set[bytes] = set()
        self._files: list[Attachment] = []
        self._unread: list[str] = []

    def picture(self, data: bytes, name: str, page: int | None = None) -> None:
        """A picture for a model that sees; one that cannot be shown is named."""
        if not data or self._is_known(data):
            return
        if name.lower().endswith(_DRAWN):
            self.missing(f"picture {name}: a drawing in a format that is not shown")
        else:
            self._files.append(Attachment(name, data, is_picture=True, page=page))

    def file(self, data: bytes, name: str, storage: Storage | None = None) -> None:
        """A file within the file, to be read after it; `storage` where it is a folder of that OLE container."""
        try:
            content = storage.content() if storage else data
        except DocumentError as error:
            self.missing(f"{name}: {error}")
            return
        if content and not self._is_known(content):
            self._files.append(Attachment(name, data, storage.path if storage else ()))

    def target(self, name: str, page: int | None = None) -> None:
        """A part of the archive, by its name: a picture or a file."""
        assert self._archive is not None
        data, file = self._archive.read(name), name.rpartition("/")[2]
        if not data:
            self.missing(f"{file}: it is not in the file")
        elif file.lower().endswith(_PICTURES):
            self.picture(data, file, page)
        else:
            self.file(data, file)

    def drawn(
        self, node: Element, relations: Mapping[str, tuple[str, str]], page: int | None = None, where: str = ""
    ) -> str:
        """A chart or a diagram that a part of a drawing of Office refers to; a picture or a file is collected."""
        assert self._archive is not None
        identity = next(filter(None, map(node.get, ("embed", "dm", "id", "link"))), "")
        target = relations.get(identity, ("", ""))[1]
        if node.tag in ("chart", "relIds"):
            return (chart if node.tag == "chart" else diagram)(self._archive.xml(target))
        if node.tag == "blip" and identity and (not target or identity == node.get("link")):
            self.missing(f"{where}a picture {f'outside the file: {target}' if target else 'that is not in the file'}")
        elif target:
            self.target(target, page)
        return ""

    def part(self, parsed: Parsed, page: int | None = None) -> str:
        """The text of a part of the document that is parsed on its own; the rest of it is collected."""
        for file in parsed.attachments:
            if file.is_picture:
                self.picture(file.data, file.name, page)
            else:
                self.file(file.data, file.name)
        for line in parsed.unread:
            self.missing(line)
        return parsed.text

    def missing(self, what: str) -> None:
        """Something that is seen in the file and is neither text nor picture of the document."""
        if what not in self._unread:
            self._unread.append(what)

    def parsed(self, text: str, pages: tuple[Page, ...] = (), metadata: Mapping[str, Any] | None = None) -> Parsed:
        """The document with all that was collected; where it has not a word, every picture in its archive."""
        if self._archive is not None and not text.strip() and not any(file.is_picture for file in self._files):
            for name in self._archive.names:
                if name.lower().endswith(_PICTURES):
                    self.target(name)
        for name in self._archive.damaged if self._archive is not None else ():
            self.missing(f"{name}: it cannot be read")
        return Parsed(text, pages, (), tuple(self._files), metadata or {}, unread=tuple(self._unread))

    def _is_known(self, data: bytes) -> bool:
        digest = sha256(data).digest()
        known = digest in self._seen
        self._seen.add(digest)
        return known
