"""When two values state the same: written forms differ, meanings do not."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal, InvalidOperation
from unicodedata import normalize

from extractor.extraction.answers import silent
from extractor.schema.pointer import JSON, leaves

__all__ = ["agree", "likeness"]


def likeness(value: JSON, kind: str = "any") -> Hashable:
    """What is equal for values that state the same: case, spacing and the Unicode form of text do not count.

    With `kind` decimal, `"1.50"` and `"1.5"` are the same. Numbers are never the same as text or booleans.

        likeness("ACME  Ltd") == likeness("Acme Ltd")
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


def agree(one: JSON, other: JSON) -> bool:
    """Whether all that two values both state is the same.

    agree({"name": "Ann", "age": None}, {"name": "ANN", "age": 7, "town": "Ulm"})  ->  True
    """
    its = {path: likeness(leaf) for path, leaf in leaves(other) if not silent(leaf)}
    return all(silent(leaf) or its.get(path, likeness(leaf)) == likeness(leaf) for path, leaf in leaves(one))


def _text(value: str) -> str:
    if not value.isascii():
        value = normalize("NFKC", value)
    return " ".join(value.split()).casefold()


def _decimal(value: str) -> Hashable:
    try:
        return Decimal(value)
    except InvalidOperation:
        return _text(value)
