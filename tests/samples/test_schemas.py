"""The ready-made schemas: found by name, told to a model in words, and dependent on nothing of ours but marks."""

from __future__ import annotations

import ast
import sys
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from extractor.pipeline.specs import ready_made, resolve_schema
from tests.kit import schema_of
from tests.samples.test_gold import KINDS
from tests.schema.taken import check_wire

FOLDER = ready_made() / "schemas"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


def models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """A model and all that it holds."""
    found = {model}
    for field in model.model_fields.values():
        for inner in nested(field.annotation):
            found |= models(inner)
    return found


def nested(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for inner in get_args(annotation) for model in nested(inner)}


def test_each_has_samples() -> None:
    """There is a schema for each kind of sample, and samples for each schema."""
    assert sorted(set(KINDS.values())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_named_and_described(name: str) -> None:
    """`--schema NAME` finds a model whose every class has a docstring and whose every field a description."""
    for model in models(resolve_schema(name)):
        assert model.__doc__
        assert [field for field, info in model.model_fields.items() if not info.description] == []


@pytest.mark.parametrize("name", NAMES)
def test_compiles_for_kimi(name: str) -> None:
    """The compiled schema keeps to what Kimi is known to take."""
    assert check_wire(schema_of(name).wire) == ()


@pytest.mark.parametrize("name", NAMES)
def test_imports(name: str) -> None:
    """A schema file can be copied anywhere: pydantic, the standard library, and `Key` and `Merge` are all it needs."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom):
            imported = {alias.name for alias in node.names} if node.module == "extractor" else set()
            assert node.module in sys.stdlib_module_names | {"pydantic", "extractor"}
            assert imported <= {"Key", "Merge"}


KEYED = {"bulletin": {"companies"}, "contract": {"parties"}, "email_message": {"recipients"}, "nda": {"parties"}}
"""Lists whose items a document speaks of in several places; all others hold rows that may repeat."""


@pytest.mark.parametrize("name", NAMES)
def test_rows_that_may_repeat_have_no_key(name: str) -> None:
    """Only lists of things that a document speaks of in several places are joined by a key."""
    schema = schema_of(name)
    fields = {field: schema.field(f"/{field}") for field in resolve_schema(name).model_fields}
    assert {field for field, known in fields.items() if known and known.keys} == KEYED.get(name, set())
