"""Every parameter of the model's published request, with its type and range: the one place they are said.

They are said in small rules, which tell in words what they take (`a number from 0 to 2`), and list what is wrong with a
value, place by place. `options.py` refuses by them before anything is sent, and `requests.py` checks whole bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from extractor.errors import Problem
from extractor.schema.pointer import join

__all__ = ["PARAMETERS", "REQUEST"]


class Rule(Protocol):
    """What a value must be, in words and as a check."""

    @property
    def says(self) -> str:
        """What it takes, as the end of the sentence "must be ..."."""

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        """What is wrong with `value`, which stands at the pointer `path`; nothing when it is right."""


def brief(value: Any, limit: int = 40) -> str:
    """A value as one short piece of a message."""
    short = repr(value)
    return short if len(short) <= limit else f"{short[: limit - 3]}..."


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value judged as one piece."""

    says: str
    test: Callable[[Any], bool]

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if not self.test(value):
            yield Problem(path, f"{brief(value)} is not {self.says}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(low: float, high: float) -> Leaf:
    """Any number from `low` to `high`, both included; never NaN."""
    return Leaf(f"a number from {low:g} to {high:g}", lambda value: _is_number(value) and low <= value <= high)


def whole(low: int | None = None, high: int | None = None) -> Leaf:
    """An integer, from `low` and up to `high` where they are given."""
    bounds = "" if low is None else f" of at least {low}" if high is None else f" from {low} to {high}"

    def test(value: Any) -> bool:
        return _is_whole(value) and (low is None or value >= low) and (high is None or value <= high)

    return Leaf(f"an integer{bounds}", test)


def text(at_least: int = 0) -> Leaf:
    """A string of at least so many characters."""
    says = "a string" if not at_least else "a string that is not empty"
    return Leaf(says, lambda value: isinstance(value, str) and len(value) >= at_least)


def word(*words: str) -> Leaf:
    """One of a few words."""
    return Leaf(f"one of {', '.join(words)}", lambda value: isinstance(value, str) and value in words)


@dataclass(frozen=True, slots=True)
class Items:
    """An array of values that each keep one rule."""

    rule: Rule
    at_least: int = 0
    at_most: int | None = None

    @property
    def says(self) -> str:
        most = f" to {self.at_most}" if self.at_most is not None else " or more" if self.at_least else ""
        return f"an array of {self.at_least}{most} items" if most else "an array"

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            yield Problem(path, f"{brief(value)} is not {self.says}")
            return
        if not self.at_least <= len(value) <= (len(value) if self.at_most is None else self.at_most):
            yield Problem(path, f"{len(value)} items, but it must be {self.says}")
        for index, item in enumerate(value):
            yield from self.rule.problems(item, join(path, index))


@dataclass(frozen=True, slots=True)
class Fields:
    """An object: what must be there and what may be there; other names pass."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    every: Rule | None = None
    at_most: int | None = None

    @property
    def says(self) -> str:
        names = f" with {', '.join(self.required)}" if self.required else ""
        most = f" of up to {self.at_most} entries" if self.at_most is not None else ""
        inner = f" whose values are each {self.every.says}" if self.every else ""
        return f"an object{names}{most}{inner}"

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(path, f"{brief(value)} is not {self.says}")
            return
        if self.at_most is not None and len(value) > self.at_most:
            yield Problem(path, f"{len(value)} entries, but it must be {self.says}")
        for name in self.required:
            if name not in value:
                yield Problem(path, f"{name!r} is missing")
        for name, inner in value.items():
            rule = self.required.get(name) or self.optional.get(name) or self.every
            if rule is not None:
                yield from rule.problems(inner, join(path, name))


@dataclass(frozen=True, slots=True)
class Either:
    """A value that keeps at least one of several rules."""

    rules: tuple[Rule, ...]

    @property
    def says(self) -> str:
        return " or ".join(rule.says for rule in self.rules)

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        broken = [list(rule.problems(value, path)) for rule in self.rules]
        if not all(broken):
            return
        inside = [problems for problems in broken if all(problem.path != path for problem in problems)]
        yield from inside[0] if inside else [Problem(path, f"{brief(value)} is not {self.says}")]


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object whose field `tag` decides which rule it must keep."""

    tag: str
    cases: Mapping[str, Rule]

    @property
    def says(self) -> str:
        return f"an object whose {self.tag} is one of {', '.join(self.cases)}"

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(path, f"{brief(value)} is not {self.says}")
        elif self.tag not in value:
            yield Problem(path, f"{self.tag!r} is missing")
        elif not isinstance(value[self.tag], str) or value[self.tag] not in self.cases:
            yield from word(*self.cases).problems(value[self.tag], join(path, self.tag))
        else:
            yield from self.cases[value[self.tag]].problems(value, path)


@dataclass(frozen=True, slots=True)
class OneOf:
    """An object that has exactly one of a few fields, and perhaps others beside it."""

    names: tuple[str, ...]
    fields: Mapping[str, Rule]

    @property
    def says(self) -> str:
        return f"an object with exactly one of {', '.join(self.names)}"

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if isinstance(value, Mapping) and sum(name in value for name in self.names) != 1:
            present = " and ".join(name for name in self.names if name in value) or "none of them"
            yield Problem(path, f"{present} given, but it must be {self.says}")
        yield from Fields({}, self.fields).problems(value, path)


_FLAG = Leaf("true or false", lambda value: isinstance(value, bool))
_NULL = Leaf("null", lambda value: value is None)
_OBJECT = Fields()


def _nullable(rule: Rule) -> Either:
    return Either((rule, _NULL))


_TEXT_PART = Tagged("type", {"text": Fields({"text": text()})})
_TEXT = Either((text(), Items(_TEXT_PART)))

_IMAGE = Fields({}, {"url": text(), "detail": word("auto", "low", "high")})
_SOUND = Fields({}, {"data": text(), "format": word("wav", "mp3")})
_FILE = Fields({}, {"file_data": text(), "file_id": text(), "filename": text()})
_MEDIA: dict[str, Rule] = {
    "text": text(),
    "image_url": _IMAGE,
    "video_url": Fields({}, {"url": text()}),
    "input_audio": _SOUND,
    "file": _FILE,
}
_USER_PART = Tagged("type", dict.fromkeys(_MEDIA, Fields({}, _MEDIA)))
_CONTENT = Fields({}, {"text": text(), "refusal": text()})
_ASSISTANT_PART = Tagged("type", {"text": _CONTENT, "refusal": _CONTENT})

_CALLED = Fields({"name": text(), "arguments": text()})
_CALL = Tagged(
    "type",
    {
        "function": Fields({"id": text(), "function": _CALLED}),
        "custom": Fields({"id": text(), "custom": Fields({"name": text(), "input": text()})}),
    },
)
_ASSISTANT = Fields(
    {},
    {
        "content": Either((text(), _NULL, Items(_ASSISTANT_PART))),
        "refusal": _nullable(text()),
        "name": text(),
        "audio": Fields({"id": text()}),
        "tool_calls": Items(_CALL),
        "function_call": _CALLED,
    },
)
_INSTRUCTIONS = Fields({"content": _TEXT}, {"name": text()})
_USER = Fields({"content": Either((text(), Items(_USER_PART, at_least=1)))}, {"name": text()})

_MESSAGE = Tagged(
    "role",
    {
        "developer": _INSTRUCTIONS,
        "system": _INSTRUCTIONS,
        "user": _USER,
        "assistant": _ASSISTANT,
        "tool": Fields({"content": _TEXT, "tool_call_id": text()}),
        "function": Fields({"content": text(), "name": text()}),
    },
)

_FUNCTION = Fields({"name": text()}, {"description": text(), "parameters": _OBJECT, "strict": _nullable(_FLAG)})
_GRAMMAR = Fields({"definition": text(), "syntax": word("lark", "regex")})
_CUSTOM_FORMAT = Tagged("type", {"text": _OBJECT, "grammar": Fields({"grammar": _GRAMMAR})})
_CUSTOM = Fields({"name": text()}, {"description": text(), "format": _CUSTOM_FORMAT})
_TOOL = Tagged("type", {"function": Fields({"function": _FUNCTION}), "custom": Fields({"custom": _CUSTOM})})

_NAMED = Fields({"name": text()})
_ALLOWED = Fields({"mode": word("auto", "required"), "tools": Items(_OBJECT)})
_CHOICE = Tagged(
    "type",
    {
        "function": Fields({"function": _NAMED}),
        "custom": Fields({"custom": _NAMED}),
        "allowed_tools": Fields({"allowed_tools": _ALLOWED}),
    },
)

_JSON_SCHEMA = Fields({"name": text()}, {"description": text(), "schema": _OBJECT, "strict": _nullable(_FLAG)})
_FORMAT = Tagged(
    "type", {"text": _OBJECT, "json_object": _OBJECT, "json_schema": Fields({"json_schema": _JSON_SCHEMA})}
)

_PLACE = Fields({}, dict.fromkeys(("city", "country", "region", "timezone"), text()))
_LOCATION = Fields({"type": word("approximate"), "approximate": _PLACE})
_SIZE = word("low", "medium", "high")
_AUDIO_FORMATS = ("wav", "aac", "mp3", "flac", "opus", "pcm16")
_TEMPLATE = dict.fromkeys(("thinking", "enable_thinking", "clear_thinking"), _FLAG)

PARAMETERS: dict[str, Rule] = {
    "audio": Fields({"voice": Either((text(), Fields({"id": text()}))), "format": word(*_AUDIO_FORMATS)}),
    "chat_template_kwargs": Fields({}, _TEMPLATE),
    "frequency_penalty": _nullable(number(-2, 2)),
    "function_call": Either((word("none", "auto"), _NAMED)),
    "functions": Items(_FUNCTION, at_least=1, at_most=128),
    "logit_bias": _nullable(Fields(every=number(-100, 100))),
    "logprobs": _nullable(_FLAG),
    "max_completion_tokens": _nullable(whole(1)),
    "max_tokens": _nullable(whole(1)),
    "messages": Items(_MESSAGE, at_least=1),
    "metadata": _nullable(Fields(at_most=16)),
    "modalities": _nullable(Items(word("text", "audio"))),
    "model": text(1),
    "n": _nullable(whole(1, 128)),
    "options": Fields({}, {"rejectIfBusy": _FLAG}),
    "parallel_tool_calls": _FLAG,
    "prediction": Fields({"type": word("content"), "content": _TEXT}),
    "presence_penalty": _nullable(number(-2, 2)),
    "prompt": text(1),
    # `none` and `max` are in no published schema; the platform's own people name the first, its engine takes both.
    "reasoning_effort": _nullable(word("none", "low", "medium", "high", "max")),
    "response_format": _FORMAT,
    "seed": _nullable(whole()),
    "service_tier": _nullable(word("auto", "default", "flex", "scale", "priority")),
    "stop": Either((_NULL, text(), Items(text(), at_least=1, at_most=4))),
    "store": _nullable(_FLAG),
    "stream": _nullable(_FLAG),
    "stream_options": Fields({}, {"include_usage": _FLAG, "include_obfuscation": _FLAG}),
    "temperature": _nullable(number(0, 2)),
    "tool_choice": Either((word("none", "auto", "required"), _CHOICE)),
    "tools": Items(_TOOL),
    "top_logprobs": _nullable(whole(0, 20)),
    "top_p": _nullable(number(0, 1)),
    "user": text(),
    "web_search_options": Fields({}, {"search_context_size": _SIZE, "user_location": _LOCATION}),
}
"""The rule of each parameter, by its name on the wire."""

REQUEST = OneOf(("messages", "prompt"), PARAMETERS)
"""One whole request to the model."""

PARAMETERS["requests"] = Items(OneOf(("messages", "prompt"), {**PARAMETERS, "external_reference": text()}), at_least=1)
