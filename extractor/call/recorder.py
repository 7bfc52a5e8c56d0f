"""Exchanges with a deployment as they come, without secrets: for the doctor, and for recordings that tests play."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from extractor.call.connections import Connections, Secrets
from extractor.call.endpoint import Endpoint
from extractor.wire.requests import headers, url

__all__ = ["Exchange", "Recorder", "recorded"]

_HEADERS = ("content-type", "retry-after", "ratelimit", "ratelimit-policy", "cf-ai-neurons", "cf-ai-req-id")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply, with no secret in them: `path` is relative to the account's `/ai/`."""

    method: str
    path: str
    affinity: str
    body: Any
    status: int
    headers: Mapping[str, str]
    reply: str
    seconds: float


class Recorder:
    """Sends requests as they are, and keeps each exchange."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self.exchanges = endpoint, list[Exchange]()
        gateway = endpoint.gateway.token if endpoint.gateway else None
        self._secrets = Secrets(endpoint.token, endpoint.account_id, gateway)
        sent = headers(endpoint.token, endpoint.gateway)
        self._connections = Connections(httpx.URL(endpoint.base_url), sent, self._secrets)

    async def send(self, method: str, path: str, body: Any, *, affinity: str = "") -> Exchange:
        """What came of one request; a ServiceError where no reply came."""
        address, seconds = httpx.URL(_address(self._endpoint, path)), self._endpoint.seconds
        exchange, began = self._connections.exchange, time.monotonic()
        async with exchange(method, address, body, seconds=seconds, session=affinity) as response:
            text = self._secrets.hidden((await response.read()).decode("utf-8", "replace"))
            if response.broken:
                raise response.broken
            found = {
                name: self._secrets.hidden(response.headers[name]) for name in _HEADERS if name in response.headers
            }
            took = time.monotonic() - began
            self.exchanges.append(Exchange(method, path, affinity, body, response.status, found, text, took))
        return self.exchanges[-1]

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        await self._connections.aclose()


def recorded(exchanges: Sequence[Exchange]) -> Iterator[bytes]:
    """Exchanges as JSON lines, for the emulator to play."""
    for one in exchanges:
        yield orjson.dumps({name: getattr(one, name) for name in Exchange.__slots__}) + b"\n"


def _address(endpoint: Endpoint, path: str) -> str:
    """The whole address of a path. One of the older AI Gateway form has no `run/`, and no catalogue of its own."""
    native = url(endpoint.base_url, endpoint.account_id, endpoint.model)
    if "/ai/run/" not in native and not path.startswith("models/"):
        return native.removesuffix(quote(endpoint.model, safe="@/")) + path.removeprefix("run/")
    whole = url(endpoint.base_url, endpoint.account_id, endpoint.model, route="models")
    return whole[: whole.rindex("/ai/") + len("/ai/")] + path
