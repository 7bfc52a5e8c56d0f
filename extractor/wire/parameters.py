"""Every parameter of the model's published request, with its type and range: the one place they are said.

They are said in small rules, which tell in words what they take (`a number from 0 to 2`), and list what is wrong with a
value, place by place. `options.py` refuses by them before anything is sent; `requests` has those of whole bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from extractor.errors import Problem
from extractor.schema.pointer import join

__all__ = ["PARAMETERS"]


_NONE: Mapping[str, Rule] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be: in words, as the end of the sentence "must be ...", and as what is wrong with one.

    `problems` takes the value, and the pointer at which it stands.
    """

    says: str
    problems: Callable[[Any, str], Iterator[Problem]]


def _leaf(says: str, test: Callable[[Any], bool]) -> Rule:
    """A value judged as one piece."""

    def problems(value: Any, path: str) -> Iterator[Problem]:
        if not test(value):
            yield _unlike(value, path, says)

    return Rule(says, problems)


def _number(low: float, high: float) -> Rule:
    """Any number from `low` to `high`, both included; never NaN."""
    return _leaf(f"a number from {low:g} to {high:g}", lambda value: _is_number(value) and low <= value <= high)


def _whole(low: int | None = None, high: int | None = None) -> Rule:
    """An integer, from `low` and up to `high` where they are given."""
    bounds = "" if low is None else f" of at least {low}" if high is None else f" from {low} to {high}"

    def test(value: Any) -> bool:
        inside = _is_number(value) and isinstance(value, int)
        return inside and (low is None or value >= low) and (high is None or value <= high)

    return _leaf(f"an integer{bounds}", test)


def _text(at_least: int = 0) -> Rule:
    """A string of at least so many characters."""
    says = "a string" if not at_least else "a string that is not empty"
    return _leaf(says, lambda value: isinstance(value, str) and len(value) >= at_least)


def _word(*words: str) -> Rule:
    """One of a few words."""
    return _leaf(f"one of {', '.join(words)}", lambda value: isinstance(value, str) and value in words)


