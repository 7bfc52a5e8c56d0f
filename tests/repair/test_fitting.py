"""Answers that are not of the shape that was asked for: what becomes of them, and that nothing of them goes unseen."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from extractor.repair.evidence import NONE, Evidence, contains, joined
from extractor.repair.fitting import fit
from extractor.repair.mend import Mended, mend
from extractor.repair.plain import plainly
from extractor.schema.compiler import Schema, compile_schema


class Stop(BaseModel):
    city: str
    nights: int


class Trip(BaseModel):
    code: str
    price: Decimal | None = None
    starts_on: date | None = None
    stops: list[Stop]


class Guest(BaseModel):
    name: str | None = None
    room: int | None = None
    mail: str | None = None


class Van(BaseModel):
    kind: Literal["van"]
    seats: int


class Boat(BaseModel):
    kind: Literal["boat"]
    length: float


class Hire(BaseModel):
    what: Annotated[Van | Boat, Field(discriminator="kind")]
    rates: dict[str, int] = {}
    since: datetime | None = None
    span: tuple[int, str] | None = None
    number: int | str | None = None


TRIP, GUEST, HIRE, STOPS = (compile_schema(each) for each in (Trip, Guest, Hire, list[Stop]))
TEXT = (
    "Trip T-7 from 9 July 2031: Oslo 2 nights, Bergen 3 nights, Voss 1 night. Price 1,250.50 NOK. Guest Nora, room 12."
)
OSLO, BERGEN, VOSS = ({"city": city, "nights": nights} for city, nights in (("Oslo", 2), ("Bergen", 3), ("Voss", 1)))
FORMAT = {"code": "X-1", "price": None, "starts_on": None, "stops": []}
EXAMPLE = {"code": "X-1", "stops": [{"city": "Rome", "nights": 9}]}
WHOLE: dict[str, Any] = {"code": "T-7", "price": "1250.50", "starts_on": "2031-07-09", "stops": [OSLO, BERGEN, VOSS]}
NORA = {"name": "Nora", "room": 12, "mail": None}


def read(schema: Schema[Any], answer: Any, source: str | None = TEXT) -> Mended:
    return mend(answer if isinstance(answer, str) else json.dumps(answer), schema, source=source)


def is_whole(schema: Schema[Any], mended: Mended) -> bool:
    problems = schema.problems(schema.unwrap(mended.value).value)
    return mended.complete and not (mended.invalid or mended.lost or problems)


SHAPES: dict[str, Any] = {
    "as it is": WHOLE,
    "an envelope": {"trip": WHOLE},
    "an envelope with a note": {"result": WHOLE, "status": "done"},
    "envelopes in envelopes": {"response": {"data": {"trip": WHOLE}}, "ok": True},
    "an envelope with a list of one": {"trips": [WHOLE], "count": 1},
    "an envelope with a string": {"output": json.dumps(WHOLE)},
    "an envelope with a fence": {"output": f"```json\n{json.dumps(WHOLE)}\n```"},
    "a list of one": [WHOLE],
    "the same record twice": [WHOLE, WHOLE],
    "other cases": {"Code": "T-7", "PRICE": "1250.50", "startsOn": "2031-07-09", "stops": WHOLE["stops"]},
    "names with blanks": {" code ": "T-7", "price": "1250.50", "starts on": "2031-07-09", "stops": WHOLE["stops"]},
    "a schema with values": {"type": "object", "properties": WHOLE},
    "a schema with values inside": {
        "type": "object",
        "properties": {name: {"type": "string", "value": value} for name, value in WHOLE.items() if name != "stops"}
        | {"stops": WHOLE["stops"]},
    },
    "a call": {"name": "Trip", "arguments": WHOLE},
    "a call with text": {"name": "save_trip", "parameters": json.dumps(WHOLE)},
    "a list of calls": {"tool_calls": [{"id": "1", "function": {"name": "Trip", "arguments": json.dumps(WHOLE)}}]},
    "a schema with constants": {
        "type": "object",
        "properties": {
            **WHOLE,
            "code": {"type": "string", "const": "T-7"},
            "price": {"type": "string", "enum": ["1250.50"]},
        },
    },
    "a list of names and values": [{"name": name, "value": value} for name, value in WHOLE.items()],
    "names and values in a member": {"fields": [{"key": name, "value": value} for name, value in WHOLE.items()]},
    "pairs": [[name, value] for name, value in WHOLE.items()],
    "two groups": {
        "head": {name: WHOLE[name] for name in ("code", "price", "starts_on")},
        "body": {"stops": WHOLE["stops"]},
    },
    "value objects": {**WHOLE, "code": {"value": "T-7", "page": 1}, "price": {"Value": "1250.50", "confidence": 0.9}},
    "an amount with its currency": {**WHOLE, "price": {"amount": "1,250.50", "currency": "NOK"}},
    "a value in a list": {**WHOLE, "code": ["T-7"]},
    "the list under another name": {**{k: v for k, v in WHOLE.items() if k != "stops"}, "places": WHOLE["stops"]},
    "the list in an object": {**WHOLE, "stops": {"stop": WHOLE["stops"]}},
    "the list in an object with its length": {**WHOLE, "stops": {"items": WHOLE["stops"], "total": 3}},
    "the list by numbers": {**WHOLE, "stops": {"1": OSLO, "2": BERGEN, "3": VOSS}},
    "the list in a string": {**WHOLE, "stops": json.dumps(WHOLE["stops"])},
    "the list in objects": {**WHOLE, "stops": {"data": {"rows": WHOLE["stops"]}}},
    "the list page by page": {**WHOLE, "stops": [WHOLE["stops"][:2], WHOLE["stops"][2:]]},
    "the list by numbered names": {**WHOLE, "stops": {f"stop_{n}": stop for n, stop in enumerate(WHOLE["stops"], 1)}},
    "the list as columns": {
        **WHOLE,
        "stops": {name: [stop[name] for stop in WHOLE["stops"]] for name in ("city", "nights")},
    },
    "the list as a table": {
        **WHOLE,
        "stops": {"columns": ["City", "Nights"], "rows": [list(stop.values()) for stop in WHOLE["stops"]]},
    },
    "the list by a member of each": {**WHOLE, "stops": {stop["city"]: stop for stop in WHOLE["stops"]}},
    "a group with the name of a member": {
        "code": {"code": "T-7", "price": "1250.50"},
        "starts_on": WHOLE["starts_on"],
        "stops": WHOLE["stops"],
    },
    "fields by name": {"fields": [{"field_name": n, "field_value": v, "page": 1} for n, v in WHOLE.items()]},
    "a value that is not printed beside one that is": {**WHOLE, "code": {"value": "T-9", "text": "T-7"}},
    "a value with the text that it is read from": {**WHOLE, "code": {"text": "Trip T-7", "value": "T-7"}},
    "names with marks": {f"**{name}:**": value for name, value in WHOLE.items()},
    "a value as printed and as it is": {**WHOLE, "price": {"raw": "1,250.50", "normalized": 1250.5}},
    "a value as a call": json.dumps(WHOLE).replace('"1250.50"', "Decimal('1250.50')"),
    "words that nothing is left out": f"{json.dumps(WHOLE)}\nThere are no other stops; no rows were omitted.",
    "rows in envelopes": {**WHOLE, "stops": [{"stop": stop} for stop in WHOLE["stops"]]},
    "rows in other cases": {
        **WHOLE,
        "stops": [{"City": s["city"], "NIGHTS": str(s["nights"])} for s in WHOLE["stops"]],
    },
    "values as people write them": {**WHOLE, "price": "NOK 1,250.50", "starts_on": "9 July 2031"},
    "a member that nobody asked for": {**WHOLE, "currency": "NOK"},
    "members of rows that nobody asked for": {**WHOLE, "stops": [{**stop, "unit": "night"} for stop in WHOLE["stops"]]},
    "rows that say nothing": {**WHOLE, "stops": [OSLO, None, BERGEN, {}, VOSS]},
    "two parts": f"{json.dumps({**WHOLE, 'stops': [OSLO]})}\n{json.dumps({**WHOLE, 'stops': [BERGEN, VOSS]})}",
    "two halves": " ".join(json.dumps({name: WHOLE[name]}) for name in WHOLE),
    "members in a group of their own": {
        "trip": {"code": "T-7", "price": "1250.50"},
        "starts_on": WHOLE["starts_on"],
        "stops": WHOLE["stops"],
    },
    "a group beside the list under another name": {
        "header": {name: WHOLE[name] for name in ("code", "price", "starts_on")},
        "places": WHOLE["stops"],
    },
    "a line for the record and one for each row": "\n".join(
        json.dumps(line) for line in ({**WHOLE, "stops": []}, *WHOLE["stops"])
    ),
    "further rows without the rest": f"{json.dumps({**WHOLE, 'stops': [OSLO]})}\nContinued:\n"
    + json.dumps({"stops": [BERGEN, VOSS]}),
    "an example after it": f"{json.dumps(WHOLE)} Another could be {json.dumps(EXAMPLE)}",
    "an example before it": f"Like {json.dumps(FORMAT)}: {json.dumps(WHOLE)}",
    "a draft that it repeats": f"{json.dumps({'code': 'T-7', 'stops': [OSLO]})}\n\n{json.dumps(WHOLE)}",
    "words around it": f"Here is all the data that I found:\n{json.dumps(WHOLE)}\nAsk me if you need more.",
}


@pytest.mark.parametrize("answer", SHAPES.values(), ids=SHAPES)
def test_opened_by_evidence(answer: Any) -> None:
    """Whatever shape the record comes in, it is the record, and nothing is called lost."""
    mended = read(TRIP, answer)
    assert mended.value == WHOLE
    assert is_whole(TRIP, mended)
    assert bool(mended.changes) == (answer is not WHOLE)


INCOMPLETE: dict[str, Any] = {
    "an ellipsis for rows": json.dumps(WHOLE).replace(', {"city": "Voss"', ', ..., {"city": "Voss"'),
    "a comment for rows": json.dumps(WHOLE).replace("]}", " // and 4 more rows\n]}"),
    "an ellipsis in quotes": {**WHOLE, "stops": [OSLO, "..."]},
    "a row that could not be read": {**WHOLE, "warnings": ["1 stop could not be read"]},
    "a value that could not be read": {**WHOLE, "price": "[illegible]"},
    "words for a part": {**WHOLE, "state": "partial"},
    "a count of rows beside them": {**WHOLE, "row_count": 4},
    "a count of rows beside the record": {"meta": {"row_count": "4"}, "trip": WHOLE},
    "a comma before the fence": f"```json\n{json.dumps(WHOLE)[:-2]},\n```",
    "a row that begins before the fence": f"```json\n{json.dumps(WHOLE)[:-2]}, {{\n```",
    "an escape with a figure missing": json.dumps(WHOLE).replace("T-7", "\\u00e-7"),
    "a row of ellipses": {**WHOLE, "stops": [OSLO, {"city": "...", "nights": "..."}]},
    "a member named so": {**WHOLE, "...": "..."},
    "words after it": f"{json.dumps(WHOLE)}\nThe remaining 40 rows are left out for brevity.",
    "rows under a second name": {**WHOLE, "stops": [OSLO], "more_stops": [BERGEN, VOSS]},
    "an equal row under a second name": {**WHOLE, "more_stops": [VOSS]},
    "a second record": [WHOLE, {"code": "T-7", "price": None, "starts_on": None, "stops": [VOSS, VOSS]}],
    "two versions": f"{json.dumps({**WHOLE, 'price': '1250'})} No, it is {json.dumps(WHOLE)}",
    "a name in two cases": {**WHOLE, "CODE": "Bergen"},
    "a missing member under another name": {"code": "T-7", "starts_on": None, "stops": [], "cost": "1,250.50"},
    "two values for a name": json.dumps(WHOLE).replace('"code": "T-7"', '"code": "T-7", "code": "T-8"'),
    "no number": json.dumps(WHOLE).replace('"1250.50"', "NaN"),
    "a value and its scale": {**WHOLE, "price": {"value": "1250.50", "unit": "thousand"}},
    "two amounts": {**WHOLE, "price": {"net": 12, "gross": 2}},
    "no members of its own": {"Oslo": 2, "Bergen": 3},
    "rows by their names": {**WHOLE, "stops": {"Oslo": {"nights": 2}, "Bergen": {"nights": 3}}},
    "a comment that goes on": json.dumps(WHOLE).replace("]}", " // and so on\n]}"),
    "a comment of a pattern": json.dumps(WHOLE).replace("]}", " /* the others follow the same pattern */ ]}"),
    "words of a part": f"{json.dumps(WHOLE)}\nI have listed 3 of the 12 stops.",
    "words that go on": f"{json.dumps(WHOLE)}\n...and so on.",
    "a note beside the members": {**WHOLE, "note": "remaining rows omitted"},
    "a flag beside the members": {**WHOLE, "truncated": True},
    "a number of rows to come": {**WHOLE, "remaining": 4},
    "a total beside the list": {**WHOLE, "total_stops": 12},
    "a count beside the list": {**WHOLE, "stopsCount": 12},
    "a number of rows that are left": {**WHOLE, "remaining_stops": 1},
    "names of rows that are left": {**WHOLE, "skipped_stops": ["Rome"]},
    "names of what is left": {**WHOLE, "omitted": ["Rome"]},
    "words of a few": f"{json.dumps(WHOLE)}\nI have only listed a few stops.",
    "words of a limit": f"{json.dumps(WHOLE)}\nOther stops are not in it due to length limits.",
    "words of a list that goes on": f"{json.dumps(WHOLE)}\n(list continues)",
    "words of a first part": f"Part 1 of 3:\n{json.dumps(WHOLE)}",
    "words of a next message": f"{json.dumps(WHOLE)}\n[continued in next message]",
    "a comment in German": json.dumps(WHOLE).replace("]}", " // weitere Zeilen ausgelassen\n]}"),
    "words for a row": {**WHOLE, "stops": [*WHOLE["stops"], {"city": "and 2 more", "nights": 1}]},
    "a text that breaks off": {**WHOLE, "code": "T-7 from 9 July..."},
    "a text that is marked": {**WHOLE, "code": "T-7 [truncated]"},
    "a value in a group of its own": {**WHOLE, "code": None, "trip": {"number": "T-7"}},
    "a placeholder": {**WHOLE, "code": "<code>"},
    "the name of a type": {**WHOLE, "code": "string"},
    "a list total": {**WHOLE, "stops_total_count": 12},
    "a comment of items": json.dumps(WHOLE).replace("]}", " // stops 4-9 not shown\n]}"),
    "a flag of completeness": {"data": WHOLE, "complete": False},
    "a note beside the record": {"result": WHOLE, "comment": "... and 9 more"},
    "two records by name": {"first": WHOLE, "second": {"code": "Oslo", "stops": [BERGEN]}},
    "two records by number": {"1": WHOLE, "2": {"code": "Bergen", "stops": [OSLO]}},
    "a text that goes on": f'{json.dumps(WHOLE)} and "code": "T-8"',
}


@pytest.mark.parametrize("answer", INCOMPLETE.values(), ids=INCOMPLETE)
def test_what_is_left_out_is_a_problem(answer: Any) -> None:
    """Data beside the record, two meanings, and what an answer says that it leaves out: never a whole answer."""
    assert not is_whole(TRIP, read(TRIP, answer))


@pytest.mark.parametrize(
    "beside",
    [
        {"note": "all rows are listed"},
        {"truncated": False},
        {"omitted": []},
        {"complete": True},
        {"example": {"code": "..."}},
        {"n": 3},
        {"total_stops": 3},
        {"total_stops": sum(stop["nights"] for stop in WHOLE["stops"])},
        {"stop_number": 12},
        {"remaining_balance": 100},
        {"more_info_code": 7},
    ],
    ids=str,
)
def test_what_says_nothing_of_an_omission_is_no_problem(beside: dict[str, Any]) -> None:
    """A note, a flag or a template beside a record that does not say that it is only a part leaves it whole."""
    mended = read(TRIP, {**WHOLE, **beside})
    assert (mended.value, is_whole(TRIP, mended)) == (WHOLE, True)


@pytest.mark.parametrize("wrap", [lambda note: note, lambda note: [note], lambda note: {"delivery": [note]}])
def test_words_of_the_document_about_an_omission_are_no_problem(wrap: Any) -> None:
    """A note that the document prints is the document's, however deep it stands beside the record."""
    note = "Items 3 to 5 follow by post"
    assert not is_whole(TRIP, read(TRIP, {**WHOLE, "note": wrap(note)}))
    assert is_whole(TRIP, read(TRIP, {**WHOLE, "note": wrap(note)}, f"{TEXT} {note}."))


