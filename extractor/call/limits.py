"""How much may be asked at once, a minute, and for how much money: one calculator for threads and tasks alike.

It is told the time and never waits itself. A transport makes a claim for each request, asks `admit` until that
says 0, sends, and settles the claim with what came of it.

Where nobody answers, a breaker ends the run. Let N be the requests that may be in flight, and at least four. It opens
- once N in a row came to nothing, and for 30 seconds (or the longest that one request may take, if that is less) no
  answer of any kind came;
- once 4 N that may all be billed broke, with no reply between them;
- once N in a row, about four documents at least, came back with the page of a firewall, and no reply between them;
- once a service that only refuses, which bills nothing, has given no reply for as long as one question may take.
So a server that falls silent ends a run after ceil(4 / in flight) times the longest that a request may take, and 30
seconds; at most 5 N requests may be billed for it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from threading import RLock
from typing import NoReturn

from extractor.call.ledger import Ledger, Outcome, prompt_tokens
from extractor.errors import Blocked, BrokenReply, Busy, Unanswered, Unreachable
from extractor.wire.requests import SERVICE_RPM, Rate
from extractor.wire.values import Reply, Request, Usage

__all__ = ["Claim", "Limits"]

_MINUTE = 60.0
_SLACK = 1.0
_FULL, _TOO_MANY, _CAPACITY = (429, 503), 429, 3040
_FEWEST, _SILENT_SECONDS, _ROUNDS = 4, 30.0, 4

Wake = Callable[[], object]


@dataclass(slots=True, eq=False)
class Claim:
    """One request that is to be sent. `most` is the most that it can use, `tokens` what it is likely to use; `at` is
    when it was admitted. `billed` is the most in US dollars that it was billed by the head of its reply, whatever
    becomes of the body."""

    request: Request
    most: Usage = field(default_factory=Usage)
    tokens: int = 0
    at: float = math.inf
    billed: float | None = None
    counted: _Entry | None = None
    begun: _Entry | None = None
    place: tuple[int, int] | None = None


@dataclass(slots=True, eq=False)
class _Entry:
    at: float
    amount: float


class _Minute:
    """What was begun in the last 60 seconds, kept at or under a limit: `cap`, which a person set, or what replies tell.

    A refusal that names no time to wait means that what got through in the last minute is all that may, where that is
    near the limit, or where more is refused than gets through; others are noise. From then on the limit grows back by
    a quarter for each minute without such a refusal.
    """

    def __init__(self, cap: float | None, default: float | None = None) -> None:
        # The service counts from when a request arrives, which is a little later than when it is begun.
        self._window = _MINUTE if cap else _MINUTE + _SLACK
        self._limit = self._most = cap or default or math.inf
        self._cap = cap or math.inf
        self._lowered_at = -math.inf
        self._total = 0.0
        self._entries: deque[_Entry] = deque()
        self._refusals: deque[float] = deque()

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` fits; what is larger than the whole limit fits once nothing else is there."""
        if self._limit < self._most and self._lowered_at + _MINUTE <= now:
            self._limit, self._lowered_at = min(self._most, self._limit * 1.25 + 1), now
        if self._entries and self._entries[0].at + self._window <= now:
            self._forget(now)
        total, seconds = self._total + amount, 0.0
        for entry in self._entries:
            if total <= self._limit:
                break
            total, seconds = total - entry.amount, entry.at + self._window - now
        return seconds

    def add(self, amount: float, now: float) -> _Entry:
        """Count a request; where there is no limit yet, with those of the same second, so that few are kept."""
        if not (self._limit == math.inf and self._entries and now - self._entries[-1].at < _SLACK):
            self._entries.append(_Entry(now, 0.0))
        self._total += amount
        self._entries[-1].amount += amount
        return self._entries[-1]

    def correct(self, entry: _Entry, amount: float, now: float) -> None:
        """Count another amount for a request than was added."""
        if entry.at + self._window > now:
            self._total += amount - entry.amount
            entry.amount = amount

    def learn(self, per_minute: float) -> None:
        """Take the limit that a reply tells, never more than a person allows."""
        self._limit = self._most = min(self._cap, max(1.0, per_minute))

    def refused(self, entry: _Entry | None, now: float) -> None:
        """Take back a request that was refused; the others of the last minute may be the limit."""
        self._forget(now)
        if entry is not None:
            self.correct(entry, entry.amount - 1, now)
        self._refusals.append(now)
        while self._refusals[0] + self._window <= now:
            self._refusals.popleft()
        near = self._total >= min(self._limit, 2 * SERVICE_RPM) / 2
        if near or len(self._refusals) > self._total:
            self._limit, self._lowered_at = max(1.0, min(self._limit, self._total)), now

    def _forget(self, now: float) -> None:
        while self._entries and self._entries[0].at + self._window <= now:
            self._total -= self._entries.popleft().amount


