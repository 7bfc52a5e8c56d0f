"""Faults of a whole body: its JSON, its encoding, and what its headers say of both."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson

from extractor.emulator.values import Outcome, faults

__all__ = ["BODIES"]

Act = Callable[[Outcome], Outcome]

_BOMB = 1 << 28  # bytes, more than any reply may have
_PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body>Welcome to the guest network.</body></html>"


def _bytes(change: Callable[[bytes], bytes], **headers: str) -> Act:
    """A change of the bytes, with more headers; `_` in their names is `-`."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda outcome: replace(outcome, body=change(outcome.body), headers={**outcome.headers, **more})


def _json(change: Callable[[Any], Any]) -> Act:
    """A change of the JSON value."""
    return _bytes(lambda body: orjson.dumps(change(orjson.loads(body))))


def _result(change: Callable[[Any], Any]) -> Act:
    """A change of the completion in the envelope, or of the body where there is none."""
    return _json(lambda body: {**body, "result": change(body["result"])} if "result" in body else change(body))


def _packed(change: Callable[[bytes], bytes], encoding: str) -> Act:
    """A change of the bytes that a header calls packed."""
    return _bytes(change, content_encoding=encoding)


def _charset(name: str) -> Act:
    """The body in another encoding, which it names."""
    return _bytes(lambda body: body.decode().encode(name), content_type=f"application/json; charset={name}")


def _status(number: int) -> Act:
    return lambda outcome: replace(outcome, status=number)


def _twice(body: bytes) -> bytes:
    return body.replace(b'{"result":', b'{"result":null,"result":', 1).replace(
        b'"choices":', b'"choices":null,"choices":', 1
    )


def _deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@lru_cache(1)
def _bomb() -> bytes:
    return gzip.compress(bytes(_BOMB), 1)


