"""Thinking that leaks into the answer: `<think>...</think>` ahead of it, or the closing marker alone."""

from __future__ import annotations

__all__ = ["part_thinking"]

_OPEN, _CLOSE = "<think>", "</think>"


def part_thinking(content: str) -> tuple[str, str]:
    """The answer and the thinking that stood before it. Thinking that never ends leaves no answer.

    Text that starts as JSON is left as it is: a marker in there may be the document's own words.
    """
    if "think>" not in content or content.lstrip()[:1] in ("{", "["):
        return content, ""
    before, marker, after = content.partition(_CLOSE)
    if marker:
        return after.lstrip(), before.replace(_OPEN, "").strip()
    if content.lstrip().startswith(_OPEN):
        return "", content.replace(_OPEN, "").strip()
    return content, ""
