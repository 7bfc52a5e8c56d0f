"""How sure the model was of each value, from the probabilities of the tokens it wrote it with."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

import orjson

from extractor.schema.pointer import join

__all__ = ["value_logprobs"]

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def value_logprobs(tokens: Sequence[tuple[str, float]]) -> dict[str, float]:
    """The mean log-probability (natural logarithm) of the tokens of each scalar, by pointer into the JSON they spell.

    Pointers are those of the answer as it was written, so of the wire schema. What comes after JSON that breaks off
    or is not well formed has no entry.
    """
    starts = list(accumulate((len(token) for token, _ in tokens), initial=0))
    found = {}
    for pointer, start, end in _scalars("".join(token for token, _ in tokens)):
        first, last = bisect_right(starts, start) - 1, bisect_right(starts, end - 1)
        found[pointer] = sum(value for _, value in tokens[first:last]) / (last - first)
    return found


def _scalars(text: str) -> Iterator[tuple[str, int, int]]:
    """Every scalar of a JSON text: its pointer, and where it begins and ends."""
    stack: list[tuple[str, int | None]] = []
    name: str | None = None
    for piece in _PIECE.finditer(text):
        sign = piece[0]
        if sign in ",:":
            if sign == "," and stack:
                above, index = stack[-1]
                stack[-1] = (above, None if index is None else index + 1)
                name = None
            continue
        if sign in "}]":
            if not stack:
                return
            stack.pop()
            continue
        above, index = stack[-1] if stack else ("", None)
        if stack and index is None and name is None:
            name = _unquoted(sign)
            continue
        pointer = above if not stack else join(above, name or "" if index is None else index)
        if sign in "{[":
            stack.append((pointer, None if sign == "{" else 0))
            name = None
        else:
            yield pointer, piece.start(), piece.end()


def _unquoted(name: str) -> str:
    try:
        return str(orjson.loads(name))
    except orjson.JSONDecodeError:
        return name.strip('"')
