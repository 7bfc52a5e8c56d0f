"""What pydantic would lose or make up between a type and its JSON, put right in its own core schema.

**Unions** of which JSON alone does not tell the branch:

    class Charge(BaseModel): amount: Decimal
    class Refund(BaseModel): amount: Decimal
    class Entry(BaseModel):  move: Charge | Refund

`{"move": {"amount": "5"}}` may be either, and pydantic makes it a Charge. Here each branch gets one more constant,
`{"variant": "Refund", "amount": "5"}`, which validation reads and takes away again and which dumping writes, so that
a Refund stays one. Branches that differ in a required field, or in a constant of their own, need none of this. A map
beside a class, `Charge | dict[str, Decimal]`, is one more branch, "map", in which no property has the constant's name.

Scalars have no room for a constant. Of several that are text in JSON (`date | str`), a text is of the first in
`TEXTS` that it spells as pydantic would write it: "2024-01-31" is a date, "2024" and "00123" stay text. Text that is
spelt as one of the others stands in quotes of its own: `"\\"2024-01-31\\""` is no date.

Members of two enums with one value are told apart by their names: `Colour.RED`.

**Times**: a number is no time. pydantic takes 2024 for the seconds since 1970; here it is refused.

**Bytes**: those that are no UTF-8 text are `base64:` and their base64, which JSON can hold and pydantic cannot.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import Enum
from functools import partial
from itertools import chain, combinations, count
from typing import Any

from pydantic_core import (
    PydanticSerializationUnexpectedValue,
    SchemaSerializer,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from extractor.schema.keywords import REFUSED

__all__ = ["GUARDED", "VARIANTS", "Variants", "bytes_as_text", "distinct"]

Core = Any
"""A core schema of pydantic: nested dicts with a `type`."""

VARIANTS = "x-variants"
"""The metadata of a union that was told apart: the schemas of its branches, in declared order."""

GUARDED = "x-guarded"
"""The metadata of a chain that guards a scalar: the schema of the scalar."""

PLAIN, MAP = "", "{}"
"""The choices that read what no constant tells apart: as pydantic does, and as a dict."""

THROUGH = ("default", "function-after", "function-before", "function-wrap", "nullable")
LISTS = ("frozenset", "list", "set")
RECORDS = ("dataclass", "model", "typed-dict")
FIELDS = ("dataclass-args", "model-fields", "typed-dict")
SIZES = {"max_length", "min_length"}

TEXTS: dict[str, str] = {
    "bytes": r"base64:.*",
    "uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d.*",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d\d:\d\d.*",
    "timedelta": r"[+-]?P.*",
    "decimal": r"-?(0|[1-9]\d*)(\.\d+)?",
    "url": r"[a-zA-Z][a-zA-Z0-9+.-]*://.*",
    "multi-host-url": r"[a-zA-Z][a-zA-Z0-9+.-]*://.*",
    "str": r"(?s:.*)",
}
"""How each scalar that JSON holds as text is spelt, the narrowest first."""


Change = Callable[[Core], Core]
"""What stands for a node of a core schema, made of a copy of which what is below has been put right."""


class Variants:
    """A core schema put right; `clear` where nothing had to be. `tags` are the names of the constants of unions."""

    def __init__(self, core: Core) -> None:
        self.source = core
        self.shared = {str(each.get("ref")): each for each in core.get("definitions", ())}
        self.made: dict[str, Core] = {}
        self.tags: set[str] = set()
        self.readers: dict[int, Change] = {}
        self.writers: dict[int, Change] = {}
        self._survey(core)
        self.clear = not self.readers
        self.core = core if self.clear else self._with_made(self.copied(core))

    def validator(self) -> SchemaValidator:
        """What reads JSON."""
        return SchemaValidator(_standing(self.core))

    def serializer(self) -> SchemaSerializer:
        """What writes JSON."""
        return SchemaSerializer(_standing(self.copied(self.source, write=True)))

    def _with_made(self, core: Core) -> Core:
        """A schema with the definitions that copies of branches became."""
        if core["type"] == "definitions":
            return {**core, "definitions": [*core["definitions"], *self.made.values()]}
        return core_schema.definitions_schema(core, list(self.made.values())) if self.made else core

    def _survey(self, core: Core, plain_bytes: bool = True) -> None:
        """Note the rule of each node; bytes for which a configuration has another form have none."""
        if "config" in core:
            plain_bytes = not any(keyword.endswith("_json_bytes") for keyword in core["config"])
        _inside(core, partial(self._survey, plain_bytes=plain_bytes))
        if "serialization" in core:
            return
        match core["type"]:
            case "union" | "tagged-union":
                self._survey_union(core, _Union(self, core))
            case "literal" if any(_is_opaque(each) for each in core["expected"]):
                self.readers[id(core)] = _members
            case each if each in TIMES:
                self.readers[id(core)] = _timed
            case "bytes" if plain_bytes:
                self.readers[id(core)], self.writers[id(core)] = _bytes, _writing_bytes

    def _survey_union(self, core: Core, union: _Union) -> None:
        if union.labels or union.texts or (union.maps and union.records) or union.alike:
            self.readers[id(core)], self.writers[id(core)] = union.reading, union.writing
            self.tags |= {union.tag} if union.labels else set()
        if union.texts:
            marked = partial(_writing_bytes, marked=True)
            self.writers |= {id(each): marked for each in union.scalars if id(each) in self.writers}
        elif any(isinstance(label, Enum) for label in core["choices"] if core["type"] == "tagged-union"):
            self.readers[id(core)] = _members

    def copied(self, core: Core, *, write: bool = False) -> Core:
        """A copy of a schema in which each node stands as its rule has it."""
        copy = _inside(core, partial(self.copied, write=write))
        if write and core["type"] == "union":
            copy["choices"] = sorted(copy["choices"], key=self._generality)
        change = (self.writers if write else self.readers).get(id(core))
        return change(copy) if change else copy

    def _generality(self, choice: Any) -> int:
        """Less for a class than for those that it inherits from: a value is written by the first that it is of."""
        cls = self.resolve(_labelled(choice)[1]).get("cls")
        return -len(cls.__mro__) if isinstance(cls, type) else 0

    def resolve(self, core: Core) -> Core:
        """What a schema validates in the end, behind references and functions."""
        while core["type"] in THROUGH or core["type"] == "definition-ref":
            core = self.shared[core["schema_ref"]] if core["type"] == "definition-ref" else core["schema"]
        return core

    def branches(self, core: Core, seen: tuple[int, ...] = ()) -> Iterator[tuple[str, Core]]:
        """The branches of a union with their names, those of unions inside it in their place."""
        choices = core["choices"]
        named = choices.items() if isinstance(choices, dict) else (_labelled(choice) for choice in choices)
        for label, choice in named:
            target = self.resolve(choice)
            if target["type"] == "union" and "serialization" not in target:
                if id(target) not in seen:
                    yield from self.branches(target, (*seen, id(target)))
            else:
                yield (label if isinstance(choices, dict) else ""), choice


INNER = frozenset(["schema", "choices", "definitions", "fields", "items_schema", "keys_schema", "values_schema"]) | {
    *["arguments_schema", "extras_schema", "json_schema", "lax_schema", "python_schema", "steps", "strict_schema"]
}
"""The keys of a core schema below which others stand."""


def _inside(core: Core, change: Callable[[Core], Core]) -> Core:
    """A copy of a schema in which each of those that stand directly below it is changed."""

    def changed(value: Any) -> Any:
        match value:
            case {"type": str()}:
                return change(value)
            case dict():
                return {name: changed(each) for name, each in value.items()}
            case list():
                return [changed(each) for each in value]
            case (each, label):
                return (changed(each), label)
        return value

    return {key: changed(value) if key in INNER else value for key, value in core.items()}


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
        copy["cls"] = _StandIn(cls.__name__, (), {"of": cls, "__new__": lambda _: cls.__new__(cls)})
    return copy


def _labelled(choice: Any) -> tuple[str, Core]:
    return (str(choice[1]), choice[0]) if isinstance(choice, tuple) else ("", choice)


# ---------------------------------------------------------------------- one union


@dataclass
class _Record:
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

    def differs(self, other: _Record) -> bool:
        """Whether a value of either can never be one of the other."""
        shared = [name for name in self.constants if name in other.constants]
        if any(self.constants[name].isdisjoint(other.constants[name]) for name in shared):
            return True
        return not self.open and not other.open and bool(self.required - other.names and other.required - self.names)


class _Union:
    def __init__(self, whole: Variants, core: Core) -> None:
        self.whole = whole
        self.branches = list(whole.branches(core)) if _is_ours(core) else []
        records = [record for label, branch in self.branches if (record := _record(whole, branch, label))]
        self.labels: dict[str, _Record] = {}
        self.tag = _unused("variant", {name for record in records for name in record.names | record.taken})
        classes = {record.cls for record in records if record.cls is not None}
        typed = sum(record.cls is None for record in records)
        one_each = len(classes) + typed == len(records) > sum(record.is_map for record in records)
        if one_each and not all(a.differs(b) for a, b in combinations(records, 2)):
            self.labels = dict(zip(distinct(record.name for record in records), records, strict=True))
        self.scalars = [core for _, branch in self.branches if (core := whole.resolve(branch))["type"] == "bytes"]
        self.words = _words(whole, [branch for _, branch in self.branches])
        self.records, self.texts = records, _texts(whole, self.branches, self.words)
        self.quotes = any(whole.resolve(branch)["type"] == "str" for branch, _ in self.texts)
        self.alike = _alike(whole, [branch for _, branch in self.branches])
        self.maps = [branch for _, branch in self.branches if whole.resolve(branch)["type"] == "dict"]

    # -------------------------------------------------------------- reading

    def reading(self, core: Core) -> Core:
        """The union as one that a function tells apart: by the constant, by the spelling of a text, or not at all."""
        metadata = core.get("metadata", {})
        if self.alike:
            construct = f"one of several lists or maps, of {self.alike}, which the same JSON would be"
            remedy = "declare one list, of the union of what it holds"
            return {**core, "metadata": {**metadata, REFUSED: [construct, remedy]}}
        ref, plain = _without_ref({key: value for key, value in core.items() if key != "metadata"})
        choices = {label: self.tagged(label, record) for label, record in self.labels.items()}
        chosen = {id(record.core): choices[label] for label, record in self.labels.items()}
        chosen |= {id(branch): self.spelt(branch) for branch, _ in self.texts if id(branch) in self.words}
        copies = {str(index): self.spelt(branch) for index, (branch, _) in enumerate(self.texts)}
        maps = {MAP: core_schema.union_schema(list(map(self.whole.copied, self.maps)))} if self.maps else {}
        listed = [chosen.get(id(branch), self.whole.copied(branch)) for _, branch in self.branches]
        return {
            **core_schema.tagged_union_schema(
                {**choices, **copies, **maps, PLAIN: plain},
                self.choose,
                custom_error_type="unknown_variant",
                custom_error_message=f"{self.tag} must be one of {', '.join(self.labels)}",
            ),
            "metadata": {**metadata, VARIANTS: listed},
            **ref,
        }

    def choose(self, value: Any) -> str | None:
        """The choice for a value; None where its constant is none of the union's."""
        if isinstance(value, dict):
            label = value.get(self.tag)
            if isinstance(label, str) and label in self.labels:
                return label
            clear = label is None or not self.labels or any(each.open and not each.is_map for each in self.records)
            return self.untold(value) if clear else None
        return next((str(index) for index, (_, spells) in enumerate(self.texts) if spells(value)), PLAIN)

    def spelt(self, branch: Core) -> Core:
        """A copy of a branch that is told by its spelling; text loses the quotes that make it no other branch."""
        if id(branch) in self.words:
            return _by_words(self.words[id(branch)])
        copy = self.whole.copied(branch)
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

    def untold(self, value: dict[str, Any]) -> str:
        """The choice of an object without the constant: a map where its names are those of no other branch."""
        objects = (record for record in self.records if not record.is_map)
        fits = (each.required <= value.keys() and (each.open or value.keys() <= each.names) for each in objects)
        return PLAIN if not self.maps or any(fits) else MAP

    def tagged(self, label: str, record: _Record) -> Core:
        """A reference to a copy of a branch that reads the constant first and takes it away again.

        It is a definition, made once, because a branch may hold its own union.
        """
        ref = f"variants.{label}:{id(self)}"
        if ref not in self.whole.made:
            self.whole.made[ref] = {}
            copy = self.whole.copied(self._stripped(record.core))
            self.whole.made[ref] = {**self._with_constant(copy, label), "ref": ref}
        return core_schema.definition_reference_schema(ref)

    def _with_constant(self, core: Core, label: str) -> Core:
        if core["type"] == "dict":
            values = core.get("values_schema", core_schema.any_schema())
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
        if core["type"] in THROUGH:
            stripped["schema"] = self._stripped(core["schema"])
        return stripped

    def untagged(self, found: Any) -> Any:
        """What was read of the fields, without the constant: a dict, or a tuple of it and the names that were set."""
        for each in found if isinstance(found, tuple) else (found,):
            if isinstance(each, dict):
                each.pop(self.tag, None)
            elif isinstance(each, set):
                each.discard(self.tag)
        return found

    # -------------------------------------------------------------- writing

    def writing(self, core: Core) -> Core:
        if not self.labels and not self.quotes and not self.words:
            return core
        writer = core_schema.wrap_serializer_function_ser_schema(self.write)
        return {**core, "serialization": writer}

    def write(self, value: Any, handler: Callable[[Any], Any]) -> Any:
        """What pydantic writes of a value, with the constant of its branch."""
        if type(value) is str and self.quotes and (self.is_other(value) or self.is_quoted(value)):
            return f'"{value}"'
        if isinstance(value, Enum) and (word := self.word_of(value)):
            return word
        written = handler(value)
        label = self.label_of(value) if isinstance(written, dict) else None
        if label is not None and self.tag in written:
            raise ValueError(f"a further property {self.tag!r}, which names the branch of a union")
        return written if label is None else {self.tag: label, **written}

    def word_of(self, member: Enum) -> Any:
        """The word of a member that shares its value with one of another enum."""
        words = (words[member] for words in self.words.values() if member in words)
        return next((word for word in words if word != member.value), None)

    def label_of(self, value: Any) -> str | None:
        exact = [label for label, record in self.labels.items() if record.cls is type(value)]
        above = [label for label, record in self.labels.items() if record.cls and isinstance(value, record.cls)]
        if isinstance(value, dict):
            typed = [(label, record) for label, record in self.labels.items() if record.cls is None]
            ways = ((label, record, strict) for strict in (True, False) for label, record in typed)
            above = [label for label, record, strict in ways if self.holds(record, value, strict=strict)]
        return next(chain(exact, above), None)

    def holds(self, record: _Record, value: dict[str, Any], *, strict: bool) -> bool:
        """Whether a dict is of a TypedDict, or of a map."""
        definitions = [*self.whole.shared.values()]
        core = self._stripped(record.core)
        reader = SchemaValidator(core_schema.definitions_schema(core, definitions) if definitions else core)
        named = record.is_map or value.keys() <= record.names
        return named and reader.isinstance_python(value, strict=strict or None)


