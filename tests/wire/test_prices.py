"""What tokens cost, and how amounts are written."""

from __future__ import annotations

from itertools import permutations

import pytest

from extractor.wire.prices import Price, dollars, price_of
from extractor.wire.values import Usage, nano, usd


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


def test_sums_have_no_noise() -> None:
    """Money adds up in whole nano-dollars, in any order; and so do prices of tokens."""
    costs = [0.1, 0.2, 0.3, 0.000000001, 0.7]
    sums = {sum((Usage(cost_usd=cost) for cost in order), Usage()).cost_usd for order in permutations(costs)}
    assert sums == {1.300000001}
    assert Price(0.95, 0.16, 4.0).cost(Usage(3, 0, 7)) == 0.00003085
    assert usd(nano(0.00003085)) == 0.00003085


@pytest.mark.parametrize("known", [0.0, 0.5])
def test_what_is_unknown_stays_unknown(known: float) -> None:
    """A sum with an unknown price in it is unknown, which is never 0; its tokens are still known."""
    for first, second in ((None, known), (known, None), (None, None)):
        assert Usage(1, 2, 3, first) + Usage(10, 20, 30, second) == Usage(11, 22, 33, None)
    assert Usage(1, 2, 3, known) + Usage() == Usage(1, 2, 3, known)