_ACTS: dict[str, Act] = {
    "truncated_body: the JSON body ends half way.": _bytes(lambda body: body[: len(body) // 2]),
    "empty_body: 200 without a body.": _bytes(lambda body: b""),
    "blank_body: 200 with a body of blanks.": _bytes(lambda body: b" \r\n "),
    "page: 200 with the page of a captive portal.": _bytes(lambda body: _PAGE, content_type="text/html"),
    "xml: 200 with XML.": _bytes(lambda body: b'<?xml version="1.0"?><r/>', content_type="text/xml"),
    "says_ok: 200 with the text OK.": _bytes(lambda body: b"OK", content_type="text/plain"),
    "json_array: the body is a list.": _json(lambda body: [body]),
    "json_text: the body is a JSON text that holds the JSON.": _bytes(lambda body: orjson.dumps(body.decode())),
    "json_null: the body is null.": _json(lambda body: None),
    "json_number: the body is a number.": _json(lambda body: 42),
    "json_twice: the body comes twice, one behind the other.": _bytes(lambda body: body + b"\n" + body),
    "json_tail: letters stand behind the JSON.": _bytes(lambda body: body + b"null]]"),
    "json_guarded: a guard stands before the JSON.": _bytes(lambda body: b")]}',\n" + body),
    "json_padded: blanks and lines stand around the JSON.": _bytes(lambda body: b"\r\n \t" * 99 + body + b"\r\n" * 99),
    "json_names_twice: names come twice in an object, with null first.": _bytes(_twice),
    "json_nan: a number is NaN, which JSON does not know.": _bytes(lambda body: body[:-1] + b',"load":NaN}'),
    "json_digits: a number has ten thousand digits.": _bytes(
        lambda body: body[:-1] + b',"load":' + b"9" * 10_000 + b"}"
    ),
    "json_deep: a member is a hundred thousand lists in one another.": _bytes(
        lambda body: body[:-1] + b',"trace":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    ),
    "json_long: a member has 5 MB of text.": _json(lambda body: {**body, "trace": "x" * 5_000_000}),
    "result_missing: the envelope has no result.": _json(lambda body: {"success": True, "errors": []}),
    "result_null: the result is null.": _json(lambda body: {"result": None, "success": True, "errors": []}),
    "result_empty: the result has no members.": _result(lambda result: {}),
    "result_list: the result is a list.": _result(lambda result: [result]),
    "result_text: the result is the JSON as a text.": _result(lambda result: orjson.dumps(result).decode()),
    "result_bare: no envelope is there, where there should be one.": _json(lambda body: body.get("result", body)),
    "result_twice: the envelope stands in another one.": _json(lambda body: {"result": body, "success": True}),
    "success_text: success is the text false.": _json(lambda body: {**body, "success": "false"}),
    "success_null: success is null.": _json(lambda body: {**body, "success": None}),
    "errors_beside: an error stands beside the result.": _json(
        lambda body: {**body, "errors": [{"code": 3043, "message": "Unknown error"}]}
    ),
    "error_beside_null: an error stands beside the result, and is null.": _json(lambda body: {**body, "error": None}),
    "created: 201 in place of 200.": _status(201),
    "accepted: 202 in place of 200.": _status(202),
    "not_authoritative: 203 in place of 200.": _status(203),
    "partial: 206, with the first half of the body.": lambda outcome: replace(
        outcome, status=206, body=outcome.body[: len(outcome.body) // 2]
    ),
    "type_text: the body is called plain text.": _bytes(bytes, content_type="text/plain"),
    "type_stream: the body is called a stream.": _bytes(bytes, content_type="text/event-stream"),
    "type_broken: the type of the body is no type.": _bytes(bytes, content_type=";;charset="),
    "gzip: the body is packed, and says so.": _packed(gzip.compress, "gzip"),
    "deflate: the body is deflated, and says so.": _packed(zlib.compress, "deflate"),
    "deflate_raw: the body is deflated without the frame of zlib.": _packed(_deflated, "deflate"),
    "gzip_members: the body is packed in two members.": _packed(
        lambda body: gzip.compress(body[:99]) + gzip.compress(body[99:]), "gzip"
    ),
    "gzip_tail: letters stand behind what is packed.": _packed(lambda body: gzip.compress(body) + b"\0\0tail", "gzip"),
    "gzip_cut: what is packed ends early.": _packed(lambda body: gzip.compress(body)[:-20], "gzip"),
    "gzip_wrong: the body says that it is packed, and is not.": _packed(bytes, "gzip"),
    "gzip_hidden: the body is packed, and does not say so.": _bytes(gzip.compress),
    "gzip_twice: the body is packed twice.": _packed(lambda body: gzip.compress(gzip.compress(body)), "gzip, gzip"),
    "gzip_bomb: 1 MB that unpacks to 256 MB.": _packed(lambda body: _bomb(), "gzip"),
    "brotli: the body is packed as br.": _packed(lambda body: b"\x8b\x03\x80" + body[::-1], "br"),
    "zstandard: the body is packed as zstd.": _packed(lambda body: b"\x28\xb5\x2f\xfd" + body[::-1], "zstd"),
    "encoding_unknown: the body is packed in a way that nobody knows.": _packed(lambda body: body[::-1], "x-rot"),
    "encoding_identity: the body says that it is not packed.": _packed(bytes, "identity"),
    "utf8_mark: a byte order mark stands before the JSON.": _bytes(lambda body: b"\xef\xbb\xbf" + body),
    "utf16: the body is UTF-16.": _charset("utf-16"),
    "utf32: the body is UTF-32.": _charset("utf-32"),
    "latin1: the body is Latin-1, and is called UTF-8.": _bytes(
        lambda body: body.decode().encode("latin-1", "replace")
    ),
    "charset_wrong: the body is UTF-8, and is called Latin-1.": _bytes(
        bytes, content_type="application/json; charset=iso-8859-1"
    ),
    "bytes_broken: a byte of the body is none of UTF-8.": _bytes(
        lambda body: body.replace(b'"choices"', b'"note":"\xff\xfe","choices"', 1)
    ),
}

BODIES = faults("body", _ACTS)