def test_a_character_that_was_lost_on_the_way_is_a_problem() -> None:
    """A mark of replacement is no character of the document, unless the document prints it."""
    answer = json.dumps({**NORA, "name": "N\ufffdra"}, ensure_ascii=False)
    assert not is_whole(GUEST, read(GUEST, answer))
    assert is_whole(GUEST, read(GUEST, answer, TEXT.replace("Nora", "N\ufffdra")))


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("**Zoë**", "Zoë"),
        ("`Zoë`", "Zoë"),
        ("ZoÃ«", "Zoë"),
        ("Zo\x00eb", "Zoë"),
        ("Zo\\u00eb", "Zoë"),
        (7, "007"),
        (12, 12),
        ("**Nora**", "**Nora**"),
        ("_x_", "_x_"),
    ],
)
def test_text_is_what_the_document_prints(answer: Any, name: Any) -> None:
    """Text that was escaped, encoded or marked once more, or lost its zeros, is that of the document."""
    assert read(GUEST, {**NORA, "name": answer}, "Zoë, no. 007, room 12; _x_").value == {**NORA, "name": str(name)}


class Home(BaseModel):
    name: str
    home: Stop
    other: Stop | None = None


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        ({"home_city": "Oslo", "home.nights": 2}, True),
        ({"home_city": "Oslo", "home_nights": 2, "otherCity": "Voss", "otherNights": 1}, True),
        ({"city": "Oslo", "nights": 2}, False),
        ({"home": OSLO, "city": "Voss", "nights": 1}, False),
        ({"home_city": "Oslo", "other_nights": 1}, False),
    ],
)
def test_members_of_an_object_that_stand_beside_it(answer: dict[str, Any], whole: bool) -> None:
    """They are put into it where they are all there and can be of no other object."""
    schema = compile_schema(Home)
    mended = read(schema, {"name": "Nora", **answer})
    assert is_whole(schema, mended) == whole
    assert not whole or mended.value["home"] == OSLO


