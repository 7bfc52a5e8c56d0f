"""Types that no reply can be read as are refused when they are compiled: where, what, and what to declare instead."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, ConfigDict, Field, ImportString, create_model

from extractor.errors import SchemaError
from extractor.schema.compiler import compile_schema


class Thing:
    """A class that pydantic knows nothing of."""


class Loose(BaseModel):
    a: int


class Firm(BaseModel):
    model_config = ConfigDict(frozen=True)

    a: int


class Days(enum.Enum):
    FIRST = dt.date(2024, 1, 1)


class Endless(BaseModel):
    model_config = ConfigDict(regex_engine="python-re")

    name: Annotated[str, Field(pattern="^(a+)+$")]


class EndlessKeys(BaseModel):
    model_config = ConfigDict(regex_engine="python-re")

    names: dict[Annotated[str, Field(pattern="^(a+)+$")], int]


class Open(BaseModel):
    later: Optional["Missing"]  # type: ignore[name-defined]  # noqa: F821, UP037, UP045


def field(declared: Any) -> Any:
    """A model with one field of a type."""
    return create_model("M", __config__=ConfigDict(arbitrary_types_allowed=True), value=(declared, ...))


REFUSED: list[tuple[str, Any, str, str, str]] = [
    (
        "a function",
        field(Callable[[], int]),
        "/value",
        "a value that JSON cannot hold (Callable)",
        "leave the field out",
    ),
    ("a class of one's own", field(list[Thing]), "/value/*", "an instance of Thing", "declare a model or a dataclass"),
    ("a class as value", field(type[int]), "/value", "a class", "declare str"),
    ("code by its name", field(ImportString[Any]), "/value", "ImportString, which would run", "declare str"),
    ("an iterator", field(Iterable[int]), "/value", "an iterator, whose items would go unchecked", "declare a list"),
    (
        "a set of dicts",
        field(set[dict[str, int]]),
        "/value",
        "a set of dict, which Python cannot hash",
        "declare a list",
    ),
    ("a set of models", field(frozenset[Loose]), "/value", "a set of Loose, which Python cannot hash", "or freeze"),
    (
        "keys that are tuples",
        field(dict[tuple[int, int], str]),
        "/value",
        "a dict whose keys are no scalars",
        "a list of",
    ),
    ("keys that are models", field(dict[Firm, str]), "/value", "a dict whose keys are no scalars", "declare a list of"),
    ("constants that are dates", field(Days), "/value", "the enum Days with the constant datetime.date", "let its"),
    (
        "constants that are bytes",
        field(Literal[b"a"]),
        "/value",
        "a Literal with the constant b'a'",
        "let its constants",
    ),
    ("a pattern that never ends", Endless, "/name", "the pattern '^(a+)+$', which could keep", "leave the engine to"),
    ("keys that never end", EndlessKeys, "/names", "the pattern '^(a+)+$', which could keep", "leave the engine to"),
    (
        "a compiled pattern that never ends",
        field(Annotated[str, Field(pattern=re.compile("^(a|b)*$"))]),
        "/value",
        "the pattern '^(a|b)*$', which could keep",
        "repeat no repetition",
    ),
    ("a name that is not defined", Open, "/later", "(the name Missing is not defined)", "define or import Missing"),
    ("a value", 3, "", "the type 3", "declare it with types"),
    ("a name", "invoice", "", "'invoice', which is no type", "resolve_schema(NAME)"),
    ("a path", Path("in/a.txt"), "", "'in/a.txt', which is no type", "the schema comes before the source"),
]


@pytest.mark.parametrize(
    ("declared", "path", "construct", "remedy"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED]
)
def test_refused(declared: Any, path: str, construct: str, remedy: str) -> None:
    """The refusal names the place, the construct and the remedy."""
    with pytest.raises(SchemaError) as caught:
        compile_schema(declared)
    assert caught.value.path == path
    assert construct in caught.value.construct
    assert remedy in caught.value.remedy


def test_what_can_be_hashed_may_stand_in_a_set() -> None:
    """A set of frozen models comes back."""
    schema = compile_schema(set[Firm])
    assert schema.decode(schema.encode({Firm(a=1), Firm(a=2)})) == {Firm(a=1), Firm(a=2)}
