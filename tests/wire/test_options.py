"""Every parameter of the request: what is taken, what is refused and how, and how it goes over the wire."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from extractor.errors import UsageError
from extractor.wire.options import Options, thinking
from extractor.wire.parameters import PARAMETERS

ASK = [{"role": "user", "content": "Hello"}]
FUNCTION = {"name": "look_up", "description": "Looks it up.", "parameters": {"type": "object"}}

TAKEN: dict[str, list[Any]] = {
    "audio": [{"voice": "alloy", "format": "wav"}, {"voice": {"id": "v1"}, "format": "pcm16"}],
    "chat_template_kwargs": [thinking(True), thinking(False), {"clear_thinking": True}, {"other": 1}],
    "frequency_penalty": [-2, 0.5, 2],
    "function_call": ["none", "auto", {"name": "look_up"}],
    "functions": [[FUNCTION], [FUNCTION] * 128],
    "logit_bias": [{}, {"50256": -100, "11": 100}],
    "logprobs": [True, False],
    "max_completion_tokens": [1, 256_000],
    "max_tokens": [1, 256_000],
    "messages": [ASK],
    "metadata": [{}, {"run": "7"}, {str(n): "x" for n in range(16)}],
    "modalities": [["text"], ["text", "audio"]],
    "model": ["@cf/moonshotai/kimi-k2.6"],
    "n": [1, 128],
    "parallel_tool_calls": [True, False],
    "prediction": [
        {"type": "content", "content": "{}"},
        {"type": "content", "content": [{"type": "text", "text": ""}]},
    ],
    "presence_penalty": [-2.0, 2.0],
    "prompt": ["Hello"],
    "reasoning_effort": ["none", "low", "medium", "high", "max"],
    "requests": [[{"messages": ASK, "external_reference": "row-1"}], [{"prompt": "Hello", "temperature": 1}]],
    "response_format": [
        {"type": "text"},
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True}},
    ],
    "seed": [0, -5, 2**40],
    "service_tier": ["auto", "default", "flex", "scale", "priority"],
    "stop": ["END", ["a"], ["a", "b", "c", "d"]],
    "store": [True, False],
    "stream": [True, False],
    "stream_options": [{"include_usage": True, "include_obfuscation": False}, {}],
    "temperature": [0, 0.6, 2],
    "tool_choice": [
        "none",
        "auto",
        "required",
        {"type": "function", "function": {"name": "look_up"}},
        {"type": "custom", "custom": {"name": "look_up"}},
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{}]}},
    ],
    "tools": [
        [],
        [{"type": "function", "function": FUNCTION}],
        [{"type": "custom", "custom": {"name": "free", "format": {"type": "text"}}}],
        [
            {
                "type": "custom",
                "custom": {
                    "name": "bound",
                    "format": {"type": "grammar", "grammar": {"definition": "a", "syntax": "lark"}},
                },
            }
        ],
    ],
    "top_p": [0, 0.95, 1],
    "user": ["", "u-1"],
    "web_search_options": [
        {"search_context_size": "high"},
        {"user_location": {"type": "approximate", "approximate": {"city": "Graz", "country": "AT"}}},
    ],
}

REFUSED: dict[str, list[Any]] = {
    "audio": ["wav", {"voice": "alloy"}, {"voice": "alloy", "format": "mid"}],
    "chat_template_kwargs": [True, {"thinking": "no"}, {"enable_thinking": 0}],
    "frequency_penalty": [-2.1, 2.1, "0", True, float("nan")],
    "function_call": ["required", {}],
    "functions": [[], [FUNCTION] * 129, [{}]],
    "logit_bias": [{"1": 101}, [1]],
    "logprobs": [1, "true"],
    "max_completion_tokens": [0, -1, 1.5, "5", True],
    "max_tokens": [0, 2.0],
    "messages": [[], "Hello", [{"role": "narrator", "content": ""}], [{"content": "Hello"}]],
    "metadata": [{str(n): "x" for n in range(17)}, "x"],
    "modalities": [["video"], "text"],
    "model": ["", 5],
    "n": [0, 129, 1.5],
    "parallel_tool_calls": [1, "yes"],
    "prediction": [{"type": "content"}, {"type": "text", "content": ""}],
    "presence_penalty": [3, float("inf")],
    "prompt": ["", 5],
    "reasoning_effort": ["xhigh", 1],
    "reject_if_busy": ["yes", 1],
    "requests": [[], [{}], [{"messages": []}], [{"messages": ASK, "prompt": "Hello"}], [{"messages": ASK, "n": 0}]],
    "response_format": ["json", {"type": "xml"}, {"type": "json_schema"}, {"type": "json_schema", "json_schema": {}}],
    "seed": [1.5, "1"],
    "service_tier": ["fast"],
    "stop": [[], ["a"] * 5, [1], 7],
    "store": ["no"],
    "stream": ["no"],
    "stream_options": [True, {"include_usage": 1}],
    "temperature": [-0.1, 2.1, "1", True],
    "tool_choice": ["any", {"type": "function"}, {"type": "function", "function": {}}],
    "tools": [
        [FUNCTION],
        [{"type": "function"}],
        [{"type": "custom", "custom": {"name": "a", "format": {"type": "x"}}}],
    ],
    "top_p": [-0.1, 1.1],
    "user": [5],
    "web_search_options": [{"search_context_size": "huge"}, {"user_location": {"type": "approximate"}}],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in TAKEN.items() for value in values])
def test_taken(name: str, value: Any) -> None:
    """A value in range is sent under its own name, as it was given."""
    assert Options(**{name: value}).body() == {name: value}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_refused(name: str, value: Any) -> None:
    """A value out of range is refused before anything is sent, in one line that names the field."""
    with pytest.raises(UsageError) as caught:
        Options(**{name: value})
    message = str(caught.value)
    assert message.startswith("options" if name == "reject_if_busy" else name)
    assert "\n" not in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 3}, "temperature: must be at most 2, not 3"),
        ({"n": 0}, "n: must be at least 1, not 0"),
        ({"max_completion_tokens": 0}, "max_completion_tokens: must be at least 1, not 0"),
        (
            {"reasoning_effort": "xhigh"},
            "reasoning_effort: must be 'none' or 'low' or 'medium' or 'high' or 'max' or null, not 'xhigh'",
        ),
        ({"logit_bias": {"7": 200}}, "logit_bias/7: must be at most 100, not 200"),
        ({"chat_template_kwargs": {"thinking": 1}}, "chat_template_kwargs/thinking: must be boolean, not 1"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools/0/function/name: is required"),
        ({"top_logprobs": 5}, "top_logprobs: 5 asks for logprobs=True beside it"),
        (
            {"messages": ASK, "prompt": "Hello"},
            "prompt: it cannot be sent together with messages; give one of them",
        ),
    ],
)
def test_messages(options: dict[str, Any], message: str) -> None:
    """A refusal names the field, the value and the range."""
    with pytest.raises(UsageError) as caught:
        Options(**options)
    assert str(caught.value) == message


def test_every_published_parameter_can_be_set() -> None:
    """The options' names are the wire's, except for the one that the wire nests."""
    names = {field.name for field in fields(Options)}
    assert names == PARAMETERS.keys() - {"options"} | {"reject_if_busy"}
    assert names == TAKEN.keys() | {"reject_if_busy", "top_logprobs"}


def test_reject_if_busy() -> None:
    """The refusal to wait goes where the service reads it."""
    assert Options(reject_if_busy=True).body() == {"options": {"rejectIfBusy": True}}
    assert Options(reject_if_busy=False).body() == {"options": {"rejectIfBusy": False}}


def test_top_logprobs() -> None:
    """The alternatives go beside the log-probabilities that they belong to."""
    assert Options(logprobs=True, top_logprobs=20).body() == {"logprobs": True, "top_logprobs": 20}


def test_nothing_is_sent_that_was_not_set() -> None:
    """Options that hold nothing send nothing."""
    assert Options().body() == {}


def test_thinking_is_said_under_both_names() -> None:
    """The switch names both spellings, for the sources disagree on which one is read."""
    assert thinking(False) == {"thinking": False, "enable_thinking": False}


def test_a_value() -> None:
    """Options are frozen, compare by value and travel to workers."""
    options = Options(temperature=0.6, chat_template_kwargs=thinking(False))
    assert pickle.loads(pickle.dumps(options)) == options
    with pytest.raises(FrozenInstanceError):
        options.temperature = 1  # type: ignore[misc]
