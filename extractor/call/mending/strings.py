"""Strings with any quotes, unescaped quotes and line breaks inside, bad escapes, and no end.

A quote ends a string only where what follows it could follow a string there. One look ahead reaches to the next
quote at most, so reading stays linear.
"""

from __future__ import annotations

import re
from typing import Literal

from extractor.call.mending.tape import Tape
from extractor.call.mending.values import NOTHING, Nothing

__all__ = ["KEY_AHEAD", "QUOTES", "Role", "key_ahead", "read_string"]

Role = Literal["key", "member", "item"]

_CLOSERS = {'"': '"', "'": "'", "`": "`", "“": '”“"', "”": '”"', "„": '“”"', "‘": "’'", "’": "’'", "«": "»"}
QUOTES = frozenset(_CLOSERS)
_STOPS = {opener: re.compile(rf"[\\{re.escape(closers)}]") for opener, closers in _CLOSERS.items()}
_CONTROL = re.compile(r"[\x00-\x1f]")

_QUOTED_KEY = (
    r"""["“”](?P<a>(?:[^"“”\\]|\\.)*)(?:["“”]\s*(?::|\Z)|\Z)|['‘’](?P<b>(?:[^'’\\]|\\.)*)(?:['’]\s*(?::|\Z)|\Z)"""
)
KEY_AHEAD = re.compile(
    rf"""(?:[A-Z][A-Z_]+\s+(?="))?(?:{_QUOTED_KEY})|(?P<c>[^\W\d][\w$-]*)\s*:(?!//)|(?P<d>\d+)\s*:\s*["{{\[]""",
    re.DOTALL,
)
_LITERAL = r"(?i:true|false|null|none|nan|-?infinity|undefined)\b"
_END = r"\Z|```|//|/\*"
_AFTER_MEMBER = re.compile(rf"\s*(?:{_END}|[}}\]]|[,;]\s*(?:[,}}\]{{\[#]|{_END}))")
_TO_KEY = re.compile(r"\s*[,;]?\s*")
_AFTER_ITEM = re.compile(
    rf"""\s*(?:{_END}|[}}\]{{\[]|["“]|[,;]\s*(?:[,}}\]{{\[#"'“‘`]|\.\.\.|-?\.?\d|{_END}"""
    rf"|{_LITERAL}))|\s+['#]|[^\S\n]*\n\s*(?:-?\.?\d|{_LITERAL})"
)
_AFTER_KEY = re.compile(rf"""\s*(?:[:=,}}]|{_END}|["“{{\[])|\s+(?:-?\d|(?i:true|false|null|none)\b)""")

# A name whose closing quote is missing, up to its colon; a value's own quote follows.
_OPEN_NAME = re.compile(r"([^\W\d][\w -]*)(?=\s*:\s*\Z)")
_COLON = re.compile(r"\s*[:=]")
# An end of the text that a model writes on purpose: brackets, then the fence.
_ENDING = 200
_FENCED_END = re.compile(r"\s*[}\]]+\s*```\s*\Z")

_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
# Not JSON, but only ever meant in one way: a quote escaped needlessly, Markdown's underscore, a continued line.
_LENIENT = {"'": "'", "_": "_", "\n": "\n", "`": "`"}
_HEX = re.compile(r"u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})")
_HEX_CUT = re.compile(r"[ux][0-9a-fA-F]{0,3}\Z")


def read_string(tape: Tape, role: Role) -> str | Nothing:
    """The string whose opening quote stands at the tape; NOTHING where the text ends inside it."""
    start, opener = tape.at, tape.text[tape.at]
    if tape.text.startswith(opener * 3, start) and (end := tape.text.find(opener * 3, start + 3)) > 0:
        return _tripled(tape, end)
    if opener != '"':
        tape.note("quotes", f"quotes other than double ones @ {tape.pointer}", start)
    pieces: list[str] = []
    inner, at = -1, start + 1
    while found := _STOPS[opener].search(tape.text, at):
        stop = found.start()
        pieces.append(tape.text[at:stop])
        if tape.text[stop] == "\\":
            piece, at = _escape(tape, stop)
            pieces.append(piece)
        elif role == "key" and inner < 0 and (colon := _open_name(tape, start, stop)):
            tape.note("quotes", f"a closing quote was missing @ {tape.pointer}", colon.end())
            tape.at = colon.end()
            return colon[1].strip()
        elif _closes(tape, stop, role):
            tape.at = stop + 1
            return _finish(tape, pieces, start, inner)
        elif role == "member" and (missed := _unclosed(tape, start, stop)) is not None:
            tape.note("quotes", f"a closing quote was missing @ {tape.pointer}", missed)
            tape.at = missed
            return "".join(pieces)[: missed - stop].rstrip()
        else:
            inner = stop if inner < 0 else inner
            pieces.append(tape.text[stop])
            at = stop + 1
    if role != "key" and (ending := _FENCED_END.search(tape.text, max(at, len(tape.text) - _ENDING))):
        tape.note("quotes", f"a closing quote was missing @ {tape.pointer}", ending.start())
        tape.at = ending.start()
        return "".join((*pieces, tape.text[at : tape.at]))
    tape.at = len(tape.text)
    tape.lose("a name" if role == "key" else "a string without its end", start)
    return NOTHING


