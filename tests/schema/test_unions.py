"""Unions keep their branch: what was encoded as one class comes back as that class."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    RootModel,
    Tag,
    TypeAdapter,
    create_model,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypeAliasType, TypedDict

from extractor.errors import InvalidValue
from extractor.schema.compiler import compile_schema
from extractor.schema.text import exact_from_text
from extractor.schema.validator import Validator
from tests.schema.taken import check_wire

T = TypeVar("T")
FIVE = Decimal("5")
DAY = dt.date(2024, 1, 31)


class Metal(enum.Enum):
    IRON = "iron"
    TIN = "tin"


class Tin(enum.Enum):
    """Shares a value with Metal."""

    TIN = "tin"
    CAN = "can"


class Level(enum.IntEnum):
    LOW = 1


class Mark(enum.Flag):
    BOLD = 1
    WIDE = 2


class Point(NamedTuple):
    x: int
    y: int = 0


class Ints(RootModel[list[int]]):
    pass


class Words(RootModel[str]):
    pass


class Deposit(BaseModel):
    amount: Decimal


class Withdrawal(BaseModel):
    amount: Decimal


class Card(BaseModel):
    number: str


class Fee(BaseModel):
    """A fee."""

    amount: Decimal
    reason: str | None = None


class Sealed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount: Decimal


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    amount: Decimal


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    amount: Decimal
    day: dt.date = dt.date(2024, 1, 31)


class Hidden(BaseModel):
    model_config = ConfigDict(frozen=True)
    amount: Decimal
    _seen: int = PrivateAttr(default=7)


class Late(Deposit):
    day: dt.date


class Watchful(BaseModel):
    amount: Decimal

    @model_validator(mode="before")
    @classmethod
    def look(cls, value: Any) -> Any:
        return value

    @model_validator(mode="after")
    def look_twice(self) -> Watchful:
        return self


@dataclass
class Note:
    amount: Decimal


@pydantic_dataclass(frozen=True)
class Slip:
    amount: Decimal
    day: dt.date


class Renamed(BaseModel):
    amount: Decimal = Field(validation_alias="sum", serialization_alias="Sum")


class RenamedToo(BaseModel):
    amount: Decimal = Field(validation_alias="sum", serialization_alias="Sum")


class Loose(TypedDict):
    amount: int


class Looser(TypedDict):
    amount: int
    more: NotRequired[int]


class Batch(BaseModel, Generic[T]):
    items: list[T]


Day = TypeAliasType("Day", dt.date)
Raw = TypeAliasType("Raw", bytes)


class Shared(BaseModel):
    """Scalars that pydantic defines once, because they are used twice."""

    first: Day
    second: Day
    one: Raw = b"\xff"
    two: Raw = b"base64:"


class Counted(BaseModel):
    hidden: Annotated[Hidden, BeforeValidator(lambda value: Hidden(amount=value) if isinstance(value, int) else value)]
    day: dt.date = DAY


class Folder(BaseModel):
    inside: list[Folder | Link] = []
    name: str = ""


class Link(BaseModel):
    name: str = ""


class Grove(BaseModel):
    trees: list[Grove] | list[Copse] = []


class Copse(BaseModel):
    trees: list[Grove] | list[Copse] = []


def item(annotation: Any) -> Any:
    """A class named Item, as any module may have one."""

    class Item(BaseModel):
        value: annotation

    return Item


First, Second = item(int), item(int)


def kind_of(value: Any) -> str:
    return "fee" if isinstance(value, Fee) or (isinstance(value, dict) and "reason" in value) else "deposit"


VALUES: list[tuple[Any, list[Any]]] = [
    (Deposit | Withdrawal, [Deposit(amount=FIVE), Withdrawal(amount=FIVE)]),
    (Deposit | Fee, [Deposit(amount=FIVE), Fee(amount=FIVE), Fee(amount=FIVE, reason="x")]),
    (Fee | Deposit, [Deposit(amount=FIVE), Fee(amount=FIVE)]),
    (Deposit | Withdrawal | None, [None, Withdrawal(amount=FIVE)]),
    (Deposit | (Withdrawal | Fee), [Deposit(amount=FIVE), Withdrawal(amount=FIVE), Fee(amount=FIVE)]),
    (list[Deposit | Withdrawal], [[Withdrawal(amount=FIVE), Deposit(amount=FIVE)], []]),
    (dict[str, Deposit | Withdrawal], [{"a": Withdrawal(amount=FIVE), "b": Deposit(amount=FIVE)}]),
    (tuple[Deposit | Withdrawal, int], [(Withdrawal(amount=FIVE), 1)]),
    (Deposit | Sealed | Open, [Sealed(amount=FIVE), Deposit(amount=FIVE), Open(amount=FIVE, more=1)]),
    (Deposit | Strict, [Strict(amount=FIVE), Deposit(amount=FIVE)]),
    (Deposit | Watchful, [Watchful(amount=FIVE), Deposit(amount=FIVE)]),
    (Deposit | Hidden, [Hidden(amount=FIVE), Deposit(amount=FIVE)]),
    (Deposit | Late, [Late(amount=FIVE, day=DAY), Deposit(amount=FIVE)]),
    (Slip | Late, [Late(amount=FIVE, day=DAY), Slip(FIVE, DAY)]),
    (Shared, [Shared(first=DAY, second=DAY)]),
    (Deposit | Note, [Note(amount=FIVE), Deposit(amount=FIVE)]),
    (Renamed | RenamedToo, [Renamed(sum=FIVE), RenamedToo(sum=FIVE)]),  # type: ignore[call-arg]
    (Loose | Looser, [{"amount": 1}, {"amount": 1, "more": 2}]),
    (
        Batch[Deposit] | Batch[Withdrawal],
        [Batch[Withdrawal](items=[Withdrawal(amount=FIVE)]), Batch[Deposit](items=[])],
    ),
    (Folder, [Folder(inside=[Link(name="a"), Folder(name="b", inside=[Folder(), Link()])])]),
    (First | Second, [First(value=1), Second(value=1)]),
    (Deposit | dt.date | str, [Deposit(amount=FIVE), "five", DAY]),
    (Deposit | dict[str, int], [Deposit(amount=FIVE), {"z": 3}, {"amount": 5}, {"amount": 5, "more": 1}, {}]),
    (dict[str, Decimal] | dict[str, str] | Deposit, [Deposit(amount=FIVE), {"amount": FIVE}, {"amount": "x"}]),
    (Deposit | dict[str, Deposit] | Folder | None, [{"a": Deposit(amount=FIVE)}, Folder(inside=[Link()]), None]),
    (list[dict[str, dt.date | str] | Loose], [[{"day": DAY, "text": "x"}, {"amount": 1}]]),
    (
        Annotated[Annotated[Deposit, Tag("deposit")] | Annotated[Fee, Tag("fee")], Discriminator(kind_of)],
        [Deposit(amount=FIVE), Fee(amount=FIVE)],
    ),
    (dt.date | str, ["hello", "2024", "", DAY]),
    (dt.datetime | dt.date | str, [dt.datetime(2024, 1, 31, 9), "2024"]),
    (Decimal | str, [Decimal("1.50"), "1,50"]),
    (UUID | str, [UUID(int=7), "7"]),
    (dt.time | dt.timedelta, [dt.time(1, 2), dt.timedelta(days=1)]),
    (int | str | float | bool | None, [1, "1", 1.5, True, None]),
    (Metal | Tin, [*Metal, Tin.CAN]),
    (list[Deposit] | list[Card], [[Card(number="1")], [Deposit(amount=FIVE)]]),
    (
        list[Deposit] | list[Withdrawal] | Deposit,
        [[Withdrawal(amount=FIVE)], [Deposit(amount=FIVE)], Deposit(amount=1), []],
    ),
    (
        dict[str, Deposit] | dict[str, Withdrawal],
        [{"variant": Withdrawal(amount=FIVE)}, {"a": Deposit(amount=FIVE)}, {}],
    ),
    (list[Deposit | Card | None] | list[Withdrawal], [[Withdrawal(amount=FIVE)], [Card(number="1"), None], [None]]),
    (list[dict[str, Deposit]] | list[dict[str, Withdrawal]], [[{}, {"a": Withdrawal(amount=FIVE)}]]),
    (list[Loose] | list[Looser], [[{"amount": 1}, {"amount": 1, "more": 2}]]),
    (Grove, [Grove(trees=[Copse(trees=[Grove()])])]),
]


@pytest.mark.parametrize(("declared", "values"), VALUES, ids=map(str, range(len(VALUES))))
def test_there_and_back(declared: Any, values: list[Any]) -> None:
    """Every value comes back with its classes, from the wire and from its declared JSON."""
    schema = compile_schema(declared, counts=True)
    assert check_wire(schema.wire) == ()
    for value in values:
        wire = schema.encode(value)
        assert not list(Validator(schema.wire).problems(wire, schema.wire))
        assert classed(schema.decode(json.dumps(wire))) == classed(value)
        assert classed(schema.validate(schema.dump(value))) == classed(value)


def classed(value: Any) -> Any:
    """A value with the class of each of its parts."""
    if isinstance(value, list | tuple | deque):
        return type(value), [classed(each) for each in value]
    if isinstance(value, dict):
        return type(value), {name: classed(each) for name, each in value.items()}
    fields = vars(value) if isinstance(value, BaseModel) or hasattr(value, "__dataclass_fields__") else {}
    return type(value), value, {name: classed(each) for name, each in fields.items()}


NAMES = ["a", "b", "c"]
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(),
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=2),
    dt.date: st.dates(),
}


@st.composite
def records(draw: st.DrawFn) -> tuple[Any, st.SearchStrategy[Any]]:
    """A model of a few fields out of three names, often the same as another's, and values of it."""
    fields: dict[str, Any] = {}
    values: dict[str, st.SearchStrategy[Any]] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True)):
        scalar = draw(st.sampled_from(list(SCALARS)))
        optional = draw(st.booleans())
        fields[name] = (scalar | None, None) if optional else (scalar, ...)
        values[name] = st.none() | SCALARS[scalar] if optional else SCALARS[scalar]
    extra = draw(st.sampled_from(["ignore", "forbid", "allow"]))
    model: Any = create_model("Record", __config__=ConfigDict(extra=extra), **fields)
    return model, st.fixed_dictionaries(values).map(lambda known: model(**known))


