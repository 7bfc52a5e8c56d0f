"""Merging: keys, policies, defaults, overlaps and cuts, one literal case each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from extractor.errors import Problem
from extractor.merge.merge import Merged, Part, merge
from extractor.schema.annotations import Key, Merge
from extractor.schema.compiler import compile_schema


class Seat(BaseModel):
    committee: Annotated[str, Key()]
    title: str | None = None


class Member(BaseModel):
    id: Annotated[str, Key()]
    name: str | None = None
    born: date | None = None
    seats: list[Seat] = []
    aliases: list[str] = []


class Town(BaseModel):
    name: Annotated[str, Key()]
    state: Annotated[str | None, Key()]
    mayor: str | None = None


class Book(BaseModel):
    members: list[Member] = []
    towns: list[Town] = []


class Line(BaseModel):
    article_number: str | None = None
    text: str | None = None
    amount: Decimal | None = None


class Person(BaseModel):
    person_id: str | None = None
    name: str | None = None
    phone: str | None = None


class Panel(BaseModel):
    name: str
    parent: str | None = None
    chair: str | None = None
    spent: Decimal | None = None
    due: Decimal | None = None
    seats: list[Seat] = []


class Panels(BaseModel):
    panels: list[Panel] = []


class Note(BaseModel):
    remark: str | None = None
    page: int | None = None


class Loose(BaseModel):
    title: str | None = None
    total: Decimal | None = None
    corner: tuple[int, int] | None = None
    lines: list[Line] = []
    people: list[Person] = []
    notes: list[Note] = []
    tags: list[str] = []
    scores: list[int] = []


def merged(model: type[BaseModel], *values: Any, length: int = 100, overlap: int = 0) -> Merged:
    step = length - overlap
    parts = [Part(value, number * step, number * step + length) for number, value in enumerate(values)]
    return merge(compile_schema(model), parts)


def policy_model(policy: Merge, kind: Any) -> type[BaseModel]:
    return type("Model", (BaseModel,), {"__annotations__": {"field": Annotated[kind, policy]}, "field": None})


@pytest.mark.parametrize(
    ("policy", "kind", "said", "expected"),
    [
        (Merge.FIRST, str | None, ["a", "b"], "a"),
        (Merge.FIRST, str | None, [None, "", "b", "c"], "b"),
        (Merge.LAST, str | None, ["a", "b", None], "b"),
        (Merge.VOTE, str | None, ["a", "b", "B "], "b"),
        (Merge.VOTE, str | None, ["a", "b"], "a"),
        (Merge.LONGEST, str | None, ["aa", "aaaa", "aaa"], "aaaa"),
        (Merge.MIN, Decimal | None, ["10", "9.5", "11"], "9.5"),
        (Merge.MAX, Decimal | None, ["10", "9.5", "11"], "11"),
        (Merge.MAX, int | None, [9, 10], 10),
        (Merge.MIN, date | None, ["2025-02-01", "2024-12-31"], "2024-12-31"),
        (Merge.CONCAT, str | None, ["one", "two", "one"], "one\ntwo\none"),
        (Merge.UNION, str | None, ["one", "two", "One"], "one\ntwo"),
        (Merge.UNION, list[str] | None, [["a", "b"], ["B", "c"]], ["a", "b", "c"]),
        (Merge.CONCAT, list[str] | None, [["a", "b"], ["b", "c"]], ["a", "b", "b", "c"]),
        (Merge.FIRST, list[str] | None, [["a"], ["b", "c"]], ["a"]),
        (Merge.LAST, list[str] | None, [["a"], ["b", "c"]], ["b", "c"]),
    ],
)
def test_policy(policy: Merge, kind: Any, said: list[Any], expected: Any) -> None:
    """A declared policy decides, and what it decided is no problem."""
    result = merged(policy_model(policy, kind), *({"field": value} for value in said))
    assert result.value == {"field": expected}
    assert result.problems == ()


def test_nothing_said_is_no_value() -> None:
    """Parts that say nothing neither win nor disagree."""
    result = merged(Loose, {"title": None, "tags": []}, {"title": " ", "tags": ["a"]}, {"title": "T", "tags": []})
    assert result.value == {"title": "T", "tags": ["a"]}
    assert result.regions == {"/title": ((200, 300),), "/tags/0": ((100, 200),)}
    assert result.agreement == {"/title": (1, 1), "/tags/0": (1, 1)}


def test_conflict() -> None:
    """Without a policy the first value is kept, and a problem names every value and where it was read."""
    result = merged(Loose, {"title": "Red"}, {"title": "red "}, {"title": "Blue"})
    assert result.value == {"title": "Red"}
    assert result.agreement == {"/title": (2, 3)}
    assert result.regions == {"/title": ((0, 100), (100, 200))}
    message = 'parts disagree: "Red" (characters 0-100, 100-200); "Blue" (characters 200-300): the first is kept'
    assert result.problems == (Problem("/title", message),)


def test_decimals_agree_by_value() -> None:
    """The same amount written with other zeros is no conflict."""
    assert merged(Loose, {"total": "1.50"}, {"total": "1.5"}).problems == ()


def test_tuples_are_chosen_whole() -> None:
    """A list whose positions mean something is never mixed from two parts."""
    result = merged(Loose, {"corner": [1, 2]}, {"corner": [3, 4]})
    assert result.value == {"corner": [1, 2]}
    assert [problem.path for problem in result.problems] == ["/corner"]


def test_declared_key_joins_distant_parts() -> None:
    """An entity told in pieces becomes one record, nested lists too, in order of appearance."""
    result = merged(
        Book,
        {"members": [{"id": "A1", "name": "Ann"}, {"id": "B2", "seats": [{"committee": "Rules"}]}]},
        {"members": [{"id": "C3"}]},
        {
            "members": [
                {"id": " b2", "born": "1950-01-02", "seats": [{"committee": "rules", "title": "Chair"}]},
                {"id": "a1", "seats": [{"committee": "Ethics"}]},
            ]
        },
    )
    assert result.value == {
        "members": [
            {"id": "A1", "name": "Ann", "seats": [{"committee": "Ethics"}]},
            {"id": "B2", "seats": [{"committee": "Rules", "title": "Chair"}], "born": "1950-01-02"},
            {"id": "C3"},
        ]
    }
    assert result.problems == ()
    assert result.regions["/members/1/id"] == ((0, 100), (200, 300))
    assert result.regions["/members/1/seats/0/title"] == ((200, 300),)


def test_composite_key() -> None:
    """All fields of a key must be there and be the same; null never matches."""
    result = merged(
        Book,
        {"towns": [{"name": "Springfield", "state": "Ohio"}, {"name": "Salem", "state": None}]},
        {
            "towns": [
                {"name": "Springfield", "state": "Texas"},
                {"name": "SPRINGFIELD", "state": "ohio", "mayor": "X"},
                {"name": "Salem", "state": None},
            ]
        },
    )
    assert [(town["name"], town["state"], town.get("mayor")) for town in result.value["towns"]] == [
        ("Springfield", "Ohio", "X"),
        ("Salem", None, None),
        ("Springfield", "Texas", None),
        ("Salem", None, None),
    ]


def test_keys_match_by_meaning() -> None:
    """Full-width letters, odd spaces and decomposed accents are the same key."""
    keys = ["Zoë 1", "Zoe\u0308\u00a01", "ＺＯË  1"]
    result = merged(Book, *({"members": [{"id": key}]} for key in keys))
    assert result.value == {"members": [{"id": "Zoë 1"}]}


def test_siblings_are_never_fused() -> None:
    """Two items of one part stay two, even with the same key; and that is told."""
    same = {"members": [{"id": "A", "name": "x"}, {"id": "A", "name": "x"}]}
    assert merged(Book, same, {"members": [{"id": "B"}]}).value["members"] == [*same["members"], {"id": "B"}]
    result = merged(Book, {"members": [{"id": "A", "name": "y"}]}, same)
    assert [member["name"] for member in result.value["members"]] == ["y", "x", "x"]
    assert result.problems == (Problem("/members", '2 items of one part share the key "a": all are kept'),)


def test_sibling_takes_the_item_that_agrees() -> None:
    """Of several items with one key, a later part's item joins the one it does not contradict."""
    first = {"members": [{"id": "A", "name": "x"}, {"id": "A", "name": "y"}]}
    result = merged(Book, first, {"members": [{"id": "A", "name": "y", "born": "1990-01-01"}]})
    assert result.value["members"] == [{"id": "A", "name": "x"}, {"id": "A", "name": "y", "born": "1990-01-01"}]


