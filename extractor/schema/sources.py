"""Where a declaration comes from, and the one judge of its values.

A JSON Schema document is judged by the validator of this room. A type is judged by pydantic, which also says its JSON
Schema and writes its values, with what it would lose put right (`cores.py`).

    one_of([Receipt, Invoice])      # Receipt | Invoice
    list_of(Receipt)                # list[Receipt]

JSON Schema documents are put together in the same way; each keeps its own references.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum, Flag
from functools import reduce
from operator import or_
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, SchemaSerializer, core_schema

from extractor.errors import InvalidValue, Problem, SchemaError, UsageError
from extractor.schema.copies import SHOWN
from extractor.schema.cores import Cores, is_pydantics
from extractor.schema.keywords import REFUSED
from extractor.schema.patterns import nests
from extractor.schema.pointer import JSON, get, join
from extractor.schema.text import from_text, to_text
from extractor.schema.unions import STUMBLES, distinct
from extractor.schema.validator import Validator

__all__ = ["DocumentSource", "ExcerptSource", "Source", "TypeSource", "list_of", "one_of"]


class Source:
    """A declaration, and what judges its values. This one takes any JSON: fields that are judged in a whole.

    `branches` are the declarations that it is a union of, `tags` the constants by which values name their branch.
    """

    branches: tuple[Any, ...] = ()
    tags: frozenset[str] = frozenset()

    def __init__(self, name: str, description: str) -> None:
        self.name, self.description = name, description

    def validate_json(self, text: str | bytes) -> Any:
        """The declared value that a JSON text holds; InvalidValue."""
        return self.validate(from_text(text))

    def validate(self, value: JSON) -> Any:
        """The declared value that declared JSON stands for; InvalidValue."""
        return value

    def dump(self, value: Any) -> JSON:
        """Declared JSON of a declared value."""
        return value


class DocumentSource(Source):
    """A JSON Schema document (2020-12, references local), of which the values are plain JSON."""

    def __init__(self, document: JSON) -> None:
        content = document if isinstance(document, Mapping) else {}
        name = identifier(str(content.get("title") or content.get("x-name") or "record"))
        super().__init__(name, str(content.get("description") or ""))
        self.document, self.validator = document, Validator(document)
        self.branches = branches_of_document(document)

    def validate(self, value: JSON) -> JSON:
        if problems := tuple(self.validator.problems(value, self.document)):
            raise InvalidValue(problems)
        return value


class ExcerptSource(Source):
    """The judge of a whole over JSON that holds some of it: what the excerpt need not state is not missing.

    `asks` tells whether the excerpt asks for a place, `within` whether it asks for some of an object there; `loose`
    whether what it asks for may be missing too. A list without items is never too short.
    """

    def __init__(
        self, whole: Source, *, asks: Callable[[str], bool], within: Callable[[str], bool], loose: bool
    ) -> None:
        super().__init__(whole.name, whole.description)
        self.whole, self.asks, self.within, self.loose = whole, asks, within, loose

    def validate(self, value: JSON) -> JSON:
        try:
            self.whole.validate(value)
        except InvalidValue as error:
            if problems := tuple(problem for problem in error.problems if self.counts(problem, value)):
                raise InvalidValue(problems) from error
        return value

    def counts(self, problem: Problem, value: JSON) -> bool:
        """Whether a problem of the whole is one of the excerpt."""
        try:
            found = get(value, problem.path)
        except (KeyError, IndexError, ValueError, TypeError):
            found = None
        if found is None:
            return not self.loose and self.asks(problem.path)
        return found != [] and not (isinstance(found, dict) and self.within(problem.path))


def identifier(words: str) -> str:
    """A name that response formats take: letters, digits, `_` and `-`, 64 at most."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", words).strip("_")[:64] or "record"


# ---------------------------------------------------------------------- types


