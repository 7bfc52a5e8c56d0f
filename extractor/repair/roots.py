"""Finds where JSON stands in an answer, and tells what stood around it: fences, prose, thinking, a second value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from extractor.repair.islands import Islands
from extractor.repair.reader import read
from extractor.repair.receipt import Change, Guess
from extractor.schema.pointer import JSON

__all__ = ["Root", "around", "find_roots"]

_NAME = r"[^\W\d][\w$-]*"
_START = re.compile(
    rf"""\{{(?=\s*(?:["'“‘„`}},]|{_NAME}(?:["']?\s*[:=]|(?:[ -]\w+){{1,4}}["']\s*:)"""
    rf"""|\d[\d.]*\s*:|{_NAME}\Z|//|/\*|\#|\Z))"""
    rf"""|\[(?=\s*(?:["'“‘„{{\[\],.+-]|\d|//|/\*|\#|\Z|\(\s*[\d"'{{\[(-]|(?i:true|false|null|none|nan|undefined)\b|\w{{1,8}}\Z))"""
)
_MEMBER_FIRST = re.compile(rf"""\s*(?:```\w*\s*)?(?="[^"\\\n]*"\s*:\s|"{_NAME}"\s*:)""")
_WORDS_FIRST = re.compile(r"\s*(?:```\w*\s*)?(?=\[\s*\w[^\[\]{}\n]*,[^\[\]{}\n]*\])")
_DATA = re.compile(r"""\"([^"\n]{0,80})"\s*:|[{\[]\s*["'\d{\[]""")
_ROWS = "data|document|entries|entry|item|items|lines|list|pages|records|results|rows|table|transactions"
# What a model says around an answer that is not all of it.
_SAYS_LEFT_OUT = re.compile(
    r"\b(?:omitted|omitting|truncated|abridged|abbreviated|brevity)\b"
    r"|\b(?:remaining|further|additional|other|first) \d+\b|\b\d+ (?:more|other|further|additional|remaining)\b"
    rf"|\b(?:rest of|remaining) (?:the )?(?:{_ROWS})\b|\bnot all (?:of )?(?:the )?(?:{_ROWS})\b",
    re.IGNORECASE,
)
# So many values are read, and no more: an answer is one, or a line each.
_MOST = 10_000
# The text is read so many times over at most, where each value can only be told from the next far behind it.
_OVER = 4
_THOUGHT = re.compile(r"</?think(?:ing)?>")
_FENCE = re.compile(r"```[\w+-]*|~~~[\w+-]*")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Root:
    """One object or array read from `start` to `end`; `whole` is False where the text ended inside it."""

    value: JSON
    start: int
    end: int
    changes: tuple[Change, ...]
    whole: bool


def find_roots(text: str, guess: Guess) -> list[Root]:
    """Every object and array that stands in the text by itself, in order; drafts inside thinking are left out."""
    roots = list(_roots(text, guess))
    closing = text.rfind("</think>")
    if closing >= 0:
        after = [root for root in roots if root.start > closing]
        return after or roots
    return roots


def around(
    text: str, start: int, end: int, others: Iterable[Root] = (), names: frozenset[str] | None = None
) -> list[Change]:
    """What was left out before `start` and after `end`, other values aside. It is lossy where it looks like data (with
    one of `names`, if those are known), or says that something was left out."""
    changes: list[Change] = []
    at = 0
    for first, last in sorted([(start, end), *((root.start, root.end) for root in others)]):
        changes += _beside(text, at, first, "before" if at < start else "after", names)
        at = last
    return [*changes, *_beside(text, at, len(text), "after", names)]


def _roots(text: str, guess: Guess) -> Iterator[Root]:
    islands = Islands(text)
    bare = _MEMBER_FIRST.match(text) or _WORDS_FIRST.match(text)
    start = bare.end() if bare else _next_start(text, 0)
    left = _OVER * len(text) + _MOST
    for _ in range(_MOST):
        if start is None or left < 0:
            return
        reading = read(text, start, guess, islands)
        left -= reading.seen - start
        yield Root(reading.value, start, reading.end, reading.changes, reading.whole)
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
        shown = prose if len(prose) <= _SHOWN else f"{prose[:_SHOWN]}..."
        offset = start + len(part) - len(part.lstrip("\ufeff \t\r\n"))
        said = f"text {side} the JSON was left out: {shown!r}"
        if not data and _SAYS_LEFT_OUT.search(_THOUGHT.sub("", spoken)):
            yield Change("ellipsis", f"text {side} the JSON says that something was left out: {shown!r}", offset, True)
        else:
            yield Change("skipped" if data else "prose", said, offset, data)
