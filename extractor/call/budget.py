"""What a request can use at most, and what it is likely to where the service does not tell.

The bound is proven, so that a cap on money holds for any text in any script.

A token of a byte-level vocabulary stands for one byte or more, so that a text has no more tokens than bytes in UTF-8.
JSON only lengthens a text, and its braces, quotes and names outweigh the words that the model's template puts around
each message. Pictures follow the model's own formula, and the limit on tokens bounds each of the answers.
"""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from extractor.errors import UsageError
from extractor.text.tokens import count_tokens, encoder
from extractor.wire.images import image_size, image_tokens
from extractor.wire.prices import Price
from extractor.wire.values import Reply, Request, Usage

__all__ = ["counted", "prompt_tokens", "upper_bound"]

_WINDOW = 262_144
"""Tokens of prompt and answer together, as published: what is longer is refused, and costs nothing."""

_PER_REQUEST, _PER_PART = 128, 8
"""The template's own: its default instructions and the opening of the answer; the marks around a message or picture."""

_LARGEST_PICTURE = 4_225
_COMMON_PICTURE = 1_000
_HEADER = 1 << 18  # characters of base64: the size of a JPEG can stand behind long metadata

Count = Callable[[str], int]


def upper_bound(body: Mapping[str, Any], *, exact: bool = False) -> Usage:
    """The most tokens that a request can use; its cost is left to whoever knows the price.

    With `exact`, the texts of messages are counted as the model does where the extra `tokens` is installed. All else
    is bounded by its bytes.
    """
    messages = body.get("messages") or ()
    encode = encoder() if exact else None
    count = (lambda text: len(encode(text))) if encode else _bytes
    rest = {name: value for name, value in body.items() if name not in ("messages", "tools", "functions")}
    prompt = _PER_REQUEST + _written(rest) + sum(_message(message, count) for message in messages)
    for name in ("tools", "functions"):
        # They are rewritten as declarations of types, whose lines are indented, though not as deeply as those of JSON.
        prompt += len(json.dumps(body[name], indent=2)) if body.get(name) else 0
    limits = [limit for name in ("max_completion_tokens", "max_tokens") if (limit := body.get(name))]
    return Usage(min(prompt, _WINDOW), 0, max(limits, default=_WINDOW) * (body.get("n") or 1), None)


def _message(message: Mapping[str, Any], count: Count) -> int:
    content = message.get("content") or ""
    parts: Sequence[Mapping[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    texts = [part.get("text") or "" for part in parts if part.get("type") == "text"]
    others = sum(_part(part) for part in parts if part.get("type") != "text")
    rest = {name: value for name, value in message.items() if name != "content"}
    # Where a deployment joins texts by new lines, the marks of a part outweigh them.
    return count("".join(texts)) + others + _written(rest) + _PER_PART * (len(parts) + 1)


def _part(part: Mapping[str, Any]) -> int:
    if part.get("type") != "image_url":
        return _written(part)
    return _picture(part["image_url"]["url"])


def _picture(url: str) -> int:
    """What a picture costs by its size; the most that any can, where the size cannot be read."""
    _, found, data = url.partition(";base64,")
    try:
        return image_tokens(*image_size(b64decode(data[:_HEADER]))) if found else _LARGEST_PICTURE
    except (UsageError, NotBase64):
        return _LARGEST_PICTURE


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _written(value: Any) -> int:
    """The bytes of a value as JSON, in whichever of its two spellings is the longer one."""
    data = orjson.dumps(value)
    return len(data) if data.isascii() else len(json.dumps(value))


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """An estimate of the tokens of a prompt; a picture counts as one of common size."""
    fields = {name: body[name] for name in ("prompt", "tools") if name in body}
    texts = [orjson.dumps(fields).decode()] if fields else []
    pictures = 0
    for message in body.get("messages") or ():
        content = message.get("content") or ""
        parts = [{"text": content}] if isinstance(content, str) else content
        texts += [part.get("text") or "" for part in parts]
        pictures += sum(part.get("type") == "image_url" for part in parts)
        texts += [orjson.dumps(message["tool_calls"]).decode()] if message.get("tool_calls") else []
        texts.append(message.get("reasoning") or "")
    return count_tokens("\n".join(texts)) + _COMMON_PICTURE * pictures


def counted(reply: Reply, request: Request, price: Price | None) -> Reply:
    """The reply with its usage: what the service told, else an estimate that takes nothing for cached.

    `cost_usd` is None where the price is unknown.
    """
    if reply.usage is not None:
        return reply
    written = "\n".join((reply.reasoning, reply.content, *reply.others, *(call.arguments for call in reply.tool_calls)))
    usage = Usage(prompt_tokens(request.body), 0, count_tokens(written))
    return replace(reply, usage=replace(usage, cost_usd=price.cost(usage) if price else None))
