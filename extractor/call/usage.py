"""The usage of replies that do not tell theirs, by our own count of their tokens."""

from __future__ import annotations

from dataclasses import replace

from extractor.call.budget import upper_bound
from extractor.text.tokens import count_tokens
from extractor.wire.prices import Price
from extractor.wire.values import Reply, Request, Usage

__all__ = ["counted"]


def counted(reply: Reply, request: Request, price: Price | None) -> Reply:
    """The reply with its usage: what the service told, else an estimate that takes nothing for cached.

    `cost_usd` is None where the price is unknown.
    """
    if reply.usage is not None:
        return reply
    written = "\n".join((reply.reasoning, reply.content, *reply.others, *(call.arguments for call in reply.tool_calls)))
    usage = Usage(upper_bound(request.body).prompt_tokens, 0, count_tokens(written))
    return replace(reply, usage=replace(usage, cost_usd=price.cost(usage) if price else None))
