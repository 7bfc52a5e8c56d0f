"""ZIP-based formats: which one a package is, by what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from extractor.documents import docx, odf, pptx, sheets
from extractor.documents.archive import Archive
from extractor.documents.document import Image
from extractor.documents.elements import local
from extractor.documents.formats import epub, pictures
from extractor.documents.parsed import Parsed
from extractor.documents.properties import properties
from extractor.documents.source import Source
from extractor.errors import DocumentError

__all__ = ["parse"]

_SHOWN = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_CUSTOMARY = ("word/document.xml", "ppt/presentation.xml", "xl/workbook.xml", "xl/workbook.bin")


def parse(data: bytes, source: Source) -> Parsed:
    """Word, PowerPoint, Excel, OpenDocument or EPUB; its pictures where there is not a word in it.

    Raises DocumentError "unsupported" for any other archive.
    """
    archive = Archive(data, source.limits)
    kind, parsed = _read(archive, data, source)
    about = properties(archive.xml("docProps/core.xml")) | properties(archive.xml("meta.xml"))
    images = parsed.images if parsed.images or parsed.text.strip() else tuple(_pictures(archive, source))
    return replace(parsed, images=images, metadata={"format": kind, **about, **parsed.metadata})


def _read(archive: Archive, data: bytes, source: Source) -> tuple[str, Parsed]:
    mimetype = archive.read("mimetype").decode("ascii", "replace").strip()
    if "opendocument" in mimetype:
        spreadsheet = "spreadsheet" in mimetype
        kind = "ods" if spreadsheet else "odp" if "presentation" in mimetype else "odt"
        return kind, sheets.parse(data) if spreadsheet else odf.parse(archive)
    if "META-INF/container.xml" in archive:
        return "epub", epub.parse(data, source)
    main = _main_part(archive)
    if main.endswith(".bin"):
        return "xlsb", sheets.parse(data)
    match local(archive.xml(main)):
        case "document":
            return "docx", docx.parse(archive, main)
        case "presentation":
            return "pptx", pptx.parse(archive, main)
        case "workbook":
            return "xlsx", sheets.parse(data, archive)
    raise DocumentError("the office file is damaged: it has no readable main part; fetch it again", kind="damaged")


def _main_part(archive: Archive) -> str:
    """Where the package says its document is, or where it is by custom if it says nothing."""
    told = [target for kind, target in archive.relations("").values() if kind == "officeDocument"]
    for name in (*told, *_CUSTOMARY):
        if name in archive:
            return name
    raise DocumentError("this is a ZIP archive, not a document; unpack it", kind="unsupported")


def _pictures(archive: Archive, source: Source) -> Iterator[Image]:
    names = (name for name in archive.names if name.lower().endswith(_SHOWN))
    for name in islice(names, source.limits.pictures):
        try:
            yield from pictures.parse(archive.read(name), source).images
        except DocumentError:
            continue  # decoration in a format of its own
