"""A document as the rest of the library sees it: text, and where each part of it stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice, takewhile
from typing import Any, NamedTuple

from extractor import notebook

__all__ = ["Box", "Document", "Image", "Page", "Table"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, sheet or slide: `text[start:end]` of the document; numbers start at 1."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `text[start:end]` of the document, of which `text[start:header]` are its header rows.

    `header` equals `start` where it has none. A row is a line, unless `quoted`: then cells in quotes hold line breaks,
    and rows are those of the `csv` module.
    """

    start: int
    end: int
    header: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that the model can be shown; `media_type` is image/png, image/jpeg, image/webp or image/gif."""

    data: bytes = field(repr=False)
    media_type: str
    page: int | None = None


class Box(NamedTuple):
    """Where characters that were read from a picture stand: `text[start:end]` of the document, on `images[image]`.

    The sides are fractions of the picture's width and height, from its upper left corner.
    """

    start: int
    end: int
    image: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """One document. Spans everywhere are Python string indices into `text`.

    >>> from extractor import Document
    >>> Document.from_text("Kebab Haus, total 9,50 EUR", name="note.txt")
    <Document 'note.txt': 26 characters>

    `name` names it within a run (a path relative to the source folder); `sha256` is of the file's bytes,
    or of the UTF-8 text where there was no file. `boxes` are in the order of the text.
    """

    text: str = field(repr=False)
    name: str
    sha256: str
    pages: tuple[Page, ...] = ()
    images: tuple[Image, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    boxes: tuple[Box, ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        counts = {"page": len(self.pages), "table": len(self.tables), "image": len(self.images)}
        parts = [f"{count:,} {name}{'s' * (count != 1)}" for name, count in counts.items() if count]
        return f"<Document {self.name!r}: {', '.join([f'{len(self.text):,} characters', *parts])}>"

    @classmethod
    def from_text(cls, text: str, *, name: str = "text") -> Document:
        """A document that is nothing but text."""
        return cls(text=text, name=name, sha256=sha256(text.encode("utf-8", "surrogatepass")).hexdigest())

    def _repr_html_(self) -> str:
        """A notebook's view: what the document has, and its first lines."""
        facts = {
            "format": self.metadata.get("format"),
            "characters": f"{len(self.text):,}",
            "pages": len(self.pages) or None,
            "tables": len(self.tables) or None,
            "pictures": len(self.images) or None,
            "not read": "; ".join(self.metadata.get("unread", ())) or None,
        }
        text = notebook.text(self.text)
        return notebook.panel(self.name, notebook.table((name, fact) for name, fact in facts.items() if fact), text)

    def page_at(self, offset: int) -> int | None:
        """The number of the page that `offset` stands on, or None where the format has no pages."""
        return next((page.number for page in self.pages if page.start <= offset < page.end), None)

    def boxes_of(self, start: int, end: int) -> list[Box]:
        """Where `text[start:end]` stands on the pictures it was read from: one box a line, none for text of a file.

        A part of a line is placed by its share of the line's characters; of a line that runs up or down, all is boxed.

        >>> Document.from_text("Total 42").boxes_of(6, 8)
        []
        """
        found = []
        first = bisect_right(self.boxes, start, key=lambda box: box.end)
        for box in takewhile(lambda box: box.start < end, islice(self.boxes, first, None)):
            low, high = max(start, box.start), min(end, box.end)
            if low < high:
                level = box.right - box.left > box.bottom - box.top
                step = (box.right - box.left) / (box.end - box.start) if level else 0.0
                left, right = box.left + (low - box.start) * step, box.right - (box.end - high) * step
                found.append(Box(low, high, box.image, left, box.top, right, box.bottom))
        return found
