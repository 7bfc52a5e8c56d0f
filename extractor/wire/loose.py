"""JSON as services really send it."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["end_of_json", "joined_halves", "read_json", "write_json"]

_HALVES = re.compile("[\ud800-\udfff]")


class _Spelled(float):
    """A number with the digits that it was written in."""

    text: str

    def __new__(cls, text: str) -> _Spelled:
        number = super().__new__(cls, text)
        number.text = text
        return number


_DECODER = json.JSONDecoder(parse_float=_Spelled, parse_constant=lambda name: None)


def read_json(body: bytes) -> Any:
    """The value in a body, also behind a byte order mark, in UTF-16 or UTF-32, or with what JSON does not know.

    NaN and infinities become None. `write_json` writes numbers in the digits that they came in. A text may hold half of
    a surrogate pair (`joined_halves`). ValueError where the body is no whole JSON text.
    """
    try:
        return _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def write_json(value: Any) -> str:
    """A value as compact JSON text."""
    match value:
        case _Spelled():
            return value.text
        case dict():
            return "{" + ",".join(f"{write_json(name)}:{write_json(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(write_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def end_of_json(text: str, start: int = 0) -> int | None:
    """Where the JSON value that begins at `start`, behind blanks, ends; None where there is no whole one."""
    try:
        return json.JSONDecoder().raw_decode(text, start + len(text[start:]) - len(text[start:].lstrip()))[1]
    except (ValueError, RecursionError):
        return None


def joined_halves(text: str) -> str:
    """The text with both halves of a surrogate pair as one character, and a half on its own as U+FFFD."""
    if text.isascii():
        return text
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _HALVES.sub("\ufffd", paired)
