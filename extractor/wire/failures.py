"""What a failed reply says, out of every shape in which the platform says it: code, text, id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

import orjson

from extractor.wire.loose import read_json

__all__ = ["Failure", "page_title", "read_failure", "scrub"]

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PREFIX = re.compile(r"^\s*(?:AiError:\s*)+", re.IGNORECASE)
_SUFFIX = re.compile(rf"\(({_UUID})\)$", re.IGNORECASE)
_EDGE_CODE = re.compile(r"error code: ?(\d{1,9})\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_NAMED_SECRET = re.compile(
    r"\b([\w-]{0,40}(?:token|secret|api[_-]?key|password|authorization))"
    r"(\"?\s*[=:]\s*\"?)(?:(?:bearer|basic)\s+)?[^\s\"&,;]+",
    re.IGNORECASE,
)
_SECRETS = (
    (re.compile(r"(?<=://)[^/\s@]+@"), "***@"),
    (_NAMED_SECRET, r"\1\2***"),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), r"\1 ***"),
)
_LIMIT, _HEAD = 400, 8_000
_HTTP = range(400, 600)
_TEXT_NAMES = ("message", "description", "detail", "error")
_CODE_NAMES = ("code", "internalCode", "error_code")


@dataclass(frozen=True, slots=True)
class Failure:
    """What the service said: its code and text without decoration, the HTTP status, and the request's id."""

    status: int
    code: int | None
    text: str
    request_id: str | None = None


def read_failure(status: int, body: bytes) -> Failure:
    """Read a failed reply of any shape: envelope, gateway, binding, OpenAI-like, plain text, HTML or nothing."""
    try:
        content = read_json(body)
    except ValueError:
        return _of_text(status, _head(body))
    if not isinstance(content, Mapping):
        return _of_text(status, content[:_HEAD] if isinstance(content, str) else _head(body))
    code = next((code for entry in _entries(content) if (code := _code(entry)) is not None), None)
    text = next((text for entry in _entries(content) if (text := _text(entry))), "")
    found = _SUFFIX.search(text.rstrip())
    named = content.get("requestId")
    identity = found.group(1) if found else named if isinstance(named, str) else None
    if code is not None and code in _HTTP:  # the engine's own errors give the HTTP status as their code
        status, code = code, None
    return Failure(status, code, _plain(text or _head(body))[:_HEAD], identity)


def page_title(body: bytes) -> str | None:
    """What a page of HTML calls itself; None for a body that is none."""
    text = _head(body).lstrip("\ufeff \r\n\t")
    return scrub(_quoted(text)) if text[:1] == "<" else None


def scrub(text: str) -> str:
    """One line of printable characters, not too long, with credentials masked."""
    text = text[:_HEAD]
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= _LIMIT else f"{text[: _LIMIT - 3]}..."


def _head(body: bytes) -> str:
    return body[:_HEAD].decode("utf-8", "replace")


def _entries(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects that may tell what went wrong, most telling first."""
    for name in ("errors", "error"):
        inner = content.get(name)
        for entry in inner if isinstance(inner, list) else [inner]:
            if isinstance(entry, Mapping):
                yield entry
            elif isinstance(entry, str):
                yield {"message": entry}
    yield content


def _code(entry: Mapping[str, Any]) -> int | None:
    for name in _CODE_NAMES:
        value = entry.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
            return int(value)
    return None


def _text(entry: Mapping[str, Any]) -> str:
    return next((value for name in _TEXT_NAMES if isinstance(value := entry.get(name), str) and value.strip()), "")


def _plain(text: str) -> str:
    """The text without `AiError: ` and the id; the engine's own text where that is JSON in its turn."""
    text = _SUFFIX.sub("", _PREFIX.sub("", text).strip()).strip()
    if not text.startswith("{"):
        return text
    try:
        inner = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return next((_plain(found) for entry in _entries(inner) if (found := _text(entry))), text)


def _of_text(status: int, text: str) -> Failure:
    code = _EDGE_CODE.search(text)
    return Failure(status, int(code.group(1)) if code else None, _plain(_quoted(text)))


def _quoted(text: str) -> str:
    """What a browser would show of HTML: its title, else its words."""
    title = _TITLE.search(text)
    return " ".join(unescape(title.group(1) if title else _UNSEEN.sub(" ", text)).split())
