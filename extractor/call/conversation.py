"""The conversation: ask, read, repair cheapest first, and keep whatever can be kept.

ask ─► read ─► valid ─────────────────────────────────────► answer
        │  ├─► problems ─► targeted ─► whole ─► prune ────► answer, partial
        │  └─► cut ─► whole items ────────────────────────► answer, truncated
        └────► no JSON ─► whole, a rung lower ─► (read)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from extractor.call.asking import Answer, Asking, Repair, Settings
from extractor.call.defaults import room, with_room
from extractor.call.effects import Flow, Now, Run, Together
from extractor.call.ladder import Ladder
from extractor.call.prompt import again, ask, targeted
from extractor.call.reading import Draft, read
from extractor.call.talk import Question, Talk
from extractor.call.targets import problem_lines, target
from extractor.call.tools import Called, call_tool
from extractor.errors import AccountError, BrokenReply, InvalidValue, Problem, Rejected, ServiceError, TooLong
from extractor.schema.pointer import JSON, get
from extractor.wire.calls import unique_calls
from extractor.wire.options import thinking
from extractor.wire.requests import assistant, tool
from extractor.wire.values import Reply, ToolCall

__all__ = ["Answer", "Asking", "Ladder", "Repair", "Settings", "converse"]

_MOST_TOKENS = 65_536
_ROOMIER = 2
_NEARLY = 0.9
_NO_JSON = Problem("", "the answer held no JSON that could be read")


def converse(asking: Asking, settings: Settings) -> Flow[Answer]:
    """Ask one question until there is an answer, or as much of one as can be had.

    Failures of the service end in an Answer with `error`; AccountError and BudgetExceeded are raised. No more than
    1 + `settings.repairs` replies are paid for, turns after tool calls aside.
    """
    talk = Talk(asking, settings, (yield Now()))
    try:
        draft = yield from _first_draft(talk, _question(talk))
    except AccountError:
        raise
    except ServiceError as error:
        return talk.answer(error=error, truncated=isinstance(error, _Starved))
    if draft.cut and not _filled(draft.reply, talk):
        draft = yield from _attempted(talk, draft, _whole)
    if draft.problems and not draft.cut:
        draft = yield from _repaired(talk, draft)
    return _kept(talk, draft)


class _Starved(TooLong):
    """The token limit ended the answer before anything of it could be used."""


def _question(talk: Talk) -> Question:
    asking, settings = talk.asking, talk.settings
    messages = ask(asking.schema, asking.text, context=asking.context, instructions=settings.instructions)
    return Question(messages, asking.schema, settings.options)


def _first_draft(talk: Talk, question: Question) -> Flow[Draft]:
    """The first reply that holds JSON; a ServiceError when the budget of repairs ends before one came."""
    step: Repair | None = None
    roomier = 0
    while True:
        mark = talk.paid
        reply = yield from _turns(talk, question)
        if step is not None:
            talk.repaired(replace(step, usage=talk.since(mark)))
        draft = _draft(talk, reply, question)
        if draft is not None:
            return draft
        starved = reply.finish == "length"
        if (starved and roomier == _ROOMIER) or not (yield from talk.may_repair()):
            raise _hopeless(reply, starved)
        roomier += starved
        question, step = _roomier(question, reply) if starved else _lower(talk, question)


def _draft(talk: Talk, reply: Reply, question: Question) -> Draft | None:
    """A reply, read; None where it holds no JSON. The rung is judged by it."""
    try:
        draft = read(reply, question.schema)
    except InvalidValue:
        if reply.finish != "length":
            talk.rung_failed()
        return None
    talk.rung_worked()
    talk.repaired(*draft.repairs)
    return draft


def _roomier(question: Question, reply: Reply) -> tuple[Question, Repair]:
    """The same question without thinking where that took the room, else with four times the room."""
    options = question.options
    template = options.chat_template_kwargs or {}
    if reply.reasoning and any(template.get(name) for name in ("thinking", "enable_thinking")):
        return (
            replace(question, options=replace(options, chat_template_kwargs=thinking(False))),
            Repair("thinking", ("thinking took all of the tokens; asked again without it",)),
        )
    limit = min(4 * room(options), _MOST_TOKENS)
    return replace(question, options=with_room(options, limit)), Repair(
        "budget", (f"asked again with {limit} tokens of room",)
    )


def _lower(talk: Talk, question: Question) -> tuple[Question, Repair]:
    talk.lower("an answer without JSON")
    messages = question.messages if question.purpose == "again" else again(question.messages, [str(_NO_JSON)])
    return replace(question, messages=messages, purpose="again"), Repair("whole", (f"{_NO_JSON}; asked again",))


def _hopeless(reply: Reply, starved: bool) -> ServiceError:
    if starved:
        return _Starved("the token limit ended the answer before it began: ask for less, or raise the limit")
    if reply.refusal or reply.finish == "content_filter":
        return Rejected(f"the model will not answer for this document: {reply.refusal or 'content filter'}")
    return BrokenReply("none of the model's answers held JSON: look at the document, or try another model")


def _turns(talk: Talk, question: Question) -> Flow[Reply]:
    """The reply to a question, once the model has called all the tools that it wanted."""
    reply = yield from talk.send(question)
    for turn in range(talk.settings.tool_turns):
        if not (reply.tool_calls and talk.settings.tools):
            break
        calls = unique_calls(reply.tool_calls, taken=[called.id for called in talk.called])
        made = yield Together(tuple(_call(talk, call) for call in calls))
        said = assistant(reply.content, tool_calls=calls, reasoning=reply.reasoning)
        told = [tool(called.result, call_id=called.id) for called in made]
        last = turn + 1 == talk.settings.tool_turns
        options = replace(question.options, tool_choice="none") if last else question.options
        question = replace(question, messages=[*question.messages, said, *told], options=options, purpose="tool")
        reply = yield from talk.send(question)
    return reply


def _call(talk: Talk, call: ToolCall) -> Flow[Called]:
    called: Called = yield Run(lambda: call_tool(talk.settings.tools, call))
    talk.call_made(called)
    return called


def _filled(reply: Reply, talk: Talk) -> bool:
    """Whether a cut answer used up its room; one that was cut for no reason is worth asking for again."""
    return reply.usage is None or reply.usage.completion_tokens > _NEARLY * room(talk.settings.options)


def _repaired(talk: Talk, draft: Draft) -> Flow[Draft]:
    """The draft after each repair that the budget allows, cheapest first; a failure leaves it as it is."""
    for repair in (_targeted, _whole):
        if draft.problems:
            draft = yield from _attempted(talk, draft, repair)
    return draft


def _attempted(talk: Talk, draft: Draft, repair: Callable[[Talk, Draft], Flow[Draft]]) -> Flow[Draft]:
    """The draft after one repair, if the budget allows it."""
    if not (yield from talk.may_repair()):
        return draft
    try:
        return (yield from repair(talk, draft))
    except AccountError:
        raise
    except ServiceError as error:
        talk.repaired(Repair(repair.__name__.strip("_"), (f"failed: {error}",)))
        return draft


def _targeted(talk: Talk, draft: Draft) -> Flow[Draft]:
    """Ask for the failing fields alone, and patch them in."""
    asking, settings = talk.asking, talk.settings
    aim = target(asking.schema, draft, asking.text)
    if aim is None:
        return draft
    messages = targeted(aim.subset, aim.text, aim.lines, instructions=settings.instructions)
    mark = talk.paid
    reply = yield from talk.send(Question(messages, aim.subset, settings.options, "repair"))
    try:
        fixed = read(reply, aim.subset)
    except InvalidValue:
        talk.repaired(Repair("targeted", (f"failed: {_NO_JSON}",), usage=talk.since(mark)))
        return draft
    value = aim.subset.patch(draft.value, fixed.value)
    newer = replace(draft, value=value, problems=asking.schema.problems(value))
    return _judged(talk, "targeted", draft, newer, mark)


def _whole(talk: Talk, draft: Draft) -> Flow[Draft]:
    """Ask once more for everything, with the earlier answer as a prediction."""
    question = _question(talk)
    lines = problem_lines(talk.asking.schema, draft.problems, draft.value)
    messages = again(question.messages, lines)
    mark = talk.paid
    reply = yield from _turns(
        talk, replace(question, messages=messages, purpose="again", prediction=draft.reply.content)
    )
    newer = _draft(talk, reply, question)
    if newer is None:
        talk.repaired(Repair("whole", (f"failed: {_NO_JSON}",), usage=talk.since(mark)))
        return draft
    return _judged(talk, "whole", draft, newer, mark)


def _judged(talk: Talk, rung: str, older: Draft, newer: Draft, mark: int) -> Draft:
    """The better of two drafts, with a record of what the repair did to each place that was wrong."""
    better = newer.better_than(older)
    changes = tuple(_change(problem.path, older.value, newer.value) for problem in older.problems) if better else ()
    talk.repaired(Repair(rung, changes or ("it was no better; the earlier answer is kept",), usage=talk.since(mark)))
    return newer if better else older


def _change(path: str, older: JSON, newer: JSON) -> str:
    return f"{_shown(older, path)} became {_shown(newer, path)} @ {path or '/'}"


def _shown(value: JSON, path: str) -> str:
    try:
        found = repr(get(value, path))
    except (KeyError, IndexError, ValueError, TypeError):
        return "nothing"
    return found if len(found) <= 60 else f"{found[:57]}..."


def _kept(talk: Talk, draft: Draft) -> Answer:
    """The draft as an answer: whole where it is valid, else its valid part with what is wrong with the rest."""
    value, problems = draft.value, draft.problems
    if problems:
        value, dropped = talk.asking.schema.prune(value, problems)
        if dropped:
            talk.repaired(Repair("prune", tuple(map(str, dropped)), lossy=True))
    return talk.answer(
        value=value,
        truncated=draft.cut,
        counts=draft.counts,
        quotes=draft.quotes,
        problems=problems,
        logprobs=draft.reply.logprobs,
    )
