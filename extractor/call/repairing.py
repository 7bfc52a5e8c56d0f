"""The paid repairs of a draft, cheapest first: the failing fields alone, then everything once more.

A targeted repair shows as little of the document as the failing fields need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from extractor.call.asking import Repair
from extractor.call.effects import Flow
from extractor.call.examples import copied
from extractor.call.prompt import Aim, corrected, targeted
from extractor.call.reading import NO_JSON, Draft, elected, read
from extractor.call.talk import Question, Talk
from extractor.call.turns import answered, turns
from extractor.errors import STOPPING, InvalidValue, Problem, ServiceError
from extractor.schema.compiler import Part, Schema
from extractor.schema.pointer import JSON, get, leaves
from extractor.wire.values import Reply

__all__ = ["attempted", "drafted", "repaired", "whole"]

_REACH, _LINE = 140, 100
_PLACES = 4
_VALUES = 12
_SHORT = 3
_WIDE = 0.6


def drafted(talk: Talk, reply: Reply, question: Question) -> Draft | None:
    """A reply, read; None where it holds no JSON. The rung is judged by it."""
    reply = elected(reply, question.schema, talk.asking.text)
    try:
        draft = read(reply, question.schema, talk.asking.text)
    except InvalidValue:
        if reply.finish != "length":
            talk.form.failed()
        return None
    talk.form.worked()
    talk.repaired(*draft.repairs)
    value, problems = copied(talk.examples, question.schema, draft.value, talk.asking.text, talk.asking.context)
    if not problems:
        return draft
    talk.examples = ()
    if draft.cut:
        return replace(draft, value=value, lost=(*draft.lost, *problems))
    return replace(draft, value=value, invalid=(*draft.invalid, *problems))


def repaired(talk: Talk, draft: Draft) -> Flow[Draft]:
    """The draft after each repair that the budget allows, cheapest first; a failure leaves it as it is."""
    for repair in (_targeted, whole):
        if draft.problems:
            draft = yield from attempted(talk, draft, repair)
    return draft


def attempted(talk: Talk, draft: Draft, repair: Callable[[Talk, Draft], Flow[Draft]]) -> Flow[Draft]:
    """The draft after one repair, if the budget allows it."""
    if not (yield from talk.may_repair()):
        return draft
    try:
        return (yield from repair(talk, draft))
    except STOPPING:
        raise
    except ServiceError as error:
        talk.repaired(Repair(repair.__name__.strip("_"), (f"failed: {error}",)))
        return draft


def _targeted(talk: Talk, draft: Draft) -> Flow[Draft]:
    """Ask for the failing fields alone, and patch them in; what is lost is in none of the fields.

    Of a part, only what an excerpt shows is asked for so: the whole text without marks would be answered for all parts.
    """
    asking, settings = talk.asking, talk.settings
    aim = None if draft.lost else target(asking.schema, draft, asking.text)
    if aim is None or (asking.aim != Aim() and aim.text == asking.text):
        return draft
    messages = targeted(aim.subset, aim.text, aim.lines, instructions=settings.instructions, images=asking.images)
    mark = talk.paid
    reply = yield from answered(talk, Question(messages, aim.subset, settings.options, "repair"))
    try:
        fixed = read(reply, aim.subset, asking.text)
    except InvalidValue:
        talk.repaired(Repair("targeted", (f"failed: {NO_JSON}",), usage=talk.since(mark)))
        return draft
    value = aim.subset.patch(draft.value, fixed.value)
    newer = replace(draft, value=value, invalid=_still_wrong(asking.schema, value, fixed), lost=fixed.lost)
    return _judged(talk, "targeted", draft, newer, mark)


def whole(talk: Talk, draft: Draft) -> Flow[Draft]:
    """Ask once more for everything, with the earlier answer as a prediction."""
    question = talk.question()
    lines = problem_lines(talk.asking.schema, draft.problems, draft.value)
    messages = corrected(question.messages, lines, talk.asking.aim)
    mark = talk.paid
    reply = yield from turns(
        talk, replace(question, messages=messages, purpose="again", prediction=draft.reply.content)
    )
    newer = drafted(talk, reply, question)
    if newer is None:
        talk.repaired(Repair("whole", (f"failed: {NO_JSON}",), usage=talk.since(mark)))
        return draft
    return _judged(talk, "whole", draft, newer, mark)


def _judged(talk: Talk, rung: str, older: Draft, newer: Draft, mark: int) -> Draft:
    """The better of two drafts, with a record of what the repair did to each place that was wrong."""
    better = newer.better_than(older, talk.asking.text)
    paths = tuple(problem.path for problem in older.problems) if better else ()
    changes = tuple(_change(path, older.value, newer.value) for path in paths)
    notes = changes or ("it was no better; the earlier answer is kept",)
    talk.repaired(Repair(rung, notes, usage=talk.since(mark), paths=paths))
    return newer if better else older


def _still_wrong(schema: Schema[Any], value: JSON, fixed: Draft) -> tuple[Problem, ...]:
    """What is invalid in a value once it is patched: what the schema says, and what the patch itself could not be."""
    judged = schema.problems(value)
    return (*judged, *(problem for problem in fixed.invalid if problem.path not in {each.path for each in judged}))


def _change(path: str, older: JSON, newer: JSON) -> str:
    return f"{_as_text(older, path)} became {_as_text(newer, path)} @ {path or '/'}"


def _as_text(value: JSON, path: str) -> str:
    try:
        found = repr(get(value, path))
    except (KeyError, IndexError, ValueError, TypeError):
        return "nothing"
    return found if len(found) <= 60 else f"{found[:57]}..."


# ---------------------------------------------------------------------- what a targeted repair asks


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
