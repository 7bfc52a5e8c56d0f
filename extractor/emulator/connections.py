"""Faults of the connection and of the frame that HTTP puts around a reply, byte for byte."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace

from extractor.emulator.values import End, Outcome, Step, faults

__all__ = ["CONNECTIONS", "play"]

_OK = b"HTTP/1.1 200 OK"
_NOW = struct.pack("ii", 1, 0)


async def play(steps: tuple[Step, ...], transport: asyncio.WriteTransport) -> None:
    """Do to a connection what the steps say."""
    for step in steps:
        if transport.is_closing():
            return
        match step:
            case bytes():
                transport.write(step)
            case float():
                await asyncio.sleep(step)
            case End.CLOSE:
                transport.close()
            case End.HALF:
                transport.write_eof()
            case End.RESET:
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOW)
                transport.abort()


class _Raw:
    """A reply as bytes: the line of its status, its headers and its body."""

    def __init__(self, outcome: Outcome) -> None:
        self.body = b"".join(outcome.stream) or outcome.body
        self.half = self.body[: len(self.body) // 2]
        self.lines = [f"{name}: {value}".encode("latin-1") for name, value in outcome.headers.items()]

    def head(self, *more: bytes, line: bytes = _OK, end: bytes = b"\r\n") -> bytes:
        """The head with more headers; no header says how long the body is unless `more` does."""
        return end.join((line, *self.lines, *more, b"", b""))

    def whole(self, *more: bytes, line: bytes = _OK, end: bytes = b"\r\n") -> bytes:
        """All of it, with the length of the body."""
        return self.head(b"content-length: %d" % len(self.body), *more, line=line, end=end) + self.body

    def chunked(self, *more: bytes, size: int = 64, extension: bytes = b"", last: bytes = b"0\r\n\r\n") -> bytes:
        """All of it with the body in chunks, of which the last one is empty."""
        pieces = [self.body[at : at + size] for at in range(0, len(self.body), size)]
        chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces)
        return self.head(_CHUNKED, *more) + chunks + last


_CHUNKED = b"transfer-encoding: chunked"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOBODY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"

Written = Callable[[_Raw], bytes]


def _line(line: bytes) -> Written:
    """A reply under another line of status."""
    return lambda raw: raw.whole(line=line)


def _bare(line: bytes, *more: bytes) -> Written:
    """A head alone, under another line of status."""
    return lambda raw: raw.head(*more, line=line)


def _header(*more: bytes) -> Written:
    """A reply with more headers."""
    return lambda raw: raw.whole(*more)


def _length(length: bytes) -> Written:
    """A reply whose header says another thing of its length."""
    return lambda raw: raw.head(b"content-length: " + length) + raw.body


def _first(data: bytes) -> Written:
    """What is no HTTP."""
    return lambda raw: data


_CLOSED: Mapping[str, Written] = {
    "closed_at_once: the connection closes before the reply.": _first(b""),
    "closed_in_head: the connection closes within the headers.": lambda raw: raw.whole()[:40],
    "dropped: the connection closes before the body is whole.": lambda raw: raw.whole()[: -len(raw.half) - 1],
    "closed_after: the connection closes behind a reply that did not say so.": lambda raw: raw.whole(),
    "tls: an alert of TLS comes from a plain port.": _first(b"\x15\x03\x01\x00\x02\x02\x46"),
    "ssh: the greeting of SSH comes.": _first(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "http2: a frame of HTTP/2 comes.": _first(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    "noise: bytes without any meaning come.": _first(bytes(range(255, 0, -1))),
    "http09: the body comes without any head.": lambda raw: raw.body,
    "http10: HTTP/1.0, whose body ends with the connection.": lambda raw: raw.head(line=b"HTTP/1.0 200 OK") + raw.body,
    "until_closed: nothing says how long the body is: it ends with the connection.": lambda raw: raw.head() + raw.body,
    "until_cut: nothing says how long the body is, and the connection closes within it.": lambda raw: (
        raw.head() + raw.half
    ),
    "length_long: content-length is more than the body has.": lambda raw: (
        raw.head(b"content-length: %d" % (len(raw.body) + 9)) + raw.body
    ),
    "length_twice: content-length is there twice.": lambda raw: raw.whole(b"content-length: %d" % len(raw.body)),
    "length_torn: content-length is there twice, with two numbers.": _header(b"content-length: 3"),
    "length_negative: content-length is negative.": _length(b"-1"),
    "length_words: content-length is no number.": _length(b"long"),
    "length_zero: content-length is 0, and a body comes.": _length(b"0"),
    "length_huge: content-length is more than a number holds.": _length(b"9" * 30),
    "chunked: the body comes in chunks.": lambda raw: raw.chunked(),
    "chunks_of_one: each byte of the body is a chunk.": lambda raw: raw.chunked(size=1),
    "chunks_extended: the chunks have extensions.": lambda raw: raw.chunked(extension=b";a=b"),
    "chunks_trailed: headers stand behind the chunks.": lambda raw: raw.chunked(last=b"0\r\nx-sum: 1\r\n\r\n"),
    "chunks_unended: the last chunk never comes.": lambda raw: raw.chunked(last=b""),
    "chunks_cut: the connection closes within a chunk.": lambda raw: raw.chunked(last=b"")[:-20],
    "chunks_and_length: the body has chunks and a content-length.": lambda raw: raw.chunked(b"content-length: 5"),
    "chunk_broken: the size of a chunk is no number.": lambda raw: raw.head(_CHUNKED) + b"zz\r\n" + raw.body,
    "chunk_huge: the size of a chunk is more than a number holds.": lambda raw: (
        raw.head(_CHUNKED) + b"f" * 30 + b"\r\n" + raw.body
    ),
    "hints: 100 and 103 come before the reply.": lambda raw: (
        _CONTINUE + b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + raw.whole()
    ),
    "hints_alone: 100 comes, and then the connection closes.": _first(_CONTINUE),
    "hints_endless: 100 comes a thousand times before the reply.": lambda raw: _CONTINUE * 1000 + raw.whole(),
    "switching: 101, which nobody asked for.": _line(b"HTTP/1.1 101 Switching Protocols"),
    "no_content: 204 without a body.": _bare(b"HTTP/1.1 204 No Content"),
    "no_content_body: 204 with a body.": _line(b"HTTP/1.1 204 No Content"),
    "reset_content: 205 without a body.": _bare(b"HTTP/1.1 205 Reset Content", b"content-length: 0"),
    "not_modified: 304 without a body.": _bare(b"HTTP/1.1 304 Not Modified"),
    "not_modified_body: 304 with a body.": _line(b"HTTP/1.1 304 Not Modified"),
    "status_words: the status is no number.": _line(b"HTTP/1.1 abc OK"),
    "status_long: the status has four digits.": _line(b"HTTP/1.1 2000 OK"),
    "status_short: the status has two digits.": _line(b"HTTP/1.1 20 OK"),
    "status_zero: the status is 000.": _line(b"HTTP/1.1 000 OK"),
    "status_unknown: the status is 999.": _line(b"HTTP/1.1 999 Who Knows"),
    "status_bare: the status comes without its reason.": _line(b"HTTP/1.1 200"),
    "status_only: the line of the status is the version alone.": _line(b"HTTP/1.1"),
    "version_later: the version is HTTP/3.0.": _line(b"HTTP/3.0 200 OK"),
    "version_other: the protocol is ICY.": _line(b"ICY 200 OK"),
    "lines_before: empty lines stand before the reply.": lambda raw: b"\r\n\r\n" + raw.whole(),
    "lines_bare: the lines of the head end with LF alone.": lambda raw: raw.whole(end=b"\n"),
    "lines_returned: the lines of the head end with CR alone.": lambda raw: raw.whole(end=b"\r"),
    "header_huge: a header has a million letters.": _header(b"x-note: " + b"x" * 1_000_000),
    "headers_many: the reply has ten thousand headers.": _header(*(b"x-%d: 1" % number for number in range(10_000))),
    "header_unnamed: a header has no name.": _header(b": nobody"),
    "header_colonless: a header has no colon.": _header(b"nothing"),
    "header_spaced: a blank stands before the colon of a header.": _header(b"x-note : a"),
    "header_folded: a header goes on in the next line.": _header(b"x-note: a\r\n b"),
    "header_null: a header has a NUL character.": _header(b"x-note: a\x00b"),
    "header_bytes: a header has bytes beyond ASCII.": _header("x-note: \u00fc\u20ac".encode()),
    "header_split: a header holds a line break, and so a second length.": _header(b"x-note: a\r\nContent-Length: 3"),
    "header_closes: the reply says that the connection closes.": _header(b"connection: close"),
    "header_upgrade: the reply offers another protocol.": _header(b"upgrade: h2c", b"connection: upgrade"),
}

_OPEN: Mapping[str, Written] = {
    "length_short: content-length is less than the body has.": lambda raw: (
        raw.head(b"content-length: %d" % len(raw.half)) + raw.body
    ),
    "chunk_tail: letters stand behind the last chunk.": lambda raw: raw.chunked() + b"tail",
    "tail: letters stand behind the reply.": lambda raw: raw.whole() + b"tail",
    "reply_twice: the reply comes twice.": lambda raw: raw.whole() * 2,
    "reply_other: the reply to nobody's question stands behind it.": lambda raw: raw.whole() + _NOBODY,
}

_SILENT: Mapping[str, Written] = {
    "silent: no reply comes, and the connection stays open.": _first(b""),
    "silent_in_head: the connection falls silent within the headers.": lambda raw: raw.whole()[:40],
    "silent_in_body: the connection falls silent within the body.": lambda raw: raw.whole()[:-9],
    "silent_behind: the end of the body never comes.": lambda raw: raw.chunked(last=b""),
}

_RESET: Mapping[str, Written] = {
    "reset_at_once: the connection is reset before the reply.": _first(b""),
    "reset_in_head: the connection is reset within the headers.": lambda raw: raw.whole()[:40],
    "reset_in_body: the connection is reset within the body.": lambda raw: raw.whole()[:-9],
    "reset_after: the connection is reset behind the reply.": lambda raw: raw.whole(),
    "until_reset: nothing says how long the body is, and the connection is reset within it.": lambda raw: (
        raw.head() + raw.half
    ),
}

_HALF: Mapping[str, Written] = {
    "half_closed: the server closes its half of the connection behind the reply.": lambda raw: raw.whole(),
}


def _apart(seconds: float, *end: End) -> Callable[[bytes], tuple[Step, ...]]:
    """Each byte by itself, with a pause behind it."""
    return lambda data: (*(step for byte in data for step in (bytes([byte]), seconds)), *end)


def _acting(
    table: Mapping[str, Written], steps: Callable[[bytes], tuple[Step, ...]]
) -> dict[str, Callable[[Outcome], Outcome]]:
    def of(written: Written) -> Callable[[Outcome], Outcome]:
        def act(outcome: Outcome) -> Outcome:
            if outcome.steps is not None:
                raise ValueError("another fault has the connection")
            return replace(outcome, steps=steps(written(_Raw(outcome))))

        return act

    return {key: of(written) for key, written in table.items()}


_DRIP = {"drip: the reply comes a byte at a time, too slowly.": _header()}
_APART = {"bytes_apart: each byte of the reply comes in a packet of its own.": _header()}

CONNECTIONS = (
    *faults("connection", _acting(_CLOSED, lambda data: (data, End.CLOSE))),
    *faults("connection", _acting(_OPEN, lambda data: (data,))),
    *faults("connection", _acting(_RESET, lambda data: (data, End.RESET))),
    *faults("connection", _acting(_HALF, lambda data: (data, End.HALF))),
    *faults("connection", _acting(_APART, _apart(0.0, End.CLOSE))),
    *faults("connection", _acting(_SILENT, lambda data: (data,)), slow=True),
    *faults("connection", _acting(_DRIP, _apart(0.05)), slow=True),
)
