"""Connections are used again, the last one first, and those that nobody needs any more are given up."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from extractor.call.clock import skip
from extractor.call.connections import IDLE_SECONDS, Stack


def test_the_last_used_is_taken_first() -> None:
    """So that a few stay warm, and the others grow old."""
    made = count()
    stack = Stack(lambda: f"connection {next(made)}")
    first, second = stack.take(), stack.take()
    assert (first, second) == ("connection 0", "connection 1")
    stack.give(first)
    stack.give(second)
    assert [stack.take(), stack.take(), stack.take()] == [second, first, "connection 2"]


def test_the_old_ones_are_given_up() -> None:
    """One that nobody has used for a minute is to be closed."""
    stack = Stack(object)
    taken = [stack.take() for _ in range(3)]
    for slot in taken[:2]:
        stack.give(slot)
    assert stack.give(stack.take()) == []
    skip(IDLE_SECONDS + 1)
    assert stack.give(taken[2]) == [taken[0]]
    assert [stack.give(stack.take()), stack.give(stack.take())] == [[taken[1]], []]
    assert stack.take() == taken[2]
    assert stack.take() not in taken


@given(st.lists(st.sampled_from(["take", "give", "pass"]), max_size=60))
def test_none_is_lost_or_shared(steps: list[str]) -> None:
    """Whatever the order: no connection is in use twice, and each is in use, idle, or was given up."""
    made: list[object] = []
    stack = Stack(lambda: made.append(slot := object()) or slot)
    used: list[object] = []
    closed: list[object] = []
    for step in steps:
        if step == "take":
            used.append(stack.take())
        elif step == "give" and used:
            closed += stack.give(used.pop(0))
        elif step == "pass":
            skip(IDLE_SECONDS / 2)
        assert len(set(map(id, used))) == len(used)
    everywhere = used + closed + stack.drain()
    assert sorted(map(id, everywhere)) == sorted(map(id, made))
