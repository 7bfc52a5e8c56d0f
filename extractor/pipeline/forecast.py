"""What a job would send, how long that takes at the least, and what it costs; nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from extractor.documents.load import load
from extractor.errors import DocumentError, UsageError
from extractor.pipeline.cutting import planned
from extractor.pipeline.plan import Planner
from extractor.wire.prices import Price
from extractor.wire.values import Usage

__all__ = ["Forecast", "forecast"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """A priced plan. Money is in US dollars, None where the price is unknown.

    `low_usd` counts on a perfect cache and answers half as long as likely; `high_usd` on no cache, answers as long as
    they may be and, where answers grow with the text, twice as many of them as planned. What bad answers make it ask
    again comes on top of all three: only a budget bounds that. `seconds` is the least that the rate limit allows, None
    where there is none.
    """

    documents: int
    unreadable: int
    chunks: int
    requests: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    most_completion_tokens: int
    low_usd: float | None
    likely_usd: float | None
    high_usd: float | None
    seconds: float | None


def forecast(
    found: Iterable[tuple[Path, str]],
    planner: Planner,
    price: Price | None,
    *,
    groups: int = 1,
    rpm: int | None = None,
    password: str | None = None,
) -> Forecast:
    """Read every document and add up what asking about it takes; `groups` is how often each chunk is asked about."""
    documents = unreadable = chunks = text = likely = 0
    for path, name in found:
        documents += 1
        try:
            cut = planned(load(path, name=name, password=password), planner)
        except (DocumentError, UsageError):
            unreadable += 1
            continue
        chunks += len(cut)
        text += sum(chunk.tokens for chunk in cut)
        likely += sum(planner.output(chunk.tokens) for chunk in cut)
    requests = chunks * groups * planner.passes
    prompt = text * groups * planner.passes + requests * planner.overhead
    cached = max(requests - 1, 0) * planner.overhead
    spread = 2 if planner.grows else 1
    most = spread * requests * planner.max_output
    costs = [Usage(prompt, cached, likely // 2), Usage(prompt, cached, likely), Usage(spread * prompt, 0, most)]
    low, mid, high = (None if price is None else price.cost(usage) for usage in costs)
    return Forecast(
        documents=documents,
        unreadable=unreadable,
        chunks=chunks,
        requests=requests,
        prompt_tokens=prompt,
        cached_tokens=cached,
        completion_tokens=likely,
        most_completion_tokens=most,
        low_usd=low,
        likely_usd=mid,
        high_usd=high,
        seconds=None if rpm is None else requests * 60 / rpm,
    )
