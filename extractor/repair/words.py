"""What stands in a text between its brackets: blanks and comments, names ahead, escapes, and values without quotes.

    // a comment        past_blank steps over it
    \\u00e9 \\_ \\x41     unescaped gives the characters: those that JSON knows, and those that can only mean one thing
    True  .5  1_000     read_bare gives true, 0.5 and 1000
    New York, "b": 1    read_bare gives the text up to the comma that a name follows

None of it knows of the containers that are open; steps.py does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal, NamedTuple

from extractor.repair.receipt import NOTHING, Kind, Nothing
from extractor.schema.pointer import JSON
from extractor.schema.text import Digits

__all__ = [
    "COMMENT_SAYS_LEFT_OUT",
    "FENCE",
    "HALF_ESCAPE",
    "QUOTES",
    "Bare",
    "Note",
    "Role",
    "may_follow",
    "must_follow",
    "name_ahead",
    "past_blank",
    "read_bare",
    "read_closed",
    "read_number",
    "so_far",
    "unescaped",
]

# ---------------------------------------------------------------------- where the reader stands

Role = Literal["key", "member", "item"]

FENCE = "```"
QUOTES = frozenset("\"'`“”„‘’«")
COMMENT_SAYS_LEFT_OUT = re.compile(
    r"\.\.\.|…|\b(?:more(?! (?:about|details?|info\w*))|rest|remaining|additional|others?|etc"
    r"|so (?:on|forth)|same (?:pattern|format|way|structure)"
    r"|likewise|similar(?:ly)?|continue[sd]?|repeat(?:s|ed)?|omitted|truncated|abbreviated|shortened|brevity"
    r"|\d+ (?:rows|items|entries|lines)|(?:rows|items|entries|lines) \d+)\b",
    re.IGNORECASE,
)

_BLANK = re.compile(r"[\s\ufeff\u200b]*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|#[^\n]*", re.DOTALL)
# A comment on the last line would take all that follows it on that line along.
_SWALLOWED = re.compile(r"""\s*(?:[}\]]|,\s*["'])""")

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


# ---------------------------------------------------------------------- inside strings

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


# The escape of a character of which figures are missing.
_TORN = re.compile(r"\\u0[0-9a-fA-F]{1,2}(?![0-9a-fA-F])")


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
    torn = _TORN.match(found.string, found.start()) is not None
    notes.append(("escape", "an escape that JSON does not know", offset, torn))
    if byte:
        return chr(int(byte, 16))
    return _LENIENT.get(char, f"\\{char or ''}")


# ---------------------------------------------------------------------- without quotes

_TOKEN = re.compile(r"""(?:[^\s,;\]}\[{:"'`#()]|\([^\s()]*\))+""")
# Decimal("1.50"), UUID("..."), new Date("2031-07-09")
_CALL = re.compile(r"""(?:new\s+)?(?P<name>[A-Za-z_][\w.]*)\(\s*(?P<quote>["'])(?P<text>[^"'\\\n]*)(?P=quote)\s*\)""")
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
        message = f"{marked.group()} has thousands marks"
        return Bare(read_number(marked.group().replace(",", "")), marked.end(), (("number", message, at, False),))
    if call := _CALL.match(text, at):
        note: Note = ("literal", f"{call['name']}(...) stands for its text", at, False)
        return Bare(call["text"], call.end(), (note,), 1)
    found = _TOKEN.match(text, at)
    if found is None and text[at] in _OPENING:
        return _words(text, at, role, names, bare=bare)
    if found is None:
        message = f"{text[at]!r} stands where a value should"
        return Bare(NOTHING, at + 1, (("skipped", message, at, True),), 6)
    token, end = found.group(), found.end()
    if token in _LITERALS:
        return Bare(_LITERALS[token], end)
    if end == len(text) or (not _is_plain(token) and past_blank(text, end)[0] == len(text)):
        return Bare(NOTHING, len(text), cut=True)
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
    stripped = text.strip().rstrip(",").rstrip()
    number = read_number(_EXPONENT.sub("", stripped))
    if number is not None:
        return number
    begun = any(literal.startswith(stripped) for literal in (*_LITERALS, *_FOREIGN))
    return NOTHING if begun or not stripped.strip("+-.…") else stripped


def _is_plain(token: str) -> bool:
    return token in _LITERALS or _JSON_NUMBER.fullmatch(token) is not None


def _one(token: str, at: int, end: int, notes: tuple[Note, ...], cost: int) -> Bare:
    """A value of one word."""

    def noted(value: Any, kind: Any, message: str, *, lossy: bool = False, more: int = 0) -> Bare:
        return Bare(value, end, (*notes, (kind, message, at, lossy)), cost + more)

    if token in _LITERALS:
        return Bare(_LITERALS[token], end, notes, cost)
    if token in _FOREIGN:
        return noted(_FOREIGN[token], "literal", f"{token} stands for a JSON literal")
    if token in _CONSTANTS:
        return noted(None, "constant", f"{token} is no JSON value and became null", lossy=True)
    if token.strip(".…") == "":
        return noted(NOTHING, "ellipsis", "an ellipsis says that something was left out", lossy=True)
    number = read_number(token)
    if number is None:
        return noted(token, "unquoted", "text without quotes", more=1)
    if not _JSON_NUMBER.fullmatch(token):
        return noted(number, "number", f"{token} is not a number as JSON writes them")
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
    value, notes = unescaped(text, start, end)
    return Bare(value, after, (("quotes", "an opening quote was missing", start, False), note, *notes), 2)


def _ends(text: str, at: int, mark: str, role: Role, names: frozenset[str] | None, *, bare: bool) -> bool:
    """Whether words end at a comma, a line break or a closing bracket."""
    if mark in _CLOSERS or role == "item":
        return True
    after, _ = past_blank(text, at + 1)
    if mark == "\n" and text[after : after + 1] in ("", "}", "]", ","):
        return True
    return name_ahead(text, after, names, bare=bare or mark == "\n")
