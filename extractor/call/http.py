"""HTTP, for threads and for an event loop: the only file that imports httpx.

Each request in flight has a connection of its own, taken from a stack: httpx's pool looks through all of its
connections for every request, which at 64 at once costs more than all the rest of a call.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from itertools import count
from threading import Event
from types import TracebackType
from typing import Any, Generic, Self, TypedDict, TypeVar

import httpx
import orjson

from extractor.call.clock import now, skip
from extractor.call.endpoint import Endpoint
from extractor.call.limits import Claim, Limits, Outcome
from extractor.call.network import proxy_for, spare_sniffio
from extractor.call.receiving import Heard, Receiver, Streamed, Whole
from extractor.call.usage import counted
from extractor.errors import BrokenReply, ServiceError, Unreachable
from extractor.wire.batches import Batch, parse_batch
from extractor.wire.headers import headers
from extractor.wire.replies import parse_reply
from extractor.wire.requests import url
from extractor.wire.values import Reply, Request

__all__ = ["AsyncHttpTransport", "HttpTransport"]

Slot = TypeVar("Slot")
R = TypeVar("R")

Write = Callable[[int], httpx.Request]
"""Writes a request for the connection of that number."""

_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 60.0
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


class _Connection(TypedDict):
    verify: ssl.SSLContext
    limits: httpx.Limits
    proxy: str | None


class _Stack(Generic[Slot]):
    """Idle connections by number; the one that was used last, still warm, is taken first."""

    def __init__(self, make: Callable[[], Slot]) -> None:
        self._make = make
        self._numbers = count()
        self._idle: list[tuple[int, Slot]] = []

    def take(self) -> tuple[int, Slot]:
        try:
            return self._idle.pop()
        except IndexError:
            return next(self._numbers), self._make()

    def give(self, number: int, slot: Slot) -> None:
        self._idle.append((number, slot))

    def drain(self) -> list[Slot]:
        """Every idle connection; none is left."""
        idle, self._idle = self._idle, []
        return [slot for _, slot in idle]


class _Wire:
    """What both transports share: how a request is written, how a reply is read, and how a claim is settled."""

    def __init__(self, endpoint: Endpoint, limits: Limits | None, seconds: float) -> None:
        self.limits = limits or Limits()
        self.seconds = seconds
        self._model, self.price = endpoint.model, endpoint.price
        place = (endpoint.base_url, endpoint.account_id, endpoint.model)
        self._url, self._queue = httpx.URL(url(*place)), httpx.URL(url(*place, form="batch"))
        self._headers = headers(endpoint.token, gateway=endpoint.gateway)
        self._extensions = {"timeout": httpx.Timeout(seconds, connect=_CONNECT_SECONDS).as_dict()}
        self.connection: _Connection = {
            "verify": httpx.create_ssl_context(),
            "limits": httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE_SECONDS),
            "proxy": proxy_for(self._url.scheme, self._url.host),
        }

    def request(self, request: Request, number: int, *, streamed: bool) -> httpx.Request:
        """The HTTP request for one connection. Each has a session of its own, lest all share one instance's queue."""
        sent, body = self._headers, request.body
        if request.affinity:
            sent = {**sent, "x-session-affinity": f"{request.affinity}-{number}"}
        if streamed:
            body = {**body, "stream": True, "stream_options": {"include_usage": True}}
        return self._post(self._url, sent, body)

    def queued(self, body: Mapping[str, Any], number: int) -> httpx.Request:
        """The HTTP request that submits a batch, or asks how far it is; any connection will do."""
        return self._post(self._queue, self._headers, body)

    def receiver(self, response: httpx.Response, request: Request, *, heard: Heard | None) -> Receiver[Reply]:
        """What takes a reply. A refusal is read whole, though a stream was asked for."""
        status, told = response.status_code, response.headers
        if not (heard or request.body.get("stream")) or status != httpx.codes.OK:
            return Whole(lambda body: parse_reply(status, told, body, price=self.price, model=self._model))
        return Streamed(told, self.price, heard)

    def state(self, response: httpx.Response) -> Receiver[Batch]:
        """What takes the state of a batch."""
        status, told = response.status_code, response.headers
        return Whole(lambda body: parse_batch(status, told, body, price=self.price, model=self._model))

    def mapped(self) -> AbstractContextManager[None]:
        """Turns httpx's errors into those of our tree."""
        return _mapped(self._url.host, self.seconds)

    def _post(self, address: httpx.URL, sent: Mapping[str, str], body: Mapping[str, Any]) -> httpx.Request:
        content = orjson.dumps(body)
        request = httpx.Request("POST", address, headers=sent, content=content, extensions=self._extensions)
        if len(content) > _PIECE:
            request.stream = _Pieces(content)
        return request

    @contextmanager
    def settled(self, claim: Claim) -> Iterator[list[Outcome]]:
        """Settles a claim by the reply that is put into the list, or by the error that passes; else as unknown."""
        outcome: list[Outcome] = [None]
        try:
            with self.mapped():
                yield outcome
        except ServiceError as error:
            if isinstance(error, _Unsent) or not isinstance(error, Unreachable):
                outcome[0] = error
            raise
        finally:
            self.limits.settle(claim, now(), outcome[0])


