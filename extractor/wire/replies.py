"""What comes back, read leniently: both envelopes, both names of the reasoning, older shapes, missing usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeGuard

import orjson

from extractor.errors import BrokenReply
from extractor.wire.calls import read_calls
from extractor.wire.failures import page_title
from extractor.wire.faults import classify
from extractor.wire.loose import read_json
from extractor.wire.prices import Price
from extractor.wire.thinking import part_thinking
from extractor.wire.values import Reply, Usage

__all__ = ["broken", "parse_completion", "parse_reply", "read_object", "read_usage"]

_MOST_TOKENS = 1_000_000_000
"""More than any reply can have used: 128 answers of the largest window come to 34 million."""


def parse_reply(status: int, headers: Mapping[str, str], body: bytes, *, price: Price | None, model: str = "") -> Reply:
    """The reply in a response body, or the ServiceError that it stands for.

    `headers` is any mapping of lower-case names; `price` puts a cost on the usage, None where it is unknown;
    `model` is who was asked, for an error to name.
    """
    if not 200 <= status < 300:
        raise classify(status, headers, body, model=model)
    request_id = headers.get("cf-ai-req-id") or headers.get("cf-ray")
    said = read_object(status, body, request_id=request_id)
    if said.get("success") is False or said.get("errors") or said.get("error"):
        raise classify(status, headers, body, model=model)
    inner = said.get("result")
    return parse_completion(said if inner is None else inner, request_id=request_id, price=price)


def parse_completion(said: Any, *, request_id: str | None = None, price: Price | None) -> Reply:
    """The reply in a chat completion (`choices`), or in the older `{"response", "usage"}`; BrokenReply for neither."""
    if not isinstance(said, dict):
        raise broken("the result is no object", 200, request_id)
    usage = read_usage(said.get("usage"), price=price)
    choices = said.get("choices")
    if not isinstance(choices, list) or not choices:
        if "response" not in said and "tool_calls" not in said:
            raise broken("the reply has no choices", 200, request_id, usage)
        choices = [{"message": {**said, "content": said.get("response")}}]
    if not all(isinstance(choice, dict) for choice in choices):
        raise broken("a choice of the reply is not an object", 200, request_id, usage)
    first, *rest = sorted(choices, key=_index)
    content, reasoning = _answer(first)
    message = _message(first)
    return Reply(
        content=content,
        finish=_text(first.get("finish_reason")) or "stop",
        usage=usage,
        reasoning=reasoning,
        tool_calls=read_calls(message),
        request_id=request_id,
        logprobs=_logprobs(first.get("logprobs")),
        others=tuple(_answer(choice)[0] for choice in rest),
        refusal=_text(message.get("refusal")),
    )


def read_object(status: int, body: bytes, *, request_id: str | None = None) -> dict[str, Any]:
    """The JSON object in a body; BrokenReply that says what came in its place."""
    try:
        said = read_json(body)
    except ValueError as error:
        page = page_title(body)
        what = f"a web page came, {page!r}," if page is not None else f"the body is not whole JSON ({error})"
        raise broken(f"{what} in {len(body)} bytes", status, request_id) from None
    if not isinstance(said, dict):
        raise broken("the body is not a JSON object", status, request_id)
    return said


def read_usage(said: Any, *, price: Price | None) -> Usage | None:
    """Tokens and their cost; None where the service told none, or none that can be. Cached ones are the prompt's."""
    if not isinstance(said, Mapping):
        return None
    details = said.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else said.get("cached_tokens")
    prompt, completion = _count(said.get("prompt_tokens")), _count(said.get("completion_tokens"))
    if not prompt or completion is None:
        return None
    usage = Usage(prompt, min(_count(cached) or 0, prompt), completion, None)
    return usage if price is None else replace(usage, cost_usd=price.cost(usage))


def _count(value: Any) -> int | None:
    """A number of tokens, also where it is told as text; None for what cannot be one."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = float(value)
    return int(value) if _is_number(value) and 0 <= value <= _MOST_TOKENS else None


def _index(choice: Mapping[str, Any]) -> int:
    index = choice.get("index")
    return index if isinstance(index, int) else 0


def _message(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    message = choice.get("message")
    return message if isinstance(message, Mapping) else {}


def _answer(choice: Mapping[str, Any]) -> tuple[str, str]:
    """The text and the reasoning of one choice, apart."""
    message = _message(choice)
    content, leaked = part_thinking(_text(message.get("content")))
    return content, _text(message.get("reasoning") or message.get("reasoning_content")) or leaked


def _text(content: Any) -> str:
    """Content as text: a string, nothing, a list of parts, or JSON that was already parsed for us."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list) and content and all(isinstance(part, dict) and "type" in part for part in content):
        return "".join(_text(part.get("text")) for part in content)
    return orjson.dumps(content).decode()


def _logprobs(said: Any) -> tuple[tuple[str, float], ...]:
    tokens = said.get("content") if isinstance(said, Mapping) else None
    if not isinstance(tokens, list):
        return ()
    pairs = ((token.get("token"), token.get("logprob")) for token in tokens if isinstance(token, Mapping))
    return tuple((token, float(chance)) for token, chance in pairs if isinstance(token, str) and _is_number(chance))


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def broken(why: str, status: int, request_id: str | None, usage: Usage | None = None) -> BrokenReply:
    """A reply that cannot be used, with what it told of its cost where it did."""
    return BrokenReply(f"{why} (HTTP {status}): it is asked again", status=status, request_id=request_id, usage=usage)