_FIELD: dict[str, Callable[[str, Core], Core]] = {
    "dataclass-args": lambda name, core: core_schema.dataclass_field(name, core),
    "model-fields": lambda name, core: core_schema.model_field(core),
    "typed-dict": lambda name, core: core_schema.typed_dict_field(core, required=True),
}


def _is_ours(core: Core) -> bool:
    """Whether no property of the user's own tells the branches apart."""
    return core["type"] == "union" or callable(core["discriminator"])


def _record(whole: Variants, branch: Core, label: str) -> _Record | None:
    """A branch as an object with fields; None for anything else, and for a class that reads them by an `__init__`.

    A map of any size whose names may be any is one without fields.
    """
    target = whole.resolve(branch)
    if target["type"] == "dict" and target.get("keys_schema") == {"type": "str"} and not target.keys() & SIZES:
        return _Record("map", branch, None, open=True, is_map=True)
    if target["type"] not in RECORDS or target.get("root_model") or target.get("custom_init"):
        return None
    inner = target
    while inner["type"] not in FIELDS:
        if "schema" not in inner:
            return None
        inner = whole.resolve(inner["schema"])
    cls = target.get("cls")
    name = label or (cls.__name__ if cls else target.get("cls_name", "")) or "option"
    record = _Record(re.sub(r"\W+", "_", name).strip("_"), branch, None if target["type"] == "typed-dict" else cls)
    record.open = "allow" in (inner.get("extra_behavior"), _config(target).get("extra_fields_behavior"))
    fields = inner["fields"]
    for own, each in fields.items() if isinstance(fields, dict) else ((each["name"], each) for each in fields):
        record.taken.add(own)
        _note(whole, record, _alias(each) or own, each, bool(inner.get("total", True)))
    return record


