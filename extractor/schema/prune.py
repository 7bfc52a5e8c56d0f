"""The largest valid part of a value that has problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from extractor.errors import Problem
from extractor.schema.paths import trace
from extractor.schema.pointer import JSON, join, parts
from extractor.schema.tree import Array, Tree

__all__ = ["prune"]

Judge = Callable[[JSON], tuple[Problem, ...]]
ROUNDS = 100


def prune(tree: Tree, judge: Judge, value: JSON, problems: Iterable[Problem]) -> tuple[JSON, tuple[Problem, ...]]:
    """The value without what is wrong in it, and the problems for which something was dropped.

    An optional property goes back to its default, a bad list item is left out; where something required is wrong, the
    nearest optional property or list item above it goes. What is required at the root and wrong is left missing.
    """
    dropped: list[Problem] = []
    problems = tuple(problems)
    for _ in range(ROUNDS):
        doomed = {place: problem for problem in problems if (place := droppable(tree, value, problem.path)) is not None}
        if not doomed:
            break
        dropped.extend(doomed.values())
        value = _without(value, [parts(place) for place in doomed])
        problems = judge(value)
    return value, tuple(dropped)


def droppable(tree: Tree, value: JSON, pointer: str) -> str | None:
    """The nearest place at or above a problem that may be dropped from the value; None where none is left."""
    steps, names = trace(tree, pointer), parts(pointer)
    offset = int(tree.wrapped)
    for depth in range(len(names), 0, -1):
        place = _pointer(names[:depth])
        step = steps[depth - 1 + offset] if depth - 1 + offset < len(steps) else None
        above = steps[depth - 2 + offset].node if 0 <= depth - 2 + offset < len(steps) else tree.root
        listed = isinstance(tree.resolve(above), Array) or not isinstance(_at(value, names[: depth - 1]), list)
        optional = step is None or (listed if step.slot is None else not step.slot.required)
        if optional and _has(value, names[:depth]):
            return place
    return _pointer(names) if names and isinstance(_at(value, names[:-1]), dict) and _has(value, names) else None


def _pointer(names: Iterable[str]) -> str:
    pointer = ""
    for name in names:
        pointer = join(pointer, name)
    return pointer


def _at(value: JSON, names: list[str]) -> Any:
    for name in names:
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return None
    return value


def _has(value: JSON, names: list[str]) -> bool:
    above, last = _at(value, names[:-1]), names[-1]
    return (isinstance(above, dict) and last in above) or (
        isinstance(above, list) and last.isdecimal() and int(last) < len(above)
    )


def _without(value: JSON, places: list[list[str]]) -> JSON:
    """A copy of the value with the places left out."""
    gone = {names[0] for names in places if len(names) == 1}
    inner: dict[str, list[list[str]]] = {}
    for names in places:
        if len(names) > 1 and names[0] not in gone:
            inner.setdefault(names[0], []).append(names[1:])
    if isinstance(value, dict):
        return {k: _without(v, inner[k]) if k in inner else v for k, v in value.items() if k not in gone}
    return [_without(v, inner[str(i)]) if str(i) in inner else v for i, v in enumerate(value) if str(i) not in gone]
