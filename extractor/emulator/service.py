"""One request from door to answer, with no web framework in it: who asks, what, whether it fits, and the answer."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from inspect import isawaitable
from typing import Any, TypeVar, cast
from uuid import uuid4

import orjson

from extractor.call.clock import now
from extractor.emulator import refusals
from extractor.emulator.checks import check_edge, check_engine
from extractor.emulator.completions import chat_completion, choice, usage_of
from extractor.emulator.faults import FAULTS, Dice
from extractor.emulator.meter import CONTEXT, Meter, allowance
from extractor.emulator.player import Plays
from extractor.emulator.streams import frames
from extractor.emulator.values import Completion, Exchange, Outcome, Refusal, Responder, Where
from extractor.wire.models import ModelEntry
from extractor.wire.prices import price_of
from extractor.wire.requests import DEFAULT_MODEL

__all__ = ["Account", "Incoming", "Service", "enveloped", "fitting"]

Whole = Mapping[str, Any]
"""A whole JSON object: the body of a request, or a chat.completion."""

_PUBLISHED, _GENEROUS = 262_144, 1200
_KNOWN = {DEFAULT_MODEL, "@cf/moonshotai/kimi-k2.5"}
_ACCOUNT = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Account:
    """Who may ask, and how often a minute; the one model of the emulator's own besides the service's, its window in
    tokens, and its entry in the catalogue, None for the one that is published."""

    account_id: str
    token: str = field(repr=False)
    model: str = DEFAULT_MODEL
    window: int = CONTEXT
    rpm: float | None = None
    entry: ModelEntry | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One HTTP request: `model` is that of the path (None where the body names it), `bare` asks for no envelope,
    `queued` for the batch queue."""

    path: str
    headers: Mapping[str, str]
    raw: bytes
    account_id: str
    model: str | None = None
    bare: bool = False
    queued: bool = False