def _alike(whole: Variants, branches: Sequence[Core]) -> str:
    """Two classes of which lists, or maps, are branches that no value tells apart; "" if there are none."""
    held: list[tuple[str, _Record]] = []
    for branch in branches:
        target = whole.resolve(branch)
        inner = target.get("items_schema") if target["type"] in LISTS else target.get("values_schema")
        if isinstance(inner, dict) and (record := _record(whole, inner, "")):
            held.append(("map" if target["type"] == "dict" else "list", record))
    for (form, one), (other_form, other) in combinations(held, 2):
        if form == other_form and one.cls is not other.cls and not one.differs(other):
            return f"{one.name} and of {other.name}"
    return ""


def _config(core: Core) -> Mapping[str, Any]:
    config: Mapping[str, Any] = core.get("config", {})
    return config


def _note(whole: Variants, record: _Record, name: str, each: Core, total: bool) -> None:
    inner = each["schema"]
    record.names.add(name)
    default = inner["type"] == "default"
    constants = _constants(whole.resolve(inner))
    if constants and (not default or inner.get("default") in constants):
        record.constants[name] = set(map(repr, map(_plain, constants)))
    if each.get("required", total) if each["type"] == "typed-dict-field" else not default:
        record.required.add(name)


def _constants(core: Core) -> Sequence[Any]:
    if core["type"] == "enum":
        return list(core["members"])
    return core["expected"] if core["type"] == "literal" else []


