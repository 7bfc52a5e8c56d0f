"""What stands without quotes: numbers in any notation, literals of several languages, bare words, an ellipsis."""

from __future__ import annotations

import re

from extractor.call.mending.strings import Role, key_ahead
from extractor.call.mending.tape import Tape
from extractor.call.mending.values import NOTHING, Nothing
from extractor.schema.pointer import JSON

__all__ = ["read_bare", "read_number"]

_TOKEN = re.compile(r"""[^\s,;\]}\[{:"'`#]+""")
_LITERALS = {"true": True, "false": False, "null": None}
_FOREIGN = {"True": True, "TRUE": True, "False": False, "FALSE": False, "None": None, "NULL": None, "Null": None}
_FOREIGN |= {"undefined": None, "nil": None}
_CONSTANTS = frozenset(("NaN", "nan", "Infinity", "-Infinity", "+Infinity", "inf", "-inf"))
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NUMBER = re.compile(r"[+-]?(?:[1-9][\d_]*|0)?(?:\.\d*)?(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?=\s*(?:[,}\n]|//|/\*|```))(?!\s*,\s*\d)")
_WORDS_END = re.compile(r",|[}\]\n]|\Z|```")
_STRAY_QUOTE = re.compile(r'"(?=\s*[,}\]])')
_NO_WORD = frozenset(("", ",", "}", "]", "{", "[", '"', "'", "/", "#"))
_LONGEST = 4_000


def read_bare(tape: Tape, role: Role) -> JSON | Nothing:
    """The value without quotes at the tape; NOTHING where there is none, or the text ends inside it."""
    start = tape.at
    marked = _THOUSANDS.match(tape.text, start) if role == "member" else None
    if marked:
        return _marked(tape, marked)
    found = _TOKEN.match(tape.text, start)
    if found is None:
        return _stray(tape)
    token, tape.at = found.group(), found.end()
    if token in _LITERALS:
        return _LITERALS[token]
    if tape.at == len(tape.text):
        tape.lose(f"{token[:40]!r}, perhaps not whole,", start)
        return NOTHING
    if stray := _STRAY_QUOTE.match(tape.text, tape.at):
        tape.note("quotes", f"an opening quote was missing @ {tape.pointer}", start)
        tape.at = stray.end()
        return _one(tape, token, start)
    if _alone(tape, role, token):
        return _one(tape, token, start)
    return _words(tape, role, start)


def read_number(text: str) -> int | float | None:
    """A number in JSON's notation or close to it (`+5`, `.5`, `5.`, `1_000`); None where it is not one."""
    if len(text) > _LONGEST or not any(char.isdigit() for char in text) or not _NUMBER.fullmatch(text):
        return None
    clean = text.replace("_", "")
    try:
        return int(clean)
    except ValueError:
        number = float(clean)
        return number if number - number == 0 else None


def _one(tape: Tape, token: str, start: int) -> JSON | Nothing:
    """A value of one word."""
    if token in _FOREIGN:
        tape.note("literal", f"{token} stands for a JSON literal @ {tape.pointer}", start)
        return _FOREIGN[token]
    if token in _CONSTANTS:
        tape.note("constant", f"{token} is no JSON value and became null @ {tape.pointer}", start, lossy=True)
        return None
    if token.strip(".…") == "":
        tape.note("ellipsis", f"an ellipsis says that something was left out @ {tape.pointer}", start, lossy=True)
        return NOTHING
    number = read_number(token)
    if number is None:
        tape.note("unquoted", f"text without quotes @ {tape.pointer}", start)
        return token
    if not _JSON_NUMBER.fullmatch(token):
        tape.note("number", f"{token} is not a number as JSON writes them @ {tape.pointer}", start)
    return number


def _alone(tape: Tape, role: Role, token: str) -> bool:
    """Whether the word just read is the whole value, and not the first of several."""
    following = tape.peek()
    if following in ("", ";", "}", "]", '"') or role == "item":
        return True
    if following != ",":
        return key_ahead(tape, tape.at)
    after = _past_blank(tape.text, tape.at + 1)
    return tape.text[after : after + 1] in _NO_WORD or token[0] in "-.0123456789" or key_ahead(tape, after)


def _words(tape: Tape, role: Role, start: int) -> JSON | Nothing:
    """Several words without quotes: up to a comma that a name follows, a bracket, or the end of the line."""
    at = tape.at
    while (found := _WORDS_END.search(tape.text, at)) and found.group() == "," and role == "member":
        if key_ahead(tape, _past_blank(tape.text, found.end())):
            break
        at = found.end()
    tape.at = found.start() if found else len(tape.text)
    if tape.at == len(tape.text):
        tape.lose("text without quotes", start)
        return NOTHING
    tape.note("unquoted", f"text without quotes @ {tape.pointer}", start)
    return tape.text[start : tape.at].strip().rstrip(",").rstrip("\"'").rstrip()


def _past_blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _marked(tape: Tape, found: re.Match[str]) -> JSON:
    tape.note("number", f"{found.group()} has thousands marks @ {tape.pointer}")
    tape.at = found.end()
    return read_number(found.group().replace(",", ""))


def _stray(tape: Tape) -> Nothing:
    """Step over one character that no value starts with."""
    tape.note("skipped", f"{tape.text[tape.at]!r} stands where a value should @ {tape.pointer}", lossy=True)
    tape.at += 1
    return NOTHING
