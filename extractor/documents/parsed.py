"""What a parser makes of a file: text with its pages, pictures, and the files it carries inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from extractor.documents.document import Box, Image, Page, Table

__all__ = ["Attachment", "Parsed", "paginate"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file within a file; `name` as its sender wrote it. `storage`: the folder that it is of the container `data`."""

    name: str
    data: bytes = field(repr=False)
    storage: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """One file as its parser reads it. `pages` are ranges of `text`; attachments are not yet read.

    Tables that `tables.render_table` writes carry marks in the text, from which `tables` is filled once a file is read.
    `unread` lists what the file holds and this does not; it is in the metadata of a document.
    """

    text: str = field(repr=False)
    pages: tuple[Page, ...] = ()
    images: tuple[Image, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    boxes: tuple[Box, ...] = ()
    unread: tuple[str, ...] = ()


def paginate(texts: Iterable[str], *, separator: str = "\n\n") -> tuple[str, tuple[Page, ...]]:
    """Pages in a row as one text, and the range of each, its separator included."""
    parts: list[str] = []
    pages: list[Page] = []
    start = 0
    for number, text in enumerate(texts, 1):
        part = text.rstrip() + separator
        parts.append(part)
        pages.append(Page(number, start, start + len(part)))
        start += len(part)
    return "".join(parts), tuple(pages)
