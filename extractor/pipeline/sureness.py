"""What the answers themselves say of how sure a value is: further answers, token probabilities, repairs."""

from __future__ import annotations

from typing import Any

from extractor.call.asking import Answer
from extractor.extraction.confidence import confidence, value_logprobs
from extractor.merge.merge import Part
from extractor.pipeline.work import Piece, Work
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, leaves

__all__ = ["said", "sureness"]


def said(schema: Schema[Any], piece: Piece) -> Part:
    """What was said about a piece, with what is known of its values."""
    chunk, answer, merged = piece.chunk, piece.answer, piece.merged
    if merged:
        return Part(merged.value, chunk.start, chunk.end, merged.quotes, merged.logprobs, merged.repaired)
    likely = {schema.declared_path(path): value for path, value in value_logprobs(answer.logprobs).items()}
    repaired = {path for repair in answer.repairs for path in repair.paths}
    return Part(answer.value, chunk.start, chunk.end, answer.quotes, likely, repaired)


def sureness(work: Work) -> dict[str, float]:
    """The confidence of every value with evidence, from all that is known of it."""
    merged, answer = work.merged, _only(work)
    if merged is None:
        return confidence(work.evidence)
    agreement = _votes(work.data, answer.others) if answer and answer.others else merged.agreement
    return confidence(
        work.evidence,
        agreement=agreement,
        repaired=merged.repaired,
        logprobs=merged.logprobs,
        bound=work.context.settings.bound,
    )


def _only(work: Work) -> Answer | None:
    answered = [piece.answer for piece in work.pieces if piece.answer.value is not None]
    return answered[0] if len(answered) == 1 else None


def _votes(value: JSON, others: tuple[JSON, ...]) -> dict[str, tuple[int, int]]:
    """For each leaf, how many of all the answers say the same, and how many there are."""
    ballots = [dict(leaves(other)) for other in others]
    missing = object()
    return {
        path: (1 + sum(ballot.get(path, missing) == leaf for ballot in ballots), 1 + len(ballots))
        for path, leaf in leaves(value)
    }
