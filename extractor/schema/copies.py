"""Copies of a core schema: with other schemas inside, and with classes that pydantic-core reads as the schema says."""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Any

from extractor.schema.forms import Core

__all__ = ["SHOWN", "standing", "with_inner", "without_ref"]

SHOWN = "x-shown"
"""The metadata of a schema in place of which JSON Schema describes another one: that other one."""

_INNER = frozenset(["schema", "choices", "definitions", "fields", "items_schema", "keys_schema", "values_schema"]) | {
    *["arguments_schema", "extras_schema", "json_schema", "lax_schema", "python_schema", "steps", "strict_schema"]
}
"""The keys of a core schema below which others stand."""


def with_inner(core: Core, change: Callable[[Core], Core]) -> Core:
    """A schema with each of those directly below it changed; the schema itself where none is."""
    inner = {key: new for key in core if key in _INNER and (new := _changed(core[key], change)) is not core[key]}
    return {**core, **inner} if inner else core


def _changed(value: Any, change: Callable[[Core], Core]) -> Any:
    match value:
        case {"type": str()}:
            return change(value)
        case dict():
            inner = {name: new for name in value if (new := _changed(value[name], change)) is not value[name]}
            return {**value, **inner} if inner else value
        case list() | tuple():
            items = [_changed(each, change) for each in value]
            return value if all(map(is_, items, value)) else type(value)(items)
    return value


class _StandIn(type):
    """A class that makes instances of another, `of`.

    pydantic-core reads and writes a model by what the class itself was built for, whatever a schema says of its fields;
    for a stand-in it goes by the schema.
    """

    of: type

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, cls.of)


def standing(core: Core) -> Core:
    """A copy of a schema that goes by its own fields for each class in it."""
    copy = with_inner(core, standing)
    if core["type"] in ("dataclass", "model") and not core.get("custom_init"):
        cls = core["cls"]
        return {**copy, "cls": _StandIn(cls.__name__, (), {"of": cls, "__new__": lambda _: cls.__new__(cls)})}
    return copy


def without_ref(core: Core) -> tuple[Core, Core]:
    """The name by which others refer to a schema, for what stands in its place, and the schema without it."""
    inner = {key: value for key, value in core.items() if key != "ref"}
    return {"ref": core["ref"]} if "ref" in core else {}, inner
