"""Where a declaration comes from, and the one judge of its values.

A JSON Schema document is judged by the validator of this room. A type is judged by pydantic, which also says its JSON
Schema and writes its values, with what it would lose put right (`cores.py`).

    one_of([Receipt, Invoice])      # Receipt | Invoice
    list_of(Receipt)                # list[Receipt]

JSON Schema documents are put together in the same way; each keeps its own references.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from operator import or_
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import PydanticSerializationError, SchemaSerializer

from extractor.errors import InvalidValue, Problem, SchemaError, UsageError
from extractor.schema.cores import STUMBLES, Cores
from extractor.schema.generate import Generator
from extractor.schema.keywords import referring
from extractor.schema.pointer import JSON, get, join
from extractor.schema.text import from_text, to_text
from extractor.schema.validator import Validator
from extractor.schema.words import distinct

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
    names = distinct(titles)
    defs = {name: _below(each, join("#/$defs", name)) for name, each in zip(names, documents, strict=True)}
    return {
        "title": "_".join(names),
        "anyOf": [{"$ref": join("#/$defs", name)} for name in names],
        "$defs": {name: {**each, "title": name} for name, each in defs.items()},
    }


def list_of(declaration: Any) -> Any:
    """The declaration of a list of such values."""
    if not isinstance(declaration, Mapping):
        return list[declaration]
    item = _below(declaration, "#/$defs/item")
    return {
        "title": f"list_{declaration.get('title') or 'record'}",
        "type": "array",
        "items": {"$ref": "#/$defs/item"},
        "$defs": {"item": item},
    }


def _below(document: JSON, place: str) -> JSON:
    """A JSON Schema document whose references hold where it stands at `place` in another one."""
    return referring(document, lambda reference: f"{place}{reference[1:]}" if reference.startswith("#") else reference)


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