def _items(rule: Rule, at_least: int = 0, at_most: int | None = None) -> Rule:
    """An array of values that each keep one rule."""
    most = f" to {at_most}" if at_most is not None else " or more" if at_least else ""
    says = f"an array of {at_least}{most} items" if most else "an array"

    def problems(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            yield _unlike(value, path, says)
            return
        if not at_least <= len(value) <= (len(value) if at_most is None else at_most):
            yield Problem(path, f"{len(value)} items, but it must be {says}")
        for index, item in enumerate(value):
            yield from rule.problems(item, join(path, index))

    return Rule(says, problems)


def _fields(
    required: Mapping[str, Rule] = _NONE,
    optional: Mapping[str, Rule] = _NONE,
    *,
    every: Rule | None = None,
    at_most: int | None = None,
) -> Rule:
    """An object: what must be there and what may be there; other names pass, or keep the rule for `every` value."""
    names = f" with {', '.join(required)}" if required else ""
    most = f" of up to {at_most} entries" if at_most is not None else ""
    says = f"an object{names}{most}{f' whose values are each {every.says}' if every else ''}"

    def problems(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield _unlike(value, path, says)
            return
        if at_most is not None and len(value) > at_most:
            yield Problem(path, f"{len(value)} entries, but it must be {says}")
        yield from (Problem(path, f"{name!r} is missing") for name in required if name not in value)
        for name, inner in value.items():
            if rule := required.get(name) or optional.get(name) or every:
                yield from rule.problems(inner, join(path, name))

    return Rule(says, problems)


def _either(*rules: Rule) -> Rule:
    """A value that keeps at least one of several rules."""
    says = " or ".join(rule.says for rule in rules)

    def problems(value: Any, path: str) -> Iterator[Problem]:
        broken = [list(rule.problems(value, path)) for rule in rules]
        if all(broken):
            inside = [found for found in broken if all(problem.path != path for problem in found)]
            yield from inside[0] if inside else [_unlike(value, path, says)]

    return Rule(says, problems)


def _tagged(tag: str, cases: Mapping[str, Rule]) -> Rule:
    """An object whose field `tag` decides which rule it must keep."""
    says, tags = f"an object whose {tag} is one of {', '.join(cases)}", _word(*cases)

    def problems(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield _unlike(value, path, says)
        elif tag not in value:
            yield Problem(path, f"{tag!r} is missing")
        elif wrong := list(tags.problems(value[tag], join(path, tag))):
            yield from wrong
        else:
            yield from cases[value[tag]].problems(value, path)

    return Rule(says, problems)


def _one_of(names: Sequence[str], optional: Mapping[str, Rule]) -> Rule:
    """An object that has exactly one of a few fields, and perhaps others beside it."""
    says, each = f"an object with exactly one of {', '.join(names)}", _fields({}, optional)

    def problems(value: Any, path: str) -> Iterator[Problem]:
        if isinstance(value, Mapping) and sum(name in value for name in names) != 1:
            present = " and ".join(name for name in names if name in value) or "none of them"
            yield Problem(path, f"{present} given, but it must be {says}")
        yield from each.problems(value, path)

    return Rule(says, problems)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unlike(value: Any, path: str, says: str) -> Problem:
    short = repr(value)
    return Problem(path, f"{short if len(short) <= 40 else f'{short[:37]}...'} is not {says}")


_FLAG = _leaf("true or false", lambda value: isinstance(value, bool))
_NULL = _leaf("null", lambda value: value is None)
_OBJECT = _fields()


def _nullable(rule: Rule) -> Rule:
    return _either(rule, _NULL)


_TEXT_PART = _tagged("type", {"text": _fields({"text": _text()})})
_TEXT = _either(_text(), _items(_TEXT_PART))

_IMAGE = _fields({}, {"url": _text(), "detail": _word("auto", "low", "high")})
_SOUND = _fields({}, {"data": _text(), "format": _word("wav", "mp3")})
_FILE = _fields({}, {"file_data": _text(), "file_id": _text(), "filename": _text()})
_MEDIA: dict[str, Rule] = {
    "text": _text(),
    "image_url": _IMAGE,
    "video_url": _fields({}, {"url": _text()}),
    "input_audio": _SOUND,
    "file": _FILE,
}
_USER_PART = _tagged("type", dict.fromkeys(_MEDIA, _fields({}, _MEDIA)))
_CONTENT = _fields({}, {"text": _text(), "refusal": _text()})
_ASSISTANT_PART = _tagged("type", {"text": _CONTENT, "refusal": _CONTENT})

_CALLED = _fields({"name": _text(), "arguments": _text()})
_CALL = _tagged(
    "type",
    {
        "function": _fields({"id": _text(), "function": _CALLED}),
        "custom": _fields({"id": _text(), "custom": _fields({"name": _text(), "input": _text()})}),
    },
)
_ASSISTANT = _fields(
    {},
    {
        "content": _either(_text(), _NULL, _items(_ASSISTANT_PART)),
        "refusal": _nullable(_text()),
        "name": _text(),
        "audio": _fields({"id": _text()}),
        "tool_calls": _items(_CALL),
        "function_call": _CALLED,
    },
)
_INSTRUCTIONS = _fields({"content": _TEXT}, {"name": _text()})
_USER = _fields({"content": _either(_text(), _items(_USER_PART, at_least=1))}, {"name": _text()})

_MESSAGE = _tagged(
    "role",
    {
        "developer": _INSTRUCTIONS,
        "system": _INSTRUCTIONS,
        "user": _USER,
        "assistant": _ASSISTANT,
        "tool": _fields({"content": _TEXT, "tool_call_id": _text()}),
        "function": _fields({"content": _text(), "name": _text()}),
    },
)

_FUNCTION = _fields({"name": _text()}, {"description": _text(), "parameters": _OBJECT, "strict": _nullable(_FLAG)})
_GRAMMAR = _fields({"definition": _text(), "syntax": _word("lark", "regex")})
_CUSTOM_FORMAT = _tagged("type", {"text": _OBJECT, "grammar": _fields({"grammar": _GRAMMAR})})
_CUSTOM = _fields({"name": _text()}, {"description": _text(), "format": _CUSTOM_FORMAT})
_TOOL = _tagged("type", {"function": _fields({"function": _FUNCTION}), "custom": _fields({"custom": _CUSTOM})})

_NAMED = _fields({"name": _text()})
_ALLOWED = _fields({"mode": _word("auto", "required"), "tools": _items(_OBJECT)})
_CHOICE = _tagged(
    "type",
    {
        "function": _fields({"function": _NAMED}),
        "custom": _fields({"custom": _NAMED}),
        "allowed_tools": _fields({"allowed_tools": _ALLOWED}),
    },
)

_JSON_SCHEMA = _fields({"name": _text()}, {"description": _text(), "schema": _OBJECT, "strict": _nullable(_FLAG)})
_FORMAT = _tagged(
    "type", {"text": _OBJECT, "json_object": _OBJECT, "json_schema": _fields({"json_schema": _JSON_SCHEMA})}
)

_PLACE = _fields({}, dict.fromkeys(("city", "country", "region", "timezone"), _text()))
_LOCATION = _fields({"type": _word("approximate"), "approximate": _PLACE})
_SIZE = _word("low", "medium", "high")
_AUDIO_FORMATS = ("wav", "aac", "mp3", "flac", "opus", "pcm16")
_TEMPLATE = dict.fromkeys(("thinking", "enable_thinking", "clear_thinking"), _FLAG)

PARAMETERS: dict[str, Rule] = {
    "audio": _fields({"voice": _either(_text(), _fields({"id": _text()})), "format": _word(*_AUDIO_FORMATS)}),
    "chat_template_kwargs": _fields({}, _TEMPLATE),
    "frequency_penalty": _nullable(_number(-2, 2)),
    "function_call": _either(_word("none", "auto"), _NAMED),
    "functions": _items(_FUNCTION, at_least=1, at_most=128),
    "logit_bias": _nullable(_fields(every=_number(-100, 100))),
    "logprobs": _nullable(_FLAG),
    "max_completion_tokens": _nullable(_whole(1)),
    "max_tokens": _nullable(_whole(1)),
    "messages": _items(_MESSAGE, at_least=1),
    "metadata": _nullable(_fields(at_most=16)),
    "modalities": _nullable(_items(_word("text", "audio"))),
    "model": _text(1),
    "n": _nullable(_whole(1, 128)),
    "options": _fields({}, {"rejectIfBusy": _FLAG}),
    "parallel_tool_calls": _FLAG,
    "prediction": _fields({"type": _word("content"), "content": _TEXT}),
    "presence_penalty": _nullable(_number(-2, 2)),
    "prompt": _text(1),
    # `none` and `max` are in no published schema; the platform's own people name the first, its engine takes both.
    "reasoning_effort": _nullable(_word("none", "low", "medium", "high", "max")),
    "response_format": _FORMAT,
    "seed": _nullable(_whole()),
    "service_tier": _nullable(_word("auto", "default", "flex", "scale", "priority")),
    "stop": _either(_NULL, _text(), _items(_text(), at_least=1, at_most=4)),
    "store": _nullable(_FLAG),
    "stream": _nullable(_FLAG),
    "stream_options": _fields({}, {"include_usage": _FLAG, "include_obfuscation": _FLAG}),
    "temperature": _nullable(_number(0, 2)),
    "tool_choice": _either(_word("none", "auto", "required"), _CHOICE),
    "tools": _items(_TOOL),
    "top_logprobs": _nullable(_whole(0, 20)),
    "top_p": _nullable(_number(0, 1)),
    "user": _text(),
    "web_search_options": _fields({}, {"search_context_size": _SIZE, "user_location": _LOCATION}),
}
"""The rule of each parameter, by its name on the wire."""

PARAMETERS["requests"] = _items(
    _one_of(("messages", "prompt"), {**PARAMETERS, "external_reference": _text()}), at_least=1
)
