"""The stages a document passes: load, chunk, extract, merge, ground. Each may be replaced or added to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from extractor.call.effects import Flow, Run, Together
from extractor.documents.chunks import Chunk
from extractor.documents.document import Document
from extractor.documents.load import load as load_file
from extractor.documents.load import load_small
from extractor.errors import STOPPING, DocumentError, ExtractorError, Problem, UsageError
from extractor.merge.ground import ground as ground_value
from extractor.merge.merge import merge as merge_parts
from extractor.pipeline.cutting import Cutting
from extractor.pipeline.given import Given
from extractor.pipeline.reading import read, reread
from extractor.pipeline.sight import as_seen
from extractor.pipeline.sureness import said, sureness
from extractor.pipeline.work import Piece, Stage, Work

__all__ = ["STAGES", "chunk", "extract", "ground", "load", "merge"]

_LARGE = 100_000
"""Characters of text past which grounding leaves the event loop free for other documents."""


def load(work: Work) -> Flow[Work]:
    """Read the file; a document that was handed over already stays as it is."""
    if work.document is None:
        assert work.path is not None
        read_file = partial(load_file, work.path, name=work.name, password=work.context.password)
        try:
            document: Document = load_small(work.path, name=work.name) or (yield Run(read_file))
        except UsageError as error:  # one file that may not be read, or whose format needs an extra
            raise DocumentError(str(error), kind="unreadable") from error
        unread = tuple(Problem("", f"not read: {part}") for part in document.metadata.get("unread", ()))
        work = replace(work, document=document, problems=(*work.problems, *unread))
    document, lost = as_seen(work.source, work.context.settings.model)
    return replace(work, document=document, problems=(*work.problems, *lost))


def chunk(work: Work) -> Work:
    """Cut the text to what one request and one answer can hold; cuts made by an earlier run are kept."""
    cutting = Cutting(work.source, work.context.planner, work.context.journal)
    return replace(work, chunks=cutting.chunks, cutting=cutting)


def extract(work: Work) -> Flow[Work]:
    """Ask the model about every chunk, many at once; the first alone while nobody knows how long answers are."""
    cutting = work.cutting
    if cutting is None or cutting.chunks is not work.chunks:  # a stage changed them: they are not to be cut anew
        cutting = Given(work.source, work.chunks)
        work = replace(work, cutting=cutting)
    lanes = min(len(work.chunks), work.context.planner.at_once)
    told: dict[int, list[Piece]] = {}
    if lanes > 1 and not work.context.planner.measured and (first := cutting.take()):
        told[first.index] = yield from read(work, first)
    stopped: list[ExtractorError] = []
    yield Together(tuple(_lane(work, cutting.take, told, stopped) for _ in range(lanes)))
    if stopped:
        raise stopped[0]
    pieces = [piece for index in sorted(told) for piece in told[index]]
    pieces = yield from reread(work, pieces)
    return replace(work, chunks=cutting.chunks, pieces=tuple(pieces))


def _lane(
    work: Work, take: Callable[[], Chunk | None], told: dict[int, list[Piece]], stopped: list[ExtractorError]
) -> Flow[None]:
    """Ask about one chunk after another until there are no more, or the job was stopped; what others asked may end."""
    while not stopped and (part := take()) is not None:
        try:
            told[part.index] = yield from read(work, part)
        except STOPPING as error:
            stopped.append(error)


def merge(work: Work) -> Work:
    """Make one value of what was said about the chunks."""
    parts = [said(work.context.schema, piece) for piece in work.pieces if piece.answer.value is not None]
    if not parts:
        return work
    merged = merge_parts(work.context.schema, parts)
    return replace(work, merged=merged, data=merged.value)


def ground(work: Work) -> Flow[Work]:
    """Find where every value stands in the text, and how sure that makes it."""
    if work.data is None or work.merged is None:
        return work
    if work.context.journal:
        work.context.journal.keep_text(work.name, work.source.text)
    find = partial(_ground, work)
    return (yield Run(find)) if len(work.source.text) > _LARGE else find()


def _ground(work: Work) -> Work:
    merged, document = work.merged, work.source
    assert merged is not None
    evidence = ground_value(
        work.data,
        document.text,
        schema=work.context.schema,
        regions=merged.regions if len(work.pieces) > 1 else None,
        quotes=merged.quotes,
        pages=document.pages,
    )
    work = replace(work, evidence=evidence)
    return replace(work, confidence=sureness(work))


STAGES: tuple[Stage, ...] = (load, chunk, extract, merge, ground)
"""What a Pipeline does with each document unless it is told otherwise."""
