"""What stands without quotes: numbers in any notation, literals of several languages, words."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, NamedTuple

from extractor.repair.escapes import Note, unescaped
from extractor.repair.kinds import Digits
from extractor.repair.marks import Role, name_ahead, past_blank
from extractor.repair.receipt import NOTHING, Nothing
from extractor.schema.pointer import JSON

__all__ = ["Bare", "read_bare", "read_closed", "read_number", "so_far"]

_TOKEN = re.compile(r"""(?:[^\s,;\]}\[{:"'`#()]|\([^\s()]*\))+""")
_LITERALS = {"true": True, "false": False, "null": None}
_FOREIGN = {"True": True, "TRUE": True, "False": False, "FALSE": False, "None": None, "NULL": None, "Null": None}
_FOREIGN |= {"undefined": None, "nil": None}
_CONSTANTS = frozenset(("NaN", "nan", "Infinity", "-Infinity", "+Infinity", "inf", "-inf"))
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NUMBER = re.compile(r"[+-]?(?:[1-9][\d_]*|0)?(?:\.[\d_]*)?(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?=\s*(?:[,}\n]|//|/\*|```))(?!\s*,\s*\d)")
_ESCAPED = re.compile(r"""\\"([^"\\\n]*)\\"(?=\s*[,}\]])""")
_CLOSED = re.compile(
    r"""((?:[^\s"'`“”„‘’«\[\]{},;:\\]|\\.)(?:[^"\\\n\[\]{}]|\\.){0,200}+)(?<![\s,])"(?=[^\S\n]*[,}\]\n])"""
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_EXPONENT = re.compile(r"(?<=\d)[eE][+-]?\Z")
_STRAY_QUOTE = re.compile(r"""["'](?=\s*(?:[,;}\]:]|\Z))""")
_SPLIT = re.compile(r"""([\w.+-]+)"([\w.+-]+)(?=\s*(?:[,;}\]]|\Z))""")
_WORDS = re.compile(r"""[,\n{}\[\]"]|\Z|```""")
_OPENING = frozenset("({")
_OPENERS, _CLOSERS = frozenset("{["), frozenset("}]")
_LONGEST = 4_000
# A quote farther away closes something else.
_NEAR = 200
_MOST = 500


class Bare(NamedTuple):
    """A value without quotes, up to `end`; `cut` where the text ends inside it."""

    value: JSON | Nothing
    end: int
    notes: tuple[Note, ...] = ()
    cost: int = 0
    cut: bool = False


def read_bare(text: str, at: int, role: Role, names: frozenset[str] | None, *, bare: bool) -> Bare:
    """The value without quotes at `at`. `bare` tells whether names stand without quotes too."""
    marked = _THOUSANDS.match(text, at) if role == "member" else None
    if marked:
        said = f"{marked.group()} has thousands marks"
        return Bare(read_number(marked.group().replace(",", "")), marked.end(), (("number", said, at, False),))
    found = _TOKEN.match(text, at)
    if found is None and text[at] in _OPENING:
        return _words(text, at, role, names, bare=bare)
    if found is None:
        said = f"{text[at]!r} stands where a value should"
        return Bare(NOTHING, at + 1, (("skipped", said, at, True),), 6)
    token, end = found.group(), found.end()
    if token in _LITERALS:
        return Bare(_LITERALS[token], end)
    if end == len(text) or (not _is_plain(token) and past_blank(text, end)[0] == len(text)):
        return Bare(NOTHING, len(text), cut=True)
    if (split := _SPLIT.match(text, at)) and _is_plain(split[1] + split[2]):
        note: Note = ("quotes", "a stray quote inside a value", at, False)
        return _one(split[1] + split[2], at, split.end(), (note,), 2)
    stray = _STRAY_QUOTE.match(text, end)
    if stray:
        return _one(token, at, stray.end(), (("quotes", "an opening quote was missing", at, False),), 2)
    if _is_alone(text, end, role, token, names, bare=bare):
        return _one(token, at, end, (), 0)
    return _words(text, at, role, names, bare=bare)


def read_closed(text: str, at: int) -> Bare | None:
    """The string at `at` whose opening quote was lost, or whose quotes were escaped; None where that is not plain."""
    if text.find('"', at, at + _NEAR) < 0:
        return None
    if escaped := _ESCAPED.match(text, at):
        return Bare(escaped[1], escaped.end(), (("escape", "the quotes of a string were escaped", at, False),), 1)
    found = _CLOSED.match(text, at)
    if found is None:
        return None
    value, notes = unescaped(text, at, found.end(1))
    first = value.partition(",")[0]
    alone = first in _LITERALS or read_number(first) is not None
    cost = 1 if _GROUPED.fullmatch(value) else 4 if alone else 2
    return Bare(value, found.end(), (("quotes", "an opening quote was missing", at, False), *notes), cost)


def read_number(text: str) -> int | float | None:
    """A number in JSON's notation or close to it (`+5`, `.5`, `5.`, `1_000`); None where it is not one."""
    if len(text) > _LONGEST or not any(char.isdigit() for char in text) or not _NUMBER.fullmatch(text):
        return None
    clean = text.replace("_", "")
    try:
        return int(clean)
    except ValueError:
        number = Digits(clean)
        return number if number - number == 0 else None


def so_far(text: str) -> JSON | Nothing:
    """What a value without quotes came to before the text ended; NOTHING where that says nothing yet."""
    said = text.strip().rstrip(",").rstrip()
    number = read_number(_EXPONENT.sub("", said))
    if number is not None:
        return number
    begun = any(literal.startswith(said) for literal in (*_LITERALS, *_FOREIGN))
    return NOTHING if begun or not said.strip("+-.…") else said


def _is_plain(token: str) -> bool:
    return token in _LITERALS or _JSON_NUMBER.fullmatch(token) is not None


def _one(token: str, at: int, end: int, notes: tuple[Note, ...], cost: int) -> Bare:
    """A value of one word."""

    def told(value: Any, kind: Any, said: str, *, lossy: bool = False, more: int = 0) -> Bare:
        return Bare(value, end, (*notes, (kind, said, at, lossy)), cost + more)

    if token in _LITERALS:
        return Bare(_LITERALS[token], end, notes, cost)
    if token in _FOREIGN:
        return told(_FOREIGN[token], "literal", f"{token} stands for a JSON literal")
    if token in _CONSTANTS:
        return told(None, "constant", f"{token} is no JSON value and became null", lossy=True)
    if token.strip(".…") == "":
        return told(NOTHING, "ellipsis", "an ellipsis says that something was left out", lossy=True)
    number = read_number(token)
    if number is None:
        return told(token, "unquoted", "text without quotes", more=1)
    if not _JSON_NUMBER.fullmatch(token):
        return told(number, "number", f"{token} is not a number as JSON writes them")
    return Bare(number, end, notes, cost)


def _is_alone(text: str, end: int, role: Role, token: str, names: frozenset[str] | None, *, bare: bool) -> bool:
    """Whether the word just read is the whole value, and not the first of several."""
    at, _ = past_blank(text, end)
    following = text[at : at + 1]
    if following in ("", ";", "}", "]", '"', "`"):
        return True
    if role == "item":
        return following in ",)" or read_number(token) is not None or "\n" in text[end:at]
    if following == ",":
        after, _ = past_blank(text, at + 1)
        if text[after : after + 1] in ("", ",", "}", "]", "{", "[", '"', "'") or token[0] in "-.0123456789":
            return True
        return name_ahead(text, after, names, bare=True)
    return name_ahead(text, at, names, bare=bare or "\n" in text[end:at])


def _words(text: str, start: int, role: Role, names: frozenset[str] | None, *, bare: bool) -> Bare:
    """Several words: up to a comma that a name follows, a closing bracket of another, or the end of the line."""
    depth = quotes = 0
    end = after = len(text)
    for found in islice(_WORDS.finditer(text, start), _MOST):
        mark, at = found.group(), found.start()
        if mark in _OPENERS:
            depth += 1
        elif mark in _CLOSERS and depth:
            depth -= 1
        elif mark == '"' and at > start:
            quotes += 1
            if quotes % 2 and name_ahead(text, at, names, bare=False):
                end = after = at
                break
            if quotes % 2 and _STRAY_QUOTE.match(text, at):
                end, after = at, at + 1
                break
        elif mark in ("", "```") or (not depth and _ends(text, at, mark, role, names, bare=bare)):
            end = after = at
            break
    else:
        end = after = found.start()
    if end == len(text):
        return Bare(NOTHING, end, cut=True)
    note: Note = ("unquoted", "text without quotes", start, False)
    if after == end:
        return Bare(text[start:end].strip().rstrip(",").rstrip(), after, (note,), 2)
    said, notes = unescaped(text, start, end)
    return Bare(said, after, (("quotes", "an opening quote was missing", start, False), note, *notes), 2)


def _ends(text: str, at: int, mark: str, role: Role, names: frozenset[str] | None, *, bare: bool) -> bool:
    """Whether words end at a comma, a line break or a closing bracket."""
    if mark in _CLOSERS or role == "item":
        return True
    after, _ = past_blank(text, at + 1)
    if mark == "\n" and text[after : after + 1] in ("", "}", "]", ","):
        return True
    return name_ahead(text, after, names, bare=bare or mark == "\n")
