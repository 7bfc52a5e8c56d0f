"""Where a declaration comes from, and the one judge of its values.

A JSON Schema document is judged by the validator of this room. A type is judged by pydantic, which also says its JSON
Schema and writes its values; what pydantic writes is made what pydantic reads: by the names of validation, with
excluded fields and secrets in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, Literal, Protocol, Union, get_args, get_origin, get_type_hints

from pydantic import (
    AliasChoices,
    BaseModel,
    PlainSerializer,
    Secret,
    SecretBytes,
    SecretStr,
    TypeAdapter,
    ValidationError,
    WrapSerializer,
)
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticSerializationError, to_jsonable_python

from extractor.errors import InvalidValue, Problem, SchemaError
from extractor.schema.generate import Generator
from extractor.schema.pointer import JSON, get, join
from extractor.schema.several import branches_of_document, branches_of_type
from extractor.schema.text import from_text, to_text
from extractor.schema.validator import Validator
from extractor.schema.variants import Variants, bytes_as_text

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
        self.branches = branches_of_type(type_)

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
        try:
            if not self.differs and not self.customised:
                return self.writer.to_python(value, mode="json", by_alias=True, round_trip=True)
            written = self.writer.to_python(value, mode="json", by_alias=False, round_trip=True)
        except PydanticSerializationError as error:
            raise InvalidValue((Problem("", f"cannot be written as JSON: {error}"),)) from error
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


# ---------------------------------------------------------------------- what pydantic writes


SERIALIZERS = (PlainSerializer, WrapSerializer)
UNSAID: Any = SkipJsonSchema


def as_declared(value: Any, written: JSON, tags: frozenset[str], *, plain: bool = False) -> JSON:
    """Declared JSON of a value that pydantic wrote, by field name, as `written`; `tags` name the branches of unions.

    `plain` overlooks what functions and settings of the user's own made of a value. Raises ValueError where that has no
    JSON form without them.
    """
    return _Walk(plain, tags).json(value, written, plain)


@dataclass(frozen=True, slots=True)
class _Walk:
    """A value and what was written of it, side by side; `plain` as above, for all of it."""

    plain: bool
    tags: frozenset[str]

    def json(self, value: Any, written: JSON, foreign: bool) -> JSON:
        """`foreign`: what was written of this value is not what reads."""
        match value:
            case SecretStr() | SecretBytes() | Secret():
                secret = value.get_secret_value()
                return self.json(secret, _written(secret), foreign)
            case BaseModel():
                return self.fields(value, written, type(value).model_fields, value.model_extra or {})
            case list() | tuple() | set() | frozenset() if isinstance(written, list) and len(written) == len(value):
                return [self.json(item, each, foreign) for item, each in zip(value, written, strict=True)]
            case Mapping() if isinstance(written, dict):
                content = {tag: written[tag] for tag in self.tags if tag in written and tag not in value}
                own = [(name, each) for name, each in written.items() if name not in content]
                if len(own) == len(value):
                    items = zip(value.values(), own, strict=True)
                    return {**content, **{name: self.json(item, each, foreign) for item, (name, each) in items}}
        cls: Any = type(value)
        if is_dataclass(value) and (declared := _dataclass_fields(cls)):
            return self.fields(value, written, declared, {})
        return _written(value) if foreign else written

    def fields(self, value: Any, written: JSON, declared: Mapping[str, FieldInfo], extra: Mapping[str, Any]) -> JSON:
        own = _own(type(value)) if self.plain else frozenset()  # type: ignore[arg-type]
        if isinstance(value, BaseModel) and type(value).__pydantic_root_model__:
            return self.json(value.root, written, "root" in own)  # type: ignore[attr-defined]
        if not isinstance(written, dict) and not own:
            return written
        known = written if isinstance(written, dict) else {}
        content = {tag: known[tag] for tag in self.tags if tag in known and tag not in declared and tag not in extra}
        for name, info in declared.items():
            item = getattr(value, name)
            if item is not None or info.default is not None or _may_be_none(info.annotation):
                each = known[name] if name in known and name not in own else _written(item)
                content[_declared_name(name, info)] = self.json(item, each, name in own)
        return {**content, **{name: self.json(item, known.get(name), False) for name, item in extra.items()}}


@lru_cache(maxsize=1024)
def _dataclass_fields(cls: Any) -> Mapping[str, FieldInfo]:
    """The fields of a dataclass as pydantic sees them, those of the standard library's too; none if that cannot be."""
    declared: Mapping[str, FieldInfo] | None = getattr(cls, "__pydantic_fields__", None)
    if declared is not None:
        return declared
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError:
        return {}
    return {
        each.name: FieldInfo.from_annotation(hints[each.name])
        if each.default is MISSING
        else FieldInfo.from_annotated_attribute(hints[each.name], each.default)
        for each in fields(cls)
    }


def _written(value: Any) -> JSON:
    if isinstance(value, bytes | bytearray):
        return bytes_as_text(value)
    return to_jsonable_python(value, by_alias=False, round_trip=True)


@lru_cache(maxsize=1024)
def _own(cls: Hashable) -> frozenset[str]:
    """The fields of a class that functions or settings of the user's own write."""
    fields: Mapping[str, FieldInfo] = getattr(cls, "__pydantic_fields__", {})
    decorators = getattr(cls, "__pydantic_decorators__", None)
    config: Mapping[str, Any] = getattr(cls, "model_config", getattr(cls, "__pydantic_config__", {}))
    symmetric = config.get("ser_json_bytes", "utf8") == config.get("val_json_bytes", "utf8")
    settings = [keyword for keyword in config if keyword.startswith("ser_json") and keyword != "ser_json_bytes"]
    if settings or not symmetric or (decorators and decorators.model_serializers):
        return frozenset(fields)
    writers = decorators.field_serializers.values() if decorators else ()
    named = {name for each in writers for name in each.info.fields}
    marked = {name for name, info in fields.items() if _marked(info.annotation, info.metadata)}
    return frozenset(fields if "*" in named else named | marked)


def _marked(annotation: Any, metadata: Any) -> bool:
    """Whether a serializer stands beside a type, or beside a part of it."""
    return any(isinstance(each, SERIALIZERS) for each in metadata) or any(
        _marked(each, getattr(each, "__metadata__", ())) for each in get_args(annotation)
    )


def _may_be_none(annotation: Any) -> bool:
    """Whether null may stand for a value of a type, as far as can be seen: it is none of plain classes and containers.

    `SkipJsonSchema[None]` is a None that JSON does not say.
    """
    if any(isinstance(each, UNSAID) for each in getattr(annotation, "__metadata__", ())):
        return False
    origin: Any = get_origin(annotation) or annotation
    if origin in (Union, UnionType):
        return any(map(_may_be_none, get_args(annotation)))
    if origin is Annotated:
        return _may_be_none(get_args(annotation)[0])
    if origin is Literal:
        return None in get_args(annotation)
    return origin in (object, None, type(None)) or not isinstance(origin, type)


def _declared_name(name: str, info: FieldInfo) -> str:
    """What a field is called in JSON that pydantic reads: the first alias that is one plain name, or its own name."""
    return next(_plain_names(info.validation_alias), name)


def _plain_names(alias: Any) -> Iterator[str]:
    if isinstance(alias, str):
        yield alias
    elif isinstance(alias, AliasChoices):
        yield from (choice for choice in alias.choices if isinstance(choice, str))
