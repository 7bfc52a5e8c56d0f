"""Asking the same question again: each round of it has replies of its own in the journal.

Rounds that are kept are replayed, which costs nothing, up to one whose answer is good enough. So the answer that a
retry has paid for is also the one that every later run finds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from extractor.call.asking import Answer
from extractor.call.effects import Effect, Flow, Send, Together
from extractor.pipeline.journal import Journal
from extractor.wire.values import Request

__all__ = ["Watch", "in_rounds", "open_round"]

T = TypeVar("T")

_APART = 1000
"""More turns than any conversation has; round 2 begins at turn 2000."""


class Watch:
    """Looks on as a flow, and those that it begins, send requests in a round of their own.

    `first` is the first of them; `fresh` tells whether the journal lacked the reply to any.
    """

    def __init__(self, journal: Journal, number: int = 0) -> None:
        self._journal, self._number = journal, number
        self.first: Request | None = None
        self.fresh = False

    def over(self, flow: Flow[T]) -> Flow[T]:
        """The flow itself, with its requests moved to the round."""
        resume: Callable[[Any], Effect] = flow.send
        value: Any = None
        try:
            while True:
                try:
                    effect = self._seen(resume(value))
                except StopIteration as stop:
                    return stop.value  # type: ignore[no-any-return]
                try:
                    resume, value = flow.send, (yield effect)
                except Exception as error:
                    resume, value = flow.throw, error
        finally:
            flow.close()

    def _seen(self, effect: Effect) -> Effect:
        if isinstance(effect, Send):
            request = effect.request
            if self._number:
                request = replace(request, turn=request.turn + self._number * _APART)
            self.first = self.first or request
            self.fresh = self.fresh or not self._journal.holds(request.key)
            return Send(request)
        if isinstance(effect, Together):
            return Together(tuple(map(self.over, effect.flows)))
        return effect

    @property
    def followed(self) -> bool:
        """Whether the journal holds a round after this one."""
        first = self.first
        return first is not None and self._journal.holds(replace(first, turn=first.turn + _APART).key)


def in_rounds(
    ask: Callable[[], Flow[Answer]], journal: Journal, document: str, *, anew: bool, enough: Callable[[Answer], bool]
) -> Flow[Answer]:
    """The answer of the first round that is enough, of those that serve for the document, or the last one there is.

    `anew` opens one more round where all that are kept fall short. What earlier rounds cost stays counted.
    """
    spent = Answer()
    number = 0
    while True:
        watch = Watch(journal, number)
        answer = yield from watch.over(ask())
        if number:
            answer = _after(spent, answer)
        if watch.fresh:
            return answer
        if number >= _first_round(journal, document) and (enough(answer) or not (anew or watch.followed)):
            return answer
        number, spent = number + 1, answer


def _after(spent: Answer, answer: Answer) -> Answer:
    return replace(
        answer,
        usage=spent.usage + answer.usage,
        attempts=spent.attempts + answer.attempts,
        repairs=spent.repairs + answer.repairs,
    )


def _first_round(journal: Journal, document: str) -> int:
    """The first round that serves for a document: those before it gave valid answers, and it was still not ok."""
    return int(journal.note(f"round of {document}") or 0)


def open_round(journal: Journal, document: str) -> None:
    """Let no round of a document serve that was kept so far, since no fault can be told in any answer."""
    journal.keep_note(f"round of {document}", _first_round(journal, document) + 1)