class TypeSource(Source):
    """A type that pydantic understands."""

    def __init__(self, type_: Any) -> None:
        self.adapter = _adapter(type_)
        self.cores = Cores(self.adapter.core_schema)
        self.reader = self.cores.validator() or self.adapter.validator
        self.tags = self.cores.tags
        self.document = Generator(by_alias=True).generate(self.cores.reading)
        super().__init__(identifier(_named(type_)), str(self.document.get("description", "")))
        self.branches = branches_of_type(type_)

    def validate_json(self, text: str | bytes) -> Any:
        try:
            return self.reader.validate_json(text)
        except ValidationError as error:
            raise InvalidValue(_problems(error, text)) from error
        except STUMBLES as error:
            raise InvalidValue((Problem("", f"a validator raised {type(error).__name__}: {error}"),)) from error

    def validate(self, value: JSON) -> Any:
        return self.validate_json(to_text(value))

    def dump(self, value: Any) -> JSON:
        """Declared JSON; without what the user's own functions write, unless nothing else reads as the value."""
        *best, last = (writer or self.adapter.serializer for writer in self.cores.writers)
        for writer in best:
            with suppress(InvalidValue, ValueError):
                if self.validate(declared := _written(writer, value)) == value:
                    return declared
        try:
            return _written(last, value)
        except PydanticSerializationError as error:
            raise InvalidValue((Problem("", f"cannot be written as JSON: {error}"),)) from error


def _written(writer: SchemaSerializer, value: Any) -> JSON:
    return writer.to_python(value, mode="json", by_alias=True, round_trip=True)


def _adapter(type_: Any) -> TypeAdapter[Any]:
    """What pydantic makes of a type, complete. Raises SchemaError."""
    if isinstance(type_, str | PurePath):
        remedy = "give the class, or resolve_schema(NAME); the schema comes before the source"
        raise SchemaError(path="", construct=f"{str(type_)!r}, which is no type", remedy=remedy)
    remedy = "declare it with types that pydantic can read from JSON"
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(type_)
        if not adapter.pydantic_complete:
            adapter.rebuild()
        return adapter
    except PydanticUndefinedAnnotation as error:
        reason, path = f"the name {error.name} is not defined", _names(type_, str(error.name))
        remedy = f"define or import {error.name} beside the class, and call its model_rebuild()"
    except ImportError as error:
        reason, path, remedy = str(error).split(",")[0], "", str(error).rpartition(", ")[2]
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        reason, path = str(error).splitlines()[0].split(". ")[0], ""
    raise SchemaError(path=path, construct=f"the type {_named(type_)} ({reason})", remedy=remedy)


def _names(type_: Any, name: str) -> str:
    """The place of the field whose declaration names what is not defined, as far as that can be seen."""
    fields = type_.__pydantic_fields__ if isinstance(type_, type) and issubclass(type_, BaseModel) else {}
    found = [field for field, info in fields.items() if re.search(rf"\b{re.escape(name)}\b", repr(info.annotation))]
    return join("", found[0]) if found else ""


def _named(type_: Any) -> str:
    """What a type is called, without its modules and annotations."""
    if get_origin(type_) is Annotated:
        return _named(get_args(type_)[0])
    return type_.__name__ if isinstance(type_, type) else re.sub(r"[\w<>]+\.", "", str(type_))


# ---------------------------------------------------------------------- pydantic's errors as problems


def _problems(error: ValidationError, text: str | bytes) -> tuple[Problem, ...]:
    """One problem for each place; the alternatives that a union tried are joined by "or"."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        return (Problem("", f"is not JSON: {errors[0]['msg']}"),)
    value = from_text(text)
    messages: dict[str, dict[str, None]] = {}
    for each in errors:
        messages.setdefault(_pointer(each["loc"], value, each["type"]), {})[each["msg"]] = None
    return tuple(Problem(path, " or ".join(list(content)[:4])) for path, content in messages.items())


def _pointer(location: tuple[int | str, ...], value: JSON, kind: str) -> str:
    """The place of an error in the value: pydantic's location without the names of union branches and functions."""
    pointer = ""
    for index, part in enumerate(location):
        if part in value if isinstance(value, dict) else isinstance(value, list) and part in range(len(value)):
            value = value[part]
        elif index + 1 < len(location) or kind not in ("missing", "missing_argument", "extra_forbidden"):
            continue
        pointer = join(pointer, part)
    return pointer


