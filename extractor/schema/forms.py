"""Core schemas of pydantic: what can be seen of one, which objects JSON tells apart, and copies of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, Flag
from operator import is_
from typing import Any

from pydantic_core import core_schema

__all__ = [
    "ANY",
    "ARRAYS",
    "DESCRIBED",
    "FIELDS",
    "FUNCTIONS",
    "HOLDS",
    "MAPS",
    "NUMBERS",
    "RECORDS",
    "TEXTS",
    "THROUGH",
    "TIMES",
    "Core",
    "Forms",
    "Record",
    "alias_of",
    "constants_of",
    "fields_of",
    "labelled",
    "plain_value",
    "record_of",
    "standing",
    "with_inner",
    "without_ref",
]

ANY = {"type": "any"}
Core = Any
"""A core schema of pydantic: nested dicts with a `type`."""

THROUGH = ("default", "function-after", "function-before", "function-wrap", "nullable")
ARRAYS = ("deque", "frozenset", "list", "named-tuple", "set", "tuple")
MAPS = ("counter", "dict", "ordered-dict")
HOLDS = {**dict.fromkeys(("frozenset", "list", "set"), "items_schema"), "dict": "values_schema"}
"""The lists and maps of one thing, and where its schema stands."""
RECORDS = ("dataclass", "model", "typed-dict")
FIELDS = ("dataclass-args", "model-fields", "typed-dict")
FUNCTIONS = ("function-plain", "function-wrap")
SIZES = {"max_length", "min_length"}
TIMES = ("date", "datetime", "time", "timedelta")
NUMBERS = ("float", "int")
TEXTS = ("bytes", "decimal", "multi-host-url", "str", "url", "uuid", *TIMES)
"""Scalars that JSON holds as text."""


class Forms:
    """What can be seen of a core schema and of what is inside it."""

    def __init__(self, core: Core) -> None:
        self.shared = {str(each.get("ref")): each for each in core.get("definitions", ())}

    def resolve(self, core: Core) -> Core:
        """What a schema validates in the end, behind references and functions."""
        while core["type"] in THROUGH or core["type"] == "definition-ref":
            core = self.shared[core["schema_ref"]] if core["type"] == "definition-ref" else core["schema"]
        return core

    def fields(self, core: Core) -> Core | None:
        """The fields of a class; None where it has none that are named."""
        while core["type"] not in FIELDS:
            if "schema" not in core:
                return None
            core = self.resolve(core["schema"])
        return core

    def alone(self, core: Core) -> Core:
        """A schema by itself, with the definitions that it may refer to."""
        definitions = [each for each in self.shared.values() if each.get("ref") != core.get("ref")]
        return core_schema.definitions_schema(core, definitions) if definitions else core

    def branches(self, core: Core, seen: tuple[int, ...] = ()) -> Iterator[tuple[str, Core]]:
        """The branches of a union with their names, those of unions inside it in their place."""
        choices = core["choices"]
        named = choices.items() if isinstance(choices, dict) else (labelled(choice) for choice in choices)
        for label, choice in named:
            target = choice
            while target["type"] in ("definition-ref", *THROUGH) and "serialization" not in target:
                target = self.shared[target["schema_ref"]] if "schema_ref" in target else target["schema"]
            if target["type"] == "union" and "serialization" not in target:
                if id(target) not in seen:
                    yield from self.branches(target, (*seen, id(target)))
            else:
                yield (label if isinstance(choices, dict) else ""), choice


# ---------------------------------------------------------------------- objects


@dataclass(eq=False)
class Record:
    """A branch that is an object: its class, and the names, required names and constants of its fields.

    `taken` are the names by which Python knows them too.
    """

    name: str
    core: Core
    cls: type | None
    names: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    constants: dict[str, set[str]] = field(default_factory=dict)
    open: bool = False
    is_map: bool = False

    def differs(self, other: Record) -> bool:
        """Whether a value of either can never be one of the other."""
        shared = [name for name in self.constants if name in other.constants]
        if any(self.constants[name].isdisjoint(other.constants[name]) for name in shared):
            return True
        return not self.open and not other.open and bool(self.required - other.names and other.required - self.names)


def record_of(whole: Forms, branch: Core, label: str) -> Record | None:
    """A branch as an object with fields; None for anything else, and for a class that reads them by an `__init__`.

    A map of any size whose names may be any is one without fields.
    """
    target = whole.resolve(branch)
    if target["type"] == "dict" and target.get("keys_schema") == {"type": "str"} and not target.keys() & SIZES:
        return Record("map", branch, None, open=True, is_map=True)
    if target["type"] not in RECORDS or target.get("root_model") or target.get("custom_init"):
        return None
    inner = whole.fields(target)
    if inner is None:
        return None
    cls = target.get("cls")
    name = label or (cls.__name__ if cls else target.get("cls_name", "")) or "option"
    record = Record(re.sub(r"\W+", "_", name).strip("_"), branch, None if target["type"] == "typed-dict" else cls)
    extra = (inner.get("extra_behavior"), target.get("config", {}).get("extra_fields_behavior"))
    record.open = "allow" in extra
    for own, each in fields_of(inner):
        record.taken.add(own)
        _note(whole, record, alias_of(each, own), each, bool(inner.get("total", True)))
    return record


def _note(whole: Forms, record: Record, name: str, each: Core, total: bool) -> None:
    inner = each["schema"]
    record.names.add(name)
    default = inner["type"] == "default"
    constants = constants_of(whole.resolve(inner))
    if constants and (not default or inner.get("default") in constants):
        record.constants[name] = set(map(repr, map(plain_value, constants)))
    if each.get("required", total) if each["type"] == "typed-dict-field" else not default:
        record.required.add(name)


def fields_of(fields: Core) -> Iterable[tuple[str, Core]]:
    """The fields of a class by the names that Python has for them."""
    inner = fields["fields"]
    return inner.items() if isinstance(inner, dict) else ((each["name"], each) for each in inner)


def alias_of(each: Core, own: str) -> str:
    """The name of a field in JSON, as far as it is one name; else its `own`, the one that Python has for it."""
    alias = each.get("validation_alias")
    paths = alias if isinstance(alias, list) and alias and isinstance(alias[0], list) else [alias]
    names = [path[0] if isinstance(path, list) and len(path) == 1 else path for path in paths]
    return next((name for name in names if isinstance(name, str)), own)


# ---------------------------------------------------------------------- small questions


def labelled(choice: Any) -> tuple[str, Core]:
    return (str(choice[1]), choice[0]) if isinstance(choice, tuple) else ("", choice)


def constants_of(core: Core) -> Sequence[Any]:
    """The constants of a schema; those of an enum of flags are none, for they may be added."""
    if core["type"] == "enum" and not issubclass(core["cls"], Flag):
        return list(core["members"])
    return core["expected"] if core["type"] == "literal" else []


def plain_value(constant: Any) -> Any:
    return constant.value if isinstance(constant, Enum) else constant


# ---------------------------------------------------------------------- copies of a core schema

DESCRIBED = "x-described"
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
