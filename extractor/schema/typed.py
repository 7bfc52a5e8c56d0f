"""Types: pydantic says their JSON Schema, judges their values and writes them."""

from __future__ import annotations

import re
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError

from extractor.errors import InvalidValue, Problem, SchemaError
from extractor.schema.dump import as_declared
from extractor.schema.generate import Generator
from extractor.schema.pointer import JSON, join
from extractor.schema.sources import identifier
from extractor.schema.text import from_text, to_text
from extractor.schema.variants import Variants

__all__ = ["TypeSource"]

STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError)
"""What a validator of the user's own raises over a value that it did not foresee."""


class TypeSource:
    """A type that pydantic understands."""

    def __init__(self, type_: Any) -> None:
        self.adapter = adapter = _adapter(type_)
        variants = Variants(adapter.core_schema)
        self.reader = adapter.validator if variants.clear else variants.validator()
        self.writer = adapter.serializer if variants.clear else variants.serializer()
        self.tags = frozenset(variants.tags)
        generator = Generator(by_alias=True)
        self.document = generator.generate(variants.core)
        self.by_name = generator.by_name or None
        self.differs, self.customised = generator.differs, generator.customised
        self.name = identifier(_named(type_))
        self.description = str(self.document.get("description", ""))

    def validate_json(self, text: str | bytes) -> Any:
        try:
            return self.reader.validate_json(text, by_name=self.by_name, by_alias=self.by_name)
        except ValidationError as error:
            raise InvalidValue(_problems(error, text)) from error
        except STUMBLES as error:
            raise InvalidValue((Problem("", f"a validator raised {type(error).__name__}: {error}"),)) from error

    def validate(self, value: JSON) -> Any:
        return self.validate_json(to_text(value))

    def dump(self, value: Any) -> JSON:
        if not self.differs and not self.customised:
            return self.writer.to_python(value, mode="json", by_alias=True, round_trip=True)
        written = self.writer.to_python(value, mode="json", by_alias=False, round_trip=True)
        plain = self.plain(value, written) if self.customised else None
        return as_declared(value, written, self.tags) if plain is None else plain

    def plain(self, value: Any, written: JSON) -> JSON:
        """Declared JSON of a value without what the user's own functions write; None unless it reads as the value."""
        try:
            declared = as_declared(value, written, self.tags, plain=True)
            return declared if self.validate(declared) == value else None
        except (InvalidValue, ValueError):
            return None


def _adapter(type_: Any) -> TypeAdapter[Any]:
    """What pydantic makes of a type, complete. Raises SchemaError."""
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
