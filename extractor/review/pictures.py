"""Thumbnails of the pictures that values were read from, for a review page that shows where on them they stand."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from extractor.documents.document import Image
from extractor.errors import DocumentError, UsageError

__all__ = ["is_read_from_picture", "thumbnails"]

_SIDE = 1000  # pixels of the longer side, at which small print is just legible


def is_read_from_picture(line: Mapping[str, Any]) -> bool:
    """Whether a line of evidence says that its value was read from a picture."""
    return line["tier"] == "page" or "box" in line


def thumbnails(
    path: Path | None, sha256: str, pages: Iterable[int | None], *, most: int
) -> tuple[list[dict[str, Any]], str]:
    """The pictures of these pages of a file, and a line about what is left out, "" for nothing.

    They are `{"page", "width", "height", "data"}`, `data` a JPEG in base64; all of them together are at most `most`
    characters. A page number that several pictures have names none of them. A file that is another one now, by its
    SHA-256, has no pictures to show. EXTRACTOR_PASSWORD opens what is encrypted.
    """
    from extractor.documents.load import load

    if path is None or not path.exists():
        return [], f"The pictures are not shown: {path or 'the source'} is not there."
    try:
        document = load(path, ocr="off")
    except (DocumentError, UsageError) as error:
        return [], f"The pictures are not shown: {error}"
    if document.sha256 != sha256:
        return [], f"The pictures are not shown: {path} has changed since the run."
    of_page: dict[int | None, list[Image]] = {}
    for image in document.images:
        of_page.setdefault(image.page, []).append(image)
    found: list[dict[str, Any]] = []
    nameless = full = 0
    for page in sorted(set(pages), key=lambda page: page or 0):
        images = of_page.get(page, [])
        if len(images) != 1:
            nameless += 1
        elif most > 0 and (most := most - len((picture := _thumbnail(images[0]))["data"])) >= 0:
            found.append({"page": page, **picture})
        else:
            full += 1
    return found, _left_out(nameless, full)


def _left_out(nameless: int, full: int) -> str:
    """What a reader is told of pages whose pictures cannot be told apart, and of those that there is no room for."""
    reasons = {"without just one picture": nameless, "that there is no room for": full}
    return " ".join(f"Not shown: {count} page{'s' * (count > 1)} {why}." for why, count in reasons.items() if count)


def _thumbnail(image: Image) -> dict[str, Any]:
    from extractor.documents.formats.pictures import thumbnail

    data, width, height = thumbnail(image, _SIDE)
    return {"width": width, "height": height, "data": b64encode(data).decode()}
