"""Pages as pictures, with boxes around what was read there."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from extractor.documents.document import Document, Image
from extractor.documents.sniff import sniff
from extractor.errors import DocumentError, ExtractorError, UsageError
from extractor.review.view import Mark
from extractor.sources.files import Entry
from extractor.sources.storage import opened
from extractor.sources.urls import public_url

__all__ = ["has_pages", "page_of", "thumbnails"]

_SIDE = 1000  # pixels of the longer side of a thumbnail, at which small print is just legible
_HEAD = 4096

Placed = tuple[int | None, Mark]
"""The page that a line of evidence names, and its mark in the text."""


def has_pages(place: str | None) -> bool:
    """Whether every page of a document can be looked at: it is there, and a PDF or a picture."""
    try:
        if place is None:
            return False
        with opened(place) as file:
            return sniff(file.read(_HEAD), place.rpartition("/")[2]) in ("image", "pdf")
    except ExtractorError:
        return False


def page_of(
    place: str | None,
    sha256: str,
    page: int | None,
    *,
    text: str | None,
    marks: Sequence[Placed],
    side: int | None = None,
) -> dict[str, Any]:
    """A page of a document: `{"page", "pages", "width", "height", "data", "boxes"}`; UsageError says why there is none.

    `place` is its path or URL. `data` is a data: URL. `boxes` are `[mark, left, top, right, bottom]` in fractions of
    the picture, for the marks of the page in `text`. With `side` the picture is a JPEG of at most so many pixels. A
    file that is another one now, by its SHA-256, has no picture to show. EXTRACTOR_PASSWORD opens what is encrypted.
    """
    name = PurePath(public_url(place or "the source")).name
    entry = Entry(name, place or "")
    if place is None or (entry.path and not entry.path.exists()):
        raise UsageError(f"{name} is not there")
    try:
        document = entry.load(ocr="off", page=page or 1)
    except DocumentError as error:
        raise UsageError(str(error)) from error
    if document.sha256 != sha256:
        raise UsageError(f"{name} has changed since the run")
    images = [image for image in document.images if image.page == page]
    if len(images) != 1:
        raise UsageError(f"page {page or '?'} is not one picture")
    own = [mark for number, mark in marks if number == page]
    boxes = list(_boxes(document, text, own)) if text and document.boxes else []
    return {"page": page, "pages": document.metadata.get("pages"), **_picture(images[0], side), "boxes": boxes}


def _boxes(page: Document, text: str, marks: Sequence[Mark]) -> Iterator[list[float]]:
    """The boxes of marks on the page that `page` is the text of, where the whole text has it as it is."""
    start = _start(page.text.strip(), text, marks)
    if start is None:
        return
    by = start - (len(page.text) - len(page.text.lstrip()))
    for low, high, number in marks:
        for box in page.boxes_of(low - by, high - by):
            yield [number, *(round(side, 4) for side in box[3:])]


def _start(part: str, text: str, marks: Sequence[Mark]) -> int | None:
    """Where a page begins in the text: of several equal pages, the one that its marks are in."""
    at = text.find(part) if part and marks else -1
    while at >= 0:
        if any(at <= low < at + len(part) for low, _, _ in marks):
            return at
        at = text.find(part, at + 1)
    return None


def _picture(image: Image, side: int | None) -> dict[str, Any]:
    from extractor.documents.formats.pictures import size_of, thumbnail

    if side is None:
        (width, height), kind, data = size_of(image), image.media_type, image.data
    else:
        data, width, height = thumbnail(image, side)
        kind = "image/jpeg"
    return {"width": width, "height": height, "data": f"data:{kind};base64,{b64encode(data).decode()}"}


def thumbnails(
    place: str | None,
    sha256: str,
    pages: Iterable[int | None],
    *,
    most: int,
    text: str | None = None,
    marks: Sequence[Placed] = (),
) -> tuple[list[dict[str, Any]], str]:
    """The pictures of these pages, and a line about what is left out, "" for nothing.

    All of them together are at most `most` characters.
    """
    found: list[dict[str, Any]] = []
    reasons: Counter[str] = Counter()
    for page in sorted(set(pages), key=lambda page: page or 0):
        why = "there is no room for more"
        if most > 0:
            try:
                picture = page_of(place, sha256, page, text=text, marks=marks, side=_SIDE)
                most -= len(picture["data"])
                if most >= 0:
                    found.append(picture)
                    continue
            except UsageError as error:
                why = str(error)
        reasons[why] += 1
    return found, "; ".join(f"{count} page{'s' * (count > 1)} not shown: {why}" for why, count in reasons.items())