def test_guessed_identity() -> None:
    """Without a declared key a field that names things joins the items that contradict each other nowhere."""
    result = merged(
        Loose,
        {"people": [{"name": "Ann", "person_id": "7"}, {"name": "Bob", "person_id": "8"}]},
        {"people": [{"name": "Ann", "person_id": "9"}, {"name": "bob", "phone": "123"}]},
    )
    assert result.value["people"] == [
        {"name": "Ann", "person_id": "7"},
        {"name": "Bob", "person_id": "8", "phone": "123"},
        {"name": "Ann", "person_id": "9"},
    ]
    assert result.problems == ()
    assert [note.path for note in result.notes] == ["/people/2", "/people"]


def test_guess_needs_to_be_unique() -> None:
    """A field that repeats within one part names nothing."""
    people = [{"name": "Ann", "phone": "1"}, {"name": "Ann", "phone": "2"}]
    result = merged(Loose, {"people": people}, {"people": [{"name": "Ann", "phone": None}]})
    assert len(result.value["people"]) == 3


def test_purchases_are_not_entities() -> None:
    """The same article with an amount in two texts is two lines; in overlapping texts it is one."""
    line = {"lines": [{"article_number": "T-1", "text": "Tea", "amount": "5.00"}]}
    assert len(merged(Loose, line, line).value["lines"]) == 2
    assert len(merged(Loose, line, line, overlap=50).value["lines"]) == 1


