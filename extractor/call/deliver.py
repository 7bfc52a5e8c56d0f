"""One request to one reply: the retries of the transport, by tenacity's own protocol, as a flow."""

from __future__ import annotations

import sys
from typing import Any, NoReturn, Protocol

from tenacity import (
    BaseRetrying,
    DoAttempt,
    DoSleep,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from extractor.call.effects import Flow, Now, Send, Wait
from extractor.errors import BrokenReply, Busy, ServiceError, Unreachable, Unreached
from extractor.wire.values import Reply, Request

__all__ = ["PASSING", "PatientWait", "Watch", "deliver"]

PASSING = (Unreachable, Busy, BrokenReply)
"""The failures that the same request may outlive."""

_PATIENCE = {"nowhere": 4, "nobody": 6, "engine": 6}
_PAID = 6
_ENGINE = (8005, 1031)


class Watch(Protocol):
    """Who hears of each step of a delivery. Seconds are those that the attempt took, or will be waited."""

    def sending(self) -> None: ...

    def received(self, reply: Reply, seconds: float) -> None: ...

    def failed(self, error: ServiceError, seconds: float) -> None: ...

    def retrying(self, error: ServiceError, seconds: float) -> None: ...


def deliver(request: Request, *, attempts: int, seconds: float, watch: Watch) -> Flow[Reply]:
    """Send until a reply comes, at most `attempts` times, beginning no attempt `seconds` or more after the first.

    Between attempts it waits with full jitter, and never less than a Retry-After asks. The last failure is raised
    as it came; one that is not of `PASSING` is raised at once.
    """
    policy = _Policy(
        retry=_RETRY,
        wait=_WAIT,
        stop=stop_after_attempt(attempts) | stop_before_delay(seconds) | _Lasting(),
        reraise=True,
    )
    policy.begin()
    state = RetryCallState(policy, fn=None, args=(), kwargs={})
    # tenacity reads a clock of its own; the flow's time is whatever its driver says.
    state.start_time = yield Now()
    while True:
        match policy.iter(state):
            case DoAttempt():
                yield from _attempt(request, state, watch)
            case DoSleep() as pause:
                watch.retrying(_error(state), float(pause))
                state.prepare_for_next_attempt()
                yield Wait(float(pause))
            case reply:
                return reply  # type: ignore[no-any-return]


def _attempt(request: Request, state: RetryCallState, watch: Watch) -> Flow[None]:
    began = yield Now()
    watch.sending()
    try:
        reply = yield Send(request)
        state.set_result(reply)
    except ServiceError as error:
        state.set_exception(sys.exc_info())  # type: ignore[arg-type]
        state.outcome_timestamp = yield Now()
        watch.failed(error, state.outcome_timestamp - began)
    else:
        state.outcome_timestamp = yield Now()
        watch.received(reply, state.outcome_timestamp - began)


def _error(state: RetryCallState) -> ServiceError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, ServiceError)
    return error


class PatientWait(wait_base):
    """Full jitter under a doubling ceiling of 0.5 s to 8 s, on top of whatever Retry-After asks for."""

    _jitter = wait_random_exponential(multiplier=0.5, max=8)

    def __call__(self, retry_state: RetryCallState) -> float:
        return (_error(retry_state).retry_after or 0.0) + self._jitter(retry_state)


_RETRY, _WAIT = retry_if_exception_type(PASSING), PatientWait()


class _Lasting(stop_base):
    """Stops after a few failures in a row of a kind that lasts, nobody is reached or the engine breaks; and after as
    many failures of any kind, in a row or not, that each may have to be paid for."""

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
    kinds = (Unreached, "nowhere"), (Unreachable, "nobody")
    return next((name for kind, name in kinds if isinstance(error, kind)), None)


class _Policy(BaseRetrying):
    """tenacity's decisions without its loop: `deliver` is the loop."""

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("a policy decides; it does not call")
