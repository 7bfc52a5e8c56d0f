"""Confidence: a small table, and how well it is meant."""

from __future__ import annotations

from math import log
from typing import Any

import pytest

from extractor.extraction.confidence import GROUNDED, REPAIRED, confidence
from extractor.extraction.ground import Span, Tier


def likely(tier: Tier | None, **options: Any) -> float:
    spans = (Span(0, 1, None, tier),) if tier else ()
    return confidence({"/a/b": spans}, **options)["/a/b"]


@pytest.mark.parametrize(
    ("tier", "options", "expected"),
    [
        ("exact", {}, GROUNDED["exact"]),
        ("normalised", {}, GROUNDED["normalised"]),
        ("choice", {}, GROUNDED["choice"]),
        ("page", {}, GROUNDED["page"]),
        ("fuzzy", {}, GROUNDED["fuzzy"]),
        (None, {}, GROUNDED[""]),
        (None, {"agreement": {"/a/b": (2, 2)}}, 0.75),
        (None, {"agreement": {"/a/b": (1, 2)}}, 0.25),
        ("fuzzy", {"agreement": {"/a/b": (2, 3)}}, 0.58),
        ("exact", {"repaired": ["/a/b"]}, round(0.95 * REPAIRED, 2)),
        ("exact", {"repaired": ["/a"]}, round(0.95 * REPAIRED, 2)),
        ("exact", {"repaired": [""]}, round(0.95 * REPAIRED, 2)),
        ("exact", {"repaired": ["/a/bc", "/b"]}, 0.95),
        (None, {"logprobs": {"/a/b": log(0.9)}}, 0.70),
        ("exact", {"logprobs": {"/x": -9.0}}, 0.95),
        ("exact", {"logprobs": {"/a/b": log(0.6)}, "bound": True}, 0.60),
        ("exact", {"logprobs": {"/a/b": log(0.6)}, "bound": True, "repaired": ["/a"]}, 0.48),
        ("exact", {"bound": True}, 0.95),
    ],
)
def test_table(tier: Tier | None, options: dict[str, Any], expected: float) -> None:
    """The tier and the model's own probabilities first, those alone where it was bound; then agreement and repairs."""
    assert likely(tier, **options) == expected


def test_order() -> None:
    """Better evidence never counts less, and all stays between 0 and 1."""
    tiers: list[Tier | None] = [None, "fuzzy", "normalised", "exact"]
    for agreement in ((1, 1), (3, 3), (1, 4)):
        found = [likely(tier, agreement={"/a/b": agreement}) for tier in tiers]
        assert found == sorted(found)
        assert all(0 <= one <= 1 for one in found)
