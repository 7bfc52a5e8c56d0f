"""Reading a long document: parts in views, answers that are cut, lists that are short, and what one part may cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from extractor import Extractor, Key, Result
from extractor.call.prompt import Aim
from extractor.documents.document import Document
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion, Exchange
from extractor.extraction.answers import Reading, Row
from extractor.extraction.owners import owned
from extractor.extraction.parts import Layout, Part, Sizes
from extractor.extraction.reading import MOST_REPLIES
from extractor.schema.compiler import compile_schema
from tests.extraction.kit import Crate, Store, ask, crates, listed, perfect, store

ROWS = 900


class Keeping(BaseModel):
    """What is in store, and who keeps it."""

    keeper: str
    crates: list[Crate]


def numbers(result: Result[Any]) -> list[int]:
    return [row["number"] for row in result.data["crates"]]


def questions(exchanges: list[Exchange]) -> list[Question]:
    return [Question.of(exchange.body) for exchange in exchanges]


def last_line(exchange: Exchange) -> str:
    return str(exchange.body["messages"][-1]["content"]).rpartition("\n")[2]


def is_second_reading(question: Question, body: Any) -> bool:
    return "An earlier reading found" in str(body)


@pytest.mark.parametrize("limit", [400, 1500, 8000])
def test_every_row_comes_once_in_order(limit: int) -> None:
    """However short answers must be, each row comes once, in the document's order, and little is paid for twice."""
    result, emulator = ask(store(ROWS), max_output_tokens=limit)
    assert (result.status, numbers(result)) == ("ok", list(range(1, ROWS + 1)))
    assert result.data["keeper"] == "Ada Quill"
    written = sum(len(str(row)) for _, row in crates(store(ROWS)))
    answered = sum(exchange.usage.completion_tokens for exchange in emulator.requests if exchange.usage)
    assert answered < written  # a token is more than a character


@pytest.mark.parametrize("view_tokens", [300, 1000, 3000])
def test_long_documents_are_asked_part_by_part(view_tokens: int) -> None:
    """Where a document does not fit a view, every part is asked about once, by its number, and sees its neighbours."""
    result, emulator = ask(store(ROWS), view_tokens=view_tokens)
    assert (result.status, numbers(result)) == ("ok", list(range(1, ROWS + 1)))
    about, *rows = questions(emulator.requests)
    assert about.part == (0, len(about.text))
    assert len(rows) == result.chunks > 1
    marked = [question for question in rows if question.text != question.part_text]
    lines = {last_line(exchange) for exchange in emulator.requests[1:]}
    assert len(marked) > len(rows) / 2
    assert {f"Part {question.number}." for question in marked} <= lines


def test_requests_about_one_view_differ_in_their_last_message_alone() -> None:
    """Two parts of one view have every byte but those of the last message in common, which the service finds cached."""
    _, emulator = ask(store(ROWS), view_tokens=3000)
    by_text: dict[str, list[Exchange]] = {}
    for exchange in emulator.requests:
        by_text.setdefault(Question.of(exchange.body).text, []).append(exchange)
    pairs = [pair for exchanges in by_text.values() for pair in pairwise(exchanges)]
    assert pairs
    for one, other in pairs:
        assert one.body["messages"][:-1] == other.body["messages"][:-1]
        assert other.usage
        assert other.usage.cached_tokens > 0.9 * other.usage.prompt_tokens


def test_a_cut_answer_goes_on_from_its_last_whole_row() -> None:
    """The next request names the list and the first item that is not known, in the same view."""
    result, emulator = ask(store(60), max_output_tokens=400)
    assert numbers(result) == list(range(1, 61))
    first, *others = emulator.requests
    assert len(first.body["messages"]) == 2
    assert others
    for exchange in others:
        found = re.fullmatch(r"Part 1, /crates from item (\d+)\.", last_line(exchange))
        assert found is not None
        assert 1 < int(found[1]) <= 60
        assert exchange.body["messages"][:2] == first.body["messages"]


class Clerk(BaseModel):
    """Somebody who works in the store."""

    name: str


class Lists(BaseModel):
    """Three lists that may grow, with a short one before them."""

    remarks: Annotated[list[str], Field(max_length=20)] = []
    crates: list[Crate]
    clerks: list[Clerk]
    names: list[str]


