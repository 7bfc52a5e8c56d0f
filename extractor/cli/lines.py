"""Text of strangers (names of files, words of errors) on a terminal: one line, that does nothing to it."""

from __future__ import annotations

__all__ = ["one_line"]


def one_line(text: str) -> str:
    """The text with what would end the line or steer the terminal written as escapes."""
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