class Notes(BaseModel):
    tags: list[str]
    body: list[str] | str
    amount: Decimal | date | None = None


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"tags": [""]}, {"tags": []}),
        ({"tags": [None]}, {"tags": []}),
        ({"tags": ["N/A"]}, {"tags": []}),
        ({"body": '["a", "b"]'}, {"body": ["a", "b"]}),
        ({"body": "[draft]"}, {"body": "[draft]"}),
        ({"body": '{"a": 1}'}, {"body": '{"a": 1}'}),
        ({"amount": "1.234,5"}, {"amount": "1234.5"}),
        ({"amount": "9 July 2031"}, {"amount": "2031-07-09"}),
    ],
)
def test_the_branch_and_the_items_that_a_value_has(answer: dict[str, Any], value: dict[str, Any]) -> None:
    """A list of nothing is empty, JSON in a string is of the branch that it fits, and text is only of its own kind."""
    schema = compile_schema(Notes)
    mended = read(schema, {"tags": ["x"], "body": "y", **answer}, "x y [draft] a b")
    assert mended.value == {"tags": ["x"], "body": "y", **value}
    assert is_whole(schema, mended)


def test_names_of_a_map_inside_a_map_are_not_dropped() -> None:
    """Where each name has one value, a map in its place is a problem: its names are data."""
    rates = {"summer": {"July": 70}}
    answer = {"what": {"kind": "van", "seats": 8}, "rates": rates}
    assert not is_whole(HIRE, read(HIRE, answer, "A van, 8 seats; summer: July 70"))


