"""What is remembered of the rungs: by model and schema, in a row, and across runs."""

from __future__ import annotations

import pickle

from extractor.call.form import RUNGS, Ladder


def _fail(ladder: Ladder, rung: int, times: int, model: str = "m", schema: str = "s") -> None:
    for _ in range(times):
        ladder.failed(model, schema, rung)


def test_it_begins_at_the_top() -> None:
    """What was never tried begins on json_schema."""
    assert RUNGS[Ladder().rung("m", "s")] == "json_schema"


def test_a_rung_that_keeps_failing_is_left() -> None:
    """Three failures in a row and the rung is not tried again."""
    ladder = Ladder()
    _fail(ladder, 0, 2)
    assert ladder.rung("m", "s") == 0
    _fail(ladder, 0, 1)
    assert RUNGS[ladder.rung("m", "s")] == "json_object"


def test_a_success_between_forgives() -> None:
    """Failures that pass do not add up to a refusal."""
    ladder = Ladder()
    for _ in range(10):
        _fail(ladder, 0, 2)
        ladder.worked("m", "s", 0)
    assert ladder.rung("m", "s") == 0


def test_the_last_rung_is_always_there() -> None:
    """However often the bare prompt fails, it is what remains."""
    ladder = Ladder()
    for rung in range(len(RUNGS)):
        _fail(ladder, rung, 9)
    assert ladder.rung("m", "s") == len(RUNGS) - 1


def test_each_model_and_schema_has_its_own_memory() -> None:
    """What one schema could not be held to says nothing of another."""
    ladder = Ladder()
    _fail(ladder, 0, 3)
    assert (ladder.rung("m", "other"), ladder.rung("other", "s")) == (0, 0)


def test_it_can_be_kept_and_taken_up_again() -> None:
    """Through JSON and through pickle the memory stays the same."""
    ladder = Ladder()
    _fail(ladder, 0, 3)
    ladder.refuse("m", range(1))
    ladder.drop("m", "reasoning_effort")
    assert ladder.export() == {
        "failures": {"m s": {"json_schema": 3}},
        "refused": {"m": ["json_schema"]},
        "dropped": {"m": ["reasoning_effort"]},
    }
    for later in (Ladder(ladder.export()), pickle.loads(pickle.dumps(ladder))):
        assert RUNGS[later.rung("m", "s")] == "bare_schema"
        assert later.dropped("m") == {"reasoning_effort"}
        assert later.facts("m") == {"refused": ["json_schema"], "dropped": ["reasoning_effort"]}
        assert later.facts("other") == {}


def test_the_bare_schema_is_for_who_refuses_the_envelope() -> None:
    """The bare schema is begun with only where the envelope was refused as such."""
    ladder = Ladder()
    ladder.refuse("m", range(1))
    assert RUNGS[ladder.rung("m", "s")] == "bare_schema"
    ladder.refuse("m", range(2))
    assert RUNGS[ladder.rung("m", "s")] == "json_object"
    assert RUNGS[ladder.rung("other", "s")] == "json_schema"


def test_a_rung_that_has_answered_holds() -> None:
    """What a model has answered on is known until the run ends."""
    ladder = Ladder()
    ladder.hold("m", 0)
    assert (ladder.holds("m", 0), ladder.holds("m", 2), ladder.holds("other", 0)) == (True, False, False)