@st.composite
def unions(draw: st.DrawFn) -> tuple[Any, Any]:
    """A union of records, or of lists of them, and null, in a list or alone, and a value of it."""
    branches = draw(st.lists(records(), min_size=2, max_size=4))
    branches = (
        [(list[model], st.lists(values, max_size=2)) for model, values in branches] if draw(st.booleans()) else branches
    )
    declared = branches[0][0]
    for model, _ in branches[1:]:
        declared |= model
    declared |= draw(st.sampled_from([None, bool]))
    one = st.one_of(*(values for _, values in branches))
    if draw(st.booleans()):
        return list[declared], draw(st.lists(one, max_size=4))
    return declared, draw(one)


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(unions())
def test_the_class_comes_back_however_the_branches_overlap(case: tuple[Any, Any]) -> None:
    """Encode and decode are inverse over any union of records, and so are dump and validate."""
    declared, value = case
    schema = compile_schema(declared)
    wire = schema.encode(value)
    assert not list(Validator(schema.wire).problems(wire, schema.wire))
    assert classed(schema.decode(json.dumps(wire))) == classed(value)
    assert classed(schema.validate(schema.dump(value))) == classed(value)


class Entry(BaseModel):
    move: Deposit | Withdrawal


def test_the_branch_that_an_answer_names_is_read() -> None:
    """The tag is required on the wire, stands in the declared JSON, and decides the class."""
    schema = compile_schema(Entry)
    for branch in schema.wire["properties"]["move"]["anyOf"]:
        assert branch["required"] == ["variant", "amount"]
    answer = {"move": {"variant": "Withdrawal", "amount": "5"}}
    assert schema.unwrap(answer).value == answer
    assert type(schema.decode(answer).move) is Withdrawal
    place = schema.field("/move/variant")
    assert place is not None
    assert (place.kind, place.required) == ("enum", True)


