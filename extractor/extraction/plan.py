"""What a job would send, how long that takes at the least, and what it costs; nothing is sent.

The plan lays out every document as a run does, and counts what each request shows. What cannot be known beforehand is
how long answers are, which `text/density.py` estimates, and whether the service caches prefixes. So there are three
prices: `low` has every prefix cached, the schema in no prompt, and answers two fifths shorter than estimated; `high`
has none cached, and answers half as long again; `likely` has the estimated answers and most prefixes cached. The rows
of a page that is a picture alone cannot be counted: `low` has none of them, and `high` as many as a picture of its size
can show: a token of text for each token that the model counts for it.

Where a document may be of several kinds, the question about its kind comes first. Which one it is is not known, so that
`low` has the cheapest of them for each document, `high` the dearest, and `likely` the mean of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import orjson

from extractor import notebook
from extractor.documents.document import Document
from extractor.errors import DocumentError, UsageError
from extractor.extraction.parts import Layout, Part, Sizes, View, picture_tokens
from extractor.schema.compiler import Schema
from extractor.text.tokens import count_tokens
from extractor.wire.prices import Price, dollars
from extractor.wire.values import Usage

__all__ = ["Plan", "plan"]

_SHORT, _LONG = 0.6, 1.5
"""How far answers may be from their estimate."""

_COUNTED = 0.06
"""How far our count of a prompt may be from the service's, for its template and how it writes the schema."""

_HITS = 0.85
"""The share of shared prefixes that is likely to be cached: the platform reports 60 to 80 % of all input."""


_EMPTY = 10
"""Tokens of an answer that there is nothing."""

_LEAF = {"text": 8, "number": 4, "date": 6, "enum": 3, "bool": 1}
"""Tokens of a value that a document states once, by kind."""


_NOTHING = Usage(cost_usd=None)


@dataclass(frozen=True, slots=True)
class _Forecast:
    """What some requests take at the least, likely and at the most, in tokens; how many they are, and how long their
    answers can be."""

    low: Usage = _NOTHING
    likely: Usage = _NOTHING
    high: Usage = _NOTHING
    requests: int = 0
    most_answer: int = 0

    def __add__(self, other: _Forecast) -> _Forecast:
        usages = self.low + other.low, self.likely + other.likely, self.high + other.high
        return _Forecast(*usages, self.requests + other.requests, self.most_answer + other.most_answer)


@dataclass(frozen=True, slots=True)
class Plan:
    """A priced plan. Money is in US dollars, None where the price is unknown.

    `unreadable` maps documents that cannot be read to the reason; `finished` ended ok in an earlier run and cost
    nothing. `cached_tokens` is the part of `prompt_tokens` that is likely to be cached. What is asked again
    after bad answers is not in the price; only a budget bounds that. `seconds` is the least time that the rate limit
    allows, None without a limit. `sampled` documents were asked about for `sample_usd`, and the prices scaled by that.

    >>> from extractor import Pipeline
    >>> from schemas.receipt import Receipt
    >>> plan = Pipeline(Receipt, "samples/receipts").plan()
    >>> plan.documents, plan.requests, plan.low_usd < plan.likely_usd < plan.high_usd
    (18, 18, True)
    """

    documents: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    finished: int = 0
    chunks: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    most_completion_tokens: int = 0
    low_usd: float | None = None
    likely_usd: float | None = None
    high_usd: float | None = None
    seconds: float | None = None
    sampled: int = 0
    sample_usd: float | None = None

    def _repr_html_(self) -> str:
        """A notebook's view: the prices, what they are made of, and what cannot be read."""
        facts = {
            "documents": f"{self.documents:,}",
            "finished earlier": f"{self.finished:,}" if self.finished else None,
            "requests": f"{self.requests:,}",
            "tokens in": f"{self.prompt_tokens:,}, of which {self.cached_tokens:,} are likely to be cached",
            "tokens out": f"{self.completion_tokens:,}",
            "least time": None if self.seconds is None else str(timedelta(seconds=round(self.seconds))),
            "sampled": f"{self.sampled:,} documents" if self.sampled else None,
        }
        prices = (self.low_usd, self.likely_usd, self.high_usd)
        low, likely, high = ("unknown" if usd is None else dollars(usd) for usd in prices)
        title = f"Plan: likely {likely}, between {low} and {high}"
        rows = ((name, fact) for name, fact in facts.items() if fact)
        unreadable = notebook.table(self.unreadable.items(), head=("unreadable", "why"))
        return notebook.panel(title, notebook.table(rows), unreadable)

    def by_sample(self, documents: int, planned: Plan, paid: float | None) -> Plan:
        """The plan with its prices as those of some documents came out: what they were paid for against their plan."""
        if not planned.likely_usd or paid is None:
            return replace(self, sampled=documents, sample_usd=paid)
        factor = paid / planned.likely_usd
        prices = {name: getattr(self, name) for name in ("low_usd", "likely_usd", "high_usd")}
        scaled: dict[str, Any] = {name: None if usd is None else usd * factor for name, usd in prices.items()}
        return replace(self, sampled=documents, sample_usd=paid, **scaled)


