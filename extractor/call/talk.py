"""The state of one conversation: its questions, requests, costs and repairs, and the events it reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.call.asking import Answer, Asking, Event, Kind, Repair, Settings
from extractor.call.effects import Flow, Now
from extractor.call.examples import prompt_of
from extractor.call.form import Form
from extractor.call.prompt import ask, missed
from extractor.call.tools import NO_SUCH_TOOL, Called
from extractor.errors import ServiceError
from extractor.schema.compiler import Schema
from extractor.wire.options import Options
from extractor.wire.requests import Message
from extractor.wire.values import Purpose, Reply, Request, Usage

__all__ = ["Question", "Talk"]


@dataclass(frozen=True, slots=True)
class Question:
    """What one request asks, apart from the rung: `prediction` is the earlier answer that a new one is close to."""

    messages: Sequence[Message]
    schema: Schema[Any]
    options: Options
    purpose: Purpose = "ask"
    prediction: str | None = None


class Talk:
    """The state of one conversation. `usages` has every paid reply, the bad ones too."""

    def __init__(self, asking: Asking, settings: Settings, now: float) -> None:
        self.asking, self.settings = asking, settings
        self.examples = settings.examples
        self.deadline = now + settings.timeout
        self.form = Form(settings.ladder, settings.model, asking.schema, defaults=settings.defaults)
        self.attempts = 0
        self.usages: list[Usage] = []
        self.repairs: list[Repair] = []
        self.called: list[Called] = []
        self.turns_left = settings.tool_turns
        self._keys: list[str] = []
        self._replies: Counter[str] = Counter()
        self._open = False
        self._tries = 0
        self._options = settings.options

    def question(self) -> Question:
        """The first asking."""
        asking, settings = self.asking, self.settings
        messages = ask(
            asking.schema,
            asking.text,
            context=asking.context,
            instructions=settings.instructions,
            images=asking.images,
            marks=asking.marks,
            aim=asking.aim,
            keyed=asking.keyed,
            examples=prompt_of(self.examples, asking.schema, asking.text) if self.examples else "",
        )
        if asking.found:
            messages = missed(messages, asking.found, asking.aim)
        return Question(messages, asking.schema, settings.options)

    def request(self, question: Question) -> Request:
        """The request of a question: with its tools while they are open, else with the response format."""
        asking, settings, options = self.asking, self.settings, question.options
        tools = self._tools(question) if settings.tools else []
        if settings.tools and not tools:
            options = replace(options, tool_choice=None, parallel_tool_calls=None)
        self._open = self._open or bool(tools)
        self._options = question.options
        prediction = question.prediction
        body = self.form.body(question.messages, question.schema, options, tools=tools, prediction=prediction)
        affinity, model = asking.schema.fingerprint, settings.model
        request = Request(body, question.purpose, affinity, 0, model, asking.rank, asking.name)
        turn = self._replies[request.digest]
        return replace(request, turn=turn) if turn else request

    def replied(self, request: Request, question: Question, reply: Reply) -> Reply:
        """The reply to a request, counted, and read with the document's own text."""
        if not reply.reused:  # one that was paid for earlier says nothing of the form that it would have now
            self.form.answered()
        self._replies[request.digest] += 1
        self._keys.append(request.key)
        self._tries += question.purpose != "tool"
        return self.form.read(reply, question.schema)

    def _tools(self, question: Question) -> list[dict[str, Any]]:
        """The tools that a question offers: none in a repair, in the last turn, or once they were left unused."""
        closed = question.purpose == "repair" or question.options.tool_choice == "none"
        if closed or (question.purpose == "again" and not self.called):
            return []
        return [tool.declaration for tool in self.settings.tools]

    def since(self, mark: int) -> Usage:
        """What all replies after the first `mark` cost together."""
        return sum(self.usages[mark:], Usage())

    def may_repair(self) -> Flow[bool]:
        """Whether another paid reply is within the budget of repairs and of time."""
        return self._tries <= self.settings.repairs and not (yield from self.late())

    def late(self) -> Flow[bool]:
        """Whether the conversation has had its time."""
        return (yield Now()) >= self.deadline  # type: ignore[no-any-return]

    def lower(self, why: str) -> None:
        """Step down one rung for the rest of this conversation, where it was a format that failed."""
        if self.form.formatted and self.form.lower():
            self.tell("fallback", f"{self.form.name} after {why}")

    def repaired(self, *steps: Repair) -> None:
        """Record steps that changed or replaced an answer."""
        for step in steps:
            self.repairs.append(step)
            # The changes quote values, which no log or trace should hold.
            self.tell("repair", f"{step.rung}, {len(step.changes)} changes", usage=step.usage)

    def answer(self, **fields: Any) -> Answer:
        """The end of the conversation, with all that was counted."""
        if self._open and not self.called:
            self.tell("tool", "tools were offered, and none was called")
        return Answer(
            usage=self.since(0),
            attempts=self.attempts,
            repairs=tuple(self.repairs),
            tool_calls=tuple(self.called),
            requests=tuple(self._keys),
            **fields,
        )

    def call_ended(self, called: Called, seconds: float) -> None:
        """Tell of a tool call, when it ended. A name that the model made up is the model's text, which is not told."""
        if called.error == NO_SUCH_TOOL:
            self.tell("tool", "no such tool", seconds=seconds, error=called.error)
            return
        known = {"error": called.error, "tool": called.name, "call_id": called.id}
        self.tell("tool", f"{called.name} {'succeeded' if called.ok else 'failed'}", seconds=seconds, **known)

    # -- what deliver tells

    def sending(self) -> None:
        self.attempts += 1
        self.tell("send", options=self._options)

    def received(self, reply: Reply, seconds: float) -> None:
        self.usages.append(reply.usage or Usage(cost_usd=None))
        known = {"usage": reply.usage, "request_id": reply.request_id, "options": self._options, "reused": reply.reused}
        self.tell("reply", reply.finish, seconds=seconds, **known)

    def failed(self, error: ServiceError, seconds: float) -> None:
        if error.usage:
            self.usages.append(error.usage)
        known = {"usage": error.usage, "request_id": error.request_id, "options": self._options}
        self.tell("failure", str(error), seconds=seconds, error=type(error).__name__, **known)

    def retrying(self, error: ServiceError, seconds: float) -> None:
        self.tell("wait", f"{type(error).__name__}: {error}", seconds=seconds, request_id=error.request_id)

    def tell(self, kind: Kind, detail: str = "", **more: Any) -> None:
        """Tell every listener what happens."""
        if self.settings.listeners:
            event = Event(kind, self.settings.model, self.asking.name, detail, self.attempts, **more)
            for listener in self.settings.listeners:
                listener(event)
