"""The turns of tool calls inside one question: the model asks for functions, and is told what they gave.

A call and an answer are told apart by what they hold, not by where they stand:

    {"name": "look_up", "arguments": {...}} as text, where look_up was offered              is a call of look_up
    a call of Receipt with a record in its arguments, where no such tool was offered        is the answer
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from extractor.call.asking import Repair
from extractor.call.effects import Flow, Now, Run, Together
from extractor.call.talk import Question, Talk
from extractor.call.tools import Called, call_tool, legible
from extractor.errors import InvalidValue
from extractor.repair.fitting import inside
from extractor.repair.kinds import folded
from extractor.repair.mend import mend
from extractor.schema.pointer import JSON
from extractor.wire.calls import unique_calls
from extractor.wire.options import Options
from extractor.wire.requests import assistant, tool
from extractor.wire.values import Reply, ToolCall

__all__ = ["answered", "turns"]

_PREFIX = re.compile(r"^.*(?:[.:/]|__)(?=\D)|:\d+$")
_ARGUMENTS = ("arguments", "parameters", "args", "input")
_AROUND = frozenset(("name", "id", "type", "index", "function", "tool", "recipient_name", *_ARGUMENTS))
"""The members of an object that writes a call as JSON."""


def turns(talk: Talk, question: Question) -> Flow[Reply]:
    """The reply to a question, once the model has called all the tools that it wanted.

    A conversation has `settings.tool_turns` such turns, however often it asks; after the last one it may call no more.
    """
    if not talk.turns_left:
        question = replace(question, options=_free(question.options, last=True))
    reply = yield from answered(talk, question)
    while reply.tool_calls and talk.settings.tools and talk.turns_left:
        talk.turns_left -= 1
        calls = unique_calls(reply.tool_calls, taken=[called.id for called in talk.called])
        made = yield from _made(talk, [legible(call) or call for call in calls])
        talk.called += made
        message = assistant(reply.content, tool_calls=list(map(_sent_back, calls)), reasoning=reply.reasoning)
        results = [tool(called.result, call_id=called.id) for called in made]
        options = _free(question.options, last=not talk.turns_left)
        question = replace(question, messages=[*question.messages, message, *results], options=options, purpose="tool")
        reply = yield from answered(talk, question)
    return reply


def answered(talk: Talk, question: Question) -> Flow[Reply]:
    """The reply to one request, with calls among its calls and an answer in its text, wherever they came."""
    reply: Reply = yield from talk.send(question)
    offered = [] if question.purpose == "repair" else [tool.name for tool in talk.settings.tools]
    calls = tuple(replace(call, name=_tool_name(call.name, offered) or call.name) for call in reply.tool_calls)
    reply = replace(reply, tool_calls=calls) if calls != reply.tool_calls else reply
    if offered and not reply.tool_calls and (calls := tuple(_written(reply.content, offered))):
        talk.repaired(Repair("mend", ("a tool call stood in the text",)))
        return replace(reply, content="", tool_calls=calls, logprobs=())
    answers = [call for call in reply.tool_calls if not offered or _is_record(call, offered, question.schema.name)]
    if answers and not reply.content.strip():
        talk.repaired(Repair("mend", ("the answer came as a tool call",)))
        rest = tuple(call for call in reply.tool_calls if call not in answers)
        return replace(reply, content="\n".join(call.arguments for call in answers), tool_calls=rest, logprobs=())
    return reply


def _made(talk: Talk, calls: Sequence[ToolCall]) -> Flow[list[Called]]:
    """The calls of one turn: functions one after another, in order; async ones beside them, all at once."""
    at_once = {tool.name for tool in talk.settings.tools if inspect.iscoroutinefunction(tool.function)}
    in_turn = [call for call in calls if call.name not in at_once]
    flows = (_in_turn(talk, group) for group in (in_turn, *([call] for call in calls if call.name in at_once)))
    made = {called.id: called for group in (yield Together(tuple(flows))) for called in group}
    return [made[call.id] for call in calls]


def _in_turn(talk: Talk, calls: Sequence[ToolCall]) -> Flow[list[Called]]:
    made = []
    for call in calls:
        began = yield Now()
        called: Called = yield Run(partial(call_tool, talk.settings.tools, call))
        talk.call_ended(called, (yield Now()) - began)
        made.append(called)
    return made


def _sent_back(call: ToolCall) -> ToolCall:
    """The call as the model's own words: the service refuses a conversation with arguments in it that are no JSON."""
    return legible(call) or replace(call, arguments="{}")


def _free(options: Options, *, last: bool) -> Options:
    """The options of the next turn: a call that was forced is forced once, and at the end there is none."""
    if last:
        return replace(options, tool_choice="none")
    return options if options.tool_choice in (None, "none") else replace(options, tool_choice="auto")


def _is_record(call: ToolCall, offered: Collection[str], record: str) -> bool:
    """Whether a call is the answer: it names what was asked for in place of a tool."""
    return call.name not in offered and folded(call.name) == folded(record)


def _tool_name(name: str, offered: Collection[str]) -> str | None:
    """The tool that a name means: in another case, or behind a prefix such as `functions.`; None where that is open."""
    if name in offered:
        return name
    bare = folded(_PREFIX.sub("", name.strip()))
    found = [each for each in offered if folded(each) == bare]
    return found[0] if len(found) == 1 else None


def _written(text: str, offered: Collection[str]) -> Iterator[ToolCall]:
    """The calls of offered tools that a text writes as JSON."""
    if not any(name in text for name in offered):
        return
    try:
        message = mend(text)
    except InvalidValue:
        return
    for value in message.value if isinstance(message.value, list) else [message.value]:
        call = _as_call(value, offered)
        if call is not None:
            yield call


def _as_call(value: JSON, offered: Collection[str]) -> ToolCall | None:
    if not isinstance(value, dict) or not value.keys() <= _AROUND:
        return None
    inner: Any = value["function"] if isinstance(value.get("function"), dict) else value
    names = [inner[key] for key in ("name", "tool", "function", "recipient_name") if isinstance(inner.get(key), str)]
    arguments = next((inner[key] for key in _ARGUMENTS if key in inner), None)
    arguments = arguments if isinstance(arguments, dict) else inside(arguments, dict)
    name = _tool_name(names[0], offered) if names else None
    if name is None or arguments is None:
        return None
    return ToolCall(str(value.get("id") or ""), name, orjson.dumps(arguments).decode())
