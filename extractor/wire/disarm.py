"""Text that the service would not read as text: broken by one invisible character before it is sent, mended after.

Markers of the model's template in a document would be read as control tokens, and a `data:` URI as a picture. Each
find gets one U+2060 inside; a find that has some already gets one more, so that taking one out of each gives exactly
the original. Values in a reply are mended the same way, which maps every offset back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["TEXTUAL", "arm", "armed_json", "armed_value", "disarm", "disarmed", "shows_images"]

TEXTUAL = ("messages", "prompt", "tools", "functions", "prediction")
"""The members of a request that hold text for the model."""

_BREAK = "\u2060"
_FINDS = (
    rf"<{_BREAK}*(?=\||\\?/?think>)",
    rf"\[{_BREAK}*(?=(?:BOS|EOS|EOT|PAD|UNK)\])",
    rf"data{_BREAK}*(?=:[\w.+-]+\\?/)",
)
_STRICTER = (rf"data{_BREAK}*(?=\s*:)", rf"base{_BREAK}*(?=64)")

_FIND = re.compile("|".join(_FINDS), re.IGNORECASE | re.ASCII)
_FIND_MORE = re.compile("|".join((*_FINDS, *_STRICTER)), re.IGNORECASE | re.ASCII)
_SIGNS = (
    "<|",
    "think>",
    "bos]",
    "eos]",
    "eot]",
    "pad]",
    "unk]",
    "data:",
    *(f"{start}{_BREAK}" for start in ("<", "[", "data")),
)
_MORE_SIGNS = (*_SIGNS, "data", "base")
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\u2060", re.IGNORECASE)


def disarm(text: str, *, strict: bool = False) -> str:
    """The text with every marker and `data:` URI broken; `strict` breaks what else could be taken for a URI."""
    lowered, signs = text.lower(), _MORE_SIGNS if strict else _SIGNS
    if not any(map(lowered.__contains__, signs)):  # most text: looking for these is far faster than the patterns
        return text
    return (_FIND_MORE if strict else _FIND).sub(lambda found: found[0] + _BREAK, text)


def arm(text: str, *, strict: bool = False) -> str:
    """The text that `disarm` was given."""
    if _BREAK not in text:
        return text
    return (_FIND_MORE if strict else _FIND).sub(lambda found: found[0].removesuffix(_BREAK), text)


def armed_json(text: str, *, strict: bool = False) -> str:
    """JSON text with its strings as they were before, also where it writes the character as an escape."""
    if "\\u2060" in text:
        text = _ESCAPED.sub(rf"\1{_BREAK}", text)
    return arm(text, strict=strict) if _BREAK in text else text


def armed_value(value: Any) -> Any:
    """A copy of a parsed value, its strings and names as they were before."""
    match value:
        case str():
            return arm(value)
        case dict():
            return {arm(name): armed_value(item) for name, item in value.items()}
        case list():
            return [armed_value(item) for item in value]
    return value


def disarmed(value: Any, *, strict: bool = False) -> Any:
    """A copy of a JSON value with every string disarmed, names too; pictures stay as they are."""
    match value:
        case str():
            return disarm(value, strict=strict)
        case {"type": "image_url"}:
            return value
        case Mapping():
            return {disarm(name, strict=strict): disarmed(item, strict=strict) for name, item in value.items()}
        case list() | tuple():
            return [disarmed(item, strict=strict) for item in value]
    return value


def shows_images(body: Mapping[str, Any]) -> bool:
    """Whether a request shows a picture."""
    contents = [message.get("content") for message in body.get("messages", ())]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return any(part.get("type") == "image_url" for part in parts)
