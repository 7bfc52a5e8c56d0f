"""How sure each value is: from where it stands in the source and who agreed, never from a number the model made up."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate
from math import exp
from typing import TYPE_CHECKING

import orjson

from extractor.schema.pointer import join

if TYPE_CHECKING:
    from extractor.extraction.ground import Span

__all__ = ["GROUNDED", "REPAIRED", "confidence", "value_logprobs"]

GROUNDED: Mapping[str, float] = {
    "exact": 0.95, "normalised": 0.93, "choice": 0.80, "page": 0.80, "fuzzy": 0.75, "": 0.50,
}  # fmt: skip
"""What the tier of the evidence alone is worth; "" is a value that was not found in the source."""

REPAIRED = 0.80
"""Factor of a value that was wrong at first and asked for again, or mended."""


def confidence(
    evidence: Mapping[str, Sequence[Span]],
    *,
    agreement: Mapping[str, tuple[int, int]] | None = None,
    repaired: Collection[str] = (),
    logprobs: Mapping[str, float] | None = None,
    bound: bool = False,
) -> dict[str, float]:
    """0 to 1 for every pointer of `evidence`, in two places.

    Start from the tier (`GROUNDED`); with `logprobs`, the natural logarithm of the probability of each value's tokens,
    from the mean of both, or from the probability alone where the model was `bound` to words of the source, so that
    standing there proves nothing. Each further part that agreed halves the doubt that is left; parts that said
    otherwise scale by the share that agreed. Below a `repaired` pointer the value counts `REPAIRED`.
    """
    found = {}
    for pointer, spans in evidence.items():
        likely = GROUNDED[spans[0].tier if spans else ""]
        if logprobs and pointer in logprobs:
            model = exp(min(0.0, logprobs[pointer]))
            likely = model if bound else (likely + model) / 2
        agreeing, total = (agreement or {}).get(pointer, (1, 1))
        likely = (1 - (1 - likely) * 0.5 ** (agreeing - 1)) * agreeing / total
        parts = pointer.split("/") if repaired else ()
        mended = any("/".join(parts[:size]) in repaired for size in range(1, len(parts) + 1))
        found[pointer] = round(likely * (REPAIRED if mended else 1.0), 2)
    return found


# ---------------------------------------------------------------------- what the model's own probabilities say

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
