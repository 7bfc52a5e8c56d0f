"""Brackets that are missing, doubled or of the wrong kind: what a reading may make of them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from extractor.repair.receipt import NOTHING
from extractor.repair.state import CLOSERS, Islands, State, Want
from extractor.schema.pointer import JSON

__all__ = ["Brackets"]

_OVER = re.compile(r"[\s}\]]{0,200}+(?:\Z|```)")
_ON = re.compile(r'\s*[,:"“}\]]')
_MORE = re.compile(r"\s*,\s*(?=[{\[])(?!\{\s*\}|\[\s*\])")
_SIGNS = re.compile(r'[,:"{\[]')
_VALUES = ("close", "put", "string")
_PLAIN_EVENTS = ("close", "open", "put", "string", "key", "bare")
# So many events a reading looks back for the start of a list.
_FAR = 400


class Brackets:
    """Readings of the brackets of one text."""

    def __init__(self, text: str, islands: Islands) -> None:
        self._text, self._islands = text, islands
        self._signs: list[int] | None = None

    def closed(self, state: State, char: str) -> Iterator[State]:
        """A closing bracket: of this container, of one outside, of the wrong kind, or one too many."""
        top = state.stack[-1:]
        if char == CLOSERS.get(top):
            yield from self._popped(state, 0)
            return
        step = state.noted("bracket", f"a stray {char!r} was dropped", state.at)
        yield step._replace(at=state.at + 1, cost=state.cost + 3)
        wrong = state.noted("bracket", "a closing bracket of the wrong kind", state.at)
        yield from self._popped(wrong, 3)
        if any(CLOSERS[opener] == char for opener in state.stack[:-1]):
            step = state.noted("bracket", "a closing bracket was missing", state.at)
            price = 5 if _is_lone_list(state, 0) else 3
            yield step.then(("close", top), at=state.at, want=Want.AFTER, cost=price, stack=state.stack[:-1])

    def _popped(self, state: State, price: int) -> Iterator[State]:
        """The innermost container ends at the bracket here; where it is the outermost, the text may say otherwise."""
        after, stack = state.at + 1, state.stack[:-1]
        closed = ("close", state.stack[-1])
        if stack:
            yield state.then(closed, at=after, want=Want.AFTER, cost=price, stack=stack)
            return
        over, on = _OVER.match(self._text, after), _ON.match(self._text, after)
        left = 0 if not on else 1 if over else 8 + self._left(after)
        yield state.then(closed, at=after, want=Want.DONE, cost=price + left, stack="")
        if not on or over:
            return
        step = state.noted("bracket", "a bracket closed it before its end", state.at)
        yield step.then(at=after, want=Want.AFTER, cost=3)
        if _MORE.match(self._text, after):
            step = state.noted("bracket", "the brackets of a list were missing", state.at)
            yield step.then(closed, ("several",), at=after, want=Want.AFTER, cost=price + 3, stack=",")

    def nameless(self, state: State, char: str) -> Iterator[State]:
        """A bracket where a name should stand."""
        at, step = state.at, state.noted("bracket", f"a {char!r} too many", state.at)
        if state.want is Want.FIRST:
            yield step._replace(at=at + 1, cost=state.cost + 3)
        elif char == "{" and state.stack[-2:-1] in ("[", ","):
            step = state.noted("bracket", "a closing bracket was missing", at)
            yield step.then(("close",), at=at, want=Want.NEXT, cost=3, stack=state.stack[:-1])
        if state.want is Want.NEXT and self._was(state, char):
            step = state.noted("bracket", "the brackets of a list were missing", at)
            yield step.then(("wrap",), at=at, want=Want.NEXT, cost=4, stack=f"{state.stack}[")
            if char == "[":
                step = state.noted("bracket", "a list was closed and opened again", at)
                yield step.then(("reopen",), at=at + 1, want=Want.FIRST, cost=3, stack=f"{state.stack}[")
                if _ends_loose(state):
                    rows = state.then(("reopen",), ("regroup",), at=at, want=Want.NEXT, cost=2, stack=f"{state.stack}[")
                    yield rows.noted("bracket", "an opening bracket was missing", at)
        value, end = self._islands.at(at)
        if value is not NOTHING:
            step = state.noted("skipped", "a value without a name was dropped", at, lossy=True)
            yield step.then(at=end, want=Want.AFTER, cost=8)
        elif state.want is Want.NEXT:
            step = state.noted("skipped", f"a stray {char!r} was dropped", at, lossy=True)
            yield step._replace(at=at + 1, cost=state.cost + 8)

    def named(self, state: State) -> Iterator[State]:
        """The string before a colon was a name: in an object without an opening bracket, or of the object outside."""
        if state.before(0)[0] != "string" or not state.stack:
            return
        step = state.noted("bracket", "an opening bracket was missing", state.at)
        yield step.then(("named",), at=state.at, want=Want.COLON, cost=3, stack=f"{state.stack}{{")
        if state.stack[-2:] == "{[":
            step = state.noted("bracket", "a closing bracket was missing", state.at)
            price = 5 if state.before(1)[0] == "open" or _is_lone_list(state, 1) else 3
            yield step.then(("lift",), at=state.at, want=Want.COLON, cost=price, stack=state.stack[:-1])

    def several(self, state: State) -> Iterator[State]:
        """A list without brackets goes on at a comma, and ends at anything else."""
        more = _MORE.match(self._text, state.at)
        if more:
            yield state.then(at=more.end(), want=Want.NEXT)
        else:
            after = state.at + (self._text[state.at] == "]")
            yield state.then(("close",), at=after, want=Want.DONE)

    def _was(self, state: State, char: str) -> bool:
        """Whether the value before is a container of that kind."""
        event = state.before(0)
        if event[0] == "put":
            return isinstance(event[1], dict if char == "{" else list)
        return event == ("close", char)

    def _left(self, at: int) -> int:
        """How many signs of data stand from `at` on."""
        if self._signs is None:
            self._signs = [found.start() for found in _SIGNS.finditer(self._text)]
        return len(self._signs) - bisect_left(self._signs, at)


def _ends_loose(state: State) -> bool:
    """Whether the list before ends in plain values, and a list stands before those."""
    plain = False
    for bracket in _items_back(state):
        if bracket:
            return plain and bracket == "["
        plain = True
    return False


def _items_back(state: State) -> Iterator[str]:
    """The items of the list before, the last first: the bracket of each, none for a plain value."""
    last = state.before(0)
    if last[0] == "put":
        yield from map(_bracket, reversed(last[1][-_FAR:]))
        return
    for event in islice(state.events(), 1, _FAR):
        if event[0] not in _VALUES:
            return
        yield "" if event[0] == "string" else _bracket(event[1]) if event[0] == "put" else event[-1]


def _bracket(value: JSON) -> str:
    return "[" if isinstance(value, list) else "{" if isinstance(value, dict) else ""


def _is_lone_list(state: State, back: int) -> bool:
    """Whether the value so many events back is a list, and all that its container holds."""
    events = islice(state.events(), back, back + _FAR)
    event = next(events, ("nothing",))
    if event[0] == "put":
        return isinstance(event[1], list) and next(events, event)[0] == "open"
    depth = 1 if event == ("close", "[") else 0
    while depth:
        event = next(events, ("named",))
        if event[0] not in _PLAIN_EVENTS:
            return False
        depth += (event[0] == "close") - (event[0] == "open")
    return bool(event[0] == "open" and next(events, event)[0] == "open")
