"""The look at the catalogue before a run: what is warned of, and that nothing depends on it."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from extractor.call.endpoint import Endpoint
from extractor.call.facts import look
from extractor.call.http import HttpTransport
from extractor.emulator.server import Emulator
from extractor.wire.models import ModelEntry
from extractor.wire.prices import Price, price_of

KIMI = "@cf/moonshotai/kimi-k2.6"


def _look(entry: ModelEntry | None, *, token: str | None = None, **asked: Any) -> bool:
    async def run() -> bool:
        with Emulator(lambda body: "x", entry=entry) as emulator:
            place = (emulator.base_url, emulator.account_id, token or emulator.token, KIMI, price_of(KIMI))
            endpoint = Endpoint(*place)
            async with HttpTransport(endpoint) as http:
                return await look(http, endpoint, **asked)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (None, ""),
        (ModelEntry(name=KIMI), ""),
        (ModelEntry(name=KIMI, retires=date(2020, 1, 1)), "was retired on 2020-01-01"),
        (ModelEntry(name=KIMI, retires=date(9999, 1, 1)), "is to be retired on 9999-01-01"),
        (
            ModelEntry(name=KIMI, price=Price(1, 0.2, 5)),
            "now costs $1.00 (input), $0.20 (cached input), $5.00 (output)",
        ),
        (ModelEntry(name=KIMI, batch=False), "takes no batches at present"),
    ],
)
def test_what_is_warned_of(entry: ModelEntry | None, told: str, caplog: pytest.LogCaptureFixture) -> None:
    """A retirement, another price and a queue that was withdrawn are told in one line before money is spent."""
    assert _look(entry, batch=True) is not (entry is not None and entry.batch is False)
    assert len(caplog.records) == bool(told)
    assert told in caplog.text


def test_a_catalogue_that_cannot_be_had_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Where the look is refused nothing is told, and the run goes its way."""
    assert _look(None, token="wrong", batch=True) is True
    assert _look(None, token="wrong", batch=False) is False
    assert caplog.records == []


def test_batches_that_are_out_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """A run that queues nothing says that it waits for what an earlier one has queued."""
    assert _look(None, batch=False, out=["batch 1"]) is False
    assert "still out (1)" in caplog.text