class _Breaker:
    """Knows when nobody answers any more. Half a minute later one request may find out whether that is over."""

    def __init__(self, seconds: float, patience: float) -> None:
        self._seconds, self._patience = min(seconds, _SILENT_SECONDS), patience
        self._silent = self._wasted = self._refused = 0
        self._blocked: list[tuple[int, str]] = []
        self._since = self._last = self._refused_since = -math.inf

    def hear(self, outcome: Outcome, request: Request, begun: float, now: float) -> None:
        """Take in what came of a request; None, which its own side gave up, says nothing."""
        if isinstance(outcome, Unreachable):
            self._since = min(self._since, begun) if self._silent else begun
            self._silent += 1
        elif outcome is not None:
            self._silent = 0
        if isinstance(outcome, Busy):
            self._refused_since = self._refused_since if self._refused else begun
            self._refused, self._last = self._refused + 1, now
        elif isinstance(outcome, Blocked):
            self._blocked.append((request.rank, request.document))  # texts have one name
            self._last = now
        elif isinstance(outcome, Reply):
            self._wasted = self._refused = 0
            self._blocked.clear()
        elif isinstance(outcome, Unreachable | BrokenReply):
            self._wasted, self._last = self._wasted + outcome.billable, now

    def check(self, in_flight: int, now: float) -> None:
        """Unanswered where nobody answers."""
        if now - self._last >= _SILENT_SECONDS:
            return
        many, silent = max(_FEWEST, in_flight), self._last - self._since
        if self._silent >= many and silent >= self._seconds:
            self._open(f"the last {self._silent} requests came to nothing within {silent:.0f} s")
        if self._refused >= _FEWEST and (refused := self._last - self._refused_since) >= self._patience:
            self._open(f"the service is too busy, and has given no reply for {refused:.0f} s")
        if len(self._blocked) >= many and len(set(self._blocked)) >= _FEWEST:
            self._open(f"a firewall or proxy on the way has answered the last {len(self._blocked)} requests")
        if self._wasted >= _ROUNDS * many:
            self._open(f"the last {self._wasted} requests broke, and may all be billed")

    def _open(self, why: str) -> NoReturn:
        raise Unanswered(
            f"the service does not answer: {why}; look at the network and at the service's status, then run the same"
            " again to go on"
        )


