"""The paid repairs of a draft, cheapest first: the failing fields alone, then everything once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from extractor.call.asking import Repair
from extractor.call.effects import Flow
from extractor.call.examples import copied
from extractor.call.prompt import Aim, again, targeted
from extractor.call.reading import NO_JSON, Draft, elected, read
from extractor.call.talk import Question, Talk
from extractor.call.targets import problem_lines, target
from extractor.call.turns import answered, turns
from extractor.errors import STOPPING, InvalidValue, Problem, ServiceError
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, get
from extractor.wire.values import Reply

__all__ = ["attempted", "drafted", "repaired", "whole"]


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
    value, problems = copied(talk.settings.examples, draft.value, talk.asking.text, talk.asking.context)
    return replace(draft, value=value, invalid=(*draft.invalid, *problems)) if problems else draft


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
    messages = again(question.messages, lines, talk.asking.aim)
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
    told = changes or ("it was no better; the earlier answer is kept",)
    talk.repaired(Repair(rung, told, usage=talk.since(mark), paths=paths))
    return newer if better else older


def _still_wrong(schema: Schema[Any], value: JSON, fixed: Draft) -> tuple[Problem, ...]:
    """What is invalid in a value once it is patched: what the schema says, and what the patch itself could not be."""
    judged = schema.problems(value)
    return (*judged, *(problem for problem in fixed.invalid if problem.path not in {each.path for each in judged}))


def _change(path: str, older: JSON, newer: JSON) -> str:
    return f"{_shown(older, path)} became {_shown(newer, path)} @ {path or '/'}"


def _shown(value: JSON, path: str) -> str:
    try:
        found = repr(get(value, path))
    except (KeyError, IndexError, ValueError, TypeError):
        return "nothing"
    return found if len(found) <= 60 else f"{found[:57]}..."
