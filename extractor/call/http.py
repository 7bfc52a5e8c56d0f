"""HTTP, on event loops.

Each request in flight has a connection of its own, taken from a stack: httpx's pool looks through all of its
connections for every request, which at 64 at once costs more than all the rest of a call.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self, TypedDict, TypeVar

import httpx
import orjson

from extractor.call.breakage import Secrets, mapped
from extractor.call.budget import upper_bound
from extractor.call.clock import now, skip
from extractor.call.endpoint import Endpoint
from extractor.call.ledger import Outcome
from extractor.call.limits import Claim, Limits
from extractor.call.network import proxy_for, spare_sniffio
from extractor.call.receiving import Heard, Receiver, Streamed, Unpacking, Whole
from extractor.call.stack import IDLE_SECONDS, Stack
from extractor.call.tasks import Waiting, straight
from extractor.call.usage import counted
from extractor.errors import ServiceError
from extractor.wire.batches import Batch, parse_batch
from extractor.wire.headers import headers, read_cost, read_rate
from extractor.wire.models import ModelEntry, read_entry
from extractor.wire.replies import parse_reply
from extractor.wire.requests import url
from extractor.wire.values import Reply, Request, Usage, nano, usd

__all__ = ["HttpTransport", "Streaming"]

R = TypeVar("R")

_CONNECT_SECONDS = 10.0
_IDLE_SECONDS, _LOOK_SECONDS = 60.0, 10.0
_LONGEST_NAP = 5.0
_PIECE = 1 << 18  # bytes


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A long body a piece at a time: whatever it passes through on its way copies no more than that."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._content), _PIECE):
            yield bytes(self._content[at : at + _PIECE])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def _timeouts(seconds: float) -> dict[str, Any]:
    return {"timeout": httpx.Timeout(seconds, connect=_CONNECT_SECONDS).as_dict()}


class _Connection(TypedDict):
    verify: ssl.SSLContext
    limits: httpx.Limits
    proxy: str | None


class _Wire:
    """How a request is written, how a reply is read, and how a claim is settled."""

    def __init__(self, endpoint: Endpoint, limits: Limits | None, seconds: float) -> None:
        self.limits = limits or Limits()
        self.seconds = seconds
        self._met = False
        self._model, self.price = endpoint.model, endpoint.price
        place = (endpoint.base_url, endpoint.account_id, endpoint.model)
        self._url, self._queue = httpx.URL(url(*place)), httpx.URL(url(*place, form="batch"))
        self._catalogue = httpx.URL(url(*place, form="models"))
        fields = {"host": self._url.netloc.decode("ascii"), **headers(endpoint.token, gateway=endpoint.gateway)}
        self._headers = httpx.Headers(fields).raw
        self._secrets = Secrets(endpoint.token, endpoint.gateway.token if endpoint.gateway else None)
        self._extensions = _timeouts(seconds)
        # A stream that says nothing for so long is dead, though its reply has time left.
        self._streaming = _timeouts(min(seconds, max(_IDLE_SECONDS, seconds / 3)))
        self.connection: _Connection = {
            # What is sent in the clear has no certificate, and to read those of the authorities takes 20 ms.
            "verify": httpx.create_ssl_context(verify=self._url.scheme == "https"),
            "limits": httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS),
            "proxy": proxy_for(self._url.scheme, self._url.host),
        }

    def request(self, request: Request, *, streamed: bool) -> httpx.Request:
        """The HTTP request. Those of one affinity share what is cached, whichever connection they take."""
        body = request.body
        if streamed:
            body = {**body, "stream": True, "stream_options": {"include_usage": True}}
        return self._post(self._url, body, request.affinity, streamed=streamed or bool(body.get("stream")))

    def queued(self, body: Mapping[str, Any]) -> httpx.Request:
        """The HTTP request that submits a batch, or asks how far it is."""
        return self._post(self._queue, body)

    def entry(self) -> httpx.Request:
        """The HTTP request for the model's entry in the catalogue."""
        return httpx.Request("GET", self._catalogue, headers=self._headers, extensions=_timeouts(_LOOK_SECONDS))

    def receiver(self, response: httpx.Response, claim: Claim, *, heard: Heard | None) -> Receiver[Reply]:
        """What takes a reply. A refusal is read whole, though a stream was asked for."""
        self._hear(response)
        if not (heard or claim.request.body.get("stream")) or response.status_code != httpx.codes.OK:
            claim.billed = read_cost(response.headers)  # of a stream nothing is known when it begins
            return self._whole(response, parse_reply)
        return Streamed(self._fields(response), self.price, heard and self._secrets.heard(heard))

    def state(self, response: httpx.Response) -> Receiver[Batch]:
        """What takes the state of a batch."""
        self._hear(response)
        return self._whole(response, parse_batch)

    def entries(self, response: httpx.Response) -> Receiver[ModelEntry | None]:
        """What takes a page of the catalogue."""
        self._hear(response)
        return Whole(lambda body: read_entry(body, self._model) if response.is_success else None)

    def _hear(self, response: httpx.Response) -> None:
        self._met = True
        self.limits.learn(read_rate(response.headers), now())

    def _whole(self, response: httpx.Response, parse: Callable[..., R]) -> Whole[R]:
        status, fields = response.status_code, self._fields(response)
        known = {"price": self.price, "model": self._model}
        return Whole(lambda body: parse(status, fields, body, **known))

    def _fields(self, response: httpx.Response) -> Mapping[str, str]:
        """The headers of a reply by their names in small letters, with secrets masked."""
        return {name.lower(): self._secrets.hidden(value) for name, value in response.headers.items()}

    def read(self, reply: Reply, claim: Claim) -> Reply:
        """The reply as it is handed on, its secrets masked; an estimated usage says what it may be beyond that."""
        known = counted(self._secrets.hidden_in(reply), claim.request, self.price)
        if reply.usage or not known.usage or not known.usage.cost_usd:
            return known
        beyond = max(nano(self._most(claim)) - nano(known.usage.cost_usd), 0)
        return replace(known, usage=replace(known.usage, perhaps_usd=usd(beyond)))

    def read_batch(self, batch: Batch) -> Batch:
        """The same for the replies of a batch, which are counted where they are handed on."""
        hidden = self._secrets.hidden_in
        items = (
            replace(item, outcome=hidden(item.outcome)) if isinstance(item.outcome, Reply) else item
            for item in batch.items
        )
        return replace(batch, items=tuple(items))

    def mapped(self) -> AbstractContextManager[None]:
        """Turns httpx's errors into those of our tree."""
        return mapped(self._url.host, self.seconds, self._secrets, lambda: self._met)

    def _post(
        self, address: httpx.URL, body: Mapping[str, Any], session: str | None = None, *, streamed: bool = False
    ) -> httpx.Request:
        content = orjson.dumps(body)
        fields = [*self._headers, (b"content-length", b"%d" % len(content))]
        if session:
            fields.append((b"x-session-affinity", session.encode()))
        stream = _Pieces(content) if len(content) > _PIECE else httpx.ByteStream(content)
        extensions = self._streaming if streamed else self._extensions
        return httpx.Request("POST", address, headers=fields, stream=stream, extensions=extensions)

    @contextmanager
    def settled(self, claim: Claim) -> Iterator[list[Outcome]]:
        """Settles a claim by the reply that is put into the list, or by the error that passes; else as unknown."""
        outcome: list[Outcome] = [None]
        try:
            with self.mapped():
                yield outcome
        except ServiceError as error:
            outcome[0] = error
            raise
        finally:
            self.limits.settle(claim, now(), failed := outcome[0])
            if isinstance(failed, ServiceError) and failed.billable and failed.usage is None and self.price:
                failed.usage = Usage(perhaps_usd=self._most(claim))

    def _most(self, claim: Claim) -> float:
        most = claim.most if claim.most.prompt_tokens else upper_bound(claim.request.body, exact=False)
        bound = self.price.cost(most) if self.price else 0.0
        return bound if claim.billed is None else min(bound, claim.billed)


