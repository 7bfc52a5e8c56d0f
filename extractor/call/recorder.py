"""Exchanges with a deployment as they come, without secrets: for the doctor, and for recordings that tests play."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

import httpx
import orjson

from extractor.call.connections import Secrets, of_tree, proxy_for
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
    """Sends requests one at a time, and keeps each exchange. Use it in a `with`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self.exchanges = endpoint, list[Exchange]()
        self._secrets = Secrets(
            endpoint.token, endpoint.account_id, endpoint.gateway.token if endpoint.gateway else None
        )
        self._base = httpx.URL(endpoint.base_url)
        proxy = proxy_for(self._base.scheme, self._base.host)
        self._client = httpx.Client(timeout=endpoint.seconds, proxy=proxy, trust_env=False)

    def send(self, method: str, path: str, body: Any, *, affinity: str = "") -> Exchange:
        """What came of one request; a ServiceError where no reply came."""
        place = self._endpoint
        fields = headers(place.token, affinity=affinity or None, gateway=place.gateway)
        content = None if body is None else orjson.dumps(body)
        began = time.monotonic()
        try:
            response = self._client.request(method, _address(place, path), content=content, headers=fields)
        except httpx.HTTPError as error:
            known = (self._base.host, place.seconds, self._secrets)
            raise of_tree(error, *known, met=bool(self.exchanges)) from None
        found = {name: self._secrets.hidden(value) for name, value in response.headers.items() if name in _HEADERS}
        text, seconds = self._secrets.hidden(response.text), time.monotonic() - began
        self.exchanges.append(Exchange(method, path, affinity, body, response.status_code, found, text, seconds))
        return self.exchanges[-1]

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def recorded(exchanges: Sequence[Exchange]) -> Iterator[bytes]:
    """Exchanges as JSON lines, for the emulator to play."""
    for one in exchanges:
        yield orjson.dumps({name: getattr(one, name) for name in Exchange.__slots__}) + b"\n"


def _address(endpoint: Endpoint, path: str) -> str:
    """The whole address of a path. One of the older AI Gateway form has no `run/`, and no catalogue of its own."""
    native = url(endpoint.base_url, endpoint.account_id, endpoint.model)
    if "/ai/run/" not in native and not path.startswith("models/"):
        return native.removesuffix(quote(endpoint.model, safe="@/")) + path.removeprefix("run/")
    whole = url(endpoint.base_url, endpoint.account_id, endpoint.model, form="models")
    return whole[: whole.rindex("/ai/") + len("/ai/")] + path
