"""Unions in a core schema: which of their branches JSON names, and how they are read and written.

A branch is named wherever another branch has the same JSON form and makes another value of it.

    class Charge(BaseModel): amount: Decimal
    class Refund(BaseModel): amount: Decimal
    class Entry(BaseModel):  move: Charge | Refund;  parts: list[int] | set[int]

    {"move": {"variant": "Refund", "amount": "5"}, "parts": {"variant": "set", "value": [1, 2]}}

An object gets one more constant, which validation reads and takes away, and which dumping writes. Anything else stands
in an object with the constant. Branches that differ in a required field, in a constant, in their JSON type or in the
items that they must have need no name. A map beside a class has no property of the constant's name.

Text that is spelt in a way of its own needs no name either: in `date | str`, "2024-01-31" is a date, "2024" stays text,
and text that is spelt as a date stands in quotes of its own: `"\\"2024-01-31\\""`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from functools import cache, cached_property, partial
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

from pydantic_core import (
    PydanticSerializationError,
    SchemaSerializer,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from extractor.schema.forms import (
    ANY,
    ARRAYS,
    FIELDS,
    MAPS,
    RECORDS,
    SCALARS,
    SHOWN,
    TEXTS,
    THROUGH,
    Core,
    Form,
    constants_of,
    plain_value,
    record_of,
    standing,
    without_ref,
    word,
)
from extractor.schema.words import distinct, unused

if TYPE_CHECKING:
    from extractor.schema.cores import Cores

__all__ = ["STUMBLES", "UnionCore", "members"]

PLAIN, MAP = "", "{}"
"""The choices that read what no constant tells apart: as pydantic does, and as a dict."""


class UnionCore:
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
            return members(core) if any(isinstance(label, Enum) for label in labels) else core
        metadata = core.get("metadata", {})
        ref, plain = without_ref({key: value for key, value in core.items() if key != "metadata"})
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
        _, stripped = without_ref(core)
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
        return SchemaSerializer(standing(self.whole.write(self.whole.alone(self.branches[index]), plain=plain)))

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


# ---------------------------------------------------------------------- spellings

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


# ---------------------------------------------------------------------- constants and names


def members(core: Core) -> Core:
    """Members of an enum as constants, `Literal[Color.RED]`, which JSON names by their values."""
    if core["type"] == "tagged-union":
        return {**core, "choices": {plain_value(label): choice for label, choice in core["choices"].items()}}
    values = list(map(plain_value, core["expected"]))
    by_value = dict(zip(map(repr, values), core["expected"], strict=True))
    literal = core_schema.literal_schema(values)
    read = core_schema.no_info_after_validator_function(lambda value: by_value[repr(value)], literal)
    return {**read, **without_ref(core)[0]}
