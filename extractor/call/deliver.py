"""One request to one reply: the retries of the transport, as a flow. tenacity says how long to wait, when to stop."""

from __future__ import annotations

import sys
from typing import Protocol

from tenacity import RetryCallState, stop_after_attempt, stop_before_delay, wait_random_exponential
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from extractor.call.effects import Flow, Now, Send, Wait
from extractor.errors import Blocked, BrokenReply, Busy, ServiceError, Unreachable, Unreached
from extractor.wire.values import Reply, Request

__all__ = ["PASSING", "PatientWait", "Watch", "deliver"]

PASSING = (Unreachable, Busy, BrokenReply, Blocked)
"""The failures after which the same request may still be answered."""

_PATIENCE = {"nowhere": 4, "nobody": 6, "engine": 6, "blocked": 3}
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
    stop = stop_after_attempt(attempts) | stop_before_delay(seconds) | _Lasting()
    state: RetryCallState | None = None
    while True:
        began = yield Now()
        watch.sending()
        try:
            reply = yield Send(request)
        except ServiceError as error:
            ended = yield Now()
            watch.failed(error, ended - began)
            if not isinstance(error, PASSING):
                raise
            state = state or _begun(began)
            state.set_exception(sys.exc_info())  # type: ignore[arg-type]
            state.outcome_timestamp = ended
            state.upcoming_sleep = pause = _WAIT(state)
            if stop(state):
                raise
            watch.retrying(error, pause)
            state.prepare_for_next_attempt()
        else:
            watch.received(reply, (yield Now()) - began)
            return reply  # type: ignore[no-any-return]
        yield Wait(pause)


def _begun(now: float) -> RetryCallState:
    """The state that tenacity decides by. It reads a clock of its own; a flow's time is whatever its driver says."""
    state = RetryCallState(None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
    state.start_time = now
    return state


def _error(state: RetryCallState) -> ServiceError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, ServiceError)
    return error


class PatientWait(wait_base):
    """Full jitter under a doubling ceiling of 0.5 s to 8 s, on top of whatever Retry-After asks for."""

    _jitter = wait_random_exponential(multiplier=0.5, max=8)

    def __call__(self, retry_state: RetryCallState) -> float:
        return (_error(retry_state).retry_after or 0.0) + self._jitter(retry_state)


_WAIT = PatientWait()


class _Lasting(stop_base):
    """Stops after a few failures in a row of one kind that lasts: nobody is reached, a firewall, or the engine breaks.

    It also stops once several failures of any kind may have been billed, in a row or not.
    """

    def __init__(self) -> None:
        self._kind: str | None = None
        self._in_a_row = self._paid = 0

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = _error(retry_state)
        kind = _lasting(error)
        self._in_a_row = self._in_a_row + 1 if kind == self._kind else 1
        self._kind = kind
        self._paid += error.billable or error.usage is not None
        return self._paid >= _PAID or (kind is not None and self._in_a_row >= _PATIENCE[kind])


def _lasting(error: ServiceError) -> str | None:
    if error.code in _ENGINE:
        return "engine"
    kinds = (Unreached, "nowhere"), (Unreachable, "nobody"), (Blocked, "blocked")
    return next((name for kind, name in kinds if isinstance(error, kind)), None)
