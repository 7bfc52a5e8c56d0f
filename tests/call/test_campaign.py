"""Every fault of the service, alone, in pairs and all at once, over real HTTP: no record lost, no token uncounted.

The suite runs a sample. `make campaign` runs all of it: each fault and each pair at rates of 5, 20 and 50 %.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from itertools import combinations
from typing import Any

import pytest

from extractor.call.batching import Batching
from extractor.call.conversation import Answer, Asking, Settings, converse
from extractor.call.effects import Flow, Together, Transport, drive
from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport, Streaming
from extractor.call.tools import Tool
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.errors import AccountError, BrokenReply, Busy, FormatRefused, Rejected, TooLong, TooSlow, Unreachable
from extractor.wire.prices import price_of
from extractor.wire.values import Usage
from tests.call.test_conversation import GOOD, SCHEMA, Invoice

# fmt: off
PLAIN = [
    "busy", "rate_limit", "edge_rate_limit", "timeout", "internal", "engine", "unavailable", "gateway", "success_false",
    "json_mode", "json_model_403", "schema_unsupported", "bare_schema_only", "data_uri", "gateway_timeout",
    "bare_engine_error", "empty_length", "cut", "format_ignored", "fenced", "prose", "leaked_think", "reasoning_only",
    "abort", "whitespace_stall", "thinks", "content_object", "reasoning_content", "no_usage", "rate_headers",
    "truncated_body", "dropped",
]
TOOLS = ["tool_arguments_object", "tool_ids_repeat"]
STREAMS = [
    "stream_no_end", "stream_usage_twice", "stream_usage_each", "stream_usage_apart", "stream_error", "stream_as_json",
    "stream_bare_tokens", "stream_keep_alive", "stream_half_characters",
]
BATCHES = ["batch_forgotten", "batch_results", "batch_item", "batch_shuffled", "batch_slow"]
# fmt: on
PASSING = [*PLAIN, *TOOLS, *STREAMS, *BATCHES]
"""One of each kind that a conversation tells apart; each fault by itself is met in tests/pipeline/test_faults.py."""

CUTS = {"cut", "empty_length"}
"""After these an answer may be cut, which is for a reading to go on with."""

LOST = {"truncated_body", "dropped", "stream_no_end", "stream_error", "batch_forgotten"}
"""After these a reply was billed that never arrived, so that nobody but the service knows what it cost."""

REASONS: dict[str, type[Exception] | tuple[type[Exception], ...]] = {
    "timeout": (TooSlow, Busy),
    "gateway_timeout": (TooSlow, Busy),
    "json_mode": FormatRefused,
    "json_model_403": FormatRefused,
    "abort": BrokenReply,
    "reasoning_only": BrokenReply,
    "whitespace_stall": TooLong,
    "batch_forgotten": BrokenReply,
    "empty_length": TooLong,
    "cut": TooLong,
    "format_ignored": BrokenReply,
    "truncated_body": BrokenReply,
    "dropped": (BrokenReply, Unreachable),
    "stream_no_end": BrokenReply,
}
"""What may become of a document in the end; Busy where a fault is not named."""


def convert(amount: str) -> str:
    """Convert an amount into pounds."""
    return amount


def _answer(body: Mapping[str, Any]) -> dict[str, Any] | Completion:
    if "tools" in body and body["messages"][-1]["role"] == "user":
        return Completion(tool_calls=({"name": "convert", "arguments": {"amount": "1.50"}},) * 2)
    return GOOD


def _flow(documents: int, tools: tuple[Tool, ...] = ()) -> Flow[list[Answer]]:
    # Each with a ladder of its own: what one learns of the rungs would depend on who comes first.
    texts = (f"Invoice {number} of 3 March 2026. " + "It is long. " * 60 for number in range(documents))
    return (yield Together(tuple(converse(Asking(SCHEMA, text), Settings(model="m", tools=tools)) for text in texts)))


def _endpoint(emulator: Emulator) -> Endpoint:
    return Endpoint(emulator.base_url, emulator.account_id, emulator.token, emulator.model, price_of(emulator.model))


async def _ask(emulator: Emulator, faults: Mapping[str, float], documents: int) -> list[Answer]:
    """The answers, asked for in the way in which each of the faults can be met."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(HttpTransport(_endpoint(emulator)))
        transport: Transport = http
        if faults.keys() & BATCHES:
            batching = Batching(http, {}, linger=0.02, pauses=(0.01, 0.02))
            transport = await stack.enter_async_context(batching)
        elif faults.keys() & STREAMS:
            transport = Streaming(http, lambda piece: None)
        return await drive(_flow(documents, (Tool.of(convert),) if faults.keys() & TOOLS else ()), transport)


