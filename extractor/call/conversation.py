"""The conversation: ask, read, repair cheapest first, and keep whatever can be kept.

ask ─► read ─► valid ─────────────────────────────────────► answer
        │  ├─► problems ─► targeted ─► whole ─► prune ────► answer, partial
        │  └─► cut ─► whole items ────────────────────────► answer, truncated
        └────► no JSON ─► whole, a rung lower ─► (read)

Whatever is asked again within one question is decided here, except for the sends until a reply comes (`deliver.py`):
`settings.repairs` bounds the replies after the first one, `settings.tool_turns` those after tool calls.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from extractor.call.asking import LOG, Answer, Asking, Event, Kind, Repair, Settings, log_event
from extractor.call.deliver import Step, deliver
from extractor.call.effects import Flow, Now, Run
from extractor.call.examples import Example, copied, prompt_of
from extractor.call.form import RUNGS, Form, Ladder, stalled
from extractor.call.prompt import Aim, ask, corrected, missed, problem_lines, target, targeted
from extractor.call.reading import NO_JSON, Draft, elected, others, read
from extractor.call.tools import NO_SUCH_TOOL, Called, call_tools, legible, recognised
from extractor.errors import (
    STOPPING,
    BrokenReply,
    Busy,
    FormatRefused,
    InvalidValue,
    Rejected,
    ServiceError,
    TooLong,
    TooSlow,
)
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, found_at
from extractor.text.tokens import count_tokens
from extractor.wire.calls import unique_calls
from extractor.wire.options import Options, room, thinks, with_room, without_thinking
from extractor.wire.requests import Message, assistant
from extractor.wire.values import Purpose, Reply, Request, Usage

__all__ = ["Answer", "Asking", "Ladder", "Repair", "Settings", "converse", "converse_whole"]

_WORDY, _REFUSALS = 2, 2
"""Further requests for an answer that held no JSON, and the refusals that are enough."""

_MOST_TOKENS, _FEWEST_TOKENS = 16_384, 256
_NEARLY = 0.9


def converse(asking: Asking, settings: Settings) -> Flow[Answer]:
    """Ask one question until there is an answer, or as much of one as can be had.

    Failures of the service end in an Answer with `error`; what stops the run is raised (STOPPING). It takes no more
    than 1 + `settings.repairs` replies, turns after tool calls aside.
    """
    known = settings.ladder.models[settings.model]
    form = Form(known, known.failures.setdefault(asking.schema.fingerprint, Counter()), settings.defaults)
    talk = Talk(asking, settings, (yield Now()) + settings.timeout, form, settings.examples, settings.tool_turns)
    try:
        draft = yield from _first_draft(talk)
    except STOPPING:
        raise
    except ServiceError as error:
        return talk.answer(error=error, truncated=isinstance(error, _Starved))
    for repair in (_targeted, _whole):
        if draft.problems and not draft.cut:
            draft = yield from _attempted(talk, draft, repair)
    return _answer_of(talk, draft)


def converse_whole(asking: Asking, settings: Settings) -> Flow[Answer]:
    """As `converse`, for an answer that is of no use in pieces: one that was cut early is asked for once more, and one
    that is cut then is a failure."""
    answer = yield from converse(asking, settings)
    if answer.early:
        cost, turn = answer.usage, len(answer.requests)
        answer = yield from converse(replace(asking, turn=turn), settings)
        answer = replace(answer, usage=cost + answer.usage)
    if answer.truncated and not answer.error:
        return replace(answer, value=None, error=TooLong("the answer was cut off: ask for less, or raise the limit"))
    return answer


def _answer_of(talk: Talk, draft: Draft) -> Answer:
    """The draft as an answer: whole where it is valid, else its valid part with what is wrong with the rest."""
    value, schema = draft.value, talk.asking.schema
    if draft.cut:  # what a cut answer lacks is not wrong with it
        schema = schema.excerpt()
        draft = replace(draft, invalid=schema.problems(value))
    if draft.invalid:
        value, dropped = schema.prune(value, draft.invalid)
        if dropped:
            talk.repaired(Repair("prune", tuple(map(str, dropped)), lossy=True))
    return talk.answer(
        value=value,
        truncated=draft.cut,
        early=draft.cut and not _is_starved(draft.reply, talk.settings.options),
        counts=draft.counts,
        quotes=draft.quotes,
        problems=draft.problems,
        logprobs=draft.reply.logprobs,
        others=others(draft.reply, talk.asking.schema, talk.asking.text) if draft.reply.others else (),
    )


# ---------------------------------------------------------------------- the first answer that can be read


class _Starved(TooLong):
    """The token limit ended the answer before anything of it could be used."""


def _first_draft(talk: Talk) -> Flow[Draft]:
    """The first reply that holds JSON; a ServiceError when the budget of repairs ends before one came."""
    question, step = talk.question(), None
    refusals = wordy = 0
    while True:
        mark = len(talk.usages)
        reply = yield from _reply(talk, question)
        if step is not None:
            talk.repaired(replace(step, usage=talk.since(mark)))
        draft = _drafted(talk, reply, question)
        if draft is not None:
            return draft
        starved = _is_starved(reply, question.options)
        refusals, wordy = refusals + _refuses(reply), wordy + (not starved)
        hopeless = refusals == _REFUSALS or wordy > _WORDY or not (yield from talk.may_repair())
        further = None if hopeless else _roomier(question, reply) if starved else _lower(talk, question)
        if further is None:
            raise _hopeless(reply)
        question, step = further


def _drafted(talk: Talk, reply: Reply, question: Question) -> Draft | None:
    """A reply, read; None where it holds no JSON. The rung is judged by it."""
    asking = talk.asking
    if reply.others:
        reply = elected(reply, question.schema, asking.text)
    try:
        draft = read(reply, question.schema, asking.text)
    except InvalidValue:
        if reply.finish != "length":
            talk.form.judge(usable=False)
        return None
    talk.form.judge(usable=True)
    if draft.repairs:
        talk.repaired(*draft.repairs)
    if not talk.examples:
        return draft
    value, problems = copied(talk.examples, question.schema, draft.value, asking.text, asking.context)
    if not problems:
        return draft
    talk.examples = ()
    if draft.cut:
        return replace(draft, value=value, lost=(*draft.lost, *problems))
    return replace(draft, value=value, invalid=(*draft.invalid, *problems))


def _is_starved(reply: Reply, options: Options) -> bool:
    """Whether the room is what an answer lacks; one that was cut for no reason of room lacks something else."""
    used = reply.usage.completion_tokens if reply.usage else count_tokens(reply.content)
    thought = bool(reply.reasoning) and bool(thinks(options))
    return reply.finish == "length" and (thought or used > _NEARLY * room(options))


def _roomier(question: Question, reply: Reply) -> tuple[Question, Repair] | None:
    """The same question without thinking where that took the room, else with twice the room, where there is more."""
    options = question.options
    if reply.reasoning and thinks(options):
        step = Repair("thinking", ("thinking took all of the tokens; retried without it",))
        return replace(question, options=without_thinking(options)), step
    limit = min(2 * room(options), _MOST_TOKENS)
    if limit <= room(options):
        return None
    step = Repair("budget", (f"retried with {limit} tokens of room",))
    return replace(question, options=with_room(options, limit)), step


def _lower(talk: Talk, question: Question) -> tuple[Question, Repair]:
    talk.lower("an answer without JSON")
    messages = question.messages
    if question.purpose != "again":
        messages = corrected(messages, [str(NO_JSON)], talk.asking.aim)
    return replace(question, messages=messages, purpose="again"), Repair("whole", (f"{NO_JSON}; retried",))


def _hopeless(reply: Reply) -> ServiceError:
    if reply.finish == "length":
        return _Starved("the token limit ended the answer before it began: ask for less, or raise the limit")
    if _refuses(reply):
        return Rejected(f"the model will not answer for this document: {reply.refusal or 'content filter'}")
    return BrokenReply("none of the model's answers held a JSON object: look at the document, or try another model")


def _refuses(reply: Reply) -> bool:
    return bool(reply.refusal) or reply.finish == "content_filter"


# ---------------------------------------------------------------------- paid repairs, cheapest first


def _attempted(talk: Talk, draft: Draft, repair: Callable[[Talk, Draft], Flow[Draft]]) -> Flow[Draft]:
    """The draft after one repair, if the budget allows it; a failure leaves it as it is."""
    if not (yield from talk.may_repair()):
        return draft
    try:
        return (yield from repair(talk, draft))
    except STOPPING:
        raise
    except ServiceError as error:
        talk.repaired(Repair(repair.__name__.strip("_"), (f"failed: {error}",)))
        return draft


def _targeted(talk: Talk, draft: Draft) -> Flow[Draft]:
    """Ask for the failing fields alone, and patch them in; what is lost is in none of the fields.

    Of a part, only what an excerpt shows is asked for so: the whole text without marks would be answered for all parts.
    """
    asking, settings = talk.asking, talk.settings
    found = None if draft.lost else target(asking.schema, draft.problems, draft.value, asking.text)
    if found is None or (asking.aim != Aim() and found[1] == asking.text):
        return draft
    (schema, text), lines = found, problem_lines(asking.schema, draft.problems, draft.value)
    messages = targeted(schema, text, lines, instructions=settings.instructions, images=asking.images)
    mark = len(talk.usages)
    reply = yield from _reply(talk, Question(messages, schema, settings.options, "repair"))
    try:
        fixed = read(reply, schema, asking.text)
    except InvalidValue:
        fixed = None
    if fixed is None or fixed.cut:
        why = "the token limit ended the answer" if fixed else NO_JSON
        talk.repaired(Repair("targeted", (f"failed: {why}",), usage=talk.since(mark)))
        return draft
    value = schema.patch(draft.value, fixed.value)
    judged = asking.schema.problems(value)
    # What the schema refuses, and what the patch itself could not be.
    wrong = (*judged, *(problem for problem in fixed.invalid if problem.path not in {each.path for each in judged}))
    counts, quotes = {**draft.counts, **fixed.counts}, {**draft.quotes, **fixed.quotes}
    patched = replace(draft, value=value, counts=counts, quotes=quotes, invalid=wrong, lost=fixed.lost)
    return _better(talk, "targeted", draft, patched, mark)


def _whole(talk: Talk, draft: Draft) -> Flow[Draft]:
    """Ask once more for everything, with the earlier answer as a prediction."""
    question = talk.question()
    lines = problem_lines(talk.asking.schema, draft.problems, draft.value)
    messages, mark = corrected(question.messages, lines, talk.asking.aim), len(talk.usages)
    whole = replace(question, messages=messages, purpose="again", prediction=draft.reply.content)
    newer = _drafted(talk, (yield from _reply(talk, whole)), question)
    if newer is None:
        talk.repaired(Repair("whole", (f"failed: {NO_JSON}",), usage=talk.since(mark)))
        return draft
    return _better(talk, "whole", draft, newer, mark)


def _better(talk: Talk, rung: str, older: Draft, newer: Draft, mark: int) -> Draft:
    """The better of two drafts, with a record of what the repair did to each place that was wrong."""
    better = newer.better_than(older, talk.asking.text)
    paths = tuple(problem.path for problem in older.problems) if better else ()
    changes = tuple(_change(path, older.value, newer.value) for path in paths)
    notes = changes or ("it was no better; the earlier answer is kept",)
    talk.repaired(Repair(rung, notes, usage=talk.since(mark), paths=paths))
    return newer if better else older


def _change(path: str, older: JSON, newer: JSON) -> str:
    before, after = (_shortly(found_at(value, path)) for value in (older, newer))
    return f"{before} became {after} @ {path or '/'}"


def _shortly(value: JSON) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


# ---------------------------------------------------------------------- one reply, with the turns of tool calls


def _reply(talk: Talk, question: Question) -> Flow[Reply]:
    """The reply to a question, once the model has called all the tools that it wanted.

    A conversation has `settings.tool_turns` such turns, however often it asks; after the last one it may call no more.
    """
    offered = [] if question.purpose == "repair" else [tool.name for tool in talk.settings.tools]
    if offered and not talk.turns_left:
        question = replace(question, options=_free(question.options, last=True))
    while True:
        reply = yield from _sent(talk, question)
        if offered or reply.tool_calls:
            reply, change = recognised(reply, offered, question.schema.name)
            if change:
                talk.repaired(Repair("mend", (change,)))
        if not (offered and reply.tool_calls and talk.turns_left):
            return reply
        question = yield from _turn(talk, question, reply)


def _turn(talk: Talk, question: Question, reply: Reply) -> Flow[Question]:
    """The question that follows on calls: the model is told what they gave."""
    talk.turns_left -= 1
    calls = unique_calls(reply.tool_calls, taken=[called.id for called in talk.called])
    plain = [legible(call) for call in calls]
    readable = [read or call for read, call in zip(plain, calls, strict=True)]
    made: list[Called] = []
    for called, seconds in (yield Run(partial(call_tools, talk.settings.tools, readable))):
        talk.call_ended(called, seconds)
        made.append(called)
    talk.called += made
    # The service refuses a conversation with arguments in it that are no JSON.
    sent_back = [read or replace(call, arguments="{}") for read, call in zip(plain, calls, strict=True)]
    message = assistant(reply.content, tool_calls=sent_back, reasoning=reply.reasoning)
    results = [{"role": "tool", "content": called.result, "tool_call_id": called.id} for called in made]
    options = _free(question.options, last=not talk.turns_left)
    return replace(question, messages=[*question.messages, message, *results], options=options, purpose="tool")


def _free(options: Options, *, last: bool) -> Options:
    """The options of the next turn: a call that was forced is forced once, and at the end there is none."""
    if last:
        return replace(options, tool_choice="none")
    return options if options.tool_choice in (None, "none") else replace(options, tool_choice="auto")


# ---------------------------------------------------------------------- one reply, in a form that the service takes


def _sent(talk: Talk, question: Question) -> Flow[Reply]:
    """One reply, also where the service refuses the form of the request, or runs out of time.

    A refused request is put another way, as long as there is one; one that took too long is sent with half the token
    limit, down to a few, where a shorter answer is of no help; one whose answer stalled in blanks is sent without a
    response format.
    """
    first: ServiceError | None = None
    while True:
        request, left = talk.request(question), talk.deadline - (yield Now())
        try:
            reply = yield from deliver(request, attempts=talk.settings.max_attempts, seconds=left, watch=talk.heard)
        except (FormatRefused, Rejected) as error:
            first = first or error
            change = None if (yield from talk.late()) else talk.form.refused(error)
            if change is None:
                raise first from None
            talk.tell("fallback", f"{change} after {error}")
        except TooSlow as error:
            limit = room(question.options) // 2
            if limit < _FEWEST_TOKENS or (yield from talk.late()):
                raise Busy(f"the service runs out of time even for {room(question.options)} tokens: {error}") from error
            talk.repaired(Repair("budget", (f"the service ran out of time; retried for {limit} tokens",)))
            question = replace(question, options=with_room(question.options, limit))
        else:
            talk.keys.append(request.key)
            talk.replies[request.digest] += 1
            talk.tries += question.purpose != "tool"
            reply = talk.form.read(reply, question.schema)
            whole = reply.finish != "length" or not (talk.form.formatted and stalled(reply))
            if whole or not (yield from talk.may_repair()):
                return reply
            talk.form.plain()
            talk.repaired(Repair("stall", ("the answer stalled in blanks; retried without a response format",)))


# ---------------------------------------------------------------------- the state of a conversation


@dataclass(frozen=True, slots=True)
class Question:
    """What one request asks, apart from the rung: `prediction` is the earlier answer that a new one is close to."""

    messages: Sequence[Message]
    schema: Schema[Any]
    options: Options
    purpose: Purpose = "ask"
    prediction: str | None = None


@dataclass(slots=True, eq=False)
class Talk:
    """The questions, requests, costs and repairs of one conversation; it reports the events.

    `usages` has every paid reply, the bad ones too.
    """

    asking: Asking
    settings: Settings
    deadline: float
    form: Form
    examples: tuple[Example, ...]
    turns_left: int
    attempts: int = 0
    tries: int = 0
    usages: list[Usage] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    called: list[Called] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    replies: Counter[str] = field(default_factory=Counter)
    _options: Options | None = None
    _open: bool = False

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
        turn = asking.turn + self.replies[request.digest]
        return replace(request, turn=turn) if turn else request

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
        return self.tries <= self.settings.repairs and not (yield from self.late())

    def late(self) -> Flow[bool]:
        """Whether the conversation has had its time."""
        return (yield Now()) >= self.deadline  # type: ignore[no-any-return]

    def lower(self, why: str) -> None:
        """Step down one rung for the rest of this conversation, where it was a format that failed."""
        if self.form.formatted and self.form.lower():
            self.tell("fallback", f"{RUNGS[self.form.rung]} after {why}")

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
            usage=sum(self.usages, Usage()),
            attempts=self.attempts,
            repairs=tuple(self.repairs),
            tool_calls=tuple(self.called),
            requests=tuple(self.keys),
            **fields,
        )

    def call_ended(self, called: Called, seconds: float) -> None:
        """Tell of a tool call, when it ended. A name that the model made up is the model's text, which is not told."""
        if called.error == NO_SUCH_TOOL:
            self.tell("tool", "no such tool", seconds=seconds, error=called.error)
            return
        known = {"error": called.error, "tool": called.name, "call_id": called.id}
        self.tell("tool", f"{called.name} {'succeeded' if called.ok else 'failed'}", seconds=seconds, **known)

    def heard(self, step: Step, outcome: Reply | ServiceError | None, seconds: float) -> None:
        """Count a step of a delivery, and tell of it."""
        known: dict[str, Any] = {"seconds": seconds, "request_id": outcome.request_id} if outcome else {}
        if step != "wait":
            known["options"] = self._options
        match step, outcome:
            case "reply", Reply(usage=usage):
                self.usages.append(usage or Usage(cost_usd=None))
                self.tell(step, outcome.finish, usage=usage, reused=outcome.reused, **known)
            case "failure", ServiceError(usage=usage):
                self.usages += [usage] if usage else []
                self.tell(step, str(outcome), usage=usage, error=type(outcome).__name__, **known)
            case "wait", _:
                self.tell(step, f"{type(outcome).__name__}: {outcome}", **known)
            case _:
                self.attempts += 1
                self.tell(step, **known)

    def tell(self, kind: Kind, detail: str = "", **more: Any) -> None:
        """Tell the log and every listener what happens, where anybody hears it."""
        if self.settings.listeners or LOG.isEnabledFor(logging.INFO):
            event = Event(kind, self.settings.model, self.asking.name, detail, self.attempts, **more)
            for listener in (log_event, *self.settings.listeners):
                listener(event)
