"""Answers heard as they grow: the same conversation, the same ends, whatever the stream does on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from extractor.call.conversation import Answer, Asking, Settings, converse
from extractor.call.effects import drive
from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport, Streaming
from extractor.call.ledger import Ledger
from extractor.call.limits import Limits
from extractor.emulator.server import Emulator
from extractor.errors import AccountError, Busy
from extractor.wire.prices import Price, price_of
from extractor.wire.values import Usage
from tests.call.test_conversation import BAD_DATE, GOOD, SCHEMA, TEXT, Invoice

Heard = list[str | None]
ASKING = Asking(SCHEMA, TEXT)
PRICE = Price(0.95, 0.16, 4.0)


def _endpoint(emulator: Emulator) -> Endpoint:
    return Endpoint(emulator.base_url, emulator.account_id, emulator.token, emulator.model, price_of(emulator.model))


def ask(emulator: Emulator, heard: Heard, limits: Limits | None = None, **more: Any) -> Answer:
    async def run() -> Answer:
        async with HttpTransport(_endpoint(emulator), limits=limits) as transport:
            flow = converse(ASKING, Settings(model="m", **more))
            return await drive(flow, Streaming(transport, heard.append))

    return asyncio.run(run())


def _answers(heard: Heard) -> list[str]:
    """What was heard, an answer a string."""
    whole: list[str] = []
    for piece in heard:
        if piece is None:
            whole.append("")
        else:
            whole[-1] += piece
    return whole


def test_an_answer_is_heard_as_it_grows() -> None:
    """The pieces add up to the answer; the record, its usage and its cost are those of an answer without a stream."""
    heard: Heard = []
    with Emulator(reply=lambda body: GOOD) as emulator:
        answer = ask(emulator, heard)
    assert SCHEMA.validate(answer.value) == Invoice(**GOOD)
    assert [orjson.loads(text) for text in _answers(heard)] == [GOOD]
    assert len(heard) > 3
    assert answer.usage.completion_tokens == emulator.usage.completion_tokens
    assert answer.usage.cost_usd == pytest.approx(emulator.usage.cost_usd)
    assert emulator.requests[0].body["stream"] is True


@pytest.mark.parametrize("fault", ["stream_usage_twice", "stream_usage_each", "stream_usage_apart", "stream_as_json"])
def test_quirks_change_nothing(fault: str) -> None:
    """Usage told twice, on each frame or apart, and plain JSON in place of a stream, end in the same answer."""
    with Emulator(reply=lambda body: GOOD, faults={fault: 1.0}) as emulator:
        answer = ask(emulator, [])
    assert SCHEMA.validate(answer.value) == Invoice(**GOOD)
    assert answer.usage.completion_tokens == emulator.usage.completion_tokens
    assert answer.attempts == 1


@pytest.mark.parametrize("fault", ["stream_no_end", "stream_error", "dropped", "busy"])
def test_a_stream_without_its_end_is_asked_again(fault: str) -> None:
    """What broke half way is no answer: the consumer sees it begin again, and only the whole one counts."""
    heard: Heard = []
    with Emulator(reply=lambda body: GOOD, faults={fault: 0.5}) as emulator:
        answers = [ask(emulator, heard) for _ in range(6)]
    assert all(SCHEMA.validate(answer.value) == Invoice(**GOOD) for answer in answers)
    assert sum(answer.attempts for answer in answers) == len(emulator.requests) > len(answers)
    assert orjson.loads(_answers(heard)[-1]) == GOOD


def test_a_stream_that_ends_in_an_error_is_counted() -> None:
    """What it told of its cost by then is part of what the document cost, and of what the budget has spent."""
    faults = {"stream_error": 0.5, "stream_usage_each": 1.0}
    ledger = Ledger(PRICE, cap=10.0)
    with Emulator(reply=lambda body: GOOD, faults=faults) as emulator:
        answers = [ask(emulator, [], Limits(ledger=ledger)) for _ in range(6)]
    usage = sum((answer.usage for answer in answers), Usage())
    assert len(emulator.requests) > len(answers)
    assert (usage.prompt_tokens, usage.completion_tokens) == (
        emulator.usage.prompt_tokens,
        emulator.usage.completion_tokens,
    )
    assert ledger.spent == pytest.approx(emulator.usage.cost_usd)


def test_a_stream_that_tells_nothing_before_its_error_counts_at_its_most() -> None:
    """An answer had begun, so that it may be billed; the budget bears the most that it can be, as of any broken one."""
    ledger = Ledger(PRICE, cap=10.0)
    with Emulator(reply=lambda body: GOOD, faults={"stream_error": 1.0}) as emulator:
        answer = ask(emulator, [], Limits(ledger=ledger), max_attempts=2)
        bodies = [{**exchange.body} for exchange in emulator.requests]
    for body in bodies:  # what the transport adds
        del body["stream"], body["stream_options"]
    perhaps = answer.usage.perhaps_usd
    assert (type(answer.error), answer.attempts, answer.usage) == (Busy, 2, Usage(perhaps_usd=perhaps))
    assert ledger.spent == perhaps == pytest.approx(sum(PRICE.cost(ledger.most(body)) for body in bodies))


def test_a_refusal_is_no_stream() -> None:
    """An error in answer to a stream is the error that it is, and nothing was heard."""
    heard: Heard = []
    with Emulator(reply=lambda body: GOOD, faults={"quota": 1.0}) as emulator, pytest.raises(AccountError):
        ask(emulator, heard)
    assert heard == []


def test_repairs_are_not_heard() -> None:
    """The fields of a targeted repair are no growing answer, so they come without a stream."""

    def reply(body: Mapping[str, Any]) -> dict[str, Any]:
        return {"issued": "2026-03-03"} if "correct single fields" in body["messages"][0]["content"] else BAD_DATE

    heard: Heard = []
    with Emulator(reply) as emulator:
        answer = ask(emulator, heard)
    assert answer.problems == ()
    assert [orjson.loads(text) for text in _answers(heard)] == [BAD_DATE]
    assert [exchange.body.get("stream") for exchange in emulator.requests] == [True, None]
