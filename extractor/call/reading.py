"""A reply read into a draft: mended where it is near-JSON, put into the declared shape, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from extractor.call.asking import Repair
from extractor.repair.mend import Mended, mend
from extractor.errors import InvalidValue, Problem
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, leaves
from extractor.wire.values import Reply

__all__ = ["NO_JSON", "Draft", "others", "read"]

NO_JSON = Problem("", "the answer held no JSON that could be read")

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
    """The draft in a reply; InvalidValue where its text holds no JSON object that could be kept."""
    mended = mend(_said(reply), schema)
    cut = not mended.complete and reply.finish == "length"
    if cut and not any(leaves(mended.value)):
        raise InvalidValue((Problem("", "the answer was cut before it held anything"),))
    if not isinstance(mended.value, dict) and not schema.tree.wrapped:
        raise InvalidValue((Problem("", "the answer is no object"),))
    shaped = schema.unwrap(mended.value)
    unfinished = () if mended.complete or cut else (_UNFINISHED,)
    problems = _unique((*unfinished, *shaped.problems, *schema.problems(shaped.value)))
    return Draft(shaped.value, shaped.counts, shaped.quotes, problems, _mending(mended, cut), reply, cut)


def _said(reply: Reply) -> str:
    """The text of a reply. A fence that closes behind an answer that the token limit ended says nothing of its end."""
    return reply.content.rstrip().removesuffix("```").rstrip() if reply.finish == "length" else reply.content


def others(reply: Reply, schema: Schema[Any]) -> tuple[JSON, ...]:
    """The further answers of a reply to one question (`n`), in the declared shape; what cannot be read is left out."""
    values = []
    for text in reply.others:
        with suppress(InvalidValue):
            values.append(schema.unwrap(mend(text, schema).value).value)
    return tuple(values)


def _mending(mended: Mended, cut: bool) -> tuple[Repair, ...]:
    changes = tuple(map(str, mended.changes))
    if cut:
        return (Repair("salvage", changes or ("the answer was cut; what came whole is kept",), lossy=True),)
    return (Repair("mend", changes, mended.lossy),) if changes else ()


def _unique(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """One problem for each place, the first that was found there."""
    by_path: dict[str, Problem] = {}
    for problem in problems:
        by_path.setdefault(problem.path, problem)
    return tuple(by_path.values())
