"""A request passed on to the service as it came, and what came back, with no secret in it."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from extractor.call.breakage import Secrets
from extractor.call.doctor import RECORDED_HEADERS, Exchange
from extractor.call.endpoint import Endpoint
from extractor.call.network import proxy_for
from extractor.wire.headers import headers
from extractor.wire.requests import url

__all__ = ["forwarded"]


async def forwarded(endpoint: Endpoint, method: str, path: str, affinity: str, body: Any) -> Exchange:
    """One exchange with the service; a connection that fails is one with status 502.

    `path` is relative to the account's `/ai/`, and `affinity` the session that the prefix cache goes by, or "".
    """
    address = _address(endpoint, path)
    secrets = Secrets(endpoint.token, endpoint.account_id, endpoint.gateway.token if endpoint.gateway else None)
    fields = headers(endpoint.token, affinity=affinity or None, gateway=endpoint.gateway)
    content = None if body is None else orjson.dumps(body)
    proxy = proxy_for(httpx.URL(address).scheme, httpx.URL(address).host)
    began = time.monotonic()
    try:
        async with httpx.AsyncClient(timeout=endpoint.seconds, proxy=proxy, trust_env=False) as client:
            response = await client.request(method, address, content=content, headers=fields)
    except httpx.HTTPError as error:
        return Exchange(method, path, affinity, body, 502, {}, secrets.hidden(str(error)), time.monotonic() - began)
    found = {name: secrets.hidden(value) for name, value in response.headers.items() if name in RECORDED_HEADERS}
    text = secrets.hidden(response.text)
    return Exchange(method, path, affinity, body, response.status_code, found, text, time.monotonic() - began)


def _address(endpoint: Endpoint, path: str) -> str:
    """The whole address of a path. One of the older AI Gateway form has no `run/`, and no catalogue of its own."""
    native = url(endpoint.base_url, endpoint.account_id, endpoint.model)
    if "/ai/run/" not in native and not path.startswith("models/"):
        return native.removesuffix(quote(endpoint.model, safe="@/")) + path.removeprefix("run/")
    whole = url(endpoint.base_url, endpoint.account_id, endpoint.model, form="models")
    return whole[: whole.rindex("/ai/") + len("/ai/")] + path
