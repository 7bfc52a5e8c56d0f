"""A file to a Document, or to the one error that says what is wrong with it and what to do."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG

from extractor.documents.document import Document
from extractor.documents.limits import LIMITS, Limits, too_large
from extractor.documents.parsed import Parsed
from extractor.documents.readers import PLAIN, read
from extractor.documents.sandbox import read_apart
from extractor.documents.sniff import sniff
from extractor.documents.source import Source
from extractor.errors import DocumentError, UsageError

__all__ = ["load"]


def load(
    path: str | os.PathLike[str], *, name: str | None = None, password: str | None = None, limits: Limits = LIMITS
) -> Document:
    """The document in the file at `path`, told by its content first and by its name second.

    `name` is its name within a run (the file's own by default); `password` opens what is encrypted. Plain text is read
    in this process, everything else in a process apart, under `limits`. Raises DocumentError of kind empty, binary,
    encrypted, damaged, unsupported, too_large, timeout, no_text or unreadable, and UsageError where `path` is no
    file or the extra `documents` is not installed. `metadata["unread"]` lists attachments that could not be read.
    """
    file = Path(path)
    source = Source(name=name or _named(file), password=password, limits=limits)
    try:
        data = _bytes(file, limits)
        parsed = _parse(data, source)
    except DocumentError as error:
        raise DocumentError(f"{source.name}: {error}", kind=error.kind) from None
    return Document(
        text=parsed.text,
        name=source.name,
        sha256=sha256(data).hexdigest(),
        pages=parsed.pages,
        images=parsed.images,
        metadata=parsed.metadata,
    )


def _named(file: Path) -> str:
    """The file's own name, in characters that JSON can carry."""
    return file.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _bytes(file: Path, limits: Limits) -> bytes:
    try:
        status = file.stat()
        if not S_ISREG(status.st_mode):
            raise UsageError(f"{file} is not a file; name a file")
        if status.st_size > limits.bytes:
            raise too_large(f"a file of {status.st_size:,} bytes", limits.bytes, "bytes")
        return file.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {file}; check the path") from error
    except OSError as error:
        raise DocumentError(
            f"the file cannot be read: {error.strerror}; check its permissions", kind="unreadable"
        ) from error


def _parse(data: bytes, source: Source) -> Parsed:
    apart = sniff(data, source.name) not in PLAIN
    parsed = read_apart(data, source) if apart else read(data, source)
    if not parsed.images and (not parsed.text or parsed.text.isspace()):
        raise DocumentError("there is no text and no picture in it; leave it out", kind="no_text")
    return parsed
