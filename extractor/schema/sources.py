"""Where a declaration comes from, and the one judge of its values: pydantic for types, our validator for documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Protocol

import pydantic_core
from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from extractor.errors import InvalidValue, Problem
from extractor.schema.pointer import JSON, join
from extractor.schema.validator import Validator

__all__ = ["DocumentSource", "PartSource", "Source", "TypeSource", "from_json"]


class Source(Protocol):
    """A declaration: its JSON Schema (2020-12, references local) and what judges its values."""

    document: JSON
    name: str
    description: str

    def validate_json(self, text: str | bytes) -> Any:
        """The declared value that a JSON text holds; InvalidValue."""

    def validate(self, value: JSON) -> Any:
        """The declared value that declared JSON stands for; InvalidValue."""

    def dump(self, value: Any) -> JSON:
        """Declared JSON of a declared value."""


def from_json(text: str | bytes) -> JSON:
    """JSON text read; InvalidValue where it is none."""
    try:
        return pydantic_core.from_json(text)
    except ValueError as error:
        raise InvalidValue((Problem("", f"is not JSON: {error}"),)) from error


class DocumentSource:
    """A JSON Schema document, of which the values are plain JSON."""

    def __init__(self, document: JSON) -> None:
        self.document = document
        self.validator = Validator(document)
        said = document if isinstance(document, Mapping) else {}
        self.name = _identifier(str(said.get("title") or said.get("x-name") or "record"))
        self.description = str(said.get("description") or "")

    def validate_json(self, text: str | bytes) -> JSON:
        return self.validate(from_json(text))

    def validate(self, value: JSON) -> JSON:
        problems = tuple(self.validator.problems(value, self.document))
        if problems:
            raise InvalidValue(problems)
        return value

    def dump(self, value: JSON) -> JSON:
        return value


class PartSource:
    """Some fields of another source, as JSON. They are judged in the whole, so here every value is taken as it is."""

    def __init__(self, whole: Source) -> None:
        self.document, self.name, self.description = whole.document, whole.name, whole.description

    def validate_json(self, text: str | bytes) -> JSON:
        return from_json(text)

    def validate(self, value: JSON) -> JSON:
        return value

    def dump(self, value: JSON) -> JSON:
        return value


class TypeSource:
    """A type that pydantic understands."""

    def __init__(self, type_: Any) -> None:
        self.adapter: TypeAdapter[Any] = TypeAdapter(type_)
        self.document = _Generator(by_alias=True).generate(self.adapter.core_schema, mode="validation")
        self.name = _identifier(getattr(type_, "__name__", "") or re.sub(r"\w+\.", "", str(type_)))
        self.description = str(self.document.get("description", ""))

    def validate_json(self, text: str | bytes) -> Any:
        try:
            return self.adapter.validate_json(text)
        except ValidationError as error:
            raise InvalidValue(_problems(error, text)) from error

    def validate(self, value: JSON) -> Any:
        try:
            text = pydantic_core.to_json(value, inf_nan_mode="constants")
        except ValueError as error:
            raise InvalidValue((Problem("", f"cannot be said in JSON: {error}"),)) from error
        return self.validate_json(text)

    def dump(self, value: Any) -> JSON:
        return self.adapter.dump_python(value, mode="json", by_alias=True, round_trip=True)


BARE = {"bool": "boolean", "float": "number", "int": "integer", "str": "string"}


class _Generator(GenerateJsonSchema):
    """pydantic's JSON Schema, with what it would lose kept, and what it cannot say marked where it stands."""

    @property
    def mode(self) -> Literal["validation"]:
        """What comes in is what is asked for, whatever a model's configuration says of its own schema."""
        return "validation"

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """The schema of one node; most are bare scalars, which need none of the machinery."""
        if len(schema) == 1 and schema["type"] in BARE:
            return {"type": BARE[schema["type"]]}
        return super().generate_inner(schema)

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        names = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
        bounds = {names[key]: float(schema[key]) for key in names if schema.get(key) is not None}  # type: ignore[literal-required]
        step = {"multipleOf": float(schema["multiple_of"])} if schema.get("multiple_of") is not None else {}
        return {"type": "string", "format": "decimal", **bounds, **step, **_digits(schema)}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        return {"x-refused": error_info}

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value


def _digits(schema: core_schema.DecimalSchema) -> JsonSchemaValue:
    names = {"max_digits": "x-digits", "decimal_places": "x-places"}
    return {said: schema[key] for key, said in names.items() if schema.get(key) is not None}  # type: ignore[literal-required]


def _identifier(words: str) -> str:
    """A name that response formats take: letters, digits, `_` and `-`, 64 at most."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", words).strip("_")[:64] or "record"


# ---------------------------------------------------------------------- pydantic's errors as problems


def _problems(error: ValidationError, text: str | bytes) -> tuple[Problem, ...]:
    """One problem for each place; the alternatives that a union tried are joined by "or"."""
    if error.errors(include_url=False, include_context=False)[0]["type"] == "json_invalid":
        return (Problem("", f"is not JSON: {error.errors()[0]['msg']}"),)
    value = from_json(text)
    messages: dict[str, dict[str, None]] = {}
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        messages.setdefault(_pointer(each["loc"], value, each["type"]), {})[each["msg"]] = None
    return tuple(Problem(path, " or ".join(list(said)[:4])) for path, said in messages.items())


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
