"""What pydantic would lose or make up between a type and its JSON, put right in its own core schema.

**Unions.** A branch is named wherever another branch has the same JSON form and makes another value of it.

    class Charge(BaseModel): amount: Decimal
    class Refund(BaseModel): amount: Decimal
    class Entry(BaseModel):  move: Charge | Refund;  parts: list[int] | set[int]

    {"move": {"variant": "Refund", "amount": "5"}, "parts": {"variant": "set", "value": [1, 2]}}

An object gets one more constant, which validation reads and takes away, and which dumping writes. Anything else stands
in an object with the constant. Branches that differ in a required field, in a constant, in their JSON type or in the
items that they must have need no name. A map beside a class has no property of the constant's name.

Text that is spelt in a way of its own needs no name either: in `date | str`, "2024-01-31" is a date, "2024" stays text,
and text that is spelt as a date stands in quotes of its own: `"\\"2024-01-31\\""`.

**Times**: a number is no time. pydantic takes 2024 for the seconds since 1970; here it is refused.

**Bytes**: those that are no UTF-8 text are `base64:` and their base64, which JSON can hold and pydantic cannot.

**Writing**: fields go by the names by which they are read, excluded ones and secrets among them. A None that a field
only has as its default is left out. Functions and settings of the user's own write where nothing else reads back.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, time, timedelta
from enum import Enum
from functools import cache, cached_property, partial
from itertools import chain, combinations, count
from operator import is_
from typing import Any

from pydantic_core import (
    PydanticSerializationError,
    PydanticSerializationUnexpectedValue,
    SchemaSerializer,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from extractor.schema.forms import (
    ANY,
    ARRAYS,
    FIELDS,
    FUNCTIONS,
    MAPS,
    NUMBERS,
    RECORDS,
    SCALARS,
    TEXTS,
    THROUGH,
    TIMES,
    Core,
    Form,
    Forms,
    alias_of,
    constants_of,
    fields_of,
    labelled,
    plain_value,
    record_of,
    unused,
    word,
)

__all__ = ["SHOWN", "STUMBLES", "Cores", "distinct", "is_pydantics"]

SHOWN = "x-shown"
"""The metadata of a schema in place of which JSON Schema describes another one: that other one."""

PLAIN, MAP = "", "{}"
"""The choices that read what no constant tells apart: as pydantic does, and as a dict."""


class Cores(Forms):
    """A core schema put right. `reading` is the schema that reads JSON, `tags` the names of the constants of unions."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.source = core
        self.made: dict[str, Core] = {}
        self.unions: dict[int, _Union] = {}
        self.marked: set[int] = set()
        self.customised = False
        self.reading = self._with_made(self.read(core))
        self.tags = frozenset(union.tag for union in self.unions.values() if union.named)

    def validator(self) -> SchemaValidator | None:
        """What reads JSON; None where nothing had to be put right."""
        return None if self.reading is self.source else SchemaValidator(_standing(self.reading))

    def reader(self, core: Core) -> SchemaValidator:
        """What reads the JSON of a part of the schema."""
        return SchemaValidator(_standing(self._with_made(self.read(self.alone(core)))))

    @cached_property
    def writers(self) -> tuple[SchemaSerializer | None, ...]:
        """What writes JSON, the best first: without functions and settings of the user's own, and with them.

        None where nothing had to be put right.
        """
        plain = self.write(self.source, plain=True)
        cores = [plain, self.write(self.source, plain=False)] if self.customised else [plain]
        return tuple(None if core is self.source else SchemaSerializer(_standing(core)) for core in cores)

    def _with_made(self, core: Core) -> Core:
        """A schema with the definitions that copies of branches became."""
        if core["type"] == "definitions" and self.made:
            return {**core, "definitions": [*core["definitions"], *self.made.values()]}
        return core_schema.definitions_schema(core, list(self.made.values())) if self.made else core

    def union(self, core: Core) -> _Union:
        """What is known of a union, found once."""
        if id(core) not in self.unions:
            self.unions[id(core)] = _Union(self, core)
        return self.unions[id(core)]

    # -------------------------------------------------------------- reading

    def read(self, core: Core, plain_bytes: bool = True) -> Core:
        """The schema that reads; bytes for which a configuration has another form are left to it."""
        plain_bytes = plain_bytes and not any(keyword.endswith("_json_bytes") for keyword in core.get("config", ()))
        copy = _inside(core, partial(self.read, plain_bytes=plain_bytes))
        match core["type"]:
            case "model" | "dataclass" if core.get("config", {}).get("validate_by_alias") is False:
                return {**copy, "config": {**core["config"], "validate_by_alias": True}}
            case "dataclass-args" | "model-fields":
                return _renamed(copy, _readable)
            case _ if "serialization" in core:
                return copy
            case "union" | "tagged-union":
                return self.union(core).reading(copy)
            case "literal" if any(_is_opaque(each) for each in core["expected"]):
                return _members(copy)
            case each if each in TIMES:
                return _timed(copy)
            case "bytes" if plain_bytes:
                return _bytes(copy)
        return copy

    # -------------------------------------------------------------- writing

    def write(self, core: Core, *, plain: bool, plain_bytes: bool = True) -> Core:
        """The schema that writes what the other reads; `plain` without functions and settings of the user's own."""
        plain_bytes = plain_bytes and not any(keyword.endswith("_json_bytes") for keyword in core.get("config", ()))
        inside = partial(self.write, plain=plain, plain_bytes=plain_bytes)
        copy = _inside(core, inside)
        if plain and core.get("config"):
            copy = self.configured(copy)
        if core["type"] in FIELDS:
            copy = _renamed(copy, _written)
        if "serialization" in core:
            return self.serialized(copy, inside, plain)
        match core["type"]:
            case "union" | "tagged-union":
                return self.union(core).writing(copy, plain=plain)
            case "model" | "dataclass":
                return self.without_hidden(copy)
            case "bytes" if plain_bytes:
                marked = id(core) in self.marked
                write = partial(_bytes_as_text, marked=marked)
                serialization = core_schema.plain_serializer_function_ser_schema(write, when_used="json")
                return {**copy, "serialization": serialization}
        return copy

    def configured(self, core: Core) -> Core:
        """A schema whose settings of what is written are those of what is read."""
        config = {keyword: value for keyword, value in core["config"].items() if not keyword.startswith("ser_json")}
        if "val_json_bytes" in config:
            config["ser_json_bytes"] = config["val_json_bytes"]
        if config == core["config"]:
            return core
        self.customised = True
        return {**core, "config": config}

    def serialized(self, core: Core, inside: Callable[[Core], Core], plain: bool) -> Core:
        """A schema with a serializer: it reveals secrets; `plain` does without those of the user's own."""
        writer = core["serialization"]
        if writer["type"] not in FUNCTIONS:
            return core
        if is_pydantics(writer["function"], "_serialize_secret"):
            inner = core.get("json_schema", core)
            returned = inner["schema"] if "schema" in inner else core_schema.any_schema()
            reveal = core_schema.plain_serializer_function_ser_schema(
                lambda secret: secret.get_secret_value(), return_schema=returned
            )
            return {**core, "serialization": reveal}
        if plain and not is_pydantics(writer["function"]):
            self.customised = True
            return {key: value for key, value in core.items() if key != "serialization"}
        parts = {key: writer[key] for key in ("return_schema", "schema") if key in writer}
        inner = {key: new for key, part in parts.items() if (new := inside(part)) is not part}
        return {**core, "serialization": {**writer, **inner}} if inner else core

    def without_hidden(self, core: Core) -> Core:
        """A class that does not write a None which a field only has as its default, and does not read."""
        fields = self.fields(core)
        known = fields_of(fields) if fields else ()
        hidden = {alias_of(each) or name for name, each in known if self.hides(each["schema"])}
        if not hidden:
            return core

        def write(value: Any, handler: Callable[[Any], Any]) -> Any:
            return {name: each for name, each in handler(value).items() if each is not None or name not in hidden}

        return {**core, "serialization": core_schema.wrap_serializer_function_ser_schema(write)}

    def hides(self, core: Core) -> bool:
        return core["type"] == "default" and core.get("default", ...) is None and not self.takes_null(core["schema"])

    def takes_null(self, core: Core) -> bool:
        """Whether null is JSON of a schema, as far as can be seen; `SkipJsonSchema[None]` is a None that is not."""
        match core["type"]:
            case "none":
                return "metadata" not in core
            case "union":
                return any(self.takes_null(labelled(choice)[1]) for choice in core["choices"])
            case "literal" | "enum":
                return None in map(plain_value, constants_of(core))
            case "definition-ref":
                return self.takes_null(self.shared[core["schema_ref"]])
        return core["type"] not in (*ARRAYS, *MAPS, *RECORDS, *NUMBERS, *TEXTS, "bool")


