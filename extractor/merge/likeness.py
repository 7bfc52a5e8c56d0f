"""When two values say the same: written forms differ, meanings do not."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from decimal import Decimal, InvalidOperation
from unicodedata import normalize

from extractor.schema.pointer import JSON

__all__ = ["likeness", "scalars", "silent", "spelling"]

_RUNS = re.compile(r"[^\W\d_]+|\d+|[^\w\s-]")
_LONG = 6
"""Digits of a number that people write in groups of their own; in a shorter one a space may part two numbers."""


def silent(value: JSON) -> bool:
    """Whether a value says nothing: null, blank text, an empty list or object."""
    return value is None or (isinstance(value, str) and not value.strip()) or value == [] or value == {}


def likeness(value: JSON, kind: str = "any") -> Hashable:
    """What is equal for values that say the same: case, spacing and the Unicode form of text do not count.

    With `kind` decimal, `"1.50"` and `"1.5"` are the same. Numbers are never the same as text or booleans.
    """
    if isinstance(value, str):
        return _decimal(value) if kind == "decimal" else _text(value)
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if isinstance(value, list):
        return ("list", *map(likeness, value))
    if isinstance(value, dict):
        return ("object", *sorted((name, likeness(inner)) for name, inner in value.items() if not silent(inner)))
    return Decimal(repr(value)) if kind == "decimal" else value


def spelling(value: JSON) -> Hashable:
    """What is equal for two spellings of one code: `AB-1234`, `ab 1234` and `AB1234`. For all else its likeness."""
    alike = likeness(value)
    if not isinstance(alike, str) or not any(map(str.isdecimal, alike)):
        return alike
    if sum(map(str.isdecimal, alike)) >= _LONG:
        alike = alike.replace(" ", "")
    return " ".join(_RUNS.findall(alike))


def scalars(item: Mapping[str, JSON]) -> dict[str, Hashable]:
    """The likeness of every scalar field of an object that says something."""
    return {
        name: likeness(value)
        for name, value in item.items()
        if not isinstance(value, dict | list) and not silent(value)
    }


def _text(value: str) -> str:
    if not value.isascii():
        value = normalize("NFKC", value)
    return " ".join(value.split()).casefold()


def _decimal(value: str) -> Hashable:
    try:
        return Decimal(value)
    except InvalidOperation:
        return _text(value)
