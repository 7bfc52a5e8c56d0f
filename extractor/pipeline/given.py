"""The chunks that a stage of the user's own made: asked about as they are, and never cut anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from extractor.documents.chunks import Chunk, Cutter
from extractor.documents.document import Document
from extractor.pipeline.cutting import HEADINGS

__all__ = ["Given"]

_ROOMY = 1_000_000  # tokens, in which every heading above has its place


class Given:
    """Hands out chunks in order, in place of a Cutting. Safe to share between threads."""

    def __init__(self, document: Document, chunks: Sequence[Chunk]) -> None:
        self.chunks = tuple(chunks)
        self._document, self._left = document, iter(self.chunks)
        self._cutter: Cutter | None = None
        self._lock = Lock()

    def take(self) -> Chunk | None:
        """The next chunk to ask about; None when there are no more."""
        with self._lock:
            return next(self._left, None)

    def parts(self, chunk: Chunk, start: int, budget: int) -> list[Chunk]:
        """The chunk from an offset on in smaller ones, which keep its index and what it was told beside the
        headings of the document; of those each part has its own, unless the chunk has a text of its own."""
        with self._lock:
            if chunk.source is self._document.text:
                self._cutter = self._cutter or Cutter(self._document)
                cut = list(self._cutter.chunks(budget, start, chunk.end, headings=HEADINGS))
                known = next(self._cutter.chunks(_ROOMY, chunk.start, chunk.end)).context.split("\n")
                above = [line for line in chunk.context.split("\n") if line not in known]
                return [replace(part, index=chunk.index, context=_lines(*above, part.context)) for part in cut]
            cut = list(Cutter(chunk.text).chunks(budget, start - chunk.start))
        return [
            Chunk(
                chunk.index,
                chunk.start + part.start,
                chunk.start + part.end,
                part.text,
                _lines(chunk.context, part.context),
                part.tokens,
            )
            for part in cut
        ]


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))
