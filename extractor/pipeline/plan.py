"""How much text a request may carry, so that both the window and the answer hold it."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Any

from extractor.documents.calibration import Calibration
from extractor.errors import UsageError
from extractor.schema.compiler import Schema

__all__ = ["Planner"]

_FILL = 0.8
"""How full a planned answer may be: denser stretches than the measured ones must still fit."""

_FIRST_GUESS = 0.5
"""Answer tokens for each token of text, for schemas with lists of objects, until it was measured."""

_REMEMBERED = 24
"""Answers that count: a document that changes its kind half way must soon be cut in another way."""

_DENSE = 0.9
"""The share of answers that a chunk is planned to hold."""

_SMALLEST = 100
"""Tokens of text below which asking costs more in instructions than it gains."""


class Planner:
    """Decides how large chunks are, and learns from the answers. Shared by all documents of a job.

    `window` and `max_output` are in tokens; `overhead` is what instructions and schema take of the window; `passes`
    is how often each chunk is asked about, and `at_once` how many chunks of one document may be open together.
    """

    def __init__(
        self,
        schema: Schema[Any],
        *,
        overhead: int,
        window: int,
        max_output: int,
        passes: int = 1,
        at_once: int = 16,
    ) -> None:
        self.room = window - overhead - max_output
        if self.room < _SMALLEST:
            raise UsageError(
                f"the schema and {max_output} tokens of answer leave no room for text in a window of {window} tokens; "
                "lower --max-output-tokens or split the schema"
            )
        self.max_output, self.overhead, self.passes, self.at_once = max_output, overhead, passes, at_once
        self.identity = f"{schema.fingerprint}:{window}:{max_output}"
        self.grows = _has_object_lists(schema.wire)
        self._prompts = Calibration()
        self._seen: deque[float] = deque(maxlen=_REMEMBERED)
        self._lock = Lock()

    @property
    def measured(self) -> bool:
        """Whether the length of answers is known from answers."""
        return bool(self._seen) or not self.grows

    def budget(self) -> int:
        """Tokens of text for one chunk."""
        room = int(self.room / self._prompts.factor)
        if not self.grows:
            return room
        with self._lock:
            density = sorted(self._seen)[int(_DENSE * (len(self._seen) - 1))] if self._seen else _FIRST_GUESS
        return max(_SMALLEST, min(room, int(_FILL * self.max_output / max(density, 0.001))))

    def output(self, text_tokens: int) -> int:
        """Answer tokens to expect for that much text, no more than an answer may hold."""
        if not self.grows:
            return min(self.max_output, 600)
        with self._lock:
            density = sum(self._seen) / len(self._seen) if self._seen else _FIRST_GUESS
        return min(self.max_output, int(text_tokens * density) + 50)

    def learn(self, text_tokens: int, answer_tokens: int) -> None:
        """Take in how long the answer about so much text was."""
        if text_tokens >= _SMALLEST:
            with self._lock:
                self._seen.append(answer_tokens / text_tokens)

    def learn_prompt(self, text_tokens: int, prompt_tokens: int) -> None:
        """Take in how many tokens the service counted in a prompt with so much text, by the estimate."""
        self._prompts.learn(estimated=self.overhead + text_tokens, actual=prompt_tokens)


def _has_object_lists(wire: Any) -> bool:
    """Whether an answer grows with the text: a list of objects anywhere in the schema."""
    if isinstance(wire, list):
        return any(map(_has_object_lists, wire))
    if not isinstance(wire, dict):
        return False
    items = wire.get("items")
    if isinstance(items, dict) and ("$ref" in items or "properties" in items or "anyOf" in items):
        return True
    return any(map(_has_object_lists, wire.values()))
