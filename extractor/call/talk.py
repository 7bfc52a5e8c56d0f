"""One conversation's book-keeping: what was sent, paid, repaired and told, and the form that its requests have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.call.asking import Answer, Asking, Repair, Settings
from extractor.call.deliver import deliver
from extractor.call.effects import Flow, Now
from extractor.call.events import Event, Kind
from extractor.call.examples import prompt_of
from extractor.call.form import Form, stalled
from extractor.call.prompt import ask, missed
from extractor.call.tools import NO_SUCH_TOOL, Called
from extractor.errors import FormatRefused, Rejected, ServiceError, TooSlow
from extractor.schema.compiler import Schema
from extractor.wire.options import Options, room, with_room
from extractor.wire.requests import Message
from extractor.wire.values import Purpose, Reply, Request, Usage

__all__ = ["Question", "Talk"]

_FEWEST_TOKENS = 256
_SHORTER = 6


@dataclass(frozen=True, slots=True)
class Question:
    """What one request asks, apart from the rung: `prediction` is the earlier answer that a new one is close to."""

    messages: Sequence[Message]
    schema: Schema[Any]
    options: Options
    purpose: Purpose = "ask"
    prediction: str | None = None


class Talk:
    """The state of one conversation. It adds up every paid reply, the bad ones too."""

    def __init__(self, asking: Asking, settings: Settings, now: float) -> None:
        self.asking, self.settings = asking, settings
        self.examples = settings.examples
        self.deadline = now + settings.timeout
        self.attempts = 0
        self._usages: list[Usage] = []
        self._keys: list[str] = []
        self.repairs: list[Repair] = []
        self.called: list[Called] = []
        self.turns_left = settings.tool_turns
        self.form = Form(settings.ladder, settings.model, asking.schema, defaults=settings.defaults)
        self._open = False
        self._answered: list[Mapping[str, Any]] = []
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
            examples=prompt_of(self.examples, asking.schema, asking.text),
        )
        if asking.found:
            messages = missed(messages, asking.found, asking.aim)
        return Question(messages, asking.schema, settings.options)

    def send(self, question: Question) -> Flow[Reply]:
        """One reply, however often the service refuses the form of the request or runs out of time over it.

        What is refused is put another way, as long as there is one; a request that took too long is asked for half
        the tokens; an answer that stalled in blanks is asked for once more without a response format.
        """
        first: ServiceError | None = None
        slow = 0
        while True:
            try:
                reply = yield from self._deliver(question)
            except (FormatRefused, Rejected) as error:
                first = first or error
                change = None if (yield from self._late()) else self.form.refused(error)
                if change is None:
                    raise first from None
                self.tell("fallback", f"{change} after {error}")
            except TooSlow:
                slow += 1
                limit = max(room(question.options) // 2, _FEWEST_TOKENS)
                if slow > _SHORTER or (yield from self._late()):
                    raise
                self.repaired(Repair("budget", (f"the service ran out of time; asked again for {limit} tokens",)))
                question = replace(question, options=with_room(question.options, limit))
            else:
                if not (self.form.formatted and stalled(reply) and (yield from self.may_repair())):
                    return reply
                self.form.plain()
                self.repaired(Repair("stall", ("the answer stalled in blanks; asked again without a response format",)))

    def _deliver(self, question: Question) -> Flow[Reply]:
        body = self._body(question)
        affinity, turn = self.asking.schema.fingerprint, self._turn(body)
        asking, model = self.asking, self.settings.model
        request = Request(body, question.purpose, affinity, turn, model, asking.rank, asking.name)
        self._options = question.options
        left = self.deadline - (yield Now())
        reply = yield from deliver(request, attempts=self.settings.max_attempts, seconds=left, watch=self)
        if not reply.kept:  # one that was paid for earlier says nothing of the form that it would have now
            self.form.answered()
        self._answered.append(body)
        self._keys.append(request.key)
        self._tries += question.purpose != "tool"
        return self.form.read(reply, question.schema)

    def _body(self, question: Question) -> Mapping[str, Any]:
        """The request of a question: with its tools while they are open, else with the response format."""
        tools, options = self._tools(question), question.options
        if self.settings.tools and not tools:
            options = replace(options, tool_choice=None, parallel_tool_calls=None)
        self._open = self._open or bool(tools)
        return self.form.body(question.messages, question.schema, options, tools=tools, prediction=question.prediction)

    def _tools(self, question: Question) -> list[dict[str, Any]]:
        """The tools that a question offers: none in a repair, in the last turn, or once they were left unused."""
        closed = question.purpose == "repair" or question.options.tool_choice == "none"
        if closed or (question.purpose == "again" and not self.called):
            return []
        return [tool.declaration for tool in self.settings.tools]

    def _turn(self, body: Mapping[str, Any]) -> int:
        bare = _without_format(body)
        return sum(_without_format(earlier) == bare for earlier in self._answered)

    @property
    def paid(self) -> int:
        """How many replies were paid for."""
        return len(self._usages)

    def since(self, mark: int) -> Usage:
        """What all replies after the first `mark` cost together."""
        return sum(self._usages[mark:], Usage())

    def may_repair(self) -> Flow[bool]:
        """Whether another paid reply is within the budget of repairs and of time."""
        return self._tries <= self.settings.repairs and not (yield from self._late())

    def _late(self) -> Flow[bool]:
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

    def call_ended(self, called: Called, seconds: float) -> None:
        """Tell of a tool call, when it ended. A name that the model made up is the model's text, which is not told."""
        if called.error == NO_SUCH_TOOL:
            self.tell("tool", "no such tool", seconds=seconds, error=called.error)
            return
        known = {"error": called.error, "tool": called.name, "call_id": called.id}
        self.tell("tool", f"{called.name} {'succeeded' if called.ok else 'failed'}", seconds=seconds, **known)

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

    # -- what deliver tells

    def sending(self) -> None:
        self.attempts += 1
        self.tell("send", options=self._options)

    def received(self, reply: Reply, seconds: float) -> None:
        self._usages.append(reply.usage or Usage(cost_usd=None))
        known = {"usage": reply.usage, "request_id": reply.request_id, "options": self._options, "kept": reply.kept}
        self.tell("reply", reply.finish, seconds=seconds, **known)

    def failed(self, error: ServiceError, seconds: float) -> None:
        if error.usage:
            self._usages.append(error.usage)
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


def _without_format(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "response_format"}