# ---------------------------------------------------------------------- copies


INNER = frozenset(["schema", "choices", "definitions", "fields", "items_schema", "keys_schema", "values_schema"]) | {
    *["arguments_schema", "extras_schema", "json_schema", "lax_schema", "python_schema", "steps", "strict_schema"]
}
"""The keys of a core schema below which others stand."""


def _inside(core: Core, change: Callable[[Core], Core]) -> Core:
    """A schema in which each of those that stand directly below it is changed: itself where none is."""
    inner = {key: new for key in core if key in INNER and (new := _changed(core[key], change)) is not core[key]}
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


def _standing(core: Core) -> Core:
    """A copy of a schema that goes by its own fields for each class in it."""
    copy = _inside(core, _standing)
    if core["type"] in ("dataclass", "model") and not core.get("custom_init"):
        cls = core["cls"]
        return {**copy, "cls": _StandIn(cls.__name__, (), {"of": cls, "__new__": lambda _: cls.__new__(cls)})}
    return copy


def _without_ref(core: Core) -> tuple[Core, Core]:
    """The name by which others refer to a schema, for what stands in its place, and the schema without it."""
    inner = {key: value for key, value in core.items() if key != "ref"}
    return {"ref": core["ref"]} if "ref" in core else {}, inner


# ---------------------------------------------------------------------- names of fields


