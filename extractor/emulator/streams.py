"""A chat.completion as the frames of a stream, and what may become of those."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from extractor.emulator.values import Outcome, faults

__all__ = ["STREAMS", "frames"]

_PIECE = 12  # characters in one frame
_KEEP_ALIVE = (b": keep-alive\n\n", b"data: \n\n", b"event: ping\ndata: ping\n\n")
_DONE = b"data: [DONE]\n\n"


def frames(whole: Mapping[str, Any]) -> Iterator[bytes]:
    """The frames of `whole` (a chat.completion of one choice or more), each a `data:` line and an empty one.

    The last but one says how each choice ended, and what all of it cost.
    """
    for entry in whole["choices"]:
        for delta in _deltas(entry["message"]):
            yield _chunk(whole, [_choice(entry["index"], delta)])
    ended = [_choice(entry["index"], {}, entry["finish_reason"]) for entry in whole["choices"]]
    yield _chunk(whole, ended, **({"usage": whole["usage"]} if "usage" in whole else {}))
    yield _DONE


def _deltas(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("reasoning", "reasoning_content"):
        for piece in _pieces(message.get(name)):
            yield {"content": None, name: piece}
    for piece in _pieces(message["content"]):
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


def _choice(index: int, delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}


def _chunk(whole: Mapping[str, Any], choices: list[dict[str, Any]], **more: Any) -> bytes:
    chunk = {name: whole[name] for name in ("id", "created", "model")}
    return _frame({**chunk, "object": "chat.completion.chunk", "choices": choices, **more})


def _frame(value: Any) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


# ---------------------------------------------------------------------- faults

Frame = dict[str, Any]
Act = Callable[[Outcome], Outcome]

_ERROR = {"code": 3043, "message": "AiError: AiError: Unknown internal error"}
_ZERO = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _frames(change: Callable[[list[bytes]], Iterable[bytes]]) -> Act:
    """A change of the list of frames."""
    return lambda outcome: replace(outcome, stream=tuple(change(list(outcome.stream))))


def _bytes(change: Callable[[bytes], bytes]) -> Act:
    """A change of the bytes of the whole stream, which then come in one piece."""
    return lambda outcome: replace(outcome, stream=(change(b"".join(outcome.stream)),))


def _each(change: Callable[[Frame], Iterable[Frame]]) -> Act:
    """Several values in place of that of each frame; the end mark stays."""

    def changed(old: list[bytes]) -> Iterator[bytes]:
        for frame in old:
            yield from [frame] if frame == _DONE else map(_frame, change(orjson.loads(frame[6:])))

    return _frames(changed)


def _choices(change: Callable[[Frame], Frame]) -> Act:
    """A change of each choice."""
    return _each(lambda frame: [{**frame, "choices": [change(one) for one in frame["choices"]]}])


def _ending(change: Callable[[Frame], Iterable[Frame]]) -> Act:
    """Others in place of the frame that says how the answer ended."""
    return _frames(lambda old: (*old[:-2], *map(_frame, change(orjson.loads(old[-2][6:]))), old[-1]))


def _middle(*more: bytes, ends: bool = False) -> Act:
    """More frames in the middle, which may be the end."""
    return _frames(lambda old: (*old[: len(old) // 2], *more, *(() if ends else old[len(old) // 2 :])))


def _choice_of(index: int, delta: Any) -> Act:
    """A frame more, of one choice."""
    return _middle(_frame({"choices": [{"index": index, "delta": delta}]}))


def _with_usage(old: list[bytes]) -> Iterator[bytes]:
    usage = orjson.loads(old[-2][6:]).get("usage")
    yield from (_frame({**orjson.loads(frame[6:]), "usage": usage}) for frame in old[:-1])
    yield old[-1]


def _without(value: Frame, name: str) -> Frame:
    return {key: item for key, item in value.items() if key != name}


def _bare(frame: Frame) -> Iterator[Frame]:
    """The frame with each run of digits in its content as a number of its own, as the service parses a token."""
    content = frame["choices"][0]["delta"].get("content") if frame["choices"] else None
    if not isinstance(content, str):
        yield frame
        return
    for piece in re.findall(r"[1-9]\d{0,2}|\D+|\d", content):
        value = int(piece) if piece.isdigit() and piece.isascii() else piece
        yield {**frame, "choices": [{**frame["choices"][0], "delta": {"content": value}}]}


def _halved(old: list[bytes]) -> Iterator[bytes]:
    """A frame twice, the first of them up to the middle of a character beyond the basic plane."""
    for chunk in old:
        frame = json.loads(chunk[6:]) if chunk.startswith(b"data: {") else {}
        delta = frame["choices"][0]["delta"] if frame.get("choices") else {}
        text = str(delta.get("content") or "")
        at = next((at for at, char in enumerate(text) if ord(char) > 0xFFFF), None)
        if at is None:
            yield chunk
            continue
        units, middle = text.encode("utf-16-le"), len(text[:at].encode("utf-16-le")) + 2
        for half in (units[:middle], units[middle:]):
            delta["content"] = half.decode("utf-16-le", "surrogatepass")
            yield b"data: " + json.dumps(frame).encode() + b"\n\n"


def _spread(frame: bytes) -> bytes:
    """A frame over many lines, as pretty-printed JSON is."""
    if frame == _DONE:
        return frame
    lines = orjson.dumps(orjson.loads(frame[6:]), option=orjson.OPT_INDENT_2).split(b"\n")
    return b"".join(b"data: %b\n" % line for line in lines) + b"\n"


def _older(frame: Frame) -> Iterator[Frame]:
    """The older form of a frame, which holds text alone."""
    if "usage" in frame:
        yield {"response": "", "usage": frame["usage"]}
    for one in frame["choices"]:
        yield {"response": one["delta"].get("content") or "", "tool_calls": one["delta"].get("tool_calls") or []}


def _values(data: bytes) -> list[bytes]:
    return [line[6:] for line in data.split(b"\n") if line.startswith(b"data: {")]


_LISTS: Mapping[str, Callable[[list[bytes]], Iterable[bytes]]] = {
    "usage_each: every frame carries the usage so far.": _with_usage,
    "no_end: the stream ends without finish_reason and without [DONE].": lambda old: old[:-2],
    "no_done: the stream ends without [DONE].": lambda old: old[:-1],
    "no_finish: the stream ends with [DONE], and without finish_reason.": lambda old: (*old[:-2], _DONE),
    "done_twice: [DONE] comes twice.": lambda old: (*old, _DONE),
    "done_first: [DONE] comes before everything else.": lambda old: (_DONE, *old),
    "done_alone: [DONE] is all that comes.": lambda old: (_DONE,),
    "empty: nothing comes.": lambda old: (b"",),
    "page: a page of HTML comes.": lambda old: (b"<html><title>502 Bad Gateway</title></html>",),
    "gap: frames in the middle are missing.": lambda old: old[:2] + old[4:],
    "disorder: the frames come in another order.": lambda old: (*old[-3::-1], *old[-2:]),
    "finish_early: the finish_reason comes before the last frames of the text.": lambda old: (
        [*old[:2], old[-2], *old[2:-2], old[-1]]
    ),
    "frames_twice: every frame comes twice.": lambda old: (frame for each in old for frame in (each, each)),
    "again: the whole stream comes twice, one behind the other.": lambda old: old + old,
    "error_behind: an error frame comes behind the end.": lambda old: (*old, _frame({"error": _ERROR})),
    "keep_alive: events that are empty, or no JSON, keep the connection open.": lambda old: (
        [*_KEEP_ALIVE, old[0], *_KEEP_ALIVE, *old[1:]]
    ),
    "half_characters: frames end within a surrogate pair.": _halved,
    "bytes_apart: each byte comes in a piece of its own.": lambda old: (bytes([byte]) for one in old for byte in one),
    "lines_spread: a frame is spread over many lines.": lambda old: map(_spread, old),
    "numbered: events have ids, names and times to wait.": lambda old: (
        b"id: 7\nevent: message\nretry: 10\n" + frame for frame in old
    ),
}

_WHOLES: Mapping[str, Callable[[bytes], bytes]] = {
    "half_frame: the stream ends within a frame.": lambda data: data[: len(data) // 2],
    "in_one: the whole stream comes in one piece.": bytes,
    "lines_crlf: lines end with CR LF.": lambda data: data.replace(b"\n", b"\r\n"),
    "lines_cr: lines end with CR alone.": lambda data: data.replace(b"\n", b"\r"),
    "lines_single: no empty line parts the frames.": lambda data: data.replace(b"\n\n", b"\n"),
    "lines_more: several empty lines part the frames.": lambda data: data.replace(b"\n\n", b"\n\n\n\n"),
    "unspaced: no blank stands behind the colon.": lambda data: data.replace(b"data: ", b"data:"),
    "marked: a byte order mark comes first.": lambda data: b"\xef\xbb\xbf" + data,
    "as_array: the frames come as a list of JSON.": lambda data: b"[" + b",".join(_values(data)) + b"]",
    "as_lines: the frames come as lines of JSON.": lambda data: b"\n".join(_values(data)),
}

_ACTS: Mapping[str, Act] = {
    "as_json: a stream was asked for and plain JSON comes.": lambda outcome: outcome,
    **{key: _frames(change) for key, change in _LISTS.items()},
    **{key: _bytes(change) for key, change in _WHOLES.items()},
    "done_early: [DONE] comes in the middle of the stream.": _middle(_DONE),
    "finish_each: every frame has a finish_reason.": _choices(lambda one: {**one, "finish_reason": "stop"}),
    "usage_twice: the last frame with the usage is sent twice.": _ending(lambda last: [last, {**last, "choices": []}]),
    "usage_apart: the usage comes in a frame of its own, with no choices.": _ending(
        lambda last: [_without(last, "usage"), {**last, "choices": []}]
    ),
    "usage_faded: a copy of the usage is 0.": _ending(lambda last: [last, {**last, "choices": [], "usage": _ZERO}]),
    "error: an error frame comes in the middle of the stream.": _middle(_frame({"error": _ERROR}), ends=True),
    "errors: a frame with a list of errors comes in the middle.": _middle(
        _frame({"errors": [_ERROR], "success": False}), ends=True
    ),
    "error_text: an error that is a text comes in the middle.": _middle(_frame({"error": "upstream"}), ends=True),
    "error_event: an event named error comes in the middle.": _middle(b"event: error\n" + _frame(_ERROR), ends=True),
    "error_passed: an error frame comes, and then the stream goes on.": _middle(_frame({"error": _ERROR})),
    "bare_tokens: a token that is a number comes as a JSON number, not as text.": _each(_bare),
    "noise: a frame is no JSON.": _middle(b"data: {oops\n\n"),
    "null_frame: a frame is null.": _middle(b"data: null\n\n"),
    "list_frame: a frame is a list.": _middle(b"data: []\n\n"),
    "number_frame: a frame is a number.": _middle(b"data: 42\n\n"),
    "choices_null: the choices of a frame are null.": _middle(_frame({"choices": None})),
    "choices_text: the choices of a frame are texts.": _middle(_frame({"choices": ["stop"]})),
    "delta_null: the delta of a frame is null.": _choice_of(0, None),
    "content_null: the content of a frame is null.": _choice_of(0, {"content": None}),
    "index_other: a frame belongs to a second choice.": _choice_of(1, {"content": "?"}),
    "index_missing: the choices have no index.": _choices(lambda one: _without(one, "index")),
    "messages: whole messages come in place of deltas.": _choices(
        lambda one: {**_without(one, "delta"), "message": one["delta"]}
    ),
    "older: the text comes as `response`, the older form.": _each(_older),
    "enveloped: each frame stands in an envelope.": _each(lambda frame: [{"result": frame, "success": True}]),
}

STREAMS = faults("stream", {f"stream_{key}": act for key, act in _ACTS.items()})
