"""A file to a Document, or to the one error that says what is wrong with it and what to do."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable
from functools import partial
from hashlib import file_digest, sha256
from io import BufferedReader
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import IO

from extractor.documents.document import Document
from extractor.documents.formats.delimited import table_in
from extractor.documents.names import name_of
from extractor.documents.parsed import Parsed
from extractor.documents.readers import PLAIN, read
from extractor.documents.sandbox import read_apart
from extractor.documents.sniff import sniff
from extractor.documents.source import LIMITS, Limits, Source, too_large
from extractor.errors import DocumentError, UsageError

__all__ = ["load", "load_bytes", "load_small", "sha256_of"]

_LONG = 8 << 20  # bytes
_HEAD = 1 << 16
_SMALL = 1 << 16  # bytes
_PIECE = 1 << 20  # bytes
_CONTROLS = bytes(set(range(32)) - set(b"\b\t\n\v\f\r\x1a")) + b"\x7f"  # of UTF-16, ISO-2022 and binary data
_SEVERAL = 3  # things not read that an error names


def load(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    password: str | None = None,
    limits: Limits = LIMITS,
    ocr: str | None = None,
    page: int | None = None,
) -> Document:
    """The document in the file at `path`. Its format is recognised by content first, by name second.

    `name` is its name within a run, by default the file's own. `password` opens encrypted files; the default is
    EXTRACTOR_PASSWORD. `ocr` selects the engine for scans and pictures: "rapidocr", "tesseract" or "off"; the default
    is EXTRACTOR_OCR, else rapidocr if the extra `ocr` is installed. Plain text is read in this process, everything
    else in a separate one, within `limits`. `metadata["unread"]` lists what the file holds and the document does not.
    Of a PDF, `page` (from 1) loads that page alone: its text, a picture of it, and a box for each run of its text. Of a
    picture with several pages it loads the picture of that one.

    Raises DocumentError of kind empty, binary, encrypted, damaged, unsupported, too_large, timeout, no_text or
    unreadable, and UsageError if `path` is not a file or the extra `documents` is not installed.

    >>> from extractor import load
    >>> load("samples/receipts/kebab_hamburg.txt").text.splitlines()[0]
    '   *** ANTEP GRILL ***'
    """
    file = Path(path)
    source = _source(name or name_of(file.name), password=password, limits=limits, ocr=ocr, page=page)
    return _document(source, lambda: _read(file, source))


def load_bytes(
    data: bytes, *, name: str, password: str | None = None, ocr: str | None = None, page: int | None = None
) -> Document:
    """The document in the bytes of a file. Arguments and errors as for `load`."""
    source = _source(name, password=password, limits=LIMITS, ocr=ocr, page=page)
    return _document(source, lambda: _read_bytes(data, source))


def load_small(path: Path, *, name: str) -> Document | None:
    """The document in a small file of plain text, which takes less time to read than to hand to a thread.

    None for every other file, and for what cannot be read. Raises DocumentError of kind empty, binary or no_text.
    """
    try:
        data = path.read_bytes() if 0 < path.stat().st_size <= _SMALL else b""
    except OSError:
        return None
    if not data or sniff(data, name) not in PLAIN:
        return None
    source = Source(name=name, password=None, limits=LIMITS)
    return _document(source, lambda: (read(data, source), sha256(data).hexdigest()))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as its Document tells it; "" where it is no file or cannot be read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _source(name: str, *, password: str | None, limits: Limits, ocr: str | None, page: int | None) -> Source:
    from extractor.documents.ocr import engine  # it takes the layout of pages along, which plain text has no use for

    password = password if password is not None else os.environ.get("EXTRACTOR_PASSWORD")
    return Source(name=name, password=password, limits=limits, ocr=engine(ocr), page=page)


def _document(source: Source, reading: Callable[[], tuple[Parsed, str]]) -> Document:
    """What was read as a Document; DocumentError, with the name of the source, where it could not be."""
    try:
        parsed, digest = reading()
    except DocumentError as error:
        raise DocumentError(f"{source.name}: {error}", kind=error.kind) from None
    if not parsed.images and (not parsed.text or parsed.text.isspace()):
        unread = "; ".join(parsed.metadata.get("unread", ())[:_SEVERAL])
        without = f" but what is not read: {unread}" if unread else "; leave it out"
        nothing = f"{source.name}: there is no text and no picture in it{without}"
        raise DocumentError(nothing, kind="no_text")
    return Document(
        text=parsed.text,
        name=source.name,
        sha256=digest,
        pages=parsed.pages,
        images=parsed.images,
        metadata=parsed.metadata,
        boxes=tuple(sorted(parsed.boxes)),
        tables=parsed.tables,
    )


def _read(file: Path, source: Source) -> tuple[Parsed, str]:
    """The file as its parser reads it, and the SHA-256 of its bytes."""
    try:
        status = file.stat()
        if S_ISDIR(status.st_mode) and not os.access(file, os.R_OK | os.X_OK):
            raise UsageError(f"{file} is a folder that may not be listed; check its permissions")
        if not S_ISREG(status.st_mode):
            what = "a folder, which a run or a Pipeline reads" if S_ISDIR(status.st_mode) else "not a file"
            raise UsageError(f"{file} is {what}; name a file")
        if status.st_size > source.limits.bytes:
            raise too_large(f"a file of {status.st_size:,} bytes", source.limits.bytes, "bytes")
        with file.open("rb") as stream:
            if status.st_size >= _LONG and (found := _long(stream, source)):
                return found
            stream.seek(0)
            data = stream.read()
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {file}; check the path") from error
    except OSError as error:
        raise DocumentError(
            f"the file cannot be read: {error.strerror}; check its permissions", kind="unreadable"
        ) from error
    return _read_bytes(data, source)


def _read_bytes(data: bytes, source: Source) -> tuple[Parsed, str]:
    if len(data) > source.limits.bytes:
        raise too_large(f"a file of {len(data):,} bytes", source.limits.bytes, "bytes")
    apart = sniff(data, source.name) not in PLAIN
    return (read_apart if apart else read)(data, source), sha256(data).hexdigest()


def _long(stream: BufferedReader, source: Source) -> tuple[Parsed, str] | None:
    """A long file of plain text in UTF-8; None for any other, which has to be read whole."""
    kind = sniff(stream.read(_HEAD), source.name)
    if kind not in PLAIN:
        return None
    stream.seek(0)
    digest = file_digest(stream, "sha256").hexdigest()
    stream.seek(0)
    text = _grown(stream)
    if text is None:
        return None
    table = table_in(text) if kind == "csv" else None
    parsed = Parsed(text, metadata={"format": kind, "encoding": "utf-8"}, tables=(table,) if table else ())
    return parsed, digest


def _grown(stream: IO[bytes]) -> str | None:
    """The rest of a stream of UTF-8, character for character; None where it is or may be anything else.

    The text grows in place: in a `for` loop, `+=` to a string that nothing else holds copies no characters.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    text = ""
    try:
        for piece in iter(partial(stream.read, _PIECE), b""):
            if len(piece.translate(None, _CONTROLS)) < len(piece):
                return None
            text += decoder.decode(piece)
        text += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return text
