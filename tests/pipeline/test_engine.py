"""Many documents at once, in tasks and in threads: bounded, in order where they have to wait, none waiting for all."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import aclosing, suppress
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import AsyncExtractor
from extractor.call.background import Background
from extractor.call.effects import Flow, Run, Send, Transport, drive
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.errors import AccountError, StorageError
from extractor.pipeline.engine import finished, finished_in_background
from extractor.wire.values import Reply, Request


class Nobody:
    """A transport that is never asked."""

    async def send(self, request: Request, /) -> Reply:
        raise AssertionError(request)


def _in_background(flows: Iterator[Flow[Any]], *, at_once: int, transport: Transport | None = None) -> Iterator[Any]:
    background = Background()
    try:
        begin = lambda job, flow: background.begin(job, drive(flow, transport or Nobody()))  # noqa: E731
        yield from finished_in_background(flows, begin, at_once=at_once)
    finally:
        background.close()


def _flow(number: int) -> Flow[int]:
    return (yield Run(lambda: number))  # type: ignore[no-any-return]


def _tasks(count: int, at_once: int, taken: list[int]) -> list[int]:
    def flows() -> Iterator[Flow[int]]:
        for number in range(count):
            taken.append(number)
            yield _flow(number)

    async def run() -> list[int]:
        return [number async for number in finished(flows(), Nobody(), at_once=at_once)]

    return asyncio.run(run())


@pytest.mark.parametrize(("count", "at_once"), [(0, 3), (1, 3), (3, 3), (100, 3), (5, 500)])
def test_every_result_comes_once(count: int, at_once: int) -> None:
    """However many there are, and however many may be open."""
    taken: list[int] = []
    assert sorted(_tasks(count, at_once, taken)) == taken == list(range(count))
    assert sorted(_in_background(map(_flow, range(count)), at_once=at_once)) == list(range(count))


def test_no_more_are_begun_than_may_be_open() -> None:
    """Who takes no results begins nothing: an endless list of documents is read as far as results are taken."""
    taken: list[int] = []

    def flows() -> Iterator[Flow[int]]:
        while True:
            taken.append(len(taken))
            yield _flow(taken[-1])

    async def run() -> None:
        results = finished(flows(), Nobody(), at_once=4)
        for _ in range(20):
            await anext(results)
        await asyncio.sleep(0.05)
        await results.aclose()

    asyncio.run(run())
    assert len(taken) <= 20 + 2 * 4


def test_no_more_are_begun_in_the_background_either() -> None:
    """The same without an event loop of the caller's own."""
    taken: list[int] = []

    def flows() -> Iterator[Flow[int]]:
        while True:
            taken.append(len(taken))
            yield _flow(0)

    results = _in_background(flows(), at_once=4)
    for _ in range(20):
        next(results)
    results.close()
    assert len(taken) <= 20 + 4


def test_an_error_stops_the_rest() -> None:
    """It is raised once what had ended before it was handed out, and nothing new is begun."""
    begun: list[int] = []

    def broken(number: int) -> Flow[int]:
        begun.append(number)
        yield Run(lambda: None)
        if number == 5:
            raise ValueError("five")
        return number

    async def run() -> None:
        async for _ in finished(map(broken, range(1000)), Nobody(), at_once=3):
            pass

    with pytest.raises(ValueError, match="five"):
        asyncio.run(run())
    assert len(begun) < 20


@pytest.mark.parametrize("in_background", [False, True])
def test_what_stops_the_job_loses_no_result(in_background: bool) -> None:
    """What the flows that are open were paid for is yielded before it is raised, and nothing new is begun."""
    begun: list[int] = []
    results: list[int] = []

    def flow(number: int) -> Flow[int]:
        begun.append(number)
        for _ in range(0 if number == 0 else 3):
            yield Run(lambda: None)
        if number == 0:
            raise AccountError("no more quota")
        return number

    async def run() -> None:
        async for number in finished(map(flow, range(1000)), Nobody(), at_once=4):
            results.append(number)

    def collect() -> None:
        if not in_background:
            asyncio.run(run())
        for number in _in_background(map(flow, range(1000)), at_once=4):
            results.append(number)

    with pytest.raises(AccountError, match="no more quota"):
        collect()
    assert sorted(results) == [1, 2, 3]
    assert begun == [0, 1, 2, 3]


