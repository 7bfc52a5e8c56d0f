"""JSON that is still arriving, as the value that it holds so far.

    parser = PartialParser()
    for piece in pieces:
        parser.feed(piece)
        parser.value                      # grows in place; copy what is to be kept

Each character is looked at once, however small the pieces are. A string shows as far as it came; a number, a literal or
a property name only once it is whole. Text before the first bracket (a fence, a greeting) and after the last is passed
over.
"""

from __future__ import annotations

import re
from typing import Any

from extractor.errors import InvalidValue, Problem
from extractor.schema.pointer import JSON
from extractor.schema.text import from_text

__all__ = ["PartialParser", "parse_partial"]

PLAIN = re.compile(r'[^"\\]*')
SPACE = re.compile(r"[ \t\r\n]*")
WORD = re.compile(r"[-+.\w]*")
HIGH = re.compile(r"\\u[dD][89abAB]")
LONGEST_ESCAPE = 12
LONGEST_WORD = 10_000
"""Characters of a number; one that goes on is a model that repeats itself."""


def parse_partial(text: str) -> JSON:
    """The value that a prefix of JSON text holds; None where nothing of it has come yet. Raises InvalidValue."""
    parser = PartialParser()
    parser.feed(text)
    return parser.value


class PartialParser:
    """Reads JSON piece by piece. `value` is what has come so far, `complete` whether it has come to its end."""

    def __init__(self) -> None:
        self.value: JSON = None
        self.complete = False
        self._rest = ""
        self._stack: list[Any] = []
        self._key: str | None = None
        self._text: str | None = None
        self._wanted = "start"

    def feed(self, piece: str) -> None:
        """Take the next piece of text. Raises InvalidValue where it is no JSON; what came before stays in `value`."""
        text, at = self._rest + piece, 0
        self._rest = ""
        while at < len(text) and not self.complete:
            step = self._in_string(text, at) if self._text is not None else self._between(text, at)
            if step == at:
                break
            at = step
        self._rest = "" if self.complete else text[at:]

    # ------------------------------------------------------------------ strings

    def _in_string(self, text: str, at: int) -> int:
        """Read on in the open string; stays where it is at an escape that is not whole yet."""
        end = PLAIN.match(text, at).end()  # type: ignore[union-attr]
        if end > at:
            self._grow(text[at:end])
        if end == len(text):
            return end
        if text[end] == '"':
            self._close_string()
            return end + 1
        stop = _escape_end(text, end)
        if stop is None:
            self._hold(text, end)
            return end
        self._grow(from_text(f'"{text[end:stop]}"'))
        return stop

    def _hold(self, text: str, at: int) -> None:
        if len(text) - at > LONGEST_ESCAPE:
            raise _broken(f"the escape {text[at : at + 6]!r}")

    def _grow(self, piece: str) -> None:
        """Add to the open string. It is taken out of its container meanwhile, so that it grows in place."""
        text, self._text = self._text or "", None
        shown = self._wanted == "value"
        if shown:
            self._put(None)
        text += piece
        self._text = text
        if shown:
            self._put(text)

    def _close_string(self) -> None:
        text, self._text = self._text or "", None
        if self._wanted == "key":
            self._key, self._wanted = text, ":"
        else:
            self._put(text)
            self._wanted = ","

    # ------------------------------------------------------------------ between strings

    def _between(self, text: str, at: int) -> int:
        if self._wanted == "start":
            found = [place for place in (text.find("{", at), text.find("[", at)) if place >= 0]
            if not found:
                return len(text)
            at, self._wanted = min(found), "value"
        at = SPACE.match(text, at).end()  # type: ignore[union-attr]
        return at if at == len(text) else self._token(text, at)

    def _token(self, text: str, at: int) -> int:
        mark = text[at]
        if mark == '"' and self._wanted in ("value", "key"):
            self._open_string()
        elif mark in "{[" and self._wanted == "value":
            self._open({} if mark == "{" else [])
        elif mark in "}]" and self._may_close(mark):
            self._close()
        elif mark == "," and self._wanted == ",":
            self._next()
        elif mark == ":" and self._wanted == ":":
            self._wanted = "value"
        elif self._wanted == "value":
            return self._word(text, at)
        else:
            raise _broken(f"{mark!r}")
        return at + 1

    def _word(self, text: str, at: int) -> int:
        """A number or a literal, once what follows it has come."""
        end = WORD.match(text, at).end()  # type: ignore[union-attr]
        if end == at:
            raise _broken(f"{text[at]!r}")
        if end - at > LONGEST_WORD:
            raise _broken(f"a number of more than {LONGEST_WORD} characters")
        if end == len(text):
            return at
        self._put(from_text(text[at:end]))
        self._wanted = ","
        return end

    def _open_string(self) -> None:
        self._text = ""
        if self._wanted == "value":
            self._put("")

    def _open(self, container: Any) -> None:
        self._put(container)
        self._stack.append(container)
        self._key = None
        self._next()

    def _next(self) -> None:
        above = self._stack[-1]
        self._wanted = "key" if isinstance(above, dict) else "value"
        if isinstance(above, list):
            self._key = None

    def _may_close(self, mark: str) -> bool:
        kind, before = (dict, "key") if mark == "}" else (list, "value")
        return bool(self._stack) and isinstance(self._stack[-1], kind) and self._wanted in (",", before)

    def _close(self) -> None:
        self._stack.pop()
        self._wanted = ","
        self.complete = not self._stack

    def _put(self, value: JSON) -> None:
        """Set the value in its place: below the last name of an object, or as the open item of a list."""
        if not self._stack:
            self.value = value
        elif isinstance(self._stack[-1], dict):
            self._stack[-1][self._key] = value
        elif self._key is None:
            self._stack[-1].append(value)
            self._key = "open"
        else:
            self._stack[-1][-1] = value


def _escape_end(text: str, at: int) -> int | None:
    """Where the escape that begins at `at` ends; None while it is not whole. A surrogate pair is one escape."""
    size = 6 if text[at + 1 : at + 2] == "u" else 2
    if HIGH.match(text, at) and (len(text) < at + 8 or text[at + 6 : at + 8] == "\\u"):
        size = 12
    return at + size if len(text) >= at + size else None


def _broken(what: str) -> InvalidValue:
    return InvalidValue((Problem("", f"is not JSON: {what} stands where it cannot"),))
