"""What is sent: addresses, messages and whole bodies, and the check of a body against the published rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from extractor.errors import Problem, UsageError
from extractor.wire.options import Options
from extractor.wire.parameters import PARAMETERS, REQUEST
from extractor.wire.values import ToolCall

__all__ = [
    "DEFAULT_BASE_URL",
    "DEFAULT_MODEL",
    "SERVICE_RPM",
    "Form",
    "Message",
    "assistant",
    "build_body",
    "check_request",
    "system",
    "tool",
    "url",
    "user",
]

DEFAULT_BASE_URL = "https://api.cloudflare.com/client/v4"
DEFAULT_MODEL = "@cf/moonshotai/kimi-k2.6"
SERVICE_RPM = 20
"""Requests a minute that the service is documented to take for one account and model; 50 with prepaid credits."""

Form = Literal["native", "openai", "batch", "models"]
Message = dict[str, Any]

_GATEWAY_HOST = "gateway.ai.cloudflare.com"
_GATEWAY_PATH = re.compile(r"/v1/[0-9a-f]{32}/[^/]+")


def url(base_url: str, account_id: str, model: str, *, form: Form = "native") -> str:
    """The address to post to: the model's own, the OpenAI-like one (the body names the model), or the batch queue; and
    that of the model's entry in the catalogue, to get.

    A base of the older AI Gateway form, `https://gateway.ai.cloudflare.com/v1/ACCOUNT/GATEWAY` (behind whatever host,
    where ACCOUNT is an account id), already holds the account; `account_id` is then not used.
    """
    base = base_url.rstrip("/")
    parts = urlsplit(base)
    gateway = parts.hostname == _GATEWAY_HOST or _GATEWAY_PATH.fullmatch(parts.path) is not None
    if form == "models":
        api = DEFAULT_BASE_URL if parts.hostname == _GATEWAY_HOST else base
        account = parts.path.split("/")[2] if parts.hostname == _GATEWAY_HOST else account_id
        name = quote(model.rpartition("/")[2], safe="")
        return f"{api}/accounts/{quote(account, safe='')}/ai/models/search?search={name}"
    root = f"{base}/workers-ai" if gateway else f"{base}/accounts/{quote(account_id, safe='')}/ai"
    if form == "openai":
        return f"{root}/v1/chat/completions"
    path = f"{root}/{quote(model, safe='@/')}" if gateway else f"{root}/run/{quote(model, safe='@/')}"
    return f"{path}?queueRequest=true" if form == "batch" else path


def system(text: str) -> Message:
    """Instructions, ahead of everything else."""
    return {"role": "system", "content": text}


def user(content: str | Sequence[Mapping[str, Any]]) -> Message:
    """What is asked: text, or parts of text and images (`images.py` makes them)."""
    return {"role": "user", "content": content if isinstance(content, str) else list(content)}


def assistant(text: str, *, tool_calls: Sequence[ToolCall] = (), reasoning: str = "") -> Message:
    """What the model said before. An empty answer goes as "", because some routes refuse null."""
    message: Message = {"role": "assistant", "content": text}
    if reasoning:
        message["reasoning"] = reasoning
    if tool_calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in tool_calls
        ]
    return message


def tool(text: str, *, call_id: str) -> Message:
    """What a called function gave back, under the id of its call."""
    return {"role": "tool", "content": text, "tool_call_id": call_id}


def build_body(
    messages: Sequence[Message],
    *,
    options: Options,
    response_format: Mapping[str, Any] | None = None,
    tools: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """A whole native body (no model inside unless `options.model` is set).

    UsageError when the options hold the question, the format or the tools as well: nothing is overridden in silence.
    """
    fields = {"messages": list(messages), "response_format": response_format, "tools": list(tools)}
    own = {name: value for name, value in fields.items() if value}
    body = options.body()
    for name in (*own, "prompt", "requests"):
        if name in body:
            raise UsageError(f"{name}: the request already has its own; leave it out of the options")
    if "tools" in body and "response_format" in own:
        raise UsageError("tools: a response format allows no call; give the tools as functions, and leave these out")
    return {**own, **body}


def check_request(body: Any) -> tuple[Problem, ...]:
    """What the published request schema has against a body: one request, a batch of them, or a poll for a batch."""
    if isinstance(body, Mapping) and "requests" in body:
        return tuple(PARAMETERS["requests"].problems(body["requests"], "/requests"))
    if isinstance(body, Mapping) and isinstance(body.get("request_id"), str):
        return ()
    return tuple(REQUEST.problems(body))
