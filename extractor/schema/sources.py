"""Where a declaration comes from, and the one judge of its values.

A JSON Schema document is judged by the validator of this room. A type is judged by pydantic, which also says its JSON
Schema and writes its values; what pydantic writes is made what pydantic reads: by the names of validation, with
excluded fields and secrets in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Annotated, Any, Protocol, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import PydanticSerializationError, SchemaSerializer

from extractor.errors import InvalidValue, Problem, SchemaError
from extractor.schema.cores import STUMBLES, Cores
from extractor.schema.generate import Generator
from extractor.schema.pointer import JSON, get, join
from extractor.schema.several import branches_of_document, branches_of_type
from extractor.schema.text import from_text, to_text
from extractor.schema.validator import Validator

__all__ = [
    "DocumentSource",
    "ExcerptSource",
    "PartSource",
    "Source",
    "TypeSource",
]


class Source(Protocol):
    """A declaration: its JSON Schema (2020-12, references local) and what judges its values.

    `branches` are the declarations that it is a union of, `tags` the constants by which values name their branch.
    """

    document: JSON
    name: str
    description: str
    branches: tuple[Any, ...]
    tags: frozenset[str]

    def validate_json(self, text: str | bytes) -> Any:
        """The declared value that a JSON text holds; InvalidValue."""

    def validate(self, value: JSON) -> Any:
        """The declared value that declared JSON stands for; InvalidValue."""

    def dump(self, value: Any) -> JSON:
        """Declared JSON of a declared value."""


class DocumentSource:
    """A JSON Schema document, of which the values are plain JSON."""

    def __init__(self, document: JSON) -> None:
        self.document = document
        self.validator = Validator(document)
        content = document if isinstance(document, Mapping) else {}
        self.name = identifier(str(content.get("title") or content.get("x-name") or "record"))
        self.description = str(content.get("description") or "")
        self.branches = branches_of_document(document)
        self.tags = frozenset[str]()

    def validate_json(self, text: str | bytes) -> JSON:
        return self.validate(from_text(text))

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
        self.branches, self.tags = tuple[Any, ...](), frozenset[str]()

    def validate_json(self, text: str | bytes) -> JSON:
        return from_text(text)

    def validate(self, value: JSON) -> JSON:
        return value

    def dump(self, value: JSON) -> JSON:
        return value


class ExcerptSource:
    """The judge of a whole over JSON that holds some of it: what the excerpt need not state is not missing.

    `asks` tells whether the excerpt asks for a place, `within` whether it asks for some of an object there; `loose`
    whether what it asks for may be missing too. A list without items is never too short.
    """

    def __init__(
        self, whole: Source, *, asks: Callable[[str], bool], within: Callable[[str], bool], loose: bool
    ) -> None:
        self.whole, self.asks, self.within, self.loose = whole, asks, within, loose
        self.document, self.name, self.description = whole.document, whole.name, whole.description
        self.branches, self.tags = tuple[Any, ...](), frozenset[str]()

    def validate_json(self, text: str | bytes) -> JSON:
        return self.validate(from_text(text))

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

    def dump(self, value: JSON) -> JSON:
        return value


def identifier(words: str) -> str:
    """A name that response formats take: letters, digits, `_` and `-`, 64 at most."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", words).strip("_")[:64] or "record"


# ---------------------------------------------------------------------- types


class TypeSource:
    """A type that pydantic understands."""

    def __init__(self, type_: Any) -> None:
        self.adapter = _adapter(type_)
        self.cores = Cores(self.adapter.core_schema)
        self.reader = self.cores.validator() or self.adapter.validator
        self.tags = self.cores.tags
        self.document = Generator(by_alias=True).generate(self.cores.reading)
        self.name = identifier(_named(type_))
        self.description = str(self.document.get("description", ""))
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