def test_overlap_duplicates() -> None:
    """Items without a name are one only where the texts overlap, each as often as one part has it."""
    first = {"notes": [{"remark": "a"}, {"remark": "b"}, {"remark": "b"}]}
    second = {"notes": [{"remark": "b"}, {"remark": "b"}, {"remark": "c"}]}
    assert [note["remark"] for note in merged(Loose, first, second, overlap=60).value["notes"]] == ["a", "b", "b", "c"]
    assert len(merged(Loose, first, second).value["notes"]) == 6


def test_overlap_with_several_parts() -> None:
    """What two earlier parts read of one stretch is left out, also of one that ends within the stretch of the last."""
    rows = [{"remark": f"r{number}", "page": number % 2} for number in range(20)]
    stretches = [(0, 10), (10, 11), (5, 20)]
    parts = [Part({"notes": rows[start:end]}, start * 10, end * 10) for start, end in stretches]
    assert merge(compile_schema(Loose), parts).value["notes"] == rows


def test_fragments_in_overlapping_text() -> None:
    """An item that one part read whole and the other only the end or the beginning of is one item."""
    whole = [{"remark": "a", "page": 1}, {"remark": "b", "page": 2}]
    first, second = {"notes": whole}, {"notes": [{"page": 2}, {"remark": "c", "page": 3}]}
    assert merged(Loose, first, second, overlap=60).value["notes"] == [*whole, {"remark": "c", "page": 3}]
    assert len(merged(Loose, first, second).value["notes"]) == 4
    first, second = {"notes": [{"remark": "a"}]}, {"notes": whole}
    assert merged(Loose, first, second, overlap=60).value["notes"] == whole


def test_lists_of_scalars() -> None:
    """Each value once in order of appearance; all of them where one part gives a value twice."""
    result = merged(Loose, {"tags": ["a", "b"], "scores": [1, 2, 2]}, {"tags": ["B", "c"], "scores": [2, 1]})
    assert result.value == {"tags": ["a", "b", "c"], "scores": [1, 2, 2, 2, 1]}
    assert result.agreement["/tags/1"] == (2, 2)


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ({"id": "A", "name": "Ann"}, {"id": None, "name": None, "born": "1950-01-02"}, True),
        ({"id": "", "name": "Ann"}, {"id": "A", "born": "1950-01-02"}, True),
        ({"id": "A", "name": "Ann"}, {"id": None, "name": None, "aliases": ["Annie"]}, True),
        ({"id": "A", "name": "Ann"}, {"id": None, "name": "Bob", "born": "1950-01-02"}, False),
        ({"id": "A", "name": "Ann"}, {"id": None, "name": "Ann", "born": None}, True),
        ({"id": None, "name": "Ann"}, {"id": None, "name": None, "born": "1950-01-02"}, False),
        (1, {"id": "A", "born": "1950-01-02"}, False),
    ],
)
def test_item_cut_by_an_edge(first: dict[str, Any], second: dict[str, Any], *, joined: bool) -> None:
    """Two halves of one item are joined if just one has the key, and none contradicts; it is noted."""
    result = merged(Book, {"members": [{"id": "Z"}, first]}, {"members": [second, {"id": "Y"}]})
    assert len(result.value["members"]) == (3 if joined else 4)
    assert [note.path for note in result.notes] == (["/members/1"] if joined else [])
    assert result.problems == ()


