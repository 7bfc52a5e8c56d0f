"""What the inside of a string stands for: escapes, those that JSON does not know included."""

from __future__ import annotations

import re
from collections.abc import Iterator

from extractor.repair.receipt import Kind

__all__ = ["HALF_ESCAPE", "Note", "unescaped"]

Note = tuple[Kind, str, int, bool]
"""Kind, message, offset and whether something was lost."""

HALF_ESCAPE = re.compile(
    r"(?<!\\)(?:\\\\)*+((?:\\u[dD][89abAB][0-9a-fA-F]{2})?\\(?:u[0-9a-fA-F]{0,3})?|\\u[dD][89abAB][0-9a-fA-F]{2})\Z"
)
"""An escape at the end of a text, of which only a part is there: group 1."""

_KNOWN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
# Not JSON, but only ever meant in one way: a quote escaped needlessly, Markdown's underscore, a continued line.
_LENIENT = {"'": "'", "_": "_", "\n": "\n", "`": "`"}
_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.)|\Z)",
    re.DOTALL,
)


def unescaped(text: str, start: int, end: int) -> tuple[str, list[Note]]:
    """The characters that `text[start:end]` stands for, and what of it JSON does not know."""
    raw = text[start:end]
    if "\\" not in raw:
        return raw, []
    notes: list[Note] = []
    return "".join(_pieces(raw, start, notes)), notes


def _pieces(raw: str, offset: int, notes: list[Note]) -> Iterator[str]:
    at = 0
    for found in _ESCAPE.finditer(raw):
        yield raw[at : found.start()]
        yield _meant(found, offset + found.start(), notes)
        at = found.end()
    yield raw[at:]


def _meant(found: re.Match[str], offset: int, notes: list[Note]) -> str:
    high, low, single, byte, char = found.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
    if single:
        if not 0xD800 <= int(single, 16) < 0xE000:
            return chr(int(single, 16))
        notes.append(("escape", "half of a character was escaped", offset, True))
        return "\ufffd"
    if char in _KNOWN:
        return _KNOWN[char]
    notes.append(("escape", "an escape that JSON does not know", offset, False))
    if byte:
        return chr(int(byte, 16))
    return _LENIENT.get(char, f"\\{char or ''}")
