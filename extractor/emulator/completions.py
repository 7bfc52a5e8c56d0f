"""From what a responder gave to the chat.completion that the service would send."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extractor.emulator.answers import as_text
from extractor.emulator.meter import Meter, allowance
from extractor.emulator.values import Body, Completion
from extractor.wire.values import Usage

__all__ = ["chat_completion", "choice", "usage_of"]


def choice(completion: Completion, body: Body, meter: Meter, index: int) -> dict[str, Any]:
    """One entry of `choices`, its content cut at the token limit."""
    content = _within(completion, allowance(body), meter)
    finish = completion.finish or _finish(completion, cut=content != completion.content)
    text = None if content is None else as_text(content)
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if completion.reasoning:
        message["reasoning"] = completion.reasoning
    if completion.tool_calls:
        message["tool_calls"] = list(_tool_calls(completion.tool_calls, body))
    logprobs = _logprobs(completion, text, body)
    return {"index": index, "message": message, "finish_reason": finish, "logprobs": logprobs}


def usage_of(
    completions: Sequence[Completion],
    choices: Sequence[Mapping[str, Any]],
    body: Body,
    meter: Meter,
    *,
    prompt_tokens: int,
    cached_tokens: int,
) -> Usage:
    """What the answer is billed: reasoning is part of it, and thinking that took the whole budget is billed whole."""
    if all(completion.usage for completion in completions):
        return sum((completion.usage for completion in completions if completion.usage), Usage())
    completion_tokens = sum(
        _billed(completion, entry, body, meter) for completion, entry in zip(completions, choices, strict=True)
    )
    return Usage(prompt_tokens, cached_tokens, completion_tokens)


def chat_completion(
    model: str, choices: Sequence[Any], usage: Usage | None, *, identity: str, now: int, reasoning_tokens: int = 0
) -> dict[str, Any]:
    """The whole object; a usage of None is left out."""
    whole = {
        "id": f"id-{identity}", "object": "chat.completion", "created": now, "model": model,
        "choices": list(choices), "system_fingerprint": None,
    }  # fmt: skip
    return whole if usage is None else {**whole, "usage": _usage(usage, reasoning_tokens)}


def _within(completion: Completion, limit: int, meter: Meter) -> Any:
    """The content, or as much of its text as the limit leaves after the reasoning. What came counted is left whole."""
    if completion.content is None or completion.usage is not None:
        return completion.content
    room = limit - meter.count(completion.reasoning)
    text = as_text(completion.content)
    begun = meter.cut(text, room) if room > 0 else None
    return completion.content if begun == text else begun


def _billed(completion: Completion, entry: Mapping[str, Any], body: Body, meter: Meter) -> int:
    message = entry["message"]
    if message["content"] is None and entry["finish_reason"] == "length":
        return allowance(body)
    parts = [completion.reasoning, message["content"], message.get("tool_calls")]
    return sum(meter.count(as_text(part)) for part in parts if part)


def _usage(usage: Usage, reasoning_tokens: int) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "reasoning_tokens": reasoning_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens} if usage.cached_tokens else None,
    }


def _finish(completion: Completion, *, cut: bool) -> str:
    if cut:
        return "length"
    return "tool_calls" if completion.tool_calls else "stop"


def _tool_calls(calls: Sequence[Mapping[str, Any]], body: Body) -> Iterator[dict[str, Any]]:
    """The calls with ids as the model makes them: `functions.NAME:IDX`, counted over the whole conversation."""
    earlier = sum(len(message.get("tool_calls") or ()) for message in body.get("messages") or ())
    for index, call in enumerate(calls, start=earlier):
        function = {"name": call["name"], "arguments": as_text(call["arguments"])}
        yield {"id": f"functions.{call['name']}:{index}", "type": "function", "function": function}


def _logprobs(completion: Completion, begun: Any, body: Body) -> dict[str, Any] | None:
    """Log-probabilities where they are asked for: the responder's own, else those of one who is certain."""
    if not body.get("logprobs") or not isinstance(begun, str):
        return None
    passed = completion.logprobs or tuple((piece, 0.0) for piece in re.findall(r"\s*\w+|\s*[^\w\s]|\s+$", begun))
    tokens = [
        {"token": token, "logprob": value, "bytes": list(token.encode()), "top_logprobs": []} for token, value in passed
    ]
    return {"content": tokens, "refusal": None}