@dataclass(slots=True)
class Service:
    """The emulated service. `exchanges` are the requests that came, in the order of arrival; `failures` are errors of
    its responder, which the client only sees as a 500. With a `player` nobody answers: what was recorded is played.
    """

    responder: Responder
    account: Account
    dice: Dice
    latency: float = 0.0
    player: Plays | None = None
    meter: Meter = field(default_factory=Meter)
    exchanges: list[Exchange] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    _minute: deque[float] = field(default_factory=deque)

    async def answer(self, incoming: Incoming) -> Outcome:
        """Answer one request for one completion."""
        request_id = str(uuid4())
        exchange, body = self.open(incoming, request_id)
        if isinstance(body, Refusal):
            return self.close(exchange, body, request_id)
        if not self._admitted():
            return self.close(exchange, refusals.rate_limited(request_id), request_id)
        exchange.faults = tuple(fitting(self.dice.roll(body), body))
        settled = await self.settle(body, exchange, request_id)
        if isinstance(settled, Refusal):
            return self.close(exchange, settled, request_id)
        exchange.status = 200
        return self._deliver(settled, exchange, request_id, bare=incoming.bare)

    def models(self) -> set[str]:
        """The names that this service answers to."""
        return {*_KNOWN, self.account.model}

    def entries(self) -> list[ModelEntry]:
        """The catalogue, as far as this service is in it."""
        account = self.account
        price = price_of(account.model)
        published = ModelEntry(name=account.model, price=price, batch=True, window=_PUBLISHED)
        return [account.entry or published]

    def _admitted(self) -> bool:
        """Whether another request is within the limit of this minute."""
        if self.account.rpm is None:
            return True
        moment = now()
        while self._minute and self._minute[0] + 60 <= moment:
            self._minute.popleft()
        if len(self._minute) >= self.account.rpm:
            return False
        self._minute.append(moment)
        return True

    def open(self, incoming: Incoming, request_id: str) -> tuple[Exchange, Any]:
        """Record the request, and give its body, or the refusal of it."""
        exchange = Exchange(incoming.path, incoming.headers, None)
        self.exchanges.append(exchange)
        if not _ACCOUNT.fullmatch(incoming.account_id):
            return exchange, refusals.route_lost(incoming.path)
        token = incoming.headers.get("authorization", "").removeprefix("Bearer ")
        if incoming.account_id != self.account.account_id or token != self.account.token:
            return exchange, refusals.unauthorized()
        try:
            body = exchange.body = orjson.loads(incoming.raw)
        except orjson.JSONDecodeError:
            return exchange, refusals.envelope(3003, "Request is missing headers or body: body", request_id, status=400)
        model = incoming.model or (body.get("model") if isinstance(body, dict) else None)
        if str(model).removeprefix("workers-ai/") not in self.models():
            return exchange, refusals.envelope(5007, f"No such model {model} or task", request_id, status=400)
        if not incoming.queued and (text := check_edge(body)):
            return exchange, refusals.bad_input(text, request_id)
        return exchange, body

    async def settle(self, body: Mapping[str, Any], exchange: Exchange, request_id: str) -> Whole | Refusal:
        """The answer to a request that passed the edge, with the faults that `exchange` drew."""
        affinity = exchange.headers.get("x-session-affinity")
        prompt = self.meter.prompt(body)
        cached = self.meter.cached(prompt, affinity)  # on arrival: what is still being read is in no cache
        await asyncio.sleep(self.latency)
        if name := next((name for name in exchange.faults if FAULTS[name].where == "refusal"), None):
            exchange.faults = (name,)
            return cast("Refusal", FAULTS[name].act(request_id))
        if objection := check_engine(body):
            status, code, text = objection
            return refusals.engine_says(text, request_id, code=code, status=status)
        if prompt.tokens + allowance(body) > self.account.window:
            return refusals.too_long(prompt.tokens, allowance(body), self.account.window, request_id)
        answers = [await self._ask(body) for _ in range(int(float(body.get("n") or 1)))]
        if refusal := next((answer for answer in answers if isinstance(answer, Refusal)), None):
            return refusal
        completions = [answer for answer in answers if isinstance(answer, Completion)]
        self.meter.remember(prompt, affinity)
        return self._bill(body, completions, exchange, (prompt.tokens, cached), request_id)

    def close(self, exchange: Exchange, refusal: Refusal, request_id: str) -> Outcome:
        """The refusal as it goes back."""
        exchange.status = refusal.status
        headers = self.headers(exchange, request_id, refusal.content_type) | dict(refusal.headers)
        return Outcome(refusal.status, headers, refusal.body)

    def headers(self, exchange: Exchange, request_id: str, content_type: str = "application/json") -> dict[str, str]:
        """The headers of every reply; neurons only where the request was billed."""
        headers = {"content-type": content_type, "cf-ray": f"{request_id[:8]}{request_id[-8:]}-LHR"}
        headers["date"] = formatdate(usegmt=True)
        headers["cf-ai-req-id"] = request_id
        if "cf-aig-gateway-id" in exchange.headers:
            headers["cf-aig-log-id"] = request_id.replace("-", "").upper()[:26]
        if "rate_headers" in exchange.faults:
            quota = int(self.account.rpm or _GENEROUS)
            headers["ratelimit-policy"] = f'"requests";q={quota};w=60'
            headers["ratelimit"] = f'"requests";r={max(quota - len(self._minute), 1)};t=60'
        if exchange.usage is not None and exchange.status == 200:
            headers["cf-ai-neurons"] = f"{self.meter.neurons(exchange.usage):.6f}"
        return headers

    async def _ask(self, body: Mapping[str, Any]) -> Completion | Refusal:
        try:
            found = self.responder(body)
            answer = await found if isawaitable(found) else found
        except Exception as error:
            self.failures.append(error)
            raise
        return answer if isinstance(answer, Completion | Refusal) else Completion(answer)

    def _bill(
        self, body: Whole, answers: list[Completion], exchange: Exchange, prompt: tuple[int, int], request_id: str
    ) -> Whole:
        spoilt = [_changed(answer, exchange, "answer") for answer in answers]
        choices = [choice(answer, body, self.meter, index) for index, answer in enumerate(spoilt)]
        tokens, cached = prompt
        usage = usage_of(spoilt, choices, body, self.meter, prompt_tokens=tokens, cached_tokens=cached)
        exchange.usage = usage
        model = body.get("model") or self.account.model
        thought = sum(self.meter.count(answer.reasoning) for answer in spoilt)
        whole = chat_completion(
            model, choices, usage, identity=request_id, now=int(time.time()), reasoning_tokens=thought
        )
        return _changed(whole, exchange, "reply")

    def _deliver(self, whole: Whole, exchange: Exchange, request_id: str, *, bare: bool) -> Outcome:
        if exchange.body.get("stream") and "stream_as_json" not in exchange.faults:
            headers = self.headers(exchange, request_id, "text/event-stream")
            outcome = _changed(Outcome(200, headers, stream=tuple(frames(whole))), exchange, "stream")
        else:
            body = orjson.dumps(whole if bare else enveloped(whole))
            outcome = _changed(Outcome(200, self.headers(exchange, request_id), body), exchange, "body")
        return _changed(outcome, exchange, "connection")


T = TypeVar("T")


def _changed(value: T, exchange: Exchange, where: Where) -> T:
    """A value after the faults that act there, in the order of the table.

    One to which another has left nothing that it can change does not act, and `exchange.faults` no longer names it.
    """
    first = True
    for fault in (FAULTS[name] for name in exchange.faults if FAULTS[name].where == where):
        try:
            value, first = fault.act(value), False
        except (AttributeError, LookupError, TypeError, ValueError):
            if first:
                raise
            exchange.faults = tuple(name for name in exchange.faults if name != fault.name)
    return value


def enveloped(result: Any) -> dict[str, Any]:
    """The v4 envelope of a success."""
    return {"result": result, "success": True, "errors": [], "messages": []}


def fitting(faults: Collection[str], body: Mapping[str, Any]) -> Iterator[str]:
    """Those of the drawn faults that this kind of request can show."""
    streamed = bool(body.get("stream"))
    streams = streamed and "stream_as_json" not in faults
    for fault in (FAULTS[name] for name in faults):
        visible = {"batch": False, "stream": streams, "body": not streams}.get(fault.where, True)
        if (visible or (streamed and fault.name == "stream_as_json")) and fault.needs(body):
            yield fault.name
