"""Reads one object or array of near-JSON, in one pass, as far as it goes.

Parts that are valid as they stand are read at the speed of the standard scanner.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from extractor.call.mending.scalars import read_bare
from extractor.call.mending.strings import QUOTES, Role, read_string
from extractor.call.mending.tape import Tape
from extractor.call.mending.values import NOTHING, Guess, Nothing
from extractor.errors import InvalidValue, Problem
from extractor.schema.pointer import JSON

__all__ = ["DEPTH", "Reader"]

DEPTH = 100
"""Deeper nesting than this is refused: no answer needs it, and it bounds the work."""

_BARE_KEY = re.compile(r"""[^:,{}\[\]\n"]+"?""")
_MEMBER = re.compile(r'"(?:[^"\\]|\\.)*"\s*:|\'[^\'\\]*\'\s*:', re.DOTALL)
_MEMBER_NEXT = re.compile(r'[}\]]\s*,\s*"(?:[^"\\]|\\.)*"\s*:', re.DOTALL)
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


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse)


class Reader:
    """A reading of `text` from the bracket at `start`, or from the first member of an object that has none."""

    __slots__ = ("_failed_at", "_open", "_spilled", "_tries", "_tries_left", "tape")

    def __init__(self, text: str, start: int, guess: Guess) -> None:
        self.tape = Tape(text, start, guess)
        self._open: list[str] = []
        self._spilled: list[JSON] = []
        self._failed_at, self._tries, self._tries_left = -1, 0, _TRIES

    def read(self) -> JSON:
        """The value; InvalidValue where it is nested too deep to be an answer."""
        if self.tape.text[self.tape.at] in "{[":
            return self._value("item")
        return self._unopened()

    def _value(self, role: Role) -> JSON | Nothing:
        char = self.tape.peek()
        if char in ("{", "["):
            whole = self._island()
            return self._container(char) if whole is NOTHING else whole
        if char in QUOTES:
            return read_string(self.tape, role)
        if char in ("", ",", "}", "]"):
            return self._missing(char)
        return read_bare(self.tape, role)

    def _container(self, char: str) -> JSON:
        if len(self._open) >= DEPTH:
            raise InvalidValue((Problem("", f"the JSON is nested more than {DEPTH} deep; ask again"),))
        self._open.append("}" if char == "{" else "]")
        self.tape.at += 1
        return self._object() if char == "{" else self._array()

    def _object(self) -> dict[str, JSON]:
        found: dict[str, JSON] = {}
        for _ in self._steps("}"):
            key = self._key()
            if key is None:
                continue
            self.tape.path.append(key)
            value = self._value("member") if self._colon() else NOTHING
            if value is not NOTHING:
                found = self._put(found, key, value)
            self.tape.path.pop()
        self._open.pop()
        return found

    def _array(self) -> list[JSON]:
        found: list[JSON] = []
        for _ in self._steps("]"):
            start = self.tape.at
            self.tape.path.append(len(found))
            value = self._value("item") if found or not self._named() else self._unopened()
            found.extend(self._spilled)
            self._spilled.clear()
            if self.tape.cut and isinstance(value, dict | list):
                self.tape.lose("a list item without its end", start)
            elif value is not NOTHING:
                found.append(value)
            self.tape.path.pop()
        self._open.pop()
        return found

    def _named(self) -> bool:
        """Whether a name and its colon stand where a list item should."""
        return _MEMBER.match(self.tape.text, self.tape.at) is not None

    def _unopened(self) -> dict[str, JSON]:
        """An object whose opening bracket is missing."""
        self.tape.note("bracket", f"an opening bracket was missing @ {self.tape.pointer}")
        self._open.append("}")
        return self._object()

    def _steps(self, closer: str) -> Iterator[None]:
        """Stop once before each item of a container; leave the tape past its closing bracket."""
        tape, first = self.tape, True
        while not tape.cut:
            before = tape.at
            char, commas = self._commas()
            if char == closer:
                if commas:
                    tape.note("comma", f"a comma before a closing bracket @ {tape.pointer}")
                tape.at += 1
                return
            if char in ("}", "]"):
                if self._outer(char):
                    return
                continue
            if char == "":
                tape.end("")
                return
            if (not first or closer == "}") and self._left(char):
                tape.note("bracket", f"a closing bracket was missing @ {tape.pointer}")
                tape.at = before
                return
            if commas > 1 or (first and commas):
                tape.note("comma", f"a comma too many @ {tape.pointer}")
            elif not first and not commas:
                tape.note("comma", f"a comma was missing @ {tape.pointer}")
            first = False
            yield

    def _left(self, char: str) -> bool:
        """Whether what comes belongs to the container outside: a member in a list, a new item inside an object."""
        if self._open[-1] == "]":
            return "}" in self._open and self._named()
        return char == "{" and self._open[-2:] == ["]", "}"]

    @property
    def _here(self) -> tuple[str, int]:
        return self.tape.text, self.tape.at

    def _commas(self) -> tuple[str, int]:
        """Step over commas (or the semicolons that stand for them): what follows, and how many there were."""
        count, char = 0, self.tape.peek()
        while char in (",", ";"):
            count += 1
            self.tape.at += 1
            char = self.tape.peek()
        return char, count

    def _outer(self, char: str) -> bool:
        """A closing bracket of the other kind: an outer container's ends this one too; any other is stepped over."""
        if char == "}" and self._open[-3:] in (["}", "]"], ["]", "}", "]"]) and _MEMBER_NEXT.match(*self._here):
            self.tape.note("bracket", f"a closing bracket of the wrong kind @ {self.tape.pointer}")
            self.tape.at += 1
            return True
        outer = char in self._open
        said = "a closing bracket was missing" if outer else f"a stray {char!r} was dropped"
        self.tape.note("bracket", f"{said} @ {self.tape.pointer}")
        self.tape.at += not outer
        return outer

    def _key(self) -> str | None:
        """The name of the next member; None where there is none, with whatever stands there dropped and told."""
        tape, start = self.tape, self.tape.at
        char = tape.text[start]
        if char in QUOTES:
            name = read_string(tape, "key")
            return None if name is NOTHING else name
        bare = _BARE_KEY.match(tape.text, start)
        if bare is None or (tape.text[bare.end() : bare.end() + 1] != ":" and bare.end() < len(tape.text)):
            self._nameless(start)
            return None
        tape.at = bare.end()
        if tape.at == len(tape.text):
            tape.lose("a name", start)
            return None
        tape.note("key", f"a name without quotes @ {tape.pointer}", start)
        tape.unquoted_keys = True
        return bare.group().strip().rstrip("\"'")

    def _nameless(self, start: int) -> None:
        value = self._value("item") if self.tape.text[start] != ":" else NOTHING
        self.tape.at += self.tape.at == start
        if value is not NOTHING or self.tape.at == start + 1:
            self.tape.note("skipped", f"a value without a name was dropped @ {self.tape.pointer}", start, lossy=True)

    def _colon(self) -> bool:
        """Step over the colon after a name; whether a value can follow."""
        tape = self.tape
        char = tape.peek()
        if char in (":", "="):
            if char == "=":
                tape.note("colon", f"an equals sign for a colon @ {tape.pointer}")
            tape.at += 2 if tape.text.startswith(("=>", ":="), tape.at) else 1
            return True
        if char == "":
            tape.end("a name without a value")
            return False
        if char in (",", "}", "]"):
            tape.note("empty", f"a name without a value was left out @ {tape.pointer}", lossy=True)
            return False
        tape.note("colon", f"a colon was missing @ {tape.pointer}")
        return True

    def _missing(self, char: str) -> Nothing:
        if char:
            self.tape.note("empty", f"no value stood there @ {self.tape.pointer}")
        else:
            self.tape.end("a name without a value")
        return NOTHING

    def _put(self, found: dict[str, JSON], key: str, value: JSON) -> dict[str, JSON]:
        """The members with one more, which may be a second one of its name."""
        tape = self.tape
        if key not in found or found[key] == value:
            if key in found:
                tape.note("duplicate", f"said twice, with one value @ {tape.pointer}")
            found[key] = value
            return found
        if tape.guess.duplicates == "split" and self._open[-2:] == ["]", "}"]:
            tape.note("duplicate", f"said twice, so a new list item starts @ {tape.pointer}")
            self._spilled.append(found)
            return {key: value}
        kept = tape.guess.duplicates if tape.guess.duplicates == "first" else "last"
        tape.note("duplicate", f"said twice, with two values; the {kept} was kept @ {tape.pointer}", lossy=True)
        if kept == "last":
            found[key] = value
        return found

    def _island(self) -> JSON | Nothing:
        """The container at the tape if it is valid as it stands, else NOTHING."""
        tape = self.tape
        if not self._tries_left or (tape.at <= self._failed_at and self._tries >= _TRIES_PER_PLACE):
            return NOTHING
        try:
            value, end = _STRICT.raw_decode(tape.text, tape.at)
        except (ValueError, RecursionError) as error:
            self._missed(error.pos if isinstance(error, json.JSONDecodeError) else tape.at)
            return NOTHING
        if _HALF_CHARACTER.search(tape.text, tape.at, end):
            return NOTHING
        tape.at = end
        return value

    def _missed(self, place: int) -> None:
        self._tries = self._tries + 1 if place == self._failed_at else 1
        self._failed_at = place
        self._tries_left -= 1
