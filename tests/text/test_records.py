"""Runs of records: where each begins, whatever it looks like."""

from __future__ import annotations

import pytest

from extractor.text.lines import Lines
from extractor.text.records import find_runs, words

PLACES = ["the north hall", "room nine", "the long ward", "the garden"]
DISHES = ["soup", "bread and cheese", "fish", "rice with peas"]


def begins(text: str) -> list[list[str]]:
    """The first lines of the records of each run."""
    runs = find_runs(Lines(text))
    return [[text[start:].split("\n", 1)[0] for start in run.starts] for run in runs]


def meal(number: int) -> str:
    """A record of two or three lines."""
    remark = f"  Remark made: late by {number}\n" if number % 3 else ""
    return f"Handed out in {PLACES[number % 4]}\n  Dish: {DISHES[number // 2 % 4]}\n{remark}"


@pytest.mark.parametrize(
    ("records", "between"),
    [
        ([f"Order 55-{n:03} was shipped in time.\n" for n in range(12)], ""),
        ([f"2026-01-{n + 1:02} {DISHES[n % 4].upper()} {n}.50 EUR\n" for n in range(12)], ""),
        ([f"{DISHES[n % 4]} بسعر {n}٫50 ريال بتاريخ {n}/02/2026\n" for n in range(12)], ""),
        ([meal(n) for n in range(12)], ""),
        ([f"Name: Ann {n}\nTown: {PLACES[n % 4]}\nFee: {n}\n" for n in range(12)], ""),
        ([f"Name: Ann {n}\nTown: {PLACES[n % 4]}\nFee: {n}\n" for n in range(12)], "\n"),
        ([f"{n}. The tenant shall keep {DISHES[n % 4]} in good repair and say so.\n" for n in range(12)], "\n"),
    ],
    ids=["sentences", "rows", "arabic", "lines without a blank", "labels", "blocks", "clauses"],
)
def test_a_record_begins_where_the_next_one_of_its_kind_does(records: list[str], between: str) -> None:
    """One line each or several, with blank lines between them or none, in any language."""
    text = "A REPORT\n\nIt says nothing else of note.\n\n" + between.join(records)
    assert begins(text) == [[record.split("\n", 1)[0] for record in records]]


def test_prose_has_no_records() -> None:
    """Sentences share small words, which makes them no records."""
    text = (
        "It was the habit of the house to read the accounts aloud, at six, before anybody dined.\n"
        "My aunt had not been well that winter, and kept to the small room above the stable.\n"
        "Nothing came of the letter. We waited until the ice broke, then walked down to the mill.\n"
        "There, under a lamp that smoked, an old man counted out nails for the carpenter's boy.\n"
    )
    assert begins(text * 1) == []


def test_constant_words_are_no_values() -> None:
    """What most records share are labels; what differs is said about one of them."""
    (run,) = find_runs(Lines("".join(meal(n) for n in range(12))))
    assert {"handed", "out", "in", "dish:"} <= run.constant
    assert not {"soup", "fish", "garden", "9"} & run.constant


def test_words_with_digits_have_a_shape() -> None:
    """So that two dates are the same word, and a date and a sum are not."""
    assert words("On 2026-01-05: AB-12 cost 3.50") == ["on", "9-9-9:", "a-9", "cost", "9.9"]
