"""Asking about one chunk until its answer is whole: where it did not fit, its halves are asked instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import Any

from extractor.call.asking import Answer, Asking
from extractor.call.conversation import converse
from extractor.call.effects import Flow, Together
from extractor.documents.chunks import Chunk, split
from extractor.errors import TooLong, TooSlow
from extractor.pipeline.pictures import pictures_of
from extractor.pipeline.rounds import first_round, in_rounds
from extractor.pipeline.work import Piece, Work
from extractor.schema.pointer import get

__all__ = ["read", "short_lists"]

_INDIVISIBLE = 200
"""Tokens of text below which halving would cut single records apart."""


def read(work: Work, chunk: Chunk) -> Flow[list[Piece]]:
    """Pieces that cover the chunk; an answer that was given up for its halves stays as a piece without value."""
    piece = yield from _ask(work, chunk)
    if not _asks_for_less(piece.answer) or not _divisible(chunk):
        return [piece]
    pieces: list[list[Piece]] = yield Together(tuple(read(work, half) for half in _halve(chunk)))
    return [_given_up(piece), *chain.from_iterable(pieces)]


def short_lists(answer: Answer) -> dict[str, tuple[int, int]]:
    """Lists that hold fewer items than the model said it saw: {pointer: (items, stated)}."""
    return {
        path: (_length(answer.value, path), stated)
        for path, stated in answer.counts.items()
        if _length(answer.value, path) < stated
    }


def _ask(work: Work, chunk: Chunk) -> Flow[Piece]:
    context, document = work.context, work.source
    asking = Asking(
        schema=context.asked(whole=len(work.chunks) == 1 and len(chunk.text) == len(document.text)),
        text=chunk.text,
        context=chunk.context,
        name=document.name,
        images=pictures_of(document, work.chunks, chunk),
    )
    answer = yield from _answered(work, asking, enough=partial(_enough, chunk))
    if answer.value is not None and not answer.truncated and answer.attempts == 1:
        context.planner.learn(chunk.tokens, answer.usage.completion_tokens)
    return Piece(chunk, answer)


def _answered(work: Work, asking: Asking, *, enough: Callable[[Answer], bool]) -> Flow[Answer]:
    """The answer to one question; where a journal holds several to it, the one that serves."""
    context = work.context
    if context.journal is None:
        return (yield from converse(asking, context.settings))
    ask = partial(converse, asking, context.settings)
    least = first_round(context.journal, work.name)
    return (yield from in_rounds(ask, context.journal, least=least, anew=context.anew, enough=enough))


def _enough(chunk: Chunk, answer: Answer) -> bool:
    """Whether nothing is wrong with an answer that asking for less of the text at a time would not mend."""
    if _asks_for_less(answer):
        return _divisible(chunk)
    return answer.error is None and not answer.problems


def _divisible(chunk: Chunk) -> bool:
    return chunk.tokens >= _INDIVISIBLE and len(_halve(chunk)) > 1


def _asks_for_less(answer: Answer) -> bool:
    return answer.truncated or isinstance(answer.error, TooLong | TooSlow) or bool(short_lists(answer))


def _halve(chunk: Chunk) -> list[Chunk]:
    """The chunk in two or three parts of about equal size, with offsets into the document."""
    parts = split(chunk.text, max(1, int(chunk.tokens * 0.55)))
    return [
        Chunk(
            chunk.index,
            chunk.start + part.start,
            chunk.start + part.end,
            part.text,
            "\n".join(filter(None, (chunk.context, part.context))),
            part.tokens,
        )
        for part in parts
    ]


def _given_up(piece: Piece) -> Piece:
    """What was paid stays counted; what was said is said again by the halves."""
    answer = piece.answer
    spent = Answer(usage=answer.usage, attempts=answer.attempts, repairs=answer.repairs)
    return Piece(piece.chunk, spent)


def _length(value: Any, path: str) -> int:
    try:
        found = get(value, path)
    except (KeyError, IndexError, ValueError, TypeError):
        return 0
    return len(found) if isinstance(found, list | Mapping) else 0
