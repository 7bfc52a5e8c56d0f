"""Which items are one: codes in several spellings, codes that nobody called a key, halves that need each other."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from extractor.merge.merge import Merged, Part, merge
from extractor.schema.annotations import Key, Quote
from extractor.schema.compiler import compile_schema


class Permit(BaseModel):
    permit: Annotated[str, Key()]
    holder: str | None = None
    result: str | None = None


class Permits(BaseModel):
    permits: list[Permit] = []


class Visit(BaseModel):
    docket: str
    holder: str | None = None
    result: str | None = None


class Chapter(BaseModel):
    chapter: str
    heading: str
    people: list[str] = []


class Sight(BaseModel):
    bird: str
    place: str
    count: int
    remark: str | None = None


class Stall(BaseModel):
    street: str | None = None
    hours: str | None = None
    rent: str | None = None
    sign: str | None = None


class Trader(BaseModel):
    licence: Annotated[str, Key()]
    stalls: list[Stall] = []


class Market(BaseModel):
    traders: list[Trader] = []


class Book(BaseModel):
    visits: list[Visit] = []
    chapters: list[Chapter] = []
    sights: list[Sight] = []


def merged(model: type[BaseModel], *values: Any) -> Merged:
    parts = [Part(value, number * 100, number * 100 + 100) for number, value in enumerate(values)]
    return merge(compile_schema(model), parts)


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("QK-40012", "QK 40012", True),
        ("QK-40012", "qk40012", True),
        ("QK\u201140012", "QK_40012", False),
        ("DE 123 456 789", "DE123456789", True),
        ("QK-40012", "QK-40013", False),
        ("12-3", "1-23", False),
        ("1.2", "12", False),
        ("12 3", "1 23", False),
        ("+5", "-5", False),
        ("B1", "B1+", False),
        ("Anna Maria", "Annamaria", False),
    ],
)
def test_spellings_of_a_code(first: str, second: str, *, one: bool) -> None:
    """Spaces, hyphens and case tell no two codes apart; other signs, and other groups of digits, do."""
    result = merged(
        Permits, {"permits": [{"permit": first, "holder": "Ann"}]}, {"permits": [{"permit": second, "result": "sound"}]}
    )
    assert len(result.value["permits"]) == (1 if one else 2)
    assert result.problems == ()
    if one:
        assert result.value["permits"] == [{"permit": first, "holder": "Ann", "result": "sound"}]


def test_a_part_that_tells_spellings_apart() -> None:
    """Where one part has two items whose codes differ by a hyphen alone, hyphens count in all of the list."""
    result = merged(
        Permits,
        {"permits": [{"permit": "A-1", "holder": "Ann"}, {"permit": "A1", "holder": "Bob"}]},
        {"permits": [{"permit": "A1", "result": "sound"}, {"permit": "A-2"}]},
        {"permits": [{"permit": "A2", "result": "not seen"}]},
    )
    assert [(one["permit"], one.get("holder"), one.get("result")) for one in result.value["permits"]] == [
        ("A-1", "Ann", None),
        ("A1", "Bob", "sound"),
        ("A-2", None, None),
        ("A2", None, "not seen"),
    ]


def test_a_code_that_nobody_called_a_key() -> None:
    """A required field of codes, each once in every part, joins what parts say of one code; a note tells it."""
    result = merged(
        Book,
        {"visits": [{"docket": f"K{n}", "holder": f"Holder {n}"} for n in range(4)]},
        {"visits": [{"docket": f"K{n}", "result": "sound"} for n in (2, 0)]},
    )
    assert [(one["docket"], one.get("result")) for one in result.value["visits"]] == [
        ("K0", "sound"),
        ("K1", None),
        ("K2", "sound"),
        ("K3", None),
    ]
    assert [str(note) for note in result.notes] == ["no key is declared: items were joined by docket @ /visits"]


def test_a_code_that_joins_what_does_not_fit() -> None:
    """Where parts say different things of one code it names nothing, and all items are kept apart."""
    first = [{"docket": f"bay {n}", "holder": f"Holder {n}"} for n in range(3)]
    second = [{"docket": f"bay {n}", "holder": f"Tenant {n}"} for n in range(3)]
    assert merged(Book, {"visits": first}, {"visits": second}).value["visits"] == first + second


def test_a_section_that_goes_on_in_the_next_part() -> None:
    """A chapter that several parts speak of is one, with the people of all of them."""
    one, two = {"chapter": "1", "heading": "I set out"}, {"chapter": "2", "heading": "I arrive"}
    result = merged(
        Book,
        {"chapters": [{**one, "people": ["Ann"]}, {**two, "people": ["Bob"]}]},
        {"chapters": [{**two, "people": ["Bob", "Cid"]}]},
    )
    assert result.value["chapters"] == [{**one, "people": ["Ann"]}, {**two, "people": ["Bob", "Cid"]}]


WREN = {"bird": "wren", "place": "Oakham", "count": 1}


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ({"bird": "wren"}, {"place": "Oakham", "count": 1, "remark": "at dusk"}, True),
        ({"bird": "wren", "place": "Oakham"}, {"place": "Oakham", "count": 1}, True),
        ({"bird": "wren", "place": "Oakham"}, {"place": "Lindau", "count": 1}, False),
        ({"bird": "wren"}, {"count": 1}, False),
        (WREN, {"remark": "at dusk"}, True),
        ({"remark": "at dusk"}, WREN, True),
        ({**WREN, "remark": "at dusk"}, {"remark": "at dusk"}, True),
        ({**WREN, "remark": "at dusk"}, {"remark": "at dawn"}, False),
        (WREN, {"place": "Oakham", "count": 1}, False),
        (WREN, WREN, False),
        (WREN, {**WREN, "remark": "at dusk"}, False),
    ],
)
def test_halves_that_need_each_other(first: dict[str, Any], second: dict[str, Any], *, joined: bool) -> None:
    """Two halves at a cut are one where nothing required is lacking in both, and one lacks all or each some of it."""
    before, after = {"bird": "kite", "place": "Marlow", "count": 2}, {"bird": "tern", "place": "Marlow", "count": 3}
    result = merged(Book, {"sights": [before, first]}, {"sights": [second, after]})
    assert result.value["sights"] == [before, *([first | second] if joined else [first, second]), after]
    assert len(result.notes) == joined


STALL = {"street": "1 Dock Rd", "hours": "9 to 5", "rent": "12"}


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ({"street": "2 Dock Rd"}, {"hours": "8 to 4", "rent": "9"}, True),
        ({"street": "2 Dock Rd", "hours": "8 to 4", "sign": "an eel"}, {"rent": "9"}, True),
        ({"street": "2 Dock Rd"}, {"hours": "8 to 4"}, True),
        ({"street": "2 Dock Rd", "hours": "8 to 4"}, {"hours": "8 to 4", "rent": "9"}, True),
        ({"street": "2 Dock Rd", "hours": "8 to 4"}, {"hours": "9 to 5", "rent": "9"}, False),
        ({**STALL, "street": "2 Dock Rd"}, {"rent": "9"}, False),
        ({**STALL, "street": "2 Dock Rd"}, {"sign": "an eel"}, False),
        ({"street": "2 Dock Rd", "hours": "8 to 4"}, {"sign": "an eel"}, False),
    ],
)
@pytest.mark.parametrize("others", [20, 6])
def test_halves_that_lack_what_is_usual(
    others: int, first: dict[str, Any], second: dict[str, Any], *, joined: bool
) -> None:
    """Two halves at a cut are one where each says what nearly all items of such lists say and the other lacks."""
    many = [{"licence": str(number), "stalls": [STALL]} for number in range(others)]
    result = merged(
        Market,
        {"traders": [*many, {"licence": "Z", "stalls": [first]}]},
        {"traders": [{"licence": "Z", "stalls": [second]}]},
    )
    joined = joined and others == 20
    assert result.value["traders"][-1]["stalls"] == ([first | second] if joined else [first, second])


def test_items_that_say_nothing() -> None:
    """An empty item is none."""
    assert merged(Book, {"sights": [WREN, {}]}, {"sights": [{}]}, {"sights": [{}, WREN]}).value["sights"] == [
        WREN,
        WREN,
    ]


class Finding(BaseModel):
    number: Annotated[str, Key()]
    closed: Annotated[bool, Quote()]
    worst: Annotated[str | None, Quote()] = None


class Audit(BaseModel):
    findings: list[Finding] = []


def test_quotes_follow_their_values() -> None:
    """The words that a value was read from stay with it, wherever it stands once parts are merged."""
    parts = [
        Part(
            {"findings": [{"number": "F1", "closed": True}, {"number": "F2"}]}, 0, 90, {"/findings/0/closed": "is done"}
        ),
        Part(
            {"findings": [{"number": "F3", "closed": False}, {"number": "F2", "closed": True, "worst": "x"}]},
            *(90, 200),
            {"/findings/0/closed": "still open", "/findings/1/closed": "settled", "/findings/7/closed": "cut off"},
        ),
        Part({"findings": [{"number": "F1", "closed": True, "worst": "y"}]}, 200, 300, {"/findings/0/worst": "bad"}),
    ]
    assert merge(compile_schema(Audit), parts).quotes == {
        "/findings/0/closed": "is done",
        "/findings/0/worst": "bad",
        "/findings/1/closed": "settled",
        "/findings/2/closed": "still open",
    }
