"""The error bodies of the service, and of what stands on the way to it, shape for shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import orjson

from extractor.emulator.answers import wants_json
from extractor.emulator.checks import holds_data_uri
from extractor.emulator.values import Body, Fault, Refusal, faults

__all__ = [
    "REFUSALS",
    "REQUEST_ID",
    "bad_input",
    "envelope",
    "rate_limited",
    "refuse",
    "route_lost",
    "too_long",
    "unauthorized",
]

REQUEST_ID = b"00000000-0000-0000-0000-000000000000"
"""What stands for the id of the request in a body."""


def envelope(code: int | None, text: str, *, status: int = 400, prefix: str = "AiError: AiError: ") -> Refusal:
    """The v4 envelope of an error; a code of None leaves the code out."""
    error = {"message": f"{prefix}{text} ({REQUEST_ID.decode()})"}
    errors = [error if code is None else {**error, "code": code}]
    return _json(status, {"errors": errors, "success": False, "result": {}, "messages": []})


def refuse(status: int, code: int, text: str) -> Refusal:
    """The envelope as the API's own routing layer writes it: no prefix, no request id, `result` null."""
    body = {"result": None, "success": False, "errors": [{"code": code, "message": text}], "messages": []}
    return _json(status, body)


def unauthorized() -> Refusal:
    """A wrong token, or an account that is not the token's."""
    return refuse(401, 10000, "Authentication error")


