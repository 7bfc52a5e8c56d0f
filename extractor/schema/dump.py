"""What pydantic writes, made what pydantic reads: names of validation, excluded fields and secrets kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

from pydantic import AliasChoices, BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from extractor.schema.pointer import JSON

__all__ = ["as_declared"]


def as_declared(value: Any, written: JSON) -> JSON:
    """Declared JSON of a value that pydantic wrote, by field name, as `written`. The two are walked side by side."""
    match value:
        case SecretStr() | SecretBytes() | Secret():
            return to_jsonable_python(value.get_secret_value())
        case BaseModel():
            return _fields(value, written, type(value).model_fields, value.model_extra or {})
        case list() | tuple() | set() | frozenset() if isinstance(written, list) and len(written) == len(value):
            return [as_declared(item, each) for item, each in zip(value, written, strict=True)]
        case Mapping() if isinstance(written, dict) and len(written) == len(value):
            items = zip(value.values(), written.items(), strict=True)
            return {name: as_declared(item, each) for item, (name, each) in items}
    declared = getattr(type(value), "__pydantic_fields__", None)
    return _fields(value, written, declared, {}) if is_dataclass(value) and declared else written


def _fields(value: Any, written: JSON, declared: Mapping[str, FieldInfo], extra: Mapping[str, Any]) -> JSON:
    if "root" in declared and isinstance(value, BaseModel) and type(value).__pydantic_root_model__:
        return as_declared(value.root, written)  # type: ignore[attr-defined]
    if not isinstance(written, dict):
        return written
    said = {}
    for name, info in declared.items():
        item = getattr(value, name)
        said[_declared_name(name, info)] = as_declared(
            item, written[name] if name in written else to_jsonable_python(item)
        )
    return {**said, **{name: as_declared(item, written.get(name)) for name, item in extra.items()}}


def _declared_name(name: str, info: FieldInfo) -> str:
    """What a field is called in JSON that pydantic reads: the first alias that is one plain name, or its own name."""
    return next(_plain_names(info.validation_alias), name)


def _plain_names(alias: Any) -> Iterator[str]:
    if isinstance(alias, str):
        yield alias
    elif isinstance(alias, AliasChoices):
        yield from (choice for choice in alias.choices if isinstance(choice, str))
