"""Every parameter of the model's published request, with its type and range: the one place where they are written.

They are JSON Schemas. `options.py` refuses by them before anything is sent, and `requests` has those of whole bodies.
Names that the published schema does not know pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import from_json, to_json

from extractor.errors import Problem
from extractor.schema.keywords import WHOLE
from extractor.schema.validator import Validator

__all__ = ["PARAMETERS", "problems"]

Schema = Mapping[str, Any]


def problems(body: Mapping[str, Any]) -> Iterator[Problem]:
    """What the published schema has against parameters by their names, place by place."""
    value = from_json(to_json(body, inf_nan_mode="strings", fallback=str))
    return Validator(None).problems(value, {"properties": PARAMETERS})


def _number(low: float, high: float) -> Schema:
    return {"type": ["number", "null"], "minimum": low, "maximum": high}


def _whole(**bounds: int) -> Schema:
    return {"type": ["integer", "null"], WHOLE: True, **bounds}


def _word(*words: str) -> Schema:
    return {"enum": words}


def _array(items: Schema, **bounds: int) -> Schema:
    return {"type": "array", "items": items, **bounds}


def _object(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "properties": {**required, **optional}, "required": [*required]}


def _either(*schemas: Schema) -> Schema:
    return {"anyOf": schemas}


def _tagged(tag: str, cases: Mapping[str, Schema]) -> Schema:
    """An object whose field `tag` decides which schema holds."""
    tags = _object({tag: _word(*cases)})
    return {**tags, "allOf": [{"if": _object({tag: {"const": name}}), "then": each} for name, each in cases.items()]}


_TEXT: Schema = {"type": "string"}
_FILLED: Schema = {"type": "string", "minLength": 1}
_FLAG: Schema = {"type": "boolean"}
_OBJECT: Schema = {"type": "object"}
_FLAG_OR_NULL: Schema = {"type": ["boolean", "null"]}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_TEXTS = _either(_TEXT, _array(_tagged("type", {"text": _object({"text": _TEXT})})))

_MEDIA = {
    "text": _TEXT,
    "image_url": _object({}, url=_TEXT, detail=_word("auto", "low", "high")),
    "video_url": _object({}, url=_TEXT),
    "input_audio": _object({}, data=_TEXT, format=_word("wav", "mp3")),
    "file": _object({}, file_data=_TEXT, file_id=_TEXT, filename=_TEXT),
}
_USER_PART = _object({"type": _word(*_MEDIA)}, **_MEDIA)
_ASSISTANT_PART = _object({"type": _word("text", "refusal")}, text=_TEXT, refusal=_TEXT)

_NAMED = _object({"name": _TEXT})
_CALLED = _object({"name": _TEXT, "arguments": _TEXT})
_INPUT = _object({"name": _TEXT, "input": _TEXT})
_CALL = _tagged(
    "type",
    {"function": _object({"id": _TEXT, "function": _CALLED}), "custom": _object({"id": _TEXT, "custom": _INPUT})},
)
_ASSISTANT = _object(
    {},
    content=_either(_TEXT_OR_NULL, _array(_ASSISTANT_PART)),
    refusal=_TEXT_OR_NULL,
    name=_TEXT,
    audio=_object({"id": _TEXT}),
    tool_calls=_array(_CALL),
    function_call=_CALLED,
)
_INSTRUCTIONS = _object({"content": _TEXTS}, name=_TEXT)
_MESSAGE = _tagged(
    "role",
    {
        "developer": _INSTRUCTIONS,
        "system": _INSTRUCTIONS,
        "user": _object({"content": _either(_TEXT, _array(_USER_PART, minItems=1))}, name=_TEXT),
        "assistant": _ASSISTANT,
        "tool": _object({"content": _TEXTS, "tool_call_id": _TEXT}),
        "function": _object({"content": _TEXT, "name": _TEXT}),
    },
)

_FUNCTION = _object({"name": _TEXT}, description=_TEXT, parameters=_OBJECT, strict=_FLAG_OR_NULL)
_GRAMMAR = _object({"definition": _TEXT, "syntax": _word("lark", "regex")})
_CUSTOM_FORMAT = _tagged("type", {"text": _OBJECT, "grammar": _object({"grammar": _GRAMMAR})})
_CUSTOM = _object({"name": _TEXT}, description=_TEXT, format=_CUSTOM_FORMAT)
_TOOL = _tagged("type", {"function": _object({"function": _FUNCTION}), "custom": _object({"custom": _CUSTOM})})
_ALLOWED = _object({"mode": _word("auto", "required"), "tools": _array(_OBJECT)})
_CHOICE = _tagged(
    "type",
    {
        "function": _object({"function": _NAMED}),
        "custom": _object({"custom": _NAMED}),
        "allowed_tools": _object({"allowed_tools": _ALLOWED}),
    },
)
_JSON_SCHEMA = _object({"name": _TEXT}, description=_TEXT, schema=_OBJECT, strict=_FLAG_OR_NULL)
_FORMAT = _tagged(
    "type", {"text": _OBJECT, "json_object": _OBJECT, "json_schema": _object({"json_schema": _JSON_SCHEMA})}
)
_PLACE = _object({}, city=_TEXT, country=_TEXT, region=_TEXT, timezone=_TEXT)
_LOCATION = _object({"type": _word("approximate"), "approximate": _PLACE})

PARAMETERS: dict[str, Schema] = {
    "audio": _object(
        {
            "voice": _either(_TEXT, _object({"id": _TEXT})),
            "format": _word("wav", "aac", "mp3", "flac", "opus", "pcm16"),
        }
    ),
    "chat_template_kwargs": _object({}, thinking=_FLAG, enable_thinking=_FLAG, clear_thinking=_FLAG),
    "frequency_penalty": _number(-2, 2),
    "function_call": _either(_word("none", "auto"), _NAMED),
    "functions": _array(_FUNCTION, minItems=1, maxItems=128),
    "logit_bias": {
        "type": ["object", "null"],
        "additionalProperties": {"type": "number", "minimum": -100, "maximum": 100},
    },
    "logprobs": _FLAG_OR_NULL,
    "max_completion_tokens": _whole(minimum=1),
    "max_tokens": _whole(minimum=1),
    "messages": _array(_MESSAGE, minItems=1),
    "metadata": {"type": ["object", "null"], "maxProperties": 16},
    "modalities": _either({"type": "null"}, _array(_word("text", "audio"))),
    "model": _FILLED,
    "n": _whole(minimum=1, maximum=128),
    "options": _object({}, rejectIfBusy=_FLAG),
    "parallel_tool_calls": _FLAG,
    "prediction": _object({"type": _word("content"), "content": _TEXTS}),
    "presence_penalty": _number(-2, 2),
    "prompt": _FILLED,
    # `none` and `max` are in no published schema; the platform's own people name the first, its engine takes both.
    "reasoning_effort": {"enum": ["none", "low", "medium", "high", "max", None]},
    "response_format": _FORMAT,
    "seed": _whole(),
    "service_tier": {"enum": ["auto", "default", "flex", "scale", "priority", None]},
    "stop": _either(_TEXT_OR_NULL, _array(_TEXT, minItems=1, maxItems=4)),
    "store": _FLAG_OR_NULL,
    "stream": _FLAG_OR_NULL,
    "stream_options": _object({}, include_usage=_FLAG, include_obfuscation=_FLAG),
    "temperature": _number(0, 2),
    "tool_choice": _either(_word("none", "auto", "required"), _CHOICE),
    "tools": _array(_TOOL),
    "top_logprobs": _whole(minimum=0, maximum=20),
    "top_p": _number(0, 1),
    "user": _TEXT,
    "web_search_options": _object({}, search_context_size=_word("low", "medium", "high"), user_location=_LOCATION),
}
"""The schema of each parameter, by its name on the wire."""

_REQUEST = {
    **_object({}, **PARAMETERS, external_reference=_TEXT),
    "oneOf": [{"required": ["messages"]}, {"required": ["prompt"]}],
}
PARAMETERS["requests"] = _array(_REQUEST, minItems=1)
