"""What whole declarations compile to: models of every make, and what their parts are called and mean."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, NamedTuple, Required, TypeVar

import pytest
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    SecretStr,
    computed_field,
    create_model,
    field_serializer,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from extractor.errors import InvalidValue, Problem
from extractor.schema.annotations import Key, Merge, Quote
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.validator import Validator
from tests.schema.taken import check_wire

T = TypeVar("T")
INTEGER = {"type": "integer"}
TEXT = {"type": "string"}


def nullable(wire: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [wire, {"type": "null"}]}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


class Line(BaseModel):
    sku: Annotated[str, Key()]
    amount: int = 1


class Invoice(BaseModel):
    """An invoice."""

    number: Annotated[str, Quote()] = Field(description="as printed")
    lines: Annotated[list[Line], Merge.UNION]


class Proforma(Invoice):
    valid: int


class Node(BaseModel):
    name: str
    children: list[Node] = []


class Box(BaseModel, Generic[T]):
    item: T


class Left(BaseModel):
    right: Right | None = None


class Right(BaseModel):
    lefts: dict[str, Left] = {}


class Point(NamedTuple):
    x: int
    y: str


class Partial(TypedDict, total=False):
    a: Required[int]
    b: str


@dataclass
class Plain:
    a: int
    b: list[int] = field(default_factory=list)


@pydantic_dataclass
class Checked:
    a: int = Field(alias="A", exclude=True)


class Aliased(BaseModel):
    a: int = Field(alias="A-a")
    b: int = Field(validation_alias="B", serialization_alias="bee")
    c: int = Field(validation_alias=AliasChoices("C", "see"))
    d: int = Field(validation_alias=AliasPath("deep", 0))
    e: int = Field(exclude=True)
    _private: int = PrivateAttr(1)

    @computed_field
    @property
    def twice(self) -> int:
        return 2 * self.a


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    a: int


class Awkward(BaseModel):
    slash: int = Field(alias="a/b")
    reference: int = Field(alias="$ref")
    count: int = Field(alias="lines_count")
    quote: str = Field(alias="name_quote")
    lines: list[Line]
    name: Annotated[str, Quote()]


class Keeper(BaseModel):
    password: SecretStr
    inner: dict[str, list[SecretStr]] = {}


class Defaults(BaseModel):
    made: list[int] = Field(default_factory=lambda: [1])
    three: int = 3
    nothing: int | None = None
    euro: str | None = "EUR"


class Root(RootModel[list[int]]):
    pass


class Folder(BaseModel):
    name: str
    inside: list[Folder | File] = []


class File(BaseModel):
    name: str
    holder: Folder | File | None = None


NODE = {
    "type": "object",
    "properties": {"name": TEXT, "children": nullable({"type": "array", "items": {"$ref": "#/$defs/Node"}})},
    "required": ["name", "children"],
    "additionalProperties": False,
}

COMPILED: list[tuple[str, Any, Any]] = [
    (
        "a description, a list of objects",
        Invoice,
        {
            **closed(
                number_quote={
                    **nullable(TEXT),
                    "description": "the exact words of the document that number is read from",
                },
                number={**TEXT, "description": "as printed"},
                lines={"type": "array", "items": closed(sku=TEXT, amount=nullable(INTEGER))},
            ),
            "description": "An invoice.",
        },
    ),
    ("recursion", Node, {**NODE, "$defs": {"Node": NODE}}),
    ("a generic", Box[list[int]], closed(item={"type": "array", "items": INTEGER})),
    ("a root that is no object", Root, closed(value={"type": "array", "items": INTEGER})),
    ("a list of models", list[Box[int]], closed(value={"type": "array", "items": closed(item=INTEGER)})),
    ("a named tuple", Box[Point], closed(item=closed(x=INTEGER, y=TEXT))),
    ("a typed dict", Partial, closed(a=INTEGER, b=nullable(TEXT))),
    ("a dataclass", Plain, closed(a=INTEGER, b=nullable({"type": "array", "items": INTEGER}))),
    (
        "aliases, private and computed fields",
        Aliased,
        closed(**{"A-a": INTEGER, "B": INTEGER, "C": INTEGER, "d": INTEGER, "e": INTEGER}),
    ),
    ("a name that is empty", create_model("Nameless", a=(int, Field(alias=""))), closed(field=INTEGER)),
    ("an open model", Open, {**closed(a=INTEGER), "additionalProperties": True}),
    ("a strict model", Strict, closed(a=INTEGER)),
    (
        "defaults",
        Defaults,
        {
            **closed(
                made=nullable({"type": "array", "items": INTEGER}),
                three=nullable(INTEGER),
                nothing=nullable(INTEGER),
                euro=nullable(TEXT),
            ),
            "required": ["made", "three", "nothing"],
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "wire"), [pytest.param(*row[1:], id=row[0]) for row in COMPILED])
def test_compiles_to(declared: Any, wire: Any) -> None:
    """Each make of model is asked for with exactly this schema, its properties in the declared order."""
    compiled = compile_schema(declared).wire
    assert compiled == wire
    assert json.dumps(compiled["properties"]) == json.dumps(wire["properties"])


VALUES: list[Any] = [
    Invoice(number="1", lines=[Line(sku="a"), Line(sku="b", amount=2)]),
    Proforma(number="1", lines=[], valid=1),
    Node(name="a", children=[Node(name="b", children=[Node(name="c")])]),
    Box[Point](item=Point(1, "a")),
    Box[Box[list[Line]]](item=Box(item=[Line(sku="a")])),
    Left(right=Right(lefts={"x": Left(), "y": Left(right=Right())})),
    Plain(1),
    Checked(A=3),  # type: ignore[call-arg]
    Aliased.model_validate({"A-a": 1, "B": 2, "C": 3, "deep": [4], "e": 5}),
    Open.model_validate({"a": 1, "more": [1, None], "value": {"x": 1}}),
    Strict(a=1),
    Awkward.model_validate({"a/b": 1, "$ref": 2, "lines_count": 3, "name_quote": "q", "lines": [], "name": "n"}),
    Keeper(password=SecretStr("s"), inner={"a": [SecretStr("t")]}),
    Defaults(),
    Defaults(euro=None, three=4, made=[]),
    Root([1, 2]),
    Folder(name="a", inside=[File(name="b", holder=Folder(name="c")), Folder(name="d", inside=[Folder(name="e")])]),
]


@pytest.mark.parametrize("counts", [False, True], ids=["bare", "counted"])
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_there_and_back(value: Any, counts: bool) -> None:
    """A model comes back equal from its wire form, which fits the wire schema."""
    schema: Schema[Any] = compile_schema(type(value), counts=counts)
    wire = schema.encode(value)
    assert schema.decode(json.dumps(wire)) == value
    assert schema.validate(schema.dump(value)) == value
    assert check_wire(schema.wire) == ()
    assert not list(Validator(schema.wire).problems(wire, schema.wire))


@pytest.mark.parametrize(
    "value", [Defaults(), Defaults(euro=None), Defaults(euro="USD")], ids=["left out", "null", "given"]
)
def test_absent_is_not_null(value: Defaults) -> None:
    """A property left out takes its default and a null stays null, where the declaration tells them apart."""
    schema = compile_schema(Defaults)
    declared = value.model_dump(exclude_unset=True)
    wire = schema.encode(schema.validate(declared))
    assert schema.decode(wire) == value


def test_null_for_an_optional_field_is_its_default() -> None:
    """The model says null for what it does not find, and the field takes its default."""
    assert compile_schema(Defaults).decode('{"made": null, "three": null, "nothing": null}') == Defaults()


def test_helpers_never_shadow_a_declared_field() -> None:
    """A count or a quote of ours gives way to a declared property of its name."""
    schema = compile_schema(Awkward, counts=True)
    assert list(schema.wire["properties"]) == [
        *["a_b", "ref", "lines_count", "name_quote", "lines_count_", "lines", "name_quote_", "name"]
    ]
    wire = {"a_b": 1, "ref": 2, "lines_count": 3, "name_quote": "q", "lines_count_": 9, "lines": []}
    found = schema.unwrap({**wire, "name_quote_": "they said", "name": "n"})
    assert (found.counts, found.quotes) == ({"/lines": 9}, {"/name": "they said"})
    assert found.value == {"a/b": 1, "$ref": 2, "lines_count": 3, "name_quote": "q", "lines": [], "name": "n"}


def test_counts_and_quotes_come_back_beside_the_value() -> None:
    """What the answer states about its lists and sources is told by declared pointer, and is no part of the value."""
    schema = compile_schema(list[Invoice], counts=True)
    line = {"sku": "a", "amount": None}
    invoice = {"number_quote": "No. 1", "number": "1", "lines_count": 2, "lines": [line]}
    found = schema.unwrap({"value_count": 1, "value": [invoice]})
    assert found.value == [{"number": "1", "lines": [{"sku": "a"}]}]
    assert found.counts == {"": 1, "/0/lines": 2}
    assert found.quotes == {"/0/number": "No. 1"}
    assert found.problems == ()


def test_what_fits_nowhere_is_passed_on() -> None:
    """A wire value of the wrong shape is kept as it is and told, never dropped and never raised."""
    found = compile_schema(list[Invoice], counts=True).unwrap([{"number": 1, "lines": "many", "odd": True}])
    assert found.value == [{"number": 1, "lines": "many", "odd": True}]
    assert found.problems == (Problem("", 'expected an object with "value"'), Problem("/0/lines", "expected a list"))


class Priced(BaseModel):
    price: int
    tax: int

    @model_validator(mode="after")
    def taxed(self) -> Priced:
        if self.tax > self.price:
            raise ValueError("more tax than price")
        return self


def test_model_validators_judge_what_comes_back() -> None:
    """A rule that only Python knows is checked after decoding, and its problem is told by place."""
    with pytest.raises(InvalidValue) as caught:
        compile_schema(dict[str, Priced]).decode('{"a": {"price": 1, "tax": 2}}')
    assert caught.value.problems == (Problem("/a", "Value error, more tax than price"),)


class Written(BaseModel):
    amount: int

    @field_serializer("amount")
    def cents(self, amount: int) -> str:
        return f"{amount}"


def test_custom_serializers_are_kept() -> None:
    """What a field writes of itself is what the wire holds."""
    schema = compile_schema(Written)
    assert schema.decode(schema.encode(Written(amount=3))) == Written(amount=3)


def test_response_format() -> None:
    """The response format is the envelope of the model's own schema, named after the declaration."""
    schema = compile_schema(Invoice)
    assert schema.response_format == {
        "type": "json_schema",
        "json_schema": {"name": "Invoice", "description": "An invoice.", "schema": schema.wire, "strict": True},
    }
    assert compile_schema(list[Box[int]]).name == "list_Box_int"


def test_a_compile_is_kept() -> None:
    """The same declaration compiles once; with counts it is another one."""
    assert compile_schema(Invoice) is compile_schema(Invoice)
    assert compile_schema({"type": "object"}) is compile_schema({"type": "object"})
    assert compile_schema(Invoice) is not compile_schema(Invoice, counts=True)


def test_prompt_text() -> None:
    """The schema as told in the prompt is compact, and says what the wire schema says."""
    assert compile_schema(Invoice, counts=True).prompt_text == (
        "// An invoice.\n"
        "{\n"
        "  number_quote: string | null  // the exact words of the document that number is read from\n"
        "  number: string  // as printed\n"
        "  lines_count: integer  // how many items lines has in all\n"
        "  lines: ({\n"
        "    sku: string\n"
        "    amount: integer | null\n"
        "  })[]\n"
        "}"
    )
