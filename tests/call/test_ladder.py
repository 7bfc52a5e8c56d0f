"""What is remembered of the rungs: by model and schema, in a row, and across runs."""

from __future__ import annotations

import pickle

from extractor.call.ladder import RUNGS, Ladder


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
    assert ladder.rung("m", "s") == 1


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
    for rung in range(3):
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
    assert ladder.export() == {"m s": {"json_schema": 3}}
    assert Ladder(ladder.export()).rung("m", "s") == 1
    assert pickle.loads(pickle.dumps(ladder)).rung("m", "s") == 1
