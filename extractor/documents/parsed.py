"""What a parser makes of a file: text with its pages, pictures, and the files it carries inside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extractor.documents.document import Box, Image, Page, Table

__all__ = ["Attachment", "Parsed", "bound", "fullest", "letter", "moved", "paginate", "together"]

_LETTER = re.compile(r"\w")
_FIGURES = re.compile(r"\d+")
_ADDRESS = re.compile(r"(?:\w+://|cid:|mailto:|tel:)\S+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file within a file; `name` as its sender wrote it. `storage`: the folder that it is of the container `data`.

    `is_picture`: it is part of what the file shows, on this `page` where that is known.
    """

    name: str
    data: bytes = field(repr=False)
    storage: tuple[str, ...] = ()
    is_picture: bool = False
    page: int | None = None


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


def together(parts: Sequence[Parsed], text: str) -> Parsed:
    """Parts of one whole, of which this is the text: with the files of all, each once."""
    files = dict.fromkeys(file for part in parts for file in part.attachments)
    return Parsed(text, attachments=tuple(files), unread=tuple(line for part in parts for line in part.unread))


def bound(pages: Sequence[Parsed]) -> Parsed:
    """Pages in a row as one file; its text is "" where no page has any."""
    text, ranges = paginate(page.text for page in pages)
    images: list[Image] = []
    boxes: list[Box] = []
    for page, place in zip(pages, ranges, strict=True):
        boxes += moved(page.boxes, place.start, len(images))
        images += page.images
    whole = together(pages, text if text.strip() else "")
    return replace(whole, pages=ranges, images=tuple(images), boxes=tuple(boxes))


def moved(boxes: Iterable[Box], by: int, images: int) -> Iterator[Box]:
    """Boxes of a part of a text that begins at `by`, and of which so many pictures come before its own."""
    return (box._replace(start=box.start + by, end=box.end + by, image=box.image + images) for box in boxes)


def letter(headers: Mapping[str, str], body: Parsed, about: Mapping[str, str]) -> Parsed:
    """A message as one text: its headers above its body. They are metadata too, as is `about`; empty ones are none."""
    stated = {name: value for name, value in headers.items() if value}
    block = "".join(f"{name}: {value}\n" for name, value in stated.items())
    metadata = {**{name.lower(): value for name, value in stated.items()}, **{k: v for k, v in about.items() if v}}
    return replace(body, text=f"{block}\n{body.text}\n".lstrip() if block else body.text, metadata=metadata)


def fullest(parts: Sequence[Parsed]) -> Parsed:
    """The first of the forms of a message, unless another has half as much again to say, or a number more.

    Some programs leave the plain text a stub. Numbers that only the others have are named as unread.
    """
    texts = [part.text for part in parts]
    sizes = [len(_LETTER.findall(text)) for text in texts]
    figures = [set(_FIGURES.findall(_ADDRESS.sub("", text))) for text in texts]
    largest, every = max(sizes), set().union(*figures)
    full = (3 * size >= 2 * largest and own == every for size, own in zip(sizes, figures, strict=True))
    most = max(range(len(texts)), key=lambda index: (len(figures[index]), sizes[index]))
    taken = next((index for index, is_full in enumerate(full) if is_full), most)
    whole = together(parts, texts[taken])
    if not (lost := every - figures[taken]):
        return whole
    line = f"numbers that only another form of the message has, such as {min(lost)}"
    return replace(whole, unread=(*whole.unread, line))