class Folder(BaseModel):
    files: list[Folder] | int


@pytest.mark.parametrize("answer", ["x", [["x"]], {"files": "x"}, {"files": ["x"]}, {"files": {"x": "y"}}], ids=str)
def test_a_shape_that_holds_itself_is_fitted_in_the_end(answer: Any) -> None:
    """A value that could be wrapped forever is a problem of its place."""
    assert not is_whole(compile_schema(Folder), read(compile_schema(Folder), json.dumps(answer)))


def test_words_of_the_document_are_no_statement_of_the_model() -> None:
    """What the document itself prints says nothing of the answer."""
    source = f"{TEXT} Remaining items on page 2."
    assert is_whole(TRIP, read(TRIP, {**WHOLE, "footer": "Remaining items on page 2."}, source))


class Cabin(BaseModel):
    deck: str
    beds: int


VOYAGE = compile_schema(create_model("Voyage", code=(str, ...), stops=(list[Stop], ...), cabins=(list[Cabin], ...)))
SAILED = {"code": "T-7", "stops": [OSLO], "cabins": [{"deck": "Voss", "beds": 1}]}


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        (f"{json.dumps(SAILED)}\nAnd: {json.dumps(BERGEN)}", True),
        ([SAILED, BERGEN], True),
        ({**SAILED, "other": BERGEN}, True),
        ({**SAILED, "other": json.dumps(BERGEN)}, True),
        ({**SAILED, "city": "Bergen"}, True),
        (json.dumps({**SAILED, "cabins": []}) + json.dumps({"cabins": SAILED["cabins"], "more_stops": 2}), True),
        (json.dumps({**SAILED, "cabins": []}) + json.dumps({"cabins": SAILED["cabins"]}), False),
        (f"{json.dumps(SAILED)}\nAnd: {json.dumps(OSLO)}", False),
        ({**SAILED, "other": OSLO}, False),
        ({**SAILED, "city": "Oslo"}, False),
    ],
)
def test_a_separate_row_is_never_dropped(answer: Any, lost: bool) -> None:
    """A row, or a member with the name of one, beside a record of several lists is data, unless the record has it."""
    mended = read(VOYAGE, answer)
    assert bool(mended.lost or mended.invalid) == lost


def test_where_everything_is_optional_an_empty_record_is_never_made() -> None:
    """An object with none of the declared members is opened, or is a problem."""
    assert read(GUEST, {"guest": NORA}).value == NORA
    assert read(GUEST, {"data": NORA, "status": "success"}).value == NORA
    for answer in ({"visitor": "Nora"}, {"error": "no guest"}, {"properties": {"name": {"type": "string"}}}):
        assert not is_whole(GUEST, read(GUEST, answer))
    assert not is_whole(GUEST, read(GUEST, {}))
    assert not is_whole(GUEST, read(GUEST, {"name": None, "room": None, "mail": None, "error": "unreadable"}))


def test_of_two_records_the_grounded_one_counts() -> None:
    """The record whose values stand in the document is taken, wherever it comes; one that stands there too is told."""
    invented = {"name": "Jane Doe", "room": 999, "mail": "jane@example.org"}
    for answer in ([invented, NORA], [NORA, invented], {"guests": [NORA, invented]}):
        mended = read(GUEST, answer)
        assert (mended.value, mended.lost) == (NORA, ())
        assert any("Jane Doe" in str(change) for change in mended.changes)
    both = read(GUEST, [NORA, {"name": "Oslo", "room": 2, "mail": None}])
    assert "Oslo" in str(both.lost[0]) or "Nora" in str(both.lost[0])


def test_of_two_records_that_hardly_stand_there_the_nearer_one_counts() -> None:
    """Where neither record is plainly of the document, the one that has more of it is taken."""
    near, far = {"name": "Norah", "room": 12, "mail": None}, {"name": "Jane", "room": 999, "mail": None}
    for answer in ([near, far], [far, near]):
        assert read(GUEST, answer).value == near


def test_the_name_of_the_schema_is_no_data() -> None:
    """The name that an answer in the shape of a call gives itself is left out, also where the document has the word."""
    mended = read(GUEST, {"name": "Guest", "arguments": NORA})
    assert (mended.value, mended.lost) == (NORA, ())


class Clerk(BaseModel):
    name: str
    room: int
    since: date | None = None
    deputy: Clerk | None = None


def test_a_part_of_a_record_never_takes_its_place() -> None:
    """A record inside a record of the same shape is not chosen because it has less wrong with it."""
    answer = {"name": "Nora", "room": "first", "since": "soon", "deputy": {"name": "Oslo", "room": 12, "since": None}}
    assert read(compile_schema(Clerk), answer).value["name"] == "Nora"


def test_what_is_invented_never_completes_a_record() -> None:
    """A second object whose values stand nowhere in the document lends the record no member."""
    record = {name: value for name, value in WHOLE.items() if name != "price"}
    for answer in (f"{json.dumps(record)} such as {json.dumps({'price': '77.10'})}", [record, {"price": "77.10"}]):
        assert read(TRIP, answer).value.get("price") is None


def test_half_of_a_record_is_not_of_the_document() -> None:
    """A value is of a document where more than half of its leaves stand there; dates and null do not count."""
    evidence = Evidence(TEXT)
    assert evidence.holds({"a": "Oslo", "b": "Bergen", "c": "Rome", "d": None, "e": "2031-07-10"})
    assert not evidence.holds({"a": "Oslo", "b": "Rome"})
    assert NONE.holds({"a": "Rome"})


def test_without_a_document_a_second_record_is_told() -> None:
    """Where nothing is known of the document no record is called an invention."""
    assert read(GUEST, [NORA, {"name": "Jane Doe"}], None).lost


