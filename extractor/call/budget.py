"""What a request can cost at most, what it did cost, and a hard cap on the money of a job."""

from __future__ import annotations

import math
from collections.abc import Mapping
from threading import Lock
from typing import Any

import orjson

from extractor.errors import BudgetExceeded, ServiceError, UsageError
from extractor.text.tokens import count_tokens
from extractor.wire.prices import Price, dollars
from extractor.wire.values import Reply, Usage

__all__ = ["Budget", "Outcome", "upper_bound", "used"]

_WINDOW = 256_000
# The estimate may fall an eighth short, and no word costs less than one token; the template adds a few to each message.
_MARGIN, _PER_MESSAGE = 1.15, 8
# What the largest picture costs, by the model's own formula.
_PICTURE = 4_225

Outcome = Reply | ServiceError | None
"""What came of a request; None where nobody knows, so that it may have been answered and billed."""


def upper_bound(body: Mapping[str, Any]) -> Usage:
    """The most tokens that a request can use; its cost is left to whoever knows the price."""
    messages = body.get("messages", ())
    texts = [body.get("prompt") or "", *(_text(message.get("content")) for message in messages)]
    told = {name: body[name] for name in ("tools", "response_format", "functions") if name in body}
    texts.append(orjson.dumps(told).decode() if told else "")
    pictures = sum(_pictures(message.get("content")) for message in messages)
    text = "\n".join(texts)
    tokens = math.ceil(max(count_tokens(text), len(text.split())) * _MARGIN)
    prompt = tokens + _PER_MESSAGE * (len(messages) + 1) + _PICTURE * pictures
    longest = body.get("max_completion_tokens") or body.get("max_tokens") or max(_WINDOW - prompt, 0)
    return Usage(prompt, 0, longest * (body.get("n") or 1), None)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part.get("text") or "" for part in content)
    return content or ""


def _pictures(content: Any) -> int:
    return sum(part.get("type") == "image_url" for part in content) if isinstance(content, list) else 0


class Budget:
    """A hard cap on money. What is in flight counts at its upper bound, so that no reply can pass the cap.

    `spent` begins with what earlier runs of the same job paid. Amounts are in US dollars.
    """

    def __init__(self, max_cost_usd: float, price: Price | None, *, spent: float = 0.0) -> None:
        if price is None:
            raise UsageError("the price of this model is not known, so no budget can be kept; leave --max-cost out")
        self._cap, self._price = max_cost_usd, price
        self._spent, self._reserved = spent, 0.0
        self._lock = Lock()

    @property
    def spent(self) -> float:
        """What was paid, with requests whose fate is unknown at the most that they can have cost."""
        return self._spent

    def reserve(self, most: Usage) -> bool:
        """Set aside the most that a request can cost; False to ask again once others are settled.

        BudgetExceeded when it would not fit even then.
        """
        cost = self._price.cost(most)
        with self._lock:
            if self._spent + cost > self._cap:
                left = max(self._cap - self._spent, 0.0)
                raise BudgetExceeded(
                    f"the next request may cost up to {dollars(cost)}, and {dollars(left)} of the budget of"
                    f" {dollars(self._cap)} is left; raise the budget and run the same command to go on"
                )
            fits = self._spent + self._reserved + cost <= self._cap
            self._reserved += cost if fits else 0.0
            return fits

    def settle(self, most: Usage, used: Usage) -> None:
        """Replace a reservation by what was used."""
        with self._lock:
            self._reserved = max(self._reserved - self._price.cost(most), 0.0)
            self._spent += self._price.cost(used)


def used(most: Usage, outcome: Outcome) -> Usage:
    """What a request used, as far as anybody can know: where it may have been billed, the most that it can be."""
    if outcome is None:
        return most
    if outcome.usage is not None:
        return outcome.usage
    return most if isinstance(outcome, Reply) or outcome.billable else Usage()
