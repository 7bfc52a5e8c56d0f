"""Real replies, recorded once and replayed ever after: one file of JSON lines for a test, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extractor.call.endpoint import resolve_endpoint
from extractor.call.recorder import Exchange, Recorder
from extractor.call.recorder import recorded as lines_of
from extractor.emulator.backends import Script
from extractor.emulator.player import Player
from extractor.emulator.server import Emulator
from extractor.emulator.values import Plays, Refusal
from extractor.errors import ServiceError

__all__ = ["Unrecorded", "recorded", "replayed"]


class Unrecorded(AssertionError):
    """A request came that the recording has no reply to."""


@contextmanager
def recorded(path: Path) -> Iterator[Emulator]:
    """A server that passes requests on to the service of the environment, and writes what came of them to a file.

    The file is written whatever ends the `with`: the replies are paid for. AccountError without credentials.
    """
    recorder = Recorder(resolve_endpoint())
    try:
        with Emulator(Script(), player=_passing_on(recorder)) as emulator:
            yield emulator
    finally:
        if recorder.exchanges:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(lines_of(recorder.exchanges)))


@contextmanager
def replayed(path: Path) -> Iterator[Emulator]:
    """A server that answers as the file has it. Unrecorded is raised on leaving, where a request had no reply in it."""
    player = Player.of(path)
    with Emulator(Script(), player=player) as emulator:
        yield emulator
    if player.missing:
        raise Unrecorded(f"{path} has no reply to {player.missing[0]}: run `pytest --extractor-record`")


def _passing_on(recorder: Recorder) -> Plays:
    """What passes each request on to the service; a connection that fails is a reply with status 502."""

    async def answer(method: str, path: str, affinity: str, body: Any) -> Refusal:
        try:
            exchange = await recorder.send(method, path, body, affinity=affinity)
        except ServiceError as error:
            exchange = Exchange(method, path, affinity, body, 502, {}, str(error), 0.0)
            recorder.exchanges.append(exchange)
        headers = dict(exchange.headers)
        kind = headers.pop("content-type", "application/json")
        return Refusal(exchange.status, exchange.reply.encode(), kind, headers)

    return answer