def _plain(constant: Any) -> Any:
    return constant.value if isinstance(constant, Enum) else constant


def _alias(each: Core) -> str | None:
    """The name of a field in JSON, as far as it is one name."""
    alias = each.get("validation_alias")
    paths = alias if isinstance(alias, list) and alias and isinstance(alias[0], list) else [alias]
    names = [path[0] if isinstance(path, list) and len(path) == 1 else path for path in paths]
    return next((name for name in names if isinstance(name, str)), None)


# ---------------------------------------------------------------------- scalars

Spells = Callable[[Any], bool]


Words = dict[Enum, Any]
"""What each member of an enum is in JSON."""


def _words(whole: Variants, branches: Sequence[Core]) -> dict[int, Words]:
    """The words of each enum that shares a value with another, or with a constant, by the id of its branch."""
    cores = [(branch, whole.resolve(branch)) for branch in branches]
    taken = {repr(_plain(each)) for _, core in cores if core["type"] == "literal" for each in core["expected"]}
    enums = [(branch, core) for branch, core in cores if core["type"] == "enum"]
    found: dict[int, Words] = {}
    for (branch, core), name in zip(enums, distinct(core["cls"].__name__ for _, core in enums), strict=True):
        shared = [member for member in core["members"] if repr(member.value) in taken]
        if shared:
            found[id(branch)] = {m: f"{name}.{m.name}" if m in shared else m.value for m in core["members"]}
        taken |= {repr(member.value) for member in core["members"]}
    return found


