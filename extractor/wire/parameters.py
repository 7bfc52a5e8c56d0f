"""Every parameter of the model's published request, with its type and range: the one place they are said.

`options.py` refuses by these rules before anything is sent, and `requests.py` checks whole bodies with them.
"""

from __future__ import annotations

from extractor.wire.rules import Either, Fields, Items, Leaf, OneOf, Rule, Tagged, number, text, whole, word

__all__ = ["PARAMETERS", "REQUEST"]

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
