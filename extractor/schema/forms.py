"""What JSON a core schema of pydantic reads, and whether two of them read the same.

The JSON type tells branches of a union apart, and so do constants, a spelling of their own, lengths, the items that a
list must have, and the names that an object must have.

    forms.clash(tuple[int, str], list[int])   # False: the second item is text, or a number
    forms.clash(tuple[int, int], list[int])   # True: [1, 2] is either
    forms.clash(list[int], list[str])         # False: [] is the same list
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, Flag
from operator import is_
from typing import Any

from pydantic_core import SchemaValidator, ValidationError, core_schema

__all__ = [
    "ANY",
    "ARRAYS",
    "FIELDS",
    "FUNCTIONS",
    "MAPS",
    "NUMBERS",
    "RECORDS",
    "SCALARS",
    "SHOWN",
    "TEXTS",
    "THROUGH",
    "TIMES",
    "Core",
    "Form",
    "Forms",
    "alias_of",
    "constants_of",
    "fields_of",
    "labelled",
    "plain_value",
    "record_of",
    "standing",
    "with_inner",
    "without_ref",
    "word",
]

Core = Any
"""A core schema of pydantic: nested dicts with a `type`."""

THROUGH = ("default", "function-after", "function-before", "function-wrap", "nullable")
ARRAYS = ("deque", "frozenset", "list", "named-tuple", "set", "tuple")
MAPS = ("counter", "dict", "ordered-dict")
RECORDS = ("dataclass", "model", "typed-dict")
FIELDS = ("dataclass-args", "model-fields", "typed-dict")
FUNCTIONS = ("function-plain", "function-wrap")
SIZES = {"max_length", "min_length"}
TIMES = ("date", "datetime", "time", "timedelta")
NUMBERS = ("float", "int")
SCALARS = ("boolean", "number", "string")

TEXTS: dict[str, str] = {
    "bytes": r"base64:.*",
    "uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d.*",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d\d:\d\d.*",
    "timedelta": r"[+-]?P.*",
    "decimal": r"-?(0|[1-9]\d*)(\.\d+)?",
    "IPv4Address": r"\d{1,3}(\.\d{1,3}){3}",
    "IPv6Address": r"[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%.*)?",
    "url": r"[a-zA-Z][a-zA-Z0-9+.-]*://.*",
    "multi-host-url": r"[a-zA-Z][a-zA-Z0-9+.-]*://.*",
    "str": r"(?s:.*)",
}
"""How each scalar that JSON holds as text is spelt, the narrowest first."""


class Forms:
    """What can be seen of a core schema and of what is inside it."""

    def __init__(self, core: Core) -> None:
        self.shared = {str(each.get("ref")): each for each in core.get("definitions", ())}
        self.records: dict[int, Record | None] = {}

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

    # -------------------------------------------------------------- what JSON tells apart

    def forms(self, core: Core, made: Any = None) -> Iterator[Form]:
        """The forms of JSON that a schema reads, each with what it makes of it; `made` where that is known already."""
        match core["type"]:
            case "definition-ref":
                yield from self.forms(self.shared[core["schema_ref"]], made)
            case "default" | "function-after" | "function-before" | "function-wrap":
                yield from self.forms(core["schema"], made or (id(core) if "serialization" in core else None))
            case "nullable":
                yield Form("null", "none", core)
                yield from self.forms(core["schema"], made)
            case "union" | "tagged-union":
                for _, branch in self.branches(core):
                    yield from self.forms(branch, made)
            case "literal" | "enum" if constants := constants_of(core):
                for (json_type, cls), values in _by_type(constants).items():
                    yield Form(json_type, made or cls, core, tuple(values))
            case "decimal":
                yield Form("string", made or "decimal", core)
                yield Form("number", made or "decimal", core)
            case "lax-or-strict":
                yield from self.forms(core["strict_schema"], made or _instance(core) or id(core))
            case "json-or-python":
                yield from self.forms(core["json_schema"], made or _instance(core) or id(core))
            case "chain":
                yield from self.forms(core["steps"][0], made)
            case "model" if core.get("root_model"):
                yield from self.forms(core["schema"], made or core["cls"])
            case each:
                cls = None if each == "typed-dict" else core.get("cls")
                yield Form(_JSON_TYPES.get(each, "string"), made or cls or each, core)

    def clash(self, one: Core, other: Core, seen: tuple[tuple[int, int], ...] = ()) -> bool:
        """Whether some JSON is of both schemas, and another value of each."""
        pair = (id(self.resolve(one)), id(self.resolve(other)))
        return pair not in seen and any(
            self.meet(a, b) and (a.made != b.made or self.clash_inside(a, b, (*seen, pair)))
            for a in self.forms(one)
            for b in self.forms(other)
        )

    def clash_inside(self, one: Form, other: Form, seen: tuple[tuple[int, int], ...]) -> bool:
        if one.json == "array":
            places = range(max(one.width, other.width))
            return any(self.clash(one.item(place), other.item(place), seen) for place in places)
        if one.core["type"] in MAPS and other.core["type"] in MAPS:
            return self.clash(one.values, other.values, seen)
        return one.core["type"] == "typed-dict" and one.core is not other.core

    def meet(self, one: Form, other: Form) -> bool:
        """Whether some JSON is of both forms."""
        if {one.json, other.json} == {"boolean", "number"}:
            number = one if one.json == "number" else other
            return any(constant in (0, 1) for constant in number.constants)
        if one.json != other.json:
            return False
        if one.json == "array":
            least = max(one.least, other.least)
            return least <= min(one.most, other.most) and all(
                any(self.meet(a, b) for a in self.forms(one.item(i)) for b in self.forms(other.item(i)))
                for i in range(min(least, max(one.width, other.width)))
            )
        if one.json == "object":
            left, right = self.record(one.core), self.record(other.core)
            if left and right:
                return not left.differs(right)
            return self.takes(one.core, right) and self.takes(other.core, left)
        if one.constants and other.constants:
            return not {*map(repr, one.constants)}.isdisjoint(map(repr, other.constants))
        if one.constants or other.constants:
            closed, open_ = (one, other) if one.constants else (other, one)
            return any(open_.may_be(constant) for constant in closed.constants)
        if one.json == "number":
            return one.made == other.made or not {one.made, other.made} <= {"decimal", *NUMBERS}
        return not {"", "str"}.isdisjoint((one.kind, other.kind)) or TEXTS[one.kind] == TEXTS[other.kind]

    def record(self, core: Core) -> Record | None:
        """A schema as an object with fields, looked at once; None for anything else."""
        if id(core) not in self.records:
            self.records[id(core)] = record_of(self, core, "")
        return self.records[id(core)]

    def takes(self, core: Core, record: Record | None) -> bool:
        """Whether a map may have the names that an object must have."""
        if core["type"] not in MAPS or record is None or "keys_schema" not in core:
            return True
        keys = SchemaValidator(core_schema.dict_schema(self.alone(core["keys_schema"])))
        try:
            return bool(keys.validate_json(json.dumps(dict.fromkeys(record.required)))) or not record.required
        except ValidationError:
            return False


_JSON_TYPES = {"bool": "boolean", "none": "null", "any": "any", "call": "array", "enum": "number"}
_JSON_TYPES |= dict.fromkeys(NUMBERS, "number") | dict.fromkeys(ARRAYS, "array")
_JSON_TYPES |= dict.fromkeys((*MAPS, *RECORDS), "object")
"""The JSON type of each schema that is no text; an enum without constants is of flags."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form of JSON that a schema reads: its JSON type, what it makes of it, and the constants that it is one of."""

    json: str
    made: Any
    core: Core
    constants: tuple[Any, ...] = ()

    @property
    def kind(self) -> str:
        """How a text is spelt: a name in `TEXTS`; "" where that is not known."""
        named = self.made.__name__ if isinstance(self.made, type) else self.made
        known = named if named in TEXTS else self.core["type"]
        return known if known in ("url", "multi-host-url", named) and known in TEXTS else ""

    def may_be(self, constant: Any) -> bool:
        """Whether a constant may be a text or a number of this form; a decimal is written as text."""
        if self.json == "string":
            return re.fullmatch(TEXTS.get(self.kind, ".*"), constant, re.DOTALL) is not None
        return bool(self.made != "decimal")

    # -------------------------------------------------------------- lists and maps

    @property
    def items(self) -> list[Core]:
        items = self.core.get("items_schema", ANY)
        if isinstance(items, list):
            return items or [ANY]
        fields = self.core.get("fields") or self.core.get("arguments_schema", {}).get("arguments_schema")
        return [each["schema"] for each in fields] if fields else [items]

    @property
    def fixed(self) -> bool:
        return self.core["type"] in ("call", "named-tuple", "tuple") and "variadic_item_index" not in self.core

    @property
    def width(self) -> int:
        return len(self.items)

    @property
    def least(self) -> int:
        if not self.fixed:
            return int(self.core.get("min_length") or 0)
        return sum(each["type"] != "default" for each in self.items) if self.core.get("items_schema", ANY) else 0

    @property
    def most(self) -> int:
        if not self.fixed:
            return int(self.core.get("max_length") or sys.maxsize)
        return self.width if self.core.get("items_schema", ANY) else 0

    def item(self, place: int) -> Core:
        return self.items[min(place, self.width - 1)]

    @property
    def values(self) -> Core:
        return self.core.get("values_schema", {"type": "int"} if self.core["type"] == "counter" else ANY)


ANY = {"type": "any"}


def _instance(core: Core) -> type | None:
    """The class of which a schema takes instances, where it names one."""
    match core["type"]:
        case "is-instance":
            return core["cls"] if isinstance(core["cls"], type) else None
        case "lax-or-strict":
            return _instance(core["strict_schema"])
        case "json-or-python":
            return _instance(core["python_schema"])
        case "union":
            return _instance(labelled(core["choices"][0])[1])
        case "chain":
            return _instance(core["steps"][0])
    return None


def _by_type(constants: Sequence[Any]) -> dict[tuple[str, Any], list[Any]]:
    """The values of constants by their JSON types, and by what they are in Python: a class, or the name of a type."""
    types = {str: "string", bool: "boolean", type(None): "null"}
    groups: dict[tuple[str, Any], list[Any]] = {}
    for constant in constants:
        value = plain_value(constant)
        made = type(constant) if isinstance(constant, Enum) else type(constant).__name__
        groups.setdefault((types.get(type(value), "number"), made), []).append(value)
    return groups


# ---------------------------------------------------------------------- objects


@dataclass
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
    record = Record(word(name), branch, None if target["type"] == "typed-dict" else cls)
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


def word(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_")


# ---------------------------------------------------------------------- copies of a core schema

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