def test_doubts_follow_their_values() -> None:
    """The probability of a value is that of the first part that says it so; one is repaired only if all who say it so
    had it wrong at first. Both go where the value goes, and not to one that another part said otherwise."""
    first = {"members": [{"id": "A", "name": "Ann"}, {"id": "B", "name": "Bob", "born": "1950-01-02"}]}
    second = {"members": [{"id": "C"}, {"id": "B", "name": "Bob", "born": "1951-01-02", "aliases": ["Bo", "Rob"]}]}
    third = {"members": [{"id": "B", "seats": [{"committee": "X", "title": "Chair"}]}]}
    likely = [
        {"/members/0/name": -0.1, "/members/1/name": -0.2, "/members/9/name": -9.0},
        {"/members/1/name": -0.3, "/members/1/born": -0.4, "/members/1/aliases/1": -0.5, "": -0.6},
        {"/members/0/seats/0/title": -0.7, "/members/0/id": -0.8},
    ]
    repaired: list[list[str]] = [["/members/1/name", "/members/7"], ["/members/1"], ["/members/0/seats"]]
    values = enumerate(zip((first, second, third), likely, repaired, strict=True))
    parts = [Part(value, n * 9, n * 9 + 9, {}, *told) for n, (value, *told) in values]
    result = merge(compile_schema(Book), parts)
    assert [member["id"] for member in result.value["members"]] == ["A", "B", "C"]
    assert result.logprobs == {
        "/members/0/name": -0.1,
        "/members/1/name": -0.2,
        "/members/1/aliases/1": -0.5,
        "/members/1/id": -0.8,
        "/members/1/seats/0/title": -0.7,
    }
    assert set(result.repaired) == {
        "/members/1/name",
        "/members/1/aliases/0",
        "/members/1/aliases/1",
        "/members/1/seats/0/committee",
        "/members/1/seats/0/title",
    }


HEALTH = [{"name": "Health", "parent": parent} for parent in ("House", "Senate")]


@pytest.mark.parametrize(
    ("before", "first", "second", "joined"),
    [
        (HEALTH, {"name": "Budget"}, {"name": "budget", "chair": "Ann"}, True),
        (HEALTH, {"name": "Budget", "chair": "Ann"}, {"name": "Budget", "seats": [{"committee": "A"}]}, True),
        (HEALTH, {"name": "Budget", "chair": "Ann"}, {"name": "Budget", "chair": "Bob"}, False),
        (HEALTH, {"name": "Budget", "chair": "Ann"}, {"name": "Budget"}, False),
        (HEALTH, {"name": "Budget", "chair": "Ann"}, {"name": "Trade", "parent": "House"}, False),
        (HEALTH, {"name": "Budget", "spent": "5"}, {"name": "Budget", "due": "7"}, False),
        ([HEALTH[0], {"name": "Health", "chair": "Bob"}], {"name": "Budget"}, {"name": "Budget", "chair": "A"}, False),
    ],
)
def test_name_of_several_at_a_cut(before: list[Any], first: Any, second: Any, *, joined: bool) -> None:
    """What a cut has parted is joined by a name that others have too, unless neighbours are as much alike elsewhere."""
    result = merged(Panels, {"panels": [*before, first]}, {"panels": [second, {"name": "Ethics"}]})
    assert len(result.value["panels"]) == (4 if joined else 5)
    assert [note.path for note in result.notes] == (["/panels/2"] if joined else [])


def test_halves_apart_stay_apart() -> None:
    """Nothing is joined over a cut where text lies between the two parts."""
    parts = [Part({"members": [{"id": "A"}]}, 0, 100), Part({"members": [{"id": None, "name": "Ann"}]}, 101, 200)]
    assert len(merge(compile_schema(Book), parts).value["members"]) == 2


def test_samples_of_one_text() -> None:
    """Several answers about the same text agree or not, and are not added up."""
    value = {"title": "T", "notes": [{"remark": "a"}, {"remark": "a"}], "tags": ["x", "x"]}
    result = merge(compile_schema(Loose), [Part(value, 0, 100)] * 3)
    assert result.value == value
    assert set(result.agreement.values()) == {(3, 3)}


@pytest.mark.parametrize("parts", [[], [Part(None, 0, 10)], [Part({"title": None}, 0, 10), Part(None, 10, 20)]])
def test_empty(parts: list[Part]) -> None:
    """No answer is no value, and nothing is made up."""
    result = merge(compile_schema(Loose), parts)
    assert result.value in (None, {"title": None})
    assert result.regions == {}


def test_wrong_shapes_pass_through() -> None:
    """An answer that is not of the declared shape is kept for validation to refuse, with the conflict told."""
    result = merged(Loose, {"tags": "not a list", "people": [1]}, {"tags": ["a"], "people": [{"name": "Ann"}]})
    assert result.value == {"tags": "not a list", "people": [1, {"name": "Ann"}]}
    assert [problem.path for problem in result.problems] == ["/tags"]
