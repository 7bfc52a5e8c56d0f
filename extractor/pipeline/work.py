"""A document on its way through the stages, and what the stages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.call.asking import Answer, Settings
from extractor.call.effects import Flow
from extractor.documents.chunks import Chunk
from extractor.documents.document import Document
from extractor.errors import ExtractorError, Problem
from extractor.extraction.ground import Span
from extractor.merge.merge import Merged
from extractor.pipeline.cutting import Cutting
from extractor.pipeline.given import Given
from extractor.pipeline.journal import Journal
from extractor.pipeline.plan import Planner
from extractor.schema.compiler import Schema
from extractor.schema.excerpt import excerpt
from extractor.wire.values import Usage

__all__ = ["Context", "Drop", "Piece", "Stage", "Work"]


class Drop(ExtractorError):
    """Raised by a stage to leave a document out on purpose; the message is kept as the reason."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every document of a job shares. `anew`: answers that are kept and fell short are asked for once more."""

    schema: Schema[Any]
    settings: Settings
    planner: Planner
    journal: Journal | None = None
    password: str | None = field(default=None, repr=False)
    anew: bool = False

    def asked(self, *, whole: bool) -> Schema[Any]:
        """The schema to ask with: a part of a document need not say everything that the whole must."""
        return self.schema if whole else excerpt(self.schema)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the document and what the model said of it; `merged` is what several readings came to."""

    chunk: Chunk
    answer: Answer
    merged: Merged | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """One document and all that is known of it so far. Stages return a changed copy (`dataclasses.replace`).

    `cutting` hands out the chunks, and may cut those anew that were not asked about yet; a stage that changes `chunks`
    puts an end to that. `rank` is the document's number in its run, whose first go first. `data` is the merged
    JSON in the declared shape; `problems` are those that stages added.
    """

    name: str
    context: Context
    path: Path | None = None
    rank: int = 0
    document: Document | None = None
    chunks: tuple[Chunk, ...] = ()
    cutting: Cutting | Given | None = None
    pieces: tuple[Piece, ...] = ()
    spent: Usage = field(default_factory=Usage)
    merged: Merged | None = None
    data: Any = None
    evidence: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    confidence: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def source(self) -> Document:
        """The loaded document; a stage that needs it must stand after `load`."""
        if self.document is None:
            raise RuntimeError(f"{self.name}: no document yet; put the `load` stage first")
        return self.document


Stage = Callable[[Work], "Work | Flow[Work]"]
"""A step: takes a Work and returns a changed one, or a flow of effects that does. Raise Drop to leave one out."""
