"""What passes through the emulator: a complete answer, a refusal, and the record of one exchange."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from extractor.wire.values import Usage

__all__ = ["Answer", "Body", "Completion", "Exchange", "Refusal", "Responder"]

Body = Mapping[str, Any]
"""A parsed request body."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A complete answer, for a reply that content alone does not say.

    `tool_calls` are `{"name": ..., "arguments": JSON object or text}`; `finish` None is worked out (stop, tool_calls,
    or length where the content is cut at the token limit); `logprobs` are (token, logarithm) pairs; `usage` None is
    counted here.
    """

    content: str | Mapping[str, Any] | Sequence[Any] | None = None
    reasoning: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish: str | None = None
    logprobs: tuple[tuple[str, float], ...] = ()
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no completion: an HTTP status, a body of any type, and headers of its own."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = str | Mapping[str, Any] | Sequence[Any] | Completion | Refusal
"""What a responder may return: content (text, or a JSON value that is written as text), or the whole of it."""

Responder = Callable[[Body], Answer | Awaitable[Answer]]
"""What stands in for the model: the parsed request in, its answer out. Called on the server's loop, so a
function that takes long must be a coroutine function."""


@dataclass(slots=True)
class Exchange:
    """One request as it came, and how it ended: `status` is 0 and `usage` None until it has.

    `faults` names the faults that this request drew; `usage` is what it was billed, whatever became of the reply.
    """

    path: str
    headers: Mapping[str, str]
    body: Any
    status: int = 0
    faults: tuple[str, ...] = ()
    usage: Usage | None = None
