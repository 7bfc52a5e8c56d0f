"""From what a responder gave to the chat.completion that the service would send."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extractor.emulator.meter import Meter, allowance
from extractor.emulator.values import Body, Completion, as_text
from extractor.wire.values import Usage

__all__ = ["answered"]


def answered(
    completions: Sequence[Completion], body: Body, meter: Meter, *, prompt_tokens: int, cached_tokens: int
) -> tuple[dict[str, Any], Usage]:
    """The chat.completion of several answers, each cut at the token limit, and what it is billed.

    Reasoning is part of the answer, and thinking that took the whole budget is billed whole.
    """
    choices = [_choice(completion, body, meter, index) for index, completion in enumerate(completions)]
    if all(completion.usage for completion in completions):
        usage = sum((completion.usage for completion in completions if completion.usage), Usage())
    else:
        billed = (_billed(*each, body, meter) for each in zip(completions, choices, strict=True))
        usage = Usage(prompt_tokens, cached_tokens, sum(billed))
    counts = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "reasoning_tokens": sum(meter.count(completion.reasoning) for completion in completions),
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens} if usage.cached_tokens else None,
    }
    return {"object": "chat.completion", "choices": choices, "system_fingerprint": None, "usage": counts}, usage


def _choice(completion: Completion, body: Body, meter: Meter, index: int) -> dict[str, Any]:
    content = _within(completion, allowance(body), meter)
    cut = content != completion.content
    text = None if content is None else as_text(content)
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if completion.reasoning:
        message["reasoning"] = completion.reasoning
    if completion.tool_calls:
        message["tool_calls"] = list(_tool_calls(completion.tool_calls, body))
    finish = completion.finish or ("length" if cut else "tool_calls" if completion.tool_calls else "stop")
    return {"index": index, "message": message, "finish_reason": finish, "logprobs": _logprobs(completion, text, body)}


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