def test_an_error_in_the_background_stops_the_rest() -> None:
    """What has not begun is not begun."""
    begun: list[int] = []

    def broken(number: int) -> Flow[int]:
        begun.append(number)
        yield Run(lambda: None)
        if number == 5:
            raise ValueError("five")
        return number

    with pytest.raises(ValueError, match="five"):
        list(_in_background(map(broken, range(1000)), at_once=3))
    assert len(begun) < 20


def test_whoever_leaves_early_leaves_nothing_running() -> None:
    """A loop that is broken off cancels what is open."""
    ended = threading.Event()

    class Patient:
        async def send(self, request: Request, /) -> Reply:
            try:
                return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]
            finally:
                ended.set()

    def flow(number: int) -> Flow[int]:
        if number:
            yield Send(Request({}))
        return number

    async def run() -> int:
        results = finished(map(flow, range(10)), Patient(), at_once=3)
        try:
            return await anext(results)
        finally:
            await results.aclose()

    assert asyncio.run(run()) == 0
    assert ended.is_set()
    ended.clear()
    results = _in_background(map(flow, range(10)), at_once=3, transport=Patient())
    assert next(results) == 0
    results.close()
    assert ended.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "extractor"]


class Row(BaseModel):
    """A row of a table."""

    name: str
    amount: int


class Table(BaseModel):
    """A table."""

    rows: list[Row]


def _table(name: str) -> str:
    return "\n".join(f"{name} row {number:03}: amount {number * 7}" for number in range(500))


def _read(body: Mapping[str, Any]) -> dict[str, Any]:
    question = Question.of(body)
    lines = [line.partition(": amount ") for line in question.part_text.splitlines() if line.strip()]
    rows = [{"name": name, "amount": int(amount)} for name, _, amount in lines][question.from_item - 1 :]
    return {"rows_count": len(rows), "rows": rows}


def test_documents_finish_one_after_another() -> None:
    """Where requests have to wait, those of the first document go first: it is done long before the last."""
    names = ["first", "second", "third"]

    async def run(emulator: Emulator) -> list[str]:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        async with AsyncExtractor(**where, rpm=None, concurrency=2, view_tokens=250) as extractor:
            results = [one async for one in extractor.extract_many(Table, map(_table, names))]
        assert [one.status for one in results] == ["ok"] * 3
        return [one.value.rows[0].name.partition(" ")[0] for one in results if one.value]

    with Emulator(_read, latency=0.005) as emulator:
        assert asyncio.run(run(emulator)) == names
        order = [Question.of(one.body).part_text.partition(" ")[0] for one in emulator.requests]
    assert min(map(order.count, names)) > 15
    ends = {name: len(order) - order[::-1].index(name) for name in names}
    for earlier, later in itertools.pairwise(names):
        assert order[: ends[earlier]].count(later) < order.count(later) * 0.6


class Breaking(Nobody):
    """A transport whose every request ends in an error, also where it is cancelled, as where a disk is full."""

    async def send(self, request: Request) -> Reply:
        try:
            await asyncio.sleep(3600)
        finally:
            raise StorageError("the disk is full")


def _asking() -> Flow[int]:
    with suppress(StorageError):
        yield Send(Request({}))
    return 0


def test_errors_of_what_was_cancelled_hold_nobody_up() -> None:
    """Whoever stops taking results is let go, though more of them wait than anybody takes, and others end in errors."""

    async def run() -> None:
        flows = itertools.chain((_flow(number) for number in range(9)), (_asking() for _ in range(40)))
        async with asyncio.timeout(20):
            async with aclosing(finished(flows, Breaking(), at_once=8)) as results:
                async for _ in results:
                    await asyncio.sleep(0.05)
                    break

    asyncio.run(run())
