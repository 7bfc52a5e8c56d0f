"""The transport: one request sent within the limits, paid for in the ledger, and read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Self

import httpx

from extractor.call.clock import now, skip
from extractor.call.connections import Connections, Secrets, straight
from extractor.call.endpoint import Endpoint
from extractor.call.ledger import Outcome, counted, upper_bound
from extractor.call.limits import Claim, Limits
from extractor.errors import ServiceError
from extractor.wire.batches import Batch, parse_batch
from extractor.wire.models import ModelEntry, read_entry
from extractor.wire.replies import parse_reply
from extractor.wire.requests import headers, read_cost, read_rate, url
from extractor.wire.streams import StreamReader
from extractor.wire.values import Reply, Request, Usage, nano, usd

__all__ = ["Heard", "HttpTransport", "Streaming"]

Heard = Callable[[str | None], None]
"""Hears each piece of an answer's text as it comes, and None when an answer begins, for a broken one begins again. A
secret that the model repeats is in it."""

_LOOK_SECONDS, _LONGEST_NAP = 10.0, 5.0


class HttpTransport:
    """Sends requests from tasks of any number of event loops: each loop has its own connections, closed when it ends.

    `seconds` is the longest that one reply may take, the endpoint's own limit by default. Errors are the
    ServiceErrors of the tree, and BudgetExceeded from the limits.
    """

    def __init__(self, endpoint: Endpoint, *, limits: Limits | None = None, seconds: float | None = None) -> None:
        self._limits, self._seconds = limits or Limits(), seconds or endpoint.seconds
        self._model, self._price = endpoint.model, endpoint.price
        self._known: dict[str, Any] = {"price": endpoint.price, "model": endpoint.model}
        place = (endpoint.base_url, endpoint.account_id, endpoint.model)
        self._url, self._queue = httpx.URL(url(*place)), httpx.URL(url(*place, route="batch"))
        self._catalogue = httpx.URL(url(*place, route="models"))
        self._secrets = Secrets(endpoint.token, endpoint.gateway.token if endpoint.gateway else None)
        sent = headers(endpoint.token, endpoint.gateway)
        self._connections = Connections(self._url, sent, self._secrets)
        self.hidden = self._secrets.hidden
        """A text with the secrets masked."""

    async def send(self, request: Request, *, heard: Heard | None = None) -> Reply:
        """One reply, after however long the limits make it wait; it is streamed where `heard` is to hear it grow."""
        claim = self._limits.claim(request)
        if self._limits.admit(claim, now()):
            await self._wait(claim)
        outcome: Outcome = None
        try:
            outcome = reply = await straight(self._reply_to(claim, heard))
        except ServiceError as error:
            outcome = error
            raise
        finally:
            self._limits.settle(claim, now(), outcome)
            if isinstance(outcome, ServiceError):
                self.charge(outcome, claim)
        reply = self._secrets.hidden_in(reply)
        return reply if reply.usage else self.estimated(reply, claim)

    async def queue(self, body: Mapping[str, Any]) -> Batch:
        """Submit a batch, or ask how far one is. No limit applies: a batch waits on the service's side."""
        async with self._connections.exchange("POST", self._queue, body, seconds=self._seconds) as response:
            batch = parse_batch(response.status, response.headers, await response.read(), **self._known)
        hidden = self._secrets.hidden_in
        items = (
            replace(item, outcome=hidden(item.outcome)) if isinstance(item.outcome, Reply) else item
            for item in batch.items
        )
        return replace(batch, items=tuple(items))

    async def look(self) -> ModelEntry | None:
        """The model's entry in the service's catalogue, for nothing; None where it cannot be had."""
        try:
            async with self._connections.exchange("GET", self._catalogue, seconds=_LOOK_SECONDS) as response:
                body = await response.read()
                return read_entry(body, self._model) if 200 <= response.status < 300 else None
        except ServiceError:
            return None

    def charge(self, error: ServiceError, claim: Claim) -> None:
        """Write on a failure that may be billed, and does not tell its cost, the most that it can have cost."""
        if error.billable and error.usage is None:
            error.usage = Usage(cost_usd=0.0 if self._price else None, perhaps_usd=self._most(claim))

    def estimated(self, reply: Reply, claim: Claim) -> Reply:
        """The reply with an estimate of its usage, which says what it may be beyond that."""
        known = counted(reply, claim.request, self._price)
        if not known.usage or not known.usage.cost_usd:
            return known
        beyond = max(nano(self._most(claim)) - nano(known.usage.cost_usd), 0)
        return replace(known, usage=replace(known.usage, perhaps_usd=usd(beyond)))

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        await self._connections.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _wait(self, claim: Claim) -> None:
        limits, woken = self._limits, asyncio.Event()
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, woken.set)
        try:
            while seconds := limits.admit(claim, now(), wake):
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), min(skip(seconds), _LONGEST_NAP))
                woken.clear()
        except BaseException:
            limits.leave(claim)
            raise

    async def _reply_to(self, claim: Claim, heard: Heard | None) -> Reply:
        """The reply, as a stream where one is asked for. A refusal is read whole in either case."""
        body = claim.request.body
        if heard:
            body = {**body, "stream": True, "stream_options": {"include_usage": True}}
        exchange, seconds = self._connections.exchange, self._seconds
        async with exchange("POST", self._url, body, seconds=seconds, session=claim.request.affinity) as response:
            if rate := read_rate(response.headers):
                self._limits.learn(rate, now())
            if not body.get("stream") or response.status != httpx.codes.OK:
                claim.billed = read_cost(response.headers)  # of a stream nothing is known when it begins
                return parse_reply(response.status, response.headers, await response.read(), **self._known)
            request_id = response.headers.get("cf-ai-req-id") or response.headers.get("cf-ray")
            reader = StreamReader(price=self._price, request_id=request_id)
            if heard:
                heard(None)
                await response.feed(lambda data: [heard(piece) for piece in reader.feed(data)])
            else:
                await response.feed(reader.feed)
            return reader.reply()

    def _most(self, claim: Claim) -> float:
        most = claim.most if claim.most.prompt_tokens else upper_bound(claim.request.body, exact=False)
        bound = self._price.cost(most) if self._price else 0.0
        return bound if claim.billed is None else min(bound, claim.billed)


class Streaming:
    """Sends as the transport it is made of does, one request at a time, and lets `heard` hear whole answers grow.

    The pieces of two answers never mix, and repairs are not heard.
    """

    def __init__(self, transport: HttpTransport, heard: Heard) -> None:
        self._transport, self._heard, self._turn = transport, heard, asyncio.Lock()

    async def send(self, request: Request) -> Reply:
        async with self._turn:
            return await self._transport.send(request, heard=None if request.purpose == "repair" else self._heard)