def lists_reader(*, goes_on: bool) -> Any:
    """A perfect reader of `Lists`, which answers a list to go on with alone, or the lists behind it as well."""

    def reader(question: Question) -> dict[str, Any]:
        def lines(pattern: str, row: Any) -> list[tuple[int, Any]]:
            return [(one.start(), row(one[1])) for one in re.finditer(pattern, question.text, re.MULTILINE)]

        remarks = [] if question.list in ("/crates", "/clerks", "/names") else lines(r"^Remark: (.*)$", str)
        every = {
            "/crates": crates(question.text),
            "/clerks": lines(r"^Clerk: (.*)$", lambda name: {"name": name}),
            "/names": lines(r"^Name: (.*)$", str),
        }
        order = list(every)
        first = order.index(question.list) if question.list in order else 0
        found: dict[str, list[Any]] = {}
        for rank, (path, rows) in enumerate(every.items()):
            wanted = rank >= first if goes_on or question.list in ("", "/remarks") else rank == first
            found[path] = [row for _, row in rows] if wanted else []
        if question.list in order:
            found[question.list] = found[question.list][question.from_item - 1 :]
        return {
            "remarks": [text for _, text in remarks][question.from_item - 1 :],
            **{f"{path[1:]}_count": len(found[path]) for path in order[:2]},
            **{path[1:]: rows for path, rows in found.items()},
        }

    return reader


@pytest.mark.parametrize(
    ("counts", "goes_on", "lists"),
    [
        ((80, 80, 80), True, ["/crates", "/clerks", "/names"]),
        ((80, 80, 80), False, ["/crates", "/clerks", "/names"]),
        ((80, 0, 0), True, ["/crates", "/names"]),  # nothing counts plain values, so that these are asked for by name
        ((80, 0, 3), False, ["/crates", "/names"]),
    ],
)
def test_what_is_open_behind_a_cut_list_is_asked_for_at_once(
    counts: tuple[int, int, int], goes_on: bool, lists: list[str]
) -> None:
    """A list behind the one that an answer was cut in comes with it, or by itself, unless its count says that it is
    empty."""
    crated, clerks, names = counts
    text = store(crated) + "".join(f"Clerk: no {n}\n" for n in range(clerks))
    text += "".join(f"Name: clerk {n}\n" for n in range(names))
    result, emulator = ask(text, lists_reader(goes_on=goes_on), schema=Lists, max_output_tokens=400)
    assert result.status == "ok", result.problems
    assert [row["number"] for row in result.data["crates"]] == list(range(1, crated + 1))
    assert [row["name"] for row in result.data["clerks"]] == [f"no {n}" for n in range(clerks)]
    assert result.data["names"] == [f"clerk {n}" for n in range(names)]
    assert list(dict.fromkeys(question.list for question in questions(emulator.requests[1:]))) == lists


def test_lists_behind_a_cut_one_of_another_kind_are_asked_for() -> None:
    """An answer that is cut in a list that cannot grow is gone on with there, and then with the lists behind it."""
    remarks = "".join(f"Remark: {n} {'the lamps of this bay are old ' * 12}\n" for n in range(15))
    text = store(30) + remarks + "Clerk: no 0\nName: clerk 0\n"
    result, _ = ask(text, lists_reader(goes_on=True), schema=Lists, max_output_tokens=900)
    assert result.status == "ok", result.problems
    assert [len(result.data[name]) for name in ("remarks", "crates", "clerks", "names")] == [15, 30, 1, 1]


class Staffed(BaseModel):
    """Two lists that may grow."""

    crates: list[Crate]
    clerks: list[Clerk]


def test_a_list_that_an_answer_begins_from_its_start_is_not_doubled() -> None:
    """Asked to go on with a list, a model lists it from its start, to its end: the part is halved instead."""
    forgetful: list[Question] = []

    def reader(question: Question) -> dict[str, Any]:
        start, stop = question.part
        clerks = re.finditer(r"^Clerk: (.*)$", question.text, re.MULTILINE)
        found: list[Any] = [{"name": one[1]} for one in clerks if start <= one.start() < stop]
        if question.list == "/clerks":
            forgetful.append(question)
            return {"crates_count": 0, "crates": [], "clerks_count": len(found), "clerks": found}
        rows = listed(question, crates(question.text))
        return {"crates_count": len(rows), "crates": rows, "clerks_count": len(found), "clerks": found}

    text = store(9) + "".join(f"Clerk: no {n}\n" for n in range(12))
    result, _ = ask(text, reader, schema=Staffed, max_output_tokens=150)
    assert [question.from_item > 2 for question in forgetful] == [True]
    assert (result.status, numbers(result)) == ("ok", list(range(1, 10)))
    assert [row["name"] for row in result.data["clerks"]] == [f"no {n}" for n in range(12)]


class Guests(BaseModel):
    """Who came, and from where: lists that no count is asked for."""

    names: list[str]
    towns: list[str]


