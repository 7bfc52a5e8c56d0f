"""How requests are judged: lazily by the validator at the edge, then by the engine.

The edge lets through much that the published schema forbids (a temperature of 3, any response_format); the engine
then refuses part of it in words of its own. The rules here are those of the service as it was observed.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from extractor.emulator.values import as_value
from extractor.errors import UsageError
from extractor.wire.images import image_size
from extractor.wire.parameters import problems

__all__ = ["check_edge", "check_engine", "holds_data_uri", "picture_size", "pictures", "texts_of", "thinks"]

_PARTS: Mapping[str, frozenset[str]] = {
    "developer": frozenset({"text"}),
    "system": frozenset({"text"}),
    "user": frozenset({"text", "image_url", "video_url", "input_audio", "file"}),
    "assistant": frozenset({"text", "refusal"}),
    "tool": frozenset({"text"}),
    "function": frozenset(),
}
_NEEDED = {"tool": ("tool_call_id",), "function": ("name",)}
_TYPES: Mapping[str, type] = {
    "prompt": str,
    "messages": list,
    "user": str,
    "parallel_tool_calls": bool,
    "stream_options": dict,
    "chat_template_kwargs/enable_thinking": bool,
    "chat_template_kwargs/clear_thinking": bool,
}
_NAMES = {str: "string", bool: "boolean", dict: "object", list: "array", int: "number", float: "number"}
_NOTHING = (
    "anyOf at '/' not met: required properties at '/' are 'prompt', required properties at '/' are 'messages', "
    "oneOf at '/' not met, 0 matches"
)


def check_edge(body: Any) -> str | None:
    """What the edge has against a body (one request, or a batch of them), or None."""
    if not isinstance(body, Mapping):
        return _mismatch("/", dict, body)
    if "requests" not in body:
        return _check_one(body)
    requests = body["requests"]
    if not isinstance(requests, list):
        return _mismatch("/requests", list, requests)
    wrong = (at for at, one in enumerate(requests) if not isinstance(one, Mapping) or _check_one(one))
    return next((f"oneOf at '/requests/{at}' not met, 0 matches" for at in wrong), None)


def check_engine(body: Mapping[str, Any]) -> tuple[int, int, str] | None:
    """What the engine has against a request that passed the edge: status, code and text, or None."""
    if body.get("reasoning_effort") not in (None, *_EFFORTS):
        return 400, 8007, f"1 validation error: reasoning_effort: input should be one of {', '.join(_EFFORTS)}"
    texts = {name: value for name, value in body.items() if name in _NUMBERS and isinstance(value, str)}
    parameters = {name: body[name] for name in (*_NUMBERS, *_OTHERS) if body.get(name) is not None}
    parameters |= {name: as_value(text) for name, text in texts.items()}  # as the engine's own parser reads them
    format_is_wrong = body.get("response_format") is not None and not _is_format(body["response_format"])
    if any(problems(parameters)) or format_is_wrong or not body.get("messages", True):
        return 400, 8001, "Invalid input"
    calls = (call for message in body.get("messages") or () for call in message.get("tool_calls") or ())
    arguments = [call.get("function", {}).get("arguments") for call in calls]
    if not all(isinstance(text, str) and isinstance(as_value(text), dict) for text in arguments):
        return 400, 8007, "Assistant tool call function.arguments must be a JSON object."
    if any(picture_size(url) is None for url in pictures(body)):
        return 500, 8005, "Internal Server Error"
    return None


def pictures(body: Mapping[str, Any]) -> Iterator[str]:
    """The data URLs of the pictures that a request shows."""
    for message in body.get("messages") or ():
        for part in message["content"] if isinstance(message.get("content"), list) else ():
            image = part.get("image_url") if part["type"] == "image_url" else None
            url = image.get("url") if isinstance(image, Mapping) else image
            if isinstance(url, str) and url.startswith("data:"):
                yield url


def texts_of(body: Mapping[str, Any], *roles: str) -> Iterator[str]:
    """The text of each message, of some roles or of all; a bare prompt is a user's."""
    messages = body["messages"] if "messages" in body else [{"role": "user", "content": body["prompt"]}]
    for message in messages:
        if not roles or message.get("role") in roles:
            content = message.get("content") or ""
            parts = [content] if isinstance(content, str) else [str(part.get("text", "")) for part in content]
            yield "\n".join(parts)


def picture_size(url: str) -> tuple[int, int] | None:
    """Width and height of the picture in a data URL; None for one that the model cannot see."""
    try:
        return image_size(b64decode(url.partition(",")[2], validate=True))
    except (UsageError, ValueError):
        return None


def _check_one(body: Mapping[str, Any]) -> str | None:
    if "prompt" in body and "messages" in body:
        return "oneOf at '/' not met, 2 matches"
    if "prompt" not in body and "messages" not in body:
        return _NOTHING
    switches = body.get("chat_template_kwargs")
    inner = switches.items() if isinstance(switches, Mapping) else ()
    values = {**body, **{f"chat_template_kwargs/{name}": value for name, value in inner}}
    for name, kind in _TYPES.items():
        if name in values and not isinstance(values[name], kind):
            return _mismatch(f"/{name}", kind, values[name])
    if body.get("prompt") == "":
        return "Length of '/prompt' must be >= 1 not met"
    wrong = (at for at, message in enumerate(body.get("messages", ())) if not _is_message(message))
    return next((f"oneOf at '/messages/{at}' not met, 0 matches" for at in wrong), None)


def _is_message(message: Any) -> bool:
    if not isinstance(message, Mapping) or message.get("role") not in _PARTS:
        return False
    role, content = message["role"], message.get("content")
    if any(not isinstance(message.get(name), str) for name in _NEEDED.get(role, ())):
        return False
    if content is None:
        return bool(role == "assistant")
    return isinstance(content, str) or (bool(_PARTS[role]) and _are_parts(content, _PARTS[role]))


def _are_parts(content: Any, kinds: frozenset[str]) -> bool:
    return isinstance(content, list) and all(
        isinstance(part, Mapping) and isinstance(part.get("type"), str) and part["type"] in kinds for part in content
    )


def _mismatch(path: str, wanted: type, found: Any) -> str:
    name = "null" if found is None else _NAMES.get(type(found), "object")
    return f"Type mismatch of '{path}', '{_NAMES[wanted]}' not in '{name}'"


def _is_format(value: Any) -> bool:
    if not isinstance(value, Mapping) or value.get("type") not in {"text", "json_object", "json_schema"}:
        return False
    return value["type"] != "json_schema" or isinstance(value.get("json_schema"), Mapping)


def thinks(body: Mapping[str, Any]) -> bool:
    """Whether the model thinks before it answers: unless it is told not to, in a spelling that its template reads."""
    template = body.get("chat_template_kwargs") or {}
    return template.get("thinking") is not False and body.get("reasoning_effort") != "none"


def holds_data_uri(body: Mapping[str, Any]) -> bool:
    """Whether a text of the request holds what the service takes for an image."""
    return any("data:image/" in text.lower() for text in texts_of(body))


_EFFORTS = ("none", "low", "medium", "high", "max")

_OTHERS = ("stop", "tools", "tool_choice")
_NUMBERS = (
    *("temperature", "top_p", "frequency_penalty", "presence_penalty"),
    *("n", "max_tokens", "max_completion_tokens", "top_logprobs"),
)
