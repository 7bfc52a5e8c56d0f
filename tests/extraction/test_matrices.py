"""Tables with a figure for each row and column: an item is a cell, its row label and its header cell."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.extraction.ground import ground

Cells = list[list[str | None]]
"""The figures, row by row; None where a cell is empty."""


class Matrix(NamedTuple):
    """A text with a table, its items row by row, and where each of their values stands."""

    text: str
    items: list[dict[str, Any]]
    gold: list[dict[str, int]]

    def across(self) -> Matrix:
        """The same table with its items column by column."""
        order = sorted(range(len(self.items)), key=lambda n: self.gold[n]["period"])
        return Matrix(self.text, [self.items[n] for n in order], [self.gold[n] for n in order])

    def misplaced(self) -> tuple[dict[str, str], list[str]]:
        """What was placed elsewhere, with what is there; and what was placed nowhere."""
        wrong, none = {}, []
        for path, spans in ground({"figures": self.items}, self.text).items():
            _, _, index, name = path.split("/")
            if not spans:
                none.append(path)
            elif spans[0].start != self.gold[int(index)][name]:
                wrong[path] = self.text[spans[0].start : spans[0].end]
        return wrong, none


def padded(cells: list[str], *, width: int = 14) -> str:
    return cells[0].ljust(width) + "".join(cell.rjust(width) for cell in cells[1:])


def piped(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


FORMS = {"pipes": piped, "spaces": padded, "commas": ",".join, "tabs": "\t".join}


def matrix(form: str, corner: str, columns: list[str], labels: list[str], cells: Cells, **around: str) -> Matrix:
    """A matrix in one of the forms, with text before and after it."""
    text, items, gold = around.get("before", ""), list[dict[str, Any]](), list[dict[str, int]]()
    unit = around.get("unit", corner)
    written = FORMS[form]([corner, *columns])
    heads = [len(text) + written.index(column) for column in columns]
    units = len(text) + written.index(unit)
    text += written + ("\n| --- " + "| --- " * len(columns) + "|\n" if form == "pipes" else "\n")
    for label, row in zip(labels, cells, strict=True):
        marks = [f"<{n}>" if cell else "" for n, cell in enumerate(row)]
        line = FORMS[form]([label, *(cell or "" for cell in row)])
        at = line.index(label) + len(label)
        for n, cell in enumerate(row):
            if cell and marks[n]:
                at = line.index(cell, at)
                items.append({"name": label, "period": columns[n], "value": float(cell), "unit": unit})
                gold.append({"name": len(text) + line.index(label), "period": heads[n], "value": len(text) + at})
                gold[-1]["unit"] = units
                at += len(cell)
        text += f"{line}\n"
    return Matrix(text + around.get("after", ""), items, gold)


LABELS = ["Revenue", "Operating cost", "Net debt", "Rent"]
FIGURES: Cells = [["41.7", "36.2"], ["5.3", "6.1"], ["4", "6"], ["36.2", "36.2"]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("columns", [["H1 2026", "H1 2025"], ["2026", "2025"], ["North", "South"]])
def test_cells_share_the_label_of_their_row(form: str, columns: list[str]) -> None:
    """Items of one line share its label; each has the header cell over its own column, and the unit in the corner."""
    found = matrix(form, "GBP million", columns, LABELS, FIGURES)
    assert found.misplaced() == ({}, [])
    assert found.across().misplaced() == ({}, [])


@pytest.mark.parametrize("form", FORMS)
def test_words_of_the_header_elsewhere(form: str) -> None:
    """A label or a period in the prose around a table is not taken for that of a cell."""
    around = {
        "before": "In H1 2026 all went well.\n\nRevenue of H1 2025 was low.\n\n",
        "after": "\nThe Rent of H1 2025 is as that of H1 2026, Revenue is not.\n",
    }
    assert matrix(form, "GBP million", ["H1 2026", "H1 2025"], LABELS, FIGURES, **around).misplaced() == ({}, [])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("caption", ["All figures in GBP million\n", "Table 4. Results (GBP million)\n\n"])
def test_a_unit_in_the_caption(form: str, caption: str) -> None:
    """The line above a table says what its cells are, where no cell does."""
    before = f"GBP million are a lot of money.\n\nSo much for that.\n\n{caption}"
    found = matrix(form, "Item", ["Spring", "Autumn"], LABELS, FIGURES, before="", unit="Item")
    shift = len(before)
    gold = [
        {name: at + shift for name, at in one.items()} | {"unit": before.rindex("GBP million")} for one in found.gold
    ]
    items = [one | {"unit": "GBP million"} for one in found.items]
    assert Matrix(before + found.text, items, gold).misplaced() == ({}, [])


def test_a_merged_header_cell() -> None:
    """A header cell stands over the empty ones to its right, the label column excepted."""
    text = (
        "| | 2026 | | 2025 | |\n| Depot | Q1 | Q2 | Q1 | Q2 |\n| --- | --- | --- | --- | --- |\n"
        "| Bergen | 11 | 12 | 13 | 14 |\n| Molde | 21 | 22 | 23 | 24 |\n"
    )
    figures = [(town, year, quarter) for town in ("Bergen", "Molde") for year in ("2026", "2025") for quarter in "12"]
    items = [
        {"depot": town, "year": int(year), "quarter": f"Q{quarter}", "tons": 10 * (n // 4 + 1) + n % 4 + 1}
        for n, (town, year, quarter) in enumerate(figures)
    ]
    found = ground({"figures": items}, text)
    for n, (town, year, quarter) in enumerate(figures):
        starts = [found[f"/figures/{n}/{name}"][0].start for name in ("depot", "year", "quarter", "tons")]
        q = text.index(f"Q{quarter}") if year == "2026" else text.rindex(f"Q{quarter}")
        assert starts == [text.index(town), text.index(year), q, text.index(str(items[n]["tons"]))]


def test_a_row_that_no_item_speaks_of_is_no_header() -> None:
    """A cell over that of a row, in a row that was left out, says nothing of it."""
    text = "| Tree | City | Age |\n| --- | --- | --- |\n| Fir | Rome | 19 |\n| Ash | Oslo | 14 |\n| Elm | | 17 |\n"
    rows = [{"tree": "Ash", "city": "Oslo", "age": 14}, {"tree": "Elm", "city": "Rome", "age": 17}]
    found = ground({"rows": rows}, text)
    assert [path for path, spans in found.items() if not spans] == ["/rows/1/city"]


def test_the_header_of_another_column() -> None:
    """A header cell over a column in which a row has no value is not the row's."""
    text = "| Day | Debit | Credit |\n| --- | --- | --- |\n| 2 May | 4.50 | |\n| 3 May | | 9.00 |\n"
    rows = [{"day": "2 May", "kind": "Credit", "sum": 4.5}, {"day": "3 May", "kind": "Credit", "sum": 9.0}]
    found = ground({"rows": rows}, text)
    assert not found["/rows/0/kind"]
    assert found["/rows/1/kind"][0].start == text.index("Credit")


