"""A streamed answer: bytes in as they come, text out as it grows, and the whole reply at the end.

A stream counts as ended only by `[DONE]` or a finish reason: anything else is a broken reply, to be asked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from extractor.errors import BrokenReply
from extractor.wire.faults import classify
from extractor.wire.loose import read_json
from extractor.wire.prices import Price
from extractor.wire.replies import broken, parse_completion, parse_reply, read_usage
from extractor.wire.values import Reply, Usage

__all__ = ["StreamReader"]

# A body that is none of a stream's: nothing yet, JSON, or a page of HTML.
_WHOLE = (b"", b"{", b"<")
_TEXTS = ("content", "reasoning", "reasoning_content", "refusal")


class StreamReader:
    """Reads one stream of server-sent events; a plain JSON body, which some routes answer with instead, is read too.

    `usage` is what the service has told of its cost so far, also when the stream then breaks.
    """

    def __init__(self, *, price: Price | None, request_id: str | None = None) -> None:
        self._price, self._request_id = price, request_id
        self._events = _Events()
        self._choices: dict[int, _Choice] = {}
        self.usage: Usage | None = None
        self._done = False
        self._body: bytearray | None = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Take the next bytes: the pieces of text (of the first choice) that they complete.

        Raises the ServiceError that an error inside the stream stands for, with the usage that was told by then.
        """
        if self._body is not None:
            self._body += data
            start = bytes(self._body[:64]).lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
            if start in _WHOLE:
                return []
            data, self._body = bytes(self._body), None
        return [text for event in self._events.feed(data) if (text := self._take(event))]

    def reply(self) -> Reply:
        """The whole reply, once the connection has closed; BrokenReply when the stream never came to its end."""
        if self._body is not None:
            return parse_reply(200, {"cf-ai-req-id": self._request_id or ""}, bytes(self._body), price=self._price)
        for event in self._events.flush():
            self._take(event)
        if not self._done and not any(choice.finish for choice in self._choices.values()):
            raise self._broken("the stream stopped before its end")
        completion: dict[str, Any] = {"choices": [choice.whole(index) for index, choice in self._choices.items()]}
        reply = parse_completion(completion, request_id=self._request_id, price=self._price)
        return replace(reply, usage=self.usage)

    def _take(self, event: bytes) -> str:
        """Take in one event; the text that it adds to the first choice."""
        if self._done or event == b"[DONE]":
            self._done = True
            return ""
        try:
            frame = read_json(event)
        except ValueError:
            raise self._broken("an event of the stream is not JSON") from None
        if not isinstance(frame, dict):
            return ""
        self._count(frame.get("usage"))
        if frame.get("error") or frame.get("errors") or frame.get("success") is False:
            error = classify(200, {"cf-ai-req-id": self._request_id or ""}, event)
            error.usage, error.billable = self.usage, bool(self._choices) or error.billable
            raise error
        return "".join(self._grow(choice) for choice in _choices(frame))

    def _grow(self, said: Mapping[str, Any]) -> str:
        index = said.get("index")
        place = index if isinstance(index, int) else 0
        text = self._choices.setdefault(place, _Choice()).take(said)
        return text if place == 0 else ""

    def _count(self, said: Any) -> None:
        """Keep the largest of each count: the last frame comes twice, and its copy may hold zeros or lack a field."""
        told = read_usage(said, price=self._price)
        if told and self.usage:
            names = ("prompt_tokens", "cached_tokens", "completion_tokens")
            largest = {name: max(getattr(told, name), getattr(self.usage, name)) for name in names}
            told = read_usage(largest, price=self._price)
        self.usage = told or self.usage

    def _broken(self, why: str) -> BrokenReply:
        return broken(why, 200, self._request_id, self.usage)


class _Choice:
    """One answer as it grows."""

    __slots__ = ("calls", "finish", "logprobs", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {name: [] for name in _TEXTS}
        self.calls: dict[int, dict[str, str]] = {}
        self.logprobs: list[Any] = []
        self.finish: str | None = None

    def take(self, said: Mapping[str, Any]) -> str:
        """Take in a choice of one frame; the text that it adds."""
        delta = _mapping(said.get("delta") or said.get("message"))
        for name in _TEXTS:
            if isinstance(piece := delta.get(name), str):
                self.texts[name].append(piece)
        for call in _mappings(delta.get("tool_calls")):
            self._call(call)
        self.logprobs += _mappings(_mapping(said.get("logprobs")).get("content"))
        self.finish = said.get("finish_reason") or self.finish
        piece = delta.get("content")
        return piece if isinstance(piece, str) else ""

    def whole(self, index: int) -> dict[str, Any]:
        """The choice as a reply without a stream would have it."""
        texts: dict[str, Any] = {name: "".join(pieces) for name, pieces in self.texts.items()}
        calls = [{"id": call["id"], "function": call} for _, call in sorted(self.calls.items())]
        return {
            "index": index,
            "message": {**texts, "tool_calls": calls},
            "finish_reason": self.finish,
            "logprobs": {"content": self.logprobs},
        }

    def _call(self, said: Mapping[str, Any]) -> None:
        """A piece of a call: the first names it, the next bring its arguments, the last may hold nothing but nulls."""
        index = said.get("index")
        call = self.calls.setdefault(index if isinstance(index, int) else 0, {"id": "", "name": "", "arguments": ""})
        function = _mapping(said.get("function"))
        call["id"] = said.get("id") or call["id"]
        call["name"] = function.get("name") or call["name"]
        arguments = function.get("arguments") or ""
        call["arguments"] += arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()


class _Events:
    """The data of server-sent events, whatever pieces the bytes come in."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The events that these bytes complete."""
        if b"\n" not in data:
            self._pending.append(data)
            return
        *lines, rest = b"".join((*self._pending, data)).split(b"\n")
        self._pending = [rest]
        for line in lines:
            yield from self._line(line.rstrip(b"\r"))

    def flush(self) -> Iterator[bytes]:
        """The last event, where the stream closed without the blank line that ends one."""
        yield from self._line(b"".join(self._pending).rstrip(b"\r"))
        self._pending = []
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[bytes]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line and self._data:
            yield b"\n".join(self._data)
            self._data = []


def _choices(frame: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The choices of a frame; the older form has its text in `response`."""
    if isinstance(frame.get("response"), str):
        return [{"delta": {"content": frame["response"]}, "finish_reason": frame.get("finish_reason")}]
    return _mappings(frame.get("choices"))


def _mapping(said: Any) -> Mapping[str, Any]:
    return said if isinstance(said, Mapping) else {}


def _mappings(said: Any) -> list[Mapping[str, Any]]:
    return [one for one in said if isinstance(one, Mapping)] if isinstance(said, list) else []
