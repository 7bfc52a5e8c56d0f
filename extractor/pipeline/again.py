"""A second reading: of lists that are shorter than the model said, of parts that came back empty, or of everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from extractor.call.asking import Answer
from extractor.errors import Problem
from extractor.merge.likeness import silent
from extractor.merge.merge import merge
from extractor.pipeline.sureness import said
from extractor.pipeline.work import Piece
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, get, leaves

__all__ = ["between_full", "found", "is_empty", "short_lists", "united"]


def short_lists(answer: Answer) -> dict[str, tuple[int, int]]:
    """Lists that hold fewer items than the model said it saw: {pointer: (items, stated)}."""
    return {
        path: (_length(answer.value, path), stated)
        for path, stated in answer.counts.items()
        if _length(answer.value, path) < stated
    }


def is_empty(answer: Answer) -> bool:
    """Whether an answer came, and says nothing."""
    return answer.value is not None and answer.error is None and _is_hollow(answer.value)


def between_full(pieces: list[Piece]) -> list[int]:
    """Which pieces came back empty though both their neighbours did not."""
    empty = [is_empty(piece.answer) for piece in pieces]
    inner = range(1, len(pieces) - 1)
    return [at for at in inner if _has_text(pieces[at]) and empty[at] and not (empty[at - 1] or empty[at + 1])]


def found(answer: Answer) -> str:
    """What an answer found, as the model is told it."""
    return "nothing" if is_empty(answer) else orjson.dumps(_said(answer.value)).decode()


def united(schema: Schema[Any], piece: Piece, more: Answer) -> Piece:
    """What both readings of one chunk found; where they differ, the first holds. What it all cost is added up."""
    answer, chunk = piece.answer, piece.chunk
    value, merged, problems = answer.value, piece.merged, answer.problems
    if more.truncated or more.error:
        problems = (*problems, Problem("", f"a second reading failed: {more.error or 'its answer was cut off'}"))
    elif more.value is not None:
        merged = merge(schema, [said(schema, one) for one in (piece, Piece(chunk, more))])
        value = merged.value
    both = replace(
        answer,
        value=value,
        problems=problems,
        usage=answer.usage + more.usage,
        attempts=answer.attempts + more.attempts,
        repairs=answer.repairs + more.repairs,
        tool_calls=answer.tool_calls + more.tool_calls,
    )
    return Piece(chunk, both, merged)


def _has_text(piece: Piece) -> bool:
    return piece.chunk.start < piece.chunk.end


def _said(value: JSON) -> JSON:
    """The value without what says nothing."""
    if isinstance(value, dict):
        return {name: _said(inner) for name, inner in value.items() if not silent(inner)}
    return [_said(item) for item in value] if isinstance(value, list) else value


def _length(value: Any, path: str) -> int:
    """How many items a list has; an object in which nothing is said is none."""
    try:
        items = get(value, path)
    except (KeyError, IndexError, ValueError, TypeError):
        return 0
    if isinstance(items, Mapping):
        return len(items)
    return sum(not (isinstance(item, dict) and _is_hollow(item)) for item in items) if isinstance(items, list) else 0


def _is_hollow(value: JSON) -> bool:
    return all(silent(leaf) for _, leaf in leaves(value))