def _is_clean(slot: httpx.AsyncHTTPTransport) -> bool:
    """Whether nothing came behind the reply. Neither library looks: the next reply would be read from it."""
    for connection in slot._pool.connections:
        while inner := getattr(connection, "_connection", None):
            connection = inner
        if (state := getattr(connection, "_h11_state", None)) and state.trailing_data[0]:
            return False
    return True


_Stacked = tuple[Stack[httpx.AsyncHTTPTransport], AsyncGenerator[None, None]]


async def _closed_at_the_end(stack: Stack[httpx.AsyncHTTPTransport]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        for slot in stack.drain():
            await slot.aclose()


class HttpTransport:
    """Sends requests from tasks of any number of event loops: each loop has its own connections, closed when it ends.

    `seconds` is the longest that one reply may take, the endpoint's own limit by default. Errors are the
    ServiceErrors of the tree, and BudgetExceeded from the limits.
    """

    def __init__(self, endpoint: Endpoint, *, limits: Limits | None = None, seconds: float | None = None) -> None:
        spare_sniffio()
        self._wire = _Wire(endpoint, limits, seconds or endpoint.seconds)
        self._stacks: dict[asyncio.AbstractEventLoop, _Stacked] = {}

    async def send(self, request: Request, *, heard: Heard | None = None) -> Reply:
        """One reply, after however long the limits make it wait; it is streamed where `heard` is to hear it grow."""
        wire = self._wire
        claim = wire.limits.claim(request)
        await self._admit(claim)
        with wire.settled(claim) as outcome:
            outgoing = wire.request(request, streamed=heard is not None)
            take = partial(wire.receiver, claim=claim, heard=heard)
            outcome[0] = reply = await straight(self._exchange(outgoing, take))
        return wire.read(reply, claim)

    async def queue(self, body: Mapping[str, Any]) -> Batch:
        """Submit a batch, or ask how far one is. No limit applies: a batch waits on the service's side."""
        with self._wire.mapped():
            return self._wire.read_batch(await self._exchange(self._wire.queued(body), self._wire.state))

    async def look(self) -> ModelEntry | None:
        """The model's entry in the service's catalogue, for nothing; None where it cannot be had."""
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                with self._wire.mapped():
                    return await self._exchange(self._wire.entry(), self._wire.entries)
        except (ServiceError, TimeoutError):
            return None

    async def _exchange(self, outgoing: httpx.Request, take: Callable[[httpx.Response], Receiver[R]]) -> R:
        try:
            async with asyncio.timeout(self._wire.seconds):
                return await self._exchanged(outgoing, take)
        except TimeoutError:
            raise httpx.ReadTimeout("the reply came too slowly") from None

    async def _exchanged(self, outgoing: httpx.Request, take: Callable[[httpx.Response], Receiver[R]]) -> R:
        stack = await self._stack()
        for old in stack.old():
            await old.aclose()
        slot = stack.take()
        try:
            response = await slot.handle_async_request(outgoing)
            receiver = take(response)
            try:
                body = Unpacking(response.headers.get("content-encoding", ""))
                async for part in response.aiter_raw():
                    for piece in body.feed(part):
                        receiver.feed(piece)
                body.end()
            except httpx.TransportError:
                with suppress(ServiceError):  # a reply may be whole by its own marks, though its frame never ends
                    return receiver.reply()
                raise
            finally:
                await response.aclose()
        finally:
            for late in stack.give(slot) if _is_clean(slot) else [slot]:
                await late.aclose()
        return receiver.reply()

    async def _admit(self, claim: Claim) -> None:
        limits, waiting = self._wire.limits, Waiting()
        try:
            while seconds := limits.admit(claim, now(), waiting.wake):
                await waiting.pause(min(skip(seconds), _LONGEST_NAP))
        except BaseException:
            limits.leave(claim)
            raise

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        found = self._stacks.pop(asyncio.get_running_loop(), None)
        if found:
            await found[1].aclose()

    async def _stack(self) -> Stack[httpx.AsyncHTTPTransport]:
        """The connections of the loop that runs. It ends the generators that were begun on it, and so closes them."""
        loop = asyncio.get_running_loop()
        found = self._stacks.get(loop)
        if found is None:
            stack = Stack(lambda: httpx.AsyncHTTPTransport(**self._wire.connection))
            self._stacks = {other: its for other, its in self._stacks.items() if not other.is_closed()}
            found = self._stacks[loop] = stack, _closed_at_the_end(stack)
            await anext(found[1])
        return found[0]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Streaming:
    """Sends as the transport it is made of does, and lets `heard` hear whole answers grow; repairs are not heard."""

    def __init__(self, transport: HttpTransport, heard: Heard) -> None:
        self._transport, self._heard = transport, heard

    async def send(self, request: Request) -> Reply:
        return await self._transport.send(request, heard=None if request.purpose == "repair" else self._heard)
