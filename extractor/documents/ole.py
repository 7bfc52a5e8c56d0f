"""OLE files, by olefile: old Office formats, Outlook messages, and encrypted new ones."""

from __future__ import annotations

from io import BytesIO

from olefile import OleFileIO  # type: ignore[import-untyped]

from extractor.documents import doc, msg, package, ppt, sheets, unlock
from extractor.documents.parsed import Parsed
from extractor.documents.source import Source
from extractor.errors import DocumentError

__all__ = ["parse"]


def parse(data: bytes, source: Source) -> Parsed:
    """Whatever the container holds. Raises DocumentError "unsupported" where that is no document."""
    try:
        container = OleFileIO(BytesIO(data))
    except OSError as error:
        raise DocumentError(f"the file is damaged or cut off ({error}); fetch it again", kind="damaged") from error
    names = {entry[0].lower() for entry in container.listdir(streams=True, storages=True)}
    with container:
        if "encryptedpackage" in names:
            return package.parse(unlock.unlock(data, source.password), source)
        if "__properties_version1.0" in names:
            return msg.parse(container)
        if "worddocument" in names:
            return doc.parse(container)
        if "powerpoint document" in names:
            return ppt.parse(container)
        if names & {"workbook", "book"}:
            return sheets.parse(data)
    raise DocumentError("this is an OLE container with no document in it; export it to PDF", kind="unsupported")
