"""The settings of a job as one picklable value, and the session that is opened from it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

import orjson

from extractor.call import prompt
from extractor.call.asking import Listener, Settings
from extractor.call.batching import BATCH_SECONDS
from extractor.call.endpoint import LOCAL_WINDOW, WINDOW, Endpoint, is_local, resolve_endpoint
from extractor.call.examples import Example, best, prompt_of
from extractor.call.facts import lasting, recall, remember
from extractor.call.form import Ladder
from extractor.call.ledger import Ledger, Purse
from extractor.call.limits import Limits
from extractor.call.tools import Tool
from extractor.documents.load import load
from extractor.errors import DocumentError, UsageError
from extractor.extraction.kinds import kind_question
from extractor.extraction.parts import Sizes
from extractor.pipeline.identity import digest
from extractor.pipeline.journal import Journal
from extractor.pipeline.stages import Context
from extractor.schema.compiler import Schema
from extractor.sources.urls import public_url
from extractor.text.tokens import count_tokens
from extractor.wire.options import Options, room, with_thinking
from extractor.wire.prices import price_of
from extractor.wire.requests import DEFAULT_MODEL, Gateway

__all__ = ["REPEATED", "Config", "ConfigOptions", "Session"]

REPEATED = (
    *("model", "base_url", "instructions", "examples", "max_output_tokens", "thinking_tokens", "view_tokens", "passes"),
    *("batch", "rpm", "tpm", "concurrency"),
)
"""What run.json has in the words of Config, for retries. A batch that is still out would be paid twice without it."""

_FRAME = 4  # tokens around a message: its role, its beginning and its end
_LEAST_ROOM = 100
"""Tokens of text below which asking costs more in instructions than it gains."""


class ConfigOptions(TypedDict, total=False):
    """The keyword arguments of Config, for type checkers."""

    model: str
    base_url: str | None
    account_id: str | None
    token: str | None
    gateway: Gateway | None
    options: Options
    instructions: str
    max_cost: float | None
    rpm: int | None
    tpm: int | None
    concurrency: int
    max_output_tokens: int
    thinking_tokens: int
    view_tokens: int
    passes: int
    timeout: float
    batch: bool
    tools: tuple[Callable[..., Any], ...]
    tool_turns: int
    listeners: tuple[Listener, ...]
    password: str | None
    cache: str | Path | None
    examples: str | Path | tuple[Example, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Config:
    """Settings of Extractor, AsyncExtractor and Pipeline. UsageError for a value out of its range.

    >>> from extractor import Config
    >>> Config(model="local", max_cost=0.50)
    Config(model='local', max_cost=0.5)

    Where to ask:
        model: a Workers AI model, or an embedded one: `local`, `local:NAME`, `local:PATH.gguf`.
        base_url, account_id, token: EXTRACTOR_BASE_URL, CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_AUTH_TOKEN by default.
        gateway: the AI Gateway that requests pass through, as a Gateway; by default one of the name
            CLOUDFLARE_AI_GATEWAY_ID, if that is set.

    How to ask:
        options: parameters of the request. A token limit in it covers thinking and answer together.
        instructions: text for the model, in addition to the schema.
        examples: documents with their right values: a gold file with the documents beside it, or a tuple of Example.
            Those that show most of the schema are part of every prompt, up to a quarter of `view_tokens`.
        max_output_tokens: the length of one answer.
        thinking_tokens: how long the model may think before it answers; 0 turns thinking off.
        view_tokens: a document of up to this many tokens is shown whole in each request about a part of it.
        passes: how often each part is read; from the second time on, for what was missed.
        tools: functions that the model may call.
        tool_turns: the most turns of tool calls in one conversation.

    Limits:
        max_cost: US dollars. A hard cap for all runs into one folder together, or for an Extractor while it is open.
        rpm: requests a minute. None starts at 20 a minute and follows the service; embedded models and a base URL on
            this machine have no limit.
        tpm: tokens a minute, prompts and answers together; None is no limit.
        concurrency: requests in flight.
        timeout: seconds for one question about a part, with its retries and repairs.

    Other:
        batch: queue the requests of a Pipeline; answers may take a day longer.
        listeners: functions that receive every Event.
        password: opens encrypted documents; EXTRACTOR_PASSWORD by default.
        cache: a file that stores the paid replies of library calls, so that none is paid for twice. Processes may
            share it. A Pipeline has its journal instead.
    """

    model: str = DEFAULT_MODEL
    base_url: str | None = None
    account_id: str | None = None
    token: str | None = field(default=None, repr=False)
    gateway: Gateway | None = None
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
    examples: str | Path | tuple[Example, ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        """What differs from the defaults; secrets and functions are left out."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self) if each.repr)
        changed = (f"{name}={value!r}" for name, value in values if value != getattr(_DEFAULTS, name, value))
        return f"Config({', '.join(changed)})"

    def __post_init__(self) -> None:
        if limit := room(self.options):
            self._limit_to(limit)
        least = {"concurrency": 1, "passes": 1, "max_output_tokens": 16, "view_tokens": 100, "rpm": 1, "tpm": 1}
        least |= {"tool_turns": 1}
        for name, low in {**least, "thinking_tokens": 0, "max_cost": 0, "timeout": 0}.items():
            value = getattr(self, name)
            if value is not None and not low <= value < math.inf:
                raise UsageError(f"{name} is {value}: give {low} or more")

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
        """The endpoint; an embedded model is started. AccountError without credentials."""
        declared = {"CLOUDFLARE_ACCOUNT_ID": self.account_id, "CLOUDFLARE_AUTH_TOKEN": self.token}
        environment = {**os.environ, **{name: value for name, value in declared.items() if value}}
        endpoint = resolve_endpoint(self.model, self.base_url, environment)
        return endpoint if self.gateway is None else replace(endpoint, gateway=self.gateway)

    def sizes(self, schema: Schema[Any], endpoint: Endpoint | None = None) -> Sizes:
        """How much one request shows and asks about, by the model's window and prices."""
        examples = prompt_of(self.examples_for(schema), schema, "")
        messages = prompt.ask(schema, "", instructions=self.instructions, examples=examples)
        words = sum(count_tokens(str(message["content"])) + _FRAME for message in messages)
        overhead = words + count_tokens(orjson.dumps(schema.wire).decode())
        local = is_local(self.model) and self.base_url is None
        window = endpoint.window if endpoint else LOCAL_WINDOW if local else WINDOW
        alone = self.batch or (endpoint.bound if endpoint else local)
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

    def examples_for(self, schema: Schema[Any]) -> tuple[Example, ...]:
        """The examples that are shown. UsageError for a gold file or a value that cannot be used."""
        return best(self._examples, schema, room=self.view_tokens // 4) if self._examples else ()

    @property
    def _examples(self) -> tuple[Example, ...]:
        """The examples; those of a gold file are read once, and again when it has changed."""
        if not isinstance(self.examples, str | Path):
            return self.examples
        if not self.examples:
            return ()
        path = Path(self.examples)
        try:
            return _in_file(path, path.stat().st_mtime_ns)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}; name a gold file for the examples") from error

    def settings(
        self, ladder: Ladder | None = None, *, bound: bool = False, schema: Schema[Any] | None = None
    ) -> Settings:
        """The settings of each conversation about a `schema`. A `bound` model returns log-probabilities for free."""
        options = replace(self.options, logprobs=True) if bound and self.options.logprobs is None else self.options
        return Settings(
            model=self.model,
            options=with_thinking(options, answer=self.max_output_tokens, tokens=self.thinking_tokens),
            instructions=self.instructions,
            examples=() if schema is None else self.examples_for(schema),
            timeout=self.timeout + BATCH_SECONDS if self.batch else self.timeout,
            tools=tuple(map(Tool.of, self.tools)),
            tool_turns=self.tool_turns,
            listeners=self.listeners,
            ladder=ladder or Ladder(),
            bound=bound,
        )

    def context(
        self,
        schema: Schema[Any],
        *,
        split: bool = False,
        ladder: Ladder | None = None,
        endpoint: Endpoint | None = None,
    ) -> Context:
        """What the documents of a job about a `schema` share; of a union of objects, with the context of each kind.

        With `split`, it is a list of the documents that a file holds. Examples are shown to the questions about their
        own kind.
        """
        ladder, kinds = ladder or Ladder(), schema.kinds
        bound = endpoint.bound if endpoint else is_local(self.model) and self.base_url is None
        if not kinds:
            settings, sizes = self.settings(ladder, bound=bound, schema=schema), self.sizes(schema, endpoint)
            return Context(schema, settings, replace(sizes, documents=split), self.passes, self.password, split=split)
        inner = {}
        for kind in kinds:
            own = replace(self, examples=tuple(each for each in self._examples if not kind.problems(each.value)))
            inner[kind.name] = own.context(kind, ladder=ladder, endpoint=endpoint)
        sizes = replace(self, examples=()).sizes(kind_question(kinds), endpoint)
        return Context(schema, self.settings(ladder, bound=bound), sizes, 1, self.password, inner)

    def facts(self) -> dict[str, Any]:
        """The settings as run.json has them: no secret, and paths for use from any folder."""
        files = self.examples if isinstance(self.examples, str | Path) else ""
        return {
            **{name: getattr(self, name) for name in REPEATED},
            "base_url": self.base_url and public_url(self.base_url),
            "examples": str(Path(files).absolute()) if files else "",
            "max_cost_usd": self.max_cost,
        }

    def identity(self, schema: Schema[Any], *code: Any) -> str:
        """A digest that changes when finished documents have to be done again. `code` is the schema and the stages."""
        model = (self.model, self.instructions, self.max_output_tokens, self.thinking_tokens, self.view_tokens)
        tools = [Tool.of(function).declaration for function in self.tools]
        examples = [(each.text, each.value) for each in self.examples_for(schema)]
        questions = (*model, *examples) if examples else model
        return digest(schema.fingerprint, questions, self.passes, repr(self.options), tools, self.tools, code)


