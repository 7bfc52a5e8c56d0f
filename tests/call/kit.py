"""Plays a driver's part by hand: a flow is fed from a table of replies, and every effect it asked for is kept."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from extractor.call.effects import Effect, Flow, Now, Run, Send, Together, Transport, Wait, drive
from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport
from extractor.errors import ExtractorError
from extractor.wire.values import Reply, Request, Usage

Outcome = Reply | ExtractorError


def driven(flow: Flow[Any], transport: Transport) -> Any:
    """Run a flow to its end, on an event loop of its own."""
    return asyncio.run(drive(flow, transport))


def over_http(endpoint: Endpoint, work: Callable[[HttpTransport], Coroutine[Any, Any, Any]], **more: Any) -> Any:
    """Do work with a transport that is closed after it."""

    async def run() -> Any:
        async with HttpTransport(endpoint, **more) as transport:
            return await work(transport)

    return asyncio.run(run())


def reply(content: str, **more: Any) -> Reply:
    """A reply that cost 100 prompt tokens and 10 completion tokens."""
    return Reply(content, **{"usage": Usage(100, 0, 10, 0.01), **more})


@dataclass
class Play:
    """Drives flows from a list of outcomes. Its clock moves by waits, and by `pace` seconds for each send."""

    outcomes: Iterable[Outcome]
    pace: float = 1.0
    now: float = 0.0
    sent: list[Request] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._outcomes = iter(self.outcomes)

    def run(self, flow: Flow[Any]) -> Any:
        resume, value = flow.send, None
        while True:
            try:
                effect = resume(value)
            except StopIteration as stop:
                return stop.value
            try:
                resume, value = flow.send, self._perform(effect)
            except ExtractorError as error:
                resume, value = flow.throw, error

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send(request):
                return self._send(request)
            case Wait(seconds):
                self.now += seconds
                self.waits.append(seconds)
            case Now():
                return self.now
            case Run(function):
                result = function()
                return asyncio.run(result) if inspect.iscoroutine(result) else result
            case Together(flows):
                return [self.run(flow) for flow in flows]
        return None

    def _send(self, request: Request) -> Reply:
        self.sent.append(request)
        self.now += self.pace
        outcome = next(self._outcomes)
        if isinstance(outcome, ExtractorError):
            raise outcome
        return outcome
