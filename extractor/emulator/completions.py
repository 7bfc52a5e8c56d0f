"""From what a responder gave to the chat.completion that the service would send, answer faults included."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from extractor.emulator.meter import Meter, allowance
from extractor.emulator.values import Body, Completion
from extractor.wire.values import Usage

__all__ = ["chat_completion", "choice", "spoil", "usage_of"]


def spoil(completion: Completion, faults: Collection[str], body: Body) -> Completion:
    """The same answer with the answer faults in it, in the order in which a real engine would make them."""
    content, finish = completion.content, completion.finish
    if "thinks" in faults and not completion.reasoning:
        completion = replace(completion, reasoning=_THOUGHT)
    if "empty_length" in faults:
        return Completion(None, reasoning=completion.reasoning or _THOUGHT, finish="length")
    if content is None or content == "":
        return completion
    text = _text(content)
    if "format_ignored" in faults and _wants_json(body):
        text = _as_prose(text)
    if "cut" in faults:
        text, finish = text[: len(text) // 2], "length"
    if "whitespace_stall" in faults:
        text, finish = text[: len(text) // 2] + " \n" * 200, "length"
    if "abort" in faults:
        text, finish = text[: len(text) // 2], "abort"
    if "reasoning_only" in faults:
        return replace(completion, content=None, reasoning=text, finish=finish or "stop")
    for name, wrap in _WRAPPINGS.items():
        if name in faults:
            text = wrap(text)
    value = _loads(text) if "content_object" in faults else None
    content = value if isinstance(value, dict) else text
    return replace(completion, content=content, finish=finish)


def choice(completion: Completion, body: Body, meter: Meter, faults: Collection[str], index: int) -> dict[str, Any]:
    """One entry of `choices`, its content cut at the token limit."""
    content = _within(completion, allowance(body), meter)
    finish = completion.finish or _finish(completion, cut=content != completion.content)
    if "content_object" not in faults and content is not None:
        content = _text(content)
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if completion.reasoning:
        message["reasoning_content" if "reasoning_content" in faults else "reasoning"] = completion.reasoning
    if completion.tool_calls:
        message["tool_calls"] = list(_tool_calls(completion.tool_calls, body, faults))
    logprobs = _logprobs(completion, content, body)
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


_THOUGHT = "The document has to be read from its beginning; first its kind, then its parts, then each field in turn."


def _within(completion: Completion, limit: int, meter: Meter) -> Any:
    """The content, or as much of its text as the limit leaves after the reasoning. What came counted is left whole."""
    if completion.content is None or completion.usage is not None:
        return completion.content
    room = limit - meter.count(completion.reasoning)
    text = _text(completion.content)
    begun = meter.cut(text, room) if room > 0 else None
    return completion.content if begun == text else begun


def _billed(completion: Completion, entry: Mapping[str, Any], body: Body, meter: Meter) -> int:
    message = entry["message"]
    if message["content"] is None and entry["finish_reason"] == "length":
        return allowance(body)
    parts = [completion.reasoning, message["content"], message.get("tool_calls")]
    return sum(meter.count(_text(part)) for part in parts if part)


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


def _tool_calls(calls: Sequence[Mapping[str, Any]], body: Body, faults: Collection[str]) -> Iterator[dict[str, Any]]:
    """The calls with ids as the model makes them: `functions.NAME:IDX`, counted over the whole conversation."""
    earlier = 0 if "tool_ids_repeat" in faults else sum(map(_count_calls, body.get("messages") or ()))
    for index, call in enumerate(calls, start=earlier):
        arguments = call["arguments"]
        as_object = "tool_arguments_object" in faults
        passed = (_loads(arguments) if isinstance(arguments, str) else arguments) if as_object else _text(arguments)
        function = {"name": call["name"], "arguments": passed}
        yield {"id": f"functions.{call['name']}:{index}", "type": "function", "function": function}


def _count_calls(message: Mapping[str, Any]) -> int:
    return len(message.get("tool_calls") or ())


def _logprobs(completion: Completion, begun: Any, body: Body) -> dict[str, Any] | None:
    """Log-probabilities where they are asked for: the responder's own, else those of one who is certain."""
    if not body.get("logprobs") or not isinstance(begun, str):
        return None
    passed = completion.logprobs or tuple((piece, 0.0) for piece in re.findall(r"\s*\w+|\s*[^\w\s]|\s+$", begun))
    tokens = [
        {"token": token, "logprob": value, "bytes": list(token.encode()), "top_logprobs": []} for token, value in passed
    ]
    return {"content": tokens, "refusal": None}


def _text(content: Any) -> str:
    return content if isinstance(content, str) else orjson.dumps(content).decode()


def _loads(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _wants_json(body: Body) -> bool:
    return (body.get("response_format") or {}).get("type") in {"json_object", "json_schema"}


def _as_prose(text: str) -> str:
    value = _loads(text)
    if not isinstance(value, dict):
        return f"The document says the following: {text}"
    return "\n".join(
        ["Here is what the document says:", *(f"- {name}: {_plain(item)}" for name, item in value.items())]
    )


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    return "several things" if isinstance(value, dict) else str(value)


_WRAPPINGS: Mapping[str, Callable[[str], str]] = {
    "fenced": lambda text: f"```json\n{text}\n```",
    "prose": lambda text: f"Here is the extracted data:\n\n{text}",
    "leaked_think": lambda text: f"The fields are all there, so I can answer.</think>{text}",
}
