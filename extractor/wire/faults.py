"""The service's errors as data: one row for each kind, and how a reply that failed is read by it.

A reply is classed by its code, then by its status. Where either covers several things, a row that also knows the
text is the more exact one. Code, text and id are found in every shape in which the platform says them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from html import unescape
from itertools import compress
from typing import Any

import orjson

from extractor.errors import (
    AccountError,
    Blocked,
    BrokenReply,
    Busy,
    FormatRefused,
    ImageRefused,
    Rejected,
    ServiceError,
    TooLong,
    TooSlow,
)
from extractor.wire.loose import read_json

__all__ = ["FAULTS", "Failure", "Fault", "classify", "fault_of", "page_title", "read_failure", "scrub"]


@dataclass(frozen=True, slots=True)
class Failure:
    """What the service said: its code and text without decoration, the HTTP status, and the request's id.

    `foreign` tells that the body is no JSON object, as all errors of the service are: somebody on the way wrote it.
    """

    status: int
    code: int | None
    text: str
    request_id: str | None = None
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: the codes, statuses and text it is known by (empty means any), its class, and what a person can do.

    `billable` tells whether it may be billed where that is not as for others of its class.
    """

    codes: tuple[int, ...]
    statuses: tuple[int, ...]
    pattern: str
    error: type[ServiceError]
    advice: str
    foreign: bool = False
    billable: bool | None = None

    def matches(self, failure: Failure) -> bool:
        """Whether the row speaks of this failure. A code that is known says enough: its status may vary."""
        by_status = not self.statuses or failure.status in self.statuses
        known = failure.code in self.codes if self.codes else by_status
        known = known and (failure.foreign or not self.foreign)
        return known and (not self.pattern or re.search(self.pattern, failure.text, re.IGNORECASE) is not None)

    def exactness(self, failure: Failure) -> tuple[bool, bool, bool, bool]:
        """How closely it speaks of it: by code first, then by text where the text decides, then by status."""
        return bool(self.codes), bool(self.pattern), failure.status in self.statuses, self.foreign


_TOKEN = "check the API token (it needs Workers AI Read and Edit) and the account id"
_ROUTE = "check the account id, the base URL and the name of the model, {model}"
_MODEL = "check the name of the model, {model}; Cloudflare's model catalogue lists them"
_REQUEST = "the request is invalid, so a retry fails too"
_LORA = "this is about LoRA finetunes, which are not for extraction; check the name of the model, {model}"
_PLAN = "change to the Workers Paid plan, or choose another model"
_ACCESS = "ask Cloudflare for access for this account, or choose another model"
_QUOTA = "wait until 00:00 UTC, or change to the Workers Paid plan"
_FUNDS = "add credit to the account at the AI Gateway"
_PASSING = "this failure is temporary; try again later"
_SLOWER = "send fewer requests at a time or per minute, or try again later"
_SHRINK = "ask for less of the document at a time, or for fewer output tokens"
_LOWER = "lower max_completion_tokens"
_TIME = "ask for a shorter answer: smaller chunks, thinking off, lower max_completion_tokens, or a batch"
_FORMAT = "ask for json_object or for plain text, with the schema in the prompt"
_RETIRED = "{model} is retired; choose another model from Cloudflare's model catalogue"
_IMAGE = "a picture cannot be read, or text was taken for one; leave out what holds a data: URI"
_WALL = "a firewall or proxy on the way answered; check the network, or leave out a document that it blocks"
_CONTENT = "the service will not answer for this content; leave the document out"

_ENGINE = (5006, 8001, 8006, 8007)
_LENGTH = r"context (length|window)|requested token count exceeds|(input|prompt) is too long|estimated number of input"
_CAP = r"max_(completion_)?tokens is too large"
# Cloudflare's checker lists response_format in every refusal of a body (5006), so that word counts elsewhere only.
_GRAMMAR = r"response_format|json_schema|json_object|guided_|structured output|grammar"
_JSON_MODE = r"JSON mode(l)? couldn'?t be met|doesn'?t support JSON (schema|mode)"
_DATA = r"data for image"

