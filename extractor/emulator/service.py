"""One request from door to answer: who asks, what, whether it fits, and the answer with its faults."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from inspect import isawaitable
from typing import Any, TypeVar

import orjson
from starlette.requests import Request

from extractor.call.clock import now
from extractor.emulator import refusals
from extractor.emulator.checks import check_edge, check_engine
from extractor.emulator.completions import answered
from extractor.emulator.faults import FAULTS, Dice
from extractor.emulator.meter import CONTEXT, Meter, allowance
from extractor.emulator.streams import frames
from extractor.emulator.values import Completion, Exchange, Outcome, Refusal, Refused, Responder, Where
from extractor.wire.models import ModelEntry
from extractor.wire.prices import price_of
from extractor.wire.requests import DEFAULT_MODEL

__all__ = ["Service", "enveloped", "fitting"]

Whole = Mapping[str, Any]
"""A whole JSON object: the body of a request, or a chat.completion."""

_PUBLISHED, _GENEROUS = 262_144, 1200
_ALIAS = "@cf/moonshotai/kimi-k2.5"
_ACCOUNT = re.compile(r"[0-9a-f]{32}")


@dataclass(slots=True)
class Service:
    """The emulated service for one account and token.

    `model` is answered for besides the service's own, with a `window` in tokens and `rpm` requests a minute (None is
    any number); `entry` is its entry in the catalogue, None for the one that is published. `exchanges` are the requests
    that came, in the order of arrival; `failures` are errors of the responder, which the client only sees as a 500.
    """

    responder: Responder
    account_id: str
    token: str = field(repr=False)
    dice: Dice
    latency: float = 0.0
    model: str = DEFAULT_MODEL
    window: int = CONTEXT
    rpm: float | None = None
    entry: ModelEntry | None = None
    meter: Meter = field(default_factory=Meter)
    exchanges: list[Exchange] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    _minute: deque[float] = field(default_factory=deque)

    async def answer(self, request: Request) -> Outcome:
        """Answer one request for one completion; in an envelope, unless OpenAI's route is asked."""
        raw = await request.body()  # one that breaks off is no request
        exchange = self.arrived(request)
        try:
            body = self.open(exchange, request, raw)
            if text := check_edge(body):
                raise Refused(refusals.bad_input(text))
            if not self._admitted():
                raise Refused(refusals.rate_limited())
            exchange.faults = tuple(fitting(self.dice.roll(body), body))
            whole = await self.settle(body, exchange)
        except Refused as refused:
            return self.close(exchange, refused.refusal)
        exchange.status = 200
        return self._deliver(whole, exchange, bare=exchange.path.endswith("/chat/completions"))

    def arrived(self, request: Request) -> Exchange:
        """The record of a request."""
        self.exchanges.append(Exchange(request.url.path, dict(request.headers), None))
        return self.exchanges[-1]

    def open(self, exchange: Exchange, request: Request, raw: bytes) -> Any:
        """The body of a request, once who asks and for which model is known. Refused else."""
        account = request.path_params["account"]
        if not _ACCOUNT.fullmatch(account):
            raise Refused(refusals.route_lost(exchange.path))
        token = exchange.headers.get("authorization", "").removeprefix("Bearer ")
        if account != self.account_id or token != self.token:
            raise Refused(refusals.unauthorized())
        try:
            body = exchange.body = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise Refused(refusals.envelope(3003, "Request is missing headers or body: body")) from None
        model = request.path_params.get("model") or (body.get("model") if isinstance(body, dict) else None)
        if str(model).removeprefix("workers-ai/") not in {DEFAULT_MODEL, _ALIAS, self.model}:
            raise Refused(refusals.envelope(5007, f"No such model {model} or task"))
        return body

    def catalogue(self) -> ModelEntry:
        """The catalogue, as far as this service is in it."""
        price = price_of(self.model)
        return self.entry or ModelEntry(name=self.model, price=price, batch=True, window=_PUBLISHED)

    async def settle(self, body: Whole, exchange: Exchange) -> Whole:
        """The answer to a request that passed the edge, with the faults that `exchange` drew. Refused without one."""
        affinity = exchange.headers.get("x-session-affinity")
        prompt = self.meter.prompt(body)
        cached = self.meter.cached(prompt, affinity)  # on arrival: what is still being read is in no cache
        await asyncio.sleep(self.latency)
        if name := next((name for name in exchange.faults if FAULTS[name].where == "refusal"), None):
            exchange.faults = (name,)
            raise Refused(FAULTS[name].act)
        if objection := check_engine(body):
            status, code, text = objection
            raise Refused(refusals.envelope(code, text, status=status))
        if prompt.tokens + allowance(body) > self.window:
            raise Refused(refusals.too_long(prompt.tokens, allowance(body), self.window))
        answers = [await self._ask(body) for _ in range(int(float(body.get("n") or 1)))]
        self.meter.remember(prompt, affinity)
        spoilt = [_changed(answer, exchange, "answer") for answer in answers]
        whole, exchange.usage = answered(spoilt, body, self.meter, prompt_tokens=prompt.tokens, cached_tokens=cached)
        head = {"id": f"id-{exchange.request_id}", "created": int(time.time())}
        return _changed({**head, "model": body.get("model") or self.model, **whole}, exchange, "reply")

    def close(self, exchange: Exchange, refusal: Refusal) -> Outcome:
        """The refusal as it goes back."""
        exchange.status = refusal.status
        body = refusal.body.replace(refusals.REQUEST_ID, exchange.request_id.encode())
        return Outcome(refusal.status, self.headers(exchange, refusal.content_type) | dict(refusal.headers), body)

    def headers(self, exchange: Exchange, content_type: str = "application/json") -> dict[str, str]:
        """The headers of every reply; neurons only where the request was billed."""
        request_id = exchange.request_id
        headers = {"content-type": content_type, "cf-ray": f"{request_id[:8]}{request_id[-8:]}-LHR"}
        headers |= {"date": formatdate(usegmt=True), "cf-ai-req-id": request_id}
        if "cf-aig-gateway-id" in exchange.headers:
            headers["cf-aig-log-id"] = request_id.replace("-", "").upper()[:26]
        if "rate_headers" in exchange.faults:
            quota = int(self.rpm or _GENEROUS)
            headers["ratelimit-policy"] = f'"requests";q={quota};w=60'
            headers["ratelimit"] = f'"requests";r={max(quota - len(self._minute), 1)};t=60'
        if exchange.usage is not None and exchange.status == 200:
            headers["cf-ai-neurons"] = f"{self.meter.neurons(exchange.usage):.6f}"
        return headers

    def _admitted(self) -> bool:
        """Whether another request is within the limit of this minute."""
        moment = now()
        while self._minute and self._minute[0] + 60 <= moment:
            self._minute.popleft()
        if self.rpm is not None and len(self._minute) >= self.rpm:
            return False
        self._minute.append(moment)
        return True

    async def _ask(self, body: Whole) -> Completion:
        try:
            found = self.responder(body)
            answer = await found if isawaitable(found) else found
        except Exception as error:
            self.failures.append(error)
            raise
        if isinstance(answer, Refusal):
            raise Refused(answer)
        return answer if isinstance(answer, Completion) else Completion(answer)

    def _deliver(self, whole: Whole, exchange: Exchange, *, bare: bool) -> Outcome:
        if exchange.body.get("stream") and "stream_as_json" not in exchange.faults:
            headers = self.headers(exchange, "text/event-stream")
            outcome = _changed(Outcome(200, headers, stream=tuple(frames(whole))), exchange, "stream")
        else:
            body = orjson.dumps(whole if bare else enveloped(whole))
            outcome = _changed(Outcome(200, self.headers(exchange), body), exchange, "body")
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


def fitting(faults: Collection[str], body: Whole) -> Iterator[str]:
    """Those of the drawn faults that this kind of request can show."""
    streamed = bool(body.get("stream"))
    streams = streamed and "stream_as_json" not in faults
    for fault in (FAULTS[name] for name in faults):
        visible = {"batch": False, "stream": streams, "body": not streams}.get(fault.where, True)
        if (visible or (streamed and fault.name == "stream_as_json")) and fault.needs(body):
            yield fault.name
