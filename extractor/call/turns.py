"""The turns of tool calls inside one question: the model asks for functions, and is told what they gave."""

from __future__ import annotations

from dataclasses import replace

from extractor.call.effects import Flow, Now, Run, Together
from extractor.call.talk import Question, Talk
from extractor.call.tools import Called, call_tool, legible
from extractor.wire.calls import unique_calls
from extractor.wire.options import Options
from extractor.wire.requests import assistant, tool
from extractor.wire.values import Reply, ToolCall

__all__ = ["turns"]


def turns(talk: Talk, question: Question) -> Flow[Reply]:
    """The reply to a question, once the model has called all the tools that it wanted."""
    reply = yield from talk.send(question)
    for turn in range(talk.settings.tool_turns):
        if not (reply.tool_calls and talk.settings.tools):
            break
        calls = unique_calls(reply.tool_calls, taken=[called.id for called in talk.called])
        made = yield Together(tuple(_made(talk, legible(call) or call) for call in calls))
        talk.called += made
        said = assistant(reply.content, tool_calls=list(map(_sent_back, calls)), reasoning=reply.reasoning)
        told = [tool(called.result, call_id=called.id) for called in made]
        options = _free(question.options, last=turn + 1 == talk.settings.tool_turns)
        question = replace(question, messages=[*question.messages, said, *told], options=options, purpose="tool")
        reply = yield from talk.send(question)
    return reply


def _made(talk: Talk, call: ToolCall) -> Flow[Called]:
    began = yield Now()
    called: Called = yield Run(lambda: call_tool(talk.settings.tools, call))
    talk.call_ended(called, (yield Now()) - began)
    return called


def _sent_back(call: ToolCall) -> ToolCall:
    """The call as the model's own words: the service refuses a conversation with arguments in it that are no JSON."""
    return legible(call) or replace(call, arguments="{}")


def _free(options: Options, *, last: bool) -> Options:
    """The options of the next turn: a call that was forced is forced once, and at the end there is none."""
    if last:
        return replace(options, tool_choice="none")
    return options if options.tool_choice in (None, "none") else replace(options, tool_choice="auto")