@given(st.data())
def test_every_cell_in_its_own_row_and_column(data: st.DataObject) -> None:
    """Whatever a matrix says, each leaf is in its own cell, row label, header cell or corner, or nowhere."""
    form = data.draw(st.sampled_from([*FORMS]))
    count = data.draw(st.integers(2, 4))
    columns = data.draw(st.sampled_from([["2026", "2025", "2024", "2023"], ["North", "South", "East", "West"]]))[:count]
    labels = data.draw(st.lists(st.sampled_from([*LABELS, "Wages", "Tax", "Other"]), min_size=2, unique=True))
    figure = st.sampled_from(["1.5", "2.5", "10.25", "17", "310", "4"])
    full = st.lists(figure, min_size=count, max_size=count)
    cells = data.draw(st.lists(full, min_size=len(labels), max_size=len(labels)))
    found = matrix(form, "EUR thousand", columns, labels, [[*row] for row in cells])
    assert found.misplaced() == ({}, [])
    assert found.across().misplaced()[0] == {}


@given(st.data())
def test_empty_cells(data: st.DataObject) -> None:
    """Where cells are empty, the figures of the others are under their own header cells, or nowhere."""
    columns = ["2026", "2025", "2024"]
    cell = st.sampled_from([None, "1.5", "2.5", "10.25", "310"])
    cells = data.draw(st.lists(st.lists(cell, min_size=3, max_size=3).filter(any), min_size=4, max_size=4))
    found = matrix(data.draw(st.sampled_from([*FORMS])), "EUR thousand", columns, LABELS, cells)
    assert found.misplaced()[0] == {}


@pytest.mark.parametrize("some", [[0], [1], [1, 2], [0, 2, 5], [3, 5], [4, 5]])
def test_equal_cells_of_one_row(some: list[int]) -> None:
    """Of two equal cells in a row, an item's is the one under its header cell, also where no item has the other."""
    columns = ["May", "June", "July"]
    found = matrix("pipes", "EUR thousand", columns, ["Rent", "Tax"], [["2.5", "2.5", "7"], ["9.5", "2.5", "2.5"]])
    part = Matrix(found.text, [found.items[n] for n in some], [found.gold[n] for n in some])
    assert part.misplaced() == ({}, [])
