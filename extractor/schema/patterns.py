"""Regular expressions of JSON Schema (ECMA 262, unanchored), by an engine whose time grows with the text alone.

It is the one that pydantic brings along, and knows no look-around and no back-references: patterns with those go
to Python's engine, unless a repetition inside a repetition could keep that one busy for ever.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic_core import SchemaError as NotItsOwn
from pydantic_core import SchemaValidator
from pydantic_core.core_schema import str_schema

from extractor.errors import SchemaError

__all__ = ["compiled", "nests"]

TOKEN = re.compile(
    r"(?P<property>\\[pP]\{[^}]*\})|(?P<unicode>\\u\{(?P<code>[0-9a-fA-F]+)\})|(?P<control>\\c(?P<letter>[A-Za-z]))"
    r"|(?P<escape>\\.)|(?P<group>\(\?<(?P<label>[A-Za-z_]\w*)>)|(?P<empty>\[\^?\])|(?P<other>.)",
    re.DOTALL,
)
ESCAPES = {"\\d": "0-9", "\\w": "a-zA-Z0-9_"}
ENDS = ("\\Z", "\\z")
NEGATED = {"\\D": "[^0-9]", "\\W": "[^a-zA-Z0-9_]"}


class Pattern:
    """A pattern, ready to be sought."""

    def __init__(self, pattern: str) -> None:
        self._checked: SchemaValidator | re.Pattern[str]
        try:
            self._checked = SchemaValidator(str_schema(pattern=_translated(pattern, end=r"\z")))
        except NotItsOwn:
            translated = _translated(pattern)
            self._checked = re.compile(translated)
            if nests(translated):
                raise re.error("look-around beside a repetition of repetitions could take for ever") from None

    def search(self, text: str) -> bool:
        """Whether it is found anywhere in the text."""
        if isinstance(self._checked, re.Pattern):
            return self._checked.search(text) is not None
        return self._checked.isinstance_python(text if text.isascii() else text.encode("utf-8", "replace").decode())


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Pattern:
    """The pattern, ready for `search`; SchemaError where no engine can read it, or none in a time that has an end."""
    try:
        return Pattern(pattern)
    except (re.error, OverflowError) as error:
        remedy = "write it without constructs of other engines"
        raise SchemaError(path="", construct=f"the pattern {pattern!r} ({error})", remedy=remedy) from error


def nests(pattern: str) -> bool:
    """Whether a group is repeated without end that holds a repetition or a choice."""
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern, flags=re.DOTALL)
    busy = [False]  # for each open group, whether it holds a repetition or a choice
    for token in re.finditer(r"\(\?P?[<=!:]*|\(|\)(?P<times>[*+]|\{\d*,\d*\})?|[*+|]|\{\d*,\d*\}", plain):
        if token[0].startswith("("):
            busy.append(False)
        elif not token[0].startswith(")"):
            busy[-1] = True
        elif len(busy) > 1:
            inner = busy.pop()
            if inner and token["times"]:
                return True
            busy[-1] = busy[-1] or inner or bool(token["times"])
    return False


def _translated(pattern: str, *, end: str = r"\Z") -> str:
    out: list[str] = []
    inside = False
    for token in TOKEN.finditer(pattern):
        text = token[0]
        if token["empty"] and not inside:
            out.append(r"[^\s\S]" if text == "[]" else r"[\s\S]")
        elif token["empty"] or token["other"]:
            out.append("".join(_character(each, inside, end) for each in text))
            inside = text[-1] != "]" if inside else text == "["
        else:
            out.append(_escape(token, inside, end))
    return "".join(out)


def _character(text: str, inside: bool, end: str) -> str:
    if inside and text != "]":
        return f"\\{text}" if text in "[&~|" else text
    return end if text == "$" else text


def _escape(token: re.Match[str], inside: bool, end: str) -> str:
    text = token[0]
    if token["property"]:
        return text
    if token["unicode"]:
        return re.escape(chr(int(token["code"], 16)))
    if token["control"]:
        return re.escape(chr(ord(token["letter"].upper()) - 64))
    if token["group"]:
        return f"(?P<{token['label']}>"
    if text in ESCAPES:
        return ESCAPES[text] if inside else f"[{ESCAPES[text]}]"
    if text in NEGATED and not inside:
        return NEGATED[text]
    if text == r"\A" and not inside:
        return text
    if text in ENDS and not inside:
        return end
    if text[1].isalpha() and text[1] not in "bBdDwWsSnrtfvux":
        return text[1]
    return rf"\{text[1]}" if text[1] in "/-" else text
