"""The fault switches: each by name, with a rate, and drawn so that the same seed gives the same end.

A draw depends on the seed, on what the request says and on how often it was said before; never on the order
in which requests arrive, so that concurrency changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

import orjson

from extractor.errors import UsageError

__all__ = ["FAULTS", "Dice", "Fault", "parse_rates"]

Where = Literal["refusal", "answer", "delivery", "stream", "tools", "batch"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch. `final` faults are those that no caller can survive by asking again: `all` leaves them out."""

    name: str
    where: Where
    sentence: str
    final: bool = False


_TABLE = (
    Fault("busy", "refusal", "429, code 3040: capacity temporarily exceeded."),
    Fault("rate_limit", "refusal", "429 without a code, with Retry-After: too many requests."),
    Fault("edge_rate_limit", "refusal", "429 in plain text from the edge: error code: 1015."),
    Fault("timeout", "refusal", "408, code 3046: generation ran into the time limit."),
    Fault("internal", "refusal", "500, code 3043: unknown internal error."),
    Fault("engine", "refusal", "500, code 8005: internal server error of the engine."),
    Fault("unavailable", "refusal", "503 with a page of HTML from the edge."),
    Fault("gateway", "refusal", "500 in the error shape of AI Gateway: `error` is an array, `result` too."),
    Fault("success_false", "refusal", "200 with success:false in the envelope, code 3043."),
    Fault("json_mode", "refusal", "400: JSON Mode couldn't be met (only where a JSON format is asked for)."),
    Fault(
        "json_model_403", "refusal", "403, code 5024: JSON Model couldn't be met (where a JSON format is asked for)."
    ),
    Fault("schema_unsupported", "refusal", "405, code 5025: no JSON Schema (only where one is asked for)."),
    Fault(
        "bare_schema_only",
        "refusal",
        "400, code 8007: a JSON Schema in OpenAI's envelope is refused, a bare one taken.",
    ),
    Fault("data_uri", "refusal", "400, code 8006: a data URI in a text is taken for an image that cannot be read."),
    Fault("gateway_timeout", "refusal", "408, code 2014: the gateway's name for the time limit."),
    Fault("bare_engine_error", "refusal", "500 in the engine's own shape, with no envelope around it."),
    Fault("retired", "refusal", "410, code 5028: this model was deprecated.", final=True),
    Fault("unauthorized", "refusal", "401, code 10000: authentication error.", final=True),
    Fault("paid_plan", "refusal", "403, code 5035: this model requires a paid plan.", final=True),
    Fault("quota", "refusal", "429, code 3036: the daily free allocation is used up.", final=True),
    Fault("bad_input", "refusal", "400, code 5006: bad input, as the edge validator words it.", final=True),
    Fault("empty_length", "answer", "content null, finish_reason length: thinking took the whole budget."),
    Fault("cut", "answer", "the content ends half way, with finish_reason length."),
    Fault("format_ignored", "answer", "response_format is ignored: lines of prose instead of JSON."),
    Fault("fenced", "answer", "the JSON stands in a Markdown fence."),
    Fault("prose", "answer", "a sentence stands before the JSON."),
    Fault("leaked_think", "answer", "reasoning and a leaked </think> stand before the content."),
    Fault("content_object", "answer", "the content is a JSON object, not its text."),
    Fault("reasoning_content", "answer", "the reasoning comes as reasoning_content, not as reasoning."),
    Fault(
        "reasoning_only", "answer", "all of the JSON comes as the reasoning, with content null and finish_reason stop."
    ),
    Fault("abort", "answer", "the engine gives the answer up half way: finish_reason abort."),
    Fault(
        "whitespace_stall", "answer", "the grammar stalls: blanks up to the token limit (where a format is asked for)."
    ),
    Fault("thinks", "answer", "a request that does not turn thinking off is thought about, and billed for it."),
    Fault("no_usage", "answer", "the reply says nothing of its usage."),
    Fault("tool_arguments_object", "tools", "the arguments of a tool call are an object, not its text."),
    Fault("tool_ids_repeat", "tools", "the ids of tool calls start at 0 again in every turn."),
    Fault("truncated_body", "delivery", "the JSON body ends half way."),
    Fault("rate_headers", "delivery", "the reply tells its rate limit: Ratelimit and Ratelimit-Policy."),
    Fault("dropped", "delivery", "the connection breaks before the body is whole."),
    Fault("stream_no_end", "stream", "the stream ends without finish_reason and without [DONE]."),
    Fault("stream_usage_twice", "stream", "the last frame with the usage is sent twice."),
    Fault("stream_usage_each", "stream", "every frame carries the usage so far."),
    Fault("stream_usage_apart", "stream", "the usage comes in a frame of its own, with no choices."),
    Fault("stream_error", "stream", "an error frame comes in the middle of the stream."),
    Fault("stream_as_json", "stream", "a stream was asked for and plain JSON comes."),
    Fault("stream_bare_tokens", "stream", "a token that is a number comes as a JSON number, not as text."),
    Fault("stream_keep_alive", "stream", "events that are empty, or no JSON, keep the connection open."),
    Fault("stream_half_characters", "stream", "frames end within a surrogate pair."),
    Fault("batch_forgotten", "batch", "a batch that was taken is not known at the next poll."),
    Fault("batch_results", "batch", "the finished batch lists `results`, not `responses`."),
    Fault("batch_item", "batch", "an item of the batch fails."),
    Fault("batch_shuffled", "batch", "the items of the batch come back in another order."),
    Fault("batch_slow", "batch", "the batch says queued and running for five more polls."),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _TABLE}


def parse_rates(switches: Iterable[str]) -> dict[str, float]:
    """`["busy:0.1", "all:0.05"]` as rates by name; `all` stands for every fault that asking again can survive."""
    rates: dict[str, float] = {}
    for switch in switches:
        name, _, number = switch.partition(":")
        try:
            rate = float(number)
        except ValueError:
            raise UsageError(
                f"--fault {switch}: write NAME:RATE with a rate from 0 to 1, for example busy:0.1"
            ) from None
        rates.update(_expand(name, rate))
    return rates


def _expand(name: str, rate: float) -> dict[str, float]:
    if not 0 <= rate <= 1:
        raise UsageError(f"the rate of {name} is {rate:g}; it must be from 0 to 1")
    if name == "all":
        return {fault.name: rate for fault in _TABLE if not fault.final}
    if name not in FAULTS:
        raise UsageError(f"no fault is named {name!r}; one of: all, {', '.join(FAULTS)}")
    return {name: rate}


@dataclass(slots=True)
class Dice:
    """Draws the faults of each request. `rates` may name `all`."""

    rates: Mapping[str, float]
    seed: int = 0
    _seen: Counter[bytes] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        rates: dict[str, float] = {}
        for name, rate in self.rates.items():
            rates |= _expand(name, rate)
        self.rates = rates

    def roll(self, body: Any) -> tuple[str, ...]:
        """The faults that this request draws this time, in the order of the table."""
        if not self.rates:
            return ()
        content = blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
        self._seen[content] += 1
        return tuple(name for name in FAULTS if self._draw(name, content) < self.rates.get(name, 0.0))

    def _draw(self, name: str, content: bytes) -> float:
        seed_text = f"{self.seed}:{name}:{self._seen[content]}:".encode() + content
        return int.from_bytes(blake2b(seed_text, digest_size=8).digest()) / 2**64