class Limits:
    """The limits of one process, whichever threads and tasks ask. None is no limit.

    At most `in_flight` requests are out at once. When the service says that it is full the number is halved, and it
    grows back by one for each round of replies; a Retry-After holds everybody back, unless it is for more than
    `patience` seconds, after which nobody would ask any more. Whatever has to wait goes in the order of ranks, and of
    coming among equals. `requests_per_minute` is a person's limit, never passed; without one `known_rate` is where the
    service's own begins, and replies then tell. `seconds` is the longest that one request may take.
    """

    def __init__(
        self,
        *,
        in_flight: int = 64,
        requests_per_minute: float | None = None,
        known_rate: float | None = None,
        tokens_per_minute: float | None = None,
        ledger: Ledger | None = None,
        patience: float = math.inf,
        seconds: float = math.inf,
    ) -> None:
        self._patience = patience
        self._requests = _Minute(requests_per_minute, known_rate)
        self._tokens = None if tokens_per_minute is None else _Minute(tokens_per_minute)
        self._ledger = ledger
        self._breaker = _Breaker(seconds, patience)
        self._most = self._allowed = float(in_flight)
        self.in_flight = max(1, in_flight)
        """How many requests may be out at once just now."""
        self._out = 0
        self._closed_until = self._halved_at = -math.inf
        self._numbers = count()
        self._waiting: list[tuple[int, int, Wake]] = []
        self._lock = RLock()

    def claim(self, request: Request) -> Claim:
        """What a request may use; its tokens are only counted where a limit needs them."""
        claim = Claim(request)
        if self._ledger:
            claim.most = self._ledger.most(request.body)
        if self._tokens:
            body = request.body
            claim.tokens = prompt_tokens(body) + (body.get("max_completion_tokens") or body.get("max_tokens") or 0)
        return claim

    def admit(self, claim: Claim, now: float, wake: Wake | None = None) -> float:
        """0 when the request may be sent at once; else the seconds until it is worth asking again.

        With a `wake` the claim waits in the queue until it is admitted or leaves. Infinity is until `wake` is called:
        when it is the first, and another was settled. BudgetExceeded when the budget cannot pay for it, Unanswered
        when nobody answers any more.
        """
        with self._lock:
            self._breaker.check(self.in_flight, now)
            behind = self._waiting and self._waiting[0][:2] < (claim.place or (claim.request.rank, math.inf))
            seconds = math.inf if behind else self._seconds(claim, now)
            if seconds and wake and claim.place is None:
                claim.place = claim.request.rank, next(self._numbers)
                insort(self._waiting, (*claim.place, wake))
            elif not seconds:
                self._out += 1
                claim.at, claim.begun = now, self._requests.add(1, now)
                claim.counted = self._tokens.add(claim.tokens, now) if self._tokens else None
                if claim.place:
                    self.leave(claim)
        return seconds

    def leave(self, claim: Claim) -> None:
        """Let a claim wait no more."""
        with self._lock:
            if claim.place is None:
                return
            index = bisect_left(self._waiting, claim.place)
            del self._waiting[index]
            claim.place = None
            if index == 0 and self._waiting:
                self._waiting[0][2]()

    def settle(self, claim: Claim, now: float, outcome: Outcome) -> None:
        """Give an admitted claim back, with what came of it."""
        with self._lock:
            self._out -= 1
            if self._tokens and claim.counted:
                self._tokens.correct(claim.counted, _used(claim, outcome), now)
            if isinstance(outcome, Busy) and (outcome.status in _FULL or outcome.code == _CAPACITY):
                self._slow_down(claim, now, outcome)
            elif isinstance(outcome, Reply):
                self._allowed = min(self._most, self._allowed + 1 / self._allowed)
            self.in_flight = max(1, int(self._allowed))
            self._breaker.hear(outcome, claim.request, claim.at, now)
            try:
                if self._ledger:
                    self._ledger.settle(claim.request, claim.most, outcome, billed=claim.billed)
            finally:
                for *_, wake in self._waiting[: max(1, self.in_flight - self._out)]:
                    wake()

    def learn(self, rate: Rate, now: float) -> None:
        """Take in what the headers of a reply tell of the service's rate limit."""
        with self._lock:
            if rate.per_minute is not None:
                self._requests.learn(rate.per_minute)
            if rate.left == 0 and rate.seconds is not None and rate.seconds <= self._patience:
                self._closed_until = max(self._closed_until, now + rate.seconds)

    def _seconds(self, claim: Claim, now: float) -> float:
        """How long a claim that nobody goes before has to wait; where it has not, the budget has set its cost aside."""
        seconds = max(0.0, self._closed_until - now, self._requests.wait(1, now))
        if self._tokens:
            seconds = max(seconds, self._tokens.wait(claim.tokens, now))
        if not seconds and self._out >= self.in_flight:
            return math.inf
        request = claim.request
        if not seconds and self._ledger and not self._ledger.reserve(request.key, claim.most, request.document):
            return math.inf if self._out else _SLACK  # with nothing out, other processes have the money
        return seconds

    def _slow_down(self, claim: Claim, now: float, error: Busy) -> None:
        if error.status == _TOO_MANY and error.code != _CAPACITY and error.retry_after is None:
            self._requests.refused(claim.begun, now)
        seconds = error.retry_after or 0.0
        if seconds <= self._patience:
            self._closed_until = max(self._closed_until, now + seconds)
        # Those sent before the last halving only say again what is known already.
        if claim.at > self._halved_at:
            self._allowed, self._halved_at = max(1.0, self._allowed / 2), now


def _used(claim: Claim, outcome: Outcome) -> int:
    """The tokens that a request took of its minute: where nobody knows, those that it was likely to."""
    usage = outcome.usage if outcome is not None else None
    if usage is not None:
        return int(usage.prompt_tokens + usage.completion_tokens)
    return claim.tokens if outcome is None or isinstance(outcome, Reply) or outcome.billable else 0
