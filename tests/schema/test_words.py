"""Everything declared reaches the model: descriptions, examples, names of positions and members, constants."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

from extractor.schema.compiler import compile_schema
from extractor.schema.validator import Validator
from tests.schema.taken import check_wire


class Point(NamedTuple):
    """A place."""

    lat: float
    lon: float
    name: str = "unnamed"


class Grade(enum.IntEnum):
    """How good."""

    FAIR = 1
    FINE = 2


class Code(enum.Enum):
    GERMANY = "DE"
    FRANCE = "FR"


class Word(enum.Enum):
    IN_TRANSIT = "in transit"
    DE = "Germany"


class Party(BaseModel):
    """A legal entity."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Acme"}]})
    name: str = Field(examples=["Acme Ltd", "Bolt AG"])


@dataclass
class Plain:
    size: int = field(metadata={"unit": "cm"})
    weight: Annotated[int, Field(description="in grams", examples=[7])] = 0


class Typed(TypedDict):
    when: Annotated[str, Field(examples=["Easter"])]


class Ids(RootModel[list[str]]):
    """Identifiers."""


WORDS: list[tuple[Any, list[str]]] = [
    (Annotated[str, Field(examples=["DE89 3704"])], ["For example DE89 3704"]),
    (Annotated[str, Field(description="An account.", examples=["x", "y"])], ["An account; for example x, y"]),
    (Annotated[int | None, Field(examples=[7])], ["For example 7"]),
    (Annotated[str, Field(json_schema_extra={"example": "q1"})], ["For example q1"]),
    (Annotated[str, Field(json_schema_extra={"examples": ["q2"]})], ["For example q2"]),
    (Annotated[Point, Field(examples=[[1, 2, "a"]])], ['For example [1,2,\\"a\\"]', "lat", "lon", "name", "A place"]),
    (Party, ["A legal entity", '{\\"name\\":\\"Acme\\"}', "Acme Ltd, Bolt AG"]),
    (Annotated[Party, Field(description="who pays")], ["who pays", "A legal entity"]),
    (list[Party] | None, ["A legal entity", "Acme Ltd"]),
    (Plain, ["in grams; for example 7"]),
    (Typed, ["For example Easter"]),
    (Ids, ["Identifiers"]),
    (Grade, ["How good; 1 is FAIR, 2 is FINE"]),
    (Annotated[Grade, Field(description="the grade")], ["the grade", "1 is FAIR"]),
    (Code, ['\\"DE\\" is GERMANY']),
    (tuple[Annotated[str, Field(description="first")], Annotated[str, Field(description="last")]], ["first", "last"]),
    (Literal["fixed"], ["fixed"]),
]


@pytest.mark.parametrize("counts", [False, True])
@pytest.mark.parametrize(("declared", "words"), WORDS, ids=str)
def test_the_words_stand_in_the_wire_schema(declared: Any, words: list[str], counts: bool) -> None:
    """Each word of a declaration is in what is sent, at the place or at the definition that it leads to."""
    schema = compile_schema(create_model("M", it=(declared, ...), too=(declared, ...)), counts=counts)
    sent = json.dumps(schema.wire, ensure_ascii=False)
    assert [word for word in words if word not in sent] == []
    assert check_wire(schema.wire) == ()


def test_values_that_say_what_they_are_need_no_names() -> None:
    """The name of a member that its value says already, or says better, is left out."""
    assert compile_schema(create_model("M", it=(Word, ...))).wire["properties"]["it"] == {
        "type": "string",
        "enum": ["in transit", "Germany"],
    }


def test_a_named_tuple_is_an_object_of_its_names() -> None:
    """Positions go by their names on the wire, and those with defaults may be missing."""
    schema = compile_schema(create_model("M", it=(Point, ...)))
    assert list(schema.wire["properties"]["it"]["properties"]) == ["lat", "lon", "name"]
    assert schema.decode({"it": {"lat": 1, "lon": 2, "name": "a"}}).it == Point(1, 2, "a")
    assert schema.decode({"it": {"lat": 1, "lon": 2}}).it == Point(1, 2)
    assert schema.wire_path("/it/1") == "/it/lon"
    assert [problem.path for problem in schema.unwrap({"it": {"lat": 1}}).problems] == ["/it"]


class Person(BaseModel):
    name: str
    age: int | SkipJsonSchema[None] = None
    tags: list[str] | SkipJsonSchema[None] = None
    boss: Person | SkipJsonSchema[None] = None


@dataclass
class Desk:
    owner: Person | SkipJsonSchema[None] = None


SKIPPED = [
    Person(name="Ada"),
    Person(name="Ada", age=3, tags=[], boss=Person(name="Bo")),
    Desk(),
    Desk(Person(name="A")),
]


@pytest.mark.parametrize("value", SKIPPED, ids=str)
def test_none_that_json_does_not_say(value: Any) -> None:
    """A field that may be left out and never null is left out where it is None, and comes back."""
    schema = compile_schema(type(value))
    wire = schema.encode(value)
    assert schema.decode(json.dumps(wire)) == value
    assert not list(Validator(schema.wire).problems(wire, schema.wire))