def route_lost(path: str) -> Refusal:
    """An account id that is no account id."""
    return refuse(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def bad_input(text: str) -> Refusal:
    """What the validator at the edge says."""
    return envelope(5006, f"Bad input: Error: {text}", prefix="AiError: ")


def too_long(prompt: int, completion: int, limit: int) -> Refusal:
    """More tokens than the context holds."""
    if completion > limit:
        text = (
            f"max_completion_tokens is too large: {completion}. This model supports at most {limit} completion tokens."
        )
    else:
        text = (
            f"Requested token count exceeds the model's maximum context length of {limit} tokens. "
            f"You requested a total of {prompt + completion} tokens: {prompt} tokens from the input messages "
            f"and {completion} tokens for the completion."
        )
    return envelope(None, text)


def rate_limited() -> Refusal:
    """More requests within a minute than the account may send; the service names no time to wait."""
    return envelope(None, "Rate limit exceeded, please try again later.", status=429)


def _json(status: int, body: Mapping[str, Any]) -> Refusal:
    return Refusal(status, orjson.dumps(body))


# ---------------------------------------------------------------------- faults

_DATE = "Wed, 25 Nov 2026 07:28:00 GMT"
_LATER, _EARLIER = "Wed, 25 Nov 2026 07:28:01 GMT", "Wed, 25 Nov 2026 07:00:00 GMT"
_QUOTA = (
    "You have used up your daily free allocation of 10,000 neurons. Please upgrade to Cloudflare's Workers Paid "
    "plan if you would like to continue usage."
)


def _asks_schema(body: Body) -> bool:
    return (body.get("response_format") or {}).get("type") == "json_schema"


def _in_envelope(body: Body) -> bool:
    return _asks_schema(body) and "schema" in body["response_format"].get("json_schema", {})


_ERROR_FRAME = Refusal(200, b'data: {"error":{"code":3043,"message":"AiError"}}\n\n', "text/event-stream")
_ENGINE = {
    "object": "error", "message": "The engine is out of memory", "type": "InternalServerError", "param": None,
    "code": 500,
}  # fmt: skip
_GATEWAY = {
    "name": "AiGatewayError", "httpCode": 500, "internalCode": 2002, "result": [], "success": False,
    "description": "AI Gateway could not reach the provider", "message": "AI Gateway could not reach the provider",
    "error": [{"code": 2002, "message": "AI Gateway could not reach the provider"}], "requestId": REQUEST_ID.decode(),
}  # fmt: skip


def _coded(name: str, status: int, code: int, text: str, **more: Any) -> Fault:
    """An error in the service's own envelope."""
    sentence = f"{status}, code {code}: {text[0].lower()}{text[1:].removesuffix('.')}."
    return Fault(name, "refusal", sentence, envelope(code, text, status=status), **more)


def _plain(name: str, status: int, words: str, body: bytes = b"", *, final: bool = False, **headers: str) -> Fault:
    """An error from somewhere on the way, as a page of HTML unless it has a body."""
    page = f"<html><head><title>{status} {words}</title></head><body><center>{words}</center></body></html>".encode()
    kind = "text/plain; charset=UTF-8" if body else "text/html; charset=UTF-8"
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    waits = "".join(f", {each}: {value}" for each, value in more.items())
    sentence = f"{status} with {'a text' if body else 'a page of HTML'}: {words}{waits}."
    return Fault(name, "refusal", sentence, Refusal(status, body or page, kind, more), final=final)


def _limited(name: str, *, final: bool = False, **headers: str) -> Fault:
    """429 without a code, with another spelling of the time to wait."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    sentence = f"429 without a code, {', '.join(f'{each}: {value}' for each, value in more.items())}."
    return Fault(name, "refusal", sentence, replace(rate_limited(), headers=more), final=final)


_PASSING = (408, 409, 421, 425, 429)
"""Of the statuses below 500, those after which the same request may be answered."""

REFUSALS: tuple[Fault, ...] = (
    _coded("busy", 429, 3040, "Capacity temporarily exceeded, please try again."),
    _limited("rate_limit", retry_after="0"),
    _limited("wait_seconds", retry_after="1"),
    _limited("wait_decimal", retry_after="0.5"),
    _limited("wait_date", retry_after=_LATER, date=_DATE),
    _limited("wait_past", retry_after=_EARLIER, date=_DATE),
    _limited("wait_undated", retry_after=_LATER),
    _limited("wait_negative", retry_after="-5"),
    _limited("wait_words", retry_after="soon"),
    _limited("wait_twice", retry_after="1, 2"),
    _limited("wait_empty", retry_after=""),
    _limited("wait_infinite", retry_after="inf"),
    _limited("wait_digits", retry_after="9" * 400),
    _limited("wait_centuries", retry_after="99999999999"),
    _limited("wait_year", retry_after="Thu, 25 Nov 2027 07:28:00 GMT", date=_DATE, final=True),
    _plain("edge_rate_limit", 429, "too many requests", b"error code: 1015"),
    _coded("timeout", 408, 3046, "Request timeout"),
    _coded("gateway_timeout", 408, 2014, "Provider request timeout"),
    _coded("internal", 500, 3043, "Unknown internal error"),
    _coded("engine", 500, 8005, "Internal Server Error"),
    _coded("infrastructure", 500, 1031, "Infrastructure error"),
    _coded("success_false", 200, 3043, "Unknown internal error"),
    *faults(
        "refusal",
        {
            "gateway: 500 in the error shape of AI Gateway: `error` is an array, `result` too.": _json(500, _GATEWAY),
            "bare_engine_error: 500 in the engine's own shape, with no envelope around it.": _json(500, _ENGINE),
            "error_empty: 500 with a body of JSON that says nothing.": _json(500, {}),
            "error_list: 500 with a list.": Refusal(500, b"[]"),
            "error_null: 500 with null.": Refusal(500, b"null"),
            "error_cut: 500 with JSON that is cut.": Refusal(500, b'{"errors":[{"code":30'),
            "error_bytes: 500 with bytes that are no text.": Refusal(500, bytes(range(256))),
            "error_long: 500 with 5 MB of text.": Refusal(500, b"no " * 1_700_000),
            "error_deep: 500 with lists in one another.": Refusal(500, b"[" * 100_000),
            "error_openai: 500 in OpenAI's shape.": _json(
                500, {"error": {"message": "Overloaded", "type": "server_error", "code": None}}
            ),
            "error_worded: 500, and the code is a text.": _json(
                500, {"errors": [{"code": "3043", "message": "Unknown internal error"}], "success": False}
            ),
        },
    ),
    *faults(
        "refusal",
        {
            "engine_in_text: 400, code 8007, and the engine's own error as JSON in its text.": envelope(
                8007, orjson.dumps({**_ENGINE, "message": "1 validation error: messages", "code": 400}).decode()
            ),
            "unauthorized: 401, code 10000: authentication error.": unauthorized(),
            "bad_input: 400, code 5006: bad input, as the edge validator words it.": bad_input(
                "Type mismatch of '/messages', 'array' not in 'string'"
            ),
        },
        final=True,
    ),
    _coded("json_mode", 400, 5024, "JSON Mode couldn't be met", needs=wants_json),
    _coded("json_model_403", 403, 5024, "JSON Model couldn't be met", needs=wants_json),
    _coded("schema_unsupported", 405, 5025, "This model doesn't support JSON Schema", needs=_asks_schema),
    _coded("bare_schema_only", 400, 8007, "response_format.json_schema: schema_ is required", needs=_in_envelope),
    _coded("data_uri", 400, 8006, "Invalid data for image - reason invalid base64 encoding", needs=holds_data_uri),
    _coded(
        "retired", 410, 5028, "This model was deprecated on 2026-10-01. Please use an alternative model", final=True
    ),
    _coded("paid_plan", 403, 5035, "This model requires a Workers Paid plan. See pricing.", final=True),
    _coded("quota", 429, 3036, _QUOTA, final=True),
    _coded("no_funds", 402, 2021, "Insufficient balance", final=True),
    _coded("no_access", 403, 5018, "The account is not allowed to access this model", final=True),
    _coded("flagged", 400, 3030, "The content was flagged", final=True),
    _coded("too_large", 413, 3006, "Request is too large", final=True),
    _plain("moved", 301, "Moved Permanently", final=True, location="http://127.0.0.1:9/elsewhere"),
    _plain("moved_in_circles", 308, "Permanent Redirect", final=True, location="/client/v4"),
    _plain("choices_many", 300, "Multiple Choices", final=True),
    _plain("unauthorized_page", 401, "Authorization Required", final=True, www_authenticate='Basic realm="proxy"'),
    _plain("blocked_page", 403, "Attention Required! | Cloudflare", final=True),
    _plain("proxy_sign_in", 407, "Proxy Authentication Required", final=True, proxy_authenticate="Basic"),
    _plain("conflict", 409, "conflict", b"conflict"),
    _plain("unprocessable", 422, "unprocessable", b"unprocessable", final=True),
    _plain("closed_by_client", 499, "Client Closed Request"),
    _plain("server_error_words", 500, "oops", b"oops"),
    _plain("unavailable", 503, "Service Temporarily Unavailable"),
    _plain("unavailable_dated", 503, "Service Unavailable", retry_after=_LATER, date=_DATE),
    _plain("origin_unknown", 520, "Web server is returning an unknown error", b"error code: 520"),
    _plain("origin_slow", 524, "A timeout occurred", b"error code: 524"),
    _plain("origin_frozen", 530, "origin DNS error", b"error code: 1016"),
    _plain("status_beyond", 599, "network connect timeout", b"timeout"),
    *(
        _plain(f"page_{status:d}", status.value, status.phrase, final=status < 500 and status not in _PASSING)
        for status in HTTPStatus
        if status >= 400
    ),
    *faults(
        "refusal",
        {"stream_error_first: a stream was asked for, and one frame with an error comes.": _ERROR_FRAME},
        needs=lambda body: bool(body.get("stream")),
    ),
)
