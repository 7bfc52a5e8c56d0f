"""OLE files, by olefile: old Office formats, Outlook messages, and encrypted new ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

from olefile import OleFileIO  # type: ignore[import-untyped]

from extractor.documents import doc, package, ppt, sheets
from extractor.documents.formats import outlook
from extractor.documents.parsed import Parsed
from extractor.documents.source import Source
from extractor.documents.text import decode
from extractor.documents.unlock import unlock
from extractor.errors import DocumentError

__all__ = ["parse"]

_KINDS: dict[str, tuple[str, Callable[[Any], Parsed] | None]] = {
    "__properties_version1.0": ("msg", outlook.parse),
    "worddocument": ("doc", doc.parse),
    "powerpoint document": ("ppt", ppt.parse),
    "workbook": ("xls", None),
    "book": ("xls", None),
}


def parse(data: bytes, source: Source) -> Parsed:
    """Whatever the container holds. Raises DocumentError "unsupported" where that is no document."""
    try:
        container = OleFileIO(BytesIO(data))
    except OSError as error:
        raise DocumentError(f"the file is damaged or cut off ({error}); fetch it again", kind="damaged") from error
    names = {entry[0].lower() for entry in container.listdir(streams=True, storages=True)}
    with container:
        if "encryptedpackage" in names:
            return package.parse(unlock(data, source.password), source)
        for name, (kind, read) in _KINDS.items():
            if name in names:
                parsed = read(container) if read else sheets.parse(data)
                return replace(parsed, metadata={"format": kind, **_about(container), **parsed.metadata})
    raise DocumentError("this is an OLE container with no document in it; export it to PDF", kind="unsupported")


def _about(container: Any) -> dict[str, str]:
    """Title and author, from the property stream that every Office file has."""
    told = container.get_metadata()
    found = {"title": told.title, "author": told.author}
    return {name: decode(value).text.strip() for name, value in found.items() if value and value.strip(b"\0 ")}