_DEFAULTS = Config()


class Session:
    """What a job opens once: the endpoint, the limits that all requests share, and the ledger.

    The spending in a `job` (a journal) counts against the cap; that in a `cache` by earlier sessions does not.
    """

    def __init__(
        self,
        config: Config,
        endpoint: Endpoint,
        *,
        job: Journal | None = None,
        cache: Journal | None = None,
        ladder: Ladder | None = None,
        purse: Purse | None = None,
    ) -> None:
        self.config, self.endpoint, facts = config, endpoint, recall(endpoint)
        book = job or cache
        self.ledger: Ledger | None = None
        if book or config.max_cost is not None:
            out = job.take_over(key for keys in (job.note("batches") or {}).values() for key in keys) if job else None
            before = job.heads() if job else None
            self.ledger = Ledger(endpoint.price, cap=config.max_cost, before=before, out=out, book=book, purse=purse)
        self._ladder, self._facts = ladder or Ladder(), dict(facts)
        self._ladder.know(config.model, facts)
        self.settings = config.settings(self._ladder, bound=endpoint.bound)
        at_once = min(config.concurrency, endpoint.at_once or config.concurrency)
        self.limits = Limits(
            in_flight=at_once,
            requests_per_minute=config.rpm,
            known_rate=facts.get("rpm") or endpoint.rpm,
            tokens_per_minute=config.tpm,
            ledger=self.ledger,
            patience=self.settings.timeout,
            seconds=endpoint.seconds,
        )

    def context(self, schema: Schema[Any], *, split: bool = False) -> Context:
        """What the documents about a schema share, as `Config.context`."""
        return self.config.context(schema, split=split, ladder=self._ladder, endpoint=self.endpoint)

    def keep_facts(self) -> None:
        """Store what was learnt about the deployment for later runs."""
        learnt = {**self._facts, **self._ladder.facts(self.settings.model)}
        if learnt != self._facts and lasting(self.endpoint):
            remember(self.endpoint, learnt)


@lru_cache(maxsize=8)
def _in_file(path: Path, changed: int) -> tuple[Example, ...]:
    lines = enumerate(path.read_bytes().splitlines(), start=1)
    return tuple(_example(path, number, line) for number, line in lines if line.strip())


def _example(path: Path, number: int, line: bytes) -> Example:
    """The example in a line of a gold file. It may hold the `text` of its document; else that is the file of the name
    in `document`, sought from the folder of the gold file. UsageError names a line that cannot be used.
    """
    try:
        read: Any = orjson.loads(line)
        name, value, text = read["document"], read["value"], read.get("text")
    except (orjson.JSONDecodeError, TypeError, KeyError) as error:
        raise UsageError(f"{path}:{number} is no example: an object with `document` and `value` is expected") from error
    try:
        return Example(text if isinstance(text, str) else load(path.parent / name, name=name).text, value, name)
    except (DocumentError, UsageError) as error:
        raise UsageError(f"{path}:{number}: {error}") from error
