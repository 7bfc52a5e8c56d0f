"""The text under the reader: where it stands, what was noted on the way, and whether the text ended too soon."""

from __future__ import annotations

import re

from extractor.call.mending.values import Change, Guess, Kind
from extractor.schema.pointer import join

__all__ = ["FENCE", "Tape"]

FENCE = "```"
_BLANK = re.compile(r"[\s\ufeff\u200b]*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|#[^\n]*", re.DOTALL)
_LEFT_OUT = re.compile(r"\.\.\.|…|\b(?:more|rest|remaining|omitted|etc)\b", re.IGNORECASE)


class Tape:
    """A position in a text, moved forwards only."""

    __slots__ = ("at", "changes", "cut", "guess", "path", "text", "unquoted_keys")

    def __init__(self, text: str, at: int, guess: Guess) -> None:
        self.text, self.at, self.guess = text, at, guess
        self.changes: list[Change] = []
        self.path: list[str | int] = []
        self.cut = self.unquoted_keys = False

    @property
    def pointer(self) -> str:
        """The JSON pointer of the value being read, for messages."""
        pointer = ""
        for part in self.path:
            pointer = join(pointer, part)
        return pointer or "/"

    def note(self, kind: Kind, message: str, offset: int | None = None, *, lossy: bool = False) -> None:
        """Tell of a change at `offset`, or where the tape stands."""
        self.changes.append(Change(kind, message, self.at if offset is None else offset, lossy))

    def peek(self) -> str:
        """The next character that matters, past blanks and comments; "" where the text or its fence ends."""
        while True:
            blank = _BLANK.match(self.text, self.at)
            self.at = blank.end() if blank else self.at
            char = self.text[self.at : self.at + 1]
            comment = _COMMENT.match(self.text, self.at) if char in "/#" and char else None
            if comment is None:
                return "" if char == "`" and self.text.startswith(FENCE, self.at) else char
            elided = _LEFT_OUT.search(comment.group()) is not None
            said = "a comment says that something was left out" if elided else "a comment was dropped"
            self.note("ellipsis" if elided else "comment", f"{said} @ {self.pointer}", lossy=elided)
            self.at = comment.end()

    def end(self, lost: str) -> None:
        """The text ended inside a value: for good where a fence closes it, else it was cut; `lost` is told of."""
        if self.text.startswith(FENCE, self.at):
            self.note("bracket", f"a closing bracket was missing @ {self.pointer}")
            return
        self.cut = True
        if lost:
            self.lose(lost)

    def lose(self, lost: str, offset: int | None = None) -> None:
        """Tell that the cut end of the text took something with it."""
        self.cut = True
        self.note("cut", f"the text was cut off: {lost} @ {self.pointer} is left out", offset, lossy=True)