def test_an_open_object_keeps_its_further_members() -> None:
    """A schema that takes further members has them in the value; an envelope is still opened."""
    schema = compile_schema({"type": "object", "properties": {"code": {"type": "string"}, "price": {"type": "number"}}})
    assert read(schema, {"code": "T-7", "price": 5, "colour": "red"}).value == {
        "code": "T-7",
        "price": 5,
        "colour": "red",
    }
    assert read(schema, {"trip": {"code": "T-7", "price": "5 NOK"}}).value == {"code": "T-7", "price": 5}
    assert not is_whole(schema, read(schema, {"weather": {"sun": 1}}))


@pytest.mark.parametrize(
    "answer",
    [
        [OSLO, BERGEN],
        {"stops": [OSLO, BERGEN], "count": 2},
        {"value": [OSLO, BERGEN]},
        "{0}\n{1}",
        "```\n[{0}, {1}]\n```",
        {"1": OSLO, "2": BERGEN},
        {"Oslo": OSLO, "Bergen": BERGEN},
        {"city": ["Oslo", "Bergen"], "nights": [2, 3]},
        {"columns": ["city", "nights"], "data": [["Oslo", 2], ["Bergen", 3]]},
        [["city", "nights"], ["Oslo", 2], ["Bergen", 3]],
        {"data": {"stops": [OSLO, BERGEN]}},
    ],
    ids=[
        *("alone", "under a name", "as asked for", "a line each", "in a fence", "by numbers", "by names", "columns"),
        *("a table", "below a header", "in objects"),
    ],
)
def test_lists(answer: Any) -> None:
    """A list that was asked for, in whichever shape it comes."""
    text = (
        answer.replace("{0}", json.dumps(OSLO)).replace("{1}", json.dumps(BERGEN))
        if isinstance(answer, str)
        else answer
    )
    mended = read(STOPS, text)
    assert STOPS.decode(mended.value) == [Stop(**OSLO), Stop(**BERGEN)]
    assert is_whole(STOPS, mended)


def test_a_list_beside_its_length() -> None:
    """A length that stands beside a list that was asked for says that it is whole, or that it is not."""
    assert is_whole(STOPS, read(STOPS, {"total_count": 2, "stops": [OSLO, BERGEN]}))
    assert not is_whole(STOPS, read(STOPS, {"total_count": 7, "stops": [OSLO, BERGEN]}))


class Tagged(BaseModel):
    tags: list[str]
    sizes: list[int] | None = None


@pytest.mark.parametrize(
    ("answer", "tags", "whole"),
    [
        (None, [], True),
        ("red", ["red"], True),
        ("red, blue", ["red, blue"], False),
        ("red; blue", ["red; blue"], False),
        ('["red", "blue"]', ["red", "blue"], True),
        ({"0": "red", "1": "blue"}, ["red", "blue"], True),
        ("none", [], True),
        ("", [], True),
        ("red | blue", ["red | blue"], False),
        (["red", "etc."], ["red", "etc."], False),
        (["red", "and 3 more"], ["red", "and 3 more"], False),
    ],
)
def test_values_that_replace_a_list_of_text(answer: Any, tags: list[str], whole: bool) -> None:
    """Null is no items and a text one; a text that may be several items is a problem."""
    schema = compile_schema(Tagged)
    mended = read(schema, {"tags": answer, "sizes": None})
    assert mended.value == {"tags": tags, "sizes": None}
    assert is_whole(schema, mended) == whole


@pytest.mark.parametrize("answer", [[OSLO, OSLO], {"stops": [OSLO, OSLO]}, "{0}\n{0}", "```[{0}, {0},]```"])
def test_equal_rows_are_rows(answer: Any) -> None:
    """A list that was asked for may hold the same row twice."""
    text = answer.replace("{0}", json.dumps(OSLO)) if isinstance(answer, str) else answer
    assert STOPS.decode(read(STOPS, text).value) == [Stop(**OSLO)] * 2


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("12", 12),
        ('{"value": 12}', 12),
        ('{"answer": 12}', 12),
        ('{"answer": "12 EUR"}', 12),
        ('{"a": 12, "b": 13}', None),
    ],
)
def test_one_number(answer: str, value: int | None) -> None:
    """A schema of one value takes it under another name, where there is no other."""
    schema = compile_schema(int)
    mended = read(schema, answer)
    assert is_whole(schema, mended) == (value is not None)
    assert value is None or schema.decode(mended.value) == value


def test_one_row_for_a_list() -> None:
    """One row in place of a list is a list of one."""
    assert read(STOPS, OSLO).value == {"value": [OSLO]}
    assert read(TRIP, {**WHOLE, "stops": OSLO}).value == {**WHOLE, "stops": [OSLO]}


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"what": {"kind": "BOAT", "length": "12,5"}}, {"what": {"kind": "boat", "length": 12.5}}),
        ({"what": {"boat": {"length": 12.5}}}, {"what": {"kind": "boat", "length": 12.5}}),
        ({"what": {"length": 12.5}}, {"what": {"kind": "boat", "length": 12.5}}),
        ({"rates": {"July": "70 EUR"}}, {"rates": {"July": 70}}),
        ({"rates": [{"key": "July", "value": "70 EUR"}]}, {"rates": {"July": 70}}),
        ({"rates": [{"July": 70}, {"May": 60}]}, {"rates": {"July": 70, "May": 60}}),
        ({"number": 5, "span": ["3", "days"]}, {"number": 5, "span": {"item_1": 3, "item_2": "days"}}),
        ({"span": {"0": 3, "1": "days"}}, {"span": {"item_1": 3, "item_2": "days"}}),
        ({"span": {"Item 1": 3, "Item 2": "days"}}, {"span": {"item_1": 3, "item_2": "days"}}),
        ({"number": "5b", "span": "n/a"}, {"number": "5b", "span": None}),
        ({"since": "unknown"}, {"since": None}),
        ({"since": "July 9, 2031"}, {"since": "2031-07-09T00:00:00"}),
    ],
)
def test_values_in_unions_maps_and_tuples(answer: dict[str, Any], value: dict[str, Any]) -> None:
    """Values are read by their kind wherever they stand."""
    whole = {"what": {"kind": "van", "seats": 8}, "rates": {}, "since": None, "span": None, "number": None}
    mended = read(HIRE, {**whole, **answer})
    assert mended.value == {**whole, **value}
    assert is_whole(HIRE, mended)


class Credit(BaseModel):
    amount: int


class Debit(BaseModel):
    amount: int
    note: str | None = None


class Account(BaseModel):
    entry: Credit | Debit