def _renamed(core: Core, change: Callable[[str, Core], Core]) -> Core:
    """The fields of a class, each changed: itself where none is."""
    fields = {name: change(name, each) for name, each in fields_of(core)}
    if all(fields[name] is each for name, each in fields_of(core)):
        return core
    return {**core, "fields": fields if isinstance(core["fields"], dict) else list(fields.values())}


def _readable(name: str, each: Core) -> Core:
    """A field that has a name of its own in JSON, besides paths into it."""
    alias = each.get("validation_alias")
    if alias is None or alias_of(each):
        return each
    return {**each, "validation_alias": [[name], *(alias if isinstance(alias[0], list) else [alias])]}


def _written(name: str, each: Core) -> Core:
    """A field that is written, by the name by which it is read."""
    left = {key: value for key, value in each.items() if key not in ("serialization_exclude", "serialization_alias")}
    alias = alias_of(each) or name
    changed = left if alias == name else {**left, "serialization_alias": alias}
    return each if changed == each else changed


def is_pydantics(function: Any, name: str = "") -> bool:
    """Whether a function is one of pydantic's own, whose name begins with `name`."""
    function = getattr(function, "__func__", function)
    package = str(getattr(function, "__module__", "")).partition(".")[0]
    return package == "pydantic" and getattr(function, "__name__", "").startswith(name)


# ---------------------------------------------------------------------- one union


