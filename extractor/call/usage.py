"""What requests and replies use by our own estimate, where the service does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from extractor.text.tokens import count_tokens
from extractor.wire.prices import Price
from extractor.wire.values import Reply, Request, Usage

__all__ = ["counted", "prompt_tokens"]

_PICTURE = 1_000


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
    return count_tokens("\n".join(texts)) + _PICTURE * pictures


def counted(reply: Reply, request: Request, price: Price | None) -> Reply:
    """The reply with its usage: what the service told, else an estimate that takes nothing for cached.

    `cost_usd` is None where the price is unknown.
    """
    if reply.usage is not None:
        return reply
    written = "\n".join((reply.reasoning, reply.content, *reply.others, *(call.arguments for call in reply.tool_calls)))
    usage = Usage(prompt_tokens(request.body), 0, count_tokens(written))
    return replace(reply, usage=replace(usage, cost_usd=price.cost(usage) if price else None))
