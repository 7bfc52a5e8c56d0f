"""What happens in a conversation, as it happens: an event for each send, reply, failure, wait and so on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from extractor.wire.options import Options
from extractor.wire.values import Usage

__all__ = ["Event", "Kind", "Listener", "log_event"]

Kind = Literal["send", "reply", "failure", "wait", "repair", "fallback", "tool"]

_LOG = logging.getLogger("extractor")
_LEVELS = {"send": logging.DEBUG, "reply": logging.DEBUG, "failure": logging.DEBUG}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. It names the document and never holds its text, nor any secret.

    Every send is followed by its reply or its failure, each with the `options` of its request. `detail` says
    in words what was done or why; `error` is the name of a failure's class; `attempt` counts sends within the
    conversation; `seconds` is the length of a wait, or how long a reply, a failure or a tool took; `usage` what it
    cost. `tool` is the function that was called, `call_id` the id of that call; both are empty if there is no such
    function. `reused` marks a stored reply: it was paid for earlier, and nothing was sent.

    >>> from extractor import Extractor
    >>> from schemas.receipt import Receipt
    >>> events = []
    >>> with Extractor(listeners=(events.append,)) as extractor:
    ...     result = extractor.extract(Receipt, "Kebab Haus, 1 March 2026, total 9.50 EUR")
    >>> [event.kind for event in events]
    ['send', 'reply']
    """

    kind: Kind
    model: str
    name: str = ""
    detail: str = ""
    attempt: int = 0
    seconds: float | None = None
    usage: Usage | None = None
    request_id: str | None = None
    error: str | None = None
    options: Options | None = None
    tool: str = ""
    call_id: str = ""
    reused: bool = False


Listener = Callable[[Event], None]
"""Called in whichever thread or task the conversation runs in; it should be quick."""


def log_event(event: Event) -> None:
    """The default listener: the logger `extractor`, sends and what comes of them at DEBUG, all else at INFO."""
    level = _LEVELS.get(event.kind, logging.INFO)
    if _LOG.isEnabledFor(level):
        _LOG.log(level, "%s %s", event.kind, _line(event))


def _line(event: Event) -> str:
    seconds = None if event.seconds is None else f"{event.seconds:.2f} s"
    tokens = None if event.usage is None else f"{event.usage.prompt_tokens}+{event.usage.completion_tokens} tokens"
    return ", ".join(part for part in (event.name, event.detail, seconds, tokens, event.request_id) if part)