@pytest.mark.parametrize(
    ("answer", "entry", "wrong", "changes"),
    [
        ({"variant": "Debit", "amount": 2}, Debit(amount=2), (), []),
        ({"variant": "DEBIT", "amount": "2"}, Debit(amount=2), (), ["choice", "number"]),
        ({"amount": 2, "note": "late"}, Debit(amount=2, note="late"), (), ["key"]),
        ({"type": "debit", "amount": 2}, Debit(amount=2), (), ["wrapped"]),
        ({"Debit": {"amount": 2}}, Debit(amount=2), (), ["wrapped"]),
        ({"type": "fee", "amount": 2}, None, ("/entry/variant",), ["extra"]),
        ({"variant": "Credit", "amount": 2, "note": "late"}, Credit(amount=2), (), ["extra"]),
        ({"variant": "Debt", "amount": 2}, None, ("/entry",), []),
        ({"amount": 2}, None, ("/entry/variant",), []),
        ({"variant": None, "amount": 2}, None, ("/entry/variant",), []),
    ],
)
def test_the_branch_of_a_union(answer: dict[str, Any], entry: Any, wrong: tuple[str, ...], changes: list[str]) -> None:
    """It is the one that is named, whatever the members are; where none is named, the only one that the members fit."""
    schema = compile_schema(Account)
    mended = read(schema, {"entry": answer})
    assert tuple(problem.path for problem in (*mended.invalid, *mended.refused)) == wrong
    assert wrong or schema.decode(mended.value).entry == entry
    assert [change.kind for change in mended.changes] == changes


class Move(BaseModel):
    what: int
    to: str


class Walk(BaseModel):
    what: int
    to: str | None = None


class Stay(BaseModel):
    what: str


class Turn(BaseModel):
    what: int
    by: str


class Step(BaseModel):
    kind: Walk | Stay | None = None
    plain: Move | Turn | None = None
    number: int | str | None = None


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"kind": {"what": 1, "to": "left"}, "plain": {"what": 1, "by": "9"}, "number": "one"}, ()),
        ({"kind": {"what": "here", "to": "left"}}, ("/kind/to",)),
        ({"plain": {"what": 1, "to": "left", "by": "9"}}, ("/plain/by",)),
        ({"plain": {"what": 1, "to": "left", "by": None}}, ()),
        ({"plain": {"what": 1, "to": "left", "speed": "9"}}, ()),
        ({"number": True}, ("/number",)),
        ({"kind": {"what": True}}, ("/kind",)),
    ],
)
def test_what_no_branch_of_a_union_takes(answer: dict[str, Any], wrong: tuple[str, ...]) -> None:
    """A value of no branch is refused, and a member of another branch than the one that it fits is lost."""
    mended = read(compile_schema(Step), {"kind": None, "plain": None, "number": None, **answer}, source=None)
    assert tuple(problem.path for problem in (*mended.invalid, *mended.lost, *mended.refused)) == wrong


class Night(BaseModel):
    city: str | None = None
    nights: int


NIGHTS = compile_schema(create_model("Nights", stops=(list[Night], ...)))
TWO, THREE = {"nights": 2}, {"nights": 3}


@pytest.mark.parametrize(
    ("stops", "lost"),
    [
        ({"Oslo": TWO}, True),
        ([{"Oslo": TWO}], True),
        ({"12": TWO, "7": THREE}, True),
        ({"Oslo": OSLO}, False),
        ({"0": TWO, "1": THREE}, False),
        ({"1": TWO, "2": THREE}, False),
        ({"stop": TWO}, False),
        ([{"row": TWO}], False),
    ],
)
def test_names_above_rows_are_data_where_the_document_prints_them(stops: Any, lost: bool) -> None:
    """A name above a row that lacks a text is no mere wrapping, unless it counts the rows, or names what they are."""
    assert bool(read(NIGHTS, {"stops": stops}).lost) == lost


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        ({"Nora": {"room": 12}}, True),
        ({"guest": {"Nora": {"room": 12}}}, True),
        ({"12": {"name": "Nora"}}, True),
        ({"Nora": NORA}, False),
        ({"Guest": {"room": 12}}, False),
        ({"visitor": {"room": 12}}, False),
        ({"1": {"room": 12}}, False),
        ([*[{}] * 12, {"name": "Nora"}], False),
    ],
)
def test_a_name_above_the_record_is_data_where_the_document_prints_it(answer: Any, lost: bool) -> None:
    """A name above a record that lacks it is data, unless it is what the record is called, or its position."""
    assert bool(read(GUEST, answer).lost) == lost


def test_a_name_above_a_list_is_data_where_the_document_prints_it() -> None:
    """The same of a list under another name."""
    optional = compile_schema(create_model("Trip", code=(str | None, None), stops=(list[Stop], ...)))
    assert read(optional, {"T-7": [OSLO]}).lost
    assert not read(optional, {"T-7": [OSLO], "code": "T-7"}).lost
    assert not read(optional, {"stations": [OSLO]}).lost


def test_a_list_beside_a_member_never_takes_its_place() -> None:
    """Where a member has no value of its kind, a list of another name is not read in place of it."""
    spans = compile_schema(create_model("Spans", span=(tuple[int, int], ...)))
    assert read(spans, {"span": "2, 3", "rooms": [12, 13]}).refused


def test_a_count_beside_rows_that_were_cut_off() -> None:
    """A cut answer may say how many rows there are in all: it has them not all, and that is no contradiction."""
    text = json.dumps({"code": "T-7", "stop_count": 12, "stops": [OSLO, BERGEN]})
    assert [problem.path for problem in read(TRIP, text).invalid] == ["/stops"]
    assert read(TRIP, text[: text.index(', {"city": "Bergen"')]).invalid == ()


def test_an_object_under_another_name() -> None:
    """The one object that is missing is the one that nothing is declared for, where it has all of its members."""
    schema = compile_schema(create_model("Stay", stop=(Stop, ...), nights=(int, ...)))
    assert read(schema, {"place": OSLO, "nights": 3}).value == {"stop": OSLO, "nights": 3}
    assert not is_whole(schema, read(schema, {"place": {"city": "Oslo"}, "nights": 3}))


def test_members_beside_a_value_are_not_dropped() -> None:
    """A member of an object that stands for a value is lost where the record lacks one of that name."""
    beside = {"code": {"value": "T-7", "price": "1,250.50"}, "starts_on": None, "stops": []}
    assert not is_whole(TRIP, read(TRIP, beside))
    assert is_whole(TRIP, read(TRIP, {**WHOLE, "code": {"value": "T-7", "page": 12}}))


