"""What a conversation may yield. It never waits, sends or starts a thread itself; a driver does.

A flow is a generator of effects that returns its result. Flows nest with `yield from`, so policy is
written once and tested with no network, no clock and no mocks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from extractor.wire.values import Request

__all__ = ["Effect", "Flow", "Now", "Run", "Send", "Together", "Wait"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Ask the model. Resumes with a Reply, or with a ServiceError or BudgetExceeded raised at the yield."""

    request: Request


@dataclass(frozen=True, slots=True)
class Wait:
    """Let `seconds` pass. Resumes with None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """Tell the time. Resumes with the seconds of a clock that only goes forward."""


@dataclass(frozen=True, slots=True)
class Run:
    """Call a function that may take long, off the event loop. Resumes with its result, or raises its error.

    What an async function returns is awaited before the flow resumes.
    """

    function: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Together:
    """Drive several flows at once. Resumes with the list of their results, in order, when all have ended.

    An error that one of them lets through is raised at the yield once the others were stopped.
    """

    flows: tuple[Flow[Any], ...]


Effect = Send | Wait | Now | Run | Together
Flow = Generator[Effect, Any, T]
"""A computation that asks its driver for effects and returns a T."""
