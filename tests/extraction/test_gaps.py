"""Rows that the document shows and the answer leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.emulator.questions import Question
from extractor.extraction.gaps import left_out
from extractor.text.structure import Structure
from tests.extraction.kit import ask, crates, perfect, store

LEFT_OUT = {
    "a row of a table": "Day   Text      Sum\n+2.1.  Kiosk    4.50\n-3.1.  Tram     2.00\n+4.1.  Bakery   5.00\n",
    "the last rows of a table": "Day,No,Sum\n+2.1.,1,4.50\n+3.1.,2,2.00\n-4.1.,3,5.00\n-5.1.,5,7.00\n",
    "one of equal rows": "Item    Price\n+Hinge   12.50\n+Hinge   12.50\n-Hinge   12.50\n+Hinge   12.50\n",
    "a record of a list": "+Lot 1: oak chair\n+Lot 2: brass lamp\n-Lot 3: oak table\n+Lot 4: pine desk\n",
    "a total": "Item    Price\n+Hinge   12.50\n+Lock    20.00\n Total   32.50\n",
    "a total between rows": "Item    Price\n+Hinge   12.50\n+Lock    20.00\n Pack A  32.50\n+Nail    1.00\n",
    "the total of one row": "Item    Price\n+Hinge   12.50\n Total   12.50\n",
    "a summary": "+Hinge   12.50\n+Lock    20.00\n+Nail    1.25\n VAT     6.75\n Due     30.50\n",
    "another column is filled": "Day   In    Out\n+2.1.  4.50  \n+3.1.  5.50  \n 4.1.        2.00\n+5.1.  6.50  \n",
    "most rows are others": "Wood,Kilos\n+Oak,1\n Elm,2\n+Oak,4\n Ash,8\n Fir,3\n+Oak,5\n Yew,9\n Elm,7\n+Oak,6\n",
    "a group in which nothing is listed": (
        "Item    Price\nMetal\n+Hinge   12.50\n+Lock    20.00\n+Nail    1.25\nWood\n Shelf   30.00\n Table   80.00\n"
    ),
    "prose in cells": (
        "No | Clause\n+1 | The seller delivers the goods to the yard of the buyer.\n"
        " 2 | The buyer pays within thirty days of the date of delivery.\n+3 | Each party pays the fees of its bank.\n"
    ),
}  # fmt: skip
"""Lines with + are items, lines with - are left out; the mark is no part of the text."""


@pytest.mark.parametrize("marked", LEFT_OUT.values(), ids=LEFT_OUT)
def test_rows_left_out(marked: str) -> None:
    """A row counts that is like its neighbours which are items; totals, other groups and a choice of rows do not."""
    text, listed, missing = "", list[tuple[int, int]](), list[tuple[int, int]]()
    for line in marked.splitlines(keepends=True):
        start, text = len(text), text + line.lstrip("+- ")
        if line[0] in "+-":
            (listed if line[0] == "+" else missing).append((start, len(text)))
    assert left_out(Structure(text), (0, len(text)), listed) == missing


@pytest.mark.parametrize("heard", [True, False])
def test_rows_left_out_are_asked_for(heard: bool) -> None:
    """The model leaves out a row and counts what it lists: it is asked for what is missing, and a loss is told."""
    asked: list[Question] = []

    def reader(question: Question) -> dict[str, Any]:
        asked.append(question)
        rows = [row for _, row in crates(question.text)]
        rows = rows if heard and len(asked) > 1 else [*rows[:3], *rows[4:]]
        return {**perfect(question), "crates_count": len(rows), "crates": rows}

    result, _ = ask(store(9), reader)
    rows = [crate.number for crate in result.value.crates] if result.value else []
    message = "no item holds 1 of the rows of the document, such as 'Crate 4 of lamps stands in bay 4.' @ /crates"
    assert len(asked) == 2
    assert (rows, [str(problem) for problem in result.problems]) == (
        (list(range(1, 10)), []) if heard else ([1, 2, 3, 5, 6, 7, 8, 9], [message])
    )
