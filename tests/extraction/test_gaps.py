"""Rows that the document shows and the answer leaves out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from extractor.emulator.questions import Question
from extractor.extraction.finding import Wanted
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
    "totals in thousands": "Item   Sold\n+Hinge  1,000\n+Lock     600\n Metal  1,600\n+Shelf    200\n+Table  2,000\n",
    "the first row, the last row": (
        "Day   Text     Sum\n 1.1.  Before  70.00\n+2.1.  Kiosk    4.50\n-3.1.  Tram     2.00\n+4.1.  Bakery   5.00\n"
        "+5.1.  Kiosk    4.50\n 6.1.  After   90.00\n"
    ),
    "means and maxima below": "Name,Maths,Art\n+Ann,5,7\n+Bo,6,9\n+Cy,7,2\n Mean,6,6\n Best,7,9\n",
    "more rows below than items": "Name,Age,Town\n+Ann,50,Leeds\n+Bo,61,Hull\n-Cy,30,York\n-Di,25,Hull\n-Ed,44,Rye\n",
    "one row alone, and others": "+Latte    1   3.50\n VAT      1   0.56\n Cash     1   5.00\n",
    "one side of an account": "Day   Sum   Side\n+2.1.  4.50  D\n 3.1.  2.00  C\n+4.1.  5.00  D\n+5.1.  7.00  D\n",
    "rows of one state": (
        "No  Item   State\n+1   Desk   open\n 2   Lamp   void\n+3   Vase   sent\n 4   Rug    void\n+5   Bowl   open\n"
    ),
    "lines with a tick": "+[x] Check valve 1\n+[x] Check pump 2\n [ ] Check belt 3\n+[x] Check fan 4\n",
    "lines that are not struck out": (
        "+- Oak desk 12.50\n ~~- Oak lamp 3.00~~\n+- Oak vase 7.25\n+- Oak bowl 1.10\n ~~- Oak rug 9.95~~\n"
        "+- Oak bed 80.00\n"
    ),
    "one month of several": "No  Day       Sum\n" + "".join(
        f"{'+' if month == '03' else ' '}{number:<3} 0{number % 7 + 1}.{month}.24  {7 * number % 50}.50\n"
        for number, month in enumerate(["03", "01", "03", "03", "02", "03", "03", "01", "03", "03", "02", "03"])
    ),
    "sums over 100": "No  Sum\n" + "".join(
        f"{'+' if size > 100 else ' '}{number:<3} {size}.00\n"
        for number, size in enumerate([300, 20, 150, 700, 35, 240, 110, 80, 560, 130, 50, 900])
    ),
    "all rows of two days": "Day   Sum\n" + "".join(
        f"{'-' if number // 2 in (2, 4) else '+'}{number // 2}.1.  {7 * number % 10}.50\n" for number in range(2, 14)
    ),
    "rows left out by chance": "No  Sum\n" + "".join(
        f"{'-' if number in (3, 8) else '+'}{number:<3} {7 * number % 10}.25\n" for number in range(12)
    ),
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
    """A row counts that is like its neighbours which are items; a summary, other groups and a choice of rows do not."""
    text, listed, missing = "", list[tuple[int, int]](), list[tuple[int, int]]()
    for line in marked.splitlines(keepends=True):
        start, text = len(text), text + line.lstrip("+- ")
        if line[0] in "+-":
            (listed if line[0] == "+" else missing).append((start, len(text)))
    assert left_out(Structure(text), listed) == missing


def test_rows_of_a_part_for_which_nothing_is_listed() -> None:
    """They are left out where rows like them are items in other parts; rows below another header are not like them."""
    texts = [
        f"Account {account}\n\nDay   Sum\n" + "".join(f"{day}.1.  {account}.{day}0\n" for day in range(1, 6)) + "\n"
        for account in (1, 2, 3)
    ]
    text = f"{''.join(texts)}Fees\n\nDay   Fee\n1.1.  2.00\n2.1.  3.00\n3.1.  4.00\n"
    rows = [(one.start(), one.end()) for one in re.finditer(r".*\.\d0\n", text)]
    parts = [0, len(texts[0]), len(texts[0] + texts[1]), text.index("Fees")]
    assert left_out(Structure(text), [*rows[:5], *rows[10:15]], parts=parts) == rows[5:10]
    assert left_out(Structure(text), [*rows[:5], *rows[10:15]]) == []


def test_a_value_that_rows_repeat_excuses_no_row() -> None:
    """A row that says a value of the document is not left out, unless the items say that value as well."""
    text = "Item   Price\nHinge  12.50 EUR\nFees    9.00 EUR\nLock   20.00 EUR\nNail    1.25 EUR\n"
    rows = [(text.index(name), text.index("\n", text.index(name)) + 1) for name in ("Hinge", "Fees", "Lock", "Nail")]
    single = {"EUR": [rows[1]], "9.00": []}
    for value, missing in single.items():
        assert left_out(Structure(text), [rows[0], *rows[2:]], single=[Wanted(value, "any")]) == missing


def test_rows_without_a_letter_or_a_figure_are_no_rows() -> None:
    """Dashes between the rows of a table are of no kind, also where an item spans them."""
    dashes = "| - | - |\n"
    listed = dashes.join(["| 2.1. | 4.50 |\n", "| 3.1. | 2.00 |\n", "| 4.1. | 5.00 |\n"])
    text = f"| Day | Sum |\n|---|---|\n{listed}{dashes * 2}"
    last = text.index("| 4.1.")
    assert left_out(Structure(text), [(text.index("| 2.1."), last), (last, last + 15)]) == []


@pytest.mark.parametrize("heard", [True, False])
def test_rows_left_out_are_asked_for(heard: bool) -> None:
    """The model leaves out a row and counts what it lists: it is asked for what is missing, and a loss is told."""
    questions: list[Question] = []

    def reader(question: Question) -> dict[str, Any]:
        questions.append(question)
        rows = [row for _, row in crates(question.text)]
        rows = rows if heard and len(questions) > 1 else [*rows[:3], *rows[4:]]
        return {**perfect(question), "crates_count": len(rows), "crates": rows}

    result, _ = ask(store(9), reader)
    rows = [crate.number for crate in result.value.crates] if result.value else []
    message = "no item holds 1 of the rows of the document, such as 'Crate 4 of lamps stands in bay 4.' @ /crates"
    assert len(questions) == 2
    assert (rows, [str(problem) for problem in result.problems]) == (
        (list(range(1, 10)), []) if heard else ([1, 2, 3, 5, 6, 7, 8, 9], [message])
    )