FAULTS: tuple[Fault, ...] = (
    Fault((10000,), (401,), "", AccountError, _TOKEN),
    Fault((7003,), (404,), "", AccountError, _ROUTE),
    Fault((7003,), (404,), r"model.*not found|not found.*model", AccountError, _MODEL),
    Fault((7000,), (400, 404), "", AccountError, _ROUTE),
    Fault((5007,), (400,), "", AccountError, _MODEL),
    Fault((3042,), (404,), "", AccountError, _MODEL),
    Fault((5028,), (400, 403, 404, 410), "", AccountError, _RETIRED),
    Fault((5024, 5025), (403, 400), "", FormatRefused, _FORMAT),
    Fault((5004,), (400,), "", Rejected, "send the data as base64 text"),
    Fault((5005,), (405,), "", AccountError, _LORA),
    Fault((5019,), (405,), "", AccountError, "the service no longer takes this form of request; update the library"),
    Fault((3039,), (400,), "", AccountError, _LORA),
    Fault((3003,), (400,), "", Rejected, _REQUEST),
    Fault((5006,), (400,), "", Rejected, _REQUEST),
    Fault((8001,), (400,), "", Rejected, _REQUEST),
    Fault((8006, 8007), (400,), "", Rejected, _REQUEST),
    Fault((8006,), (400,), _DATA, ImageRefused, _IMAGE),
    Fault((8001, 8006, 8007), (400,), _GRAMMAR, FormatRefused, _FORMAT),
    Fault((3010, 5021), (413, 400, 403), "", TooLong, _SHRINK),
    Fault(_ENGINE, (400,), _LENGTH, TooLong, _SHRINK),
    Fault(_ENGINE, (400,), _CAP, TooLong, _LOWER),
    Fault((), (400, 403, 413, 422), _LENGTH, TooLong, _SHRINK),
    Fault((), (400, 413, 422), _CAP, TooLong, _LOWER),
    Fault((3006,), (413,), "", TooLong, _SHRINK),
    Fault((), (413,), "", TooLong, _SHRINK),
    Fault((3007, 3008), (408,), "", Busy, _PASSING),
    Fault((3046, 2014), (408,), "", TooSlow, _TIME),
    Fault((3036,), (429,), "", AccountError, _QUOTA),
    Fault((4006,), (429,), "", AccountError, _QUOTA),
    Fault((), (429,), r"free allocation of [\d,]+ neurons", AccountError, _QUOTA),
    Fault((3040,), (429,), "", Busy, _SLOWER),
    Fault((1015,), (429,), "", Busy, _SLOWER),
    Fault((), (429,), "", Busy, _SLOWER),
    Fault((5035,), (403,), "", AccountError, _PLAN),
    Fault((5018, 3041), (403,), "", AccountError, _ACCESS),
    Fault((5016,), (403,), "", AccountError, "agree to the terms of the model in Cloudflare's dashboard"),
    Fault((3023,), (403,), "", AccountError, _ACCESS),
    Fault((3030,), (400, 403, 422), "", Rejected, _CONTENT),
    Fault((5012,), (422,), "", Rejected, _REQUEST),
    Fault((8005, 1031), (500,), "", Busy, _PASSING),
    Fault((3043,), (500,), "", Busy, _PASSING),
    Fault((2021,), (402,), "", AccountError, _FUNDS),
    Fault((2008,), (400,), "", AccountError, "check the provider in the address of the AI Gateway"),
    Fault((*_ENGINE, 3043, 8005), (), _JSON_MODE, FormatRefused, _FORMAT),
    Fault((), (), _JSON_MODE, FormatRefused, _FORMAT),
    Fault((), (400, 422), _GRAMMAR, FormatRefused, _FORMAT),
    Fault((), (408, 409, 421, 425, 499), "", Busy, _PASSING),
    Fault((), (401,), "", AccountError, _TOKEN),
    Fault((), (402,), "", AccountError, _FUNDS),
    Fault((), (403,), "", AccountError, _ACCESS),
    Fault((), (403,), "", Blocked, _WALL, foreign=True),
    Fault((), (404,), "", AccountError, _ROUTE),
    Fault((), (405, 300, 301, 302, 303, 307, 308), "", AccountError, "check the base URL"),
    Fault((), (407,), "", AccountError, "check the proxy in the environment: it requires a user name and a password"),
    Fault((), tuple(range(500, 600)), "", Busy, _PASSING),
    Fault((), (504, 524), "", Busy, _PASSING, foreign=True, billable=True),  # who waited for the answer gave up
    Fault((), (*range(300), 304, *range(600, 1000)), "", BrokenReply, _PASSING),
    Fault((), (), "", Rejected, _REQUEST),
)
"""Known faults. The last row takes what no other does."""


def fault_of(failure: Failure) -> Fault:
    """The row that speaks most exactly of a failure."""
    return max((row for row in FAULTS if row.matches(failure)), key=lambda row: row.exactness(failure))


def classify(status: int, headers: Mapping[str, str], body: bytes, *, model: str = "") -> ServiceError:
    """The error that a failed reply stands for, ready to raise: what the service said, its code, what to do.

    `model` is who was asked, for the advice to name.
    """
    failure = read_failure(status, body)
    row = fault_of(failure)
    names = {name.lower(): value for name, value in headers.items()}
    retry_after = _retry_after(names)
    known = failure.code is not None, True, bool(retry_after)
    parts = (f"code {failure.code}", f"HTTP {failure.status}", f"again in {retry_after:.10g} s" if retry_after else "")
    where = ", ".join(compress(parts, known))
    advice = row.advice.format(model=model or "as it was given")
    return row.error(
        f"{scrub(failure.text) or 'the service gave no reason'} ({where}): {advice}",
        code=failure.code,
        status=failure.status,
        request_id=names.get("cf-ai-req-id") or failure.request_id or names.get("cf-ray"),
        retry_after=retry_after,
        billable=row.billable,
    )


_SECONDS = r"\d{1,9}(\.\d+)?"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait; a date is read against the reply's own, so that no clock of ours is asked."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(rf"{_SECONDS}(\s*,\s*{_SECONDS})*", value):  # several stand there where several have set it
        return max(map(float, value.split(",")))
    try:
        moment, now = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError):
        return None


# ---------------------------------------------------------------------- what a failed reply says

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
    return Failure(status, int(code.group(1)) if code else None, _plain(_quoted(text)), foreign=True)


def _quoted(text: str) -> str:
    """What a browser would show of HTML: its title, else its words."""
    title = _TITLE.search(text)
    return " ".join(unescape(title.group(1) if title else _UNSEEN.sub(" ", text)).split())
