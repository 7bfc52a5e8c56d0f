"""What pydantic would lose or make up between a type and its JSON, put right in its own core schema.

**Unions**: where JSON does not tell one class of a union from another, each of them gets one more constant, which
validation reads and takes away, and which dumping writes. Classes that differ in a required field or in a constant need
no name. A map beside a class is named like one. In `list[Charge] | list[Refund]` the items are named, and so are those
of maps. Scalars, and lists of them, are read as pydantic reads them.

    class Charge(BaseModel): amount: Decimal
    class Refund(BaseModel): amount: Decimal
    class Entry(BaseModel):  move: Charge | Refund

    {"move": {"variant": "Refund", "amount": "5"}}

**Times**: a number is no time. pydantic takes 2024 for the seconds since 1970; here it is refused.

**Bytes**: those that are no UTF-8 text are `base64:` and their base64, which JSON can hold and pydantic cannot.

**Writing**: fields go by the names by which they are read, excluded ones and secrets among them. A None that a field
only has as its default is left out. Functions and settings of the user's own write where nothing else reads back.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from enum import Enum
from functools import cache, cached_property, partial
from itertools import chain, combinations
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
    DESCRIBED,
    FIELDS,
    FUNCTIONS,
    HOLDS,
    MAPS,
    NUMBERS,
    RECORDS,
    TEXTS,
    THROUGH,
    TIMES,
    Core,
    Forms,
    Record,
    alias_of,
    constants_of,
    fields_of,
    labelled,
    plain_value,
    record_of,
    standing,
    with_inner,
    without_ref,
)
from extractor.schema.words import distinct, unused

__all__ = ["STUMBLES", "Cores", "is_pydantics"]

STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError)
"""What functions of the user's own raise over a value that they did not foresee."""