def guests_reader(*, reversed_: bool, forgetful: bool) -> Callable[[Question], dict[str, Any]]:
    """Writes the lists in either order, and may say that there is nothing more of a list that it is to go on with."""

    def reader(question: Question) -> dict[str, Any]:
        start, stop = question.part
        found: dict[str, list[str]] = {}
        for name, word in (("names", "Name"), ("towns", "Town")):
            lines = re.finditer(rf"^{word}: (.*)$", question.text, re.MULTILINE)
            found[name] = [one[1] for one in lines if start <= one.start() < stop]
        if question.list:
            path = question.list[1:]
            found[path] = [] if forgetful and question.from_item > 1 else found[path][question.from_item - 1 :]
            found |= {"names": []} if path == "towns" else {}
        return dict(reversed(found.items())) if reversed_ else found

    return reader


@pytest.mark.parametrize("reversed_", [False, True])
@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize("counts", [(60, 5), (5, 60), (40, 40), (60, 0), (30, 1)])
def test_lists_that_nothing_counts_are_whole(counts: tuple[int, int], forgetful: bool, reversed_: bool) -> None:
    """Whichever list an answer is cut in, and in whichever order it has them, no row is missing from an `ok` one."""
    names, towns = ([f"{word} number {n}" for n in range(count)] for word, count in zip("NT", counts, strict=True))
    text = "".join(f"Name: {name}\n" for name in names) + "".join(f"Town: {town}\n" for town in towns)
    reader = guests_reader(reversed_=reversed_, forgetful=forgetful)
    result, _ = ask(text, reader, schema=Guests, max_output_tokens=200)
    assert result.status == "ok", result.problems
    assert result.data == {"names": names, "towns": towns}


def test_a_list_that_was_whole_loses_no_row_to_a_shorter_one() -> None:
    """An answer that goes on with one list may name a few rows of another, of which all are known."""
    names, towns = ([f"{word} number {n}" for n in range(count)] for word, count in (("N", 60), ("T", 5)))
    whole = guests_reader(reversed_=True, forgetful=False)

    def reader(question: Question) -> dict[str, Any]:
        return whole(question) | ({"towns": towns[:2]} if question.list == "/names" else {})

    text = "".join(f"Name: {name}\n" for name in names) + "".join(f"Town: {town}\n" for town in towns)
    result, _ = ask(text, reader, schema=Guests, max_output_tokens=200)
    assert (result.status, result.data) == ("ok", {"names": names, "towns": towns})


def test_equal_rows_are_rows_of_their_own() -> None:
    """Without a declared key no two rows are taken for one, whatever they have in common."""
    text = "TOLLS\n" + "Crate 7 of lamps stands in bay 3.\n" * 400
    result, _ = ask(text, view_tokens=800)
    assert (result.status, numbers(result)) == ("ok", [7] * 400)


def test_a_second_reading_that_repeats_the_first_doubles_nothing() -> None:
    """Rows that are listed again count once; the model's own count says that one is still missing."""

    def reader(question: Question) -> dict[str, Any]:
        answer = perfect(question)
        return {**answer, "crates": answer["crates"][:2], "crates_count": 3}

    result, emulator = ask(store(3), reader)
    assert (result.status, numbers(result), len(emulator.requests)) == ("partial", [1, 2], 2)


class Meal(BaseModel):
    """A meal."""

    day: date
    what: str
    amount: Decimal


class Meals(BaseModel):
    """What was eaten."""

    meals: list[Meal]


def meals(*days: int) -> list[dict[str, str]]:
    return [{"day": f"2026-02-{day}", "what": "Supper", "amount": "23.50"} for day in days]


ALIKE = [
    ((23, 24, 25), (23, 24, 25), (23, 24, 25), (23, 24, 25)),
    ((23, 24, 25), (23, 25), (23, 24, 25), (23, 24, 25)),
    ((23, 23, 23), (23, 23), (23, 23, 23), (23, 23, 23)),
    ((23, 23, 25), (23, 25), (23, 23, 25), (23, 23, 25)),
]


@pytest.mark.parametrize(("printed", "first", "second", "found"), ALIKE)
@pytest.mark.parametrize("line", ["{} February 2026  Supper  23.50", "| 2026-02-{} | Supper | 23.50 |"])
def test_rows_that_are_alike_are_told_apart_in_a_second_reading(
    printed: tuple[int, ...], first: tuple[int, ...], second: tuple[int, ...], found: tuple[int, ...], line: str
) -> None:
    """A row that is listed again is one more only where one more line says all of it, not just most."""

    def reader(body: Any) -> dict[str, Any]:
        rows = meals(*(second if is_second_reading(Question.of(body), body) else first))
        return {"meals": rows, "meals_count": 9}

    with Emulator(reader) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        with Extractor(**where) as extractor:
            result = extractor.extract(Meals, "\n".join(["Meals", *map(line.format, printed), "Thank you."]))
    assert result.data["meals"] == meals(*found)
    assert [problem.path for problem in result.problems] == ["/meals"]


