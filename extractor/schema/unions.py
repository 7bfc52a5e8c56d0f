"""Unions of classes in a core schema: which of them JSON names, and how they are read and written.

Where JSON does not tell one class of a union from another, each of them gets one more constant, which validation reads
and takes away, and which dumping writes.

    class Charge(BaseModel): amount: Decimal
    class Refund(BaseModel): amount: Decimal
    class Entry(BaseModel):  move: Charge | Refund

    {"move": {"variant": "Refund", "amount": "5"}}

Classes that differ in a required field or in a constant need no name. Everything else, such as scalars, lists and maps,
is read as pydantic reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from functools import cache, partial
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, SchemaSerializer, ValidationError, core_schema

from extractor.schema.forms import (
    FIELDS,
    SHOWN,
    THROUGH,
    Core,
    Record,
    plain_value,
    record_of,
    standing,
    without_ref,
)
from extractor.schema.words import distinct, unused

if TYPE_CHECKING:
    from extractor.schema.cores import Cores

__all__ = ["STUMBLES", "UnionCore", "members"]

PLAIN = ""
"""The choice that reads what no constant tells apart, as pydantic does."""
STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError)
"""What functions of the user's own raise over a value that they did not foresee."""


class UnionCore:
    """A union, the classes among its branches, and the constants that name them; none where none is needed."""

    def __init__(self, whole: Cores, core: Core) -> None:
        self.whole = whole
        choices = list(whole.branches(core)) if _is_ours(core) else []
        self.branches = [branch for _, branch in choices]
        self.records = [record for label, branch in choices if (record := record_of(whole, branch, label))]
        self.tag = unused("variant", {name for record in self.records for name in record.names | record.taken})
        clash = any(not one.differs(other) for one, other in combinations(self.records, 2))
        labels = distinct(record.name for record in self.records) if clash else []
        self.named = dict(zip(labels, self.records, strict=False))

    # -------------------------------------------------------------- reading

    def reading(self, core: Core) -> Core:
        """The union as one that a function tells apart by the constant."""
        if not self.named:
            labels = core["choices"] if core["type"] == "tagged-union" else ()
            return members(core) if any(isinstance(label, Enum) for label in labels) else core
        metadata = core.get("metadata", {})
        ref, plain = without_ref({key: value for key, value in core.items() if key != "metadata"})
        choices = {label: self.with_name(label, record.core) for label, record in self.named.items()}
        by_branch = {id(record.core): choices[label] for label, record in self.named.items()}
        listed = [by_branch.get(id(branch)) or self.whole.read(branch) for branch in self.branches]
        return {
            **core_schema.tagged_union_schema(
                {**choices, PLAIN: plain},
                self.choose,
                custom_error_type="unknown_variant",
                custom_error_message=f"{self.tag} must be one of {', '.join(self.named)}",
            ),
            "metadata": {**metadata, SHOWN: core_schema.union_schema(listed)},
            **ref,
        }

    def choose(self, value: Any) -> str | None:
        """The choice for a value; None where its constant is none of the union's."""
        label = value.get(self.tag) if isinstance(value, dict) else None
        if isinstance(label, str) and label in self.named:
            return label
        return PLAIN if label is None or any(record.open for record in self.records) else None

    def with_name(self, label: str, branch: Core) -> Core:
        """A reference to a copy of a branch that reads the constant first and takes it away again.

        It is a definition, made once, because a branch may hold its own union.
        """
        ref = f"variants.{label}:{id(self)}"
        if ref not in self.whole.made:
            self.whole.made[ref] = {}
            copy = self.whole.read(self._stripped(branch))
            self.whole.made[ref] = {**self._with_constant(copy, label), "ref": ref}
        return core_schema.definition_reference_schema(ref)

    def _with_constant(self, core: Core, label: str) -> Core:
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
        """The union as one that writes an object by the class that it is of."""
        if len(self.records) < 2:
            return core
        write = partial(self.write, plain=plain)
        return {**core, "serialization": core_schema.wrap_serializer_function_ser_schema(write)}

    def write(self, value: Any, handler: Callable[[Any], Any], *, plain: bool) -> Any:
        """What pydantic writes of a value, with the constant of its branch."""
        record = self.record_of(value, plain)
        if record is None:
            return handler(value)
        written = self.writer(record, plain).to_python(value, mode="json", by_alias=True, round_trip=True)
        label = next((label for label, each in self.named.items() if each is record), None)
        if label is None:
            return written
        if self.tag in written:
            raise ValueError(f"a further property {self.tag!r}, which names the branch of a union")
        return {self.tag: label, **written}

    def record_of(self, value: Any, plain: bool) -> Record | None:
        """The branch that a value is of: by its class, by one that it inherits from, or the one that reads it back."""
        exact = (record for record in self.records if record.cls is type(value))
        above = (record for record in self.records if record.cls and isinstance(value, record.cls))
        dicts = (record for record in self.records if not record.cls and isinstance(value, dict))
        others = (record for record in dicts if self.comes_back(record, value, plain))
        return next(chain(exact, above, others), None)

    def comes_back(self, record: Record, value: Any, plain: bool) -> bool:
        """Whether a branch writes a value and reads it as itself."""
        with suppress(PydanticSerializationError, ValidationError, *STUMBLES):
            written = self.writer(record, plain).to_json(value, by_alias=True, round_trip=True, warnings="error")
            return bool(self.whole.reader(record.core).validate_json(written) == value)
        return False

    @cache  # noqa: B019  # as long as the schema
    def writer(self, record: Record, plain: bool) -> SchemaSerializer:
        """What writes a value of a branch."""
        return SchemaSerializer(standing(self.whole.write(self.whole.alone(record.core), plain=plain)))


_FIELD: dict[str, Callable[[str, Core], Core]] = {
    "dataclass-args": lambda name, core: core_schema.dataclass_field(name, core),
    "model-fields": lambda name, core: core_schema.model_field(core),
    "typed-dict": lambda name, core: core_schema.typed_dict_field(core, required=True),
}


def _is_ours(core: Core) -> bool:
    """Whether no property of the user's own tells the branches apart, and they are not ways to read one type."""
    return "custom_error_type" not in core and (core["type"] == "union" or callable(core["discriminator"]))


def members(core: Core) -> Core:
    """Members of an enum as constants, `Literal[Color.RED]`, which JSON names by their values."""
    if core["type"] == "tagged-union":
        return {**core, "choices": {plain_value(label): choice for label, choice in core["choices"].items()}}
    values = list(map(plain_value, core["expected"]))
    by_value = dict(zip(map(repr, values), core["expected"], strict=True))
    literal = core_schema.literal_schema(values)
    read = core_schema.no_info_after_validator_function(lambda value: by_value[repr(value)], literal)
    return {**read, **without_ref(core)[0]}
