"""What tokens cost, and how amounts are written."""

from __future__ import annotations

import pytest

from extractor.wire.prices import Price, dollars, price_of
from extractor.wire.values import Usage


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("@cf/moonshotai/kimi-k2.6", Price(0.95, 0.16, 4.0)),
        ("workers-ai/@cf/moonshotai/kimi-k2.5", Price(0.95, 0.16, 4.0)),
        ("local", Price(0, 0, 0)),
        ("local:small", Price(0, 0, 0)),
        ("@cf/some/other", None),
    ],
)
def test_prices_by_name(model: str, price: Price | None) -> None:
    """A model is known by any of its names; the price of another is unknown, which is not 0."""
    assert price_of(model) == price


def test_cached_tokens_are_part_of_the_prompt() -> None:
    """They cost what they cost, and the rest of the prompt its own price."""
    assert Price(1.0, 0.1, 4.0).cost(Usage(1000, 400, 50)) == pytest.approx((600 + 40 + 200) / 1e6)


@pytest.mark.parametrize(
    ("usd", "written"),
    [
        (0, "$0.00"),
        (5, "$5.00"),
        (1234.5, "$1,234.50"),
        (0.015, "$0.015"),
        (0.12345, "$0.1235"),
        (0.0012, "$0.0012"),
        (0.00001, "$0.00001"),
        (0.0000123, "$0.000012"),
    ],
)
def test_amounts(usd: float, written: str) -> None:
    """However small, an amount is never written as none."""
    assert dollars(usd) == written
