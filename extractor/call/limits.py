"""How much may be asked at once, a minute, and for how much money: one calculator for threads and tasks alike.

It is told the time and never waits itself. A transport makes a claim for each request, asks `admit` until that
says 0, sends, and settles the claim with what came of it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Any

import orjson

from extractor.documents.tokens import count_tokens
from extractor.errors import BrokenReply, BudgetExceeded, Busy, ServiceError, TooSlow, UsageError
from extractor.wire.prices import Price
from extractor.wire.values import Reply, Request, Usage

__all__ = ["Budget", "Claim", "Limits", "Outcome", "upper_bound", "used"]

_MINUTE = 60.0
_WINDOW = 256_000
# The estimate may fall 5 % short, and the template adds a few tokens to each message.
_MARGIN, _PER_MESSAGE = 1.06, 8
# What the largest picture costs, by the model's own formula.
_PICTURE = 4_225
_FULL = (429, 503)

Outcome = Reply | ServiceError | None
"""What came of a request; None where nobody knows, so that it may have been answered and billed."""


def upper_bound(body: Mapping[str, Any]) -> Usage:
    """The most tokens that a request can use; its cost is left to whoever knows the price."""
    messages = body.get("messages", ())
    texts = [body.get("prompt") or "", *(_text(message.get("content")) for message in messages)]
    told = {name: body[name] for name in ("tools", "response_format", "functions") if name in body}
    texts.append(orjson.dumps(told).decode() if told else "")
    pictures = sum(_pictures(message.get("content")) for message in messages)
    words = math.ceil(count_tokens("\n".join(texts)) * _MARGIN)
    prompt = words + _PER_MESSAGE * (len(messages) + 1) + _PICTURE * pictures
    longest = body.get("max_completion_tokens") or body.get("max_tokens") or max(_WINDOW - prompt, 0)
    return Usage(prompt, 0, longest * (body.get("n") or 1), None)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part.get("text") or "" for part in content)
    return content or ""


def _pictures(content: Any) -> int:
    return sum(part.get("type") == "image_url" for part in content) if isinstance(content, list) else 0


class Budget:
    """A hard cap on money. What is in flight counts at its upper bound, so that no reply can pass the cap.

    `spent` begins with what earlier runs of the same job paid. Amounts are in US dollars.
    """

    def __init__(self, max_cost_usd: float, price: Price | None, *, spent: float = 0.0) -> None:
        if price is None:
            raise UsageError("the price of this model is not known, so no budget can be kept; leave --max-cost out")
        self._cap, self._price = max_cost_usd, price
        self._spent, self._reserved = spent, 0.0
        self._lock = Lock()

    @property
    def spent(self) -> float:
        """What was paid, with requests whose fate is unknown at the most that they can have cost."""
        return self._spent

    def reserve(self, most: Usage) -> bool:
        """Set aside the most that a request can cost; False to ask again once others are settled.

        BudgetExceeded when it would not fit even then.
        """
        cost = self._price.cost(most)
        with self._lock:
            if self._spent + cost > self._cap:
                left = max(self._cap - self._spent, 0.0)
                raise BudgetExceeded(
                    f"the next request may cost up to ${cost:.4f}, and ${left:.4f} of the budget of"
                    f" ${self._cap:.2f} is left; raise the budget and run the same command to go on"
                )
            fits = self._spent + self._reserved + cost <= self._cap
            self._reserved += cost if fits else 0.0
            return fits

    def settle(self, most: Usage, used: Usage) -> None:
        """Replace a reservation by what was used."""
        with self._lock:
            self._reserved = max(self._reserved - self._price.cost(most), 0.0)
            self._spent += self._price.cost(used)


@dataclass(slots=True, eq=False)
class Claim:
    """One request's wish to be sent. `most` is the most that it can use; `at` is when it was admitted."""

    most: Usage
    at: float = math.inf
    counted: _Entry | None = None


@dataclass(slots=True, eq=False)
class _Entry:
    at: float
    amount: float


