"""What stands in headers: the token, the session that keeps a prefix cached, the wishes of an AI Gateway; and in those
of a reply, how many requests the service lets through."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson

from extractor.errors import UsageError

__all__ = ["Gateway", "Rate", "gateway_url", "headers", "is_plain", "read_cost", "read_rate"]

_PLAIN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An AI Gateway that requests pass through. None is not sent, so the gateway's own setting holds.

    `token` is for a gateway that asks for one of its own. Times are in milliseconds, `cache_ttl` in seconds.
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
        wishes = {
            "cf-aig-gateway-id": self.name,
            "cf-aig-authorization": self.token and f"Bearer {self.token}",
            "cf-aig-skip-cache": self.skip_cache,
            "cf-aig-cache-ttl": self.cache_ttl,
            "cf-aig-cache-key": self.cache_key,
            "cf-aig-metadata": self.metadata and orjson.dumps(dict(self.metadata)).decode(),
            "cf-aig-collect-log": self.collect_log,
            "cf-aig-request-timeout": self.request_timeout,
            "cf-aig-max-attempts": self.max_attempts,
            "cf-aig-retry-delay": self.retry_delay,
            "cf-aig-backoff": self.backoff,
            "cf-aig-event-id": self.event_id,
        }
        return {name: _as_text(value) for name, value in wishes.items() if value is not None}


def is_plain(value: str) -> bool:
    """Whether a text is made of printable ASCII without spaces, as a secret in a header is."""
    return _PLAIN.fullmatch(value) is not None


def headers(token: str, *, affinity: str | None = None, gateway: Gateway | None = None) -> dict[str, str]:
    """All headers of a request. `affinity` is a stable id: requests that share one reach the same instance's cache."""
    fields = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    if affinity is not None:
        fields["x-session-affinity"] = affinity
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


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
