"""Source text for a page: every character shown or counted, every mark whole and where it belongs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.review.view import Mark, Piece, passages

CASES = [
    ("no marks", [], ["no marks"]),
    ("total 5", [(6, 7, 0)], ["total ", ["5", [0]]]),
    ("abcd", [(0, 3, 0), (2, 4, 1)], [["ab", [0]], ["c", [0, 1]], ["d", [1]]]),
    ("abcd", [(0, 4, 0), (1, 2, 1)], [["a", [0]], ["b", [0, 1]], ["cd", [0]]]),
    ("ab", [(0, 1, 0), (1, 2, 1)], [["a", [0]], ["b", [1]]]),
    ("ab", [(1, 9, 0), (5, 9, 1), (-1, 1, 2), (1, 1, 3)], ["a", ["b", [0]]]),
    ("", [], []),
]
MARKS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 300)), max_size=12)


@pytest.mark.parametrize(("text", "marks", "pieces"), CASES)
def test_pieces(text: str, marks: list[Mark], pieces: list[Piece]) -> None:
    """Text is cut where a mark begins or ends; what lies outside the text is not marked."""
    assert passages(text, marks, cap=100) == pieces


@given(MARKS, st.integers(100, 6000))
def test_nothing_is_lost_in_silence(places: list[tuple[int, int]], cap: int) -> None:
    """Shown and left out add up to the text, in order, and every mark is shown with its whole text."""
    text = "".join(f"word{number} " if number % 9 else f"line{number}\n" for number in range(600))
    marks = [(start, start + size, number) for number, (start, size) in enumerate(places)]
    rebuilt, marked = "", dict.fromkeys(range(len(marks)), "")
    for piece in passages(text, marks, cap=cap):
        if isinstance(piece, int):
            rebuilt += text[len(rebuilt) : len(rebuilt) + piece]
            continue
        words, numbers = (piece, []) if isinstance(piece, str) else piece
        rebuilt += str(words)
        for number in numbers:  # type: ignore[attr-defined]
            marked[number] += str(words)
    assert rebuilt == text
    assert marked == {number: text[start:end] for start, end, number in marks}


def test_long_texts_are_cut_around_the_marks() -> None:
    """Of a long text its opening and the surroundings of each mark are shown, cut at words; the rest is counted."""
    text = "word " * 20_000
    pieces = passages(text, [(50_000, 50_004, 0)], cap=4000)
    size = sum(
        len(piece if isinstance(piece, str) else str(piece[0])) for piece in pieces if not isinstance(piece, int)
    )
    assert [type(piece) for piece in pieces] == [str, int, str, list, str, int]
    assert size < 2000
    assert all(piece.startswith("word") or piece[0] == " " for piece in pieces if isinstance(piece, str))
