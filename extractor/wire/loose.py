"""JSON as services really send it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import orjson

__all__ = ["joined_halves", "read_json", "read_spelled", "write_spelled"]

_HALVES = re.compile("[\ud800-\udfff]")


def read_json(body: bytes, *, halves: bool = False) -> Any:
    """The value in a body, also behind a byte order mark, in UTF-16 or UTF-32, or with what JSON does not know.

    NaN and infinities become None. Half of a surrogate pair becomes U+FFFD; with `halves` it stays, for the
    other half may come in the next piece. ValueError where the body is no whole JSON text.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        strict = error
    try:
        value = json.loads(body, parse_constant=lambda name: None)
        return value if halves else _each_text(value, joined_halves)
    except (ValueError, RecursionError):
        raise strict from None


def joined_halves(text: str) -> str:
    """The text with both halves of a surrogate pair as one character, and a half on its own as U+FFFD."""
    if text.isascii():
        return text
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _HALVES.sub("\ufffd", paired)


class _Spelled(float):
    """A number with the digits that it was written in."""

    text: str

    def __new__(cls, text: str) -> _Spelled:
        number = super().__new__(cls, text)
        number.text = text
        return number


def read_spelled(body: bytes) -> Any:
    """What `read_json` gives, with numbers that `write_spelled` writes in the digits that they came in."""
    return json.loads(body, parse_float=_Spelled, parse_constant=lambda name: None)


def write_spelled(value: Any) -> str:
    """A value as compact JSON text."""
    match value:
        case _Spelled():
            return value.text
        case dict():
            return "{" + ",".join(f"{write_spelled(name)}:{write_spelled(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(write_spelled, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case list():
            return [_each_text(item, change) for item in value]
        case dict():
            return {change(name): _each_text(item, change) for name, item in value.items()}
    return value
