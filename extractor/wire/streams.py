"""A streamed answer: bytes in as they come, text out as it grows, and the whole reply at the end.

A stream counts as ended only by its end marker, or by a finish reason of every choice that began: anything else is a
broken reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from extractor.schema.text import joined_halves, read_json
from extractor.wire.faults import classify
from extractor.wire.prices import Price
from extractor.wire.replies import Completion, parse_reply
from extractor.wire.values import Reply, Usage

__all__ = ["StreamReader"]

# A body that is none of a stream's: nothing yet, JSON, or a page of HTML.
_WHOLE = (b"", b"{", b"<")
_EVENT = re.compile(rb"\{.*\}|\[DONE\]", re.DOTALL)
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


class StreamReader:
    """Reads one stream of server-sent events; a plain JSON body, which some routes answer with instead, is read too.

    `usage` is what the service has told of its cost so far, also when the stream then breaks.
    """

    def __init__(self, *, price: Price | None, request_id: str | None = None) -> None:
        self._price, self._request_id = price, request_id
        self._events = _Events()
        self._completion = Completion(price=price, request_id=request_id)
        self._done, self._held = False, ""
        self._body: bytearray | None = bytearray()

    @property
    def usage(self) -> Usage | None:
        return self._completion.usage

    def feed(self, data: bytes) -> list[str]:
        """Take the next bytes: the pieces of text (of the first choice) that they complete.

        Raises the ServiceError that an error inside the stream stands for, with the usage that was told by then.
        """
        if self._body is not None:
            self._body += data
            start = bytes(self._body[:64]).lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
            if start in _WHOLE:
                return []
            data, self._body = bytes(self._body).removeprefix(b"\xef\xbb\xbf"), None
        return [text for event in self._events.feed(data) if (text := self._whole_text(self._take(*event)))]

    def reply(self) -> Reply:
        """The whole reply, once the connection has closed; BrokenReply when the stream never came to its end."""
        if self._body is not None:
            return parse_reply(200, {"cf-ai-req-id": self._request_id or ""}, bytes(self._body), price=self._price)
        for event in self._events.flush():
            self._take(*event)
        if not self._done and not self._completion.ended:
            raise self._completion.broken("the stream stopped before its end")
        if not self._completion.begun:
            raise self._completion.broken("the stream held no answer")
        return self._completion.reply()

    def _take(self, name: str, data: bytes) -> str:
        """Take in one event; the text that it adds to the first choice. What is no JSON keeps the connection open."""
        if data.strip(b' "[]').lower() == b"done":
            self._done = True
            return ""
        if not data.lstrip().startswith(b"{"):
            return ""
        try:
            frame = read_json(data)
        except ValueError:
            if self._completion.ended:
                return ""
            raise self._completion.broken("an event of the stream is not JSON") from None
        if self._done or self._completion.ended:  # a copy of the usage may come behind the end, or an error
            self._completion.count(frame.get("usage"))
            return ""
        if name == "error" or frame.get("error") or frame.get("errors") or frame.get("success") is False:
            self._completion.count(frame.get("usage"))
            error = classify(200, {"cf-ai-req-id": self._request_id or ""}, data)
            error.usage, error.billable = self.usage, self._completion.begun or error.billable
            raise error
        result = frame.get("result")
        return self._completion.take(result if isinstance(result, Mapping) else frame)

    def _whole_text(self, text: str) -> str:
        """The text that is whole: the first half of a surrogate pair waits for the second."""
        text = self._held + text
        self._held = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return joined_halves(text[: len(text) - len(self._held)])


class _Events:
    """The events of a stream, each with its name and data, whatever pieces the bytes come in."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._data: list[bytes] = []
        self._name = ""

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """The events that these bytes complete. Lines end with CR, LF or both; the LF may come later."""
        self._pending.append(data)
        if b"\n" not in data and b"\r" not in data:  # a long line is joined once, when it ends
            return
        *lines, rest = _LINE_END.split(b"".join(self._pending))
        self._pending = [rest]
        for line in lines:
            yield from self._line(line)

    def flush(self) -> Iterator[tuple[str, bytes]]:
        """The last event, where the stream closed without the blank line that ends one."""
        for line in (*_LINE_END.split(b"".join(self._pending).removesuffix(b"\r")), b""):
            yield from self._line(line)

    def _line(self, line: bytes) -> Iterator[tuple[str, bytes]]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif line.startswith(b"event:"):
            self._name = line[6:].strip().decode("utf-8", "replace")
        elif not line:
            name, data, self._name, self._data = self._name, self._data, "", []
            apart = len(data) > 1 and all(map(_EVENT.fullmatch, data))  # no blank line stood between them
            for each in data if apart else [b"\n".join(data)] if data else []:
                yield name, each