def test_a_map_has_no_property_of_the_name_of_the_tag() -> None:
    """JSON would not say whether it names the branch."""
    schema = compile_schema(dict[str, str] | Deposit)
    with pytest.raises(InvalidValue, match="a further property 'variant'"):
        schema.encode({"variant": "x"})
    assert schema.problems({"variant": "x"})


def test_json_without_the_tag_is_read_as_pydantic_reads_it() -> None:
    """The tag is required of the model alone: JSON of the user's own need not have it."""
    assert type(compile_schema(Entry).validate({"move": {"amount": "5"}}).move) is Deposit


def test_a_class_keeps_what_its_own_validators_give_it() -> None:
    """Private attributes are there, and a function of the user's own may make the value before its fields are read."""
    read = compile_schema(Counted).validate({"hidden": 5})
    assert (read.hidden, read.hidden._seen, read.model_fields_set) == (Hidden(amount=FIVE), 7, {"hidden"})
    made = create_model("M", day=(Annotated[dt.date, BeforeValidator(lambda _: DAY)], ...))
    assert compile_schema(made).validate({"day": "tomorrow"}).day == DAY


OTHERS: list[Any] = [(Deposit | Withdrawal, {"amount": "5"}), (Deposit | Card, {"number": "1"})]


@pytest.mark.parametrize(("declared", "answer"), OTHERS, ids=map(str, range(len(OTHERS))))
def test_a_branch_that_nobody_declared_is_a_problem(declared: Any, answer: Any) -> None:
    """A tag that names none of the branches is never read as one of them."""
    schema = compile_schema(create_model("M", it=(declared, ...)))
    found = schema.unwrap({"it": {"variant": "Other", **answer}})
    problems = [*found.problems, *schema.problems(found.value)]
    assert [problem.path for problem in problems][:1] == ["/it"]
    assert "variant" in problems[0].message


