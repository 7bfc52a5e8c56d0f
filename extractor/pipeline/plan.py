"""How much text a request may carry, so that both the window and the answer hold it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Any

from extractor.documents.chunks import Chunk, split
from extractor.documents.document import Document
from extractor.documents.tokens import count_tokens
from extractor.errors import UsageError
from extractor.pipeline.pictures import picture_chunks
from extractor.schema.compiler import Schema

__all__ = ["Cut", "Planner"]

Cut = tuple[int, int, str]
"""A chunk as the journal keeps it: start, end, and the context told with it."""

_FILL = 0.8
"""How full a planned answer may be: denser stretches than the measured ones must still fit."""

_FIRST_GUESS = 0.5
"""Answer tokens for each token of text, for schemas with lists of objects, until it was measured."""

_SMALLEST = 400
"""Tokens of text below which asking costs more in instructions than it gains."""


class Planner:
    """Decides how large chunks are, and learns from the answers. Shared by all documents of a job.

    `window` and `max_output` are in tokens; `overhead` is what instructions and schema take of the window.
    """

    def __init__(self, schema: Schema[Any], *, overhead: int, window: int, max_output: int) -> None:
        self.room = window - overhead - max_output
        if self.room < _SMALLEST:
            raise UsageError(
                f"the schema and {max_output} tokens of answer leave no room for text in a window of {window} tokens; "
                "lower --max-output-tokens or split the schema"
            )
        self.max_output, self.overhead = max_output, overhead
        self.identity = f"{schema.fingerprint}:{window}:{max_output}"
        self._lists = _has_object_lists(schema.wire)
        self._seen: deque[float] = deque([_FIRST_GUESS], maxlen=64)
        self._lock = Lock()

    def budget(self) -> int:
        """Tokens of text for one chunk."""
        if not self._lists:
            return self.room
        with self._lock:
            density = sorted(self._seen)[int(0.9 * (len(self._seen) - 1))]
        return max(_SMALLEST, min(self.room, int(_FILL * self.max_output / max(density, 0.001))))

    def output(self, text_tokens: int) -> int:
        """Answer tokens to expect for that much text, no more than an answer may hold."""
        if not self._lists:
            return min(self.max_output, 600)
        with self._lock:
            return min(self.max_output, int(text_tokens * sum(self._seen) / len(self._seen)) + 50)

    def learn(self, text_tokens: int, answer_tokens: int) -> None:
        """Take in how long the answer about so much text was."""
        if text_tokens >= _SMALLEST:
            with self._lock:
                self._seen.append(answer_tokens / text_tokens)

    def cut(self, document: Document) -> tuple[Chunk, ...]:
        """Chunks that fit both budgets, as measured so far, and those that hold pictures alone."""
        texts = split(document, self.budget()) if document.text and not document.text.isspace() else ()
        return picture_chunks(document, texts)

    def cuts(self, chunks: Sequence[Chunk]) -> list[Cut]:
        """What to keep of chunks so that `recut` makes them again."""
        return [(chunk.start, chunk.end, chunk.context) for chunk in chunks]

    def recut(self, document: Document, cuts: Sequence[Cut]) -> tuple[Chunk, ...]:
        """The chunks that an earlier run made of the same document."""
        return tuple(
            Chunk(index, start, end, document.text[start:end], context, count_tokens(document.text[start:end]))
            for index, (start, end, context) in enumerate(cuts)
        )


def _has_object_lists(wire: Any) -> bool:
    """Whether an answer grows with the text: a list of objects anywhere in the schema."""
    if isinstance(wire, list):
        return any(map(_has_object_lists, wire))
    if not isinstance(wire, dict):
        return False
    items = wire.get("items")
    if isinstance(items, dict) and ("$ref" in items or "properties" in items or "anyOf" in items):
        return True
    return any(map(_has_object_lists, wire.values()))