def test_a_property_without_a_name() -> None:
    """An empty name is one like any other, and no helper of the wire."""
    schema = compile_schema(dict[str, dict[str, int]])
    assert read(schema, '{"": {"": "1"}, "a": {}}').value == {"": {"": 1}, "a": {}}


@pytest.mark.parametrize("answer", [{}, {"city": None, "nights": None}, {"city": "n/a", "nights": "unknown"}])
def test_an_object_that_says_nothing(answer: dict[str, Any]) -> None:
    """Where there may be no object, one without any of what it must have is none."""
    schema = compile_schema(create_model("Stay", stop=(Stop | None, None), nights=(int, ...)))
    mended = read(schema, {"stop": answer, "nights": 3})
    assert mended.value == {"stop": None, "nights": 3}
    assert is_whole(schema, mended)


def test_words_for_no_number() -> None:
    """Words that begin with a denial stand for no number and no date, unless the document prints them."""
    assert read(TRIP, {**WHOLE, "price": "no price given", "starts_on": "does not apply"}).value == {
        **WHOLE,
        "price": None,
        "starts_on": None,
    }
    assert not is_whole(TRIP, read(TRIP, {**WHOLE, "starts_on": "not before May"}, f"{TEXT} not before May"))


def test_a_map_of_which_members_are_left_out() -> None:
    """A name that says that there are more members is a problem."""
    whole = {"what": {"kind": "van", "seats": 8}, "since": None, "span": None, "number": None, "rates": {"July": 70}}
    assert is_whole(HIRE, read(HIRE, whole))
    assert not is_whole(HIRE, read(HIRE, {**whole, "rates": {"July": 70, "...": 0}}))


def test_a_year_is_no_moment() -> None:
    """A year for a date and time is a problem, though validators take it for seconds since 1970."""
    mended = read(HIRE, {"what": {"kind": "van", "seats": 8}, "since": "2031"})
    assert [str(problem) for problem in mended.invalid] == ["'2031' is a number, and no date and time @ /since"]


def test_digits_of_a_number_for_a_decimal() -> None:
    """A decimal that comes as a JSON number keeps its digits, in valid and in damaged JSON."""
    for text in (json.dumps({**WHOLE, "price": 0}), json.dumps({**WHOLE, "price": 0}).replace("}]", "},]")):
        text = text.replace('"price": 0', '"price": 90071992547409931.10')
        assert read(TRIP, text).value["price"] == "90071992547409931.10"


def test_numbers_that_stay_are_plain_floats() -> None:
    """No carrier of digits is left in a value."""
    mended = mend('{"what": {"kind": "boat", "length": 12.50}, "x": 1.5,}', HIRE)
    assert type(mended.value["what"]["length"]) is float
    assert type(mend("[1.5,]").value[0]) is float


@pytest.mark.parametrize(
    ("answer", "text", "value"),
    [
        ("null", "Guest Nora", None),
        ("N/A", "Guest Nora", None),
        ("", "Guest Nora", None),
        ("None", "Family name: None", "None"),
        ("n/a", "mail: N/A", "n/a"),
        ("none", None, "none"),
        ("", None, ""),
        ("nora@example.org", "Guest Nora", "nora@example.org"),
        ("-", "Guest Nora, 2031-07-09", None),
        ("-", "Guest Nora, mail - ", "-"),
    ],
)
def test_absence_in_words_for_text(answer: str, text: str | None, value: str | None) -> None:
    """For text a word says that there is none only where the document is known, and does not print it."""
    assert read(GUEST, {"name": "Nora", "room": None, "mail": answer}, text).value["mail"] == value


@pytest.mark.parametrize(
    ("answer", "text", "name"),
    [
        ("Zo\\u00eb", "Guest Zoë", "Zoë"),
        ("Nora &amp; Tom", "Guests Nora & Tom", "Nora & Tom"),
        ("Nora\\nHansen", "Guest Nora\nHansen", "Nora\nHansen"),
        ("C:\\new", "Guest of C:\\new", "C:\\new"),
        ("C:\new", "Guest of C:\\new", "C:\\new"),
        ("\frac{1}{2}", "Guest \\frac{1}{2}", "\\frac{1}{2}"),
        ("Nora\nHansen", "Guest Nora Hansen", "Nora\nHansen"),
        (r"Nora \| Tom", r"| Guest | Nora \| Tom |", "Nora | Tom"),
        ("Nora | Tom", r"| Guest | Nora \| Tom |", "Nora | Tom"),
        (r"Nora \| Tom", r"grep Nora \| Tom", r"Nora \| Tom"),
        ("Zo\\u00eb", None, "Zo\\u00eb"),
        ("Zo\\u00eb", "Guest Nora", "Zo\\u00eb"),
    ],
)
def test_text_that_was_escaped_twice_or_too_seldom(answer: str, text: str | None, name: str) -> None:
    """Text stands for what its escapes say where the document prints that, and not the text as it is."""
    assert read(GUEST, {"name": answer, "room": None, "mail": None}, text).value["name"] == name


def test_a_word_for_null_among_the_constants() -> None:
    """A choice that may be null is null by a word that says so."""
    boards = compile_schema(create_model("Board", board=(Literal["half", "full", None], ...)))
    assert read(boards, {"board": "none"}).value == {"board": None}


def test_absence_in_words_is_no_value_where_one_is_required() -> None:
    """A required field is never null by a word."""
    assert read(TRIP, {**WHOLE, "code": "n/a"}).value["code"] == "n/a"


def test_changes_name_their_places() -> None:
    """Every change says what and where, in the declared shape."""
    stops = [OSLO, {"City": "Bergen", "nights": "3"}]
    lines = [str(change) for change in read(TRIP, {"trip": {**WHOLE, "price": "1,250.50", "stops": stops}}).changes]
    assert lines == [
        "the answer stood inside another value: /trip @ /",
        "'1,250.50' was read as 1250.50 @ /price",
        "'City' is the name 'city' in another form @ /stops/1",
        "'3' was read as 3 @ /stops/1/nights",
    ]


NAMES = ["code", "price", "starts_on", "stops", "Code", "city", "nights", "trip", "data", "x"]
LEAVES = st.integers(100, 999).map(lambda number: f"w{number}")
SIMPLE = LEAVES | st.dictionaries(st.sampled_from(NAMES), LEAVES, max_size=3) | st.lists(LEAVES, max_size=3)
VALUES = SIMPLE | st.dictionaries(st.sampled_from(NAMES), SIMPLE, max_size=3) | st.lists(SIMPLE, max_size=3)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5), st.booleans())
def test_everything_is_accounted_for(answer: dict[str, Any], known: bool) -> None:
    """Each leaf of a reply is in the value, in a change, or there is a problem."""
    schema = compile_schema(Guest) if "x" in answer else TRIP
    mended = read(schema, answer, "w100 w200 w300" if known else None)
    if is_whole(schema, mended):
        seen = json.dumps(mended.value) + " ".join(map(str, mended.changes))
        assert all(leaf in seen for leaf in set(json.dumps(answer).split('"')) if leaf.startswith("w"))


