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

PROPERTIES = {
    "L": "a-zA-Z\\u00aa-\\u02af\\u0370-\\u1fff\\u2c00-\\ud7ff\\uf900-\\ufdff",
    "Lu": "A-Z\\u00c0-\\u00de\\u0391-\\u03ab\\u0410-\\u042f",
    "Ll": "a-z\\u00df-\\u00ff\\u03ac-\\u03ce\\u0430-\\u044f",
    "N": "0-9\\u0660-\\u0669\\u06f0-\\u06f9\\u0966-\\u096f\\uff10-\\uff19",
    "Nd": "0-9\\u0660-\\u0669\\u06f0-\\u06f9\\u0966-\\u096f\\uff10-\\uff19",
    "P": "!-#%-*,-/:;?@\\[-\\]_{}\\u00a1\\u00a7\\u00ab\\u00b6\\u00b7\\u00bb\\u00bf\\u2010-\\u2027\\u2030-\\u205e",
    "S": "$+<=>^`|~\\u00a2-\\u00a9\\u00ac\\u00ae-\\u00b1\\u00b4\\u00d7\\u00f7\\u20a0-\\u20cf\\u2100-\\u2bff",
    "Z": "\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000",
}
LONG = {
    "Letter": "L",
    "Lowercase_Letter": "Ll",
    "Number": "N",
    "Punctuation": "P",
    "Symbol": "S",
    "Uppercase_Letter": "Lu",
}
TOKEN = re.compile(
    r"(?P<property>\\(?P<sign>[pP])\{(?:Script=|General_Category=|gc=)?(?P<name>\w+)\})"
    r"|(?P<unicode>\\u\{(?P<code>[0-9a-fA-F]+)\})|(?P<control>\\c(?P<letter>[A-Za-z]))|(?P<escape>\\.)"
    r"|(?P<group>\(\?<(?P<label>[A-Za-z_]\w*)>)|(?P<empty>\[\^?\])|(?P<other>.)",
    re.DOTALL,
)
ESCAPES = {"\\d": "0-9", "\\w": "a-zA-Z0-9_"}
ENDS = ("\\Z", "\\z")
NEGATED = {"\\D": "[^0-9]", "\\W": "[^a-zA-Z0-9_]"}


class Pattern:
    """A pattern, ready to be sought."""

    def __init__(self, pattern: str) -> None:
        translated = _translated(pattern)
        re.compile(translated)  # what neither engine can read is told in Python's words
        self._checked: SchemaValidator | re.Pattern[str]
        try:
            self._checked = SchemaValidator(str_schema(pattern=_translated(pattern, end=r"\z")))
        except NotItsOwn:
            if nests(translated):
                raise re.error("look-around beside a repetition of repetitions could take for ever") from None
            self._checked = re.compile(translated)

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
        members = PROPERTIES.get(LONG.get(token["name"], token["name"]))
        if members is None:
            raise re.error(f"unknown character property {token['name']}")
        return members if inside and token["sign"] == "p" else f"[{'^' if token['sign'] == 'P' else ''}{members}]"
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