def plan(
    schemas: Sequence[tuple[Schema[Any], Sizes]],
    found: Iterable[tuple[str, Callable[[], Document | None]]],
    *,
    price: Price | None,
    first: Callable[[Document], Layout] | None = None,
    rpm: int | None = None,
    passes: int = 1,
    held: Callable[[str], int] | None = None,
) -> Plan:
    """Read every document and add up what asking about it takes.

    `schemas` are the schema with its sizes; or those of each kind that a document may be of, and then `first` lays out
    the question about the kind. `found` are the names of documents, each with a function that reads it as the model is
    shown it: None where it needs nothing more; what it cannot read it refuses with DocumentError or UsageError.
    `held(name)` tells how many replies about a document are kept, which are not paid for again.
    """
    cost = schemas[0][1].price.cost
    documents = finished = chunks = 0
    unreadable: dict[str, str] = {}
    mean, low, high, longest = _Forecast(), _NOTHING, _NOTHING, 0
    for name, read in found:
        documents += 1
        try:
            document = read()
        except (DocumentError, UsageError) as error:
            unreadable[name] = str(error).removeprefix(f"{name}: ")
            continue
        if document is None:
            finished += 1
            continue
        kind = first(document) if first else None
        before = _requests(kind, kind.parts(), cached=False) if kind else []
        ways: list[_Forecast] = []
        for schema, sizes in schemas:
            layout = Layout(document, schema, sizes)
            parts = layout.parts()
            chunks += len(parts)
            requests = ([*before, *_requests(layout, parts, cached=cached) * passes] for cached in (True, False))
            wide, narrow = (sum(some[held(name) if held else 0 :], _Forecast()) for some in requests)
            ways += wide, narrow
            mean += wide
        low += min((way.low for way in ways), key=cost)
        high += max((way.high for way in ways), key=cost)
        longest += max(way.most_answer for way in ways)
    likely = mean.likely
    tokens = (likely.prompt_tokens, likely.cached_tokens, likely.completion_tokens)
    prompt, cached, answer = (round(some / len(schemas)) for some in tokens)
    cached = max(0, cached - int(_HITS * schemas[0][1].overhead))  # the first request finds nothing
    count = round(mean.requests / len(schemas))
    return Plan(
        documents=documents,
        unreadable=unreadable,
        finished=finished,
        chunks=round(chunks / len(schemas)),
        requests=count,
        prompt_tokens=prompt,
        cached_tokens=cached,
        completion_tokens=answer,
        most_completion_tokens=longest,
        low_usd=price.cost(low) if price else None,
        likely_usd=price.cost(Usage(prompt, cached, answer)) if price else None,
        high_usd=price.cost(high) if price else None,
        seconds=None if rpm is None else count * 60 / rpm,
    )


def _requests(layout: Layout, parts: Sequence[Part], *, cached: bool) -> list[_Forecast]:
    """The requests that a document takes where every answer is perfect."""
    about = layout.schema.document()
    stated = _stated_tokens(about) if about else 0
    if len(parts) == 1:
        return list(_of_view(layout, layout.views(parts)[0], stated))
    wide = [replace(view, parts=(replace(view.parts[0], answer=0),)) for view in (layout.widest() if about else [])]
    views = layout.views(parts, cached=cached) if layout.schema.lists else []
    questions = [*((view, stated) for view in wide), *((view, 0) for view in views)]
    return [one for view, tokens in questions for one in _of_view(layout, view, tokens)]


def _of_view(layout: Layout, view: View, stated: int) -> Iterator[_Forecast]:
    """The requests about a view. What one request shows of the text, the next one finds in the cache. The service may
    leave the schema out of the prompt."""
    sizes = layout.sizes
    tokens = sizes.overhead + layout.sums.tokens(view.start, view.end) + count_tokens(view.context)
    shared, written = sizes.overhead, count_tokens(orjson.dumps(layout.schema.wire).decode())
    for part in view.parts:
        pictures = sum(map(picture_tokens, part.images))
        answer = max(_EMPTY, part.answer + stated)
        while answer > 0:
            likely = min(answer, sizes.most_answer)
            least, most = _SHORT * likely, min(_LONG * likely, sizes.most_answer)
            if pictures and part.answer and view.start == view.end:
                least, most = _SHORT * (likely - min(likely, part.answer)), max(most, pictures)
            prompt, cached = tokens + pictures, min(shared, tokens)
            fewest, held = (int((1 - _COUNTED) * max(0, some - written)) for some in (prompt, cached))
            yield _Forecast(
                Usage(fewest, held, int(least), None),
                Usage(prompt, int(_HITS * cached), likely, None),
                Usage(int((1 + _COUNTED) * prompt), 0, int(most), None),
                1,
                sizes.most_answer,
            )
            answer -= sizes.most_answer
            shared = tokens


def _stated_tokens(schema: Schema[Any]) -> int:
    """How long an answer about what a document states once is likely to be; it states half of what it need not."""
    shape = schema.shape
    required, optional = map(_leaf_tokens, (shape.required, shape.optional))
    return count_tokens(orjson.dumps(shape.skeleton).decode()) + required + optional // 2


def _leaf_tokens(leaves: Mapping[str, int]) -> int:
    return sum(_LEAF[kind] * count for kind, count in leaves.items())
