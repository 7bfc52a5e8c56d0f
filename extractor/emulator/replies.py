"""Faults of the reply around an answer that was given and billed: its message, its tool calls, its usage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from extractor.emulator.values import as_text, as_value, faults

__all__ = ["REPLIES"]

Whole = Mapping[str, Any]
"""A chat.completion."""

Act = Callable[[Whole], Whole]


def _in_choices(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Act:
    """A change of each choice."""
    return lambda whole: {**whole, "choices": [change(choice) for choice in whole["choices"]]}


def _in_message(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Act:
    """A change of the message of each choice."""
    return _in_choices(lambda choice: {**choice, "message": change(choice["message"])})


def _in_call(change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Act:
    """A change of each tool call, by its place."""

    def changed(message: dict[str, Any]) -> dict[str, Any]:
        calls = message.get("tool_calls")
        return {**message, "tool_calls": [change(*each) for each in enumerate(calls)]} if calls else message

    return _in_message(changed)


def _in_usage(change: Callable[[dict[str, Any]], Any]) -> Act:
    """Another usage, of the right one."""
    return lambda whole: {**whole, "usage": change(whole["usage"])} if whole.get("usage") else whole


def _with(**members: Any) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda value: {**value, **members}


def _without(name: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda value: {key: item for key, item in value.items() if key != name}


def _ended(finish: Any) -> Act:
    return _in_choices(_with(finish_reason=finish))


def _counts(prompt: Any, completion: Any) -> Act:
    return _in_usage(_with(prompt_tokens=prompt, completion_tokens=completion))


def _as_object(message: dict[str, Any]) -> dict[str, Any]:
    value = as_value(message["content"] or "")
    return {**message, "content": value} if isinstance(value, dict) else message


def _renamed(message: dict[str, Any]) -> dict[str, Any]:
    names = {"reasoning": "reasoning_content"}
    return {names.get(name, name): value for name, value in message.items()}


def _parsed(index: int, call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {**call, "function": {**function, "arguments": as_value(function["arguments"])}}


_ACTS: dict[str, Act] = {
    "rate_headers: the reply tells its rate limit: Ratelimit and Ratelimit-Policy.": dict,
    "reasoning_content: the reasoning comes as reasoning_content.": _in_message(_renamed),
    "finish_null: the finish_reason is null.": _ended(None),
    "finish_unknown: the finish_reason is a word that nobody knows.": _ended("eos"),
    "finish_filter: the finish_reason is content_filter.": _ended("content_filter"),
    "finish_tools: the finish_reason is tool_calls, and none is there.": _ended("tool_calls"),
    "finish_length: the finish_reason is length, though the answer is whole.": _ended("length"),
    "tool_arguments_object: the arguments of a tool call are an object, not its text.": _in_call(_parsed),
    "tool_ids_repeat: the ids of tool calls start at 0 again in every turn.": _in_call(
        lambda index, call: {**call, "id": f"functions.{call['function']['name']}:{index}"}
    ),
    "no_usage: the reply says nothing of its usage.": _without("usage"),
    "usage_null: the usage is null.": _in_usage(lambda usage: None),
    "usage_empty: the usage is an object without members.": _in_usage(lambda usage: {}),
    "usage_list: the usage is a list.": _in_usage(lambda usage: list(usage.values())),
    "usage_zero: the usage is 0 tokens.": _counts(0, 0),
    "usage_negative: the usage is negative.": _counts(-1, -1),
    "usage_absurd: the usage is more than any window holds.": _counts(10**15, 10**15),
    "usage_words: the usage is told in words.": _counts("many", "few"),
    "usage_text: the counts of the usage are texts.": _in_usage(
        lambda usage: {name: as_text(count) for name, count in usage.items()}
    ),
    "usage_decimal: the counts of the usage are decimals.": _in_usage(
        lambda usage: {name: count and count + 0.0 for name, count in usage.items() if isinstance(count, int)}
    ),
    "usage_half: the usage tells of the prompt alone.": _in_usage(_without("completion_tokens")),
    "usage_cached: more of the prompt is cached than there is.": _in_usage(
        lambda usage: {**usage, "prompt_tokens_details": {"cached_tokens": 10 * usage["prompt_tokens"]}}
    ),
    "usage_details: the details of the usage are a text.": _in_usage(_with(prompt_tokens_details="none")),
}

_IN_ONE_PIECE: dict[str, Act] = {
    "content_object: the content is a JSON object, not its text.": _in_message(_as_object),
    "content_parts: the content is a list of parts.": _in_message(
        lambda message: {**message, "content": [{"type": "text", "text": message["content"] or ""}]}
    ),
    "content_number: the content is a number.": _in_message(_with(content=42)),
    "content_missing: the message has no content.": _in_message(_without("content")),
    "message_missing: the choice has no message.": _in_choices(_without("message")),
    "message_null: the message is null.": _in_choices(_with(message=None)),
    "message_text: the message is its text alone.": _in_choices(
        lambda choice: {**choice, "message": choice["message"]["content"]}
    ),
    "role_missing: the message has no role.": _in_message(_without("role")),
    "choices_missing: the reply has no choices.": _without("choices"),
    "choices_empty: the list of choices is empty.": _with(choices=[]),
    "choices_null: the choices are null.": _with(choices=None),
    "choices_object: the choices are one object.": lambda whole: {**whole, "choices": whole["choices"][0]},
    "choices_text: the choices are texts.": _with(choices=["stop"]),
    "response_only: the answer comes as `response`, the older form.": lambda whole: {
        "response": whole["choices"][0]["message"]["content"],
        "tool_calls": whole["choices"][0]["message"].get("tool_calls"),
        "usage": whole.get("usage"),
    },
    "index_text: the index of the choice is a text.": _in_choices(_with(index="first")),
    "refused: the model refuses to answer.": _in_message(_with(content=None, refusal="I cannot help.")),
}

REPLIES = (
    *faults("reply", _ACTS),
    *faults("reply", _IN_ONE_PIECE, needs=lambda body: not body.get("stream")),
)
