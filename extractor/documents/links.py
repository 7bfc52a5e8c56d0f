"""The targets of links, written behind their text unless the text holds them."""

from __future__ import annotations

import re

__all__ = ["with_target"]

_SCHEME = re.compile(r"(?:mailto|tel|https?|ftp|file):/*(?:www\.)?", re.I)


def with_target(text: str, target: str) -> str:
    """The text of a link with its address in brackets behind it, where the text does not show that.

    >>> with_target("our office", "mailto:office@example.org")
    'our office (office@example.org)'
    """
    if not target:
        return text
    address = re.sub(r"^mailto:|^tel:", "", target.strip(), flags=re.I)
    bare = _SCHEME.sub("", address).rstrip("/")
    if not bare or address.startswith("#") or not text.strip() or bare.lower() in text.lower():
        return text
    tail = text[len(text.rstrip()) :]
    return f"{text.rstrip()} ({address.partition('?')[0] if target.lower().startswith('mailto:') else address}){tail}"
