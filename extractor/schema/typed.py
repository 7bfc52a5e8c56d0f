"""Types: pydantic says their JSON Schema, judges their values and writes them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from extractor.errors import InvalidValue, Problem, SchemaError
from extractor.schema.dump import as_declared
from extractor.schema.pointer import JSON, join
from extractor.schema.sources import identifier
from extractor.schema.text import from_text, to_text

__all__ = ["TypeSource"]

BARE = {"bool": "boolean", "float": "number", "int": "integer", "str": "string"}


class TypeSource:
    """A type that pydantic understands."""

    def __init__(self, type_: Any) -> None:
        try:
            self.adapter: TypeAdapter[Any] = TypeAdapter(type_)
            generator = _Generator(by_alias=True)
            self.document = generator.generate(self.adapter.core_schema)
        except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError) as error:
            reason = str(error).splitlines()[0].split(". ")[0]
            remedy = "declare it with types that pydantic can read from JSON"
            raise SchemaError(path="", construct=f"the type {type_!r} ({reason})", remedy=remedy) from error
        self.by_name = generator.by_name or None
        self.renamed = generator.renamed or '"format":"password"' in to_text(self.document)
        self.name = identifier(_named(type_))
        self.description = str(self.document.get("description", ""))

    def validate_json(self, text: str | bytes) -> Any:
        try:
            return self.adapter.validate_json(text, by_name=self.by_name, by_alias=self.by_name)
        except ValidationError as error:
            raise InvalidValue(_problems(error, text)) from error

    def validate(self, value: JSON) -> Any:
        return self.validate_json(to_text(value))

    def dump(self, value: Any) -> JSON:
        if not self.renamed:
            return self.adapter.dump_python(value, mode="json", by_alias=True, round_trip=True)
        return as_declared(value, self.adapter.dump_python(value, mode="json", by_alias=False, round_trip=True))


def _named(type_: Any) -> str:
    """What a type is called, without its modules and annotations."""
    if get_origin(type_) is Annotated:
        return _named(get_args(type_)[0])
    return type_.__name__ if isinstance(type_, type) else re.sub(r"[\w<>]+\.", "", str(type_))


class _Generator(GenerateJsonSchema):
    """pydantic's JSON Schema, with what it would lose kept, and what it cannot say marked where it stands.

    Notes on the way whether some field can only be given by its own name, and whether what pydantic would write differs
    from what it reads.
    """

    by_name = renamed = False

    @property
    def mode(self) -> Literal["validation"]:
        """What comes in is what is asked for, whatever a model's configuration says of its own schema."""
        return "validation"

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """The schema of one node; most are bare scalars, which need none of the machinery."""
        if len(schema) == 1 and schema["type"] in BARE:
            return {"type": BARE[schema["type"]]}
        return super().generate_inner(schema)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        said = super().model_schema(schema)
        return {
            keyword: value for keyword, value in said.items() if (keyword, value) != ("title", schema["cls"].__name__)
        }

    def model_field_schema(self, schema: core_schema.ModelField) -> JsonSchemaValue:
        self.note(schema)
        return super().model_field_schema(schema)

    def dataclass_field_schema(self, schema: core_schema.DataclassField) -> JsonSchemaValue:
        self.note(schema)
        return super().dataclass_field_schema(schema)

    def note(self, field: Any) -> None:
        """Remember what a field's aliases mean for reading and writing."""
        alias = field.get("validation_alias")
        if isinstance(alias, list):
            paths = [
                path if isinstance(path, list) else [path]
                for path in (alias if isinstance(alias[0], list) else [alias])
            ]
            self.by_name |= not any(len(path) == 1 for path in paths)
        self.renamed |= alias != field.get("serialization_alias") or bool(field.get("serialization_exclude"))

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        said: JsonSchemaValue = {"type": "string", "format": "decimal"}
        for keyword, key in DECIMAL.items():
            bound: Any = schema.get(key)
            if bound is not None:
                said[keyword] = bound if isinstance(bound, int) else float(bound)
        return said

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        said = super().enum_schema(schema)
        if any(isinstance(value, list | dict) for value in said["enum"]):
            return self.handle_invalid_for_json_schema(schema, f"the enum {schema['cls'].__name__} of lists or objects")
        return said

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        said = super().str_schema(schema)
        pattern: Any = said.get("pattern")
        return said if pattern is None or isinstance(pattern, str) else {**said, "pattern": pattern.pattern}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        what = re.sub(r"core_schema\.(\w+)Schema", r"\1", error_info)
        return {"x-refused": f"a value that JSON cannot hold ({what})"}

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value


DECIMAL = {
    "exclusiveMaximum": "lt",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "minimum": "ge",
    "multipleOf": "multiple_of",
    "x-digits": "max_digits",
    "x-places": "decimal_places",
}


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
