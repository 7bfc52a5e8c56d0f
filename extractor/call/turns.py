"""The turns of tool calls inside one question: the model asks for functions, and is told what they gave."""

from __future__ import annotations

from dataclasses import replace

from extractor.call.effects import Flow, Run, Together
from extractor.call.talk import Question, Talk
from extractor.call.tools import Called, call_tool
from extractor.wire.calls import unique_calls
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
        made = yield Together(tuple(_made(talk, call) for call in calls))
        talk.calls_made(made)
        said = assistant(reply.content, tool_calls=calls, reasoning=reply.reasoning)
        told = [tool(called.result, call_id=called.id) for called in made]
        last = turn + 1 == talk.settings.tool_turns
        options = replace(question.options, tool_choice="none") if last else question.options
        question = replace(question, messages=[*question.messages, said, *told], options=options, purpose="tool")
        reply = yield from talk.send(question)
    return reply


def _made(talk: Talk, call: ToolCall) -> Flow[Called]:
    return (yield Run(lambda: call_tool(talk.settings.tools, call)))  # type: ignore[no-any-return]
