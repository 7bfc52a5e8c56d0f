"""What goes over the wire and comes back, as small frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

import orjson

__all__ = ["Purpose", "Reply", "Request", "ToolCall", "Usage", "nano", "usd"]

Purpose = Literal["ask", "repair", "again", "tool"]
"""Why a request is sent: the first asking, a targeted repair, a whole re-ask, a turn after tool calls."""


_NANO, _DIGITS = 1_000_000_000, 9


def nano(amount: float) -> int:
    """US dollars as a whole number of nano-dollars, in which all sums are made."""
    return round(amount * _NANO)


def usd(amount: int) -> float:
    """Nano-dollars as US dollars: the float next to that decimal, which is written without noise."""
    return amount / _NANO


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money of one reply, or of many added up.

    `cost_usd` is a whole number of nano-dollars, so that sums have no noise and any order gives the same; None where
    the price is unknown, and then of a sum as well. `perhaps_usd` is the most that requests can have cost beside it of
    which nobody knows whether they were billed: they broke, timed out, or came without their usage.

    >>> from extractor import Usage
    >>> Usage(1000, 0, 200, 0.0017) + Usage(1000, 900, 150, 0.0009)
    Usage(prompt_tokens=2000, cached_tokens=900, completion_tokens=350, cost_usd=0.0026)
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    perhaps_usd: float = field(default=0.0, repr=False)

    def __add__(self, other: Usage) -> Usage:
        cost = None
        if self.cost_usd is not None and other.cost_usd is not None:
            cost = round(self.cost_usd + other.cost_usd, _DIGITS)
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            cost,
            round(self.perhaps_usd + other.perhaps_usd, _DIGITS),
        )


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One function that the model wants called; `arguments` is the JSON text as it came."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Request:
    """One request to the model. `body` is complete JSON and is never changed after.

    `turn` counts the replies that the same conversation already had to the same body, so that asking
    the same thing twice on purpose has two keys. `model` is who is asked. Of requests that have to wait those of the
    lowest `rank` go first. `document` names what the reply is paid for.
    """

    body: Mapping[str, Any]
    purpose: Purpose = "ask"
    affinity: str | None = None
    turn: int = 0
    model: str = ""
    rank: int = 0
    document: str = ""

    @cached_property
    def digest(self) -> str:
        """A digest of all that decides the answer, and not of the rung asked on."""
        question = {name: value for name, value in self.body.items() if name != "response_format"}
        return sha256(orjson.dumps((self.model, question), option=orjson.OPT_SORT_KEYS)).hexdigest()

    @cached_property
    def key(self) -> str:
        """What the journal keeps the reply under."""
        return f"{self.digest}:{self.turn}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer. `content` is the text ("" when the model gave none), never its reasoning.

    `finish` is the service's finish_reason; `usage` is None where the service did not tell; `others` are the
    texts of the further choices when more than one was asked for; `refusal` is what the model said in place of
    an answer; `reused` tells that it was paid for earlier, and nothing was sent for it now; `masked` tells that the
    answer repeated a secret of ours, which was replaced by ***.
    """

    content: str
    finish: str = "stop"
    usage: Usage | None = None
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    request_id: str | None = None
    logprobs: tuple[tuple[str, float], ...] = field(default=(), repr=False)
    others: tuple[str, ...] = ()
    refusal: str = ""
    reused: bool = field(default=False, compare=False)
    masked: bool = False
