"""JSON as services really send it."""

from __future__ import annotations

import json
from typing import Any

import orjson

__all__ = ["read_json"]


def read_json(body: bytes) -> Any:
    """The value in a body, also behind a byte order mark, in UTF-16 or UTF-32, or with what JSON does not know.

    NaN and infinities become None, half of a surrogate pair a question mark. ValueError where the body is no whole
    JSON text.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        strict = error
    try:
        return _sound(json.loads(body, parse_constant=lambda name: None))
    except (ValueError, RecursionError):
        raise strict from None


def _sound(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case list():
            return [_sound(item) for item in value]
        case dict():
            return {_sound(name): _sound(item) for name, item in value.items()}
    return value
