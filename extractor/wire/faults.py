"""The service's errors as data: one row for each kind, and how a reply that failed is read by it.

A reply is classed by its code, or by its status where it has no code that is known: the first row that has it, and
whose text fits. Code, text and id are found in every shape in which the platform says them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from html import unescape
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
from extractor.schema.text import read_json

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
    """One row: its class, what a person can do, and the codes, statuses and text that it is known by.

    `billable` tells whether it may be billed where that is not as for others of its class.
    """

    error: type[ServiceError]
    advice: str
    codes: tuple[int, ...] = ()
    statuses: tuple[int, ...] | range = ()
    pattern: str = ""
    foreign: bool = False
    billable: bool | None = None

    def fits(self, failure: Failure) -> bool:
        """Whether its text, if it has one, is that of the failure, and nobody else wrote it unless it is for that."""
        return (failure.foreign or not self.foreign) and bool(re.search(self.pattern, failure.text, re.IGNORECASE))


_TOKEN = "check the API token (it needs Workers AI Read and Edit) and the account id"
_ROUTE = "check the account id, the base URL and the name of the model, {model}"
_MODEL = "check the name of the model, {model}; Cloudflare's model catalogue lists them"
_LORA = "this is about LoRA finetunes, which are not for extraction; check the name of the model, {model}"
_ACCESS = "ask Cloudflare for access for this account, or choose another model"
_QUOTA = "wait until 00:00 UTC, or change to the Workers Paid plan"
_PASSING = "this failure is temporary; try again later"
_SHRINK = "ask for less of the document at a time, or for fewer output tokens"
_LOWER = "lower max_completion_tokens"
_TIME = "ask for a shorter answer: smaller chunks, thinking off, lower max_completion_tokens, or a batch"
_FORMAT = "ask for json_object or for plain text, with the schema in the prompt"
_PROXY = "check the proxy in the environment: it requires a user name and a password"
_IMAGE = "a picture cannot be read, or text was taken for one; leave out what holds a data: URI"
_WALL = "a firewall or proxy on the way answered; check the network, or leave out a document that it blocks"

_ENGINE = (5006, 8001, 8006, 8007)
_LENGTH = r"context (length|window)|requested token count exceeds|(input|prompt) is too long|estimated number of input"
# Cloudflare's checker lists response_format in every refusal of a body (5006), so that word counts elsewhere only.
_GRAMMAR = r"response_format|json_schema|json_object|guided_|structured output|grammar"
_JSON_MODE = r"JSON mode(l)? couldn'?t be met|doesn'?t support JSON (schema|mode)"

FAULTS: tuple[Fault, ...] = (
    Fault(FormatRefused, _FORMAT, (*_ENGINE, 3043, 8005), range(1000), _JSON_MODE),
    Fault(FormatRefused, _FORMAT, (8001, 8006, 8007), (400, 422), _GRAMMAR),
    Fault(FormatRefused, _FORMAT, (5024, 5025)),
    Fault(ImageRefused, _IMAGE, (8006,), (), r"data for image"),
    Fault(TooLong, _SHRINK, _ENGINE, (400, 403, 413, 422), _LENGTH),
    Fault(TooLong, _LOWER, _ENGINE, (400, 413, 422), r"max_(completion_)?tokens is too large"),
    Fault(TooLong, _SHRINK, (3006, 3010, 5021), (413,)),
    Fault(TooSlow, _TIME, (3046, 2014)),
    Fault(AccountError, _QUOTA, (), (429,), r"free allocation of [\d,]+ neurons"),
    Fault(AccountError, _QUOTA, (3036, 4006)),
    Fault(AccountError, _MODEL, (7003,), (), r"model.*not found|not found.*model"),
    Fault(AccountError, _MODEL, (5007, 3042)),
    Fault(AccountError, "{model} is retired; choose another model from Cloudflare's model catalogue", (5028,)),
    Fault(AccountError, _LORA, (5005, 3039)),
    Fault(AccountError, _TOKEN, (10000,), (401,)),
    Fault(AccountError, "add credit to the account at the AI Gateway", (2021,), (402,)),
    Fault(AccountError, "change to the Workers Paid plan, or choose another model", (5035,)),
    Fault(AccountError, "agree to the terms of the model in Cloudflare's dashboard", (5016,)),
    Fault(AccountError, "check the provider in the address of the AI Gateway", (2008,)),
    Fault(AccountError, "the service no longer takes this form of request; update the library", (5019,)),
    Fault(Blocked, _WALL, (), (403,), foreign=True),
    Fault(AccountError, _ACCESS, (5018, 3041, 3023), (403,)),
    Fault(AccountError, _ROUTE, (7000, 7003), (404,)),
    Fault(AccountError, "check the base URL", (), (405, 300, 301, 302, 303, 307, 308)),
    Fault(AccountError, _PROXY, (), (407,)),
    Fault(Busy, "send fewer requests at a time or per minute, or try again later", (3040, 1015), (429,)),
    Fault(Busy, _PASSING, (), (504, 524), foreign=True, billable=True),  # who waited for the answer gave up
    Fault(Busy, _PASSING, (3007, 3008, 3043, 8005, 1031), (408, 409, 421, 425, 499, *range(500, 600))),
    Fault(BrokenReply, _PASSING, (), (*range(300), 304, *range(600, 1000))),
    Fault(Rejected, "send the data as base64 text", (5004,)),
    Fault(Rejected, "the service will not answer for this content; leave the document out", (3030,)),
    Fault(Rejected, "the request is invalid, so a retry fails too", (3003, 5012, *_ENGINE)),
)
"""Known faults. The last row takes what no other does."""


def fault_of(failure: Failure) -> Fault:
    """The row that speaks of a failure."""
    by_code = [row for row in FAULTS if failure.code in row.codes]
    rows = by_code or [row for row in FAULTS if failure.status in row.statuses]
    return next((row for row in rows if row.fits(failure)), FAULTS[-1])


def classify(status: int, headers: Mapping[str, str], body: bytes, *, model: str = "") -> ServiceError:
    """The error that a failed reply stands for, ready to raise: what the service said, its code, what to do.

    `headers` have lower-case names; `model` is who was asked, for the advice to name.
    """
    failure = read_failure(status, body)
    row = fault_of(failure)
    wait = _retry_after(headers)
    code = "" if failure.code is None else f"code {failure.code}"
    where = ", ".join(filter(None, (code, f"HTTP {failure.status}", f"again in {wait:.10g} s" if wait else "")))
    advice = row.advice.format(model=model or "as it was given")
    return row.error(
        f"{scrub(failure.text) or 'the service gave no reason'} ({where}): {advice}",
        code=failure.code,
        status=failure.status,
        request_id=headers.get("cf-ai-req-id") or failure.request_id or headers.get("cf-ray"),
        retry_after=wait,
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
        content = None
    if not isinstance(content, Mapping):
        text = content[:_HEAD] if isinstance(content, str) else _head(body)
        edge = _EDGE_CODE.search(text)
        return Failure(status, int(edge.group(1)) if edge else None, _plain(_quoted(text)), foreign=True)
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
    values = (str(entry.get(name)) for name in _CODE_NAMES)
    return next((int(value) for value in values if re.fullmatch(r"[0-9]{1,9}", value)), None)


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


def _quoted(text: str) -> str:
    """What a browser would show of HTML: its title, else its words."""
    title = _TITLE.search(text)
    return " ".join(unescape(title.group(1) if title else _UNSEEN.sub(" ", text)).split())
