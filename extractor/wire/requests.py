"""What is sent: addresses, headers, messages and whole bodies.

The headers of a reply tell how many requests the service lets through.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import orjson

from extractor.errors import UsageError
from extractor.wire.options import Options
from extractor.wire.values import ToolCall

__all__ = [
    "DEFAULT_BASE_URL",
    "DEFAULT_MODEL",
    "SERVICE_RPM",
    "Gateway",
    "Message",
    "Rate",
    "Route",
    "assistant",
    "build_body",
    "gateway_url",
    "headers",
    "is_plain",
    "read_cost",
    "read_rate",
    "url",
]

DEFAULT_BASE_URL = "https://api.cloudflare.com/client/v4"
DEFAULT_MODEL = "@cf/moonshotai/kimi-k2.6"
SERVICE_RPM = 20
"""Requests a minute that the service is documented to take for one account and model; 50 with prepaid credits."""

Route = Literal["native", "batch", "models"]
Message = dict[str, Any]

_GATEWAY_HOST = "gateway.ai.cloudflare.com"
_PLAIN = re.compile(r"[\x21-\x7e]+")
_GATEWAY_PATH = re.compile(r"/v1/[0-9a-f]{32}/[^/]+")


def url(base_url: str, account_id: str, model: str, *, route: Route = "native") -> str:
    """The address of the model, of its batch queue, or of its entry in the catalogue.

    A base of the older AI Gateway form, `https://gateway.ai.cloudflare.com/v1/ACCOUNT/GATEWAY` (behind whatever host,
    where ACCOUNT is an account id), already holds the account; `account_id` is then not used.
    """
    base = base_url.rstrip("/")
    parts = urlsplit(base)
    gateway = parts.hostname == _GATEWAY_HOST or _GATEWAY_PATH.fullmatch(parts.path) is not None
    if route == "models":
        api = DEFAULT_BASE_URL if parts.hostname == _GATEWAY_HOST else base
        account = parts.path.split("/")[2] if parts.hostname == _GATEWAY_HOST else account_id
        name = quote(model.rpartition("/")[2], safe="")
        return f"{api}/accounts/{quote(account, safe='')}/ai/models/search?search={name}"
    root = f"{base}/workers-ai" if gateway else f"{base}/accounts/{quote(account_id, safe='')}/ai/run"
    path = f"{root}/{quote(model, safe='@/')}"
    return f"{path}?queueRequest=true" if route == "batch" else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An AI Gateway that requests pass through. None is not sent, so the gateway's own setting holds.

    `token` is for a gateway that asks for one of its own. Times are in milliseconds, `cache_ttl` in seconds.
    UsageError for a name or a token that no header can hold.

    >>> from extractor import Config, Gateway
    >>> Config(gateway=Gateway(name="documents", skip_cache=True, metadata={"team": "billing"})).gateway.name
    'documents'
    """

    name: str
    token: str | None = field(default=None, repr=False)
    skip_cache: bool | None = None
    cache_ttl: int | None = None
    cache_key: str | None = None
    metadata: Mapping[str, str | int | float | bool | None] | None = None
    collect_log: bool | None = None
    request_timeout: int | None = None
    max_attempts: int | None = None
    retry_delay: int | None = None
    backoff: Literal["constant", "linear", "exponential"] | None = None
    event_id: str | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise UsageError("name: a gateway needs one; it is shown in Cloudflare's dashboard")
        for name, value in (("name", self.name), ("token", self.token)):
            if value is not None and not is_plain(value):
                raise UsageError(f"{name}: that of a gateway has no line break, no space and no letter beyond ASCII")

    def headers(self) -> dict[str, str]:
        """The headers that choose the gateway and say how it treats the request."""
        names = (field.name for field in fields(self) if field.name not in ("name", "token", "metadata"))
        wishes = {f"cf-aig-{name.replace('_', '-')}": getattr(self, name) for name in names}
        wishes |= {
            "cf-aig-gateway-id": self.name,
            "cf-aig-authorization": self.token and f"Bearer {self.token}",
            "cf-aig-metadata": self.metadata and orjson.dumps(dict(self.metadata)).decode(),
        }
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in wishes.items()
            if value is not None
        }


def is_plain(value: str) -> bool:
    """Whether a text is made of printable ASCII without spaces, as a secret in a header is."""
    return _PLAIN.fullmatch(value) is not None


def headers(token: str, gateway: Gateway | None = None) -> dict[str, str]:
    """The headers that all requests have."""
    fields = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return {**fields, **gateway.headers()} if gateway else fields


def gateway_url(account_id: str, name: str) -> str:
    """The base URL of the older form of a gateway, which stands in the path instead of in a header."""
    return f"https://gateway.ai.cloudflare.com/v1/{account_id}/{name}"


@dataclass(frozen=True, slots=True)
class Rate:
    """What a reply tells of its rate limit: requests a minute, and how many are left for so many seconds.

    None is what it does not tell.
    """

    per_minute: float | None = None
    left: int | None = None
    seconds: float | None = None


_POLICY = re.compile(r"\bq=(\d+)[^,]*?;\s*w=(\d+)")
_STANDING = re.compile(r"\br=(\d+)[^,]*?;\s*t=(\d+)")


def read_rate(headers: Mapping[str, str]) -> Rate | None:
    """The rate in `Ratelimit-Policy: "name";q=20;w=60` and `Ratelimit: "name";r=3;t=12`; None without either.

    Of several policies the narrowest counts, and of several standings the one with the fewest requests left.
    """
    policies = _POLICY.findall(headers.get("ratelimit-policy", ""))
    standings = [(int(left), float(seconds)) for left, seconds in _STANDING.findall(headers.get("ratelimit", ""))]
    rates = [int(quota) * 60 / int(window) for quota, window in policies if int(quota) and int(window)]
    if not rates and not standings:
        return None
    left, seconds = min(standings) if standings else (None, None)
    return Rate(min(rates, default=None), left, seconds)


_USD_PER_NEURON = 0.011 / 1000
_ROUNDED = 1.001  # the published prices in dollars and in neurons differ in their last digit


def read_cost(headers: Mapping[str, str]) -> float | None:
    """The most that a reply says it was billed, in US dollars, by its `cf-ai-neurons`; None where it does not say."""
    try:
        neurons = float(headers.get("cf-ai-neurons", ""))
    except ValueError:
        return None
    return neurons * _USD_PER_NEURON * _ROUNDED if 0 < neurons < math.inf else None


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
