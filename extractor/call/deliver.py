"""One request to one reply: the retries of the transport, as a flow."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Literal

from extractor.call.effects import Flow, Now, Send, Wait
from extractor.errors import Blocked, BrokenReply, Busy, ServiceError, Unreachable
from extractor.wire.values import Reply, Request

__all__ = ["PASSING", "Step", "Watch", "backoff", "deliver"]

PASSING = (Unreachable, Busy, BrokenReply, Blocked)
"""The failures after which the same request may still be answered."""

_PATIENCE: dict[str, float] = {"Unreached": 4, "Unreachable": 6, "Blocked": 3, "engine": 6}
_PAID = 6
_ENGINE = (8005, 1031)


Step = Literal["send", "reply", "failure", "wait"]
Watch = Callable[[Step, Reply | ServiceError | None, float], None]
"""Hears of each step of a delivery: what came of the attempt, and the seconds that it took or that the wait takes."""


def deliver(request: Request, *, attempts: int, seconds: float, watch: Watch) -> Flow[Reply]:
    """Send until a reply comes, at most `attempts` times, beginning no attempt `seconds` or more after the first.

    Between attempts it waits with full jitter, and never less than a Retry-After asks. The last failure is raised
    as it came; one that is not of `PASSING` is raised at once.
    """
    failures: list[tuple[str, bool]] = []  # no errors, which would hold this frame, and all that it holds
    first = began = yield Now()
    while True:
        watch("send", None, 0.0)
        try:
            reply = yield Send(request)
        except ServiceError as error:
            ended = yield Now()
            watch("failure", error, ended - began)
            failures.append((_kind(error), error.billable or error.usage is not None))
            pause = backoff(error, len(failures))
            over = len(failures) >= attempts or ended + pause - first >= seconds
            if over or not isinstance(error, PASSING) or _lasts(failures):
                raise
            watch("wait", error, pause)
        else:
            watch("reply", reply, (yield Now()) - began)
            return reply  # type: ignore[no-any-return]
        yield Wait(pause)
        began = yield Now()


def backoff(error: ServiceError, attempt: int) -> float:
    """Seconds to wait: full jitter under a doubling ceiling of 0.5 to 8, on top of whatever Retry-After asks for."""
    return (error.retry_after or 0.0) + random.uniform(0.0, min(8.0, 2.0 ** (attempt - 2)))


def _lasts(failures: Sequence[tuple[str, bool]]) -> bool:
    """Whether more attempts are futile: after a few failures in a row because nobody is reached, a firewall is on the
    way, or the engine breaks, or after several that may have been billed. Each has its kind, and whether it may be."""
    kind = failures[-1][0]
    in_a_row = sum(1 for _ in takewhile(lambda failure: failure[0] == kind, reversed(failures)))
    return sum(paid for _, paid in failures) >= _PAID or in_a_row >= _PATIENCE.get(kind, math.inf)


def _kind(error: ServiceError) -> str:
    return "engine" if error.code in _ENGINE else type(error).__name__