def _by_words(words: Words) -> Core:
    members = {repr(word): member for member, word in words.items()}
    literal = core_schema.literal_schema(list(words.values()))
    return core_schema.no_info_after_validator_function(lambda word: members[repr(word)], literal)


def _texts(
    whole: Variants, branches: Sequence[tuple[str, Core]], words: Mapping[int, Words]
) -> list[tuple[Core, Spells]]:
    """The branches that are told by how a scalar is spelt, constants first; none where only one of them is a text."""
    scalars = [(branch, whole.resolve(branch)) for _, branch in branches]
    closed = [(branch, core) for branch, core in scalars if core["type"] == "enum"]
    texts = sorted(
        ((branch, core) for branch, core in scalars if core["type"] in TEXTS),
        key=lambda each: list(TEXTS).index(each[1]["type"]),
    )
    others = [core for _, core in scalars if core["type"] in ("int", "float", "bool", *TEXTS)]
    spelt = [
        (branch, _is_one_of([*words.get(id(branch), {}).values()] or [member.value for member in core["members"]]))
        for branch, core in closed
        if others or words
    ]
    if len(texts) > 1 or spelt:
        spelt += [(branch, _is_spelt(branch, TEXTS[core["type"]])) for branch, core in texts]
    return spelt


def _is_one_of(values: Sequence[Any]) -> Spells:
    return lambda value: any(type(value) is type(each) and value == each for each in values)


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


