"""Boxes of any stretch of a text, as a look at every one of them finds them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.document import Box, Document


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), max_size=12), st.integers(0, 90), st.integers(0, 30))
def test_boxes_of_a_stretch(steps: list[tuple[int, int]], start: int, length: int) -> None:
    """Every box that shares a character with it, cut to it, in the order of the text."""
    boxes, at = [], 0
    for gap, size in steps:
        boxes.append(Box(at + gap, at + gap + size, 0, 0.0, 0.0, 1.0, 0.5))
        at += gap + size
    end = start + length
    found = Document("x" * at, "a", "0", boxes=tuple(boxes)).boxes_of(start, end)
    inside = [(max(start, box.start), min(end, box.end)) for box in boxes if max(start, box.start) < min(end, box.end)]
    assert [box[:2] for box in found] == inside
