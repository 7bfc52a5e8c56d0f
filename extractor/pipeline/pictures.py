"""Which pictures of a document go with which request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from extractor.documents.chunks import Chunk
from extractor.documents.document import Document, Image
from extractor.wire.images import image_size, image_tokens

__all__ = ["picture_chunks", "pictures_of"]

_TOKENS = 60_000
_BYTES = 7_000_000
"""What the pictures of one request may take: a body of under 10 MB once they are written as text."""


def picture_chunks(document: Document, texts: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """The chunks of a document with those that hold nothing but pictures.

    One request shows text and pictures together where both fit; else the pictures follow in requests of their own.
    """
    groups = list(_groups(document.images))
    if not groups or (len(texts) == 1 and len(groups) == 1):
        return tuple(texts)
    return (*texts, *(_blind(document, group, len(texts) + number) for number, group in enumerate(groups)))


def pictures_of(document: Document, chunks: Sequence[Chunk], chunk: Chunk) -> tuple[Image, ...]:
    """The pictures to show with one of a document's chunks."""
    if not document.images:
        return ()
    if len(chunks) == 1:
        return document.images
    blind = [one.index for one in chunks if one.start == one.end]
    return tuple(list(_groups(document.images))[blind.index(chunk.index)]) if chunk.index in blind else ()


def _groups(images: Sequence[Image]) -> Iterator[list[Image]]:
    """Pictures in order, as many together as one request may hold."""
    group: list[Image] = []
    tokens = size = 0
    for image in images:
        cost = image_tokens(*image_size(image.data))
        if group and (tokens + cost > _TOKENS or size + len(image.data) > _BYTES):
            yield group
            group, tokens, size = [], 0, 0
        group.append(image)
        tokens, size = tokens + cost, size + len(image.data)
    if group:
        yield group


def _blind(document: Document, images: Sequence[Image], index: int) -> Chunk:
    """A chunk without text; it stands where the first of its pages does."""
    starts = {page.number: page.start for page in document.pages}
    start = next((starts[image.page] for image in images if image.page in starts), 0)
    cost = sum(image_tokens(*image_size(image.data)) for image in images)
    return Chunk(index, start, start, "", "", cost)
