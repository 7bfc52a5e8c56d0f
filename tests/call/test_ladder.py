"""What is remembered of the rungs: by model and schema, in a row, and across runs."""

from __future__ import annotations

import pickle
from collections import Counter

import orjson

from extractor.call.form import RUNGS, Form, Ladder
from extractor.errors import Rejected
from extractor.wire.options import Options
from tests.call.kit import reply
from tests.call.test_conversation import SCHEMA


def _fail(ladder: Ladder, rung: int, times: int, model: str = "m", schema: str = "s") -> None:
    ladder.models[model].failures.setdefault(schema, Counter())[RUNGS[rung]] += times


def _begins(ladder: Ladder, model: str = "m", schema: str = "s") -> str:
    known = ladder.models[model]
    return RUNGS[known.rung(known.failures.get(schema, Counter()))]


def _form(ladder: Ladder) -> Form:
    known = ladder.models["m"]
    return Form(known, known.failures.setdefault(SCHEMA.fingerprint, Counter()), frozenset())


def test_it_begins_at_the_top() -> None:
    """What was never tried begins on json_schema."""
    assert _begins(Ladder()) == "json_schema"


def test_a_rung_that_keeps_failing_is_left() -> None:
    """Three failures in a row and the rung is not tried again."""
    ladder = Ladder()
    _fail(ladder, 0, 2)
    assert _begins(ladder) == "json_schema"
    _fail(ladder, 0, 1)
    assert _begins(ladder) == "json_object"


def test_a_success_between_forgives() -> None:
    """Failures that pass do not add up to a refusal; of a request without a format neither tells anything."""
    ladder = Ladder()
    form = _form(ladder)
    for _ in range(10):
        for formatted, steps in ((True, (False, False, True)), (False, (False,) * 3)):
            form.formatted = formatted
            for usable in steps:
                form.judge(usable=usable)
    assert _begins(ladder, schema=SCHEMA.fingerprint) == "json_schema"


def test_a_refusal_on_a_rung_that_has_answered_is_about_the_content() -> None:
    """Where the model has answered on a rung, in any conversation, its refusal changes nothing about the form."""
    ladder, error = Ladder(), Rejected("Invalid input", code=8001, status=400)
    forms = [_form(ladder) for _ in range(2)]
    for form in forms:
        form.body([], SCHEMA, Options())
    assert forms[0].refused(error) == "json_object"
    forms[1].read(reply("{}"), SCHEMA)
    assert forms[1].refused(error) is None


def test_the_last_rung_is_always_there() -> None:
    """However often the bare prompt fails, it is what remains."""
    ladder = Ladder()
    for rung in range(len(RUNGS)):
        _fail(ladder, rung, 9)
    assert _begins(ladder) == RUNGS[-1]


def test_each_model_and_schema_has_its_own_memory() -> None:
    """What one schema could not be held to says nothing of another."""
    ladder = Ladder()
    _fail(ladder, 0, 3)
    assert (_begins(ladder, schema="other"), _begins(ladder, "other")) == ("json_schema", "json_schema")


def test_it_can_be_kept_and_taken_up_again() -> None:
    """Through JSON, as journals of every version hold it, and through pickle the memory stays the same."""
    ladder = Ladder()
    _fail(ladder, 0, 3)
    ladder.know("m", {"refused": ["json_schema", "a rung that is none"], "dropped": ["reasoning_effort"]})
    facts = {"refused": ["json_schema"], "dropped": ["reasoning_effort"]}
    assert ladder.export() == {
        "refused": {"m": ["json_schema"]},
        "dropped": {"m": ["reasoning_effort"]},
        "failures": {"m s": {"json_schema": 3}},
    }
    for later in (Ladder(orjson.loads(orjson.dumps(ladder.export()))), pickle.loads(pickle.dumps(ladder))):
        assert _begins(later) == "bare_schema"
        assert later.models["m"].dropped == {"reasoning_effort"}
        assert later.facts("m") == facts
        assert later.facts("other") == {}


def test_the_bare_schema_is_for_who_refuses_the_envelope() -> None:
    """The bare schema is begun with only where the envelope was refused as such."""
    ladder = Ladder()
    ladder.know("m", {"refused": ["json_schema"]})
    assert _begins(ladder) == "bare_schema"
    ladder.know("m", {"refused": ["bare_schema"]})
    assert _begins(ladder) == "json_object"
    assert _begins(ladder, "other") == "json_schema"
