"""One of several readings of a text, as far as it has come. Readings share what they have in common."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from itertools import islice
from typing import Any, NamedTuple

from extractor.repair.marks import Role
from extractor.repair.receipt import Kind

__all__ = ["CLOSERS", "Event", "Log", "State", "Want"]

CLOSERS = {"{": "}", "[": "]", "<": "}", "(": ")", ",": ""}
"""The closing bracket of each container; `<` is a set, `(` a tuple, `,` a list that has no brackets at all."""

Event = tuple[Any, ...]
"""The name of a method of Builder, and its arguments."""

Log = tuple[Any, Event] | None
"""The events of a reading, the latest first."""


class Want(IntEnum):
    """What a reading needs next."""

    FIRST = 0
    """a member or an item, right after an opening bracket"""
    NEXT = 1
    """a member or an item, after a comma"""
    COLON = 2
    VALUE = 3
    AFTER = 4
    """a comma or a closing bracket"""
    STRING = 5
    """the end of a string"""
    DONE = 6


class State(NamedTuple):
    """Where a reading stands: what it needs, the containers that are open, what it cost, what it read.

    In a string, `start` is the place of its opening quote, and `quotes` how many unescaped ones it holds so far.
    """

    at: int
    cost: int
    want: Want
    stack: str
    log: Log
    role: Role = "item"
    start: int = -1
    quotes: int = 0

    def then(self, *events: Event, at: int, want: Want, cost: int = 0, stack: str | None = None) -> State:
        """This reading gone on to `at`."""
        log = self.log
        for event in events:
            log = (log, event)
        return State(at, self.cost + cost, want, self.stack if stack is None else stack, log)

    def told(self, kind: Kind, message: str, at: int, *, lossy: bool = False) -> State:
        """This reading with a change told."""
        return self._replace(log=(self.log, ("note", kind, message, at, lossy)))

    def events(self) -> Iterator[Event]:
        """What was read, the latest first, changes and comments aside."""
        log = self.log
        while log is not None:
            log, event = log
            if event[0] not in ("note", "comment"):
                yield event

    def before(self, back: int) -> Event:
        """What was read last, or so many events before that."""
        return next(islice(self.events(), back, None), ("nothing",))
