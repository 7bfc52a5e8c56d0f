"""JSON values as text and back. Integers of any size are kept; NaN and infinities go by the names of JavaScript."""

from __future__ import annotations

import json
import re
from typing import Any

import pydantic_core

from extractor.errors import InvalidValue, Problem
from extractor.schema.pointer import JSON

__all__ = [
    "Digits",
    "end_of_json",
    "exact_from_text",
    "from_text",
    "has_fraction",
    "joined_halves",
    "partial_from_text",
    "read_json",
    "to_text",
    "write_json",
]


def from_text(text: str | bytes) -> JSON:
    """JSON text read; InvalidValue where it is none."""
    try:
        return pydantic_core.from_json(text)
    except ValueError as error:
        raise InvalidValue((Problem("", f"is not JSON: {error}"),)) from error


class Digits(float):
    """A JSON number with a fraction or an exponent that remembers how it was written.

    Digits("0.10").text   # "0.10", and it equals 0.1
    """

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Digits:
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str


def exact_from_text(text: str | bytes) -> JSON:
    """JSON text read, its fractions as `Digits`; InvalidValue where it is none."""
    value = from_text(text)
    return json.loads(text, parse_float=Digits) if has_fraction(text) else value


def has_fraction(text: str | bytes) -> bool:
    """Whether a number of a JSON text has a fraction or an exponent; True also where only a string looks like that."""
    text = text if isinstance(text, str) else text.decode(errors="replace")
    return _FRACTION.search(f":{text}") is not None


_FRACTION = re.compile(r"[\[,:]\s*-?\d+[.eE]")
"""Begins with a set of characters, of which `re` finds the first fast; hence the colon before the whole."""


def partial_from_text(text: str) -> JSON:
    """The value that a prefix of JSON text holds; None where nothing of it has come. InvalidValue where it is none.

    A string shows as far as it came, a number, a literal or a property name only once it is whole. Text before the
    first bracket (a fence, a greeting) and after the last is passed over.

        partial_from_text('Here: {"name": "Ad')       # {"name": "Ad"}
        partial_from_text('{"name": "Ada", "age": 3')  # {"name": "Ada"}
    """
    start = re.search(r"[\[{]", text)
    if start is None:
        return None
    whole = _OPEN_ESCAPE.sub(r"\1", _OPEN_NUMBER.sub("", text[start.start() :]))
    try:
        return pydantic_core.from_json(whole, allow_partial="trailing-strings")
    except ValueError as error:
        raise InvalidValue((Problem("", f"is not JSON: {error}"),)) from error


_OPEN_NUMBER = re.compile(r"(?<=[\[,:\s])[-+.\deE]+\Z")
"""What may be the beginning of a number. In a string it hides a few of its last digits, which the next prefix shows."""


_OPEN_ESCAPE = re.compile(
    r"(?<!\\)((?:\\\\)*)\\(?:u(?:[\da-fA-F]{0,3}|[dD][89abAB][\da-fA-F]{2}(?:\\(?:u[\da-fA-F]{0,3})?)?))?\Z"
)
"""What may be the beginning of an escape, or of a pair of them."""


def to_text(value: JSON) -> str:
    """JSON text of a value; InvalidValue where it cannot be said in JSON (a lone surrogate, say)."""
    try:
        return pydantic_core.to_json(value, inf_nan_mode="constants").decode()
    except ValueError as error:
        raise InvalidValue((Problem("", f"cannot be said in JSON: {error}"),)) from error


# -- JSON as services really send it

_DECODER = json.JSONDecoder(parse_float=Digits, parse_constant=lambda name: None)
_HALVES = re.compile("[\ud800-\udfff]")


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
        case Digits():
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
