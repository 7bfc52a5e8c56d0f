"""What a scalar of a record is in a typed column, and what no column of its type can hold."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal

import orjson
from pydantic import TypeAdapter, ValidationError

from extractor.schema.pointer import JSON
from extractor.schema.tree import Choice, Leaf, Node

__all__ = ["MISFIT", "SCALE", "WIDTH", "Type", "as_json", "converted", "every", "fits_decimal", "scalar_type"]

Type = Literal["text", "integer", "number", "decimal", "boolean", "date", "datetime", "json"]
"""What a column holds; `json` is any JSON value."""


class _Misfit(Enum):
    MISFIT = "not of the column's type"


MISFIT: Final = _Misfit.MISFIT

_KINDS: dict[str, Type] = {
    "integer": "integer",
    "number": "number",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
}
_ADAPTERS: dict[Type, TypeAdapter[Any]] = {
    "integer": TypeAdapter(int),
    "number": TypeAdapter(float),
    "decimal": TypeAdapter(Decimal),
    "boolean": TypeAdapter(bool),
    "date": TypeAdapter(dt.date),
    "datetime": TypeAdapter(dt.datetime),
}
_TEMPORAL = ("date", "datetime")
_DAY = re.compile(r"\s*\d{4}-\d\d-\d\d")
_INT64 = range(-(1 << 63), 1 << 63)

WIDTH, SCALE = 38, 9
"""Digits of a decimal column, and how many of them stand after the point, where a format needs to know."""


def scalar_type(nodes: Iterable[Node]) -> Type | None:
    """The one type for values of all these nodes; None where one of them is no scalar."""
    types = {_type(node) for node in nodes}
    if len(types) == 1:
        return types.pop()
    if types == {"integer", "number"}:
        return "number"
    return "text" if types and types <= {"text", "date", "datetime", "decimal"} else None


def _type(node: Node) -> Type | None:
    match node:
        case Leaf(type=type_, kind=kind):
            return _KINDS.get(kind, "text" if type_ == "string" else None)
        case Choice(values=values):
            kinds = {type(value) for value in values if value is not None}
            same: dict[frozenset[type], Type] = {
                frozenset({str}): "text",
                frozenset({bool}): "boolean",
                frozenset({int}): "integer",
                frozenset({float}): "number",
                frozenset({int, float}): "number",
            }
            return same.get(frozenset(kinds))
    return None


def converted(type_: Type, value: JSON) -> Any:
    """The cell that stands for a JSON value, or MISFIT.

    Dates, datetimes and decimals become Python's; a datetime with an offset is told in UTC, one without stays as it is.
    """
    if type_ == "json":
        return value
    if type_ == "text":
        return value if isinstance(value, str) else MISFIT
    if isinstance(value, bool) != (type_ == "boolean") or (type_ in _TEMPORAL and not _is_dated(value)):
        return MISFIT
    try:
        return _exact(type_, value, _ADAPTERS[type_].validate_python(value))
    except (ValidationError, OverflowError):
        return MISFIT


def _is_dated(value: JSON) -> bool:
    """Whether a value begins with a date; of bare numbers pydantic makes dates too, which no document means."""
    return isinstance(value, str) and _DAY.match(value) is not None


def _exact(type_: Type, value: JSON, cell: Any) -> Any:
    match type_:
        case "integer":
            return cell if cell in _INT64 else MISFIT
        case "number":
            same = math.isfinite(cell) and (not isinstance(value, int) or int(cell) == value)
            return cell if same else MISFIT
        case "datetime" if cell.tzinfo is not None:
            return cell.astimezone(dt.UTC).replace(tzinfo=None)
    return cell


def fits_decimal(value: Decimal) -> bool:
    """Whether a column of WIDTH digits, SCALE of them after the point, holds the value exactly."""
    _, digits, exponent = value.as_tuple()
    zeros = next((count for count, digit in enumerate(reversed(digits)) if digit), 0)
    return not value or (int(exponent) + zeros >= -SCALE and value.adjusted() < WIDTH - SCALE)


def every(test: Callable[[Any], bool], cell: Any) -> bool:
    """Whether a cell passes, or each of a list of cells."""
    return all(test(one) for one in (cell if isinstance(cell, list) else [cell]) if one is not None)


def as_json(value: Any) -> str:
    """JSON text of a cell, or of a list of cells."""
    return orjson.dumps(value, default=str).decode()