class HttpTransport:
    """Sends requests from any number of threads. Close it, or use it in a `with`.

    `seconds` is the longest that one reply may take, the endpoint's own limit by default. Errors are the
    ServiceErrors of the tree, and BudgetExceeded from the limits.
    """

    def __init__(self, endpoint: Endpoint, *, limits: Limits | None = None, seconds: float | None = None) -> None:
        self._wire = wire = _Wire(endpoint, limits, seconds or endpoint.seconds)
        self._stack = _Stack(lambda: httpx.HTTPTransport(**wire.connection))

    def send(self, request: Request, *, heard: Heard | None = None) -> Reply:
        """One reply, after however long the limits make it wait; it is streamed where `heard` is to hear it grow."""
        wire = self._wire
        claim = wire.limits.claim(request)
        self._admit(claim)
        with wire.settled(claim) as outcome:
            write = partial(wire.request, request, streamed=heard is not None)
            outcome[0] = reply = self._exchange(write, partial(wire.receiver, request=request, heard=heard))
        return counted(reply, request, wire.price)

    def _exchange(self, write: Write, take: Callable[[httpx.Response], Receiver[R]]) -> R:
        deadline = time.monotonic() + self._wire.seconds
        number, slot = self._stack.take()
        try:
            response = slot.handle_request(write(number))
            receiver = take(response)
            try:
                for part in response.iter_bytes():
                    _check(deadline)
                    receiver.feed(part)
            finally:
                response.close()
        finally:
            self._stack.give(number, slot)
        return receiver.reply()

    def _admit(self, claim: Claim) -> None:
        limits, woken = self._wire.limits, Event()
        try:
            while seconds := limits.admit(claim, now(), woken.set):
                woken.wait(min(skip(seconds), _LONGEST_NAP))
                woken.clear()
        except BaseException:
            limits.ignore(woken.set)
            raise

    def close(self) -> None:
        """Close every idle connection."""
        for slot in self._stack.drain():
            slot.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncHttpTransport:
    """The twin of HttpTransport for the tasks of one event loop; close it before that loop ends."""

    def __init__(self, endpoint: Endpoint, *, limits: Limits | None = None, seconds: float | None = None) -> None:
        spare_sniffio()
        self._wire = wire = _Wire(endpoint, limits, seconds or endpoint.seconds)
        self._stack = _Stack(lambda: httpx.AsyncHTTPTransport(**wire.connection))

    async def send(self, request: Request, *, heard: Heard | None = None) -> Reply:
        """One reply, after however long the limits make it wait; it is streamed where `heard` is to hear it grow."""
        wire = self._wire
        claim = wire.limits.claim(request)
        await self._admit(claim)
        with wire.settled(claim) as outcome:
            write = partial(wire.request, request, streamed=heard is not None)
            outcome[0] = reply = await self._exchange(write, partial(wire.receiver, request=request, heard=heard))
        return counted(reply, request, wire.price)

    async def queue(self, body: Mapping[str, Any]) -> Batch:
        """Submit a batch, or ask how far one is. No limit applies: a batch waits on the service's side."""
        with self._wire.mapped():
            return await self._exchange(partial(self._wire.queued, body), self._wire.state)

    async def _exchange(self, write: Write, take: Callable[[httpx.Response], Receiver[R]]) -> R:
        deadline = time.monotonic() + self._wire.seconds
        number, slot = self._stack.take()
        try:
            response = await slot.handle_async_request(write(number))
            receiver = take(response)
            try:
                async for part in response.aiter_bytes():
                    _check(deadline)
                    receiver.feed(part)
            finally:
                await response.aclose()
        finally:
            self._stack.give(number, slot)
        return receiver.reply()

    async def _admit(self, claim: Claim) -> None:
        limits, loop, woken = self._wire.limits, asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        try:
            while seconds := limits.admit(claim, now(), wake):
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(skip(seconds), _LONGEST_NAP)):
                        await woken.wait()
                woken.clear()
        except BaseException:
            limits.ignore(wake)
            raise

    async def aclose(self) -> None:
        """Close every idle connection."""
        for slot in self._stack.drain():
            await slot.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class _Unsent(Unreachable):
    """No connection was made, so nothing can have been billed."""


@contextmanager
def _mapped(host: str, seconds: float) -> Iterator[None]:
    """httpx's errors as those of our tree. They name the host; never a header, and no address with a password."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
        raise _Unsent(f"{host} cannot be reached ({error}): check the network and the base URL") from error
    except httpx.TimeoutException as error:
        raise Unreachable(f"{host} gave no whole reply in {seconds:g} s: it is asked again") from error
    except (httpx.DecodingError, httpx.RemoteProtocolError) as error:
        raise BrokenReply(f"{host} sent a reply that is not whole ({error}): it is asked again") from error
    except httpx.TransportError as error:
        raise Unreachable(f"the connection to {host} broke ({error}): it is asked again") from error


def _check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise httpx.ReadTimeout("the reply came too slowly")
