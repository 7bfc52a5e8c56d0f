"""What passes through the emulator: a complete answer, a refusal, and the record of one exchange."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal
from uuid import uuid4

import orjson

from extractor.wire.values import Usage

__all__ = [
    "Answer",
    "Body",
    "Completion",
    "End",
    "Exchange",
    "Fault",
    "Outcome",
    "Plays",
    "Refusal",
    "Refused",
    "Responder",
    "Step",
    "Where",
    "as_text",
    "as_value",
    "faults",
]

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


class Refused(Exception):
    """A request gets a Refusal in place of an answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status)
        self.refusal = refusal


class End(Enum):
    """How a server leaves a connection: it closes it, closes its own half alone, or resets it."""

    CLOSE = "close"
    HALF = "half"
    RESET = "reset"


Step = bytes | float | End
"""What is done to a connection: bytes are written, and a number is a pause in seconds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What goes back: a status, headers and a body. `stream` replaces `body`, and `steps` replace all of it; a
    connection that they do not end is left open, and silent."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    stream: tuple[bytes, ...] = ()
    steps: tuple[Step, ...] | None = None


Where = Literal["refusal", "answer", "reply", "body", "stream", "connection", "batch"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch: its name, where it acts, what it does, and the function that does it.

    | where | `act` |
    |---|---|
    | refusal | nothing: it is the Refusal that comes in place of an answer, and bills nothing |
    | answer | a Completion -> the Completion that is billed and sent |
    | reply | the chat.completion, billed already -> what is sent of it, in one piece or in frames |
    | body | the Outcome of a request without a stream -> another |
    | stream | the Outcome of a request with a stream -> another |
    | connection | the Outcome of any -> one with steps |
    | batch | nothing: the queue knows its own by their names |

    `needs` is what a request must have for the fault to show. Groups leave out `final` faults, which no caller survives
    by asking once more, and `slow` ones, which keep it waiting for as long as it can.
    """

    name: str
    where: Where
    sentence: str
    act: Any
    needs: Callable[[Body], bool] = lambda body: True
    final: bool = False
    slow: bool = False


def faults(where: Where, rows: Mapping[str, Any], **facts: Any) -> tuple[Fault, ...]:
    """The faults of a table: what each does by `name: sentence`; all of them have the same further facts."""
    named = [(*key.partition(": "), act) for key, act in rows.items()]
    return tuple(Fault(name, where, sentence, act, **facts) for name, _, sentence, act in named)


Answer = str | Mapping[str, Any] | Sequence[Any] | Completion | Refusal
"""What a responder may return: content (text, or a JSON value that is written as text), or the whole of it."""

Responder = Callable[[Body], Answer | Awaitable[Answer]]
"""What stands in for the model: the parsed request in, its answer out. Called on the server's loop, so a
function that takes long must be a coroutine function."""


Plays = Callable[[str, str, str, Any], Refusal | Awaitable[Refusal]]
"""What answers in the place of the whole service, routes and errors among it: to the method, the path behind the
account's `/ai/`, the session and the body of a request."""


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
    request_id: str = field(default_factory=lambda: str(uuid4()), repr=False)


def as_text(content: Any) -> str:
    """Content as the text that a model writes."""
    return content if isinstance(content, str) else orjson.dumps(content).decode()


def as_value(text: str) -> Any:
    """The JSON value that a text is, or the text itself."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