@pytest.mark.parametrize("back", [1, 2, 5])
def test_an_answer_that_begins_some_rows_too_early_doubles_nothing(back: int) -> None:
    """Where an answer goes on from the last rows that are known, those count once; equal rows of their own all stay."""

    def reader(question: Question) -> dict[str, Any]:
        rows = [row for _, row in crates(question.text)]
        first = max(0, question.from_item - 1 - back) if question.from_item > 1 else 0
        return {"keeper": None, "crates_count": len(rows), "crates": rows[first:]}

    result, emulator = ask(store(60), reader, max_output_tokens=400)
    assert (result.status, numbers(result)) == ("ok", list(range(1, 61)))
    assert emulator.served > 1
    alike, _ = ask("TOLLS\n" + "Crate 7 of lamps stands in bay 3.\n" * 60, max_output_tokens=400)
    assert (alike.status, numbers(alike)) == ("ok", [7] * 60)


@pytest.mark.parametrize("equal", [1, 2])
def test_a_row_that_is_listed_more_often_than_it_occurs_is_a_problem(equal: int) -> None:
    """The model counts the rows and lists one more; what the text has as often is no problem, whatever was counted."""

    def reader(question: Question) -> dict[str, Any]:
        rows = [row for _, row in crates(question.text)]
        return {
            "keeper": None,
            "crates_count": 5 if equal == 1 else 4,
            "crates": [*rows[:2], *rows[1:]] if equal == 1 else rows,
        }

    alike = "Crate 30 of lamps stands in bay 9.\n" * equal
    result, _ = ask(f"{store(3)}{alike}Crate 40 of lamps stands in bay 8.\n", reader)
    lost = ["some items are listed more often than the document has them @ /crates"] if equal == 1 else []
    assert [str(problem) for problem in result.problems] == lost


SHELVES = "".join(f"Crate {number} of lamps stands in bay {number // 10 + 4}.\n" for number in (30, 40, 50))


