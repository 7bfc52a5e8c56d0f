"""Reads one object or array of near-JSON: of all the ways to read it, the one that needs the least put right.

Readings grow side by side through the text, the one that is furthest behind first, and fork where more than one way
is open; each way has its price. Only the cheapest few are kept, so the work grows with the length of the text. Parts
that are valid as they stand are read at the speed of the standard scanner. A reading is a list of events; `Builder`
makes the value of the cheapest, and tells each change with its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, nsmallest
from textwrap import dedent

from extractor.errors import InvalidValue, Problem
from extractor.repair.kinds import says_left_out
from extractor.repair.receipt import NOTHING, Change, Guess, Kind, Nothing
from extractor.repair.state import Event, Islands, Log, State, Want
from extractor.repair.steps import Steps
from extractor.repair.words import (
    COMMENT_SAYS_LEFT_OUT,
    HALF_ESCAPE,
    QUOTES,
    past_blank,
    so_far,
    unescaped,
)
from extractor.schema.pointer import JSON, join

__all__ = ["Reading", "read"]

_Entry = tuple[int, int, int, State]

_MOST, _FEW = 12, 4
# A reading that costs so much more than another is given up.
_MARGIN = 8
# More guesses than this, and what was read would be one.
_DEAREST = 5_000


@dataclass(frozen=True, slots=True)
class Reading:
    """A value from `start` to `end`; `whole` is False where the text ended inside it. `seen` is how far it was read."""

    value: JSON
    start: int
    end: int
    changes: tuple[Change, ...]
    whole: bool
    seen: int = 0


def read(text: str, start: int, guess: Guess, islands: Islands) -> Reading:
    """The value at `start`, or the object whose first member is there; InvalidValue where that is no answer."""
    steps = Steps(text, guess, islands)
    best, seen = _cheapest(steps, _first(text, start))
    if best is None or steps.refusal:  # what could be read with fewer brackets is another value
        raise InvalidValue((Problem("", steps.refusal or "the JSON is too damaged to be read; ask again"),))
    builder = Builder(text, guess)
    builder.replay(best.log)
    value = {} if builder.value is NOTHING else builder.value
    return Reading(value, start, best.at, tuple(builder.changes), builder.whole, max(seen, best.at))


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


# ---------------------------------------------------------------------- the value of a reading

_LAST_LINE = re.compile(r"\n[ \t]*\Z")
_CONTROL = re.compile(r"[\x00-\x1f]")


@dataclass(slots=True)
class _Frame:
    """An open container; of an object also the name that waits for its value, and the last name that has one."""

    value: dict[str, JSON] | list[JSON]
    name: str | None = None
    last: str | None = None


class Builder:
    """Replays the events of one reading; each public method is an event."""

    def __init__(self, text: str, guess: Guess) -> None:
        self.value: JSON | Nothing = NOTHING
        self.changes: list[Change] = []
        self.whole = True
        self._text, self._guess = text, guess
        self._frames: list[_Frame] = []

    def replay(self, log: Log) -> None:
        """Every event, the earliest first."""
        events: list[Event] = []
        while log is not None:
            log, event = log
            events.append(event)
        for name, *arguments in reversed(events):
            getattr(self, name)(*arguments)

    def open(self, kind: str) -> None:
        """A container starts."""
        self._frames.append(_Frame({} if kind == "{" else []))

    def close(self, _kind: str = "") -> None:
        """The container ends."""
        self.put(self._frames.pop().value)

    def key(self, start: int, first: int, end: int, quotes: int) -> None:
        """A member's name in quotes."""
        self._frames[-1].name = self._decoded(start, first, end, quotes)

    def bare(self, name: str) -> None:
        """A member's name without quotes."""
        self._frames[-1].name = name

    def string(self, start: int, first: int, end: int, quotes: int) -> None:
        """A string that is a value."""
        self.put(self._decoded(start, first, end, quotes))

    def put(self, value: JSON) -> None:
        """A value, into the container that is open."""
        if not self._frames:
            self.value = value
        elif isinstance(self._frames[-1].value, list):
            self._frames[-1].value.append(value)
        else:
            self._member(value)

    def drop(self) -> None:
        """The name that waits for a value gets none."""
        self._frames[-1].name = None

    def named(self) -> None:
        """The string before was no value but the name of a member, in an object without an opening bracket."""
        name = self._take()
        assert isinstance(name, str)
        self.open("{")
        self._frames[-1].name = name

    def lift(self) -> None:
        """The list had ended: its last string was the name of the next member outside."""
        name = self._take()
        assert isinstance(name, str)
        self.close()
        self._frames[-1].name = name

    def wrap(self) -> None:
        """The value before was the first item of a list without an opening bracket."""
        value = self._take()
        self.open("[")
        self.put(value)

    def join(self) -> None:
        """The name that was just read was one more item of such a list."""
        frame = self._frames[-1]
        name, frame.name = frame.name, None
        self.wrap()
        self.put(name)

    def reopen(self) -> None:
        """The list before goes on."""
        value = self._take()
        assert isinstance(value, list)
        self._frames.append(_Frame(value))

    def regroup(self) -> None:
        """The last values, down to a list, are one list more, which has no opening bracket."""
        items = self._frames[-1].value
        assert isinstance(items, list)
        first = len(items)
        while first and not isinstance(items[first - 1], list):
            first -= 1
        items[first:] = [items[first:]]

    def note(self, kind: Kind, message: str, offset: int, lossy: bool) -> None:
        """A change."""
        self.changes.append(Change(kind, message, offset, lossy, self._pointer(kind)))

    def comment(self, start: int, end: int) -> None:
        """A comment, which may say that something was left out."""
        text = self._text[start:end]
        elided = COMMENT_SAYS_LEFT_OUT.search(text) is not None or says_left_out(text)
        sentence = "a comment says that something was left out" if elided else "a comment was dropped"
        self.note("ellipsis" if elided else "comment", sentence, start, elided)

    def unsure(self) -> None:
        """The text may have been cut."""
        self.whole = False

    def cut(self, start: int) -> None:
        """The text ended inside a name or a value that starts at `start`."""
        frame = self._frames[-1]
        named = isinstance(frame.value, list) or frame.name is not None
        value = self._so_far(start) if named and self._guess.partial else NOTHING
        self._lose("a value without its end" if named else "a name without its end", start, stays=value is not NOTHING)
        if value is not NOTHING:
            self.put(value)
        frame.name = None
        self.end(len(self._text), True)

    def end(self, at: int, cut: bool) -> None:
        """The text ended with containers open: for good where a fence closes it."""
        self.whole = self.whole and not cut
        while self._frames:
            frame = self._frames.pop()
            if frame.name is not None:
                self._lose("a name without a value", at)
            if not cut:
                self.note("bracket", "a closing bracket was missing", at, False)
            item = cut and self._frames and isinstance(self._frames[-1].value, list)
            stays = self._guess.partial or _lists_items(frame.value)
            if item:
                self._lose("a list item without its end", at, stays=stays)
            if not item or stays:
                self.put(frame.value)

    def _lose(self, lost: str, offset: int, *, stays: bool = False) -> None:
        left = "is kept as far as it came" if stays else "is left out"
        self.changes.append(Change("cut", f"the text was cut off: {lost} {left}", offset, True, self._pointer("cut")))

    def _so_far(self, start: int) -> JSON | Nothing:
        """The value that the text ended inside, as far as it came."""
        quote = self._text[start]
        if quote not in QUOTES:
            return so_far(self._text[start:])
        first = start + (3 if self._text.startswith(quote * 3, start) else 1)
        half = HALF_ESCAPE.search(self._text, first)
        return self._decoded(start, first, half.start(1) if half else len(self._text), 0) or NOTHING

    def _take(self) -> JSON:
        """The value that was put last, out of its container, whose name it had waits again."""
        frame = self._frames[-1]
        if isinstance(frame.value, list):
            return frame.value.pop()
        assert frame.last is not None
        frame.name, frame.last = frame.last, None
        return frame.value.pop(frame.name)

    def _member(self, value: JSON) -> None:
        frame = self._frames[-1]
        members, name = frame.value, frame.name
        assert isinstance(members, dict)
        assert name is not None
        if name not in members:
            members[name] = value
        elif members[name] == value:
            self.note("duplicate", "a member twice, with the same value", self._offset, False)
        elif self._guess.split and len(self._frames) > 1 and isinstance(self._frames[-2].value, list):
            self.note("duplicate", "a member twice, so a new list item starts", self._offset, False)
            self._frames[-2].value.append(members)
            frame.value = {name: value}
        else:
            self.note("duplicate", "a member twice, with different values; the last one is used", self._offset, True)
            members[name] = value
        frame.name, frame.last = None, name

    @property
    def _offset(self) -> int:
        return self.changes[-1].offset if self.changes else 0

    def _decoded(self, start: int, first: int, end: int, quotes: int) -> str:
        value, notes = unescaped(self._text, first, end)
        width = first - start
        if width > 2:
            value = self._block(value, start, first)
        elif width == 1 and self._text[start] != '"':
            self.note("quotes", "quotes other than double ones", start, False)
        for note in notes:
            self.note(*note)
        if quotes and width == 1:
            inner = self._inner(start, first, end)
            self.note("unescaped", "quotes inside a string were not escaped", inner, False)
        control = _CONTROL.search(self._text, first, end)
        if control and width == 1:
            sentence = "a line break or other control character inside a string"
            self.note("control", sentence, control.start(), False)
        return value

    def _block(self, value: str, start: int, first: int) -> str:
        """The text of a block, without the layout around it: its first and last line break and its indentation."""
        self.note("quotes", "triple quotes", start, False)
        if value.lstrip(" \t")[:1] != "\n":
            return value
        value = value.lstrip(" \t")[1:]
        plain = dedent(_LAST_LINE.sub("", value))
        if plain != _LAST_LINE.sub("", value):
            self.note("quotes", "the indentation of a block was left out", start, False)
        return plain

    def _inner(self, start: int, first: int, end: int) -> int:
        at = self._text.find(self._text[start], first, end)
        while at > 0 and self._text[at - 1] == "\\":
            at = self._text.find(self._text[start], at + 1, end)
        return max(first, at)

    def _pointer(self, kind: Kind) -> str:
        pointer = ""
        for frame in self._frames:
            if isinstance(frame.value, list):
                of_list = frame is self._frames[-1] and kind in ("comma", "bracket")
                pointer = pointer if of_list else join(pointer, len(frame.value))
            elif frame.name is not None:
                pointer = join(pointer, frame.name)
        return pointer


def _lists_items(value: JSON) -> bool:
    """Whether an object that was cut ends in a list of which items came whole; it is kept as far as it came."""
    last = next(reversed(value.values()), None) if isinstance(value, dict) else None
    return _lists_items(last) if isinstance(last, dict) else bool(last) and isinstance(last, list)
