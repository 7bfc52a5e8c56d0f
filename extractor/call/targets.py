"""What a targeted repair asks: the failing fields alone, and as little of the document as they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from extractor.call.reading import Draft
from extractor.errors import Problem
from extractor.schema.compiler import Part, Schema
from extractor.schema.pointer import JSON, get, leaves

__all__ = ["Target", "problem_lines", "target"]

_REACH, _LINE = 140, 100
_PLACES = 4
_VALUES = 12
_SHORT = 3
_WIDE = 0.6


@dataclass(frozen=True, slots=True)
class Target:
    """The schema of the failing fields, the text to read them from, and a line for each problem."""

    subset: Part
    text: str
    lines: tuple[str, ...]


def target(schema: Schema[Any], draft: Draft, text: str) -> Target | None:
    """What to ask for a draft's problems; None where asking again whole is the better question."""
    paths = [problem.path for problem in draft.problems]
    if not paths or any(not path or schema.field(path) is None for path in paths):
        return None
    subset = schema.subset(paths)
    if len(subset.prompt_text) > _WIDE * len(schema.prompt_text):
        return None
    return Target(subset, _excerpt(text, draft.value, paths), problem_lines(schema, draft.problems, draft.value))


def problem_lines(schema: Schema[Any], problems: Iterable[Problem], value: JSON) -> tuple[str, ...]:
    """Problems as flat lines `message @ /path`, at the names that the model knows, with what it wrote there."""
    lines = []
    for problem in problems:
        written = _written(value, problem.path)
        line = str(Problem(schema.wire_path(problem.path), problem.message))
        lines.append(f"{line} (it was {written})" if written else line)
    return tuple(lines)


def _written(value: JSON, path: str) -> str:
    found = _at(value, path)
    return "" if found is None or isinstance(found, dict | list) else repr(found)


def _at(value: JSON, path: str) -> JSON:
    try:
        return get(value, path)
    except (KeyError, IndexError, ValueError, TypeError):
        return None


def _excerpt(text: str, value: JSON, paths: Iterable[str]) -> str:
    """The surroundings of the values in question; the whole text where one of them is not to be found in it."""
    places = [list(_occurrences(text, leaf)) for path in paths for leaf in _texts(_at(value, path))]
    if not places or len(places) > _VALUES or not all(0 < len(found) <= _PLACES for found in places):
        return text
    spans = _merged(sorted(_surroundings(text, start, end) for found in places for start, end in found))
    parts = [text[start:end] for start, end in spans]
    return "\n[...]\n".join(parts) if sum(map(len, parts)) < len(text) / 2 else text


def _texts(value: JSON) -> Iterator[str]:
    for _, leaf in leaves(value):
        yield "" if leaf is None or isinstance(leaf, bool) else str(leaf)


def _occurrences(text: str, value: str) -> Iterator[tuple[int, int]]:
    if len(value) < _SHORT:
        return
    start = text.find(value)
    while start >= 0:
        yield start, start + len(value)
        start = text.find(value, start + len(value))


def _surroundings(text: str, start: int, end: int) -> tuple[int, int]:
    """What stands to each side, out to whole lines where they are near."""
    low, high = max(0, start - _REACH), min(len(text), end + _REACH)
    above, below = text.rfind("\n", max(0, low - _LINE), low), text.find("\n", high, high + _LINE)
    return (above + 1 if above >= 0 else low), (below if below >= 0 else high)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged = [spans[0]]
    for _, (start, end) in pairwise(spans):
        last_start, last_end = merged[-1]
        if start <= last_end:
            merged[-1] = last_start, max(last_end, end)
        else:
            merged.append((start, end))
    return merged
