"""How a job asks: one picklable value that every face takes, and what is opened from it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from extractor.call import prompt
from extractor.call.asking import Settings
from extractor.call.batching import BATCH_SECONDS
from extractor.call.defaults import room, with_thinking
from extractor.call.endpoint import WINDOW, Endpoint, is_local, resolve_endpoint
from extractor.call.events import Listener, log_event
from extractor.call.facts import lasting, recall, remember
from extractor.call.ladder import Ladder
from extractor.call.ledger import Ledger
from extractor.call.limits import Limits
from extractor.call.tools import Tool
from extractor.errors import UsageError
from extractor.extraction.parts import Sizes
from extractor.pipeline.identity import digest
from extractor.pipeline.journal import Journal
from extractor.schema.compiler import Schema
from extractor.text.tokens import count_tokens
from extractor.wire.options import Options
from extractor.wire.prices import price_of
from extractor.wire.requests import DEFAULT_MODEL

__all__ = ["Config", "Session"]

_LEAST_ROOM = 100
"""Tokens of text below which asking costs more in instructions than it gains."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What every face can set. None for `tpm` and `max_cost` is no limit; None for the rest is the default.

    `model` is a Workers AI model or `local...`; `base_url`, `account_id` and `token` are otherwise read from
    EXTRACTOR_BASE_URL, CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_AUTH_TOKEN; `max_cost` is in US dollars, and neither
    all runs of a job together nor an Extractor while it is open pass it; `rpm` is requests a minute: None is what
    the service allows, 20 until its replies tell otherwise, and no limit for embedded models and for a base URL on
    this machine. `tpm` is tokens a minute, prompts and answers together; `concurrency` is requests in flight;
    `max_output_tokens` is the length of one answer; `thinking_tokens` is how long the model may think before it, 0
    for not at all; a token limit in `options` is that of both together. `view_tokens` is how long a document may be
    to be shown whole in each request; `passes` is how often each part is read, from the second time on for what was
    missed; `timeout` is in seconds for everything asked about one part; `batch` queues requests and takes the
    answers when they are ready, which may take a day longer; `tools` are functions that the model may call, in at
    most `tool_turns` turns of one conversation; `listeners` hear each Event of every conversation; `password` opens
    encrypted documents. `cache` is a file in which library calls keep every reply that was paid for, before it is
    used, so that none is paid for again; several processes may share it. A folder job has its journal for that.
    """

    model: str = DEFAULT_MODEL
    base_url: str | None = None
    account_id: str | None = None
    token: str | None = field(default=None, repr=False)
    options: Options = Options()
    instructions: str = ""
    max_cost: float | None = None
    rpm: int | None = None
    tpm: int | None = None
    concurrency: int = 16
    max_output_tokens: int = 8000
    thinking_tokens: int = 0
    view_tokens: int = 12_000
    passes: int = 1
    timeout: float = 900.0
    batch: bool = False
    tools: tuple[Callable[..., Any], ...] = field(default=(), repr=False)
    tool_turns: int = 8
    listeners: tuple[Listener, ...] = field(default=(), repr=False)
    password: str | None = field(default=None, repr=False)
    cache: str | Path | None = None

    def __post_init__(self) -> None:
        least = {"concurrency": 1, "passes": 1, "max_output_tokens": 16, "view_tokens": 100, "rpm": 1, "tpm": 1}
        least |= {"tool_turns": 1}
        for name, low in {**least, "thinking_tokens": 0, "max_cost": 0, "timeout": 0}.items():
            value = getattr(self, name)
            if value is not None and value < low:
                raise UsageError(f"{name} is {value}: give {low} or more")
        if limit := room(self.options):
            self._limit_to(limit)

    def _limit_to(self, limit: int) -> None:
        """Let the options' own limit, which holds for thinking and answer together, win over the default."""
        answer, name = limit - self.thinking_tokens, "max_completion_tokens"
        if answer < 1:
            raise UsageError(f"thinking_tokens is {self.thinking_tokens}: {name}={limit} leaves no room for an answer")
        if self.max_output_tokens not in (answer, Config.max_output_tokens):
            raise UsageError(
                f"max_output_tokens is {self.max_output_tokens} and the options say {name}={limit}: leave one out"
            )
        object.__setattr__(self, "max_output_tokens", answer)

    def endpoint(self) -> Endpoint:
        """Where to ask: a local model is started. AccountError where there are no credentials."""
        given = {"CLOUDFLARE_ACCOUNT_ID": self.account_id, "CLOUDFLARE_AUTH_TOKEN": self.token}
        environment = {**os.environ, **{name: value for name, value in given.items() if value}}
        return resolve_endpoint(self.model, self.base_url, environment)

    def sizes(self, schema: Schema[Any], endpoint: Endpoint | None = None) -> Sizes:
        """How much one request shows and asks about, by the model's window and prices."""
        words = orjson.dumps(prompt.ask(schema, "", instructions=self.instructions)).decode()
        overhead = count_tokens(words) + count_tokens(orjson.dumps(schema.wire).decode())
        window = endpoint.window if endpoint else WINDOW
        alone = self.batch or (endpoint.bound if endpoint else is_local(self.model))
        sizes = Sizes(
            view=self.view_tokens,
            room=window - overhead - self.max_output_tokens - self.thinking_tokens,
            overhead=overhead,
            most_answer=self.max_output_tokens,
            margins=not alone,
        )
        if sizes.room < _LEAST_ROOM:
            raise UsageError(
                f"the schema and {self.max_output_tokens} tokens of answer leave no room for text in a window of"
                f" {window} tokens; lower --max-output-tokens or split the schema"
            )
        price = endpoint.price if endpoint else price_of(self.model)
        return sizes if price is None else replace(sizes, price=price)

    def settings(self, ladder: Ladder | None = None, *, bound: bool = False) -> Settings:
        """How a conversation is held; one that is `bound` is asked for log-probabilities, which cost nothing there."""
        options = replace(self.options, logprobs=True) if bound and self.options.logprobs is None else self.options
        return Settings(
            model=self.model,
            options=with_thinking(options, answer=self.max_output_tokens, tokens=self.thinking_tokens),
            instructions=self.instructions,
            timeout=self.timeout + BATCH_SECONDS if self.batch else self.timeout,
            tools=tuple(map(Tool.of, self.tools)),
            tool_turns=self.tool_turns,
            listeners=(log_event, *self.listeners),
            ladder=ladder or Ladder(),
            bound=bound,
        )

    def identity(self, schema: Schema[Any], *code: Any) -> str:
        """Changes whenever a finished document would have to be done again; `code` are the schema and the stages."""
        model = (self.model, self.instructions, self.max_output_tokens, self.thinking_tokens, self.view_tokens)
        tools = [Tool.of(function).declaration for function in self.tools]
        return digest(schema.fingerprint, model, self.passes, repr(self.options), tools, self.tools, code)


