"""The emulator as a running server: in a thread for tests and library use, or in the foreground for a terminal."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from extractor.emulator.faults import Dice
from extractor.emulator.meter import CONTEXT
from extractor.emulator.values import Exchange, Plays, Responder
from extractor.errors import MissingExtra, UsageError
from extractor.wire.models import ModelEntry
from extractor.wire.prices import price_of
from extractor.wire.requests import DEFAULT_MODEL
from extractor.wire.values import Usage

try:
    import uvicorn
    from starlette.applications import Starlette
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from extractor.emulator.app import build_app
    from extractor.emulator.service import Service
except ImportError as error:
    raise MissingExtra(f"the emulator needs {error.name}", extra="emulator") from error

__all__ = ["Emulator"]


class Emulator:
    """A server of the Workers AI contract on loopback. Use it in a `with`; leaving raises what `reply` raised.

    `reply` is a function of the request (a dict) that returns content (text or a JSON value), a Completion or a
    Refusal. `faults` are rates by name (see `FAULTS`), drawn by `seed`; no more than `most_faults` requests draw any.
    `latency` is in seconds, before each answer.
    `window` is the most tokens of prompt and answer together. `rpm` is how many requests a minute are accepted, None
    for any number. `entry` is the model's entry in the catalogue. A `player` replays a recording in place of all this.

    >>> from extractor import Emulator, Extractor
    >>> with Emulator(reply=lambda body: {"total": "3.50"}, faults={"fenced": 1.0}) as emulator:
    ...     account = {"account_id": emulator.account_id, "token": emulator.token}
    ...     with Extractor(base_url=emulator.base_url, **account) as extractor:
    ...         result = extractor.extract({"properties": {"total": {"type": "string"}}}, "total 3.50")
    >>> result.value
    {'total': '3.50'}
    """

    def __init__(
        self,
        reply: Responder,
        *,
        faults: Mapping[str, float] | None = None,
        seed: int = 0,
        most_faults: int | None = None,
        latency: float = 0.0,
        model: str = DEFAULT_MODEL,
        window: int = CONTEXT,
        rpm: float | None = None,
        entry: ModelEntry | None = None,
        player: Plays | None = None,
        port: int = 0,
    ) -> None:
        self.account_id, self.token = secrets.token_hex(16), secrets.token_urlsafe(24)
        self.model, self.window = model, window
        dice = Dice(faults or {}, seed, most_faults)
        self._service = Service(reply, self.account_id, self.token, dice, latency, model, window, rpm, entry)
        self._socket = _listen(port)
        self._server = _Server(build_app(self._service, player))
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)

    @property
    def base_url(self) -> str:
        """Everything before `/accounts/...`."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/client/v4"

    @property
    def gateway_url(self) -> str:
        """The same service as an AI Gateway of the older form: everything before `/workers-ai/...`."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1/{self.account_id}/gateway"

    @property
    def requests(self) -> list[Exchange]:
        """Every request so far, in the order of arrival, refused ones included."""
        return self._service.exchanges

    @property
    def served(self) -> int:
        """How many requests were answered and billed, whatever became of the reply on its way."""
        return sum(exchange.usage is not None for exchange in self.requests)

    @property
    def usage(self) -> Usage:
        """What all of them were billed together, in tokens and in money."""
        total = sum((exchange.usage for exchange in self.requests if exchange.usage), Usage())
        price = price_of(self.model)
        cost = price.cost(total) if price else None
        return Usage(total.prompt_tokens, total.cached_tokens, total.completion_tokens, cost)

    def serve(self) -> None:
        """Serve in this thread, until interrupted."""
        self._run()

    def stop(self) -> None:
        """Let a server that runs in another thread end."""
        self._server.should_exit = True

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join()
        if kind is None and self._service.failures:
            raise self._service.failures[0]

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()


class _Protocol(H11Protocol):
    """uvicorn's protocol, which lets the application at the connection: no server sends what some faults are.

    One that was let at it is closed at once when the server ends, as uvicorn waits for a reply that never ends.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "taken": self._taken}

    def _taken(self) -> asyncio.Transport:
        self.shutdown = self.transport.abort  # type: ignore[method-assign]
        return self.transport


class _Server(uvicorn.Server):
    """uvicorn, quiet, that tells when it is ready."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_Protocol,
                lifespan="off",
                access_log=False,
                log_config=None,
                log_level="critical",
                server_header=False,
                date_header=False,
                backlog=4096,
                timeout_graceful_shutdown=1,
            )
        )
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _listen(port: int) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and each reply on a used connection takes 40 ms.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()  # who is told the address now is heard once the server runs
    except OSError as error:
        listener.close()
        raise UsageError(f"port {port} is taken ({error.strerror}); choose another with --port, or 0 for any") from None
    return listener
