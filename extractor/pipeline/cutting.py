"""The chunks of one document, cut anew while they are asked about, as the answers tell how much each may hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Lock

from extractor.documents.chunks import Chunk, Cutter
from extractor.documents.document import Document
from extractor.documents.tokens import count_tokens
from extractor.pipeline.journal import Journal
from extractor.pipeline.pictures import picture_chunks
from extractor.pipeline.plan import Planner

__all__ = ["HEADINGS", "Cutting", "planned"]

HEADINGS = 100
"""Tokens of headings that even a small chunk is told: without them its records may belong to nothing."""

_OFF = 1.25
"""How far the measured density may drift from the planned one before the rest is cut anew."""


def planned(document: Document, planner: Planner) -> tuple[Chunk, ...]:
    """The chunks of a document as things stand, and those that hold pictures alone."""
    text = document.text
    texts = tuple(Cutter(document).chunks(planner.budget(), headings=HEADINGS)) if text and not text.isspace() else ()
    return picture_chunks(document, texts)


class Cutting:
    """Hands out the chunks of a document in order. Safe to share between threads.

    What is handed out is journalled first, so that a later run asks the very same questions; the rest may still be
    cut in another way. `chunks` are all of them, as things stand.
    """

    def __init__(self, document: Document, planner: Planner, journal: Journal | None) -> None:
        self._document, self._planner, self._journal = document, planner, journal
        self._cutter = Cutter(document)
        self._lock = Lock()
        self._taken = 0
        kept = tuple(self._kept())
        self._fixed, self.chunks = len(kept), kept
        self._cut_rest()

    def take(self) -> Chunk | None:
        """The next chunk to ask about; None when there are no more."""
        with self._lock:
            if self._taken >= max(1, self._fixed) and self._is_off():
                self._cut_rest()
            if self._taken == len(self.chunks):
                return None
            chunk = self.chunks[self._taken]
            if self._taken >= self._fixed:
                self._keep(chunk)
            self._taken += 1
            return chunk

    def parts(self, chunk: Chunk, start: int, budget: int) -> list[Chunk]:
        """The chunk from an offset on in smaller ones, which keep its index."""
        with self._lock:
            cut = list(self._cutter.chunks(budget, start, chunk.end, headings=HEADINGS))
        return [replace(one, index=chunk.index) for one in cut]

    def _cut_rest(self) -> None:
        """Cut what was not handed out yet by the measures of now."""
        done = self.chunks[: max(self._taken, self._fixed)]
        texts = [chunk for chunk in done if chunk.start < chunk.end]
        self._budget = self._planner.budget()
        if len(texts) == len(done) and not self._document.text.isspace():
            begin = texts[-1].end if texts else 0
            texts += self._cutter.chunks(self._budget, begin, headings=HEADINGS, index=len(texts))
        self.chunks = picture_chunks(self._document, texts)

    def _is_off(self) -> bool:
        budget = self._planner.budget()
        return not self._budget / _OFF <= budget <= self._budget * _OFF

    # -- what earlier runs asked about

    def _keep(self, chunk: Chunk) -> None:
        if self._journal:
            cut = (chunk.start, chunk.end, chunk.context)
            self._journal.keep_plan(*self._place(chunk.index), [cut])

    def _kept(self) -> Iterator[Chunk]:
        index, text = 0, self._document.text
        while self._journal and (cut := self._journal.plan(*self._place(index))) is not None:
            start, end, context = cut[0]
            yield Chunk(index, start, end, text, context, count_tokens(text[start:end]), 0)
            index += 1

    def _place(self, index: int) -> tuple[str, str, str]:
        return self._document.name, self._document.sha256, f"{self._planner.identity}#{index}"
