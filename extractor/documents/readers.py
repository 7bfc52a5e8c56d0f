"""Bytes to what they say: the parser of each format, and the files within the file read in their place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import cast

from extractor.documents.containers import opened
from extractor.documents.document import Table
from extractor.documents.parsed import Attachment, Parsed, moved
from extractor.documents.source import Source, too_large
from extractor.documents.tables import settled
from extractor.errors import DocumentError, ExtractorError, MissingExtra

__all__ = ["PLAIN", "read"]

_LEAST = 24  # pixels: a smaller picture within a file is a bullet, a line or a spacer
_HALVES = re.compile("[\ud800-\udfff]")
PLAIN = frozenset({"csv", "json", "markdown", "text"})
_MODULES = {  # of `formats`, for the kinds that have not one of their own name
    **dict.fromkeys(("json", "markdown", "text"), "plain"),
    **dict.fromkeys(("odp", "ods", "odt"), "odf"),
    **dict.fromkeys(("eml", "mbox"), "mail"),
    **dict.fromkeys(("msg", "tnef"), "outlook"),
    **{"csv": "delimited", "image": "pictures", "svg": "html", "xlsb": "xlsx"},
}


def read(data: bytes, source: Source) -> Parsed:
    """The file and all that it carries inside, as one text. Raises DocumentError."""
    whole = _read(data, source, depth=0)
    return replace(whole, metadata={**whole.metadata, "unread": list(whole.unread)}) if whole.unread else whole


def _read(data: bytes, source: Source, *, depth: int, is_picture: bool = False) -> Parsed:
    kind, parsed = _parsed(data, source, is_picture=is_picture)
    about = {key: _printable(value) if isinstance(value, str) else value for key, value in parsed.metadata.items()}
    metadata = {"format": kind, **about}
    whole = settled(replace(parsed, text=_printable(parsed.text), metadata=metadata))
    past = 0
    for attachment in parsed.attachments:
        if attachment.is_picture and len(whole.images) >= source.limits.pictures:
            past += 1
        else:
            whole = _append(whole, attachment, source, depth + (not attachment.is_picture))
    unread = (*whole.unread, f"{past} pictures past the limit of {source.limits.pictures}") if past else whole.unread
    return replace(whole, attachments=(), unread=unread)


def _parsed(data: bytes, source: Source, *, is_picture: bool) -> tuple[str, Parsed]:
    try:
        kind, data, source = ("image", data, source) if is_picture else opened(data, source)
        module = import_module(f"extractor.documents.formats.{_MODULES.get(kind, kind)}")
        parse = getattr(module, "look", module.parse) if source.page is not None else module.parse
        return kind, cast("Callable[[bytes, Source], Parsed]", parse)(data, source)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"reading {source.name} needs {error.name}", extra="documents") from error
    except (ExtractorError, MemoryError):
        raise
    except Exception as error:  # whatever else a parser trips over is a fault of this one file
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise DocumentError(f"the file is damaged ({reason}); fetch it again", kind="damaged") from error


def _append(whole: Parsed, attachment: Attachment, source: Source, depth: int) -> Parsed:
    """`whole` with the text of one attachment after it, under a separator; one that cannot be read says why."""
    is_picture, kind = attachment.is_picture, "picture" if attachment.is_picture else "attachment"
    name = _printable(attachment.name)
    label = f"picture {name}" if is_picture else name
    try:
        if depth > source.limits.depth:
            raise too_large("the nesting of files within files", source.limits.depth, "levels")
        inner = replace(source, name=name, storage=attachment.storage)
        part = _read(attachment.data, inner, depth=depth, is_picture=is_picture)
    except DocumentError as error:
        part = Parsed("" if is_picture else f"[not read: {error}]", unread=(f"{label}: {error}",))
    if is_picture and min(part.metadata.get("width", _LEAST), part.metadata.get("height", _LEAST)) < _LEAST:
        return whole
    text = whole.text
    if part.text.strip() or not is_picture:
        text = f"{text.rstrip()}\n\n--- {kind}: {name} ---\n\n{part.text.strip()}\n".lstrip("\n")
    unread = whole.unread + part.unread
    metadata = {**whole.metadata, "ocr": source.ocr} if part.boxes else whole.metadata
    images = whole.images + tuple(replace(image, page=attachment.page) for image in part.images)
    if (past := len(images) - source.limits.pictures) > 0:
        unread += (f"{label}: {past} pictures past the limit of {source.limits.pictures}",)
    by = len(text) - 1 - len(part.text.rstrip())  # how far the part moves
    tables = (
        Table(by + table.start, min(by + table.end, len(text)), by + table.header, table.quoted)
        for table in part.tables
    )
    return replace(
        whole,
        text=text,
        images=images[: source.limits.pictures],
        boxes=(*whole.boxes, *moved(part.boxes, by, len(whole.images))),
        metadata=metadata,
        tables=(*whole.tables, *tables),
        unread=unread,
    )


def _printable(text: str) -> str:
    """Text that JSON and every store can carry: no NUL, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _HALVES.sub("\ufffd", text)
    return text.replace("\0", "")