class _Union:
    """A union, and which of its branches are named: objects inside (`inner`), others in an object around (`boxed`).

    `texts` are the branches that are told by how a scalar is spelt, the narrowest first.
    """

    def __init__(self, whole: Cores, core: Core) -> None:
        self.whole = whole
        choices = list(whole.branches(core)) if _is_ours(core) else []
        self.branches = [branch for _, branch in choices]
        found = {index: record_of(whole, branch, label) for index, (label, branch) in enumerate(choices)}
        self.records = {index: record for index, record in found.items() if record}
        self.objects = [record for record in self.records.values() if not record.is_map]
        self.tag = unused("variant", {name for record in self.objects for name in record.names | record.taken})
        pairs = combinations(range(len(self.branches)), 2)
        clashes = [(i, j) for i, j in pairs if whole.clash(self.branches[i], self.branches[j])]
        inner = set(self.records) if self.objects and any({*pair} <= self.records.keys() for pair in clashes) else set()
        boxed = {i for pair in clashes if not {*pair} <= inner and not self.is_spelt(pair) for i in pair}
        if boxed:
            inner = set(self.records) if self.objects else set()
            boxed |= {index for index in range(len(self.branches)) if self.is_object(index)}
        self.inner, self.boxed = inner, boxed - inner
        names = (self.name(index, label) for index, (label, _) in enumerate(choices) if index in inner | boxed)
        self.named = dict(zip(distinct(names), sorted(inner | boxed), strict=True))
        self.labels = {index: label for label, index in self.named.items()}
        self.texts = self.spellings()
        self.quotes = any(whole.resolve(branch)["type"] == "str" for branch, _ in self.texts)
        self.maps = [branch for branch in self.branches if whole.resolve(branch)["type"] == "dict"]
        if self.texts:
            whole.marked |= {id(target) for target in map(whole.resolve, self.branches) if target["type"] == "bytes"}

    def is_spelt(self, pair: tuple[int, int]) -> bool:
        """Whether one of two branches is plain text, and the other spelt in a way of its own."""
        one, other = (list(self.whole.forms(self.branches[index])) for index in pair)
        plain = [[(form.made, form.constants) for form in forms] == [("str", ())] for forms in (one, other)]
        narrow = one if plain[1] else other
        return any(plain) and all(form.json != "string" or form.constants or form.kind for form in narrow)

    def is_object(self, index: int) -> bool:
        return any(form.json == "object" for form in self.whole.forms(self.branches[index]))

    def name(self, index: int, label: str) -> str:
        """What a branch is called: by its class, or by its type and what it holds."""
        return self.records[index].name if index in self.inner else label or self.called(self.branches[index])

    def called(self, core: Core) -> str:
        form = next(self.whole.forms(core))
        if isinstance(form.made, type):
            return word(form.made.__name__)
        name = form.core["type"] if isinstance(form.made, int) or form.constants else str(form.made)
        inner = form.values if name in MAPS else form.items[0] if name in ARRAYS else ANY
        return word(name) + (f"_of_{self.called(inner)}" if inner["type"] in ("definition-ref", *RECORDS) else "")

    def spellings(self) -> list[tuple[Core, Spells]]:
        """The scalars that are told by how they are spelt, constants first; none where only one of them is a text."""
        cores = [(each, self.whole.resolve(each)) for i, each in enumerate(self.branches) if i not in self.boxed]
        found: list[tuple[Core, Spells]] = []
        if any(form.json in SCALARS and not form.constants for _, form in self.forms):
            for each, core in cores:
                constants = constants_of(core)
                if core["type"] == "enum" or any(isinstance(constant, Enum) for constant in constants):
                    found.append((each, _is_one_of(list(map(plain_value, constants))) if constants else _is_sum))
        texts = [(each, kind) for kind in TEXTS for each, _ in cores if self.kind(each) == kind]
        if found or sum(bool(self.kind(each)) for each in self.branches) > 1:
            found += [(each, _is_spelt(each, TEXTS[kind])) for each, kind in texts]
        return found

    def kind(self, core: Core) -> str:
        kinds = {"" if form.constants else form.kind for form in self.whole.forms(core)}
        return kinds.pop() if len(kinds) == 1 else ""

    # -------------------------------------------------------------- reading

    def reading(self, core: Core) -> Core:
        """The union as one that a function tells apart: by the constant, by the spelling of a text, or not at all."""
        calls = any(form.core["type"] == "call" for _, form in self.forms)  # a named tuple, which also reads an object
        if not self.named and not self.texts and not (calls and self.maps):
            labels = core["choices"] if core["type"] == "tagged-union" else ()
            return _members(core) if any(isinstance(label, Enum) for label in labels) else core
        metadata = core.get("metadata", {})
        ref, plain = _without_ref({key: value for key, value in core.items() if key != "metadata"})
        choices = {label: self.with_name(label, index) for label, index in self.named.items()}
        spelt = {str(place): self.spelt(branch) for place, (branch, _) in enumerate(self.texts)}
        maps = {MAP: core_schema.union_schema(list(map(self.whole.read, self.maps)))} if self.maps else {}
        listed = [
            choices[self.labels[index]] if index in self.labels else self.whole.read(branch)
            for index, branch in enumerate(self.branches)
        ]
        return {
            **core_schema.tagged_union_schema(
                {**choices, **spelt, **maps, PLAIN: plain},
                self.choose,
                custom_error_type="unknown_variant",
                custom_error_message=f"{self.tag} must be one of {', '.join(self.named)}",
            ),
            "metadata": {**metadata, SHOWN: core_schema.union_schema(listed)},
            **ref,
        }

    def choose(self, value: Any) -> str | None:
        """The choice for a value; None where its constant is none of the union's."""
        if isinstance(value, dict):
            label = value.get(self.tag)
            if isinstance(label, str) and label in self.named:
                return label
            clear = label is None or not self.named or any(record.open for record in self.objects)
            return self.unnamed(value) if clear else None
        return next((str(place) for place, (_, spells) in enumerate(self.texts) if spells(value)), PLAIN)

    def unnamed(self, value: dict[str, Any]) -> str:
        """The choice of an object without the constant: a map where its names are those of no other branch."""
        fits = (each.required <= value.keys() and (each.open or value.keys() <= each.names) for each in self.objects)
        return PLAIN if not self.maps or any(fits) else MAP

    def spelt(self, branch: Core) -> Core:
        """A branch that is told by its spelling; text loses the quotes that make it no other branch."""
        copy = self.whole.read(branch)
        if self.whole.resolve(branch)["type"] != "str":
            return copy
        return core_schema.no_info_before_validator_function(self.unquoted, copy)

    def unquoted(self, value: Any) -> Any:
        return value[1:-1] if isinstance(value, str) and self.is_quoted(value) else value

    def is_quoted(self, text: str) -> bool:
        """Whether text in quotes would be of a narrower branch without them."""
        return len(text) > 1 and text[0] == text[-1] == '"' and self.is_other(text.strip('"'))

    def is_other(self, text: str) -> bool:
        """Whether text is spelt as a branch that is no plain text."""
        return any(spells(text) for branch, spells in self.texts if self.whole.resolve(branch)["type"] != "str")

    def with_name(self, label: str, index: int) -> Core:
        """A reference to a copy of a branch that reads the constant first and takes it away again.

        It is a definition, made once, because a branch may hold its own union.
        """
        ref = f"variants.{label}:{id(self)}"
        if ref not in self.whole.made:
            self.whole.made[ref] = {}
            copy = self.whole.read(self._stripped(self.branches[index]))
            named = self._boxed(copy, label) if index in self.boxed else self._with_constant(copy, label)
            self.whole.made[ref] = {**named, "ref": ref}
        return core_schema.definition_reference_schema(ref)

    def _boxed(self, core: Core, label: str) -> Core:
        fields = {self.tag: core_schema.literal_schema([label]), "value": core}
        box = core_schema.typed_dict_schema(
            {name: core_schema.typed_dict_field(each, required=True) for name, each in fields.items()},
            extra_behavior="forbid",
        )
        return core_schema.no_info_after_validator_function(lambda found: found["value"], box)

    def _with_constant(self, core: Core, label: str) -> Core:
        if core["type"] == "dict":
            values = core.get("values_schema", ANY)
            core = core_schema.typed_dict_schema({}, extras_schema=values, extra_behavior="allow")
        if core["type"] not in FIELDS:
            return {**core, "schema": self._with_constant(core["schema"], label)}
        constant = _FIELD[core["type"]](self.tag, core_schema.literal_schema([label]))
        fields = core["fields"]
        more = [constant, *fields] if isinstance(fields, list) else {self.tag: constant, **fields}
        return core_schema.no_info_after_validator_function(self.untagged, {**core, "fields": more})

    def _stripped(self, core: Core) -> Core:
        """The schema of a branch itself, without the names by which others refer to it."""
        while core["type"] == "definition-ref":
            core = self.whole.shared[core["schema_ref"]]
        _, stripped = _without_ref(core)
        return {**stripped, "schema": self._stripped(core["schema"])} if core["type"] in THROUGH else stripped

    def untagged(self, found: Any) -> Any:
        """What was read of the fields, without the constant: a dict, or a tuple of it and the names that were set."""
        for each in found if isinstance(found, tuple) else (found,):
            if isinstance(each, dict):
                each.pop(self.tag, None)
            elif isinstance(each, set):
                each.discard(self.tag)
        return found

    # -------------------------------------------------------------- writing

    def writing(self, core: Core, *, plain: bool) -> Core:
        """The union as one that writes a value by the branch that it is of; one of scalars is left to pydantic."""
        held = {form.json for branch in self.branches for form in self.whole.forms(branch)}
        if not self.named and not self.quotes and held.isdisjoint(("array", "object")):
            return core
        write = partial(self.write, plain=plain)
        return {**core, "serialization": core_schema.wrap_serializer_function_ser_schema(write)}

    def write(self, value: Any, handler: Callable[[Any], Any], *, plain: bool) -> Any:
        """What pydantic writes of a value, with the constant of its branch."""
        if type(value) is str and self.quotes and (self.is_other(value) or self.is_quoted(value)):
            return f'"{value}"'
        index = self.branch_of(value, plain)
        if index is None:
            return handler(value)
        written = self.writer(index, plain).to_python(value, mode="json", by_alias=True, round_trip=True)
        if index not in self.labels:
            return written
        if index in self.boxed:
            return {self.tag: self.labels[index], "value": written}
        if self.tag in written:
            raise ValueError(f"a further property {self.tag!r}, which names the branch of a union")
        return {self.tag: self.labels[index], **written}

    @cache  # noqa: B019  # as long as the schema
    def writer(self, index: int, plain: bool) -> SchemaSerializer:
        """What writes a value of a branch."""
        return SchemaSerializer(_standing(self.whole.write(self.whole.alone(self.branches[index]), plain=plain)))

    def branch_of(self, value: Any, plain: bool) -> int | None:
        """The branch that a value is of: by its class, by one that it inherits from, or the one that reads it back."""
        named = [(i, form) for i, form in self.forms if isinstance(form.made, type)]
        classes = [(i, form.made) for i, form in named if not form.constants or plain_value(value) in form.constants]
        exact = (index for index, cls in classes if cls is type(value))
        above = (index for index, cls in classes if isinstance(value, cls))
        others = (index for index in range(len(self.branches)) if self.comes_back(index, value, plain))
        return next(chain(exact, above, others), None)

    def comes_back(self, index: int, value: Any, plain: bool) -> bool:
        """Whether a branch writes a value and reads it as itself; NaN equals nothing, and is told by how it prints."""
        with suppress(PydanticSerializationError, ValidationError, *STUMBLES):
            written = self.writer(index, plain).to_json(value, by_alias=True, round_trip=True, warnings="error")
            back = self.reader(index).validate_json(written)
            return type(back) is type(value) and bool(back == value or repr(back) == repr(value))
        return False

    @cache  # noqa: B019  # as long as the schema
    def reader(self, index: int) -> SchemaValidator:
        """What reads the JSON of a branch."""
        return self.whole.reader(self.branches[index])

    @cached_property
    def forms(self) -> list[tuple[int, Form]]:
        return [(index, form) for index, branch in enumerate(self.branches) for form in self.whole.forms(branch)]


