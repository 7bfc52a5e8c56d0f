"""Text that the service would not read as text: broken by one invisible character before it is sent, mended after.

Markers of the model's template in a document would be read as control tokens, and a `data:` URI as a picture. Each
find gets one U+2060 inside; a find that has some already gets one more, so that taking one out of each gives exactly
the original. Values in a reply are mended the same way, which maps every offset back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["TEXTUAL", "arm", "armed_json", "disarm", "shows_images"]

TEXTUAL = ("messages", "prompt", "tools", "functions", "prediction")
"""The members of a request that hold text for the model."""

_BREAK = "\u2060"
_FINDS = (
    rf"<{_BREAK}*(?=\||\\?/?think>)",
    rf"\[{_BREAK}*(?=(?:BOS|EOS|EOT|PAD|UNK)\])",
    rf"data{_BREAK}*(?=:[\w.+-]+\\?/)",
)
_STRICTER = (rf"data{_BREAK}*(?=\s*:)", rf"base{_BREAK}*(?=64)")
_FIND, _FIND_MORE = (re.compile("|".join(finds), re.IGNORECASE | re.ASCII) for finds in (_FINDS, (*_FINDS, *_STRICTER)))
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\u2060", re.IGNORECASE)


def disarm(value: Any, *, strict: bool = False) -> Any:
    """A text with every marker and `data:` URI broken, or a copy of a JSON value with that of every string and name.

    Pictures stay as they are. `strict` breaks what else could be taken for a URI.
    """
    match value:
        case str():
            return (_FIND_MORE if strict else _FIND).sub(lambda found: found[0] + _BREAK, value)
        case {"type": "image_url"}:
            return value
        case Mapping():
            return {disarm(name, strict=strict): disarm(item, strict=strict) for name, item in value.items()}
        case list() | tuple():
            return [disarm(item, strict=strict) for item in value]
    return value


def arm(value: Any, *, strict: bool = False) -> Any:
    """The value that `disarm` was given."""
    match value:
        case str():
            return (_FIND_MORE if strict else _FIND).sub(lambda found: found[0].removesuffix(_BREAK), value)
        case dict():
            return {arm(name, strict=strict): arm(item, strict=strict) for name, item in value.items()}
        case list():
            return [arm(item, strict=strict) for item in value]
    return value


def armed_json(text: str, *, strict: bool = False) -> str:
    """JSON text with its strings as they were before, also where it writes the character as an escape."""
    text = _ESCAPED.sub(rf"\1{_BREAK}", text)
    return str(arm(text, strict=strict)) if _BREAK in text else text


def shows_images(body: Mapping[str, Any]) -> bool:
    """Whether a request shows a picture."""
    contents = [message.get("content") for message in body.get("messages", ())]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return any(part.get("type") == "image_url" for part in parts)