def _run(faults: Mapping[str, float], *, documents: int = 20, seed: int = 1) -> tuple[list[Answer], Emulator]:
    with Emulator(_answer, faults=faults, seed=seed) as emulator:
        return asyncio.run(_ask(emulator, faults, documents)), emulator


def _whole(answer: Answer) -> bool:
    flawed = answer.error or answer.truncated or answer.problems
    return not flawed and SCHEMA.validate(answer.value) == Invoice(**GOOD)


def _sound(answer: Answer) -> bool:
    """Whether an answer is whole, or was cut, so that a reading goes on with it or asks for less."""
    return _whole(answer) or answer.truncated


def _truthful(answer: Answer, faults: Mapping[str, float]) -> bool:
    """Whether a document that is not whole says why, and the reason is one of the faults that it met."""
    if answer.error is None:
        cut = answer.truncated and faults.keys() & {*CUTS, "whitespace_stall"}  # within a fence, a stall is a cut
        return bool(cut or answer.problems)
    return any(isinstance(answer.error, REASONS.get(name, Busy)) for name in faults)


def _paid(answers: list[Answer]) -> tuple[int, int, float]:
    usage = sum((answer.usage for answer in answers), Usage())
    assert usage.cost_usd is not None
    return usage.prompt_tokens, usage.completion_tokens, pytest.approx(usage.cost_usd)


def _countable(faults: tuple[str, ...]) -> bool:
    """Whether the client can know what a reply cost: it arrived, or told of its usage before it stopped."""
    lost = LOST.intersection(faults)
    return not lost or (lost <= {"stream_no_end", "stream_error"} and "stream_usage_each" in faults)


def _billed(emulator: Emulator) -> tuple[int, int, float]:
    """What the service billed for replies that told it."""
    known = [one.usage for one in emulator.requests if one.usage and _countable(one.faults)]
    usage, price = sum(known, Usage()), price_of(emulator.model)
    assert price is not None
    return usage.prompt_tokens, usage.completion_tokens, price.cost(usage)


def _check(answers: list[Answer], emulator: Emulator, faults: Mapping[str, float]) -> None:
    """What holds after every run: the truth about each document, each send and each token."""
    assert all(_whole(answer) or _truthful(answer, faults) for answer in answers)
    if not faults.keys() & BATCHES:
        assert sum(answer.attempts for answer in answers) == len(emulator.requests)
    if "no_usage" not in faults:
        assert _paid(answers) == _billed(emulator)


def _meets(pair: tuple[str, str]) -> bool:
    """Whether one request can meet both: a batch does not stream."""
    return not ({*pair} & {*BATCHES} and {*pair} & {*STREAMS})


def _end(answer: Answer) -> tuple[Any, ...]:
    steps = [(step.rung, step.changes, step.lossy) for step in answer.repairs]
    tokens = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    return answer.value, steps, answer.attempts, tokens, str(answer.error)


PAIRS = [pair for pair in combinations(PASSING, 2) if _meets(pair)]
RATES = (0.05, 0.2, 0.5)


@pytest.mark.parametrize("fault", PASSING)
def test_each_fault_alone(fault: str) -> None:
    """At a rate of 20 % every document except for cut ones ends whole, and every send and token is counted."""
    answers, emulator = _run({fault: 0.2})
    assert all(map(_sound if fault in CUTS else _whole, answers))
    _check(answers, emulator, {fault: 0.2})


