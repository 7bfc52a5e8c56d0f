"""Tables as text, and where they stand in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.document import Page, Table
from extractor.documents.parsed import Parsed
from extractor.documents.story import CELL, PARAGRAPH, Mark, story
from extractor.documents.tables import Span, header_rows, render_table, settled, unmarked
from extractor.extraction.ground import ground
from extractor.text.tables import cells_of
from tests.documents.making import loaded, paragraph, table, word


def lines(*rows: list[str], header: int | None = None, spans: tuple[Span, ...] = ()) -> list[str]:
    return unmarked(render_table(rows, header=header, spans=spans)).split("\n")


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([["Item", "Price"], ["Desk", "9.50"], ["Lamp", "3.00"]], 1),
        ([["Item", "2023", "2024"], ["Desk", "9.50", "10"], ["Lamp", "3.00", "4"]], 1),
        ([["Sales in thousands", ""], ["Item", "Price"], ["Desk", "9.50"], ["Lamp", "3.00"]], 2),
        ([["", "Plan", "Plan"], ["Item", "Low", "High"], ["Desk", "1", "2"], ["Lamp", "3", "4"]], 2),
        ([["Item", "Price"], ["Office", ""], ["Desk", "9.50"], ["Lamp", "3.00"]], 1),
        (
            [
                ["Name", "Town", "Off"],
                ["Ada", "Turin", ""],
                ["Bo", "Lyon", "-"],
                ["Cy", "Bonn", "5"],
                ["Di", "Ayr", "7"],
            ],
            1,
        ),
        ([["", "Plan", "Plan"], ["", "Low", "High"], ["1", "few", "many"], ["2", "none", "all"]], 2),
        ([["Day", "Balance"], ["2024-01-01", "5.00"], ["2024-01-02", "6.00"]], 1),
        ([["Desk", "9.50"], ["Lamp", "3.00"]], 0),
        ([["Item", "Price"], ["~~Desk~~", "~~9.50~~"], ["Lamp", "3.00"], ["Rug", "8"], ["Mat", "5"]], 1),
        ([["First", "Last"], ["Ada", "Example"], ["Bo", "Sample"]], 1),
        ([["Name", "Ada Example"], ["Town", "Turin"]], 0),
    ],
)
def test_a_header_is_recognised_by_the_rows_below_it(rows: list[list[str]], count: int) -> None:
    """Titles and groups of columns are part of it; groups of rows and data are not."""
    assert header_rows(rows) == count


def test_merged_cells_are_repeated_and_titles_are_not() -> None:
    """Each row is whole by itself; what spans the whole table is told once."""
    rows = [["Prices", "", ""], ["North", "1", "2"], ["", "3", "4"], ["both", "", "5"]]
    spans = (Span(0, 0, 1, 3), Span(1, 0, 2, 1), Span(3, 0, 1, 2))
    assert lines(*rows, header=0, spans=spans) == [
        *("| Prices |  |  |", "| North | 1 | 2 |", "| North | 3 | 4 |", "| both | both | 5 |"),
    ]


def test_columns_that_only_signs_filled_are_gone() -> None:
    """A heading over a currency sign and its amount is one column with them."""
    rows = [["", "2024", "", "2023", ""], ["Sales", "$", "10", "$", "9"], ["Loss", "$", "(1", "$", "(2"]]
    spans = (Span(0, 1, 1, 2), Span(0, 3, 1, 2))
    assert lines(*rows, header=1, spans=spans) == [
        *("|  | 2024 | 2023 |", "| --- | --- | --- |", "| Sales | $10 | $9 |", "| Loss | $(1 | $(2 |"),
    ]


def test_a_sign_that_heads_a_column_is_a_heading() -> None:
    """Signs join numbers alone."""
    assert lines(["Item", "€", "$", "%"], ["Desk", "9", "10", "5"], header=1)[0] == "| Item | € | $ | % |"


def test_a_long_cell_does_not_take_its_row_apart() -> None:
    """It stays in its row where the other rows of the table are filled alike."""
    rows = [["1", "Desk", "9.50"], ["2", "Lamp, " * 200, "3.00"], ["3", "Chair", "7.00"]]
    assert len(lines(*rows)) == 3


def test_a_small_table_in_a_cell_stays_in_its_row() -> None:
    """Its rows stand between semicolons, without bars that would be taken for columns."""
    inner = render_table([["a", "1"], ["b", "2"]])
    assert lines(["x", inner, "y"], ["p", "q", "r"]) == ["| x | a, 1; b, 2 | y |", "| p | q | r |"]


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("red|blue", r"red\|blue"),
        ("x | y", r"x \| y"),
        ("|", r"\|"),
        ("one |\n two", r"one \| two"),
        ("see\n| a | 1 |\n| b\\|c | 2 |\na|b", r"see; a, 1; b\|c, 2; a\|b"),
    ],
)
def test_a_bar_within_a_cell_is_no_edge_of_it(cell: str, line: str) -> None:
    """It is escaped as in Markdown; readers of tables and of evidence know it."""
    first, second = lines([cell, "7"], ["other", "8"])
    assert (first, second) == (f"| {line} | 7 |", "| other | 8 |")
    assert cells_of([first], "|")[0][1:3] == [line, "7"]
    (span,) = ground({"name": "red|blue"}, r"| red\|blue | 7 |")["/name"]
    assert (span.start, span.end, span.tier) == (2, 11, "normalised")


def story_lines(*units: tuple[str, Mark] | str) -> list[str]:
    """The blocks of a story of characters and marks, whose lists are numbered by the marks that have a number."""
    story_units = [(unit, None) if isinstance(unit, str) else unit for unit in units]
    return unmarked("\n".join(story(story_units, lambda mark: f"{mark.uses}. "))).split("\n")


def test_rows_with_edges_share_one_grid() -> None:
    """A cell that reaches to the edge of a later column spans it; one that goes on is that of the cell above."""

    def row(cells: list[str], **stated: Any) -> list[tuple[str, Mark] | str]:
        inner = [unit for cell in cells for unit in (cell, (CELL, Mark(in_table=True)))]
        return [*inner, (CELL, Mark(ends_row=True, **stated))]

    heading = row(["Wide", "C"], edges=(200, 300), is_heading_row=True)
    first = row(["tall", "1", "2"], edges=(100, 200, 300))
    second = row(["", "", "4"], edges=(100, 200, 300), merges=("down",))
    assert story_lines(*heading, *first, *second) == [
        *("", "| Wide | Wide | C |", "| --- | --- | --- |", "| tall | 1 | 2 |", "| tall |  | 4 |", "", ""),
    ]


def test_paragraphs_of_a_story_have_their_numbers_and_fields() -> None:
    """A number stands before a paragraph of a list, in a cell too; a field shows its result."""
    item = Mark(uses=3)
    cell, row = Mark(in_table=True, uses=7), Mark(ends_row=True)
    assert story_lines("Desk", (PARAGRAPH, item), (PARAGRAPH, item), "Sum", (PARAGRAPH, Mark(heading=2))) == [
        *("3. Desk", "", "## Sum", ""),
    ]
    assert story_lines("\x13 PAGE \x14", "4\x15", (CELL, cell), "b", (CELL, cell), (CELL, row)) == [
        "",
        "| 7. 4 | 7. b |",
        "",
        "",
    ]


@given(st.lists(st.sampled_from(["x", "table", "\n\n"]), max_size=8))
def test_marks_become_ranges_of_the_text(parts: list[str]) -> None:
    """Each table is found where it stands, whatever stands around it, and pages move with the text."""
    grid = [["Item", "Price"], ["Desk", "9.50"], ["Lamp", "3.00"]]
    text = "".join(render_table(grid, header=1) if part == "table" else part for part in parts)
    parsed = settled(Parsed(text, pages=(Page(1, 0, len(text)),)))
    assert parsed.text == unmarked(text)
    assert [parsed.text[table.start : table.header] for table in parsed.tables] == [
        "| Item | Price |\n| --- | --- |\n"
    ] * parts.count("table")
    assert all(parsed.text[table.start : table.end].endswith("| 3.00 |") for table in parsed.tables)
    assert parsed.pages == (Page(1, 0, len(parsed.text)),)


def test_a_document_knows_its_tables(tmp_path: Path) -> None:
    """They come out of the process that parses, with those of attachments behind them."""
    body = paragraph("before") + table(["Item", "Price"], ["Desk", "9.50"], ["Lamp", "3.00"]) + paragraph("after")
    document = loaded(tmp_path, "a.docx", word(body))
    (found,) = document.tables
    assert document.text[found.start : found.end].count("\n") == 3
    assert document.text[found.header : found.end] == "| Desk | 9.50 |\n| Lamp | 3.00 |"


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("id,text\n1,a\n2,b\n", Table(0, 16, 8)),
        ('id;text\r\n1;"a\r\nb"\r\n2;c\r\n', Table(0, 24, 9, quoted=True)),
        ('id,text\n1,"a, b"\n2,c\n', Table(0, 21, 8)),
        ("Prices of May\nitem\tEUR\ndesk\t9.50\nlamp\t3.00\n", Table(0, 43, 23)),
        ("1,2\n3,4\n", Table(0, 8, 0)),
    ],
)
def test_delimited_text_is_a_table(tmp_path: Path, text: str, table: Table) -> None:
    """The text stays as it is; commas and line breaks in quotes are parts of cells."""
    document = loaded(tmp_path, "a.csv", text.encode())
    assert (document.text, document.tables) == (text, (table,))


def test_line_breaks_in_quotes_are_known_wherever_they_are(tmp_path: Path) -> None:
    """Also far behind the beginning, from which the rest of the table is judged."""
    rows = "".join(f"{n},text {n}\n" for n in range(9_000))
    for text in (f'id,text\n{rows}9000,"two\nlines"\n', f'id,text\n0,"two\nlines"\n{rows}'):
        (table,) = loaded(tmp_path, "a.csv", text.encode()).tables
        assert table.quoted
    assert not loaded(tmp_path, "a.csv", f'id,text\n{rows}9000,3" pipe\n9001,4" pipe\n'.encode()).tables[0].quoted


def test_text_of_one_column_is_no_table(tmp_path: Path) -> None:
    """A list under the name of a table is a list."""
    assert loaded(tmp_path, "a.csv", b"one\ntwo\nthree\n").tables == ()
