"""Every fault of the service, alone, in pairs and all at once, over real HTTP: no record lost, no token uncounted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pytest

from extractor.call.conversation import Answer, Asking, Settings, converse
from extractor.call.drivers import adrive, drive
from extractor.call.effects import Flow, Together
from extractor.call.endpoint import Endpoint
from extractor.call.http import AsyncHttpTransport, HttpTransport
from extractor.emulator.faults import FAULTS
from extractor.emulator.server import Emulator
from extractor.errors import AccountError, Rejected, TooSlow
from extractor.wire.prices import price_of
from extractor.wire.values import Usage
from tests.call.kit import hurried
from tests.call.test_conversation import GOOD, SCHEMA, Invoice

LOSSY = ("truncated_body", "dropped", "no_usage")
"""After these nobody but the service knows what a reply cost."""

SLOW = ("rate_limit",)
"""Its Retry-After is heeded in real time."""

PASSING = [
    fault.name
    for fault in FAULTS.values()
    if fault.where in ("refusal", "answer", "delivery") and not fault.final and fault.name not in SLOW
]


def _answer(body: Mapping[str, Any]) -> dict[str, Any]:
    return GOOD


def _flow(documents: int) -> Flow[list[Answer]]:
    # Each with a ladder of its own: what one learns of the rungs would depend on who comes first.
    texts = (f"Invoice {number} of 3 March 2026. " + "It is long. " * 60 for number in range(documents))
    return (yield Together(tuple(converse(Asking(SCHEMA, text), Settings(model="m")) for text in texts)))


def _endpoint(emulator: Emulator) -> Endpoint:
    return Endpoint(emulator.base_url, emulator.account_id, emulator.token, emulator.model, price_of(emulator.model))


def _run(faults: Mapping[str, float], *, documents: int = 20, seed: int = 1) -> tuple[list[Answer], Emulator]:
    async def run() -> list[Answer]:
        async with AsyncHttpTransport(_endpoint(emulator)) as transport:
            return await adrive(hurried(_flow(documents)), transport)

    with Emulator(_answer, faults=faults, seed=seed) as emulator:
        return asyncio.run(run()), emulator


def _whole(answer: Answer) -> bool:
    return answer.error is None and not answer.truncated and SCHEMA.validate(answer.value) == Invoice(**GOOD)


def _paid(answers: list[Answer]) -> Usage:
    return sum((answer.usage for answer in answers), Usage())


@pytest.mark.parametrize("fault", PASSING)
def test_each_fault_alone(fault: str) -> None:
    """At a rate of 20 % every document ends whole, and every send and token is counted."""
    answers, emulator = _run({fault: 0.2})
    assert all(map(_whole, answers))
    assert sum(answer.attempts for answer in answers) == len(emulator.requests)
    if fault not in LOSSY:
        assert _paid(answers).cost_usd == pytest.approx(emulator.usage.cost_usd)
        assert _paid(answers).completion_tokens == emulator.usage.completion_tokens


PAIRS = [pair for number, pair in enumerate(combinations(PASSING, 2)) if number % 24 == 0]


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_faults_in_pairs(pair: tuple[str, str]) -> None:
    """Two faults at once lose nothing either."""
    answers, emulator = _run(dict.fromkeys(pair, 0.2), documents=10)
    assert all(map(_whole, answers))
    assert sum(answer.attempts for answer in answers) == len(emulator.requests)


def test_everything_at_once_ends_with_the_truth() -> None:
    """With every fault at 10 % nearly all documents end whole; the rest say truly what became of them."""
    answers, emulator = _run(dict.fromkeys(PASSING, 0.1), documents=40)
    rest = [answer for answer in answers if not _whole(answer)]
    assert len(rest) <= 2
    assert all(answer.truncated or isinstance(answer.error, TooSlow) for answer in rest)
    assert sum(answer.attempts for answer in answers) == len(emulator.requests)


def test_at_a_half_nothing_hangs() -> None:
    """At 50 % conversations end, each with a value or with the reason for none."""
    answers, _ = _run({"busy": 0.5, "cut": 0.5, "format_ignored": 0.5, "dropped": 0.5}, documents=20)
    assert all(answer.value is not None or answer.error is not None for answer in answers)
    assert sum(map(_whole, answers)) > 10


def test_the_same_seed_gives_the_same_end() -> None:
    """Two runs under the same faults give the same values, repairs, attempts and tokens; what was cached may differ."""
    faults = dict.fromkeys(PASSING, 0.1)
    one, two = (_run(faults, documents=20, seed=5)[0] for _ in range(2))
    told = [[_end(answer) for answer in answers] for answers in (one, two)]
    assert told[0] == told[1]


def _end(answer: Answer) -> tuple[Any, ...]:
    steps = [(step.rung, step.changes, step.lossy) for step in answer.repairs]
    tokens = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    return answer.value, steps, answer.attempts, tokens, str(answer.error)


@pytest.mark.parametrize("fault", ["unauthorized", "paid_plan", "quota"])
def test_account_faults_stop_everything(fault: str) -> None:
    """A refused account stops the run, whichever document met it first."""
    with pytest.raises(AccountError):
        _run({fault: 0.3})


def test_a_request_that_is_wrong_is_its_own_failure() -> None:
    """What the service calls bad input is that document's failure, told as such and not sent again."""
    answers, emulator = _run({"bad_input": 0.5})
    failed = [answer for answer in answers if not _whole(answer)]
    assert failed
    assert all(isinstance(answer.error, Rejected) and answer.attempts == 1 for answer in failed)
    assert len(emulator.requests) == len(answers)


def test_retry_after_is_heeded_by_all() -> None:
    """A rate limit with Retry-After is outlived in real time."""
    answers, _ = _run({"rate_limit": 0.2}, documents=5)
    assert all(map(_whole, answers))


def test_threads_do_as_well_as_tasks() -> None:
    """The sync driver meets the same faults and ends the same way."""
    faults = dict.fromkeys(PASSING, 0.1)
    with Emulator(_answer, faults=faults, seed=5) as emulator, HttpTransport(_endpoint(emulator)) as transport:
        threads = drive(hurried(_flow(30)), transport, workers=8)
    tasks, _ = _run(faults, documents=30, seed=5)
    assert list(map(_end, threads)) == list(map(_end, tasks))
