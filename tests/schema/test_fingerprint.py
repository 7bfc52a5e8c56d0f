"""Fingerprints: the same wherever they are made, and another one whenever something else is asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, create_model

from extractor.schema.annotations import Key, Quote
from extractor.schema.compiler import compile_schema

PROGRAM = """
from pydantic import BaseModel
from typing import Literal
from extractor.schema.compiler import compile_schema
class Item(BaseModel):
    "An item."
    name: str
    kind: Literal["b", "a", 1]
    tags: set[str] = {"z", "y", "x"}
    parent: "Item | None" = None
rules = {f"k{i}": {"properties": {f"p{i}": {"type": "integer"}}} for i in range(9)}
alternatives = [{"properties": {"q": {"type": "string"}}}]
document = {"type": "object", "dependentSchemas": rules, "anyOf": alternatives, "minProperties": 1}
for declared in (Item, list[Item], document):
    print(compile_schema(declared, counts=True).fingerprint)
"""


def printed(seed: str) -> bytes:
    """What the program prints in a process that hashes with `seed`."""
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True).stdout


def test_stable_across_processes() -> None:
    """Neither the process nor the order in which it hashes changes a fingerprint."""
    first = printed("0")
    assert len(first.split()) == 3
    assert printed("1") == printed("2") == first


def test_known() -> None:
    """A fingerprint is the same in every version of Python and pydantic."""
    document = {"title": "Note", "type": "object", "properties": {"text": {"type": "string", "maxLength": 9}}}
    assert compile_schema(document).fingerprint == "ed019d40eddf0480977fcc01e66da0e097f3851d1026e5c27e2df86030834c59"


def model(**fields: Any) -> type[BaseModel]:
    return create_model("M", **fields)


BASE = compile_schema(model(a=(str, ...), b=(int, 1)))
OTHERS: list[tuple[str, Any]] = [
    ("a name", model(a=(str, ...), c=(int, 1))),
    ("a type", model(a=(int, ...), b=(int, 1))),
    ("an order", model(b=(int, 1), a=(str, ...))),
    ("a description", model(a=(Annotated[str, Field(description="x")], ...), b=(int, 1))),
    ("a bound", model(a=(Annotated[str, Field(pattern="x")], ...), b=(int, 1))),
    ("a requirement", model(a=(str, ...), b=(int, ...))),
    ("a quote", model(a=(Annotated[str, Quote()], ...), b=(int, 1))),
]


@pytest.mark.parametrize("declared", [pytest.param(declared, id=name) for name, declared in OTHERS])
def test_changes_with_what_is_asked(declared: Any) -> None:
    """Whatever changes the question changes the fingerprint."""
    assert compile_schema(declared).fingerprint != BASE.fingerprint


def test_stays_where_the_question_stays() -> None:
    """What is only done with the answer does not change the fingerprint; counts do."""
    assert compile_schema(model(a=(Annotated[str, Key()], ...), b=(int, 2))).fingerprint == BASE.fingerprint
    item = {"type": "object", "properties": {"a": {"type": "string"}}}
    listed = {"type": "object", "properties": {"rows": {"type": "array", "items": item}}}
    assert compile_schema(listed, counts=True).fingerprint != compile_schema(listed).fingerprint
