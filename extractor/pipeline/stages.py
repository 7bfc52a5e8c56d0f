"""The stages a document passes: load, classify, chunk, extract, merge, ground. Each can be replaced, and others added.

>>> from extractor import Pipeline, Work, stages
>>> from schemas.receipt import Receipt
>>> def check_total(work: Work) -> Work:
...     return work
>>> job = Pipeline(Receipt, "samples/receipts", stages=(*stages.STAGES, check_total))
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from extractor.call.asking import Settings
from extractor.call.effects import Effect, Flow, Run, Send, Together
from extractor.call.endpoint import sees
from extractor.documents.document import Document
from extractor.documents.load import load as load_file
from extractor.documents.load import load_bytes, load_small, sha256_of
from extractor.errors import STOPPING, DocumentError, ExtractorError, InvalidValue, Problem, UsageError, install_hint
from extractor.extraction.answers import Reading
from extractor.extraction.evidence import foreign, grounded
from extractor.extraction.extract import read_document
from extractor.extraction.ground import Span
from extractor.extraction.join import Joined
from extractor.extraction.join import joined as join_readings
from extractor.extraction.kinds import OTHER, ask_kind, kind_layout
from extractor.extraction.parts import Layout, Part, Sizes
from extractor.pipeline.result import Result, many
from extractor.schema.compiler import Schema
from extractor.wire.values import Reply, Usage

__all__ = [
    *("STAGES", "Context", "Drop", "Paid", "Stage", "Work", "as_seen", "chunk", "classify", "extract", "ground"),
    *("load", "merge", "process", "step"),
]

T = TypeVar("T")

_LOG = logging.getLogger("extractor")

_LARGE = 100_000
"""Characters of text past which stages leave the event loop free for other documents."""


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
    readings: tuple[Reading, ...] = ()
    joined: Joined | None = None
    data: Any = None
    evidence: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    confidence: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    kind: str | None = None
    classified: tuple[Reading, ...] = ()
    laid_out: Layout | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"<Work {self.name!r}: {many(len(self.chunks), 'part')}, {many(len(self.problems), 'problem')}>"

    @property
    def source(self) -> Document:
        """The loaded document; RuntimeError before `load` has run."""
        if self.document is None:
            raise RuntimeError(f"{self.name}: no document yet; put the `load` stage first")
        return self.document

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


def load(work: Work) -> Flow[Work]:
    """Read the file. A Work that has its document already keeps it."""
    if work.document is None:
        path, content, password = work.path, work.content, work.context.password
        try:
            if content is not None:
                document: Document = yield Run(partial(load_bytes, content, name=work.name, password=password))
            else:
                assert path is not None
                read_file = partial(load_file, path, name=work.name, password=password)
                document = load_small(path, name=work.name) or (yield Run(read_file))
        except UsageError as error:  # one file that may not be read, or whose format needs an extra
            raise DocumentError(str(error), kind="unreadable") from error
        unread = (Problem("", f"not read: {part}") for part in document.metadata.get("unread", ()))
        work = replace(work, document=document, content=None).with_problems(*unread)
    document, lost = as_seen(work.source, work.context.settings.model)
    work = replace(work, document=document)
    return work.with_problems(*lost) if lost else work


def as_seen(document: Document, model: str) -> tuple[Document, tuple[Problem, ...]]:
    """The document as the model can take it, and a problem where that is not all of it.

    Raises DocumentError where there is nothing but pictures and the model cannot see: no request could be answered.
    """
    if not document.images or sees(model):
        return document, ()
    ways = f"{model} sees none: use a model that sees, or OCR; {install_hint('ocr')}"
    if not document.text or document.text.isspace():
        raise DocumentError(f"{document.name}: there is no text in it, only pictures, and {ways}", kind="no_text")
    lost = len(document.images) - len({box.image for box in document.boxes})
    message = f"not read: {many(lost, 'picture')} beside the text; {ways}"
    return replace(document, images=()), (Problem("", message),) if lost else ()


def classify(work: Work) -> Flow[Work]:
    """Where the schema is a union, ask which kind of document this is, and go on with the schema of that kind alone.

    The question shows the beginning of the document. One that is of none of the kinds is left out.
    """
    context = work.context
    if not context.kinds:
        return work
    layout = kind_layout(context.schema.kinds, work.source, context.sizes)
    kind, readings = yield from ask_kind(layout, context.settings, rank=work.rank)
    work = replace(work, kind=kind, classified=readings)
    if kind and kind in context.kinds:
        return replace(work, context=context.kinds[kind])
    if not readings:
        raise Drop("the document holds no text", work)
    none = f"it is none of {', '.join(context.kinds)}"
    raise Drop(none if kind == OTHER else "no answer says what kind of document it is", work)


def chunk(work: Work) -> Work:
    """Divide the document into parts whose rows fit one answer each."""
    if work.context.kinds:
        raise UsageError("a union of several schemas needs the stage `classify` before `chunk`")
    layout = work.layout
    return replace(work, chunks=layout.parts(), laid_out=layout)


def extract(work: Work) -> Flow[Work]:
    """Ask the model about the document and about every part, concurrently."""
    context = work.context
    reading = read_document(
        context.schema, work.layout, work.chunks, context.settings, passes=context.passes, rank=work.rank
    )
    return replace(work, readings=(yield from reading))


def merge(work: Work) -> Work:
    """Make one value of all answers, joined by place."""
    found = join_readings(work.context.schema, work.readings)
    return work if found is None else replace(work, joined=found, data=found.value)


def ground(work: Work) -> Work:
    """Find where in the document every value is, and rate its confidence."""
    joined = work.joined
    if work.data is None or joined is None:
        return work
    evidence, confidence = grounded(
        work.context.schema, work.source, work.data, joined, bound=work.context.settings.bound
    )
    work = replace(work, evidence=evidence, confidence=confidence)
    answers = [answer for reading in work.readings for answer in reading.answers]
    results = "\n".join(call.result for answer in answers for call in answer.tool_calls)
    problems = foreign(work.context.schema, work.source, work.data, joined, evidence, results)
    return work.with_problems(*problems) if problems else work


STAGES: tuple[Stage, ...] = (load, classify, chunk, extract, merge, ground)
"""The stages of a Pipeline by default."""


# ------------------------------------------------------------------------- a document through its stages


def process(work: Work, stages: Sequence[Stage], paid: Paid | None = None) -> Flow[Result[Any]]:
    """Run the stages in order. What is wrong with this document ends in its Result, never in another's.

    Only STOPPING errors pass through: they are about the whole job. Each request that a stage makes is counted, and
    added to `paid`.
    """
    paid = paid or Paid()
    result: Result[Any] = yield from paid.counting(_through(work, stages))
    result = replace(
        result, usage=paid.replies + paid.failed, attempts=paid.attempts, retry=result.retry or tuple(paid.keys)
    )
    if work.path is None or result.sha256:
        return result
    path = work.path  # of a file that could not be loaded
    return replace(result, sha256=(yield Run(lambda: sha256_of(path))))


def _through(work: Work, stages: Sequence[Stage]) -> Flow[Result[Any]]:
    for stage in stages:
        try:
            work = yield from step(work, stage)
        except STOPPING:
            raise
        except Drop as dropped:
            return _concluded(dropped.work or work, Problem("", str(dropped)))
        except ExtractorError as error:
            return _concluded(work, Problem("", str(error)))
        except Exception as error:  # a stage of the user's own: the other documents go on, the log has the traceback
            name = getattr(stage, "__name__", repr(stage))
            _LOG.exception("the stage %s failed on %s", name, work.name)
            return _concluded(work, Problem("", f"the stage {name} raised {type(error).__name__}: {error}"))
    return _concluded(work)


@dataclass(slots=True)
class Paid:
    """What the requests of a flow cost, each reply once: one that is stored costs nothing more the second time.

    `keys` are those of the replies, in order; of those that are there from the beginning nothing is counted. `failed`
    is what requests cost that came to nothing.
    """

    keys: dict[str, None] = field(default_factory=dict)
    replies: Usage = field(default_factory=Usage)
    failed: Usage = field(default_factory=Usage)
    attempts: int = 0

    def counting(self, flow: Flow[T]) -> Flow[T]:
        """A flow, with the cost of each of its requests added."""
        resume: Callable[[Any], Effect] = flow.send
        value: Any = None
        with closing(flow):
            while True:
                try:
                    effect = resume(value)
                except StopIteration as stop:
                    return stop.value  # type: ignore[no-any-return]
                if isinstance(effect, Together):
                    effect = Together(tuple(self.counting(each) for each in effect.flows))
                try:
                    resume, value = flow.send, (yield effect)
                except Exception as error:
                    resume, value = flow.throw, error
                if not isinstance(effect, Send):
                    continue
                self.attempts += 1
                if not isinstance(value, Reply):
                    self.failed += getattr(value, "usage", None) or Usage()
                elif not (value.reused and effect.request.key in self.keys):
                    self.keys[effect.request.key] = None
                    self.replies += value.usage or Usage(cost_usd=None)


def step(work: Work, stage: Stage) -> Flow[Work]:
    """The work after one stage, whether that is a function or a flow."""
    # What others wrote, and a large document, may take their time, and must not hold up others or an interrupt.
    large = work.document is not None and len(work.document.text) > _LARGE
    done = (yield Run(partial(stage, work))) if large or stage not in STAGES else stage(work)
    if isinstance(done, Generator):
        done = yield from done
    if not isinstance(done, Work):
        raise TypeError(f"a stage returns the changed Work, not {type(done).__name__}")
    return done


def _concluded(work: Work, *reasons: Problem) -> Result[Any]:
    """The result of a document. It has no value where there are `reasons` for that, or where nothing was extracted."""
    problems, value = [*_losses(work), *work.problems], None
    found = not reasons and work.data is not None and (work.data or not work.context.split)
    if found:
        problems += work.joined.problems if work.joined else ()
        try:
            value = work.context.schema.validate(work.data)
        except InvalidValue as error:
            problems += error.problems
    else:
        problems += reasons or (() if problems else (Problem("", _nothing(work)),))
        work = replace(work, data=None, evidence={}, confidence={})
    readings = (*work.classified, *work.readings)
    answers = [answer for reading in readings for answer in reading.answers]
    return Result(
        document=work.name,
        sha256=work.document.sha256 if work.document else sha256(work.content).hexdigest() if work.content else "",
        status="failed" if not found else "partial" if problems else "ok",
        value=value,
        data=work.data,
        evidence=work.evidence,
        confidence=work.confidence,
        problems=tuple(dict.fromkeys(problems)),
        chunks=len(work.chunks),
        pages=_pages(work.source) if found and work.context.split else None,
        kind=work.kind,
        repairs=tuple(repair for answer in answers for repair in answer.repairs),
        tool_calls=tuple(call for answer in answers for call in answer.tool_calls),
        retry=tuple(dict.fromkeys(key for reading in readings for key in reading.retry)),  # empty for all requests
    )


def _nothing(work: Work) -> str:
    empty = work.document is not None and not work.document.text.strip()
    if empty:
        return "the document holds no text"
    return "no document was found in the file" if work.context.split else "no stage extracted anything"


def _pages(document: Document) -> tuple[int, int] | None:
    """The numbers of the first and the last page."""
    numbers = [page.number for page in document.pages]
    numbers += [image.page for image in document.images if image.page is not None]
    return (min(numbers), max(numbers)) if numbers else None


def _losses(work: Work) -> Iterator[Problem]:
    """What is known to be missing or wrong in what was read."""
    several = len(work.readings) > 1
    for reading in (*work.classified, *work.readings):
        where = f"characters {reading.part.start} to {reading.part.end}: " if several else ""
        yield from (Problem(loss.path, f"{where}{loss.message}") for loss in reading.losses)
    for fact in work.joined.facts if work.joined else ():
        if fact.kind == "problem":
            yield Problem(fact.path, fact.value)