class Cores(Forms):
    """A core schema put right. `reading` is the schema that reads JSON, `tags` the names of the constants of unions."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.source = core
        self.made: dict[str, Core] = {}
        self.unions: dict[int, UnionCore] = {}
        self.item_unions: dict[int, UnionCore] = {}
        self.customised = False
        self.reading = self._with_made(self.read(core))
        self.tags = frozenset(union.tag for union in self.unions.values() if union.named)

    def validator(self) -> SchemaValidator | None:
        """What reads JSON; None where nothing had to be put right."""
        return None if self.reading is self.source else SchemaValidator(standing(self.reading))

    def reader(self, core: Core) -> SchemaValidator:
        """What reads the JSON of a part of the schema."""
        return SchemaValidator(standing(self._with_made(self.read(self.alone(core)))))

    @cached_property
    def writers(self) -> tuple[SchemaSerializer | None, ...]:
        """What writes JSON, the best first: without functions and settings of the user's own, and with them.

        None where nothing had to be put right.
        """
        plain = self.write(self.source, plain=True)
        cores = [plain, self.write(self.source, plain=False)] if self.customised else [plain]
        return tuple(None if core is self.source else SchemaSerializer(standing(core)) for core in cores)

    def _with_made(self, core: Core) -> Core:
        """A schema with the definitions that copies of branches became."""
        if core["type"] == "definitions" and self.made:
            return {**core, "definitions": [*core["definitions"], *self.made.values()]}
        return core_schema.definitions_schema(core, list(self.made.values())) if self.made else core

    def union(self, core: Core) -> UnionCore:
        """What is known of a union, found once."""
        if id(core) not in self.unions:
            self.unions[id(core)] = UnionCore(self, core)
        return self.unions[id(core)]

    # -------------------------------------------------------------- reading

    def read(self, core: Core, plain_bytes: bool = True) -> Core:
        """The schema that reads; bytes for which a configuration has another form are left to it."""
        plain_bytes = plain_bytes and not any(keyword.endswith("_json_bytes") for keyword in core.get("config", ()))
        union = self.union(core) if core["type"] in UNIONS else None  # before the lists inside it are read
        copy = with_inner(core, partial(self.read, plain_bytes=plain_bytes))
        match core["type"]:
            case "model" | "dataclass" if core.get("config", {}).get("validate_by_alias") is False:
                return {**copy, "config": {**core["config"], "validate_by_alias": True}}
            case "dataclass-args" | "model-fields":
                return _renamed(copy, _readable)
            case _ if "serialization" in core:
                return copy
            case _ if union:
                return union.reading(copy)
            case each if id(core) in self.item_unions:
                items = HOLDS[each]
                return {**copy, items: self.item_unions[id(core)].part(core[items], copy[items])}
            case "literal" if any(_is_opaque(each) for each in core["expected"]):
                return members(copy)
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
        union = self.union(core) if core["type"] in UNIONS else None
        copy = with_inner(core, inside)
        if plain and core.get("config"):
            copy = self.configured(copy)
        if core["type"] in FIELDS:
            copy = _renamed(copy, _written)
        if "serialization" in core:
            return self.serialized(copy, inside, plain)
        match core["type"]:
            case _ if union:
                return union.writing(copy, plain=plain)
            case each if id(core) in self.item_unions:
                items = HOLDS[each]
                return {**copy, items: self.item_unions[id(core)].writing(copy[items], plain=plain)}
            case "model" | "dataclass":
                return self.without_hidden(copy)
            case "timedelta" if plain:
                serialization = core_schema.plain_serializer_function_ser_schema(_duration_as_text, when_used="json")
                return {**copy, "serialization": serialization}
            case "bytes" if plain_bytes:
                serialization = core_schema.plain_serializer_function_ser_schema(_bytes_as_text, when_used="json")
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
        hidden = {alias_of(each, name) for name, each in known if self.hides(each["schema"])}
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


# ---------------------------------------------------------------------- unions

UNIONS = ("tagged-union", "union")
PLAIN = ""
"""The choice that reads what no constant tells apart, as pydantic does."""


class UnionCore:
    """A union, the classes and maps among its branches, and the constants that name them; none where none is needed."""

    def __init__(self, whole: Cores, core: Core) -> None:
        self.whole = whole
        choices = list(whole.branches(core)) if _is_ours(core) else []
        self.branches = [branch for _, branch in choices]
        self.records = [record for label, branch in choices if (record := record_of(whole, branch, label))]
        self.objects = [record for record in self.records if not record.is_map]
        self.tag = unused("variant", {name for record in self.objects for name in record.names | record.taken})
        pairs = combinations(self.records, 2) if self.objects else ()
        clash = any(not one.differs(other) for one, other in pairs)
        labels = distinct(record.name for record in self.records) if clash else []
        self.named = dict(zip(labels, self.records, strict=False))
        self.inside = [self.items_of("frozenset", "list", "set"), *([] if self.objects else [self.items_of("dict")])]

    def items_of(self, *types: str) -> Core:
        """The union of what the lists, or the maps, among the branches hold: `A | B` for `list[A] | list[B]`.

        Its classes are named there. Two kinds of dicts are not, for one item alone may be of either.
        """
        holders = [branch for branch in self.branches if branch["type"] in types and HOLDS[branch["type"]] in branch]
        items = core_schema.union_schema([holder[HOLDS[holder["type"]]] for holder in holders])
        union = self.whole.union(items) if len(holders) > 1 else None
        if union and union.named and sum(not record.cls for record in union.records) < 2:
            self.whole.item_unions |= {id(holder): union for holder in holders}
        return items

    # -------------------------------------------------------------- reading

    def reading(self, core: Core) -> Core:
        """The union as one that a function tells apart by the constant."""
        if not self.named:
            labels = core["choices"] if core["type"] == "tagged-union" else ()
            return members(core) if any(isinstance(label, Enum) for label in labels) else core
        return self.by_constant(core, self.branches)

    def part(self, core: Core, copy: Core) -> Core:
        """One branch of the union, or a union of some of them, with their constants; `copy` reads it without."""
        if core["type"] in THROUGH and all(core is not branch for branch in self.branches):
            return {**copy, "schema": self.part(core["schema"], copy["schema"])}
        return self.by_constant(copy, [branch for _, branch in self.whole.branches({"choices": [core]})])

    def by_constant(self, core: Core, branches: list[Core]) -> Core:
        """A schema that reads some of the branches, with those in it that have names."""
        metadata = core.get("metadata", {})
        ref, plain = without_ref({key: value for key, value in core.items() if key != "metadata"})
        labels = {id(record.core): label for label, record in self.named.items()}
        named = [branch for branch in branches if id(branch) in labels]
        choices = {labels[id(branch)]: self.with_name(labels[id(branch)], branch) for branch in named}
        listed = [choices.get(labels.get(id(branch), PLAIN)) or self.whole.read(branch) for branch in branches]
        return {
            **core_schema.tagged_union_schema(
                {**choices, PLAIN: plain},
                self.choose,
                custom_error_type="unknown_variant",
                custom_error_message=f"{self.tag} must be one of {', '.join(choices)}",
            ),
            "metadata": {**metadata, DESCRIBED: core_schema.union_schema(listed)},
            **ref,
        }

    def choose(self, value: Any) -> str | None:
        """The choice for a value; None where its constant is none of the union's."""
        label = value.get(self.tag) if isinstance(value, dict) else None
        if isinstance(label, str) and label in self.named:
            return label
        return PLAIN if label is None or any(record.open for record in self.objects) else None

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
            return bool(self.reader(record).validate_json(written) == value)
        return False

    @cache  # noqa: B019  # as long as the schema
    def reader(self, record: Record) -> SchemaValidator:
        """What reads the JSON of a branch."""
        return self.whole.reader(record.core)

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
    if not isinstance(alias, list) or alias_of(each, ""):
        return each
    return {**each, "validation_alias": [[name], *(alias if isinstance(alias[0], list) else [alias])]}


