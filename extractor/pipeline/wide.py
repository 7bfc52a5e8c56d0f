"""A schema too wide for one answer is asked in groups of related fields, and joined again without anybody seeing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Any

from extractor.call.asking import Answer, Asking, Settings
from extractor.call.conversation import converse
from extractor.call.effects import Flow
from extractor.errors import Problem
from extractor.extraction.together import all_ended
from extractor.schema.compiler import Part, Schema
from extractor.wire.values import Usage

__all__ = ["ask_all", "groups_of"]


@lru_cache(maxsize=256)
def groups_of(schema: Schema[Any]) -> tuple[Schema[Any], ...]:
    """The schemas that together ask for all of one; mostly that is the schema itself."""
    return schema.groups()


def ask_all(asking: Asking, settings: Settings) -> Flow[Answer]:
    """The answer to one question, of however many groups of fields it is made."""
    groups = groups_of(asking.schema)
    if len(groups) == 1:
        return (yield from converse(asking, settings))
    answers = yield from all_ended(converse(replace(asking, schema=group), settings) for group in groups)
    answer = _joined(asking.schema, groups, answers)
    if answer.value is None or not answer.problems or answer.truncated:
        return answer
    return (yield from _mended(asking, settings, answer))


def _joined(schema: Schema[Any], groups: Sequence[Schema[Any]], answers: Sequence[Answer]) -> Answer:
    """One answer of all groups'. A group is judged where it stands in the whole; one that failed is told."""
    told = [answer.value for answer in answers if answer.value is not None]
    value = schema.join(told) if told else None
    pairs = zip(groups, answers, strict=True)
    failed = [Problem("", f"{_fields(group)} not read: {answer.error}") for group, answer in pairs if answer.error]
    wrong = schema.problems(value) if told else ()
    return Answer(
        value=value,
        truncated=any(answer.truncated for answer in answers),
        counts=_merged(answer.counts for answer in answers),
        quotes=_merged(answer.quotes for answer in answers),
        problems=(*failed, *wrong),
        error=next((answer.error for answer in answers if answer.error), None) if not told else None,
        **_spending(answers),
    )


def _mended(asking: Asking, settings: Settings, answer: Answer) -> Flow[Answer]:
    """The answer with its wrong fields asked for once more, where that makes it better."""
    paths = tuple(dict.fromkeys(problem.path for problem in answer.problems if problem.path))
    if not paths:
        return answer
    part = asking.schema.subset(paths)
    again = yield from converse(replace(asking, schema=part), settings)
    spent = replace(answer, **_spending([answer, again]))
    if again.value is None:
        return spent
    value = part.patch(answer.value, again.value)
    problems = asking.schema.problems(value)
    kept = tuple(problem for problem in answer.problems if not problem.path)
    return replace(spent, value=value, problems=(*kept, *problems)) if len(problems) < len(paths) else spent


def _spending(answers: Sequence[Answer]) -> dict[str, Any]:
    return {
        "usage": sum((answer.usage for answer in answers), Usage()),
        "attempts": sum(answer.attempts for answer in answers),
        "repairs": tuple(chain.from_iterable(answer.repairs for answer in answers)),
        "tool_calls": tuple(chain.from_iterable(answer.tool_calls for answer in answers)),
    }


def _merged(maps: Any) -> dict[str, Any]:
    return {path: said for one in maps for path, said in one.items()}


def _fields(group: Schema[Any]) -> str:
    paths = group.paths if isinstance(group, Part) else ()
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more fields" if len(paths) > 3 else "")
