"""Regular expressions of JSON Schema (ECMA 262, unanchored) as Python's."""

from __future__ import annotations

import re
from functools import lru_cache

from extractor.errors import SchemaError

__all__ = ["compiled"]

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
ANCHORS = {"\\A": r"\A", "\\Z": r"\Z", "\\z": r"\Z"}
NEGATED = {"\\D": "[^0-9]", "\\W": "[^a-zA-Z0-9_]"}


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, ready for `search`; SchemaError where it says what Python cannot."""
    try:
        return re.compile(_translated(pattern))
    except (re.error, OverflowError) as error:
        remedy = "write it without constructs of other engines"
        raise SchemaError(path="", construct=f"the pattern {pattern!r} ({error})", remedy=remedy) from error


def _translated(pattern: str) -> str:
    out: list[str] = []
    inside = False
    for token in TOKEN.finditer(pattern):
        text = token[0]
        if token["empty"] and not inside:
            out.append("(?!)" if text == "[]" else r"[\s\S]")
        elif token["empty"] or token["other"]:
            out.append("".join(_character(each, inside) for each in text))
            inside = text[-1] != "]" if inside else text == "["
        else:
            out.append(_escape(token, inside))
    return "".join(out)


def _character(text: str, inside: bool) -> str:
    if inside and text != "]":
        return f"\\{text}" if text in "[&~|" else text
    return r"\Z" if text == "$" else text


def _escape(token: re.Match[str], inside: bool) -> str:
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
    if text in ANCHORS and not inside:
        return ANCHORS[text]
    if text[1].isalpha() and text[1] not in "bBdDwWsSnrtfvux":
        return text[1]
    return rf"\{text[1]}" if text[1] in "/-" else text
