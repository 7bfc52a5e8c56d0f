"""The switch for tests: what would take minutes is over at once, and everything is as it was afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from extractor.call.clock import now, pause, skip, without_waits
from extractor.call.effects import Flow, Send, Together, Wait, drive
from extractor.call.endpoint import Endpoint
from extractor.call.limits import Limits
from extractor.emulator.server import Emulator
from extractor.wire.values import Reply, Request
from tests.call.kit import over_http


@pytest.fixture(autouse=True)
def _no_waits() -> None:
    """Here the switch is set by hand."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(reply=lambda body: "yes") as emulator:
        yield emulator


def _flow() -> Flow[list[Reply]]:
    return (yield Together(tuple(_patient(number) for number in range(8))))


def _patient(number: int) -> Flow[Reply]:
    yield Wait(60)
    return (yield Send(Request({"messages": [{"role": "user", "content": str(number)}]})))


def _run(endpoint: Endpoint) -> list[Reply]:
    limits = Limits(requests_per_minute=1)
    return over_http(endpoint, lambda transport: drive(_flow(), transport), limits=limits)  # type: ignore[no-any-return]


def test_waits_and_limits_pass_at_once(emulator: Emulator) -> None:
    """Eight waits of a minute, under a limit of one request a minute, end within the time of one test."""
    endpoint = Endpoint(emulator.base_url, emulator.account_id, emulator.token)
    began = now(), time.monotonic()
    with without_waits():
        assert len(_run(endpoint)) == 8
    assert now() - began[0] > 7 * 60 > time.monotonic() - began[1]


def test_only_within_the_switch() -> None:
    """Outside of it every wait has its length; a wait without an end is one inside, too."""
    assert (pause(3), skip(3)) == (3, 3)
    with without_waits():
        assert (pause(3), skip(3), skip(float("inf"))) == (0, 0, float("inf"))
        with without_waits():
            assert pause(3) == 0
        assert pause(3) == 0
    assert (pause(3), skip(3)) == (3, 3)