_FIELD: dict[str, Callable[[str, Core], Core]] = {
    "dataclass-args": lambda name, core: core_schema.dataclass_field(name, core),
    "model-fields": lambda name, core: core_schema.model_field(core),
    "typed-dict": lambda name, core: core_schema.typed_dict_field(core, required=True),
}


def _is_ours(core: Core) -> bool:
    """Whether no property of the user's own tells the branches apart, and they are not ways to read one type."""
    return "custom_error_type" not in core and (core["type"] == "union" or callable(core["discriminator"]))


# ---------------------------------------------------------------------- scalars

Spells = Callable[[Any], bool]
STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError)
"""What functions of the user's own raise over a value that they did not foresee."""


def _is_one_of(values: Sequence[Any]) -> Spells:
    return lambda value: any(type(value) is type(each) and value == each for each in values)


def _is_sum(value: Any) -> bool:
    """Whether a value may be one of flags."""
    return type(value) is int


def _is_spelt(branch: Core, pattern: str) -> Spells:
    spelling = re.compile(pattern)
    reader = SchemaValidator(branch) if branch["type"] != "definition-ref" else None

    def spells(value: Any) -> bool:
        if not isinstance(value, str) or not spelling.fullmatch(value):
            return False
        try:
            return reader is None or reader.validate_json(json.dumps(value)) is not None
        except ValidationError:
            return False

    return spells


