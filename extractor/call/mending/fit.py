"""Fits a value that was read to its schema, where it plainly means what the schema wants but says it otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from extractor.call.mending.scalars import read_number
from extractor.call.mending.values import Change, Mended
from extractor.errors import Problem
from extractor.schema.pointer import JSON, get, parts

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["fits", "problems_of", "property_names"]

_MONEY = "$€£¥₹ \t\u00a0\u202f"
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([,'’ \u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?")
_DOTTED = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+|[+-]?\d{1,3}(?:\.\d{3}){2,}|[+-]?\d+,\d{1,2}")
_NUMBERS = ("number", "integer", "decimal")


def problems_of(schema: Schema[Any], value: JSON) -> tuple[Problem, ...]:
    """What the schema has against a wire value, in pointers of the declared shape."""
    seen = schema.unwrap(value)
    return (*seen.problems, *schema.problems(seen.value))


def property_names(wire: JSON) -> frozenset[str]:
    """Every property name that a JSON schema speaks of."""
    return frozenset(_names(wire))


def fits(mended: Mended, schema: Schema[Any]) -> Iterator[Mended]:
    """A reading, and what it becomes when an envelope is opened or put on, and numbers are written plainly."""
    for shaped in (mended, *_shapes(mended, schema)):
        yield shaped
        plain = _plain_numbers(shaped, schema)
        if plain.changes is not shaped.changes:
            yield plain


def _names(wire: JSON) -> Iterator[str]:
    if isinstance(wire, dict):
        properties = wire.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for inner in wire.values():
            yield from _names(inner)
    elif isinstance(wire, list):
        for inner in wire:
            yield from _names(inner)


def _shapes(mended: Mended, schema: Schema[Any]) -> Iterator[Mended]:
    """The value out of the one member or item that holds it, or as the one list that the schema asks for."""
    value = mended.value
    if isinstance(value, dict | list) and len(value) == 1:
        inner = next(iter(value.values())) if isinstance(value, dict) else value[0]
        yield _changed(mended, inner, "wrapped", "the value stood alone inside another")
    lists = [name for name, inner in schema.wire.get("properties", {}).items() if inner.get("type") == "array"]
    if isinstance(value, list) and len(lists) == 1:
        yield _changed(mended, {lists[0]: value}, "wrapped", f"the list stood without its name {lists[0]!r}")


def _plain_numbers(mended: Mended, schema: Schema[Any]) -> Mended:
    """Numbers with thousands marks, decimal commas or currency signs written as numbers, where the schema wants one."""
    wrong = [problem.path for problem in problems_of(schema, mended.value) if _wants_number(schema, problem.path)]
    told = mended if not wrong else replace(mended, value=deepcopy(mended.value))
    for path in wrong:
        where = schema.wire_path(path)
        said = _at(told.value, where)
        plain = _plain(said) if isinstance(said, str) else None
        if plain is not None and plain != said:
            field = schema.field(path)
            _set(told.value, where, plain if field and field.kind == "decimal" else read_number(plain))
            told = _changed(told, told.value, "number", f"{said!r} was read as {plain} @ {path}")
    return told


def _wants_number(schema: Schema[Any], path: str) -> bool:
    field = schema.field(path)
    return field is not None and field.kind in _NUMBERS


def _plain(said: str) -> str | None:
    """A number as JSON writes it; None where the text is not one, or could be two."""
    clean = said.strip(_MONEY)
    if _GROUPED.fullmatch(clean):
        return re.sub(r"[^\d.+-]", "", clean)
    if _DOTTED.fullmatch(clean):
        return clean.replace(".", "").replace(",", ".")
    return clean if read_number(clean) is not None else None


def _at(value: JSON, pointer: str) -> JSON:
    try:
        return get(value, pointer)
    except (KeyError, IndexError, ValueError, TypeError):
        return None


def _set(value: JSON, pointer: str, leaf: JSON) -> None:
    *_, last = parts(pointer)
    holder = get(value, pointer.rpartition("/")[0])
    holder[int(last) if isinstance(holder, list) else last] = leaf


def _changed(mended: Mended, value: JSON, kind: Any, message: str) -> Mended:
    return Mended(value, (*mended.changes, Change(kind, message, 0)), mended.complete)