def test_the_branch_that_is_named_is_not_exchanged_for_one_that_fits() -> None:
    """An answer that names one branch and holds the fields of another is a problem, whatever pydantic makes of it."""
    schema, answer = compile_schema(Deposit | Card), {"value": {"variant": "Card", "amount": "5"}}
    assert [str(problem) for problem in schema.unwrap(answer).problems] == ["expected Card to have number @ /"]
    with pytest.raises(InvalidValue, match="expected Card"):
        schema.decode(answer)


def test_items_are_of_the_class_that_they_name() -> None:
    """All items of a list are of one of its classes; one that names another class is a problem."""
    schema = compile_schema(list[Deposit] | list[Withdrawal])
    answer = [{"variant": "Withdrawal", "amount": "5"}]
    assert schema.dump([Withdrawal(amount=FIVE)]) == answer
    for name in ("Deposit", "Other"):
        assert schema.problems([*answer, {"variant": name, "amount": "5"}])


def test_a_value_with_no_form_is_an_invalid_value() -> None:
    """A further property under the name of the tag cannot be written, and nothing else is raised."""
    with pytest.raises(InvalidValue, match="variant"):
        compile_schema(Deposit | Open).encode(Open.model_validate({"amount": 5, "variant": "mine"}))


def test_branches_that_differ_by_their_fields_have_no_tag_in_the_declared_json() -> None:
    """The wire asks for the branch, and the declared JSON stays as the user's own models write it."""
    schema = compile_schema(Deposit | Card)
    wire = schema.encode(Card(number="1"))
    assert wire == {"value": {"variant": "Card", "number": "1"}}
    assert schema.unwrap(wire).value == {"number": "1"}


def test_like_named_classes_are_numbered() -> None:
    """No name that the model sees says in which module a class stands."""
    text = compile_schema(create_model("Both", one=(First, ...), two=(Second, ...), either=(First | Second, ...))).wire
    assert "locals" not in json.dumps(text)
    tags = [branch["properties"]["variant"]["enum"][0] for branch in text["properties"]["either"]["anyOf"]]
    assert tags == ["Item", "Item_2"]


