"""Asking about one chunk until its answer is whole: what did not fit is asked for in smaller parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain

from extractor.call.asking import Answer, Asking
from extractor.call.effects import Flow
from extractor.documents.chunks import Chunk, budget_for
from extractor.documents.tokens import count_tokens
from extractor.errors import TooLong, TooSlow
from extractor.pipeline.again import between_full, found, short_lists, united
from extractor.extraction.together import all_ended
from extractor.pipeline.pictures import pictures_of
from extractor.pipeline.rounds import in_rounds
from extractor.pipeline.salvage import salvaged
from extractor.pipeline.wide import ask_all
from extractor.pipeline.work import Piece, Work

__all__ = ["read", "reread"]

_INDIVISIBLE = 50
"""Tokens of text below which halving would cut single records apart."""

_HALF = 0.55
"""A little more than half, so that there are two parts and not three."""


def read(work: Work, chunk: Chunk) -> Flow[list[Piece]]:
    """Pieces that cover the chunk. Whole items of an answer that was cut are kept, and the rest of the text is asked
    about; an answer that was given up for its halves stays as a piece without value."""
    piece = yield from _ask(work, chunk)
    if _did_not_fit(piece.answer) and _divisible(chunk):
        kept, rest = _divided(work, piece)
    else:
        piece = yield from _completed(work, piece)
        if not _fell_short(piece.answer) or not _divisible(chunk):
            return [piece]
        kept, rest = _given_up(piece), _parts(work, chunk, chunk.start, _half(chunk))
    pieces = yield from all_ended(read(work, part) for part in rest)
    return [kept, *chain.from_iterable(pieces)]


def reread(work: Work, pieces: list[Piece]) -> Flow[list[Piece]]:
    """The pieces, those asked about once more that came back empty between full ones."""
    if not work.context.planner.grows or not (doubtful := between_full(pieces)):
        return pieces
    again = yield from all_ended(_ask_for_more(work, pieces[at]) for at in doubtful)
    pieces = list(pieces)
    for at, piece in zip(doubtful, again, strict=True):
        pieces[at] = piece
    return pieces


def _completed(work: Work, piece: Piece) -> Flow[Piece]:
    """The piece, asked about once more for each further pass, and where a list is shorter than the model said."""
    if piece.answer.value is not None and piece.answer.error is None:
        for _ in range(max(work.context.planner.passes - 1, bool(short_lists(piece.answer)))):
            piece = yield from _ask_for_more(work, piece)
    return piece


def _ask(work: Work, chunk: Chunk) -> Flow[Piece]:
    planner = work.context.planner
    answer = yield from _answered(work, _asking(work, chunk), enough=partial(_enough, chunk))
    if answer.usage.prompt_tokens and not any(repair.usage.prompt_tokens for repair in answer.repairs):
        planner.learn_prompt(chunk.tokens + count_tokens(chunk.context), answer.usage.prompt_tokens)
        if answer.value is not None and not answer.truncated:
            planner.learn(chunk.tokens, answer.usage.completion_tokens)
    return Piece(chunk, answer)


def _ask_for_more(work: Work, piece: Piece) -> Flow[Piece]:
    """The piece with what a further reading adds to it."""
    asking = _asking(work, piece.chunk, found(piece.answer))
    more = yield from _answered(work, asking, enough=lambda answer: answer.error is None)
    return united(work.context.schema, piece, more)


def _asking(work: Work, chunk: Chunk, told: str = "") -> Asking:
    assert work.cutting is not None
    document, chunks = work.source, work.cutting.chunks
    return Asking(
        schema=work.context.asked(whole=len(chunks) == 1 and chunk.end - chunk.start == len(document.text)),
        text=chunk.text,
        context=chunk.context,
        name=document.name,
        images=pictures_of(document, chunks, chunk),
        found=told,
        rank=work.rank,
    )


def _answered(work: Work, asking: Asking, *, enough: Callable[[Answer], bool]) -> Flow[Answer]:
    """The answer to one question; where a journal holds several to it, the one that serves."""
    context = work.context
    if context.journal is None:
        return (yield from ask_all(asking, context.settings))
    ask = partial(ask_all, asking, context.settings)
    return (yield from in_rounds(ask, context.journal, work.name, anew=context.anew, enough=enough))


def _enough(chunk: Chunk, answer: Answer) -> bool:
    """Whether nothing is wrong with an answer that asking for less of the text at a time would not mend."""
    if _did_not_fit(answer):
        return _divisible(chunk)
    return answer.error is None and not answer.problems


def _divisible(chunk: Chunk) -> bool:
    return chunk.tokens >= _INDIVISIBLE


def _fell_short(answer: Answer) -> bool:
    """Whether a list is shorter than the model said though it was asked for again, and something went wrong with it."""
    return bool(answer.problems and short_lists(answer))


def _half(chunk: Chunk) -> int:
    """The budget for a part of a chunk that is cut in two."""
    return budget_for(int(chunk.tokens * _HALF) + count_tokens(chunk.context))


def _did_not_fit(answer: Answer) -> bool:
    return answer.truncated or isinstance(answer.error, TooLong | TooSlow)


def _divided(work: Work, piece: Piece) -> tuple[Piece, list[Chunk]]:
    """What is kept of an answer that did not fit, and the parts of the text that are still to be asked about."""
    chunk, planner = piece.chunk, work.context.planner
    saved = salvaged(work.context.schema, piece) if piece.answer.truncated else None
    if saved is None:
        return _given_up(piece), _parts(work, chunk, chunk.start, _half(chunk))
    kept, start = saved
    planner.learn(count_tokens(chunk.text[: start - chunk.start]), piece.answer.usage.completion_tokens)
    return kept, _parts(work, chunk, start, max(_half(chunk), planner.budget()))


def _parts(work: Work, chunk: Chunk, start: int, budget: int) -> list[Chunk]:
    """The chunk from an offset on in smaller ones, with what they stand under."""
    assert work.cutting is not None
    return work.cutting.parts(chunk, start, budget)


def _given_up(piece: Piece) -> Piece:
    """What was paid stays counted; what was said is said again by the halves."""
    answer = piece.answer
    spent = Answer(usage=answer.usage, attempts=answer.attempts, repairs=answer.repairs, tool_calls=answer.tool_calls)
    return Piece(piece.chunk, spent)