class _Minute:
    """What was begun in the last 60 seconds, kept at or under a limit."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._total = 0.0
        self._entries: deque[_Entry] = deque()

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` fits; what is larger than the whole limit fits once nothing else is there."""
        while self._entries and self._entries[0].at + _MINUTE <= now:
            self._total -= self._entries.popleft().amount
        total, seconds = self._total + amount, 0.0
        for entry in self._entries:
            if total <= self._limit:
                break
            total, seconds = total - entry.amount, entry.at + _MINUTE - now
        return seconds

    def add(self, amount: float, now: float) -> _Entry:
        self._total += amount
        self._entries.append(entry := _Entry(now, amount))
        return entry

    def correct(self, entry: _Entry, amount: float, now: float) -> None:
        if entry.at + _MINUTE > now:
            self._total += amount - entry.amount
            entry.amount = amount


class Limits:
    """The limits of one process, whichever threads and tasks ask. None is no limit.

    At most `in_flight` requests are out at once. When the service says that it is full the number is halved, and it
    grows back by one for each round of replies; a Retry-After holds everybody back.
    """

    def __init__(
        self,
        *,
        in_flight: int = 64,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._requests = _Minute(requests_per_minute or math.inf)
        self._tokens = _Minute(tokens_per_minute or math.inf)
        self._counts = tokens_per_minute is not None or budget is not None
        self._budget = budget
        self._most = self._allowed = float(in_flight)
        self._out = 0
        self._closed_until = self._halved_at = -math.inf
        self._waiting: dict[Callable[[], None], bool | None] = {}
        self._lock = Lock()

    @property
    def in_flight(self) -> int:
        """How many requests may be out at once just now."""
        return max(1, int(self._allowed))

    def claim(self, request: Request) -> Claim:
        """What a request may use; its tokens are only counted where a limit needs them."""
        return Claim(upper_bound(request.body) if self._counts else Usage())

    def admit(self, claim: Claim, now: float, wake: Callable[[], None] | None = None) -> float:
        """0 when the request may be sent at once; else the seconds until it is worth asking again.

        Infinity is until another claim is settled: that calls a `wake` for each free place, first come first.
        BudgetExceeded when the budget cannot pay for it.
        """
        tokens = claim.most.prompt_tokens + claim.most.completion_tokens
        with self._lock:
            seconds = max(self._closed_until - now, self._requests.wait(1, now), self._tokens.wait(tokens, now), 0.0)
            if seconds == 0 and self._out >= self.in_flight:
                seconds = math.inf
            if seconds == 0 and self._budget and not self._budget.reserve(claim.most):
                seconds = math.inf
            if seconds == 0:
                self._requests.add(1, now)
                claim.at, claim.counted = now, self._tokens.add(tokens, now)
                self._out += 1
            elif seconds == math.inf and wake:
                self._waiting[wake] = None
        return seconds

    def settle(self, claim: Claim, now: float, outcome: Outcome) -> None:
        """Give the claim back, with what came of it; those that waited longest are woken."""
        usage = used(claim.most, outcome)
        with self._lock:
            self._out -= 1
            if claim.counted:
                self._tokens.correct(claim.counted, usage.prompt_tokens + usage.completion_tokens, now)
            if self._budget:
                self._budget.settle(claim.most, usage)
            self._adapt(claim, now, outcome)
            woken = self._next(max(1, self.in_flight - self._out))
        for wake in woken:
            wake()

    def ignore(self, wake: Callable[[], None]) -> None:
        """Let `wake` be called no more; where it was called already, the next one is in its place."""
        with self._lock:
            woken = [] if self._waiting.pop(wake, False) is None else self._next(1)
        for other in woken:
            other()

    def _next(self, places: int) -> list[Callable[[], None]]:
        """Those that waited longest, as many as there are places; they wait no more."""
        woken = list(islice(self._waiting, places))
        for wake in woken:
            del self._waiting[wake]
        return woken

    def _adapt(self, claim: Claim, now: float, outcome: Outcome) -> None:
        if isinstance(outcome, Busy) and outcome.status in _FULL:
            self._closed_until = max(self._closed_until, now + (outcome.retry_after or 0.0))
            # Those sent before the last halving only say again what is known already.
            if claim.at > self._halved_at:
                self._allowed, self._halved_at = max(1.0, self._allowed / 2), now
        elif isinstance(outcome, Reply):
            self._allowed = min(self._most, self._allowed + 1 / self._allowed)


def used(most: Usage, outcome: Outcome) -> Usage:
    """What a request used, as far as anybody can know: where it may have been billed, the most that it can be."""
    if isinstance(outcome, Reply):
        return outcome.usage or most
    if outcome is None or isinstance(outcome, BrokenReply | TooSlow):
        return most
    return Usage()