def _tripled(tape: Tape, end: int) -> str:
    """A string between triple quotes, as Python writes long ones."""
    tape.note("quotes", f"triple quotes @ {tape.pointer}")
    value, tape.at = tape.text[tape.at + 3 : end], end + 3
    return value


def key_ahead(tape: Tape, at: int) -> bool:
    """Whether a property name and its colon stand at `at`, perhaps cut off by the end of the text."""
    found = KEY_AHEAD.match(tape.text, at)
    if found is None:
        return False
    bare = found["c"] is not None
    name = found[found.lastgroup or "a"]
    if found["d"] is not None or (found.end() == len(tape.text) and not bare):
        return True
    if tape.guess.names is not None:
        return name in tape.guess.names
    return tape.unquoted_keys if bare else True


def _closes(tape: Tape, stop: int, role: Role) -> bool:
    """Whether the quote at `stop` ends the string: whether what follows could follow one."""
    if tape.guess.eager:
        return True
    if role == "key":
        return _AFTER_KEY.match(tape.text, stop + 1) is not None
    if role == "item":
        return _AFTER_ITEM.match(tape.text, stop + 1) is not None
    if _AFTER_MEMBER.match(tape.text, stop + 1):
        return True
    gap = _TO_KEY.match(tape.text, stop + 1)
    return gap is not None and key_ahead(tape, gap.end())


def _open_name(tape: Tape, start: int, stop: int) -> re.Match[str] | None:
    """The name and its colon, if the quote at `stop` opens the value of a name that was never closed."""
    return None if _COLON.match(tape.text, stop + 1) else _OPEN_NAME.match(tape.text, start + 1, stop)


def _unclosed(tape: Tape, start: int, stop: int) -> int | None:
    """Where the string should have ended, if the quote at `stop` opens the next member's name instead."""
    before = stop - 1
    while before > start and tape.text[before].isspace():
        before -= 1
    comma = tape.text[before] == ","
    broken = comma or "\n" in tape.text[before + 1 : stop]
    if not broken or before <= start or not key_ahead(tape, stop):
        return None
    return before if comma else before + 1


def _finish(tape: Tape, pieces: list[str], start: int, inner: int) -> str:
    doubled = inner == start + 1 and pieces.count(tape.text[start]) == 1
    value = "".join(pieces)[doubled:]
    if doubled:
        tape.note("quotes", f"an opening quote was doubled @ {tape.pointer}", inner)
    elif inner >= 0:
        tape.note("unescaped", f"quotes inside a string were not escaped @ {tape.pointer}", inner)
    control = _CONTROL.search(tape.text, start, tape.at)
    if control:
        tape.note(
            "control", f"a line break or other control character inside a string @ {tape.pointer}", control.start()
        )
    return value


def _escape(tape: Tape, stop: int) -> tuple[str, int]:
    """What the escape at `stop` stands for, and where the text goes on after it."""
    char = tape.text[stop + 1 : stop + 2]
    if char in _ESCAPES and char:
        return _ESCAPES[char], stop + 2
    if found := _HEX.match(tape.text, stop + 1):
        return _code_point(tape, found, stop), found.end()
    if not char or _HEX_CUT.match(tape.text, stop + 1):
        return "", len(tape.text)
    tape.note("escape", f"an escape that JSON does not know @ {tape.pointer}", stop)
    return (_LENIENT[char], stop + 2) if char in _LENIENT else ("\\", stop + 1)


def _code_point(tape: Tape, found: re.Match[str], stop: int) -> str:
    high, low, single, byte = found.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
    if byte:
        tape.note("escape", f"an escape that JSON does not know @ {tape.pointer}", stop)
        return chr(int(byte, 16))
    if 0xD800 <= int(single, 16) < 0xE000:
        tape.note("escape", f"half of a character was escaped @ {tape.pointer}", stop, lossy=True)
        return "\ufffd"
    return chr(int(single, 16))
