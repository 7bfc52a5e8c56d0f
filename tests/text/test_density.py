"""How long an answer will be, before anything was asked."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from extractor.text.density import AnswerEstimate, RowShape
from extractor.text.structure import Structure
from extractor.text.tokens import TokenSums, count_tokens

chance = random.Random(4)
WORDS = [
    "river",
    "stone",
    "lamp",
    "market",
    "winter",
    "glass",
    "answer",
    "paper",
    "garden",
    "quiet",
    "morning",
    "letter",
    "table",
    "field",
    "horse",
    "bread",
]


def estimate(text: str, shape: RowShape) -> AnswerEstimate:
    return AnswerEstimate(Structure(text), TokenSums(text), shape)


def shaped(row: dict[str, Any], required: int = 1, **kinds: int) -> RowShape:
    """The shape of rows like this one."""
    empty = {key: "" if isinstance(value, str) else 0 for key, value in row.items()}
    overhead = count_tokens(json.dumps(empty, separators=(",", ":")) + ",")
    return RowShape(overhead=overhead, kinds=kinds, required=required)


def paragraph(sentences: int = 12) -> str:
    return " ".join(" ".join(chance.choices(WORDS, k=12)).capitalize() + "." for _ in range(sentences))


def word() -> str:
    return "".join(chance.choices("aeioubdfgklmnprst", k=6)).capitalize()


PAYMENTS = [
    {"day": f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}", "text": f"Card {n:05}", "sum": n % 90 + 0.5, "unit": "EUR"}
    for n in range(600)
]
PAYMENT = shaped(PAYMENTS[0], date=1, text=2, number=1, required=4)
LAYOUTS = {
    "delimited": "{day};{text};{sum:.2f};{unit}\n",
    "pipes": "| {day} | {text} | {sum:.2f} | {unit} |\n",
    "aligned": "{day}   {text:<14}{sum:>8.2f}  {unit}\n",
    "single spaces": "{day} {text} {sum:.2f} {unit}\n",
    "labels": "Day: {day}\nText: {text}\nSum: {sum:.2f}\nUnit: {unit}\n",
    "blocks": "Day: {day}\nText: {text}\nSum: {sum:.2f} {unit}\n\n",
    "sentences": "On {day} a payment of {sum:.2f} {unit} was made at {text} by hand.\n",
}


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("extra", ["", "HARBOUR BANK\nStatement of account\n\n"])
def test_rows_of_any_layout_are_counted(layout: str, extra: str) -> None:
    """Each row once, and the answer within a quarter."""
    text = extra + "".join(LAYOUTS[layout].format(**row) for row in PAYMENTS)
    found = estimate(text, PAYMENT)
    answer = json.dumps(PAYMENTS, separators=(",", ":"))
    assert found.tokens(0, len(text)) == pytest.approx(count_tokens(answer), rel=0.25)


def test_pages_with_headers_and_totals_are_read_as_rows() -> None:
    """A header on each page is no row, and a total hardly tells."""
    page = "Day          Text          Sum  Unit\n{}Total{:>25}\n\nPage {} of 20\n\n"
    lines = [LAYOUTS["aligned"].format(**row) for row in PAYMENTS]
    text = "".join(page.format("".join(lines[30 * n : 30 * n + 30]), 900 + n, n + 1) for n in range(20))
    found = estimate(text, PAYMENT)
    assert found.tokens(0, len(text)) == pytest.approx(
        count_tokens(json.dumps(PAYMENTS, separators=(",", ":"))), rel=0.25
    )


def test_one_value_a_line_is_a_row_a_line() -> None:
    """Only what differs from line to line is a value."""
    orders = [f"55-{n:06}" for n in range(1000)]
    text = "".join(f"Order {order} was shipped in time.\n" for order in orders)
    found = estimate(text, RowShape(overhead=2, kinds={"text": 1}))
    assert found.tokens(0, len(text)) == pytest.approx(count_tokens(json.dumps(orders)), rel=0.25)


def test_prose_has_few_rows() -> None:
    """Of 300 paragraphs of which 75 name a person, the answer is about so many names; of none, there is none."""
    shape = shaped({"name": "", "role": ""}, text=2)
    plain = [paragraph() for _ in range(300)]
    named = [f"{text} The chair was Dr Ada Holm{n:03}." if n % 4 == 0 else text for n, text in enumerate(plain)]
    of_one = shape.overhead + shape.ordinary
    assert estimate("\n\n".join(plain), shape).until(10**9) == 0
    assert 40 <= estimate("\n\n".join(named), shape).until(10**9) / of_one <= 110
    repeated = [f"{plain[0]} Present was Warden Holm{n:03}." if n % 4 == 0 else plain[0] for n in range(300)]
    assert 40 <= estimate("\n\n".join(repeated), shape).until(10**9) / of_one <= 110


def test_a_list_of_names_has_a_row_a_line() -> None:
    """Nothing but short lines, which say nothing alike."""
    names = [f"{word()} {word()}" for _ in range(200)]
    text = "PRESENT WERE\n" + "".join(f"{name}\n" for name in names)
    found = estimate(text, RowShape(overhead=2, kinds={"text": 1}))
    assert found.tokens(0, len(text)) == pytest.approx(count_tokens(json.dumps(names)), rel=0.25)


def test_sentences_that_are_alike_are_rows() -> None:
    """Also where they all stand on one line."""
    text = "".join(LAYOUTS["sentences"].format(**row).strip() + " " for row in PAYMENTS)
    found = estimate(text, PAYMENT)
    assert found.tokens(0, len(text)) == pytest.approx(
        count_tokens(json.dumps(PAYMENTS, separators=(",", ":"))), rel=0.25
    )


def test_short_sections_of_one_kind_are_rows() -> None:
    """A notice under each heading is a record, however its text runs."""
    notices = [
        f"Closure of {WORDS[n % 16]} lane {n}\n---------\n\n{paragraph(2)}\n\nFrom 2026-03-{n % 28 + 1:02} until "
        f"May {n % 28 + 1}, 2026 the {chance.choice(WORDS)}\nworks are shut, says M. Holm{n}.\n\n{paragraph(2)}\n\n"
        for n in range(40)
    ]
    shape = shaped({"what": "", "since": "", "until": ""}, text=1, date=2, required=3)
    text = "".join(notices)
    assert estimate(text, shape).until(len(text)) == pytest.approx(40 * (shape.overhead + shape.ordinary))


def test_of_several_lists_a_table_is_the_one_that_fits() -> None:
    """A table of four columns holds rows of four fields, not of nine, and no row is counted for both."""
    text = "".join(LAYOUTS["delimited"].format(**row) for row in PAYMENTS)
    wide = RowShape(overhead=60, kinds={"text": 9}, required=9)
    structure, sums = Structure(text), TokenSums(text)
    alone, both = AnswerEstimate(structure, sums, PAYMENT), AnswerEstimate(structure, sums, wide, PAYMENT)
    assert both.tokens(0, len(text)) == alone.tokens(0, len(text))


ORDERS = [
    {
        "order": f"Order 55-{n:04}",
        "items": [{"count": m + n % 7, "what": f"{WORDS[(n + m) % 16]} {WORDS[m % 16]}"} for m in range(2 + n % 5)],
    }
    for n in range(120)
]
ITEM = shaped({"count": "", "what": ""}, number=1, text=1, required=2)
ITEM = replace(ITEM, overhead=ITEM.overhead - 1)  # a figure has no quotation marks
ORDER = replace(
    shaped({"order": "", "items": [{"count": 0, "what": ""}]}, number=1, text=2),
    inner=(ITEM,),
)
NESTED = {
    "lines": "{order}\n{items}\n",
    "blocks": "{order}\n{items}\n\n",
    "headings": "## {order}\n\n{items}\n\n",
}


@pytest.mark.parametrize("mark", ["", "  ", "- "])
@pytest.mark.parametrize("layout", sorted(NESTED))
def test_lists_in_rows_are_measured_by_their_own_lines(layout: str, mark: str) -> None:
    """A line below the name of an order is an item of it, and no order; the answer within a quarter."""
    lines = [{**row, "items": "\n".join(f"{mark}{it['count']} {it['what']}" for it in row["items"])} for row in ORDERS]
    text = "ORDERS\n\n" + "".join(NESTED[layout].format(**row) for row in lines)
    found = estimate(text, ORDER)
    answer = json.dumps(ORDERS, separators=(",", ":"))
    assert found.tokens(0, len(text)) == pytest.approx(count_tokens(answer), rel=0.25)


def test_plain_values_in_rows_are_items() -> None:
    """Six short lines below each name of a table are six values of one row."""
    rows = [{"table": f"Table {n}", "guests": [f"{word()} {word()}" for _ in range(6)]} for n in range(90)]
    text = "".join("\n".join([row["table"], *row["guests"], ""]) for row in rows)
    empty = shaped({"table": "", "guests": []}, text=1)
    seat = RowShape(overhead=2, kinds={"text": 1})
    found = estimate(text, replace(empty, kinds={"text": 2}, inner=(seat,)))
    answer = count_tokens(json.dumps(rows, separators=(",", ":")))
    assert found.tokens(0, len(text)) == pytest.approx(answer, rel=0.25)


def test_entries_with_labels_are_rows() -> None:
    """A term and what it means, one after another, are copied whole."""
    terms = [{"term": word(), "meaning": " ".join(word() for _ in range(6 + n % 9)) + "."} for n in range(80)]
    text = "".join(f"{row['term']}: {row['meaning']}\n\n" for row in terms)
    found = estimate(text, shaped(terms[0], text=2, required=2))
    answer = count_tokens(json.dumps(terms, separators=(",", ":")))
    assert found.tokens(0, len(text)) == pytest.approx(answer, rel=0.25)


def test_nothing_is_asked_about_a_text_without_lists() -> None:
    """No shape, no rows."""
    found = AnswerEstimate(Structure("Some text."), TokenSums("Some text."))
    assert found.tokens(0, 10) == 0


def test_stretches_add_up() -> None:
    """Any cut of a text into stretches has the tokens of the whole."""
    text = f"{paragraph()}\n\n" + "".join(LAYOUTS["delimited"].format(**row) for row in PAYMENTS[:50])
    found = estimate(text, PAYMENT)
    ends = sorted({0, len(text), *(chance.randrange(len(text)) for _ in range(20))})
    spans = list(pairwise(ends))
    assert sum(found.tokens(*span) for span in spans) == pytest.approx(found.tokens(0, len(text)))
    assert [found.until(end) for end in ends] == sorted(found.until(end) for end in ends)
