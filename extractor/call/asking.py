"""The input of a conversation, its answer, and the events that it reports, as frozen values."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from extractor.call.examples import Example
from extractor.call.form import Ladder
from extractor.call.prompt import Aim
from extractor.call.tools import Called, Tool
from extractor.documents.document import Image
from extractor.errors import Problem, ServiceError, UsageError
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON
from extractor.wire.options import Options, extraction_options
from extractor.wire.values import Usage

__all__ = ["LOG", "Answer", "Asking", "Event", "Kind", "Listener", "Repair", "Settings", "log_event"]

Kind = Literal["send", "reply", "failure", "wait", "repair", "fallback", "tool"]

LOG = logging.getLogger("extractor")
_LEVELS = {"send": logging.DEBUG, "reply": logging.DEBUG, "failure": logging.DEBUG}


@dataclass(frozen=True, slots=True)
class Asking:
    """One question: what to extract, and from which text.

    `context` is what other places of the document settle for this text; it holds no records of its own. `marks` are
    the parts that begin in the text, as (offset, number), and `aim` the one that is asked about; `keyed` names the
    lists whose items are joined by a key. `name` is the document's, for events; `found` is what an earlier reading
    found, so that only what it missed is asked for; `rank` is the document's number in its run: where requests have to
    wait, those of the first documents go first. `turn` is how many replies the question had in other conversations.
    """

    schema: Schema[Any]
    text: str = field(repr=False)
    context: str = field(default="", repr=False)
    name: str = ""
    images: tuple[Image, ...] = ()
    marks: tuple[tuple[int, int], ...] = ()
    aim: Aim = Aim()
    keyed: tuple[str, ...] = ()
    found: str = field(default="", repr=False)
    rank: int = 0
    turn: int = 0


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
    """Write an event to the logger `extractor`: sends and what comes of them at DEBUG, all else at INFO."""
    level = _LEVELS.get(event.kind, logging.INFO)
    if LOG.isEnabledFor(level):
        LOG.log(level, "%s %s", event.kind, _line(event))


def _line(event: Event) -> str:
    seconds = None if event.seconds is None else f"{event.seconds:.2f} s"
    tokens = None if event.usage is None else f"{event.usage.prompt_tokens}+{event.usage.completion_tokens} tokens"
    return ", ".join(part for part in (event.name, event.detail, seconds, tokens, event.request_id) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How every question of a run is asked.

    `max_attempts` bounds the sends of one request until a reply comes; `repairs` bounds the replies after the first
    one, and `tool_turns` those after tool calls. `timeout` is in seconds: once it has passed, a conversation sends no
    further request, and ends with what it has. `bound` says that every value of an answer can only be text of the
    document, so that standing there proves nothing. `listeners` hear one Event for each thing that happens. `options`
    have the defaults of extraction filled in: no thinking, the likeliest words, a token limit; `defaults` are the
    names of those that nobody set.
    """

    model: str
    options: Options = field(default_factory=Options)
    instructions: str = ""
    examples: tuple[Example, ...] = ()
    max_attempts: int = 40
    repairs: int = 4
    timeout: float = 900.0
    ladder: Ladder = field(default_factory=Ladder, repr=False, compare=False)
    tools: tuple[Tool, ...] = ()
    tool_turns: int = 8
    bound: bool = False
    listeners: tuple[Listener, ...] = field(default=(), repr=False, compare=False)
    defaults: frozenset[str] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        filled = extraction_options(self.options)
        unset = {one.name for one in fields(Options) if getattr(self.options, one.name) is None}
        object.__setattr__(self, "defaults", frozenset(unset))
        object.__setattr__(self, "options", filled)
        names = [tool.name for tool in self.tools]
        if twice := {name for name in names if names.count(name) > 1}:
            raise UsageError(f"tools: two functions are named {min(twice)}; the model could not tell them apart")

    def with_instructions(self, instructions: str) -> Settings:
        """The same settings with other instructions, and without examples."""
        changed = replace(self, instructions=instructions, examples=())
        object.__setattr__(changed, "defaults", self.defaults)  # what nobody set, before the options were filled in
        return changed


@dataclass(frozen=True, slots=True)
class Repair:
    """One step that changed or replaced an answer.

    `rung` is mend (locally), salvage (whole items of a cut answer), targeted, whole, budget, thinking, stall, prune or
    opinion (a second one, by `retry --doubtful`);
    `changes` says what it did, a line each; `lossy` tells whether something that the model wrote was dropped;
    `usage` is what the step cost; `paths` are the places in the declared value that it set anew.
    """

    rung: str
    changes: tuple[str, ...] = ()
    lossy: bool = False
    usage: Usage = field(default_factory=Usage)
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a conversation ended with.

    `value` is JSON in the declared shape, or None where nothing could be kept; `problems` is what is still wrong
    with it, so () means valid and whole unless `truncated`; `early` tells that it was cut with room left. `counts`
    maps list pointers to the number of items that the model said it saw, `quotes` field pointers to verbatim quotes.
    `usage` adds up every paid reply, the bad ones too; `attempts` counts every send. `others` are the further answers
    where `n` was asked for, unrepaired; `error` is the failure that ended it, if one did; `requests` are the keys of
    the requests that were paid for.
    """

    value: JSON = field(default=None, repr=False)
    truncated: bool = False
    early: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    quotes: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    usage: Usage = field(default_factory=Usage)
    attempts: int = 0
    repairs: tuple[Repair, ...] = ()
    error: ServiceError | None = None
    logprobs: tuple[tuple[str, float], ...] = field(default=(), repr=False)
    others: tuple[JSON, ...] = field(default=(), repr=False)
    tool_calls: tuple[Called, ...] = ()
    requests: tuple[str, ...] = ()
