"""Flows at once end, also where one of them stops the job."""

from __future__ import annotations

import asyncio

import pytest

from extractor.call.drivers import adrive, drive
from extractor.call.effects import Flow, Run
from extractor.errors import BudgetExceeded
from extractor.pipeline.ending import all_ended


def flows(done: list[int]) -> list[Flow[int]]:
    """The first stops the job at once; the others take a while."""

    def stop() -> Flow[int]:
        yield Run(lambda: None)
        raise BudgetExceeded("nothing is left")

    def go_on(number: int) -> Flow[int]:
        for _ in range(5):
            yield Run(lambda: asyncio.sleep(0))
        done.append(number)
        return number

    return [stop(), go_on(1), go_on(2)]


def test_a_stop_lets_the_others_end() -> None:
    """What others asked for is heard and kept before the stop is told, in threads and on an event loop."""
    for run in (lambda flow: drive(flow, None, workers=3), lambda flow: asyncio.run(adrive(flow, None))):
        done: list[int] = []
        with pytest.raises(BudgetExceeded):
            run(all_ended(flows(done)))
        assert sorted(done) == [1, 2]


def test_results_come_in_order() -> None:
    """Where nothing stops, there is a result for each flow, in the order of the flows."""
    assert asyncio.run(adrive(all_ended(flows([])[1:]), None)) == [1, 2]
