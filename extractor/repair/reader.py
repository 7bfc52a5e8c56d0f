"""Reads one object or array of near-JSON: of all the ways to read it, the one that needs the least put right.

Readings grow side by side through the text, the one that is furthest behind first, and fork where more than one way
is open; each way has its price. Only the cheapest few are kept, so the work grows with the length of the text. Parts
that are valid as they stand are read at the speed of the standard scanner.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush, nsmallest

from extractor.errors import InvalidValue, Problem
from extractor.repair.builder import Builder
from extractor.repair.receipt import NOTHING, Change, Guess
from extractor.repair.state import Islands, Log, State, Want
from extractor.repair.steps import Steps
from extractor.repair.words import past_blank
from extractor.schema.pointer import JSON

__all__ = ["Reading", "read"]

_Entry = tuple[int, int, int, State]

_MOST, _FEW = 12, 4
# A reading that costs so much more than another is given up.
_MARGIN = 8
# More guesses than this, and what was read would be one.
_DEAREST = 5_000


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that ends at `end`, for which the text was read up to `seen`; `whole` is False where it ended inside."""

    value: JSON
    end: int
    seen: int
    changes: tuple[Change, ...]
    whole: bool


def read(text: str, start: int, guess: Guess, islands: Islands) -> Reading:
    """The value at `start`, or the object whose first member is there; InvalidValue where that is no answer."""
    steps = Steps(text, guess, islands)
    best, seen = _cheapest(steps, _first(text, start))
    if best is None or steps.refusal:  # what could be read with fewer brackets is another value
        raise InvalidValue((Problem("", steps.refusal or "the JSON is too damaged to be read; ask again"),))
    builder = Builder(text, guess)
    builder.replay(best.log)
    value = {} if builder.value is NOTHING else builder.value
    return Reading(value, best.at, max(seen, best.at), tuple(builder.changes), builder.whole)


def _first(text: str, start: int) -> State:
    at, _ = past_blank(text, start)
    if text[at : at + 1] in ("{", "["):
        return State(at, 0, Want.VALUE, "", None)
    opening: Log = (None, ("note", "bracket", "an opening bracket was missing", start, False))
    return State(at, 0, Want.FIRST, "{", (opening, ("open", "{")))


def _cheapest(steps: Steps, first: State) -> tuple[State | None, int]:
    """The reading that ends with the lowest price, and how far the furthest one came."""
    best: State | None = None
    count = 0
    waiting = [(first.at, first.cost, count, first)]
    place, seen = -1, set[tuple[object, ...]]()
    while waiting:
        at, cost, _, state = heappop(waiting)
        if cost > _DEAREST or (best is not None and cost >= best.cost):
            continue
        if at != place:
            place, seen = at, set()
        where = (state.want, state.role, state.stack, state.start)
        if where in seen:
            continue
        seen.add(where)
        for further in steps.steps(state):
            if further.want is not Want.DONE:
                count += 1
                heappush(waiting, (further.at, further.cost, count, further))
            elif best is None or further.cost < best.cost:
                best = further
        if len(waiting) > _FEW:
            waiting = _promising(waiting)
    return best, place


def _promising(waiting: list[_Entry]) -> list[_Entry]:
    """The readings that may still become the cheapest."""
    most = min(entry[1] for entry in waiting) + _MARGIN
    cheapest = [entry for entry in waiting if entry[1] <= most]
    if len(cheapest) > _MOST:
        cheapest = nsmallest(_MOST, cheapest, key=lambda entry: (entry[1], entry[2]))
    heapify(cheapest)
    return cheapest
