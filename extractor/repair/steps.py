"""The ways in which a reading can go on: what stands there, and what it may have been meant to be.

A price of 0 is what JSON or another notation for the same says; 1 to 3 put one character right; more leaves out data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice

from extractor.repair.receipt import NOTHING, Guess, Kind
from extractor.repair.state import CLOSERS, DEPTH, Event, Islands, State, Want
from extractor.repair.strings import begun, opened, string_steps
from extractor.repair.words import FENCE, QUOTES, Bare, Role, past_blank, read_bare, read_closed
from extractor.schema.pointer import JSON
from extractor.schema.text import Digits

__all__ = ["Steps"]

_NAME = re.compile(r"""[^:=,;{}\[\]\n"'“”]{1,200}+(["'”]?)(?=\s*+[:=])""")
_PLAIN = re.compile(
    r"""(?s)"(?P<name>[^"\\\x00-\x1f]*)"\s*:\s*"""
    r"""(?:"(?P<text>[^"\\\x00-\x1f]*)"|(?P<other>-?(?:0|[1-9]\d{0,300})(?:\.\d{1,300})?|true|false|null))"""
    r"""(?=\s*(?:,\s*"[^"\\]*"\s*:|,?\s*\}(?!\s*["“])))"""
)
_JUNK = re.compile(r"""[^\s:,;{}\[\]"'“”]+""")
_STRAY = re.compile(r"\s*(?:[,;:}\]]|\Z)")
_COLONS = re.compile(r"=>|:=|=")
_ATOM = r"""(?:"[^"\\]*"|'[^'\\]*'|-?\d[\d.]*|True|False|None)"""
_ITEM = re.compile(r"(?:-?\d[\d.]*|true|false|null)(?=\s*[,\]])")
_VALUES = ("close", "put", "string")
_STRAY_WORD = re.compile(r"(?:[A-Z][A-Z_]+|true|false|null)(?=\s*[}\]])")
_SET = re.compile(rf"\{{\s*{_ATOM}\s*(?:,\s*{_ATOM}\s*)+,?\s*\}}")
# But for an amount in brackets, as accountants write what is owed.
_TUPLE = re.compile(r"""\((?!\d{1,3}(?:,\d{3})+(?:\.\d+)?\))(?:\s*[{\["'(]|[^()\n]*,[^()\n]*\)\s*(?:[,)}\]\n]|\Z))""")
_OVER = re.compile(r"[\s}\]]{0,200}+(?:\Z|```)")
_ON = re.compile(r'\s*[,:"“}\]]')
# An object of a list that has lost its brackets is a value by itself.
_ANOTHER = re.compile(r"(?<=\})\s*,\s*(?:\{|\Z)")
_PLAIN_EVENTS = ("close", "open", "put", "string", "key", "bare")
# So many events a reading looks back for the start of a list.
_FAR = 400


class Steps:
    """Steps of readings through one text. `refusal` says why a reading was given up, if one was."""

    def __init__(self, text: str, guess: Guess, islands: Islands) -> None:
        self._text, self._names, self._islands = text, guess.names, islands
        self.refusal = ""

    def steps(self, state: State) -> Iterator[State]:
        """The readings that a reading can become by its next step."""
        if state.want is Want.STRING:
            yield from string_steps(self._text, state, self._names)
            return
        at, comments = past_blank(self._text, state.at)
        before = state.at
        for start, end in comments:
            state = state.then(("comment", start, end), at=end, want=state.want)
        state = state._replace(at=at)
        char = self._text[at : at + 1]
        if char == "" or self._text.startswith(FENCE, at):
            yield from self._ended(state, fence=char != "")
        elif state.want is Want.AFTER:
            yield from self._after(state, char, line="\n" in self._text[before:at])
        elif state.want is Want.COLON:
            yield from self._colon(state, char)
        elif state.want is Want.VALUE:
            yield from self._value(state, char)
        elif state.stack[-1] == "{":
            yield from self._member(state, char)
        else:
            yield from self._item(state, char)

    def _ended(self, state: State, *, fence: bool) -> Iterator[State]:
        """The text ends, or the fence around it."""
        if fence and state.want is Want.VALUE and self._text.count(FENCE, 0, state.at) % 2 == 0:
            yield state.then(("cut", state.at), at=len(self._text), want=Want.DONE, cost=6)
        else:
            price = len(state.stack) if fence else 3
            cut = not fence or state.want is not Want.AFTER
            yield state.then(("end", state.at, cut), at=state.at, want=Want.DONE, cost=price)

    def _after(self, state: State, char: str, *, line: bool) -> Iterator[State]:
        """A value is behind: a comma or a closing bracket comes next."""
        if char in (",", ";"):
            step = state if char == "," else state.noted("comma", "a semicolon for a comma", state.at)
            yield step.then(at=state.at + 1, want=Want.NEXT)
            return
        if char in ("}", "]") or (char == ")" and state.stack[-1] == "("):
            yield from self._closed(state, char)
            return
        if char == ":":
            yield from self._named(state)
            yield self._skipped(state, char, 6)
            return
        if char in QUOTES and _STRAY.match(self._text, state.at + 1):
            yield state.noted("quotes", "a quote too many", state.at)._replace(at=state.at + 1, cost=state.cost + 2)
        if word := _STRAY_WORD.match(self._text, state.at):
            step = state.noted("skipped", f"a stray {word.group()!r} was dropped", state.at, lossy=True)
            yield step._replace(at=word.end(), cost=state.cost + 2)
        step = state.noted("comma", "a comma was missing", state.at)
        yield step.then(at=state.at, want=Want.NEXT, cost=1 if line or char in '"{[' else 2)

    def _member(self, state: State, char: str) -> Iterator[State]:
        """A name comes next."""
        if char in ("}", "]"):
            yield from self._closed(self._trailing(state), char)
        elif char in (",", ";"):
            yield self._comma(state)
        elif char in QUOTES:
            yield self._plain_member(state) or opened(self._text, state, "key")
        elif char in ("{", "["):
            yield from self._nameless(state, char)
        elif char in (":", "="):
            yield self._skipped(state, char, 4)
        else:
            yield from self._bare_name(state, char)

    def _plain_member(self, state: State) -> State | None:
        """The reading past a member that nobody would doubt, in one step."""
        found = _PLAIN.match(self._text, state.at)
        if found is None or (self._names is not None and found["name"] not in self._names):
            return None
        key: Event = ("key", state.at, *found.span("name"), 0)
        value: Event
        if found["text"] is not None:
            value = ("string", found.start("text") - 1, *found.span("text"), 0)
        else:
            value = ("put", json.loads(found["other"], parse_float=Digits))
        return state.then(key, value, at=found.end(), want=Want.AFTER)

    def _bare_name(self, state: State, char: str) -> Iterator[State]:
        found = _NAME.match(self._text, state.at)
        if found:
            name = found.group().strip().rstrip("\"'”")
            known = self._names is None or name in self._names
            step = state.noted("key", "a name without quotes", state.at)
            yield step.then(("bare", name), at=found.end(), want=Want.COLON, cost=3 * bool(found[1]) + (not known))
            return
        if state.want is Want.NEXT and _ITEM.match(self._text, state.at) and state.before(0)[0] in _VALUES:
            step = state.noted("bracket", "the brackets of a list were missing", state.at)
            yield step.then(("wrap",), at=state.at, want=Want.NEXT, cost=3, stack=f"{state.stack}[")
        junk = _JUNK.match(self._text, state.at)
        end = junk.end() if junk else state.at + 1
        if end == len(self._text):
            yield state.then(("cut", state.at), at=end, want=Want.DONE, cost=6)
            return
        piece = self._text[state.at : min(end, state.at + 40)]
        kind: Kind = "ellipsis" if piece.strip(".…") == "" else "skipped"
        step = state.noted(kind, f"{piece!r} stands where a name should, and was dropped", state.at, lossy=True)
        yield step._replace(at=end, cost=state.cost + 5)

    def _colon(self, state: State, char: str) -> Iterator[State]:
        """A name is behind: a colon comes next."""
        at = state.at
        if char == ":":
            yield state.then(at=at + 1, want=Want.VALUE)
            return
        sign = _COLONS.match(self._text, at)
        if sign:
            step = state.noted("colon", f"{sign.group()!r} for a colon", at)
            yield step.then(at=sign.end(), want=Want.VALUE, cost=1)
            return
        if char in QUOTES and re.match(r"\s*[:=]", self._text[at + 1 : at + 20]):
            yield state.noted("quotes", "a quote too many", at)._replace(at=at + 1, cost=state.cost + 2)
        if char in (",", "}", "]"):
            yield from self._no_value(state, char)
        else:
            yield state.noted("colon", "a colon was missing", at).then(at=at, want=Want.VALUE, cost=2)

    def _no_value(self, state: State, char: str) -> Iterator[State]:
        """A comma or a closing bracket after a name."""
        at = state.at
        if char == ",":
            yield state.noted("colon", "a comma for a colon", at).then(at=at + 1, want=Want.VALUE, cost=3)
        if state.before(0)[0] == "key" and state.before(1)[0] in _VALUES:
            step = state.noted("bracket", "an opening bracket was missing", at)
            yield step.then(("join",), at=at, want=Want.AFTER, cost=3, stack=f"{state.stack}[")
        step = state.noted("empty", "a name without a value was left out", at, lossy=True)
        yield step.then(("drop",), at=at, want=Want.AFTER, cost=6)

    def _value(self, state: State, char: str) -> Iterator[State]:
        """The value of a member, or the whole text, comes next."""
        if char == ":":
            step = state.noted("colon", "a colon too many", state.at)
            yield step._replace(at=state.at + 1, cost=state.cost + 2)
        elif char in (",", "}", "]"):
            if char == "]":
                step = state.noted("bracket", "an opening bracket was missing", state.at)
                yield step.then(("put", []), at=state.at + 1, want=Want.AFTER, cost=3)
            step = state.noted("empty", "no value stood there, which became null", state.at, lossy=True)
            yield step.then(("put", None), at=state.at, want=Want.AFTER, cost=4)
        elif char in QUOTES:
            yield from begun(self._text, state, "member")
        else:
            yield from self._other(state, char)

    def _item(self, state: State, char: str) -> Iterator[State]:
        """An item of a list comes next."""
        if char in ("}", "]") or (char == ")" and state.stack[-1] == "("):
            yield from self._closed(self._trailing(state), char)
        elif char in (",", ";"):
            yield self._comma(state)
        elif char == ":":
            yield self._skipped(state, char, 6)
        elif char in QUOTES:
            yield from begun(self._text, state, "item")
        else:
            yield from self._other(state, char)

    def _other(self, state: State, char: str) -> Iterator[State]:
        """A container or a value without quotes."""
        text, at = self._text, state.at
        if char in ("{", "["):
            if char == "[" and state.want is Want.FIRST and text[at - 1] == "[":
                step = state.noted("bracket", "a '[' too many", at)
                yield step._replace(at=at + 1, cost=state.cost + 4)
            value, end = self._islands.at(at)
            if value is not NOTHING and state.stack:
                yield state.then(("put", value), at=end, want=Want.AFTER)
            elif char == "{" and _SET.match(text, at):
                yield from self._opened(state.noted("literal", "a set stands for a list", at), "<")
            else:
                yield from self._opened(state, char)
            return
        if char == "(" and _TUPLE.match(text, at):
            yield from self._opened(state.noted("literal", "a tuple stands for a list", at), "(")
        role: Role = "member" if state.want is Want.VALUE else "item"
        if (role == "item" or char == "\\") and (closed := read_closed(text, at)):
            yield from self._bare(state, closed)
        yield from self._bare(state, read_bare(text, at, role, self._names, bare=state.before(0)[0] == "bare"))

    def _bare(self, state: State, bare: Bare) -> Iterator[State]:
        """The reading past a value without quotes."""
        at = state.at
        for note in bare.notes:
            state = state.then(("note", *note), at=at, want=state.want)
        if bare.cut:
            yield state.then(("cut", at), at=bare.end, want=Want.DONE, cost=6)
        elif bare.value is not NOTHING:
            yield state.then(("put", bare.value), at=bare.end, want=Want.AFTER, cost=bare.cost)
        elif state.want is Want.VALUE:
            yield state.then(("drop",), at=bare.end, want=Want.AFTER, cost=bare.cost)
        else:
            yield state.then(at=bare.end, want=Want.AFTER, cost=bare.cost)

    def _opened(self, state: State, kind: str) -> Iterator[State]:
        if len(state.stack) >= DEPTH:
            self.refusal = f"the JSON is nested more than {DEPTH} deep; ask again"
            return
        yield state.then(("open", kind), at=state.at + 1, want=Want.FIRST, stack=state.stack + kind)

    def _comma(self, state: State) -> State:
        step = state.noted("comma", "a comma too many", state.at)
        return step.then(at=state.at + 1, want=Want.NEXT)

    def _trailing(self, state: State) -> State:
        if state.want is not Want.NEXT:
            return state
        return state.noted("comma", "a comma before a closing bracket", state.at)

    def _skipped(self, state: State, char: str, price: int) -> State:
        step = state.noted("skipped", f"a stray {char!r} was dropped", state.at, lossy=price > 4)
        return step._replace(at=state.at + 1, cost=state.cost + price)

    # ------------------------------------------------------------------ brackets: missing, doubled, of the wrong kind

    def _closed(self, state: State, char: str) -> Iterator[State]:
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
        another = not price and _ANOTHER.match(self._text, after)
        left = 0 if not on else 1 if over else 3 if another else 12
        yield state.then(closed, at=after, want=Want.DONE, cost=price + left, stack="")
        if not on or over:
            return
        step = state.noted("bracket", "a bracket closed it before its end", state.at)
        yield step.then(at=after, want=Want.AFTER, cost=3)

    def _nameless(self, state: State, char: str) -> Iterator[State]:
        """A bracket where a name should stand."""
        at, step = state.at, state.noted("bracket", f"a {char!r} too many", state.at)
        if state.want is Want.FIRST:
            yield step._replace(at=at + 1, cost=state.cost + 3)
        elif char == "{" and state.stack[-2:-1] == "[":
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

    def _named(self, state: State) -> Iterator[State]:
        """The string before a colon was a name: in an object without an opening bracket, or of the object outside."""
        if state.before(0)[0] != "string" or not state.stack:
            return
        step = state.noted("bracket", "an opening bracket was missing", state.at)
        yield step.then(("named",), at=state.at, want=Want.COLON, cost=3, stack=f"{state.stack}{{")
        if state.stack[-2:] == "{[":
            step = state.noted("bracket", "a closing bracket was missing", state.at)
            price = 5 if state.before(1)[0] == "open" or _is_lone_list(state, 1) else 3
            yield step.then(("lift",), at=state.at, want=Want.COLON, cost=price, stack=state.stack[:-1])

    def _was(self, state: State, char: str) -> bool:
        """Whether the value before is a container of that kind."""
        event = state.before(0)
        if event[0] == "put":
            return isinstance(event[1], dict if char == "{" else list)
        return event == ("close", char)


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