# ---------------------------------------------------------------------- pydantic's JSON Schema


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
        if SHOWN in (metadata := schema.get("metadata", {})):
            other, ref = metadata[SHOWN], {"ref": schema["ref"]} if "ref" in schema else {}
            left = {key: value for key, value in metadata.items() if key != SHOWN}
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
        renamed: JsonSchemaValue = _referring(
            document, {f"#/$defs/{name}": f"#/$defs/{new}" for name, new in short.items()}
        )
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


def _referring(value: Any, names: Mapping[str, str]) -> Any:
    """A copy of a document with its references by other names."""
    if isinstance(value, dict):
        return {
            key: names.get(each, each) if isinstance(each, str) and key == "$ref" else _referring(each, names)
            for key, each in value.items()
        }
    return [_referring(each, names) for each in value] if isinstance(value, list) else value


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
    name = "" if len(value) >= len(member.name) or _letters(member.name) == _letters(value) else str(member.name)
    words = inspect.cleandoc(member.__doc__) if member.__doc__ and member.__doc__ != cls.__doc__ else ""
    return f"{name} ({words})" if name and words else name or words


def _letters(words: str) -> str:
    return re.sub(r"\W|_", "", words).lower()


# ---------------------------------------------------------------------- several declarations as one


def one_of(declarations: Sequence[Any]) -> Any:
    """The declaration of a value that is of one of several; UsageError where types and JSON Schemas are mixed."""
    if len(declarations) == 1:
        return declarations[0]
    documents = [each for each in declarations if isinstance(each, Mapping)]
    if not documents:
        return reduce(or_, declarations)
    if len(documents) < len(declarations):
        raise UsageError("a JSON Schema file and a class are named together: give several files, or several classes")
    titles = (str(each.get("title") or f"schema_{number}") for number, each in enumerate(documents, 1))
    names = list(distinct(titles))
    defs = {name: _moved(each, join("#/$defs", name)) for name, each in zip(names, documents, strict=True)}
    return {
        "title": "_".join(names),
        "anyOf": [{"$ref": join("#/$defs", name)} for name in names],
        "$defs": {name: {**each, "title": name} for name, each in defs.items()},
    }


def list_of(declaration: Any) -> Any:
    """The declaration of a list of such values."""
    if not isinstance(declaration, Mapping):
        return list[declaration]
    item = _moved(declaration, "#/$defs/item")
    return {
        "title": f"list_{declaration.get('title') or 'record'}",
        "type": "array",
        "items": {"$ref": "#/$defs/item"},
        "$defs": {"item": item},
    }


def _moved(document: JSON, place: str) -> JSON:
    """A JSON Schema document whose references hold where it stands at `place` in another one."""
    if isinstance(document, Mapping):
        return {
            name: f"{place}{inner[1:]}"
            if name == "$ref" and isinstance(inner, str) and inner.startswith("#")
            else _moved(inner, place)
            for name, inner in document.items()
            if name not in ("$schema", "$id") or not isinstance(inner, str)
        }
    return [_moved(each, place) for each in document] if isinstance(document, list) else document


def branches_of_type(type_: Any) -> tuple[Any, ...]:
    """The types that a union is of; () for any other type."""
    if get_origin(type_) is Annotated:
        return branches_of_type(get_args(type_)[0])
    return get_args(type_) if get_origin(type_) in (Union, UnionType) else ()


def branches_of_document(document: JSON) -> tuple[Any, ...]:
    """The JSON Schemas that a document is alternatives of; () where it declares anything else."""
    content = document if isinstance(document, Mapping) else {}
    inner = content.get("anyOf") or content.get("oneOf") or ()
    if not inner or content.keys() & {"type", "properties", "allOf", "$ref", "if"}:
        return ()
    return tuple(_branches(content, inner))


def _branches(content: Mapping[str, Any], inner: Sequence[Any]) -> Iterator[Any]:
    defs = {"$defs": content["$defs"]} if "$defs" in content else {}
    for each in inner:
        target = get(content, each["$ref"][1:]) if isinstance(each, Mapping) and "$ref" in each else each
        yield {**target, **defs} if isinstance(target, Mapping) else target