@pytest.mark.parametrize("pair", PAIRS[::60], ids="+".join)
def test_faults_in_pairs(pair: tuple[str, str]) -> None:
    """Two faults at once lose nothing either."""
    faults = dict.fromkeys(pair, 0.2)
    answers, emulator = _run(faults, documents=10)
    assert all(map(_sound if CUTS & {*pair} else _whole, answers))
    _check(answers, emulator, faults)


@pytest.mark.campaign
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("fault", PASSING)
def test_campaign_of_each_fault(fault: str, rate: float) -> None:
    """A hundred documents end whole, or cut, up to 20 %, and truthfully at 50 %; the same seed gives the same end."""
    faults = {fault: rate}
    answers, emulator = _run(faults, documents=100, seed=7)
    _check(answers, emulator, faults)
    cut = [answer for answer in answers if isinstance(answer.error, TooLong) or answer.truncated]
    assert all(_sound(answer) for answer in answers) or rate > 0.2
    assert len(cut) <= 25 or rate > 0.2
    assert sum(map(_sound, answers)) >= 70
    assert list(map(_end, answers)) == list(map(_end, _run(faults, documents=100, seed=7)[0]))


@pytest.mark.campaign
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_campaign_of_each_pair(pair: tuple[str, str], rate: float) -> None:
    """Every document ends whole, or with the true reason; at 5 % all are whole."""
    faults = dict.fromkeys(pair, rate)
    answers, emulator = _run(faults, documents=20, seed=11)
    _check(answers, emulator, faults)
    assert all(map(_sound if CUTS & {*pair} else _whole, answers)) or rate > 0.05


def test_everything_at_once_ends_with_the_truth() -> None:
    """With every fault at 10 % nearly all documents end whole; the rest say truly what became of them."""
    faults = dict.fromkeys(PLAIN, 0.1)
    answers, emulator = _run(faults, documents=40)
    assert sum(map(_sound, answers)) >= 38
    _check(answers, emulator, faults)


def test_at_a_half_nothing_hangs() -> None:
    """At 50 % conversations end, each with a value or with the reason for none."""
    faults = {"busy": 0.5, "cut": 0.5, "format_ignored": 0.5, "dropped": 0.5}
    answers, emulator = _run(faults, documents=20)
    _check(answers, emulator, faults)
    assert sum(map(_sound, answers)) > 10


def test_the_same_seed_gives_the_same_end() -> None:
    """Two runs under the same faults give the same values, repairs, attempts and tokens; what was cached may differ."""
    faults = dict.fromkeys(PLAIN, 0.1)
    one, two = (_run(faults, documents=20, seed=5)[0] for _ in range(2))
    assert list(map(_end, one)) == list(map(_end, two))


@pytest.mark.parametrize("fault", ["unauthorized", "paid_plan", "quota"])
def test_account_faults_stop_everything(fault: str) -> None:
    """A refused account stops the run, whichever document met it first."""
    with pytest.raises(AccountError):
        _run({fault: 0.3})


def test_a_wrong_model_stops_everything() -> None:
    """A model that is not there stops the run at its first refusal, in one line that names it."""

    async def run(endpoint: Endpoint) -> list[Answer]:
        async with HttpTransport(endpoint) as transport:
            return await drive(_flow(20), transport)

    with Emulator(_answer) as emulator:
        endpoint = Endpoint(emulator.base_url, emulator.account_id, emulator.token, "@cf/moonshotai/kimi-k9")
        with pytest.raises(AccountError, match=r"code 5007.*check the name of the model, @cf/moonshotai/kimi-k9"):
            asyncio.run(run(endpoint))


def test_a_request_that_is_wrong_is_its_own_failure() -> None:
    """What the service calls bad input in every form is that document's failure, told as such, and costs nothing."""
    answers, emulator = _run({"bad_input": 1.0}, documents=5)
    assert all(isinstance(answer.error, Rejected) and answer.usage == Usage() for answer in answers)
    assert [answer.attempts for answer in answers] == [3] * 5
    assert len(emulator.requests) == 15