class Cat(BaseModel):
    kind: Literal["cat", "kitten"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal[Metal.IRON] = Metal.IRON
    name: str


class Cow(BaseModel):
    kind: Literal["cow"] = "cow"


class Home(BaseModel):
    pet: Annotated[Cat | Dog | Cow, Field(discriminator="kind")] | None = None


def test_a_discriminator_is_never_null() -> None:
    """A discriminator with a default is required on the wire, and each constant leads to its class."""
    schema = compile_schema(Home)
    for branch in schema.wire["properties"]["pet"]["anyOf"][:3]:
        assert branch["properties"]["kind"]["enum"]
        assert "kind" in branch["required"]
    assert type(schema.decode({"pet": {"kind": "kitten", "lives": 9}}).pet) is Cat
    for pet in (Cat(lives=9), Cat(kind="kitten", lives=9), Dog(name="Rex"), Cow(), None):
        assert schema.decode(json.dumps(schema.encode(Home(pet=pet)))) == Home(pet=pet)


TIMES = [dt.datetime, dt.date, dt.time, dt.timedelta, dt.datetime | None]


@pytest.mark.parametrize("declared", TIMES, ids=str)
@pytest.mark.parametrize("answer", [2024, "2024", "20240131", 14, -5, 3.5, "3.5", 86400, "1704067200"])
def test_a_number_is_no_time(declared: Any, answer: Any) -> None:
    """A year, an hour or a timestamp is refused, in place of a moment near 1970."""
    with pytest.raises(InvalidValue):
        compile_schema(declared).decode({"value": answer})


DIGITS: list[tuple[Any, str, Any]] = [
    (Decimal, "12345678901234567.89", Decimal("12345678901234567.89")),
    (Decimal, "0.123456789012345678", Decimal("0.123456789012345678")),
    (Decimal, "1.10", Decimal("1.10")),
    (Decimal | None, "1.10", Decimal("1.10")),
    (list[Decimal], "[1.10, 2]", [Decimal("1.10"), Decimal(2)]),
    (dict[str, Decimal], '{"a": 0.10}', {"a": Decimal("0.10")}),
    (Decimal, '"1.10"', Decimal("1.10")),
    (Decimal, "1e2", Decimal("1e2")),
    (float, "1.10", 1.1),
]


@pytest.mark.parametrize(("declared", "text", "value"), DIGITS, ids=str)
def test_decimals_keep_the_digits_of_the_text(declared: Any, text: str, value: Any) -> None:
    """A number in an answer becomes a Decimal digit by digit, never by way of a float."""
    model = create_model("M", it=(declared, ...))
    schema = compile_schema(model)
    assert repr(schema.decode(f'{{"it": {text}}}').it) == repr(value)
    assert repr(schema.decode(exact_from_text(f'{{"it": {text}}}')).it) == repr(value)


def test_a_number_alone_keeps_its_digits() -> None:
    """So does the whole answer, when it is one number."""
    assert repr(compile_schema(Decimal).decode("-12345678901234567.890")) == "Decimal('-12345678901234567.890')"


PLAIN: list[tuple[Any, Any]] = [
    (dt.date | str, str(DAY)),
    (IPv4Address | str, "192.0.2.1"),
    (PurePosixPath | str, "a/b"),
    (bytes | str, "ab"),
    (int | list[int] | dict[str, int], [1]),
    (list[int] | list[str], ["a"]),
    (dict[str, int] | dict[str, str], {"a": "x"}),
    (list[int] | set[int], [1]),
    (tuple[int, str] | list[int], [1, 2]),
    (tuple[int, int] | tuple[int, int, int], [1, 2]),
    (Literal["a"] | str, "a"),
]


@pytest.mark.parametrize(("declared", "answer"), PLAIN, ids=str)
def test_scalars_and_lists_are_read_as_pydantic_reads_them(declared: Any, answer: Any) -> None:
    """Scalars, and lists and maps of them, have no name: the branch that pydantic finds to fit best is taken."""
    schema = compile_schema(declared)
    assert "variant" not in json.dumps(schema.wire)
    value = TypeAdapter(declared).validate_json(json.dumps(answer))
    assert classed(schema.validate(answer)) == classed(value)
    assert schema.dump(value) == answer


def test_a_list_of_a_union_of_objects_is_counted() -> None:
    """Its length is asked for, as that of any other list of objects."""
    schema = compile_schema(create_model("M", moves=(list[Deposit | Card], ...)), counts=True)
    assert list(schema.wire["properties"]) == ["moves_count", "moves"]
    assert schema.unwrap({"moves_count": 2, "moves": []}).counts == {"/moves": 2}