@pytest.mark.parametrize(
    ("text", "listed", "problems"),
    [
        (SHELVES, [30, 40, 40, 50], ["some items are listed more often than the document has them @ /crates"]),
        (SHELVES, [30, 40, 50] * 2, ["some items are listed more often than the document has them @ /crates"]),
        (f"{SHELVES}Crate 50 of the same.\n", [30, 40, 50, 50], []),
        (f"{SHELVES}3 times crate 60 of lamps, bay 10.\n", [30, 40, 50, 60, 60, 60], []),
        (f"{SHELVES}In bay 10, crate 60, and crate 60 in bay 10.\n", [30, 40, 50, 60, 60], []),
    ],
)
def test_rows_that_are_counted_as_often_as_they_are_listed(text: str, listed: list[int], problems: list[str]) -> None:
    """A count says nothing of rows that are listed twice; the text does: a line may leave out what the line above it
    says, say how many there are, or have several."""

    def reader(question: Question) -> dict[str, Any]:
        rows = {number: {"number": number, "bay": number // 10 + 4} for number in (30, 40, 50, 60)}
        return {"keeper": None, "crates_count": len(listed), "crates": [rows[number] for number in listed]}

    result, _ = ask(text, reader)
    assert [str(problem) for problem in result.problems] == problems
    assert (result.status, numbers(result)) == ("partial" if problems else "ok", listed)


def test_a_second_reading_that_adds_nothing_is_the_last() -> None:
    """A model that lists what is known in place of what is missing is not asked on and on, and doubles no row."""

    def reader(question: Question) -> dict[str, Any]:
        rows = [row for _, row in crates(question.text) if row["number"] != 48]
        return {"keeper": None, "crates_count": 60, "crates": rows[question.from_item - 1 :]}

    result, emulator = ask(store(60), reader, max_output_tokens=400)
    assert (result.status, emulator.served) == ("partial", 3)
    assert numbers(result) == [number for number in range(1, 61) if number != 48]


def test_rows_from_outside_the_part_are_dropped() -> None:
    """A model that lists what its neighbours hold gives each row once, and is shown less of them from then on."""

    def reader(question: Question) -> dict[str, Any]:
        answer = perfect(question)
        if "crates" in answer and question.text != question.part_text:
            answer["crates"] = [row for _, row in crates(question.text)]
            answer["crates_count"] = len(answer["crates"])
        return answer

    result, emulator = ask(store(ROWS), reader, view_tokens=800)
    assert (result.status, numbers(result)) == ("ok", list(range(1, ROWS + 1)))
    alone = [question for question in questions(emulator.requests[1:]) if question.text == question.part_text]
    assert len(alone) >= result.chunks - 4


class Passing(BaseModel):
    day: str
    gate: str
    toll: float


class Passings(BaseModel):
    passings: list[Passing]


@pytest.mark.parametrize("gates", [300, 2])
@pytest.mark.parametrize(("before", "behind"), [(300, 300), (90, 0), (5, 0), (0, 5)])
def test_rows_of_a_table_that_other_parts_repeat(gates: int, before: int, behind: int) -> None:
    """Rows of neighbours that share a value with the lines of a part, such as the day, come once, in their own part."""
    rows = [{"day": f"0{n * n % 7 + 1}.03.", "gate": f"Gate {n % gates}", "toll": n % 50 + 2.5} for n in range(300)]
    lines = [f"{row['day']}  {row['gate']}  {row['toll']:.2f}\n" for row in rows]
    text = "Day  Gate  Toll\n" + "".join(lines)
    at = [len(text) - sum(map(len, lines[n:])) for n in range(300)]

    def reader(question: Question) -> dict[str, Any]:
        offset = text.index(question.text.strip("\n")) - (len(question.text) - len(question.text.lstrip("\n")))
        own = [n for n in range(300) if question.part[0] <= at[n] - offset < question.part[1]]
        found = rows[max(0, own[0] - before) : own[-1] + 1 + behind]
        return {"passings_count": len(found), "passings": found}

    result, _ = ask(text, reader, schema=Passings, view_tokens=2000, max_output_tokens=20_000)
    assert (result.status, result.data["passings"]) == ("ok", rows)
    assert result.chunks > 1


def test_rows_that_seldom_say_a_value_stay_in_their_part() -> None:
    """A currency that few lines print does not move rows to equal ones of other parts that print it."""
    rows = [{"day": f"0{n * n % 7 + 1}.03.", "gate": "EUR", "toll": n % 4 + 2.5} for n in range(300)]
    lines = [f"{row['day']}  {row['toll']:.2f}{'  EUR' if n % 11 == 0 else ''}\n" for n, row in enumerate(rows)]
    text = "Day  Toll\n" + "".join(lines)
    at = [len(text) - sum(map(len, lines[n:])) for n in range(300)]

    def reader(question: Question) -> dict[str, Any]:
        offset = text.index(question.text.strip("\n")) - (len(question.text) - len(question.text.lstrip("\n")))
        found = [row for n, row in enumerate(rows) if question.part[0] <= at[n] - offset < question.part[1]]
        return {"passings_count": len(found), "passings": found}

    result, _ = ask(text, reader, schema=Passings, view_tokens=1000, max_output_tokens=20_000)
    assert (result.status, result.data["passings"]) == ("ok", rows)
    assert result.chunks > 1


def test_an_answer_that_repeats_another_part_is_no_answer() -> None:
    """Where all rows of an answer are those of another part, what its own part holds is lost, and that is a problem.
    One row alone may be a neighbour's, listed for a part without any."""
    names = ["Ada Quill", "Bo Reed", "Cy Marsh", "Di Fenn"]
    text = "".join(f"Warden {name} signed on.\n" for name in names)
    half = text.index("Warden Cy")
    parts = [Part(0, 0, half), Part(1, half, len(text))]
    schema = compile_schema(
        {"type": "object", "properties": {"wardens": {"type": "array", "items": {"type": "string"}}}}
    )

    def losses(*listed: list[str]) -> list[list[str]]:
        readings = [
            Reading(part=part, rest={}, rows={"/wardens": [Row(name, part) for name in own]})
            for part, own in zip(parts, listed, strict=True)
        ]
        layout = Layout(Document.from_text(text), schema, Sizes())
        return [[loss.message for loss in reading.losses] for reading in owned(layout, ["/wardens"], readings)[0]]

    assert losses(names[:2], names[:2]) == [[], ["all 2 items that were listed are those of other parts"]]
    assert losses(names[:2], names[1:2]) == losses(names[:2], names[1:]) == losses(names[:2], []) == [[], []]


def test_a_row_may_go_on_behind_its_part() -> None:
    """Two equal records stand in a part, of which the second goes on behind its end: neither is listed too often."""
    stated = [("Ann Frost", "Ulm", 30), ("Cid Lind", "York", 45), ("Ann Frost", "Ulm", 30)]
    stated += [("Cid Lind", "York", 45), ("Ann Frost", "Bern", 12)]
    text = "".join(f"{name}\n    of {town} owes {dues} crowns\n" for name, town, dues in stated)
    middle = text.rindex("    of Ulm")
    parts = [Part(0, 0, middle), Part(1, middle, len(text))]
    kinds = {"name": {"type": "string"}, "town": {"type": "string"}, "dues": {"type": "integer"}}
    member = {"type": "object", "properties": kinds}
    schema = compile_schema({"type": "object", "properties": {"members": {"type": "array", "items": member}}})
    rows = [dict(zip(kinds, one, strict=True)) for one in stated]
    readings = [
        Reading(part=part, rest={}, rows={"/members": [Row(one, part) for one in own]})
        for part, own in zip(parts, (rows[:3], rows[3:]), strict=True)
    ]
    result, doubled, missing = owned(Layout(Document.from_text(text), schema, Sizes()), ["/members"], readings)
    assert [len(reading.rows["/members"]) for reading in result] == [3, 2]
    assert not doubled
    assert not missing


def test_rows_that_only_look_like_those_of_another_part_are_kept() -> None:
    """A row is another part's where all that both say is the same; a day alone is not, nor are empty fields. What the
    row of the other part lacks is not lost."""
    text = "3 May  Taxi  12.00\n4 May  Bus   2.00\n\nOn the day of arrival also: a ferry, free of charge\n"
    schema = compile_schema(
        {
            "type": "object",
            "properties": {
                "trips": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {name: {"type": ["string", "null"]} for name in ("day", "what", "sum", "note")},
                    },
                }
            },
        }
    )
    taxi = {"day": "3 May", "what": "Taxi", "sum": "12.00", "note": None}
    bus = {"day": "4 May", "what": "Bus", "sum": "2.00", "note": None}
    ferry = {"day": "3 May", "what": "Ferry (free)", "sum": None, "note": None}
    parts = [Part(0, 0, 37), Part(1, 37, len(text))]

    def remaining(*listed: list[dict[str, Any]], parts: list[Part] = parts) -> list[list[Any]]:
        readings = [
            Reading(part=part, rest={}, rows={"/trips": [Row(value, part) for value in values]})
            for part, values in zip(parts, listed, strict=True)
        ]
        found, _, _ = owned(Layout(Document.from_text(text), schema, Sizes()), ["/trips"], readings)
        return [[row.value for row in reading.rows["/trips"]] for reading in found]

    assert remaining([taxi, bus], [bus, ferry]) == [[taxi, bus], [ferry]]
    halves = [Part(0, 0, 19), Part(1, 19, len(text))]
    assert remaining([taxi, bus | {"what": None}], [bus | {"sum": None}], parts=halves) == [[taxi], [bus]]