TIMES = ("date", "datetime", "time", "timedelta")
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
    return {**core_schema.chain_schema([guard, inner], metadata={GUARDED: inner}), **ref}


def _without_ref(core: Core) -> tuple[Core, Core]:
    """The name by which others refer to a schema, for what stands in its place, and the schema without it."""
    inner = {key: value for key, value in core.items() if key != "ref"}
    return {"ref": core["ref"]} if "ref" in core else {}, inner


# ---------------------------------------------------------------------- members of enums


def _members(core: Core) -> Core:
    """Members of an enum as constants, `Literal[Color.RED]`, which JSON names by their values."""
    if core["type"] == "tagged-union":
        return {**core, "choices": {_plain(label): choice for label, choice in core["choices"].items()}}
    values = list(map(_plain, core["expected"]))
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


def _writing_bytes(core: Core, *, marked: bool = False) -> Core:
    write = partial(bytes_as_text, marked=marked)
    return {**core, "serialization": core_schema.plain_serializer_function_ser_schema(write, when_used="json")}


def _from_text(value: Any) -> Any:
    marked = isinstance(value, str) and value.startswith(BASE64)
    return base64.b64decode(value.removeprefix(BASE64), validate=True) if marked else value


def bytes_as_text(value: bytes | bytearray, *, marked: bool = False) -> str:
    """The text that bytes are in JSON; what begins as the mark does, and anything with `marked`, is base64 as well.

    bytes_as_text(b"abc")   # "abc"
    bytes_as_text(b"\\xff")  # "base64:/w=="
    """
    if not isinstance(value, bytes | bytearray):
        raise PydanticSerializationUnexpectedValue(f"expected bytes, not {type(value).__name__}")
    with suppress(UnicodeDecodeError):
        text = value.decode()
        if not marked and not text.startswith(BASE64):
            return text
    return BASE64 + base64.b64encode(value).decode()


# ---------------------------------------------------------------------- names


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def distinct(names: Iterable[str]) -> Iterator[str]:
    """The names; one that comes again gets a number: Item, Item_2."""
    seen: set[str] = set()
    for name in names:
        name = next(each for each in chain([name], (f"{name}_{i}" for i in count(2))) if each not in seen)
        seen.add(name)
        yield name
