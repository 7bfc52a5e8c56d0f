"""Faults of the connection and of the frame that HTTP puts around a reply, byte for byte."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import replace

from extractor.emulator.values import End, Fault, Outcome, Step

__all__ = ["CONNECTIONS", "play"]

_OK = b"HTTP/1.1 200 OK"
_CLOSE, _HALF, _RESET = End.CLOSE, End.HALF, End.RESET
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

    def chunks(self, *, size: int = 64, extension: bytes = b"") -> bytes:
        """The body in chunks, without the last one, which is empty."""
        pieces = [self.body[at : at + size] for at in range(0, len(self.body), size)]
        return b"".join(b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces)


_CHUNKED = b"transfer-encoding: chunked"
_LONG = b"x-note: " + b"x" * 1_000_000


def _connection(name: str, sentence: str, steps: Callable[[_Raw], tuple[Step, ...]]) -> Fault:
    def act(outcome: Outcome) -> Outcome:
        if outcome.steps is not None:
            raise ValueError("another fault has the connection")
        return replace(outcome, steps=steps(_Raw(outcome)))

    return Fault(name, "connection", sentence, act)


def _silence(name: str, sentence: str, steps: Callable[[_Raw], tuple[Step, ...]]) -> Fault:
    """What keeps a client waiting."""
    return replace(_connection(name, sentence, steps), slow=True)


def _line(name: str, sentence: str, line: bytes) -> Fault:
    """A reply under another line of status."""
    return _connection(name, sentence, lambda raw: (raw.whole(line=line), _CLOSE))


def _header(name: str, sentence: str, *more: bytes) -> Fault:
    """A reply with more headers."""
    return _connection(name, sentence, lambda raw: (raw.whole(*more), _CLOSE))


def _length(name: str, sentence: str, *lengths: bytes) -> Fault:
    """A reply whose headers say other things of its length."""
    headers = tuple(b"content-length: " + length for length in lengths)
    return _connection(name, sentence, lambda raw: (raw.head(*headers), raw.body, _CLOSE))


def _first(name: str, sentence: str, data: bytes) -> Fault:
    """What is no HTTP."""
    return _connection(name, sentence, lambda raw: (data, _CLOSE))


CONNECTIONS: tuple[Fault, ...] = (
    _connection("reset_at_once", "the connection is reset before the reply.", lambda raw: (_RESET,)),
    _connection("closed_at_once", "the connection closes before the reply.", lambda raw: (_CLOSE,)),
    _connection("reset_in_head", "the connection is reset within the headers.", lambda raw: (raw.whole()[:40], _RESET)),
    _connection("closed_in_head", "the connection closes within the headers.", lambda raw: (raw.whole()[:40], _CLOSE)),
    _connection("reset_in_body", "the connection is reset within the body.", lambda raw: (raw.whole()[:-9], _RESET)),
    _connection(
        "dropped",
        "the connection closes before the body is whole.",
        lambda raw: (raw.whole()[: -len(raw.half) - 1], _CLOSE),
    ),
    _connection("reset_after", "the connection is reset behind the reply.", lambda raw: (raw.whole(), _RESET)),
    _connection(
        "closed_after", "the connection closes behind a reply that did not say so.", lambda raw: (raw.whole(), _CLOSE)
    ),
    _connection(
        "half_closed",
        "the server closes its half of the connection behind the reply.",
        lambda raw: (raw.whole(), _HALF),
    ),
    _silence("silent", "no reply comes, and the connection stays open.", lambda raw: ()),
    _silence("silent_in_head", "the connection falls silent within the headers.", lambda raw: (raw.whole()[:40],)),
    _silence("silent_in_body", "the connection falls silent within the body.", lambda raw: (raw.whole()[:-9],)),
    _silence("silent_behind", "the end of the body never comes.", lambda raw: (raw.head(_CHUNKED), raw.chunks())),
    _silence(
        "drip",
        "the reply comes a byte at a time, too slowly.",
        lambda raw: tuple(step for byte in raw.whole() for step in (bytes([byte]), 0.05)),
    ),
    _connection(
        "bytes_apart",
        "each byte of the reply comes in a packet of its own.",
        lambda raw: (*(step for byte in raw.whole() for step in (bytes([byte]), 0.0)), _CLOSE),
    ),
    _first("tls", "an alert of TLS comes from a plain port.", b"\x15\x03\x01\x00\x02\x02\x46"),
    _first("ssh", "the greeting of SSH comes.", b"SSH-2.0-OpenSSH_9.6\r\n"),
    _first("http2", "a frame of HTTP/2 comes.", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    _first("noise", "bytes without any meaning come.", bytes(range(255, 0, -1))),
    _connection("http09", "the body comes without any head.", lambda raw: (raw.body, _CLOSE)),
    _connection(
        "http10",
        "HTTP/1.0, whose body ends with the connection.",
        lambda raw: (raw.head(line=b"HTTP/1.0 200 OK"), raw.body, _CLOSE),
    ),
    _connection(
        "until_closed",
        "nothing says how long the body is: it ends with the connection.",
        lambda raw: (raw.head(), raw.body, _CLOSE),
    ),
    _connection(
        "until_reset",
        "nothing says how long the body is, and the connection is reset within it.",
        lambda raw: (raw.head(), raw.half, _RESET),
    ),
    _connection(
        "until_cut",
        "nothing says how long the body is, and the connection closes within it.",
        lambda raw: (raw.head(), raw.half, _CLOSE),
    ),
    _connection(
        "length_short",
        "content-length is less than the body has.",
        lambda raw: (raw.head(b"content-length: %d" % len(raw.half)), raw.body),
    ),
    _connection(
        "length_long",
        "content-length is more than the body has.",
        lambda raw: (raw.head(b"content-length: %d" % (len(raw.body) + 9)), raw.body, _CLOSE),
    ),
    _connection(
        "length_twice",
        "content-length is there twice.",
        lambda raw: (raw.whole(b"content-length: %d" % len(raw.body)), _CLOSE),
    ),
    _connection(
        "length_torn",
        "content-length is there twice, with two numbers.",
        lambda raw: (raw.whole(b"content-length: 3"), _CLOSE),
    ),
    _length("length_negative", "content-length is negative.", b"-1"),
    _length("length_words", "content-length is no number.", b"long"),
    _length("length_zero", "content-length is 0, and a body comes.", b"0"),
    _length("length_huge", "content-length is more than a number holds.", b"9" * 30),
    _connection(
        "chunked",
        "the body comes in chunks.",
        lambda raw: (raw.head(_CHUNKED), raw.chunks(), b"0\r\n\r\n", _CLOSE),
    ),
    _connection(
        "chunks_of_one",
        "each byte of the body is a chunk.",
        lambda raw: (raw.head(_CHUNKED), raw.chunks(size=1), b"0\r\n\r\n", _CLOSE),
    ),
    _connection(
        "chunks_extended",
        "the chunks have extensions.",
        lambda raw: (raw.head(_CHUNKED), raw.chunks(extension=b";a=b"), b"0\r\n\r\n", _CLOSE),
    ),
    _connection(
        "chunks_trailed",
        "headers stand behind the chunks.",
        lambda raw: (raw.head(_CHUNKED), raw.chunks(), b"0\r\nx-sum: 1\r\n\r\n", _CLOSE),
    ),
    _connection(
        "chunks_unended", "the last chunk never comes.", lambda raw: (raw.head(_CHUNKED), raw.chunks(), _CLOSE)
    ),
    _connection(
        "chunks_cut",
        "the connection closes within a chunk.",
        lambda raw: (raw.head(_CHUNKED), raw.chunks()[:-20], _CLOSE),
    ),
    _connection(
        "chunk_broken",
        "the size of a chunk is no number.",
        lambda raw: (raw.head(_CHUNKED), b"zz\r\n" + raw.body, _CLOSE),
    ),
    _connection(
        "chunk_huge",
        "the size of a chunk is more than a number holds.",
        lambda raw: (raw.head(_CHUNKED), b"f" * 30 + b"\r\n" + raw.body, _CLOSE),
    ),
    _connection(
        "chunk_tail",
        "letters stand behind the last chunk.",
        lambda raw: (raw.head(_CHUNKED), raw.chunks(), b"0\r\n\r\ntail"),
    ),
    _connection(
        "chunks_and_length",
        "the body has chunks and a content-length.",
        lambda raw: (raw.head(_CHUNKED, b"content-length: 5"), raw.chunks(), b"0\r\n\r\n", _CLOSE),
    ),
    _connection("tail", "letters stand behind the reply.", lambda raw: (raw.whole(), b"tail")),
    _connection("reply_twice", "the reply comes twice.", lambda raw: (raw.whole() * 2,)),
    _connection(
        "reply_other",
        "the reply to nobody's question stands behind it.",
        lambda raw: (raw.whole(), b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
    ),
    _connection(
        "hints",
        "100 and 103 come before the reply.",
        lambda raw: (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
            raw.whole(),
            _CLOSE,
        ),
    ),
    _connection(
        "hints_alone",
        "100 comes, and then the connection closes.",
        lambda raw: (b"HTTP/1.1 100 Continue\r\n\r\n", _CLOSE),
    ),
    _connection(
        "hints_endless",
        "100 comes a thousand times before the reply.",
        lambda raw: (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, raw.whole(), _CLOSE),
    ),
    _line("switching", "101, which nobody asked for.", b"HTTP/1.1 101 Switching Protocols"),
    _connection("no_content", "204 without a body.", lambda raw: (raw.head(line=b"HTTP/1.1 204 No Content"), _CLOSE)),
    _line("no_content_body", "204 with a body.", b"HTTP/1.1 204 No Content"),
    _connection(
        "reset_content",
        "205 without a body.",
        lambda raw: (raw.head(b"content-length: 0", line=b"HTTP/1.1 205 Reset Content"), _CLOSE),
    ),
    _connection(
        "not_modified", "304 without a body.", lambda raw: (raw.head(line=b"HTTP/1.1 304 Not Modified"), _CLOSE)
    ),
    _line("not_modified_body", "304 with a body.", b"HTTP/1.1 304 Not Modified"),
    _line("status_words", "the status is no number.", b"HTTP/1.1 abc OK"),
    _line("status_long", "the status has four digits.", b"HTTP/1.1 2000 OK"),
    _line("status_short", "the status has two digits.", b"HTTP/1.1 20 OK"),
    _line("status_zero", "the status is 000.", b"HTTP/1.1 000 OK"),
    _line("status_unknown", "the status is 999.", b"HTTP/1.1 999 Who Knows"),
    _line("status_bare", "the status comes without its reason.", b"HTTP/1.1 200"),
    _line("status_only", "the line of the status is the version alone.", b"HTTP/1.1"),
    _line("version_later", "the version is HTTP/3.0.", b"HTTP/3.0 200 OK"),
    _line("version_other", "the protocol is ICY.", b"ICY 200 OK"),
    _connection("lines_before", "empty lines stand before the reply.", lambda raw: (b"\r\n\r\n" + raw.whole(), _CLOSE)),
    _connection("lines_bare", "the lines of the head end with LF alone.", lambda raw: (raw.whole(end=b"\n"), _CLOSE)),
    _connection(
        "lines_returned", "the lines of the head end with CR alone.", lambda raw: (raw.whole(end=b"\r"), _CLOSE)
    ),
    _header("header_huge", "a header has a million letters.", _LONG),
    _header("headers_many", "the reply has ten thousand headers.", *(b"x-%d: 1" % number for number in range(10_000))),
    _header("header_unnamed", "a header has no name.", b": nobody"),
    _header("header_colonless", "a header has no colon.", b"nothing"),
    _header("header_spaced", "a blank stands before the colon of a header.", b"x-note : a"),
    _header("header_folded", "a header goes on in the next line.", b"x-note: a\r\n b"),
    _header("header_null", "a header has a NUL character.", b"x-note: a\x00b"),
    _header("header_bytes", "a header has bytes beyond ASCII.", "x-note: \u00fc\u20ac".encode()),
    _header("header_split", "a header holds a line break, and so a second length.", b"x-note: a\r\nContent-Length: 3"),
    _header("header_closes", "the reply says that the connection closes.", b"connection: close"),
    _header("header_upgrade", "the reply offers another protocol.", b"upgrade: h2c", b"connection: upgrade"),
)
