"""Lists within rows and within unions that are too long for one answer, and lists that are the whole value."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from extractor.emulator.questions import Question
from extractor.extraction.answers import Fact, cut_within, repeats, shifted
from extractor.schema.pointer import put
from tests.extraction.kit import Crate, ask, crates, listed, store


class Dive(BaseModel):
    depth: int
    minute: int


class Diver(BaseModel):
    name: str
    dives: list[Dive]


class Log(BaseModel):
    """The log of a diving club."""

    divers: list[Diver]


NAMES = ["Ines", "Bo", "Kaya"]


def log(sizes: list[int]) -> str:
    blocks = []
    for name, size in zip(NAMES, sizes, strict=True):
        dives = (f"  {turn % 37 + 3} m in minute {turn * 11 + size}\n" for turn in range(size))
        blocks.append(f"Diver {name}\n{''.join(dives)}")
    return "\n".join(["DIVING LOG\n", *blocks])


def divers(text: str) -> list[tuple[int, dict[str, Any]]]:
    found = []
    for block in re.finditer(r"^Diver (\w+)\n((?:  .*\n)*)", text, re.MULTILINE):
        dives = [{"depth": int(m), "minute": int(at)} for m, at in re.findall(r"(\d+) m in minute (\d+)", block[2])]
        found.append((block.start(), {"name": block[1], "dives_count": len(dives), "dives": dives}))
    return found


def keeper(question: Question, shift: int = 0) -> dict[str, Any]:
    """Goes on inside a diver where it is asked to: that diver alone, with nothing but the later dives. With a shift it
    begins some dives too early or too late."""
    inner = re.fullmatch(r"/divers/(\d+)/dives", question.list)
    if inner is None:
        rows = listed(question, divers(question.text))
    else:
        start, stop = question.part
        own = [row for at, row in divers(question.text) if start <= at < stop]
        rows = [{"dives": own[int(inner[1])]["dives"][question.from_item - 1 + shift :]}]
    return {"divers_count": len(rows), "divers": rows}


@pytest.mark.parametrize("sizes", [[200, 3, 4], [3, 300, 5], [1, 2, 150], [40, 40, 40]])
@pytest.mark.parametrize("limit", [400, 1000])
def test_a_row_longer_than_an_answer_is_gone_on_with_inside(sizes: list[int], limit: int) -> None:
    """A row whose own list fills several answers comes whole, each of its items once, and so do the rows around it."""
    result, _ = ask(log(sizes), keeper, schema=Log, max_output_tokens=limit)
    expected = [{"name": row["name"], "dives": row["dives"]} for _, row in divers(log(sizes))]
    assert (result.status, result.data["divers"]) == ("ok", expected)


def test_a_row_whose_end_is_not_read_is_a_problem() -> None:
    """Where the answer about a longer view lists nothing, what was read before stays, and the document is partial."""
    seen: set[str] = set()

    def reader(question: Question) -> dict[str, Any]:
        answer = keeper(question)
        names = {row["name"] for row in answer["divers"] if "name" in row}
        fresh = [row for row in answer["divers"] if row.get("name") not in seen]
        seen.update(names)
        return answer | {"divers_count": len(fresh), "divers": fresh}

    result, _ = ask(log([5, 400, 6]), reader, schema=Log, view_tokens=400)
    assert result.status == "partial"
    assert [row["name"] for row in result.data["divers"]] == NAMES
    assert any("may go on behind what was shown" in problem.message for problem in result.problems)


@pytest.mark.parametrize("shift", [-1, -3, 1])
def test_a_list_inside_a_row_that_goes_on_at_another_item(shift: int) -> None:
    """Items that come again are not doubled, and one that never comes is missing from what the model counted."""
    result, _ = ask(log([3, 150, 5]), partial(keeper, shift=shift), schema=Log, max_output_tokens=400)
    found = [row["dives"] for row in result.data["divers"]]
    expected = [row["dives"] for _, row in divers(log([3, 150, 5]))]
    lost = [] if shift < 0 else ["the model counted 150 items and listed 149 @ /divers/1/dives"]
    assert [str(problem) for problem in result.problems] == lost
    assert (result.status, found == expected) == (("partial", False) if lost else ("ok", True))


def test_a_row_may_be_longer_than_a_view() -> None:
    """Where rows hold rows, a document somewhat longer than a view is shown whole, so that each row ends in sight."""
    text = log([5, 400, 6])
    result, emulator = ask(text, keeper, schema=Log, view_tokens=2000)
    assert [len(row["dives"]) for row in result.data["divers"]] == [5, 400, 6]
    assert {Question.of(exchange.body).text for exchange in emulator.requests} == {text}


@pytest.mark.parametrize("sizes", [[5, 400, 6], [300, 4, 250]])
def test_a_row_that_goes_on_behind_a_view_is_read_to_its_end(sizes: list[int]) -> None:
    """Where not even a longer view shows all of a document, that of a row which ends out of sight goes on from it."""
    text = log(sizes)
    result, emulator = ask(text, keeper, schema=Log, view_tokens=400)
    assert (result.status, [len(row["dives"]) for row in result.data["divers"]]) == ("ok", sizes)
    assert Question.of(emulator.requests[0].body).text != text


@pytest.mark.parametrize("sizes", [[200, 1, 1], [120, 120, 120]])
def test_a_reader_that_begins_such_a_list_again_is_a_problem(sizes: list[int]) -> None:
    """Where the model gives the first items again in place of the later ones, the document is partial: what was read
    before stays, and no item is doubled."""

    def stubborn(question: Question) -> dict[str, Any]:
        rows = [row for at, row in divers(question.text) if question.part[0] <= at < question.part[1]]
        return {"divers_count": len(rows), "divers": rows}

    result, emulator = ask(log(sizes), stubborn, schema=Log, max_output_tokens=600)
    assert result.status == "partial"
    assert emulator.served <= 10  # what begins in the first half is as long there
    expected = [row["dives"] for _, row in divers(log(sizes))]
    assert len(result.data["divers"]) == len(sizes)
    for row, dives in zip(result.data["divers"], expected, strict=True):
        assert row["dives"] == dives[: len(row["dives"])] != []


class Inventory(BaseModel):
    kind: Literal["inventory"]
    crates: list[Crate]


class Letter(BaseModel):
    kind: Literal["letter"]
    subject: str


class Found(BaseModel):
    paper: Inventory | Letter


@pytest.mark.parametrize("limit", [300, 900])
def test_a_list_in_a_union_goes_on(limit: int) -> None:
    """The list of one branch of a union is gone on with, each of its items once."""

    def reader(question: Question) -> dict[str, Any]:
        rows = [row for _, row in crates(question.text)][question.from_item - 1 :]
        return {"paper": {"kind": "inventory", "crates_count": len(rows), "crates": rows}}

    result, emulator = ask(store(120), reader, schema=Found, max_output_tokens=limit)
    assert (result.status, [row["number"] for row in result.data["paper"]["crates"]]) == ("ok", list(range(1, 121)))
    assert len(emulator.requests) < 12


@pytest.mark.parametrize("limit", [200, 700])
def test_a_list_that_is_the_whole_value_goes_on(limit: int) -> None:
    """A root that is a list is continued like any other; little of it is paid for twice."""

    def reader(question: Question) -> dict[str, Any]:
        rows = listed(question, crates(question.text))
        return {"value_count": len(rows), "value": rows}

    result, emulator = ask(store(150), reader, schema=list[Crate], max_output_tokens=limit)
    assert (result.status, [row["number"] for row in result.data]) == ("ok", list(range(1, 151)))
    lines = [str(exchange.body["messages"][-1]["content"]) for exchange in emulator.requests[1:]]
    assert all(", /value from item " in line for line in lines)


def test_where_a_cut_value_ends() -> None:
    """The outermost list with a whole item before the last, on the way to where the value ends."""
    assert cut_within({"a": 1, "b": [1, 2]}) == "/b"
    assert cut_within({"a": [1, 2], "b": "x"}) is None
    assert cut_within({"a": [{"b": [1, 2, 3]}]}) == "/a/0/b"
    assert cut_within([{"b": [1, 2, 3]}, {"b": [1]}]) == ""
    assert cut_within({"a": [1]}) is None


def test_pieces_of_a_list_are_put_together() -> None:
    """Items are put in their place, and what is known of a later item is known by its number in the whole list."""
    assert put({"a": [{"b": [1]}]}, "/a/0/b", [1, 2]) == {"a": [{"b": [1, 2]}]}
    facts = [Fact("quote", "/b/0/day", "Mon"), Fact("quote", "/note", "x")]
    assert [fact.path for fact in shifted(facts, "/b", 40)] == ["/b/40/day", "/note"]


@pytest.mark.parametrize(
    ("more", "known", "cut", "expected"),
    [
        ([1, 2], [1, 2, 3], True, True),
        ([1, 2, 3, 4], [1, 2, 3], True, True),
        ([1, 2, 3, 4], [1, 2, 3], False, True),
        ([1, 2], [1, 2, 3], False, False),  # the last items may be as the first ones are
        ([1, 1], [1, 1, 1], True, False),
        ([1, 2, 1, 2], [1, 2, 1, 2], True, False),
        ([2, 3], [1, 2, 3], True, False),
        ([], [1], False, False),
        ([1], [], True, False),
    ],
)
def test_a_list_that_begins_from_its_start(more: list[int], known: list[int], cut: bool, expected: bool) -> None:
    """An answer that was to go on with a list, and repeats all that is known of it, or was cut before that."""
    assert repeats(more, known, cut=cut) is expected
