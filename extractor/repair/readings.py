"""The ways to read a text: strictly where it is valid, else each object and array that stands in it.

    ```json {"a": 1} ```          {"a": 1}; a fence was dropped
    Here: {"a": 1} or {"a": 2}    two values; words before and between them were left out
    {"a": 1} {"a": 2}             two values, or one list of them
    {\\"a\\": 1}                 {"a": 1}; every quote was escaped

Which of several values is meant is for mend.py to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import nlargest

import orjson

from extractor.errors import InvalidValue, Problem
from extractor.repair.kinds import says_left_out
from extractor.repair.reader import Reading, read
from extractor.repair.receipt import NOTHING, Change, Guess, Mended
from extractor.repair.state import Islands
from extractor.repair.words import FENCE, QUOTES, past_blank
from extractor.schema.pointer import JSON
from extractor.schema.text import exact_from_text

__all__ = ["Texts", "read_leniently", "read_strictly", "texts", "valid_values"]

# ---------------------------------------------------------------------- where values stand, and what is around them

_NAME = r"[^\W\d][\w$-]*"
_START = re.compile(
    rf"""\{{(?=\s*(?:["'“”‘„`}},]|{_NAME}(?:["']?\s*[:=]|(?:[ -]\w+){{1,4}}["']\s*:)"""
    rf"""|\d[\d.]*\s*:|{_NAME}\Z|//|/\*|\#|\Z))"""
    rf"""|\[(?=\s*(?:["'“”‘„{{\[\],.+-]|\d|//|/\*|\#|\Z|\(\s*[\d"'{{\[(-]|(?i:true|false|null|none|nan|undefined)\b|\w{{1,8}}\Z))"""
)
_MEMBER_FIRST = re.compile(rf"""\s*(?:```\w*\s*)?(?="[^"\\\n]*"\s*:\s|"{_NAME}"\s*:)""")
_DATA = re.compile(r"""\"([^"\n]{0,80})"\s*:|[{\[]\s*["'\d{\[]""")
# So many values are read, and no more: an answer is one, or a line each.
_MOST_VALUES = 10_000
# The text is read so many times over at most, where each value can only be told from the next far behind it.
_OVER = 4
_THOUGHT, _THOUGHT_ENDS = re.compile(r"</?think(?:ing)?>"), re.compile(r"</think(?:ing)?>")
_FENCE = re.compile(r"```[\w+-]*|~~~[\w+-]*")
_LONGEST = 60


def find_roots(text: str, guess: Guess) -> list[Reading]:
    """Every object and array that stands in the text by itself, in order; drafts inside thinking are left out."""
    roots, spans, at = list(_roots(text, guess)), list[tuple[int, int]](), 0
    for found in _THOUGHT_ENDS.finditer(text):
        opening = _THOUGHT.search(text, at, found.start())
        spans.append((opening.start() if opening else at, at := found.end()))
    spoken = [root for root in roots if not any(start <= root.start < end for start, end in spans)]
    return spoken or roots


def around(
    text: str, start: int, end: int, others: Iterable[Reading] = (), names: frozenset[str] | None = None
) -> list[Change]:
    """What was left out before `start` and after `end`, other values aside. It is lossy where it looks like data (with
    one of `names`, if those are known), or says that something was left out."""
    changes: list[Change] = []
    at = 0
    for first, last in sorted([(start, end), *((root.start, root.end) for root in others)]):
        changes += _beside(text, at, first, "before" if at < start else "after", names)
        at = last
    return [*changes, *_beside(text, at, len(text), "after", names)]


def _roots(text: str, guess: Guess) -> Iterator[Reading]:
    islands = Islands(text)
    bare = _MEMBER_FIRST.match(text)
    start = bare.end() if bare else _next_start(text, 0)
    left = _OVER * len(text) + _MOST_VALUES
    for _ in range(_MOST_VALUES):
        if start is None or left < 0:
            return
        reading = read(text, start, guess, islands)
        left -= reading.seen - start
        yield reading
        start = _next_start(text, reading.end)


def _next_start(text: str, at: int) -> int | None:
    found = _START.search(text, at)
    return found.start() if found else None


def _beside(text: str, start: int, end: int, side: str, names: frozenset[str] | None) -> Iterator[Change]:
    part = text[start:end]
    if part.startswith("\ufeff"):
        yield Change("bom", "a byte order mark was dropped", start)
    if found := _FENCE.search(part):
        yield Change("fence", f"a code fence {side} the JSON was dropped", start + found.start())
    if found := _THOUGHT.search(part):
        yield Change("thinking", f"thinking {side} the JSON was dropped", start + found.start())
    prose = _FENCE.sub("", _THOUGHT.sub("", part)).replace("\ufeff", "").strip()
    if prose:
        spoken = part[max(0, part.rfind("</think>")) :]
        data = any(names is None or found[1] is None or found[1] in names for found in _DATA.finditer(spoken))
        short = prose if len(prose) <= _LONGEST else f"{prose[:_LONGEST]}..."
        offset = start + len(part) - len(part.lstrip("\ufeff \t\r\n"))
        message = f"text {side} the JSON was left out: {short!r}"
        if not data and says_left_out(_FENCE.sub("", _THOUGHT.sub("", spoken))):
            yield Change("ellipsis", f"text {side} the JSON says that something was left out: {short!r}", offset, True)
        else:
            yield Change("skipped" if data else "prose", message, offset, data)


# ---------------------------------------------------------------------- the ways to read

_MOST = 24
# One string that never ends: what looks like JSON only stands inside it.
_OPEN_STRING = re.compile(r'\s*"(?:[^"\\]|\\.)*', re.DOTALL)
_LARGE = re.compile(r"\d{19}")
_BRACKET = re.compile(r"[{}\[\]]")
_BETWEEN = re.compile(r"[\s,;\ufeff]*\]?\s*")
_NEXT = re.compile(r"[\s,;]*[{\[]")
_ESCAPED = re.compile(r'\{\s*\\"')
_DOUBLED, _LONE = re.compile(r'\{\s*""[^"\s:]'), re.compile(r'(?<!")(?:"")*"(?!")')
_FIGURE = re.compile(r"[+-]?\d[\d.,'’ \u00a0\u202f]*")
_OPENING = re.compile(r"```\w*")
_SINGLE = QUOTES | {"("}
_LITERAL = re.compile(r"(?:True|False|None)\b|(?:true|false|null|-?\d+(?:\.\d+)?)(?=\s*```)")


@dataclass(frozen=True, slots=True)
class Texts:
    """What a text holds when read by one guess: its values in order, and as one list where they are several.

    Of very many values the largest are in `values`, the others in `rest`.
    """

    values: tuple[Mended, ...]
    listed: Mended | None
    rest: tuple[JSON, ...] = ()


def read_strictly(text: str, *, exact: bool = False) -> Mended | None:
    """The value of a text that is valid JSON, and can be read with no loss; else None. `exact` keeps every digit."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _inside(text, exact=exact)
    return Mended(exact_from_text(text) if exact else value) if _lossless(text, value) else None


def read_leniently(text: str, guess: Guess) -> Mended:
    """The value that a text means when read by one guess: the largest object or array in it.

    Several with nothing between them are a list, as in JSON Lines.
    """
    if (plain := _unescaped(text, guess)) is not None:
        return plain
    roots = find_roots(text, guess)
    if not roots:
        return _scalar(text)
    if _in_a_row(text, roots):
        return _listed(roots, guess)
    root = max(roots, key=lambda root: root.end - root.start)
    reading = _reading(text, root, roots, guess)
    seconds = (_second(other, root) for other in roots if other is not root)
    return replace(reading, changes=tuple(sorted((*reading.changes, *seconds), key=lambda change: change.offset)))


def texts(text: str, guess: Guess) -> Texts:
    """All that a text may mean when read by one guess, for one who can choose: the few largest values in it."""
    if (plain := _unescaped(text, guess)) is not None:
        return Texts((plain,), None)
    roots = find_roots(text, guess)
    if not roots:
        return Texts((_figure(text) if _FIGURE.fullmatch(text.strip()) else _scalar(text),), None)
    largest = set(nlargest(_MOST, range(len(roots)), key=lambda index: roots[index].end - roots[index].start))
    values = tuple(_reading(text, root, roots, guess) for index, root in enumerate(roots) if index in largest)
    rest = tuple(root.value for index, root in enumerate(roots) if index not in largest)
    return Texts(values, _listed(roots, guess) if len(roots) > 1 else None, rest)


def valid_values(text: str, names: frozenset[str] | None) -> Texts | None:
    """The values of a text that are valid as they stand, where nothing but words is between them; None for fewer than
    two."""
    islands, roots, at = Islands(text), list[Reading](), 0
    while (found := _BRACKET.search(text, at)) is not None:
        value, end = islands.at(found.start())
        if value is NOTHING or len(roots) == _MOST:
            return None
        roots.append(Reading(value, found.start(), end, (), whole=True))
        at = end
    if len(roots) < 2:
        return None
    guess = Guess(names=names)
    return Texts(tuple(_reading(text, root, roots, guess) for root in roots), _listed(roots, guess))


def _unescaped(text: str, guess: Guess) -> Mended | None:
    """The value of JSON whose quotes were all escaped, as inside a string, or doubled, as in a CSV file."""
    start = max(0, text.find("{"))
    if _ESCAPED.match(text, start):
        plain = text.replace('\\"', '"').replace("\\\\", "\\")
        change = Change("escape", "every quote was escaped", start)
    elif _DOUBLED.match(text, start) and not _LONE.search(text):
        plain = text.replace('""', '"')
        change = Change("escape", "every quote was doubled, as in a CSV file", start)
    else:
        return None
    inner = read_leniently(plain, guess)
    return Mended(inner.value, (change, *inner.changes), inner.complete)


def _inside(text: str, *, exact: bool) -> Mended | None:
    """A valid value with something around it that holds no bracket: the commonest fault, at full speed."""
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    end = max(text.rfind("}"), text.rfind("]")) + 1
    if start < 0 or end <= start or text.lstrip("\ufeff \t\r\n").startswith('"'):
        return None
    if _NEXT.match(text, end):
        return None
    part = text[start:end]
    try:
        value = orjson.loads(part)
    except orjson.JSONDecodeError:
        return None
    if not _lossless(part, value):
        return None
    return Mended(exact_from_text(part) if exact else value, tuple(around(text, start, end)))


def _lossless(text: str, value: JSON) -> bool:
    """Whether orjson kept everything: it takes the last of two members of one name, and rounds large integers.

    A member that was dropped took its colon along, and a rounded integer is written with an exponent.
    """
    try:
        plain = orjson.dumps(value)
    except orjson.JSONEncodeError:  # it reads deeper nesting than it writes
        return False
    if b"+" in plain and b"e+" in plain and _LARGE.search(text):
        return False
    if text.count(":") == plain.count(b":"):
        return True
    names: list[int] = []

    def count(pairs: list[tuple[str, JSON]]) -> None:
        names.append(len(pairs) - len({name for name, _ in pairs}))

    json.loads(text, object_pairs_hook=count)
    return not any(names)


def _reading(text: str, root: Reading, roots: list[Reading], guess: Guess) -> Mended:
    others = [other for other in roots if other is not root]
    changes = [*root.changes, *around(text, root.start, root.end, others, guess.names)]
    whole = all(one.whole for one in roots) and not _OPEN_STRING.fullmatch(text)
    return Mended(root.value, tuple(sorted(changes, key=lambda change: change.offset)), whole)


def _in_a_row(text: str, roots: list[Reading]) -> bool:
    """Whether the text is several values that differ, one after another, and nothing else."""
    if len(roots) < 2 or not all(root.value for root in roots if root.whole):
        return False
    ends = [0, *(root.end for root in roots)]
    starts = [*(root.start for root in roots), len(text)]
    between = all(_BETWEEN.fullmatch(text, end, start) for end, start in zip(ends, starts, strict=True))
    return between and any(root.value != roots[0].value for root in roots)


def _listed(roots: list[Reading], guess: Guess) -> Mended:
    """Several values as one list; one that was cut is an item without its end."""
    changes = [Change("wrapped", f"{len(roots)} values stood there, and were taken as one list", roots[0].start)]
    items: list[JSON] = []
    for root in roots:
        changes += root.changes
        if not root.whole:
            left = "is kept as far as it came" if guess.partial else "is left out"
            message = f"the text was cut off: a list item without its end {left}"
            changes.append(Change("cut", message, root.start, lossy=True, path=f"/{len(items)}"))
        if root.whole or guess.partial:
            items.append(root.value)
    return Mended(items, tuple(changes), all(root.whole for root in roots))


def _second(other: Reading, root: Reading) -> Change:
    if not other.value:
        return Change("second", "an empty JSON value was left out", other.start)
    if other.value == root.value:
        return Change("second", "the same JSON stands there once more", other.start)
    return Change("second", "another JSON value was left out", other.start, lossy=True)


def _figure(text: str) -> Mended:
    """A number as people write it, which the schema may read."""
    return Mended(text.strip(), (Change("unquoted", "text without quotes", 0),))


def _scalar(text: str) -> Mended:
    """A lone string or literal; InvalidValue where the text holds no JSON at all."""
    fence = _OPENING.search(text)
    start, _ = past_blank(text, fence.end() if fence else 0)
    if text[start : start + 1] in _SINGLE or _LITERAL.match(text, start):
        end = text.rfind(FENCE, start)
        body = (text[start:end] if end > 0 else text[start:]).rstrip()
        reading = read(f"[{body}]", 0, Guess(), Islands(body))
        doubted = any(change.lossy or change.kind in ("comma", "bracket") for change in reading.changes)
        if reading.whole and reading.end == len(body) + 2 and len(reading.value) == 1 and not doubted:
            inside = (replace(change, offset=change.offset + start - 1) for change in reading.changes)
            return Mended(reading.value[0], (*around(text, start, start + len(body)), *inside))
    short = " ".join(text.split())[:60]
    raise InvalidValue((Problem("", f"there is no JSON in the answer {short!r}; ask again"),))