FITTING = st.fixed_dictionaries(
    {
        "code": st.sampled_from(["T-7", "null", "...", "… 3 more", ""]),
        "price": st.sampled_from([None, "5.00", "5,00", "n/a", 5, 5.5, True]),
        "starts_on": st.sampled_from([None, "2031-07-09", "2031", 2031, "-"]),
        "stops": st.lists(st.sampled_from([OSLO, {"city": "x"}, {"city": "x", "nights": "3"}, {"town": 1}, "..."])),
    },
    optional={"extra": st.just(1)},
)


@given(FITTING)
def test_the_quick_test_never_says_yes_too_soon(value: dict[str, Any]) -> None:
    """What passes the quick test is left as it is by the closer look, with nothing to tell."""
    if plainly(TRIP.tree)(value):
        fitted = fit(value, TRIP.tree, NONE)
        assert (fitted.value, fitted.changes, fitted.problems, fitted.left) == (value, [], [], [])


class Parcel(BaseModel):
    size: Literal[1, 2, None] = None
    entry: Credit | Debit | None = None
    what: Van | Boat | None = None
    sent: bool
    sizes: list[int | str]
    inner: Parcel | None = None


PARCEL: dict[str, Any] = {
    "size": 1,
    "entry": {"variant": "Credit", "amount": 2},
    "what": {"kind": "van", "seats": 8},
    "sent": True,
    "sizes": [1, "x"],
    "inner": None,
}
SCALARS = st.sampled_from([None, 0, 1, True, 1.0, "1", "van", "n/a", "...", "", "Credit", "x"])
MEMBERS = st.sampled_from([*PARCEL, "variant", "amount", "kind", "seats", "note", "length"])
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(MEMBERS, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(st.sampled_from([*PARCEL]), ANYTHING, max_size=2))
def test_the_quick_test_of_unions_and_constants(answer: dict[str, Any]) -> None:
    """It knows the branches of unions, and tells true from 1."""
    schema = compile_schema(Parcel)
    assert plainly(schema.tree)(PARCEL)
    value = {**PARCEL, **answer}
    if plainly(schema.tree)(value):
        fitted = fit(value, schema.tree, NONE)
        assert (fitted.value, fitted.changes, fitted.problems, fitted.left) == (value, [], [], [])


def test_the_quick_test_knows_what_is_usual() -> None:
    """A record as it was asked for needs no closer look."""
    assert plainly(TRIP.tree)(WHOLE)
    assert plainly(GUEST.tree)(NORA)
    assert plainly(STOPS.tree)({"value": [OSLO]})
    clerk = {"name": "Nora", "room": 1, "since": None, "deputy": None}
    assert plainly(compile_schema(Clerk).tree)({**clerk, "deputy": {**clerk, "deputy": clerk}})


@pytest.mark.parametrize(
    ("value", "stands"),
    [
        ("bergen", True),
        ("Bergen  3", True),
        ("ergen", False),
        ("1250.50", True),
        (1250.5, True),
        ("250.50", False),
        (12, True),
        (1, True),
        (0, False),
        ("Rome", False),
        (None, False),
        (True, False),
    ],
)
def test_standing_in_the_document(value: Any, stands: bool) -> None:
    """A leaf stands in a text as a word or a number of its own, in any notation."""
    assert Evidence(TEXT).stands(value) == stands


def test_figures_stand_in_cells_between_commas() -> None:
    """A comma that parts words parts numbers too: two cells are not one number."""
    assert all(map(Evidence("item,count,price\nrope,2,123.50\n").stands, (2, "123.50")))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_list_of_rows_is_the_list_that_was_asked_for(place: int) -> None:
    """A row that says nothing among others is wrong by itself; none of the others is taken for all that was meant."""
    rows = [OSLO, BERGEN]
    rows.insert(place, {"city": None, "nights": None})
    assert mend(json.dumps(rows), STOPS, source=TEXT).value == {"value": rows}


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ({"a": 1, "b": [1]}, {"a": 1, "b": [2]}, {"a": 1, "b": [1, 2]}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1, "b": None}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"a": {"c": 1}}, {"a": {"c": 1, "d": 2}}, {"a": {"c": 1, "d": 2}}),
        ({"a": 1}, {"a": 2}, None),
        ({"a": 1, "b": [1]}, {"a": 1, "b": [1, 2]}, None),
        ({"b": [1]}, {"b": [2]}, None),
        ({"a": 1, "b": [1]}, {"b": [2]}, {"a": 1, "b": [1, 2]}),
    ],
)
def test_parts_of_one_record(first: dict[str, Any], second: dict[str, Any], whole: dict[str, Any] | None) -> None:
    """Two objects are parts of one where they agree on something, or speak of different things, and share no row;
    rows alone go on with a record that has more than rows."""
    assert joined(first, second) == whole


@pytest.mark.parametrize(
    ("more", "less", "held"),
    [
        ({"a": 1, "b": [1, 2]}, {"b": [2]}, True),
        ({"b": [1, 2]}, {"b": [2, 2]}, False),
        ({"a": 1}, {"a": None}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"c": 1}, False),
        ({"rows": [{"x": 1, "y": 2}]}, {"rows": [{"x": 1}]}, True),
    ],
)
def test_one_value_says_all_that_another_says(more: Any, less: Any, held: bool) -> None:
    """Members by name, rows each with one of its own, in any order."""
    assert contains(more, less) == held


def test_a_member_of_a_union_in_a_union_names_no_branch() -> None:
    """A declared member is a value, although it reads like the name of a branch."""

    def named(kind: str, **members: Any) -> Any:
        known = {"kind": {"const": kind}, **members}
        return {"type": "object", "properties": known, "required": list(known), "additionalProperties": False}

    text, number = {"type": "string"}, {"type": "integer"}
    either = {"description": "either", "anyOf": [named("a", x=text), named("b", x=text, y=number)]}
    union = {"anyOf": [{"$ref": "#/$defs/Either"}, named("c", z=number)]}
    schema = compile_schema({"type": "object", "properties": {"it": union}, "$defs": {"Either": either}})
    assert mend('{"it": {"x": "a", "y": 2}}', schema).value == {"it": {"kind": "b", "x": "a", "y": 2}}
