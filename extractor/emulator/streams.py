"""A chat.completion as the frames of a stream, with the quirks of the service."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import orjson

__all__ = ["frames"]

_PIECE = 12  # characters in one frame
_KEEP_ALIVE = (b": keep-alive\n\n", b"data: \n\n", b"event: ping\ndata: ping\n\n")


def frames(whole: Mapping[str, Any], faults: Collection[str]) -> Iterator[bytes]:
    """The frames of `whole` (a chat.completion of one choice or more), each a `data:` line and an empty one."""
    deltas = [(entry["index"], delta) for entry in whole["choices"] for delta in _deltas(entry["message"])]
    usage = whole.get("usage")
    so_far = usage if "stream_usage_each" in faults else None
    if "stream_keep_alive" in faults:
        yield from _KEEP_ALIVE
    if "stream_bare_tokens" in faults:
        deltas = [(index, bare) for index, delta in deltas for bare in _bare(delta)]
    for position, (index, delta) in enumerate(deltas):
        if "stream_error" in faults and position == len(deltas) // 2:
            yield _frame({"error": {"code": 3043, "message": "AiError: AiError: Unknown internal error"}})
            return
        chunk = _chunk(whole, [_choice(index, delta)], so_far)
        yield from _halved(chunk) if "stream_half_characters" in faults else (chunk,)
        if "stream_keep_alive" in faults and position == 0:
            yield from _KEEP_ALIVE
    if "stream_no_end" not in faults:
        yield from _ending(whole, faults)


def _ending(whole: Mapping[str, Any], faults: Collection[str]) -> Iterator[bytes]:
    finished = [_choice(entry["index"], {}, entry["finish_reason"]) for entry in whole["choices"]]
    usage = whole.get("usage")
    if "stream_usage_apart" in faults:
        yield _chunk(whole, finished, None)
        finished = []
    last = _chunk(whole, finished, usage)
    yield last
    if "stream_usage_twice" in faults and usage:
        yield _chunk(whole, [], usage) if finished else last
    yield b"data: [DONE]\n\n"


def _deltas(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("reasoning", "reasoning_content"):
        for piece in _pieces(message.get(name)):
            yield {"content": None, name: piece}
    content = message["content"]
    if isinstance(content, Mapping):
        content = orjson.dumps(content).decode()
    for piece in _pieces(content):
        yield {"content": piece}
    for index, call in enumerate(message.get("tool_calls") or ()):
        yield from _call_deltas(index, call)


def _call_deltas(index: int, call: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    name, arguments = call["function"]["name"], call["function"]["arguments"]
    yield _call({"id": call["id"], "type": "function", "index": index, "function": {"name": name}})
    for piece in _pieces(arguments) if isinstance(arguments, str) else [arguments]:
        yield _call({"index": index, "function": {"arguments": piece}})
    yield _call({"id": None, "type": None, "index": index, "function": {"name": None}})


def _call(delta: Mapping[str, Any]) -> dict[str, Any]:
    return {"tool_calls": [delta]}


def _pieces(text: str | None) -> Iterator[str]:
    for start in range(0, len(text or ""), _PIECE):
        yield (text or "")[start : start + _PIECE]


def _bare(delta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The delta with each run of digits in its content as a number of its own, as the service parses a token."""
    content = delta.get("content")
    if not isinstance(content, str):
        yield dict(delta)
        return
    for piece in re.findall(r"[1-9]\d{0,2}|\D+|\d", content):
        yield {**delta, "content": int(piece) if piece.isdigit() and piece.isascii() else piece}


def _halved(chunk: bytes) -> Iterator[bytes]:
    """The frame twice, the first of them up to the middle of a character beyond the basic plane."""
    frame = json.loads(chunk[6:])
    delta = frame["choices"][0]["delta"]
    text = delta.get("content")
    at = next((at for at, char in enumerate(text) if ord(char) > 0xFFFF), None) if isinstance(text, str) else None
    if at is None:
        yield chunk
        return
    units = text.encode("utf-16-le")
    middle = len(text[:at].encode("utf-16-le")) + 2
    for half in (units[:middle], units[middle:]):
        delta["content"] = half.decode("utf-16-le", "surrogatepass")
        yield b"data: " + json.dumps(frame).encode() + b"\n\n"


def _choice(index: int, delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}


def _chunk(whole: Mapping[str, Any], choices: list[dict[str, Any]], usage: Any) -> bytes:
    chunk = {name: whole[name] for name in ("id", "created", "model")}
    chunk |= {"object": "chat.completion.chunk", "choices": choices}
    return _frame(chunk if usage is None else {**chunk, "usage": usage})


def _frame(value: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"
