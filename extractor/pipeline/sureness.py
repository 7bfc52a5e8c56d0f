"""What the answers themselves say of how sure a value is: further answers, token probabilities, repairs.

They speak of places in one answer, which are the places in the value only where one answer made it.
"""

from __future__ import annotations

from extractor.call.asking import Answer
from extractor.merge.confidence import confidence
from extractor.merge.logprobs import value_logprobs
from extractor.pipeline.work import Work
from extractor.schema.pointer import JSON, leaves

__all__ = ["sureness"]


def sureness(work: Work) -> dict[str, float]:
    """The confidence of every value with evidence, from all that is known of it."""
    answer = _only(work)
    agreement = dict(work.merged.agreement) if work.merged else {}
    if answer is None:
        return confidence(work.evidence, agreement=agreement)
    if answer.others:
        agreement = _votes(work.data, answer.others)
    schema, bound = work.context.schema, work.context.settings.bound
    told = {schema.declared_path(path): value for path, value in value_logprobs(answer.logprobs).items()}
    repaired = {path for repair in answer.repairs for path in repair.paths}
    return confidence(work.evidence, agreement=agreement, repaired=repaired, logprobs=told, bound=bound)


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
