"""The JSON Schema of what a type reads, as pydantic says it, with what it leaves unsaid and what is refused."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from enum import Enum, Flag
from typing import Any, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, core_schema

from extractor.schema.cores import is_pydantics
from extractor.schema.forms import DESCRIBED
from extractor.schema.keywords import REFUSED, referring
from extractor.schema.patterns import nests
from extractor.schema.text import to_text
from extractor.schema.words import distinct, letters

__all__ = ["Generator"]


BARE = {"bool": "boolean", "float": "number", "int": "integer", "str": "string"}
DECIMAL = {
    "exclusiveMaximum": "lt",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "minimum": "ge",
    "multipleOf": "multiple_of",
    "x-digits": "max_digits",
    "x-places": "decimal_places",
}
SCALARS = (str, int, float, bool, type(None))
ANY = {"type": "any"}
UNHASHABLE = ("dict", "list", "set", "typed-dict")
EXPLAINED = 50
"""Members of an enum whose names a description may tell."""
CONTAINERS = (*UNHASHABLE, "dataclass", "frozenset", "model", "tuple")


class Generator(GenerateJsonSchema):
    """Says the JSON Schema of what a type reads."""

    shared: Mapping[str, Any] = {}

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.classes: set[str] = set()

    @property
    def mode(self) -> Literal["validation"]:
        """What comes in is what is asked for, whatever a model's configuration says of its own schema."""
        return "validation"

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """The schema of one node; most have no name and no functions to call, and need none of the machinery."""
        if len(schema) == 1 and schema["type"] in BARE:
            return {"type": BARE[schema["type"]]}
        if "function" in schema and is_pydantics(schema["function"]["function"], "import_string"):
            return _refused("ImportString, which would run what a reply names", "declare str")
        if DESCRIBED in (metadata := schema.get("metadata", {})):
            other, ref = metadata[DESCRIBED], {"ref": schema["ref"]} if "ref" in schema else {}
            left = {key: value for key, value in metadata.items() if key != DESCRIBED}
            schema = {**other, **ref, "metadata": {**other.get("metadata", {}), **left}}
        if "ref" in schema or schema.get("metadata"):
            return super().generate_inner(schema)
        result: JsonSchemaValue = getattr(self, f"{schema['type'].replace('-', '_')}_schema")(schema)
        return result

    # ------------------------------------------------------------------ fields

    def definitions_schema(self, schema: core_schema.DefinitionsSchema) -> JsonSchemaValue:
        self.shared = {str(each.get("ref")): each for each in schema["definitions"]}
        return super().definitions_schema(schema)

    def generate(self, schema: Any, mode: Any = "validation") -> JsonSchemaValue:
        """The document. Like-named definitions are numbered; no name says in which module a class stands."""
        document = super().generate(schema, mode)
        definitions = document.get("$defs", {})
        stems = {
            name: re.sub(r"\W+", "_", result.get("title", name)).strip("_") for name, result in definitions.items()
        }
        for result in (document, *definitions.values()):
            if result.get("title") in self.classes:
                del result["title"]
        if not any("__" in name for name in definitions):
            return document
        named = {name: stem if "__" in name else name for name, stem in stems.items()}
        short = dict(zip(named, distinct(named.values()), strict=True))
        places = {f"#/$defs/{name}": f"#/$defs/{new}" for name, new in short.items()}
        renamed: JsonSchemaValue = referring(document, lambda reference: places.get(reference, reference))
        return {**renamed, "$defs": {short[name]: result for name, result in renamed["$defs"].items()}}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        result = super().model_schema(schema)
        if "ref" in schema:
            self.classes.add(schema["cls"].__name__)
            return result
        return {
            keyword: value for keyword, value in result.items() if (keyword, value) != ("title", schema["cls"].__name__)
        }

    def encode_default(self, dft: Any) -> Any:
        """A default as JSON; scalars are what they are already."""
        try:
            return dft if type(dft) in SCALARS else super().encode_default(dft)
        except UnicodeDecodeError as error:  # pydantic 2.11, of bytes
            raise PydanticSerializationError(str(error)) from error

    # ------------------------------------------------------------------ unions

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """An object; older pydantics do not say what a schema for further properties is."""
        result = super().typed_dict_schema(schema)
        extras = schema.get("extras_schema")
        return {**result, "additionalProperties": self.generate_inner(extras)} if extras else result

    # ------------------------------------------------------------------ constants

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        name = schema["cls"].__name__
        if issubclass(schema["cls"], Flag):
            flags = ", ".join(f"{member.value} ({member.name})" for member in schema["members"])
            return {"type": "integer", "description": f"a sum of {flags}"}
        return _of_scalars(f"the enum {name}", schema["members"]) or _explained(super().enum_schema(schema), schema)

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        return _of_scalars("a Literal", schema["expected"]) or super().literal_schema(schema)

    def named_tuple_schema(self, schema: Any) -> JsonSchemaValue:
        """A NamedTuple, which older pydantics say as a call of its class."""
        result: JsonSchemaValue = super().named_tuple_schema(schema)  # type: ignore[misc,unused-ignore]
        return _documented(_labelled(result, schema["fields"]), schema["cls"])

    def call_schema(self, schema: core_schema.CallSchema) -> JsonSchemaValue:
        return _documented(super().call_schema(schema), schema["function"])

    def p_arguments_schema(self, arguments: Any, var_args_schema: Any) -> JsonSchemaValue:
        result = super().p_arguments_schema(arguments, var_args_schema)
        for position in result.get("prefixItems", ()):
            position.pop("title", None)
        return _labelled(result, arguments)

    # ------------------------------------------------------------------ scalars

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        result: JsonSchemaValue = {"type": "string", "format": "decimal"}
        for keyword, key in DECIMAL.items():
            bound: Any = schema.get(key)
            if bound is not None:
                whole = isinstance(bound, int) or float(bound).is_integer()
                result[keyword] = int(bound) if whole else float(bound)
        return result

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        return {**super().bytes_schema(schema), "format": "bytes"}

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        return {"type": "string", "format": "duration"}

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        result = self.endless(schema) or super().str_schema(schema)
        pattern: Any = result.get("pattern")
        return result if pattern is None or isinstance(pattern, str) else {**result, "pattern": pattern.pattern}

    def endless(self, schema: Mapping[str, Any]) -> JsonSchemaValue | None:
        """A refusal where a pattern goes to Python's engine, which it could keep busy for ever."""
        pattern = schema.get("pattern")
        text = pattern.pattern if isinstance(pattern, re.Pattern) else pattern or ""
        if not nests(text) or (text is pattern and self._config.regex_engine != "python-re"):
            return None
        remedy = "leave the engine to pydantic's default, whose time is bounded, or repeat no repetition"
        return _refused(f"the pattern {text!r}, which could keep Python's engine busy for ever", remedy)

    # ------------------------------------------------------------------ what is refused

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        keys = self.core(schema.get("keys_schema", ANY))
        if keys["type"] in CONTAINERS:
            remedy = "declare a list of objects, with the key for one of their fields"
            return _refused("a dict whose keys are no scalars", remedy)
        return self.endless(keys) or super().dict_schema(schema)

    def set_schema(self, schema: core_schema.SetSchema) -> JsonSchemaValue:
        return self.unhashable(schema) or super().set_schema(schema)

    def frozenset_schema(self, schema: core_schema.FrozenSetSchema) -> JsonSchemaValue:
        return self.unhashable(schema) or super().frozenset_schema(schema)

    def unhashable(self, schema: Any) -> JsonSchemaValue:
        """The refusal of a set that can never have a member."""
        item = self.core(schema.get("items_schema", ANY))
        if item["type"] in UNHASHABLE or (item["type"] in ("dataclass", "model") and item["cls"].__hash__ is None):
            what = item["cls"].__name__ if "cls" in item else item["type"]
            return _refused(f"a set of {what}, which Python cannot hash", "declare a list, or freeze what it holds")
        return {}

    def core(self, schema: Any) -> Any:
        """What stands for a schema that is used in several places."""
        return self.shared.get(schema.get("schema_ref", ""), schema)

    def generator_schema(self, schema: core_schema.GeneratorSchema) -> JsonSchemaValue:
        return _refused("an iterator, whose items would go unchecked", "declare a list")

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        name = schema["cls"].__name__ if isinstance(schema["cls"], type) else str(schema["cls"])
        return _refused(f"an instance of {name}, of which pydantic knows no fields", "declare a model or a dataclass")

    def is_subclass_schema(self, schema: core_schema.IsSubclassSchema) -> JsonSchemaValue:
        return _refused("a class", "declare str, or an Enum of names")

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        what = re.sub(r"core_schema\.(\w+)Schema", r"\1", error_info)
        return _refused(
            f"a value that JSON cannot hold ({what})", "declare a type that JSON can hold, or leave the field out"
        )

    # ------------------------------------------------------------------ what is left alone

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value

    def emit_warning(self, kind: Any, detail: str) -> None:
        """What it warns of, defaults that JSON cannot hold, is not asked for anyway."""


