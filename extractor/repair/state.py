"""What the readings of a text share: where each stands, and the parts of the text that are valid as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import IntEnum
from itertools import islice
from typing import Any, NamedTuple

from extractor.repair.receipt import NOTHING, Kind, Nothing
from extractor.repair.words import Role
from extractor.schema.pointer import JSON
from extractor.schema.text import Digits

__all__ = ["CLOSERS", "DEPTH", "Event", "Islands", "Log", "State", "Want"]

CLOSERS = {"{": "}", "[": "]", "<": "}", "(": ")"}
"""The closing bracket of each container; `<` is a set, `(` a tuple."""

DEPTH = 100
"""Deeper nesting than this is refused: no answer needs it, and it bounds the work."""

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

    def noted(self, kind: Kind, message: str, at: int, *, lossy: bool = False) -> State:
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


_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
# A part that fails to be valid is tried again from inside, but not from every level of it.
_TRIES_PER_PLACE, _TRIES = 4, 200


class _Unsuited(ValueError):
    """A part that the standard scanner would read with a loss."""


def _once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unsuited
    return found


def _refuse(constant: str) -> JSON:
    raise _Unsuited(constant)


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse, parse_float=Digits)


class Islands:
    """The valid objects and arrays of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[int, tuple[JSON | Nothing, int]] = {}
        self._failed_at, self._tries, self._left = -1, 0, _TRIES

    def at(self, start: int) -> tuple[JSON | Nothing, int]:
        """The container that starts at `start` and where it ends; NOTHING where it is not valid, or was not tried."""
        if start not in self._known:
            self._known[start] = self._read(start)
        return self._known[start]

    def _read(self, start: int) -> tuple[JSON | Nothing, int]:
        if not self._left or (start <= self._failed_at and self._tries >= _TRIES_PER_PLACE):
            return NOTHING, start
        try:
            value, end = _STRICT.raw_decode(self._text, start)
        except (ValueError, RecursionError) as error:
            self._missed(error.pos if isinstance(error, json.JSONDecodeError) else start)
            return NOTHING, start
        spoilt = _HALF_CHARACTER.search(self._text, start, end) or _is_deep(value)
        return (NOTHING, start) if spoilt else (value, end)

    def _missed(self, place: int) -> None:
        self._tries = self._tries + 1 if place == self._failed_at else 1
        self._failed_at = place
        self._left -= 1


def _is_deep(value: JSON) -> bool:
    level = [value]
    for _ in range(DEPTH):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [item for items in inner for item in items]
    return bool(level)
