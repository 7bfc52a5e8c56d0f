"""The error bodies of the service, shape for shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from extractor.emulator.values import Refusal

__all__ = [
    "FAULT_REFUSALS",
    "bad_input",
    "engine_says",
    "envelope",
    "rate_limited",
    "refuse",
    "route_lost",
    "too_long",
    "unauthorized",
]


def envelope(
    code: int | None, text: str, request_id: str, *, status: int, prefix: str = "AiError: AiError: "
) -> Refusal:
    """The v4 envelope of an error; a code of None leaves the code out."""
    error = {"message": f"{prefix}{text} ({request_id})" if prefix else text}
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


def bad_input(text: str, request_id: str) -> Refusal:
    """What the validator at the edge says."""
    return envelope(5006, f"Bad input: Error: {text}", request_id, status=400, prefix="AiError: ")


def engine_says(text: str, request_id: str, *, code: int = 8001, status: int = 400) -> Refusal:
    """What the engine says of a request that passed the edge."""
    return envelope(code, text, request_id, status=status)


def engine_error(text: str, code: int) -> dict[str, Any]:
    """An error as the engine itself writes it: its code is an HTTP status."""
    return {"object": "error", "message": text, "type": "InternalServerError", "param": None, "code": code}


def too_long(prompt: int, completion: int, limit: int, request_id: str) -> Refusal:
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
    return envelope(None, text, request_id, status=400)


def _json(status: int, body: Mapping[str, Any], **headers: str) -> Refusal:
    return Refusal(status, orjson.dumps(body), headers=headers)


def _enveloped(status: int, code: int | None, text: str) -> Callable[[str], Refusal]:
    return lambda request_id: envelope(code, text, request_id, status=status)


def rate_limited(request_id: str) -> Refusal:
    """More requests within a minute than the account may send; the service names no time to wait."""
    return envelope(None, "Rate limit exceeded, please try again later.", request_id, status=429)


def _rate_limited(request_id: str) -> Refusal:
    return Refusal(429, rate_limited(request_id).body, headers={"retry-after": "0"})


def _gateway(request_id: str) -> Refusal:
    text = "AI Gateway could not reach the provider"
    body = {
        "name": "AiGatewayError", "httpCode": 500, "internalCode": 2002, "description": text, "message": text,
        "error": [{"code": 2002, "message": text}], "result": [], "success": False, "requestId": request_id,
    }  # fmt: skip
    return _json(500, body)


_PAGE = b"<html><head><title>503 Service Temporarily Unavailable</title></head><body>cloudflare</body></html>"
_QUOTA = (
    "You have used up your daily free allocation of 10,000 neurons. Please upgrade to Cloudflare's Workers Paid "
    "plan if you would like to continue usage."
)

FAULT_REFUSALS: Mapping[str, Callable[[str], Refusal]] = {
    "busy": _enveloped(429, 3040, "Capacity temporarily exceeded, please try again."),
    "rate_limit": _rate_limited,
    "edge_rate_limit": lambda request_id: Refusal(429, b"error code: 1015", "text/plain; charset=UTF-8"),
    "timeout": _enveloped(408, 3046, "Request timeout"),
    "internal": _enveloped(500, 3043, "Unknown internal error"),
    "engine": _enveloped(500, 8005, "Internal Server Error"),
    "unavailable": lambda request_id: Refusal(503, _PAGE, "text/html; charset=UTF-8"),
    "gateway": _gateway,
    "success_false": _enveloped(200, 3043, "Unknown internal error"),
    "json_model_403": _enveloped(403, 5024, "JSON Model couldn't be met"),
    "schema_unsupported": _enveloped(405, 5025, "This model doesn't support JSON Schema"),
    "bare_schema_only": _enveloped(400, 8007, "response_format.json_schema: schema_ is required"),
    "data_uri": _enveloped(400, 8006, "Invalid data for image - reason invalid base64 encoding"),
    "gateway_timeout": _enveloped(408, 2014, "Provider request timeout"),
    "bare_engine_error": lambda request_id: _json(500, engine_error("The engine is out of memory", 500)),
    "retired": _enveloped(410, 5028, "This model was deprecated on 2026-10-01. Please use an alternative model"),
    "json_mode": _enveloped(400, 5024, "JSON Mode couldn't be met"),
    "unauthorized": lambda request_id: unauthorized(),
    "paid_plan": _enveloped(403, 5035, "This model requires a Workers Paid plan. See pricing."),
    "quota": _enveloped(429, 3036, _QUOTA),
    "bad_input": lambda request_id: bad_input("Type mismatch of '/messages', 'array' not in 'string'", request_id),
}
