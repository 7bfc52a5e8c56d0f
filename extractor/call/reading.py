"""A reply read into a draft: mended where it is near-JSON, put into the declared shape, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from extractor.call.asking import Repair
from extractor.call.mend import Mended, mend
from extractor.errors import Problem
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON
from extractor.wire.values import Reply

__all__ = ["Draft", "read"]

_UNFINISHED = Problem("", "the answer ends before its JSON does")


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that holds JSON, with what is wrong with it. `cut` tells that the token limit ended it."""

    value: JSON
    counts: Mapping[str, int]
    quotes: Mapping[str, str]
    problems: tuple[Problem, ...]
    repairs: tuple[Repair, ...]
    reply: Reply
    cut: bool = False

    def better_than(self, other: Draft) -> bool:
        """Whether it is worth more than an older draft; the newer one wins a tie."""
        return (self.cut, len(self.problems)) <= (other.cut, len(other.problems))


def read(reply: Reply, schema: Schema[Any]) -> Draft:
    """The draft in a reply; InvalidValue where its text holds no JSON that could be kept."""
    mended = mend(reply.content, schema)
    cut = not mended.complete and reply.finish == "length"
    steps = _mending(mended)
    value = mended.value
    if cut:
        value, dropped = _whole_items(value)
        steps += (Repair("salvage", dropped, lossy=True),)
    shaped = schema.unwrap(value)
    unfinished = () if mended.complete or cut else (_UNFINISHED,)
    problems = _unique((*unfinished, *shaped.problems, *schema.problems(shaped.value)))
    return Draft(shaped.value, shaped.counts, shaped.quotes, problems, steps, reply, cut)


def _mending(mended: Mended) -> tuple[Repair, ...]:
    if not mended.changes:
        return ()
    lossy = any(change.lossy for change in mended.changes)
    return (Repair("mend", tuple(map(str, mended.changes)), lossy),)


def _whole_items(value: JSON) -> tuple[JSON, tuple[str, ...]]:
    """A cut answer without the item that the cut went through: the last one of the innermost list at its end."""
    path: list[str | int] = []
    owner: tuple[list[JSON], str] | None = None
    inner = value
    while isinstance(inner, dict | list) and inner:
        if isinstance(inner, list):
            owner = (inner, "/" + "/".join(map(str, path))) if isinstance(inner[-1], dict) else owner
            path.append(len(inner) - 1)
            inner = inner[-1]
        else:
            path.append(next(reversed(inner)))
            inner = inner[path[-1]]
    if owner is None:
        return value, ("the answer was cut; what came before the cut is kept",)
    items, place = owner
    items.pop()
    return value, (f"the answer was cut; the {len(items)} items before the cut are kept @ {place}",)


def _unique(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """One problem for each place, the first that was found there."""
    by_path: dict[str, Problem] = {}
    for problem in problems:
        by_path.setdefault(problem.path, problem)
    return tuple(by_path.values())
