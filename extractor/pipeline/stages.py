"""The stages a document passes: load, classify, chunk, extract, merge, ground. Each can be replaced, and others added.

>>> from extractor import Pipeline, Work, stages
>>> from schemas.receipt import Receipt
>>> def check_total(work: Work) -> Work:
...     return work
>>> job = Pipeline(Receipt, "samples/receipts", stages=(*stages.STAGES, check_total))
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from extractor.call.effects import Flow, Run
from extractor.documents.document import Document
from extractor.documents.load import load as load_file
from extractor.documents.load import load_bytes, load_small
from extractor.errors import DocumentError, Problem, UsageError
from extractor.extraction.evidence import foreign, grounded
from extractor.extraction.extract import read_document
from extractor.extraction.join import joined as join_readings
from extractor.extraction.kinds import OTHER, ask_kind, kind_layout
from extractor.pipeline.sight import as_seen
from extractor.pipeline.work import Drop, Stage, Work

__all__ = ["STAGES", "chunk", "classify", "extract", "ground", "load", "merge"]

_LARGE = 100_000
"""Characters of text past which grounding leaves the event loop free for other documents."""


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
    return replace(work, document=document).with_problems(*lost)


def classify(work: Work) -> Flow[Work]:
    """Where the schema is a union, ask which kind of document this is, and go on with the schema of that kind alone.

    The question shows the beginning of the document. One that is of none of the kinds is left out.
    """
    context = work.context
    if not context.kinds:
        return work
    layout = kind_layout(context.schema.kinds, work.source, context.sizes)
    kind, readings = yield from ask_kind(layout, context.settings, rank=work.rank)
    work = replace(work, kind=kind, classified=readings.all)
    if kind and kind in context.kinds:
        return replace(work, context=context.kinds[kind])
    if not readings.all:
        raise Drop("the document holds no text", work)
    none = f"it is none of {', '.join(context.kinds)}"
    raise Drop(none if kind == OTHER else "no answer says what kind of document it is", work)


def chunk(work: Work) -> Work:
    """Divide the document into parts whose rows fit one answer each."""
    if work.context.kinds:
        raise UsageError("a union of several schemas needs the stage `classify` before `chunk`")
    return replace(work, chunks=work.layout.parts())


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


def ground(work: Work) -> Flow[Work]:
    """Find where in the document every value is, and rate its confidence."""
    if work.data is None or work.joined is None:
        return work
    find = partial(_ground, work)
    return (yield Run(find)) if len(work.source.text) > _LARGE else find()


def _ground(work: Work) -> Work:
    joined = work.joined
    assert joined is not None
    evidence, confidence = grounded(
        work.context.schema, work.source, work.data, joined, bound=work.context.settings.bound
    )
    work = replace(work, evidence=evidence, confidence=confidence)
    answers = [answer for reading in work.readings.all for answer in reading.answers]
    results = "\n".join(call.result for answer in answers for call in answer.tool_calls)
    return work.with_problems(*foreign(work.context.schema, work.source, work.data, joined, evidence, results))


STAGES: tuple[Stage, ...] = (load, classify, chunk, extract, merge, ground)
"""The stages of a Pipeline by default."""