def _written(name: str, each: Core) -> Core:
    """A field that is written, by the name by which it is read."""
    left = {key: value for key, value in each.items() if key not in ("serialization_exclude", "serialization_alias")}
    alias = alias_of(each, name)
    changed = left if alias == name else {**left, "serialization_alias": alias}
    return each if changed == each else changed


def is_pydantics(function: Any, name: str = "") -> bool:
    """Whether a function is one of pydantic's own, whose name begins with `name`."""
    function = getattr(function, "__func__", function)
    package = str(getattr(function, "__module__", "")).partition(".")[0]
    return package == "pydantic" and getattr(function, "__name__", "").startswith(name)


def _is_opaque(constant: Any) -> bool:
    """Whether a constant is a member of an enum that is not text or a number itself."""
    return isinstance(constant, Enum) and not isinstance(constant, str | int)


# ---------------------------------------------------------------------- times

TIME = re.compile(r"[:a-df-zA-DF-Z]|\d-")
"""What a date, a time or a duration has in it, and a number has not."""


def _timed(core: Core) -> Core:
    """A date, a time or a duration, which no number is; functions of the user's own may have made one before."""
    ref, inner = without_ref({**core, "strict": False})
    guard = core_schema.tagged_union_schema(  # unlike a chain, it leaves a union to see how well a value fits
        {"time": inner},
        _unless_number,
        custom_error_type="number_for_time",
        custom_error_message=f"write a {core['type']} in ISO 8601, never as a number",
        metadata={DESCRIBED: inner},
    )
    return {**guard, **ref}


def _unless_number(value: Any) -> str | None:
    """The choice for a value; None for a number and for text that is one."""
    is_number = isinstance(value, int | float) or (isinstance(value, str) and TIME.search(value) is None)
    return None if is_number else "time"


def _duration_as_text(value: timedelta) -> str:
    """ISO 8601 in days, hours, minutes and seconds; pydantic writes 365 days as a year, which has no fixed length.

    _duration_as_text(timedelta(days=400, hours=1))   # "P400DT1H"
    """
    if not isinstance(value, timedelta):
        raise PydanticSerializationUnexpectedValue(f"expected a duration, not {type(value).__name__}")
    sign, rest = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(rest.seconds, 60)
    fraction = f".{rest.microseconds:06}".rstrip("0") if rest.microseconds else ""
    counts = (minutes // 60, "H"), (minutes % 60, "M"), (f"{seconds}{fraction}" if seconds or fraction else 0, "S")
    clock = "".join(f"{count}{unit}" for count, unit in counts if count)
    days = f"{rest.days}D" if rest.days or not clock else ""
    return f"{sign}P{days}{f'T{clock}' if clock else ''}"


# ---------------------------------------------------------------------- bytes

BASE64 = "base64:"


def _bytes(core: Core) -> Core:
    """Bytes as the UTF-8 text that they are, or as their base64 with a mark before it."""
    ref, inner = without_ref({**core, "strict": False})
    marked = core_schema.no_info_before_validator_function(_from_base64, inner)
    either = core_schema.tagged_union_schema({"base64": marked, "text": inner}, _form_of, metadata={DESCRIBED: inner})
    return {**either, **ref}


def _form_of(value: Any) -> str:
    return "base64" if isinstance(value, str) and value.startswith(BASE64) else "text"


def _from_base64(value: str) -> bytes:
    return base64.b64decode(value.removeprefix(BASE64), validate=True)


def _bytes_as_text(value: bytes | bytearray) -> str:
    """The text that bytes are in JSON; what begins as the mark does is base64 as well.

    _bytes_as_text(b"abc")   # "abc"
    _bytes_as_text(b"\\xff")  # "base64:/w=="
    """
    if not isinstance(value, bytes | bytearray):
        raise PydanticSerializationUnexpectedValue(f"expected bytes, not {type(value).__name__}")
    with suppress(UnicodeDecodeError):
        text = value.decode()
        if not text.startswith(BASE64):
            return text
    return BASE64 + base64.b64encode(value).decode()