class Deposit(BaseModel):
    """A deposit."""

    day: str
    amount: float


class Deposits(BaseModel):
    """What was paid in."""

    deposits: list[Deposit]


@pytest.mark.parametrize(
    "line", ["{day}   {amount:.2f}\n", "{day};{amount:.2f}\n", "Paid on {day}: {amount:.2f} EUR\n"]
)
@pytest.mark.parametrize("twice", [False, True])
def test_rows_that_share_values_with_those_of_a_part_are_no_rows_of_it(line: str, twice: bool) -> None:
    """A row of another part whose day or amount stands in this one too comes once; a row that is listed twice is not
    taken for one that shares its day."""
    rows = [{"day": f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}", "amount": n % 9 * 100.0 + 50} for n in range(240)]
    text = "DEPOSITS\n\n" + "".join(line.format(**row) for row in rows)

    def reader(question: Question) -> dict[str, Any]:
        pattern = re.escape(line).replace(r"\{day\}", r"([\d-]+)").replace(r"\{amount:\.2f\}", r"([\d.]+)")
        found = re.finditer(pattern, question.text)
        places = [(one.start(), {"day": one[1], "amount": float(one[2])}) for one in found]
        start, stop = question.part
        own = [row for at, row in places if start <= at < stop]
        listed = [*own[:1], *own] if twice else [*[row for at, row in places if at < start][-2:], *own]
        return {"deposits_count": len(listed), "deposits": listed}

    result, _ = ask(text, reader, schema=Deposits, view_tokens=1200)
    assert result.chunks > 2
    assert result.status == ("partial" if twice else "ok"), result.problems
    assert twice or result.data["deposits"] == rows


def test_the_rest_of_the_document_is_in_the_context() -> None:
    """A view that does not show the whole has the document's first and last lines above it, and what was found."""
    _, emulator = ask(store(ROWS) + "\nAll figures in dozens.\n", view_tokens=800)
    *_, last = questions(emulator.requests)
    middle = [
        question for question in questions(emulator.requests[1:]) if question.number > 2 and question.text != last.text
    ]
    assert middle
    for question in middle:
        assert "Kept by Ada Quill" in question.context
        assert '"keeper":"Ada Quill"' in question.context
    assert any("All figures in dozens." in question.context for question in middle)


def test_a_key_joins_what_parts_say_of_one_item() -> None:
    """With a declared key an item that is spoken of in two places is one, with what each place says of it."""

    class Ship(BaseModel):
        """A ship."""

        name: Annotated[str, Key()]
        port: str | None = None
        sold: int | None = None

    class Fleet(BaseModel):
        """A fleet."""

        ships: list[Ship]

    text = "".join(f"The ship S{n} lies at P{n % 5}.\n" for n in range(300))
    text += "".join(f"The ship S{n} was sold in {1900 + n % 90}.\n" for n in range(0, 300, 3))

    def reader(question: Question) -> dict[str, Any]:
        ships: dict[str, dict[str, Any]] = {}
        for name, port, year in re.findall(
            r"^The ship (S\d+) (?:lies at (P\d)|was sold in (\d+))", question.part_text, re.MULTILINE
        ):
            ship = ships.setdefault(name, {"name": name, "port": None, "sold": None})
            ship |= {"port": port} if port else {"sold": int(year)}
        found = list(ships.values())[question.from_item - 1 :]
        return {"ships_count": len(found), "ships": found}

    result, _ = ask(text, reader, schema=Fleet, view_tokens=900)
    assert result.status == "ok", result.problems
    ships = {ship["name"]: (ship.get("port"), ship.get("sold")) for ship in result.data["ships"]}
    assert len(result.data["ships"]) == 300
    assert ships == {f"S{n}": (f"P{n % 5}", None if n % 3 else 1900 + n % 90) for n in range(300)}


def test_a_short_list_is_asked_for_what_is_missing() -> None:
    """A model that counts twenty rows and lists twelve is asked again, and the rows come in their order."""

    def reader(question: Question) -> dict[str, Any]:
        rows = [row for _, row in crates(question.text)]
        first = [row for row in rows if row["number"] % 5]
        missed = [row for row in rows if not row["number"] % 5]
        listed = missed if seen else first
        seen.append(len(listed))
        return {"keeper": None, "crates_count": len(rows) if listed is first else len(missed), "crates": listed}

    seen: list[int] = []
    result, emulator = ask(store(20), reader)
    assert (result.status, numbers(result), emulator.served) == ("ok", list(range(1, 21)), 2)
    assert '"number":12' in emulator.requests[-1].body["messages"][-1]["content"]


def test_a_list_that_stays_short_is_a_problem() -> None:
    """A model that never lists what it counts is asked twice, and the document is partial."""
    result, emulator = ask(store(9), lambda question: {"keeper": None, "crates_count": 20, "crates": []})
    assert (result.status, emulator.served) == ("partial", 2)
    assert [str(problem) for problem in result.problems] == ["the model counted 20 items and listed 0 @ /crates"]


def test_an_empty_part_among_full_ones_is_asked_again() -> None:
    """A part that comes back empty between parts that do not is asked about again."""
    skipped: list[int] = []

    def reader(question: Question) -> dict[str, Any]:
        answer = perfect(question)
        if question.number == 2 and "crates" in answer and not skipped:
            skipped.append(len(answer["crates"]))
            return {**answer, "crates_count": 0, "crates": []}
        return answer

    result, _ = ask(store(ROWS), reader, view_tokens=800)
    assert skipped
    assert (result.status, numbers(result)) == ("ok", list(range(1, ROWS + 1)))


@pytest.mark.parametrize("number", [1, 2, -1])
def test_a_part_that_stays_empty_is_a_problem(number: int) -> None:
    """A part for which nothing is listed twice is a loss where its rows are like those of other parts; so are the last
    rows of the document."""
    parts = Layout(Document.from_text(store(ROWS)), compile_schema(Store), Sizes(view=800)).parts()
    silent = parts[number if number < 0 else number - 1].number

    def reader(question: Question) -> dict[str, Any]:
        answer = perfect(question)
        return (
            answer | {"crates_count": 0, "crates": []} if question.number == silent and "crates" in answer else answer
        )

    result, _ = ask(store(ROWS), reader, view_tokens=800)
    assert result.status == "partial"
    assert ["rows of the document" in problem.message for problem in result.problems] == [True]


def test_further_passes_find_what_one_reading_misses() -> None:
    """With passes, a reader that overlooks every third row at first ends with all of them, in order."""
    sizes: list[int] = []

    def reader(question: Question) -> dict[str, Any]:
        rows = [row for _, row in crates(question.text) if bool(row["number"] % 3) is not bool(sizes)]
        sizes.append(len(rows))
        return {"keeper": None, "crates_count": len(rows), "crates": rows}

    result, emulator = ask(store(30), reader, passes=2)
    assert (numbers(result), emulator.served) == (list(range(1, 31)), 2)


def test_a_second_reading_may_take_several_answers() -> None:
    """Rows that a reading missed are listed to the last, however short answers must be; nothing else is required."""
    text = store(120)

    async def respond(body: Any) -> Any:
        question = Question.of(body)
        rows = [row for _, row in crates(question.text)]
        if not is_second_reading(question, body):
            odd = [row for row in rows if row["number"] % 2]
            return {"keeper": "Ada Quill", "crates": odd[question.from_item - 1 :]}
        found = {int(number) for number in re.findall(r'"number":(\d+)', str(body["messages"][-1]["content"]))}
        return {"crates": [row for row in rows if row["number"] not in found]}

    with Emulator(respond) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        with Extractor(rpm=None, passes=2, max_output_tokens=400, **where) as extractor:
            result = extractor.extract(Keeping, text)
    assert (result.status, numbers(result)) == ("ok", list(range(1, 121)))
    assert result.data["keeper"] == "Ada Quill"


@pytest.mark.parametrize(("rows", "least", "most"), [(5, 1, 10), (400, MOST_REPLIES - 5, MOST_REPLIES)])
def test_one_part_is_paid_for_a_bounded_number_of_replies(rows: int, least: int, most: int) -> None:
    """A model that never ends is paid for no more replies than a part of that size may cost, and the rows stay."""

    def endless(question: Question) -> Completion:
        rows = ", ".join('{"number": 1, "bay": 1}' for _ in range(4))
        return Completion(f'{{"keeper": null, "crates_count": 4, "crates": [{rows}, {{"num', finish="length")

    result, emulator = ask(store(rows), endless, view_tokens=10_000)
    assert result.status == "partial"
    assert least <= emulator.served <= most
    assert [str(problem) for problem in result.problems] == [
        "the answer was cut off, and the replies that the part may cost are spent @ /"
    ]


def test_each_pass_over_a_short_document_is_made() -> None:
    """What a short part may cost does not limit the passes that were chosen."""
    result, emulator = ask(store(2), passes=6)
    assert (result.status, numbers(result), emulator.served) == ("ok", [1, 2], 6)


@pytest.mark.parametrize("content", ["", "none", '{"keeper": "Ada Quill", "crates": [{"number": 1, "ba'])
def test_a_short_document_is_given_up_after_a_few_replies(content: str) -> None:
    """Where every reply is cut, there is nothing to go on with, and little to halve."""
    result, emulator = ask(store(4), lambda _: Completion(content, finish="length"))
    assert result.status != "ok"
    assert emulator.served <= 10


def test_a_row_that_no_answer_holds_is_a_problem() -> None:
    """A part that cannot be halved, of which not one row fits an answer, is a loss that is told."""

    def stuck(question: Question) -> Completion:
        return Completion('{"keeper": null, "crates_count": 1, "crates": [{"number": 1', finish="length")

    result, emulator = ask("Crate 1 of lamps stands in bay 1.", stuck, max_output_tokens=64)
    assert result.status == "partial"
    assert emulator.served < MOST_REPLIES
    assert any("cut off" in problem.message for problem in result.problems)


@pytest.mark.parametrize(
    ("aim", "line"),
    [
        (Aim(), ""),
        (Aim(3, marked=True), "Part 3."),
        (Aim(3, True, "/rows", 81), "Part 3, /rows from item 81."),
        (Aim(1, False, "/rows", 81), "Part 1, /rows from item 81."),
    ],
)
def test_the_ask_line(aim: Aim, line: str) -> None:
    """The last line of a request says which part is asked about, and where a list goes on."""
    assert aim.line == line


def test_halves_share_what_one_part_may_cost() -> None:
    """Of a long part that is halved again and again, all halves together stay within the stated number."""

    def stuck(question: Question) -> Completion:
        return Completion('{"keeper": null, "crates_count": 9, "crates": [{"number": 1', finish="length")

    result, emulator = ask(store(400), stuck, max_output_tokens=64)
    assert result.status == "failed" or result.problems
    assert emulator.served <= 2 * MOST_REPLIES  # the document's own fields are a part as well


def test_context_of_the_users_own_is_shown_with_every_question() -> None:
    """What a stage puts above the parts stands above the question about the document as well."""
    layout = Layout(Document.from_text(store(ROWS)), compile_schema(Store), Sizes(view=800))
    parts = [replace(part, context="Bays are counted from the gate.") for part in layout.parts()]
    assert all("from the gate" in view.context for view in (*layout.widest(parts), *layout.views(parts)))