def _refused(construct: str, remedy: str) -> JsonSchemaValue:
    return {REFUSED: [construct, remedy]}


def _of_scalars(what: str, constants: list[Any]) -> JsonSchemaValue:
    """The refusal of constants that pydantic would not read from JSON; nothing where there are none."""
    values = [each.value if isinstance(each, Enum) else each for each in constants]
    odd = next((value for value in values if not isinstance(value, SCALARS)), None)
    if odd is None:
        return {}
    return _refused(f"{what} with the constant {odd!r}", "let its constants be text, numbers, true, false or null")


def _labelled(result: JsonSchemaValue, fields: list[Any]) -> JsonSchemaValue:
    """The positions of a NamedTuple, each with its name."""
    named = zip(result.get("prefixItems", ()), fields, strict=False)
    positions = [{**position, "x-label": field["name"]} for position, field in named]
    return {**result, "prefixItems": positions} if positions else result


def _documented(result: JsonSchemaValue, cls: Any) -> JsonSchemaValue:
    """What the docstring of a NamedTuple says, unless Python wrote it."""
    words = inspect.cleandoc(cls.__doc__ or "")
    return {**result, "description": words} if words and not words.startswith(f"{cls.__name__}(") else result


def _explained(result: JsonSchemaValue, schema: core_schema.EnumSchema) -> JsonSchemaValue:
    """The schema of an enum with what its members are called and described as, where their values do not say it."""
    members = schema["members"][:EXPLAINED]
    words = [f"{to_text(each.value)} is {about}" for each in members if (about := _about(each, schema["cls"]))]
    result = {**result, "x-names": [each.name for each in schema["members"]]}
    return {**result, "x-members": ", ".join(words)} if words else result


def _about(member: Any, cls: Any) -> str:
    """The words about a member: those of its own, and its name where that says more than its value."""
    value = member.value if isinstance(member.value, str) else ""
    name = "" if len(value) >= len(member.name) or letters(member.name) == letters(value) else str(member.name)
    words = inspect.cleandoc(member.__doc__) if member.__doc__ and member.__doc__ != cls.__doc__ else ""
    return f"{name} ({words})" if name and words else name or words
