"""Limits hold for all that one Extractor does at once, from whichever threads and tasks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import AsyncExtractor, Extractor
from extractor.call.clock import now, without_waits
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.emulator.values import Refusal
from extractor.errors import BudgetExceeded

ROWS = 150
FULL = b'{"success": false, "errors": [{"code": 3040, "message": "Capacity temporarily exceeded"}], "result": null}'


class Row(BaseModel):
    """A row of a table."""

    name: str
    amount: int


class Table(BaseModel):
    """A table."""

    rows: list[Row]


def table(name: int) -> str:
    """A text of several parts."""
    return "\n".join(f"{name} row {number:03}: amount {number * 7}" for number in range(ROWS))


def read(body: Mapping[str, Any]) -> dict[str, Any]:
    """Every row of the part that a request asks about."""
    question = Question.of(body)
    lines = [line.partition(": amount ") for line in question.part_text.splitlines() if line.strip()]
    rows = [{"name": name, "amount": int(amount)} for name, _, amount in lines][question.from_item - 1 :]
    return {"rows_count": len(rows), "rows": rows}


def options(emulator: Emulator, **more: Any) -> dict[str, Any]:
    where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    return {**where, "rpm": None, "view_tokens": 300, "max_output_tokens": 800, **more}


def threads(emulator: Emulator, count: int, **more: Any) -> list[Any]:
    """Each document in a thread of its own, all through one Extractor."""
    outcomes: list[Any] = []

    def work(number: int) -> None:
        try:
            outcomes.append(extractor.extract(Table, table(number)))
        except BudgetExceeded as error:
            outcomes.append(error)

    with Extractor(**options(emulator, **more)) as extractor:
        crew = [threading.Thread(target=work, args=(number,)) for number in range(count)]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()
    return outcomes


def tasks(emulator: Emulator, count: int, **more: Any) -> list[Any]:
    """Each document in a task of its own, all through one AsyncExtractor."""

    async def run() -> list[Any]:
        async with AsyncExtractor(**options(emulator, **more)) as extractor:
            work = (extractor.extract(Table, table(number)) for number in range(count))
            return await asyncio.gather(*work, return_exceptions=True)

    return asyncio.run(run())


both = pytest.mark.parametrize("run", [threads, tasks])
Run = Callable[..., list[Any]]


class Crowd:
    """Answers while it counts how many requests are in it, and the most that ever were.

    The first wait until there are more than its places, or more than one.
    """

    def __init__(self, places: int | None = None) -> None:
        self.places = places
        self.now = self.most = self.refused = 0
        self._met = asyncio.Event()

    async def __call__(self, body: Mapping[str, Any]) -> Any:
        with self._inside():
            if self.now > (self.places or 1):
                self._met.set()
            if self.places and self.now > self.places:
                self.refused += 1
                return Refusal(429, FULL)
            await self._met.wait()
            await asyncio.sleep(0.005)
            return read(body)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            yield
        finally:
            self.now -= 1


@both
def test_in_flight(run: Run) -> None:
    """Eight long documents at once have no more requests out than one Extractor may."""
    crowd = Crowd()
    with Emulator(crowd) as emulator:
        results = run(emulator, 8, concurrency=5)
    assert [len(result.value.rows) for result in results] == [ROWS] * 8
    assert 1 < crowd.most <= 5


@both
@pytest.mark.parametrize("faults", [{}, {"truncated_body": 0.2, "no_usage": 0.2, "busy": 0.2}])
def test_money(run: Run, faults: Mapping[str, float]) -> None:
    """Whoever asks, and whatever breaks, what was billed stays under the cap, and not far under it."""
    cap = 0.02
    with Emulator(read, faults=faults, seed=3) as emulator, without_waits():
        results = run(emulator, 12, concurrency=6, max_cost=cap)
        billed = emulator.usage.cost_usd
    assert billed is not None
    assert cap / 3 < billed <= cap
    assert any(isinstance(result, BudgetExceeded) for result in results)


@both
@pytest.mark.parametrize(("limit", "least"), [({"rpm": 10}, 60), ({"tpm": 4000}, 60)])
def test_a_minute(run: Run, limit: Mapping[str, int], least: float) -> None:
    """Requests and tokens of all documents together count: what is too much for one minute goes over several."""
    with Emulator(read) as emulator, without_waits():
        began = now()
        results = run(emulator, 3, concurrency=6, **limit)
        took = now() - began
        used, requests = emulator.usage, len(emulator.requests)
    assert [result.status for result in results] == ["ok"] * 3
    assert took > least
    minutes = took // 60 + 1
    assert requests <= limit.get("rpm", requests) * minutes
    assert used.prompt_tokens + used.completion_tokens <= limit.get("tpm", 10**9) * (minutes + 1)


@both
def test_a_full_service_is_asked_by_fewer(run: Run) -> None:
    """Where there is room for four of sixteen, fewer ask: every document is whole, and most requests are answered."""
    crowd = Crowd(places=4)
    with Emulator(crowd) as emulator, without_waits():
        results = run(emulator, 8, concurrency=16)
        answered = emulator.served
    assert [len(result.value.rows) for result in results] == [ROWS] * 8
    assert 0 < crowd.refused < answered
    assert crowd.most > 4
