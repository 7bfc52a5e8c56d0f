"""What stands in a document beside its characters: that some are raised or lowered, and where links lead to."""

from __future__ import annotations

import re
from urllib.parse import unquote

__all__ = ["address_of", "lowered", "raised"]

_FIGURE = re.compile(r"[+\-\u2212\u2013]?\d[\d.,]*")
_PLAIN = re.compile(r"\w+")
_ADDRESS = re.compile(r"(https?://)[^\s]+|(?:mailto:|tel:)([^\s]+)", re.I)
_LONGEST = 300  # characters of an address: longer ones track, and tell a reader nothing


def raised(before: str, text: str) -> str:
    """A superscript that follows the character `before`: `10^6`, `m^2`, `4 500^1`; `1st` and `[3]` stay as they are."""
    text = " ".join(text.split())
    joins = before.isdigit() and len(text) == 1 and text.isalpha()
    if not text or not (_FIGURE.match(text) or joins):
        return text
    return f"^{text}" if _FIGURE.fullmatch(text) or _PLAIN.fullmatch(text) else f"^{{{text}}}"


def lowered(before: str, text: str) -> str:
    """A subscript that follows the character `before`: `CO2`, but `10_2` where it would join a number."""
    text = " ".join(text.split())
    return f"_{text}" if before.isdigit() and text[:1].isdigit() else text


def address_of(target: str, words: str) -> str:
    """The address that a link leads to, "" where it is none of the web, mail or telephone, or its words say it."""
    target = target.strip()
    if len(target) > _LONGEST or not (match := _ADDRESS.fullmatch(target)):
        return ""
    address = target if match[1] else unquote(match[2].partition("?")[0])
    essence = address.removeprefix(match[1] or "").removeprefix("www.").rstrip("/")
    return "" if "".join(essence.split()).lower() in "".join(words.split()).lower() else address
