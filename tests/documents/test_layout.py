"""Layout: whatever stands on a page stands in its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.formats.html import Flow
from extractor.documents.layout import Glyph, placed, to_runs
from extractor.documents.parsed import paginate
from extractor.documents.tables import TableWriter, render_table, unmarked

letters = st.text("abcאב請 ", min_size=1, max_size=1)
places = st.integers(0, 60)


def glyph(text: str, column: int, line: int, height: int = 10) -> Glyph:
    return Glyph(text, 6.0 * column, 12.0 * line, 6.0 * column + 6, 12.0 * line + height)


def words(text: str, column: int, line: int) -> list[Glyph]:
    return [glyph(letter, column + place, line) for place, letter in enumerate(text)]


def page(*rows: list[Glyph]) -> str:
    return placed(to_runs(letter for row in rows for letter in row))[0]


@given(st.lists(st.builds(glyph, letters, places, places, st.integers(1, 30)), max_size=80))
def test_nothing_on_a_page_is_lost_or_doubled(glyphs: list[Glyph]) -> None:
    """Every letter comes out exactly once, wherever it stands; a raised one may bear its sign."""
    words = Counter("".join(placed(to_runs(glyphs))[0].replace("^", "").split()))
    assert words == Counter(glyph.text for glyph in glyphs if not glyph.text.isspace())


def test_words_keep_their_columns() -> None:
    """A gap wider than a space is kept as wide as it stands."""
    assert (
        page(words("ab", 0, 0), words("cd", 10, 0), words("e", 0, 1), words("f", 10, 1)) == "ab        cd\ne         f"
    )


def test_a_gap_between_lines_is_a_blank_line() -> None:
    """Paragraphs that stand apart stay apart."""
    assert page(words("ab", 0, 0), words("cd", 0, 1), words("ef", 0, 2), words("gh", 0, 5)) == "ab\ncd\nef\n\ngh"


@pytest.mark.parametrize("order", [list, reversed])
def test_right_to_left_text_is_put_in_order_of_reading(order: Callable[[list[Glyph]], Iterable[Glyph]]) -> None:
    """Hebrew and Arabic run to the left, figures and Latin words between them do not, in whatever order of the file."""
    seen = '123-4 :(ABC Ltd) "םולש 50% םוכס'
    assert page(list(order(words(seen, 0, 0)))) == 'סכום 50% שלום" (ABC Ltd): 123-4'


def test_marks_are_part_of_their_line_beside_right_to_left_text() -> None:
    """A raised figure at the beginning of a line does not part it from a lowered one."""
    raised = Glyph("1", 6, 10, 12, 16)
    lowered = Glyph("2", 24, 16, 30, 22)
    line = [raised, *words("CO", 2, 1), lowered, *words("x", 5, 1)]
    assert page(words("םולש", 0, 0), line).split("\n")[1].strip() == "1 CO2x"


def test_columns_of_right_to_left_text_are_read_from_the_right() -> None:
    """The first column of a table stands at the right of the page."""
    rows = [words("5", 0, 0) + words("הת", 10, 0), words("12", 0, 1) + words("םיל", 10, 1)]
    assert [line.split() for line in page(*rows).split("\n")] == [["תה", "5"], ["לים", "12"]]


def test_two_short_columns_are_a_table() -> None:
    """Rows of a few words each are read across, however many there are."""
    rows = [words(f"item{line}", 0, line) + words(f"{line}.00", 30, line) for line in range(9)]
    assert [line.split() for line in page(*rows).split("\n")] == [[f"item{n}", f"{n}.00"] for n in range(9)]


@pytest.mark.parametrize("columns", [(0, 32), (0, 32, 64)])
@pytest.mark.parametrize("prose_first", [True, False])
def test_a_table_between_the_same_gutters_leaves_prose_its_columns(columns: tuple[int, ...], prose_first: bool) -> None:
    """Columns of prose are read down beside a table that is read across, with a blank line between the two."""
    top, below = (0, 7) if prose_first else (4, 0)
    prose = [words(f"column {x:02} line {line} runs on here", x, top + line) for line in range(6) for x in columns]
    table = [words(f"{x + line}.00", x, below + line) for line in range(3) for x in columns]
    read = [f"column {x:02} line {line} runs on here" for x in columns for line in range(6)]
    rows = [" ".join(f"{x + line}.00" for x in columns) for line in range(3)]
    lines = [" ".join(line.split()) for line in page(*prose, *table).split("\n") if line]
    assert lines == (read + rows if prose_first else rows + read)


def test_a_long_table_with_many_gaps_is_read_across() -> None:
    """A page of any length is read without going deeper for each gap between its rows."""
    tops = [*range(0, 3300, 3), *range(3300, 4730)]
    rows = [words(text, column, top) for top in tops for text, column in ((f"item {top}", 0), (f"{top}.00", 40))]
    lines = [line.split() for line in page(*rows).split("\n") if line]
    assert lines == [["item", f"{top}", f"{top}.00"] for top in tops]


@given(st.lists(st.text("ab \n", max_size=12), max_size=6))
def test_pages_cover_the_text(texts: list[str]) -> None:
    """Ranges follow each other without a gap, from the start of the text to its end."""
    text, pages = paginate(texts)
    edges = [0, *(page.end for page in pages)]
    assert [page.start for page in pages] == edges[:-1]
    assert edges[-1] == len(text)
    assert [text[page.start : page.end].strip() for page in pages] == [part.strip() for part in texts]


@given(st.lists(st.lists(st.sampled_from(["", "a", "b c", "$", "%", "1"]), max_size=5), max_size=5))
def test_a_table_loses_no_cell(rows: list[list[str]]) -> None:
    """Empty rows and columns go, everything else stays."""
    text = "".join(unmarked(render_table(rows, header=0)).replace("|", " ").split())
    assert Counter(text) == Counter("".join("".join(row) for row in rows).replace(" ", ""))


def test_a_cell_that_spans_rows_holds_its_column_free() -> None:
    """What stands below and beside a tall cell stays in its own column."""
    table = TableWriter()
    table.row()
    for text in ("tall", "a"):
        table.cell(text, rows=2 if text == "tall" else 1)
    table.row()
    table.cell("b")
    assert unmarked(table.text()) == "| tall | a |\n| tall | b |"


@given(st.lists(st.sampled_from(["a", " b ", "\n", "  ", "c d"]), max_size=12))
def test_running_text_holds_single_spaces(pieces: list[str]) -> None:
    """However it was cut into pieces, text reads as the browser shows it."""
    flow = Flow()
    for piece in pieces:
        flow.put(piece)
    assert flow.text() == " ".join("".join(pieces).split())
