"""The ready-made schemas: found by name, told to a model in words, and dependent on nothing of ours but marks."""

from __future__ import annotations

import ast
import sys
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from extractor.pipeline.specs import ready_made, resolve_schema
from extractor.schema.check import check_dialect
from extractor.schema.dialects import MOONSHOT
from tests.kit import schema_of
from tests.samples.test_gold import KINDS

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
    assert sorted(KINDS.values()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_named_and_described(name: str) -> None:
    """`--schema NAME` finds a model whose every class has a docstring and whose every field a description."""
    for model in models(resolve_schema(name)):
        assert model.__doc__
        assert [field for field, info in model.model_fields.items() if not info.description] == []


@pytest.mark.parametrize("name", NAMES)
def test_compiles_for_kimi(name: str) -> None:
    """The compiled schema keeps to the dialect that Kimi is known to take."""
    assert check_dialect(schema_of(name).wire, MOONSHOT) == ()


@pytest.mark.parametrize("name", NAMES)
def test_imports(name: str) -> None:
    """A schema file can be copied anywhere: pydantic, the standard library, and `Key` and `Merge` are all it needs."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom):
            given = {alias.name for alias in node.names} if node.module == "extractor" else set()
            assert node.module in sys.stdlib_module_names | {"pydantic", "extractor"}
            assert given <= {"Key", "Merge"}


@pytest.mark.parametrize("name", NAMES)
def test_lists_of_objects_are_keyed(name: str) -> None:
    """Items of every list of objects are named by a key, so that lists may span chunks."""
    schema = schema_of(name)
    for field, info in resolve_schema(name).model_fields.items():
        found = schema.field(f"/{field}")
        assert found is not None
        assert found.keys or found.kind != "array" or not nested(info.annotation)