MOMENTS = (date, time, timedelta)
"""What functions of the user's own may have made of a text before."""

TIME = r"[:a-df-zA-DF-Z]|\d-"
"""What a date, a time or a duration has in it, and a number has not."""


def _timed(core: Core) -> Core:
    """A date, a time or a duration, which no number is."""
    text = core_schema.str_schema(pattern=TIME, strict=True, min_length=0, max_length=sys.maxsize)
    made = core_schema.chain_schema([core_schema.any_schema(), core_schema.is_instance_schema(MOMENTS)])
    guard = core_schema.custom_error_schema(
        core_schema.union_schema([text, made], mode="left_to_right"),
        "number_for_time",
        custom_error_message=f"write a {core['type']} in ISO 8601, never as a number",
    )
    ref, inner = _without_ref({**core, "strict": False})
    return {**core_schema.chain_schema([guard, inner], metadata={SHOWN: inner}), **ref}


# ---------------------------------------------------------------------- constants


def _members(core: Core) -> Core:
    """Members of an enum as constants, `Literal[Color.RED]`, which JSON names by their values."""
    if core["type"] == "tagged-union":
        return {**core, "choices": {plain_value(label): choice for label, choice in core["choices"].items()}}
    values = list(map(plain_value, core["expected"]))
    members = dict(zip(map(repr, values), core["expected"], strict=True))
    literal = core_schema.literal_schema(values)
    read = core_schema.no_info_after_validator_function(lambda value: members[repr(value)], literal)
    return {**read, **_without_ref(core)[0]}