class Session:
    """What is opened once for a job: the endpoint, the limits that all of its requests share, and the ledger.

    A `job` is a journal whose earlier runs count against the cap; a `cache` is the book of this session alone.
    """

    def __init__(
        self,
        config: Config,
        endpoint: Endpoint,
        *,
        job: Journal | None = None,
        cache: Journal | None = None,
        ladder: Ladder | None = None,
    ) -> None:
        self.config, self.endpoint, self.cache, facts = config, endpoint, cache, recall(endpoint)
        book = job or cache
        self.ledger: Ledger | None = None
        if book or config.max_cost is not None:
            out = job.take_over(key for keys in (job.note("batches") or {}).values() for key in keys) if job else None
            before = job.heads() if job else None
            self.ledger = Ledger(endpoint.price, cap=config.max_cost, before=before, out=out, book=book)
        at_once = min(config.concurrency, endpoint.at_once or config.concurrency)
        self.limits = Limits(
            in_flight=at_once,
            requests_per_minute=config.rpm,
            known_rate=facts.get("rpm") or endpoint.rpm,
            tokens_per_minute=config.tpm,
            ledger=self.ledger,
            patience=config.timeout,
            seconds=endpoint.seconds,
        )
        self._ladder, self._facts = ladder or Ladder(), dict(facts)
        self._ladder.know(config.model, facts)
        self.settings = config.settings(self._ladder, bound=endpoint.bound)

    def keep_facts(self) -> None:
        """Keep what was learnt of the deployment for later runs."""
        learnt = {**self._facts, **self._ladder.facts(self.settings.model)}
        if learnt != self._facts and lasting(self.endpoint):
            remember(self.endpoint, learnt)

    def close(self) -> None:
        """Keep what was learnt, end an embedded model where one was started, and close the cache."""
        self.keep_facts()
        self.endpoint.close()
        if self.cache:
            self.cache.close()
