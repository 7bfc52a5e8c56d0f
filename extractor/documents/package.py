"""ZIP-based formats: which one a package is, by what it holds."""

from __future__ import annotations

from extractor.documents import docx, epub, odf, pptx, sheets
from extractor.documents.archive import Archive, local
from extractor.documents.parsed import Parsed
from extractor.documents.source import Source
from extractor.errors import DocumentError

__all__ = ["parse"]


def parse(data: bytes, source: Source) -> Parsed:
    """Word, PowerPoint, Excel, OpenDocument or EPUB. Raises DocumentError "unsupported" for any other archive."""
    archive = Archive(data, source.limits)
    if "mimetype" in archive and b"opendocument" in archive.read("mimetype"):
        kind = archive.read("mimetype").decode("ascii", "replace").rpartition(".")[2].strip()
        return sheets.parse(data) if kind.startswith("spreadsheet") else odf.parse(archive)
    if "META-INF/container.xml" in archive:
        return epub.parse(archive)
    main = _main_part(archive)
    if main is None:
        raise DocumentError("this is a ZIP archive, not a document; unpack it", kind="unsupported")
    if main.endswith(".bin") or "workbook" in main:
        return sheets.parse(data, archive)
    root = archive.xml(main)
    match local(root) if root is not None else "":
        case "document":
            return docx.parse(archive, main)
        case "presentation":
            return pptx.parse(archive, main)
        case "workbook":
            return sheets.parse(data, archive)
    raise DocumentError("the office file is damaged: it has no readable main part; fetch it again", kind="damaged")


def _main_part(archive: Archive) -> str | None:
    """Where the package says its document is, or where it is by custom if it says nothing."""
    for kind, target in archive.relations("").values():
        if kind == "officeDocument" and target in archive:
            return target
    customary = ("word/document.xml", "ppt/presentation.xml", "xl/workbook.xml", "xl/workbook.bin")
    return next((name for name in customary if name in archive), None)
