"""Connections to one place, and one exchange over them: every error is one of our tree, and no secret is repeated.

Each request in flight has a connection of its own, the one that was used last, or a new one: httpx's pool looks through
all of its connections for every request, which at 64 at once costs more than all the rest of a call.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from types import coroutine
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import orjson

from extractor.call.endpoint import is_loopback
from extractor.errors import BrokenReply, ServiceError, Unreachable, Unreached, UsageError
from extractor.wire.values import Reply, ToolCall

__all__ = ["Connections", "Response", "Secrets", "proxy_for", "straight"]

T = TypeVar("T")

LARGEST = 200_000_000
"""Bytes of one response: a batch of 10 MB of questions may well have ten times that in answers."""

_CONNECT_SECONDS, _IDLE_SECONDS, _SILENT_SECONDS = 10.0, 60.0, 60.0
_PACKED = ("gzip", "deflate", "identity")
_WORDS = ("content", "reasoning", "refusal", "finish", "request_id", "others", "tool_calls")
_SHORTEST = 8
"""Characters; what is shorter is no token, and may well be part of other words."""

_PROXIES = ("http", "https", "socks5", "socks5h")


class Connections:
    """Connections to one host. Each event loop has its own, closed when it ends."""

    def __init__(self, address: httpx.URL, headers: Mapping[str, str], secrets: Secrets) -> None:
        _spare_sniffio()
        self._host, self._secrets, self._headers = address.host, secrets, httpx.Headers(headers).raw
        self._met = False
        self._options: dict[str, Any] = {
            # What is sent in the clear has no certificate, and to read those of the authorities takes 20 ms.
            "verify": httpx.create_ssl_context(verify=address.scheme == "https"),
            "limits": httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE_SECONDS),
            "proxy": proxy_for(address.scheme, address.host),
        }
        self._idle: dict[asyncio.AbstractEventLoop, _Idle] = {}

    @asynccontextmanager
    async def exchange(
        self, method: str, address: httpx.URL, body: Any = None, *, seconds: float, session: str | None = None
    ) -> AsyncIterator[Response]:
        """One reply to a JSON body, or to none. Its own body can be read inside the `with`.

        All of it may take `seconds`. Requests of one `session` share what is cached, whichever connection they take.
        What goes wrong in the `with` is one of our errors, with no secret in its message.
        """
        content, idle = b"" if body is None else orjson.dumps(body), seconds
        fields = [(b"host", address.netloc), (b"content-length", b"%d" % len(content)), *self._headers]
        if session:
            fields.append((b"x-session-affinity", session.encode()))
        if body and body.get("stream"):  # one that says nothing for so long is dead, though its reply has time left
            idle = min(seconds, max(_SILENT_SECONDS, seconds / 3))
        outgoing = httpx.Request(method, address, headers=fields, stream=httpx.ByteStream(content))
        outgoing.extensions["timeout"] = httpx.Timeout(idle, connect=_CONNECT_SECONDS).as_dict()
        try:
            async with asyncio.timeout(seconds):
                unused = await self._unused()
                slot = unused.pop() if unused else httpx.AsyncHTTPTransport(**self._options)
                try:
                    response = await slot.handle_async_request(outgoing)
                    self._met = True
                    try:
                        reply = Response(response.status_code, dict(response.headers.items()), response)
                        yield reply
                    except ServiceError as error:
                        raise reply.broken or error from None  # a body that broke off may be whole by its own marks
                    finally:
                        await response.aclose()
                finally:
                    found = self._idle.get(asyncio.get_running_loop())
                    if found and found[0] is unused and _is_clean(slot):  # `aclose` ends a list
                        unused.append(slot)
                    else:
                        await slot.aclose()
        except ServiceError as error:
            error.args = (self._secrets.hidden(str(error)),)
            error.request_id = error.request_id and self._secrets.hidden(error.request_id)
            raise
        except TimeoutError:
            raise self._of_tree(httpx.ReadTimeout("the reply came too slowly"), seconds) from None
        except httpx.HTTPError as error:
            hidden = self._secrets.hidden(str(error))
            raise self._of_tree(error, seconds) from (error if hidden == str(error) else None)

    def _of_tree(self, error: httpx.HTTPError, seconds: float) -> ServiceError:
        """An error of httpx as one of our tree. It names the host; never a header, and no address with a password.

        What a server says in its own words may repeat what was sent, and is masked.
        """
        host, reason = self._host, self._secrets.hidden(str(error) or type(error).__name__)
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError() | httpx.UnsupportedProtocol():
                why = f"{host} cannot be reached ({reason}): check the network and the base URL"
                return Unreachable(why, billable=False) if self._met else Unreached(why)
            case httpx.TimeoutException():
                return Unreachable(f"{host} gave no whole reply in {seconds:g} s: a retry may help")
            case httpx.DecodingError() | httpx.RemoteProtocolError():
                return BrokenReply(f"{host} sent a reply that is not whole ({reason}): a retry may help")
        return Unreachable(f"the connection to {host} broke ({reason}): a retry may help")

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        found = self._idle.pop(asyncio.get_running_loop(), None)
        if found:
            await found[1].aclose()

    async def _unused(self) -> list[httpx.AsyncHTTPTransport]:
        """The idle connections of the loop that runs. It ends the generators that were begun on it, and so closes
        them."""
        loop = asyncio.get_running_loop()
        found = self._idle.get(loop)
        if found is None:
            idle: list[httpx.AsyncHTTPTransport] = []
            self._idle = {other: its for other, its in self._idle.items() if not other.is_closed()}
            found = self._idle[loop] = idle, _closed_at_the_end(idle)
            await anext(found[1])
        return found[0]


class Secrets:
    """What must not be shown, whoever repeats it."""

    def __init__(self, *secrets: str | None) -> None:
        self._secrets = tuple(secret for secret in secrets if secret and len(secret) >= _SHORTEST)
        pieces = {one[at : at + _SHORTEST] for one in self._secrets for at in range(len(one) - _SHORTEST + 1)}
        self._pieces = sorted(pieces)
        self._piece = re.compile(f"(?=({'|'.join(map(re.escape, self._pieces))}))")

    def hidden(self, text: str) -> str:
        """A text with the secrets masked, and with every piece of one, as where a message was cut."""
        if not any(map(text.__contains__, self._pieces)):  # which is faster than to look for all of them at once
            return text
        parts: list[str] = []
        end = 0
        for piece in self._piece.finditer(text):
            if piece.start() > end or not parts:  # not the next letter of the same piece
                parts += [text[end : piece.start()], "***"]
            end = piece.start() + _SHORTEST
        return "".join([*parts, text[end:]])

    def hidden_in(self, reply: Reply) -> Reply:
        """A reply with the secrets masked, wherever it repeats one."""
        calls = (word for call in reply.tool_calls for word in (call.id, call.name, call.arguments))
        texts = (reply.content, reply.reasoning, reply.refusal, reply.finish, reply.request_id or "", *reply.others)
        words = "\0".join((*texts, *calls))
        if self.hidden(words) == words:
            return reply
        # A token of the vocabulary is shorter than a secret, and tells only together with the others.
        changed = {name: self._masked(getattr(reply, name)) for name in _WORDS}
        masked = any(changed[name] != getattr(reply, name) for name in ("content", "others", "tool_calls"))
        return replace(reply, **changed, logprobs=(), masked=masked)

    def _masked(self, value: Any) -> Any:
        match value:
            case str():
                return self.hidden(value)
            case tuple():
                return tuple(map(self._masked, value))
            case ToolCall():
                return ToolCall(*map(self.hidden, (value.id, value.name, value.arguments)))
        return value


@dataclass(slots=True)
class Response:
    """A reply whose head has come. Names of headers are in small letters; any value may repeat a secret."""

    status: int
    headers: Mapping[str, str]
    _response: httpx.Response
    broken: httpx.TransportError | None = None

    async def feed(self, take: Callable[[bytes], object]) -> None:
        """Hand the body on, a piece at a time, unpacked.

        No encoding is asked for; gzip or deflate is read where somebody on the way applied it. BrokenReply for any
        other, for a body that is not what its header says, and for one that is too large.
        """
        packed = self.headers.get("content-encoding")
        if packed and packed.strip().lower() not in _PACKED:
            raise BrokenReply("the reply is packed in a way that was not asked for: a retry may help")
        size = 0
        try:
            async for piece in self._response.aiter_bytes() if packed else self._response.aiter_raw():
                size += len(piece)
                if size > LARGEST:
                    raise BrokenReply(
                        f"the reply is larger than {LARGEST:,} bytes, which no answer is: a retry may help"
                    )
                take(piece)
        except httpx.TransportError as error:  # whether what came is whole is for its reader to say
            self.broken = error

    async def read(self) -> bytes:
        """The whole body, unpacked."""
        parts: list[bytes] = []
        await self.feed(parts.append)
        return b"".join(parts)


def _is_clean(slot: httpx.AsyncHTTPTransport) -> bool:
    """Whether nothing came behind the reply. Neither library looks: the next reply would be read from it.

    No public attribute tells. Where a release of either has others, a connection is used only once.
    """
    try:
        for connection in slot._pool.connections:
            while not hasattr(connection, "_h11_state"):
                connection = connection._connection  # type: ignore[attr-defined]
            if connection._h11_state.trailing_data[0]:
                return False
    except AttributeError:
        return False
    return True


_Idle = tuple[list[httpx.AsyncHTTPTransport], AsyncGenerator[None, None]]


async def _closed_at_the_end(idle: list[httpx.AsyncHTTPTransport]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        while idle:
            await idle.pop().aclose()


@coroutine
def straight(work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Await `work` without letting others run where it only offers to, and waits for nothing.

    httpcore and anyio offer that ten times a request. Of many replies at once each would then wait for all others at
    every step, and the next requests would leave together, to come back together.
    """
    resume: Callable[[Any], Any] = work.send
    value: Any = None
    while True:
        try:
            waiting = resume(value)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        resume, value = work.send, None
        if waiting is not None:
            try:
                value = yield waiting
            except BaseException as error:
                resume, value = work.throw, error


def proxy_for(scheme: str, host: str) -> str | None:
    """The environment's proxy for an address; never for this machine itself. UsageError for one of no use."""
    if is_loopback(host) or proxy_bypass(host):
        return None
    found = getproxies()
    address = found.get(scheme) or found.get("all")
    if not address:
        return None
    proxy = address if "://" in address else f"http://{address}"
    kind = urlsplit(proxy).scheme
    if kind not in _PROXIES:
        raise UsageError(
            f"the environment's proxy for {scheme} is of the kind {kind!r}: give one of {', '.join(_PROXIES)}"
        )
    if kind.startswith("socks") and find_spec("socksio") is None:
        raise UsageError("the environment names a SOCKS proxy; install what it needs with: pip install 'httpx[socks]'")
    return proxy


def _spare_sniffio() -> None:
    """httpcore tries to import sniffio several times a call; where it is not installed, sys.modules says so."""
    if find_spec("sniffio") is None:
        sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
