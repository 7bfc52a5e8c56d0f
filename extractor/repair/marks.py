"""Where the reader may stand in a text: past blanks and comments, before a name, after a string."""

from __future__ import annotations

import re
from typing import Literal

__all__ = [
    "COMMENT_SAYS_LEFT_OUT",
    "FENCE",
    "QUOTES",
    "Role",
    "block_start",
    "may_follow",
    "must_follow",
    "name_ahead",
    "past_blank",
]

Role = Literal["key", "member", "item"]

FENCE = "```"
QUOTES = frozenset("\"'`“”„‘’«")
COMMENT_SAYS_LEFT_OUT = re.compile(r"\.\.\.|…|\b(?:more|rest|remaining|omitted|etc)\b", re.IGNORECASE)

_BLANK = re.compile(r"[\s\ufeff\u200b]*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|#[^\n]*", re.DOTALL)
# A comment on the last line would take all that follows it on that line along.
_SWALLOWED = re.compile(r"""\s*(?:[}\]]|,\s*["'])""")

_FENCED = re.compile(r"```[^\n`]*\n")
_END = r"\Z|```|//|/\*"
_QUOTED_NAME = r"""["“](?P<a>(?:[^"“”\\]|\\.)*)["”]\s*(?::|\Z)|['‘](?P<b>(?:[^'’\\]|\\.)*)['’]\s*(?::|\Z)"""
_NAME = re.compile(rf"(?:{_QUOTED_NAME})|(?P<c>[^\W\d][\w$-]*)\s*:(?!//)|(?P<d>\d+)\s*:\s*[\"{{\[]", re.DOTALL)
_LITERAL = r"(?i:true|false|null|none|nan|-?infinity|undefined)\b"
_LINE = r"[^\S\n]*\n"

_MAY: dict[Role, re.Pattern[str]] = {
    "key": re.compile(rf"""\s*(?:[:=,}}\]]|{_END}|["“{{\[])|\s+(?:-?\d|{_LITERAL})"""),
    "member": re.compile(rf'\s*(?:[,;:}}\]"“]|{_END})|\s+#|{_LINE}'),
    "item": re.compile(
        rf"""\s*(?:[,;:)}}\]{{\["“]|{_END})|\s+['#]|\s+(?:-?\d[\d.]*|{_LITERAL})\s*(?:[,\]]|\Z)|{_LINE}"""
    ),
}
_MUST: dict[Role, re.Pattern[str]] = {
    "key": re.compile(r"\s*:"),
    "member": re.compile(
        rf"""\s*(?:{_END}|[}}\]](?!\s*["“])|[,;]\s*(?:{_END}|[}}\]]|(?P<name>["“'‘\w]))|{_LINE}\s*(?P<line>["“'‘]))"""
    ),
    "item": re.compile(rf"""\s*(?:{_END}|\](?!\s*["“])|,\s*(?:["'“{{\[\]]|-?\.?\d|{_LITERAL}|{_END}))"""),
}


def past_blank(text: str, at: int) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The next place that matters from `at` on, and where the comments before it start and end."""
    comments: list[tuple[int, int]] = []
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        comment = _COMMENT.match(text, at) if text[at : at + 1] in ("/", "#") else None
        if comment is None:
            return at, tuple(comments)
        end = comment.end()
        if end == len(text) and not text.startswith("/*", at) and (held := _SWALLOWED.search(text, at)):
            end = held.start()
        comments.append((at, end))
        at = end


def block_start(text: str, at: int) -> int | None:
    """Where the first line of the code block starts that a fence at `at` opens; None where that is no fence."""
    info = _FENCED.match(text, at)
    return info.end() if info else None


def name_ahead(text: str, at: int, names: frozenset[str] | None, *, bare: bool) -> bool:
    """Whether a name and its colon stand at `at`: one of `names` if those are known; without quotes only if `bare`."""
    found = _NAME.match(text, at)
    if found is None:
        return False
    if found["d"] is not None:
        return True
    if found["c"] is not None and not bare:
        return False
    return names is None or found[found.lastgroup or "a"] in names or found.end() == len(text)


def may_follow(text: str, at: int, role: Role) -> bool:
    """Whether what stands at `at` can follow a string in that role, if punctuation is missing at most."""
    return _MAY[role].match(text, at) is not None


def must_follow(text: str, at: int, role: Role, names: frozenset[str] | None, *, bare: bool) -> bool:
    """Whether what stands at `at` follows a string in that role, so that nobody would doubt where the string ends."""
    found = _MUST[role].match(text, at)
    if found is None:
        return False
    return found.lastgroup is None or name_ahead(text, found.start(found.lastgroup), names, bare=bare)
