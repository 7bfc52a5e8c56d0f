"""Titles that nothing marks as such are told as context to the parts below them."""

from __future__ import annotations

from extractor.documents.chunks import Cutter, split
from extractor.documents.landmarks import landmarks
from extractor.documents.titles import Titles

SEATS = "The panel sits on Mondays, and its clerk keeps the minutes of what was said there.\n"
BOARDS = "".join(
    f"\n{board} Board of {trade}\n{SEATS * 3}"
    + "".join(f"\nPanel on {trade} and {other}\n{SEATS * 4}" for other in ("Harbours", "Markets", "Mills"))
    for board, trade in (("Upper", "Fishing"), ("Lower", "Salt"), ("Joint", "Wool"))
)


def titles(text: str) -> Titles:
    return Titles(text, landmarks(text))


def test_a_part_is_told_what_it_stands_under() -> None:
    """A part that begins with a panel is told its board, and one within a panel the panel as well."""
    start = BOARDS.index("Panel on Salt and Mills")
    found = titles(BOARDS)
    assert found.above(start, 0) == ("Lower Board of Salt",)
    assert found.above(start + 60, 0) == ("Lower Board of Salt", "Panel on Salt and Mills")


def test_what_is_rarer_stands_under_nothing_commoner() -> None:
    """A board does not stand under the last panel of the board before it."""
    assert titles(BOARDS).above(BOARDS.index("Joint Board"), 0) == ()


def test_sentences_and_rows_are_no_titles() -> None:
    """Lines that end a sentence, speak on, or part cells head nothing."""
    text = "\n\nHe Left At Once.\nmore\n\nThe clerk keeps what was said\nthere\n\nName | Price\na | 1\n\nName\tPrice\nb"
    assert titles(text).above(len(text) - 1, 0) == ()


def test_a_range_is_cut_like_the_whole() -> None:
    """Cutting from any offset with any budget gives the context that the whole document gives, whatever came before."""
    whole = split(BOARDS, 120)
    cutter = Cutter(BOARDS)
    for chunk in reversed(whole):
        assert next(cutter.chunks(120, chunk.start, index=chunk.index)) == chunk
    part = list(cutter.chunks(60, whole[3].start, whole[3].end))
    assert "".join(one.text for one in part) == whole[3].text


def test_a_heading_may_stand_far_below_what_is_above_it() -> None:
    """However many blank lines lie between; they are read once, or the test would not end."""
    text = "text\n" + " \n\r\n" * 100_000 + "ANNEX A\n\ntext\n" + "\n" * 200_000 + "text"
    assert landmarks(text) == [0, text.index("ANNEX")]
