"""Tables in text: their rows, header rows and group rows, by shape and as loaders wrote them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.load import load
from extractor.text.lines import Lines
from extractor.text.structure import Structure
from extractor.text.tables import Table, find_tables


def found(text: str) -> list[tuple[str | None, list[str], list[str]]]:
    """Header, first words of rows, and group rows of each table."""
    return [
        (
            text[slice(*table.header)] if table.header else None,
            [text[row:].split("\n", 1)[0] for row in table.rows],
            [text[slice(*group)].strip() for group in table.groups],
        )
        for table in find_tables(Lines(text))
    ]


PIPES = "| sku | price |\n| --- | ---: |\n| a1 | 2.50 |\n| b2 | 3.00 |\n"
GRID = "+-----+-------+\n| sku | price |\n+-----+-------+\n| a1  |  2.50 |\n| b2  |  3.00 |\n+-----+-------+\n"
BARE = "2026-01-05;Card 12;3.50;EUR\n2026-01-06;Card 13;4.00;EUR\n2026-01-07;Card 14;9.10;EUR\n"
UNITS = (
    "Halt          Distance   Track\n"
    "              (miles)    (no.)\n"
    "Alder Green       1.50       2\n"
    "Brook End        12.75       1\n"
    "Cove             20.00       3\n"
)
YEARS = (
    "                 2024     2023\n"
    "Sales           1,200    1,100\n"
    "Costs             300      250\n"
    "Profit            900      850\n"
)
SIDES = (
    "Day         Text       Debit   Credit\n"
    "2026-03-01  Transfer     100\n"
    "2026-03-01  Transfer              102\n"
    "2026-03-02  Cheque        40\n"
)
GROUPED = (
    "Voucher  Text        Sum\n"
    "Centre 41: Workshop\n"
    "V1       Nails        20\n"
    "V2       Paint         9\n"
    "Centre 42: Canteen\n"
    "V3       Bread         4\n"
)
WRAPPED = (
    "No   Text               Sum\n"
    "1    Bolts, long and    9.50\n"
    "     galvanised\n"
    "2    Nuts               1.20\n"
    "3    Washers            0.40\n"
)


@pytest.mark.parametrize(
    ("text", "header", "rows", "groups"),
    [
        (PIPES, "| sku | price |\n| --- | ---: |\n", ["| a1 | 2.50 |", "| b2 | 3.00 |"], []),
        (GRID, "| sku | price |\n+-----+-------+\n", ["| a1  |  2.50 |", "| b2  |  3.00 |"], []),
        (BARE, None, BARE.splitlines(), []),
        ("day;text;sum;unit\n" + BARE, "day;text;sum;unit\n", BARE.splitlines(), []),
        ("name\ttown\nAnn\tYork\nBo\tHull\n", "name\ttown\n", ["Ann\tYork", "Bo\tHull"], []),
        (UNITS, "".join(UNITS.splitlines(keepends=True)[:2]), UNITS.splitlines()[2:], []),
        (YEARS, YEARS.splitlines(keepends=True)[0], YEARS.splitlines()[1:], []),
        (SIDES, SIDES.splitlines(keepends=True)[0], SIDES.splitlines()[1:], []),
        (
            GROUPED,
            GROUPED.splitlines(keepends=True)[0],
            [line for line in GROUPED.splitlines() if line.startswith("V") and "Voucher" not in line],
            ["Centre 41: Workshop", "Centre 42: Canteen"],
        ),
        (WRAPPED, WRAPPED.splitlines(keepends=True)[0], [WRAPPED.splitlines()[at] for at in (1, 3, 4)], []),
    ],
    ids=[
        "pipes",
        "grid",
        "no header",
        "semicolons",
        "tabs",
        "two lines",
        "years",
        "debit or credit",
        "groups",
        "wrapped",
    ],
)
def test_a_table_is_found_by_its_shape(text: str, header: str | None, rows: list[str], groups: list[str]) -> None:
    """Between paragraphs as well as alone, and nothing else is taken for a table."""
    assert found(text) == [(header, rows, groups)]
    assert found(f"Some words before it.\n\n{text}\nSome words behind it.\n") == [(header, rows, groups)]


def test_a_table_goes_on_over_pages() -> None:
    """A header that is repeated is no row, and a page without one has the header of the page before."""
    page = "Article        Sum\nBolts         9.50\nNuts          1.20\nWashers       0.40\n"
    text = f"{page}\nPage 1\n\n{page}\nPage 2\n\nScrews        2.00\nRivets        7.10\nClamps        8.00\n"
    assert [header for header, _, _ in found(text)] == ["Article        Sum\n"] * 3
    assert [row.split()[0] for _, rows, _ in found(text) for row in rows] == [
        *["Bolts", "Nuts", "Washers"] * 2,
        *["Screws", "Rivets", "Clamps"],
    ]


CELLS = st.text("ab1 ,;\n\"'", min_size=1, max_size=8).map(lambda cell: f"x{cell}x")


@given(st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=4, max_size=20))
def test_csv_is_read_as_csv(cells: list[list[str]]) -> None:
    """Whatever quoted cells hold, each row begins where the writer began it."""
    out, starts = io.StringIO(), []
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["number", "company", "town", "fee"])
    for row in cells:
        starts.append(out.tell())
        writer.writerow(row)
    (table,) = find_tables(Lines(out.getvalue()))
    assert isinstance(table, Table)
    assert (table.rows, table.header, table.columns) == (tuple(starts), (0, starts[0]), 4)


@pytest.mark.parametrize(
    "text",
    [
        "It was late, and dark, and cold.\nThe men, the dogs, all slept.\nNobody, it seems, woke up.\n" * 3,
        "Sum of positions 16,90\nTax at seven 1,18\nTotal to pay 18,08\n",
        "A sentence.  Another sentence here.\nAnd one more.  With two spaces in it.\nThe last.  So it ends.\n",
        "Let a = f(b);\nlet c = g(d);\nlet e = h(i);\nlet k = l(m);\n",
    ],
    ids=["prose", "decimal commas", "two spaces", "code"],
)
def test_what_only_looks_like_cells_is_no_table(text: str) -> None:
    """Commas of prose and of numbers, spaces between sentences, ends of statements."""
    assert found(text) == []


@given(st.text('ab |\t,;\n"1-', max_size=200))
def test_tables_are_in_order_and_apart(text: str) -> None:
    """Whatever the text, rows lie in their tables, and no two tables overlap."""
    end = 0
    for table in find_tables(Lines(text)):
        assert end <= table.start < table.end <= len(text)
        assert list(table.rows) == sorted(set(table.rows))
        assert all(table.start <= row < table.end for row in table.rows)
        end = table.end


def _html(rows: list[list[str]], tag: str = "td") -> str:
    return "".join(f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in row)}</tr>" for row in rows)


def test_tables_are_those_of_the_loader(tmp_path: Path) -> None:
    """Their extent and header rows are not guessed: two tables are not one, and words may be headers or rows."""
    head = _html([["Keeper", "Store", "Bay"], ["(name)", "(town)", "(letter)"]], "th")
    first, second = _html([["Ann", "York", "A"], ["Bo", "Hull", "B"]]), _html([["Cy", "Bath", "C"], ["Di", "Ely", "D"]])
    file = tmp_path / "stores.html"
    file.write_text(f"<table><thead>{head}</thead><tbody>{first}</tbody></table><table><tbody>{second}</tbody></table>")
    document = load(file)
    tables = Structure(document).tables
    rows = [[document.text[row:].split("\n", 1)[0] for row in table.rows] for table in tables]
    assert rows == [["| Ann | York | A |", "| Bo | Hull | B |"], ["| Cy | Bath | C |", "| Di | Ely | D |"]]
    assert tables[0].header == (0, document.text.index("| Ann"))
    assert len(Structure(document.text).tables) == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_of_a_file_of_delimited_cells(delimiter: str, tmp_path: Path) -> None:
    """A cell in quotes holds delimiters and line breaks; a title above the header belongs to it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    rows = [
        [f"M{n}", f"Works {n}{delimiter} Sons\n& Co" if n % 3 == 0 else f"Works {n}", str(100 + n)] for n in range(9)
    ]
    writer.writerows([["number", "company", "fee"], *rows])
    file = tmp_path / "members.csv"
    file.write_text(out.getvalue())
    document = load(file)
    (table,) = Structure(document).tables
    assert [document.text[row : row + 2] for row in table.rows] == [f"M{n}" for n in range(9)]
    assert table.header is not None
    assert document.text[slice(*table.header)].startswith("number")


def test_another_header_begins_another_table() -> None:
    """Blocks of one width, each with its own columns, are tables of their own, with or without a blank line between."""
    blocks = [
        f"Stop     {a}   {b}\nHarbour  06:05  07:05\nMill     06:15  07:15\nTower    06:25  07:25\n"
        for a, b in (("R10", "R11"), ("R20", "R21"))
    ]
    for between in ("", "\n"):
        lines = Lines(between.join(blocks))
        found = [lines.text[slice(*table.header)].split() for table in find_tables(lines) if table.header]
        assert found == [["Stop", "R10", "R11"], ["Stop", "R20", "R21"]]
