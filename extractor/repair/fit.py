"""Fits a value that was read to its schema, where it plainly means what the schema wants but says it otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from extractor.repair.bare import read_number
from extractor.repair.readings import read_strictly, readings
from extractor.repair.receipt import Change, Guess, Kind, Mended
from extractor.errors import InvalidValue, Problem
from extractor.schema.pointer import JSON, get, parts

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["fits", "problems_of", "property_names"]

_MONEY = "$€£¥₹ \t\u00a0\u202f"
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[,.]\d{3}")
"""A thousand and something to one writer, one and something to another."""
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:([,'’ \u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?")
_DOTTED = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d+|[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,}|[+-]?\d+,\d+")
_NUMBERS = ("number", "integer", "decimal")
_CONTAINERS = {"array": list, "object": dict}


def problems_of(schema: Schema[Any], value: JSON) -> tuple[Problem, ...]:
    """What the schema has against a wire value, in pointers of the declared shape."""
    seen = schema.unwrap(value)
    return (*seen.problems, *schema.problems(seen.value))


def property_names(wire: JSON) -> frozenset[str]:
    """Every property name that a JSON schema speaks of."""
    return frozenset(_names(wire))


def fits(mended: Mended, schema: Schema[Any]) -> Iterator[Mended]:
    """A reading, and what it becomes when an envelope is opened or put on, and values are written as asked for."""
    for shaped in (mended, *_shapes(mended, schema)):
        yield shaped
        named = _plain_names(shaped, schema)
        if named.changes is not shaped.changes:
            yield named
        plain = _plain_values(named, schema)
        if plain.changes is not named.changes:
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
    properties = schema.wire.get("properties", {})
    lists = [name for name, inner in properties.items() if inner.get("type") == "array"]
    if isinstance(value, list) and len(lists) == 1:
        yield _changed(mended, {lists[0]: value}, "wrapped", f"the list stood without its name {lists[0]!r}")
    elif len(properties) == 1 and not (isinstance(value, dict) and value.keys() & properties.keys()):
        (name,) = properties
        for alone in (value, [value]) if name in lists else (value,):
            yield _changed(mended, {name: alone}, "wrapped", f"the value stood without its name {name!r}")


def _plain_names(mended: Mended, schema: Schema[Any]) -> Mended:
    """Names without the blanks around them, where the schema has them so."""
    names, wrong = property_names(schema.wire), set[str]()

    def plain(value: JSON) -> JSON:
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        return {plain_name(name, value): plain(inner) for name, inner in value.items()}

    def plain_name(name: str, value: dict[str, JSON]) -> str:
        stripped = name.strip()
        if name in names or stripped not in names or stripped in value:
            return name
        wrong.add(name)
        return stripped

    value = plain(mended.value)
    if not wrong:
        return mended
    return _changed(mended, value, "key", f"names had blanks around them: {', '.join(map(repr, sorted(wrong)))}")


def _plain_values(mended: Mended, schema: Schema[Any]) -> Mended:
    """Values written as the schema wants them, where they plainly mean that."""
    wrong = [problem.path for problem in problems_of(schema, mended.value)]
    told = mended if not wrong else replace(mended, value=deepcopy(mended.value))
    for path in dict.fromkeys(wrong):
        where, field = schema.wire_path(path), schema.field(path)
        meant = _meant(_at(told.value, where), field.kind) if where and field is not None else None
        if meant is not None:
            value, kind, message = meant
            _set(told.value, where, value)
            told = _changed(told, told.value, kind, f"{message} @ {path}")
    return told


def _meant(said: JSON, kind: str) -> tuple[JSON, Kind, str] | None:
    """What a value of the wrong type means where one of `kind` is wanted; None where that is not plain."""
    if kind in _NUMBERS and isinstance(said, str):
        plain = _plain(said)
        meant = plain if plain is None or kind == "decimal" else read_number(plain)
        if meant not in (None, said) and (kind != "integer" or meant % 1 == 0):
            return meant, "number", f"{said!r} was read as {plain}"
    elif kind == "string" and isinstance(said, int) and not isinstance(said, bool):
        return str(said), "quotes", f"the number {said} stands for text"
    elif kind in _CONTAINERS and isinstance(said, str) and (inside := _inside(said, _CONTAINERS[kind])) is not None:
        return inside, "nested", "the JSON came inside a string"
    elif kind == "array" and said is not None and not isinstance(said, list):
        return [said], "wrapped", "a value stood for a list of one"
    return None


def _inside(said: str, wanted: type) -> JSON | None:
    """The JSON in a string, if it is of the type wanted and whole."""
    if said.lstrip()[:1] not in ("{", "[", "`"):
        return None
    try:
        inner = read_strictly(said) or next(readings(said, Guess()))
    except InvalidValue:
        return None
    return inner.value if isinstance(inner.value, wanted) and inner.complete and not inner.lossy else None


def _plain(said: str) -> str | None:
    """A number as JSON writes it; None where the text is not one, or could be two."""
    clean = said.strip(_MONEY)
    if _EITHER.fullmatch(clean):
        return None
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
