"""A document on its way through the stages, and what the stages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from extractor.call.asking import Settings
from extractor.call.effects import Flow
from extractor.documents.document import Document
from extractor.errors import ExtractorError, Problem
from extractor.extraction.answers import Reading
from extractor.extraction.extract import Readings
from extractor.extraction.ground import Span
from extractor.extraction.join import Joined
from extractor.extraction.parts import Layout, Part, Sizes
from extractor.schema.compiler import Schema

__all__ = ["Context", "Drop", "Stage", "Work"]


class Drop(ExtractorError):
    """Raise it in a stage to leave a document out on purpose; the message is the reason.

    >>> from extractor import Drop, Work
    >>> def invoices_only(work: Work) -> Work:
    ...     if "invoice" not in work.source.text.casefold():
    ...         raise Drop("not an invoice")
    ...     return work

    What was paid so far counts. With the `work` of a stage that has asked the model itself, the result also has what is
    known to be missing in the answers.
    """

    def __init__(self, reason: str, work: Work | None = None) -> None:
        super().__init__(reason)
        self.work = work


@dataclass(frozen=True, slots=True)
class Context:
    """What every document of a job shares: what is extracted, how the model is asked, and how much at a time.

    `kinds` are the contexts of the kinds that a document may be of, by name, where the schema is a union. With `split`,
    a file holds several documents, and the schema is a list of them.
    """

    schema: Schema[Any]
    settings: Settings
    sizes: Sizes
    passes: int = 1
    password: str | None = field(default=None, repr=False)
    kinds: Mapping[str, Context] = field(default_factory=dict, repr=False)
    split: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Work:
    """One document and all that is known about it so far. Stages return a changed copy (`dataclasses.replace`).

    >>> from dataclasses import replace
    >>> from extractor import Work
    >>> def without_page_numbers(work: Work) -> Work:
    ...     text = work.source.text.replace("Page", "    ")
    ...     return replace(work, document=replace(work.source, text=text))

    `name` is its name in the run, `path` its file, or `content` its bytes where it is no file of this machine. `load`
    sets the `document`. `chunks` are the parts to ask about; a stage may set the `context` of a part, or replace them.
    `rank` is the document's number in the run: where requests wait, lower ones go first. `readings` are the answers of
    the model, `joined` one value made of them, `data` that value as JSON in the declared shape. `problems` are those
    that stages added.

    Where the schema is a union, `classify` sets the `kind` and the `context` of that kind, and what it read is
    `classified`.
    """

    name: str
    context: Context
    path: Path | None = None
    content: bytes | None = field(default=None, repr=False)
    rank: int = 0
    document: Document | None = None
    chunks: tuple[Part, ...] = ()
    readings: Readings = field(default_factory=Readings)
    joined: Joined | None = None
    data: Any = None
    evidence: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    confidence: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    kind: str | None = None
    classified: tuple[Reading, ...] = ()
    laid_out: Layout | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"<Work {self.name!r}: {len(self.chunks)} parts, {len(self.problems)} problems>"

    @property
    def source(self) -> Document:
        """The loaded document; RuntimeError before `load` has run."""
        if self.document is None:
            raise RuntimeError(f"{self.name}: no document yet; put the `load` stage first")
        return self.document

    @property
    def all_readings(self) -> tuple[Reading, ...]:
        """All that was read in the document."""
        return (*self.classified, *self.readings.all)

    @property
    def layout(self) -> Layout:
        """How the document is divided and shown; what `chunk` measured holds until the document or the sizes change."""
        document, schema, sizes = self.source, self.context.schema, self.context.sizes
        if (known := self.laid_out) and known.document is document and (known.schema, known.sizes) == (schema, sizes):
            return known
        return Layout(document, schema, sizes)

    def with_problems(self, *problems: Problem) -> Work:
        """The same work with further problems, so that the document does not end `ok`."""
        return replace(self, problems=(*self.problems, *problems))


Stage = Callable[[Work], "Work | Flow[Work]"]
"""Takes a Work and returns a changed one, or a flow of effects that does. Raises Drop to leave a document out."""