def _is_opaque(constant: Any) -> bool:
    """Whether a constant is a member of an enum that is not text or a number itself."""
    return isinstance(constant, Enum) and not isinstance(constant, str | int)


# ---------------------------------------------------------------------- bytes

BASE64 = "base64:"


def _bytes(core: Core) -> Core:
    """Bytes as the UTF-8 text that they are, or as their base64 with a mark before it."""
    ref, inner = _without_ref({**core, "strict": False})
    return {**core_schema.no_info_before_validator_function(_from_text, inner), **ref}


def _from_text(value: Any) -> Any:
    marked = isinstance(value, str) and value.startswith(BASE64)
    return base64.b64decode(value.removeprefix(BASE64), validate=True) if marked else value


def _bytes_as_text(value: bytes | bytearray, *, marked: bool = False) -> str:
    """The text that bytes are in JSON; what begins as the mark does, and anything with `marked`, is base64 as well.

    _bytes_as_text(b"abc")   # "abc"
    _bytes_as_text(b"\\xff")  # "base64:/w=="
    """
    if not isinstance(value, bytes | bytearray):
        raise PydanticSerializationUnexpectedValue(f"expected bytes, not {type(value).__name__}")
    with suppress(UnicodeDecodeError):
        text = value.decode()
        if not marked and not text.startswith(BASE64):
            return text
    return BASE64 + base64.b64encode(value).decode()


# ---------------------------------------------------------------------- names


def distinct(names: Iterable[str]) -> Iterator[str]:
    """The names; one that comes again gets a number: Item, Item_2."""
    seen: set[str] = set()
    for name in names:
        name = next(each for each in chain([name], (f"{name}_{i}" for i in count(2))) if each not in seen)
        seen.add(name)
        yield name
