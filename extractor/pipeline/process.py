"""One document through all its stages, to a Result that says everything about it."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

from extractor.call.effects import Flow, Run
from extractor.documents.document import Document
from extractor.documents.load import sha256_of
from extractor.errors import STOPPING, ExtractorError, InvalidValue, Problem
from extractor.pipeline.result import Result, Status
from extractor.pipeline.stages import STAGES
from extractor.pipeline.work import Drop, Stage, Work
from extractor.wire.values import Usage

__all__ = ["process", "step"]

_LOG = logging.getLogger("extractor")


def process(work: Work, stages: Sequence[Stage]) -> Flow[Result[Any]]:
    """Run the stages in order. What is wrong with this document ends in its Result, never in another's.

    Only STOPPING errors pass through: they are about the whole job.
    """
    result = yield from _through(work, stages)
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
            work = dropped.work or work
            return _failed(work, *_losses(work), Problem("", str(dropped)))
        except ExtractorError as error:
            return _failed(work, Problem("", str(error)))
        except Exception as error:  # a stage of the user's own: the other documents go on, the log has the traceback
            name = getattr(stage, "__name__", repr(stage))
            _LOG.exception("the stage %s failed on %s", name, work.name)
            return _failed(work, Problem("", f"the stage {name} raised {type(error).__name__}: {error}"))
    return _conclude(work)


def step(work: Work, stage: Stage) -> Flow[Work]:
    """The work after one stage, whether that is a function or a flow."""
    # What others wrote may take its time, and must not hold up the other documents or an interrupt.
    done = stage(work) if stage in STAGES else (yield Run(partial(stage, work)))
    return _returned((yield from done) if isinstance(done, Generator) else done)


def _returned(work: Any) -> Work:
    if not isinstance(work, Work):
        raise TypeError(f"a stage returns the changed Work, not {type(work).__name__}")
    return work


def _failed(work: Work, *problems: Problem) -> Result[Any]:
    digest = work.document.sha256 if work.document else sha256(work.content).hexdigest() if work.content else ""
    return Result(document=work.name, sha256=digest, status="failed", problems=problems, **_spending(work))


def _conclude(work: Work) -> Result[Any]:
    losses = (*_losses(work), *work.problems)
    if work.data is None or (work.context.split and not work.data):
        return _failed(work, *(losses or (Problem("", _nothing(work)),)))
    value, invalid = _validated(work)
    conflicts = work.joined.problems if work.joined else ()
    problems = tuple(dict.fromkeys((*losses, *conflicts, *invalid)))
    status: Status = "partial" if problems else "ok"
    return Result(
        document=work.name,
        sha256=work.source.sha256,
        status=status,
        value=value,
        data=work.data,
        evidence=work.evidence,
        confidence=work.confidence,
        problems=problems,
        chunks=len(work.chunks),
        pages=_pages(work.source) if work.context.split else None,
        **_spending(work),
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


def _validated(work: Work) -> tuple[Any, tuple[Problem, ...]]:
    try:
        return work.context.schema.validate(work.data), ()
    except InvalidValue as error:
        return None, error.problems


def _losses(work: Work) -> Iterator[Problem]:
    """What is known to be missing or wrong in what was read."""
    several = len(work.readings.all) > 1
    for reading in work.all_readings:
        where = f"characters {reading.part.start} to {reading.part.end}: " if several else ""
        yield from (Problem(loss.path, f"{where}{loss.message}") for loss in reading.losses)
    for fact in work.joined.facts if work.joined else ():
        if fact.kind == "problem":
            yield Problem(fact.path, fact.value)


def _spending(work: Work) -> dict[str, Any]:
    answers = [answer for reading in work.all_readings for answer in reading.answers]
    retry = [key for reading in work.all_readings for key in reading.retry]
    return {
        "kind": work.kind,
        "attempts": sum(answer.attempts for answer in answers),
        "repairs": tuple(repair for answer in answers for repair in answer.repairs),
        "tool_calls": tuple(call for answer in answers for call in answer.tool_calls),
        "usage": sum((answer.usage for answer in answers), Usage()),
        "retry": tuple(dict.fromkeys(retry or (key for answer in answers for key in answer.requests))),
    }
