"""One request to one reply: the retries of the transport, as a flow."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import takewhile
from typing import Protocol

from extractor.call.effects import Flow, Now, Send, Wait
from extractor.errors import Blocked, BrokenReply, Busy, ServiceError, Unreachable
from extractor.wire.values import Reply, Request

__all__ = ["PASSING", "Watch", "backoff", "deliver"]

PASSING = (Unreachable, Busy, BrokenReply, Blocked)
"""The failures after which the same request may still be answered."""

_PATIENCE: dict[str, float] = {"Unreached": 4, "Unreachable": 6, "Blocked": 3, "engine": 6}
_PAID = 6
_ENGINE = (8005, 1031)


class Watch(Protocol):
    """Hears of each step of a delivery. `seconds` is how long the attempt took, or the wait will take."""

    def sending(self) -> None: ...

    def received(self, reply: Reply, seconds: float) -> None: ...

    def failed(self, error: ServiceError, seconds: float) -> None: ...

    def retrying(self, error: ServiceError, seconds: float) -> None: ...


def deliver(request: Request, *, attempts: int, seconds: float, watch: Watch) -> Flow[Reply]:
    """Send until a reply comes, at most `attempts` times, beginning no attempt `seconds` or more after the first.

    Between attempts it waits with full jitter, and never less than a Retry-After asks. The last failure is raised
    as it came; one that is not of `PASSING` is raised at once.
    """
    errors: list[ServiceError] = []
    first = began = yield Now()
    while True:
        watch.sending()
        try:
            reply = yield Send(request)
        except ServiceError as error:
            ended = yield Now()
            watch.failed(error, ended - began)
            errors.append(error)
            pause = backoff(error, len(errors))
            over = len(errors) >= attempts or ended + pause - first >= seconds
            if over or not isinstance(error, PASSING) or _last(errors):
                raise
            watch.retrying(error, pause)
        else:
            watch.received(reply, (yield Now()) - began)
            return reply  # type: ignore[no-any-return]
        yield Wait(pause)
        began = yield Now()


def backoff(error: ServiceError, attempt: int) -> float:
    """Seconds to wait: full jitter under a doubling ceiling of 0.5 to 8, on top of whatever Retry-After asks for."""
    return (error.retry_after or 0.0) + random.uniform(0.0, min(8.0, 2.0 ** (attempt - 2)))


def _last(errors: Sequence[ServiceError]) -> bool:
    """Whether failures are there to stay: a few in a row because nobody is reached, a firewall is on the way, or the
    engine breaks; or several of any kind that may have been billed, in a row or not."""
    kind = _kind(errors[-1])
    in_a_row = sum(1 for _ in takewhile(lambda error: _kind(error) == kind, reversed(errors)))
    paid = sum(error.billable or error.usage is not None for error in errors)
    return paid >= _PAID or in_a_row >= _PATIENCE.get(kind, math.inf)


def _kind(error: ServiceError) -> str:
    return "engine" if error.code in _ENGINE else type(error).__name__
