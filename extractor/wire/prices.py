"""What a model's tokens cost. An unknown price is None, never 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

from extractor.wire.values import Usage

__all__ = ["Price", "dollars", "price_of"]


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens: of the prompt, of the part of it that was cached, and of the completion."""

    prompt: float
    cached: float
    completion: float

    def __str__(self) -> str:
        amounts = (dollars(self.prompt), dollars(self.cached), dollars(self.completion))
        return "{} (input), {} (cached input), {} (output)".format(*amounts)

    def cost(self, usage: Usage) -> float:
        """The price of a usage in USD, to the nano-dollar."""
        fresh = usage.prompt_tokens - usage.cached_tokens
        micro = fresh * self.prompt + usage.cached_tokens * self.cached + usage.completion_tokens * self.completion
        return round(micro / 1_000_000, 9)


_KIMI = Price(prompt=0.95, cached=0.16, completion=4.00)
# The platform answers for k2.5 with k2.6, and bills it so.
_PRICES = {"moonshotai/kimi-k2.6": _KIMI, "moonshotai/kimi-k2.5": _KIMI}


def price_of(model: str) -> Price | None:
    """The price of a model by any of its names (`@cf/...`, `workers-ai/@cf/...`, `local:NAME`); None where unknown."""
    if model == "local" or model.startswith("local:"):
        return Price(0, 0, 0)
    return _PRICES.get(model.removeprefix("workers-ai/").removeprefix("@cf/"))


def dollars(usd: float) -> str:
    """An amount as people write it: two to four decimals, more where it is so small that two digits of it need them."""
    digits = 4 if usd == 0 else max(4, 1 - math.floor(math.log10(abs(usd))))
    whole, _, rest = f"{usd:,.{digits}f}".partition(".")
    return f"${whole}.{rest[:2]}{rest[2:].rstrip('0')}"
