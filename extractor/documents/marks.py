"""Characters that stand above or below their line, written so that they never join a number beside them."""

from __future__ import annotations

import re

__all__ = ["lowered", "raised"]

_FIGURE = re.compile(r"[+\-\u2212\u2013]?\d[\d.,]*")
_PLAIN = re.compile(r"\w+")


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
