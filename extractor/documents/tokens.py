"""How many tokens a text will cost: an estimate that needs no vocabulary."""

from __future__ import annotations

__all__ = ["count_tokens"]


def count_tokens(text: str) -> int:
    """An upper estimate of the tokens of `text`."""
    size = len(text.encode("utf-8", "surrogatepass"))
    digits = size - len(text.encode("utf-8", "surrogatepass").translate(None, b"0123456789"))
    return (size - digits) * 10 // 36 + digits // 2 + 1 if text else 0
