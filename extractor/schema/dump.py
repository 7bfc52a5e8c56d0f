"""What pydantic writes, made what pydantic reads: names of validation, excluded fields and secrets kept."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, PlainSerializer, Secret, SecretBytes, SecretStr, WrapSerializer
from pydantic.fields import FieldInfo
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import to_jsonable_python

from extractor.schema.pointer import JSON
from extractor.schema.variants import bytes_as_text

__all__ = ["as_declared"]

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

    def json(self, value: Any, written: JSON, anew: bool) -> JSON:
        """`anew`: what was written of this value is not what reads."""
        match value:
            case SecretStr() | SecretBytes() | Secret():
                secret = value.get_secret_value()
                return self.json(secret, _written(secret), anew)
            case BaseModel():
                return self.fields(value, written, type(value).model_fields, value.model_extra or {})
            case list() | tuple() | set() | frozenset() if isinstance(written, list) and len(written) == len(value):
                return [self.json(item, each, anew) for item, each in zip(value, written, strict=True)]
            case Mapping() if isinstance(written, dict) and len(written) == len(value):
                items = zip(value.values(), written.items(), strict=True)
                return {name: self.json(item, each, anew) for item, (name, each) in items}
        declared = getattr(type(value), "__pydantic_fields__", None)
        if is_dataclass(value) and declared:
            return self.fields(value, written, declared, {})
        return _written(value) if anew else written

    def fields(self, value: Any, written: JSON, declared: Mapping[str, FieldInfo], extra: Mapping[str, Any]) -> JSON:
        own = _own(type(value)) if self.plain else frozenset()  # type: ignore[arg-type]
        if isinstance(value, BaseModel) and type(value).__pydantic_root_model__:
            return self.json(value.root, written, "root" in own)  # type: ignore[attr-defined]
        if not isinstance(written, dict) and not own:
            return written
        known = written if isinstance(written, dict) else {}
        said = {tag: known[tag] for tag in self.tags if tag in known and tag not in declared and tag not in extra}
        for name, info in declared.items():
            item = getattr(value, name)
            if item is not None or info.default is not None or _may_be_none(info.annotation):
                each = known[name] if name in known and name not in own else _written(item)
                said[_declared_name(name, info)] = self.json(item, each, name in own)
        return {**said, **{name: self.json(item, known.get(name), False) for name, item in extra.items()}}


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
