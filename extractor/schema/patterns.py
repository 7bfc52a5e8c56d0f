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

TOKEN = re.compile(r"\\.|\(\?<(?=[A-Za-z_])|.", re.DOTALL)
ASCII = {"\\d": "0-9", "\\w": "a-zA-Z0-9_"}
NEGATED = {"\\D": "[^0-9]", "\\W": "[^a-zA-Z0-9_]"}
ENDS = ("$", "\\Z", "\\z")


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
    """The pattern as this engine spells it: classes of ASCII, its `end` of a text, and no sets of sets."""
    out: list[str] = []
    inside = False
    for token in TOKEN.finditer(pattern):
        text = token[0]
        if text in ASCII:
            text = ASCII[text] if inside else f"[{ASCII[text]}]"
        elif inside:
            text = f"\\{text}" if text in "[&~|" else text
            inside = text != "]"
        else:
            text = NEGATED.get(text, end if text in ENDS else "(?P<" if text == "(?<" else text)
            inside = text == "["
        out.append(text)
    return "".join(out)
