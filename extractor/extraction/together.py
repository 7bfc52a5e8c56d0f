"""Flows at once that all come to their end, also where the job stops: what was asked is paid, and is to be kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from extractor.call.effects import Flow, Together
from extractor.errors import STOPPING, ExtractorError

__all__ = ["all_ended"]

T = TypeVar("T")


def all_ended(flows: Iterable[Flow[T]]) -> Flow[list[T]]:
    """What the flows return, in their order. What stops the job is raised once all have ended."""
    stopped: list[ExtractorError] = []
    results: list[T] = yield Together(tuple(_heard(flow, stopped) for flow in flows))
    if stopped:
        raise stopped[0]
    return results


def _heard(flow: Flow[T], stopped: list[ExtractorError]) -> Flow[T | None]:
    try:
        return (yield from flow)
    except STOPPING as error:
        stopped.append(error)
        return None
