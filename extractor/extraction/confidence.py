"""How sure each value is: from where it stands in the source and who agreed, never from a number the model made up."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from math import exp
from typing import TYPE_CHECKING

from pydantic_core import from_json

from extractor.schema.pointer import leaves

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

_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"\s*:|("(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+)')
"""The name of a member, or a scalar (the group)."""


def value_logprobs(tokens: Sequence[tuple[str, float]]) -> dict[str, float]:
    """The mean log-probability (natural logarithm) of the tokens of each scalar, by pointer into the JSON they spell.

    Pointers are those of the answer as it was written, so of the wire schema. JSON that breaks off has entries up to
    there, and what is not well formed has none.
    """
    text = "".join(token for token, _ in tokens)
    starts = list(accumulate((len(token) for token, _ in tokens), initial=0))
    try:
        value = from_json(text, allow_partial=True)
    except ValueError:
        return {}
    found = {}
    for (pointer, _), scalar in zip(leaves(value), filter(lambda one: one[1], _SCALAR.finditer(text)), strict=False):
        first, last = bisect_right(starts, scalar.start()) - 1, bisect_right(starts, scalar.end() - 1)
        found[pointer] = sum(logprob for _, logprob in tokens[first:last]) / (last - first)
    return found
