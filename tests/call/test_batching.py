"""Batches over HTTP: many questions in one post, answers in any order, and none submitted twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from extractor.call.batching import Batching
from extractor.call.clock import without_waits
from extractor.call.conversation import Answer, Asking, Settings, converse
from extractor.call.effects import Flow, Together, drive
from extractor.call.endpoint import Endpoint
from extractor.call.http import Heard, HttpTransport
from extractor.call.ledger import Ledger
from extractor.emulator.server import Emulator
from extractor.errors import (
    AccountError,
    BrokenReply,
    BudgetExceeded,
    Busy,
    Rejected,
    ServiceError,
    StorageError,
    Unreachable,
)
from extractor.wire.batches import Batch, BatchItem
from extractor.wire.models import ModelEntry
from extractor.wire.prices import price_of
from extractor.wire.values import Reply, Request, Usage
from tests.call.test_conversation import GOOD, SCHEMA

Out = dict[str, Sequence[str]]

NOWHERE = Endpoint("http://127.0.0.1:9", "account", "token")


def _reply(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**GOOD, "number": body["messages"][1]["content"].split("Invoice ")[1].split(".")[0]}


def _asking(number: int) -> Asking:
    return Asking(SCHEMA, f"Invoice {number}. It is long.")


def _endpoint(emulator: Emulator) -> Endpoint:
    return Endpoint(emulator.base_url, emulator.account_id, emulator.token, emulator.model, price_of(emulator.model))


def _flow(documents: int) -> Flow[list[Answer]]:
    return _together([converse(_asking(number), Settings(model="m")) for number in range(documents)])


def _together(flows: list[Flow[Answer]]) -> Flow[list[Answer]]:
    return (yield Together(tuple(flows)))


async def _ask(
    emulator: Emulator,
    documents: int,
    memory: Out,
    *,
    ledger: Ledger | None = None,
    interrupted: bool = False,
    pauses: tuple[float, float] = (0.01, 0.02),
) -> list[Answer]:
    """The answers; TimeoutError where it is to be interrupted as soon as a batch is out."""
    async with (
        HttpTransport(_endpoint(emulator)) as transport,
        Batching(transport, memory, ledger=ledger, linger=0.05, pauses=pauses) as batching,
        asyncio.timeout(60.0) as limit,
    ):
        asking = asyncio.create_task(drive(_flow(documents), batching))
        while interrupted and not memory:
            await asyncio.sleep(0)
        if interrupted:
            limit.reschedule(0.0)
        return await asking


def _numbers(answers: list[Answer]) -> list[str]:
    return [answer.value["number"] for answer in answers]


def _submissions(emulator: Emulator) -> list[int]:
    """The number of requests in each batch that was submitted."""
    return [len(exchange.body["requests"]) for exchange in emulator.requests if "requests" in exchange.body]


def test_one_post_carries_many_questions() -> None:
    """A hundred documents are one batch; each gets its own answer, and the usage adds up."""
    memory: Out = {}
    with Emulator(_reply) as emulator:
        answers = asyncio.run(_ask(emulator, 100, memory))
    assert _numbers(answers) == [str(number) for number in range(100)]
    assert _submissions(emulator) == [100]
    assert sum(answer.usage.completion_tokens for answer in answers) == emulator.usage.completion_tokens
    assert memory == {}


@pytest.mark.parametrize("fault", ["batch_results", "batch_shuffled", "batch_slow", "internal"])
def test_quirks_change_nothing(fault: str) -> None:
    """Another name of the list, another order, many polls and passing failures of the posts end in the same answers."""
    with Emulator(_reply, faults={fault: 0.5 if fault == "internal" else 1.0}) as emulator:
        answers = asyncio.run(_ask(emulator, 20, {}))
    assert _numbers(answers) == [str(number) for number in range(20)]


@pytest.mark.parametrize("fault", ["batch_item", "format_ignored", "fenced"])
def test_items_fail_one_by_one(fault: str) -> None:
    """An item that failed, or whose answer cannot be used, is asked again in a later batch; the others stand."""
    with Emulator(_reply, faults={fault: 0.3}) as emulator:
        answers = asyncio.run(_ask(emulator, 20, {}))
    assert _numbers(answers) == [str(number) for number in range(20)]
    assert _submissions(emulator)[0] == 20
    assert all(size < 20 for size in _submissions(emulator)[1:])


def test_a_killed_run_picks_its_batch_up_again() -> None:
    """A run that ends while its batch is out leaves it in the memory; the next one polls for it and pays nothing."""
    memory: Out = {}
    with Emulator(_reply, latency=0.5) as emulator:
        with pytest.raises(TimeoutError):
            asyncio.run(_ask(emulator, 10, memory, interrupted=True))
        assert [len(keys) for keys in memory.values()] == [10]
        answers = asyncio.run(_ask(emulator, 12, memory))
    assert _numbers(answers) == [str(number) for number in range(12)]
    assert _submissions(emulator) == [10, 2]
    assert memory == {}


def test_a_batch_that_the_service_forgot_is_submitted_again() -> None:
    """An id that is known no more costs one refused poll, and its requests are asked like any other."""
    memory: Out = {}
    with Emulator(_reply, latency=0.5) as emulator, pytest.raises(TimeoutError):
        asyncio.run(_ask(emulator, 3, memory, interrupted=True))
    with Emulator(_reply) as another:
        assert _numbers(asyncio.run(_ask(another, 3, memory))) == ["0", "1", "2"]
    assert _submissions(another) == [3]
    assert memory == {}


@contextmanager
def _held(reply: Callable[[Mapping[str, Any]], Any]) -> Iterator[tuple[Emulator, Event]]:
    """A service whose batches run until the event is set."""
    released = Event()

    async def answer(body: Mapping[str, Any]) -> Any:
        while not released.is_set():
            await asyncio.sleep(0.01)
        return reply(body)

    with Emulator(answer) as emulator:
        try:
            yield emulator, released
        finally:
            released.set()


def test_a_batch_that_never_ends_is_waited_for_a_day() -> None:
    """After that its questions end with the reason; it stays out, counts for nothing yet, and is taken up later."""
    memory: Out = {}
    price = price_of("@cf/moonshotai/kimi-k2.6")
    with _held(_reply) as (emulator, released):
        ledger = Ledger(price, cap=1.0)
        with without_waits():
            answers = asyncio.run(_ask(emulator, 3, memory, ledger=ledger, pauses=(60.0, 600.0)))
        (request_id,) = memory
        assert [str(answer.error) for answer in answers] == [
            f"batch {request_id} is not done after 24 h: run the same again to take its answers when they come"
        ] * 3
        assert 144 <= len(emulator.requests) <= 160
        assert ledger.spent == 0
        released.set()
        assert _numbers(asyncio.run(_ask(emulator, 3, memory, ledger=ledger))) == list("012")
        assert ledger.spent == pytest.approx(emulator.usage.cost_usd)
    assert _submissions(emulator) == [3]
    assert memory == {}


def test_a_budget_that_paid_for_a_batch_holds_to_take_its_answers() -> None:
    """What an interrupted run left out is reserved again when it is requested, and paid for once."""
    memory: Out = {}
    price = price_of("@cf/moonshotai/kimi-k2.6")
    with _held(_reply) as (emulator, released):
        ledger = Ledger(price, cap=0.12)
        with pytest.raises(TimeoutError):
            asyncio.run(_ask(emulator, 3, memory, ledger=ledger, interrupted=True))
        assert ledger.spent == 0
        released.set()
        assert _numbers(asyncio.run(_ask(emulator, 3, memory, ledger=ledger))) == list("012")
    assert ledger.spent == pytest.approx(emulator.usage.cost_usd)
    assert _submissions(emulator) == [3]


class Notes:
    """A book that only notes which requests are reserved, and what became of them."""

    def __init__(self) -> None:
        self.reserved: list[str] = []
        self.perhaps = 0

    def reserve(self, key: str, most: int, document: str) -> None:
        self.reserved.append(key)

    def settle(self, key: str, document: str, *, left: int = 0, lost: int = 0, perhaps: int = 0) -> None:
        self.perhaps += perhaps


def test_what_waits_to_be_submitted_is_not_perhaps_paid() -> None:
    """A request is written down as sent when its batch is: who is killed, or gives up, before that has paid nothing."""
    book: Any = Notes()
    ledger = Ledger(price_of("@cf/moonshotai/kimi-k2.6"), cap=1.0, book=book)
    request = Request({"messages": [], "max_tokens": 100})

    async def run(linger: float) -> None:
        transport = Forgetful(Busy("x"), times=0)
        async with Batching(transport, {}, ledger=ledger, linger=linger, pauses=(0.0, 0.0)) as batching:
            async with asyncio.timeout(0.05 if linger else None):
                await batching.send(request)

    with pytest.raises(TimeoutError):
        asyncio.run(run(3600.0))
    assert (book.reserved, book.perhaps, ledger.spent) == ([], 0, 0)
    asyncio.run(run(0.0))
    assert (book.reserved, book.perhaps) == ([request.key], 0)


class _Outage(HttpTransport):
    """A service whose answers about batches do not come through, for the first `polls` times."""

    polls = 12

    async def queue(self, body: Mapping[str, Any]) -> Batch:
        if "request_id" in body and self.polls:
            self.polls -= 1
            raise Busy("away")
        return await super().queue(body)


def test_a_batch_that_cannot_be_asked_for_is_not_submitted_twice() -> None:
    """When every poll fails for long the batch stays out; whoever asks again gets its answers."""

    async def run(emulator: Emulator) -> list[Answer]:
        async with (
            _Outage(_endpoint(emulator)) as transport,
            Batching(transport, {}, linger=0.05, pauses=(0.01, 0.02)) as batching,
        ):
            return await drive(_flow(5), batching)

    with Emulator(_reply) as emulator:
        assert _numbers(asyncio.run(run(emulator))) == list("01234")
    assert _submissions(emulator) == [5]


def test_answers_that_nobody_asked_for_yet_are_kept() -> None:
    """A batch of an earlier run comes back whole; a document that is asked about later pays nothing either."""
    memory: Out = {}

    async def one_by_one(emulator: Emulator) -> list[str]:
        async with (
            HttpTransport(_endpoint(emulator)) as transport,
            Batching(transport, memory, linger=0.05, pauses=(0.01, 0.02)) as batching,
        ):
            flows = (converse(_asking(number), Settings(model="m")) for number in range(4))
            return _numbers([await drive(flow, batching) for flow in flows])

    with Emulator(_reply, latency=0.5) as emulator:
        with pytest.raises(TimeoutError):
            asyncio.run(_ask(emulator, 4, memory, interrupted=True))
        assert asyncio.run(one_by_one(emulator)) == list("0123")
    assert _submissions(emulator) == [4]
    assert memory == {}


def test_what_nobody_asks_for_any_more_is_booked() -> None:
    """A batch of an earlier run whose questions have changed is taken too: each item with its own outcome."""
    stored: dict[str, tuple[str, Reply]] = {}

    class Keeping(Notes):
        def put(self, key: str, reply: Reply, document: str) -> None:
            stored[key] = document, reply

    price, book = price_of("@cf/moonshotai/kimi-k2.6"), Keeping()
    transport, memory = Forgetful(Busy("x"), times=0), Out({"batch 1": ["answered", "left out"]})
    transport._body = {"requests": [{"external_reference": "answered"}]}
    out = {"answered": (10_000_000, "a.txt"), "left out": (20_000_000, "b.txt")}
    ledger: Any = Ledger(price, cap=1.0, out=out, book=book)  # type: ignore[arg-type]

    async def run() -> None:
        async with Batching(transport, memory, ledger=ledger, queue=False, pauses=(0.0, 0.0)):
            while not transport.polls:
                await asyncio.sleep(0)

    asyncio.run(run())
    assert [(key, document, reply.usage) for key, (document, reply) in stored.items()] == [
        ("answered", "a.txt", Usage(1, 0, 1))
    ]
    assert (book.perhaps, memory) == (20_000_000, {})


def test_a_reply_to_what_was_cancelled_is_kept() -> None:
    """A request that is given up while its batch is out, and others go on, is paid for: its reply is stored."""
    stored: dict[str, Reply] = {}

    class Keeping(Notes):
        def put(self, key: str, reply: Reply, document: str) -> None:
            stored[key] = reply

    memory, ledger = Out(), Ledger(price_of("@cf/moonshotai/kimi-k2.6"), cap=10.0, book=Keeping())  # type: ignore[arg-type]
    first, second = (Request({"messages": [], "max_tokens": number}) for number in (100, 200))

    class Slow(Forgetful):
        async def queue(self, body: Mapping[str, Any]) -> Batch:
            if "requests" not in body:
                await cancelled.wait()
            return await super().queue(body)

    cancelled = asyncio.Event()

    async def run() -> None:
        transport = Slow(Busy("x"), times=0)
        async with Batching(transport, memory, ledger=ledger, linger=0.0, pauses=(0.0, 0.0)) as batching:
            stopped, other = (asyncio.create_task(batching.send(request)) for request in (first, second))
            while not memory:
                await asyncio.sleep(0)
            stopped.cancel()
            await asyncio.wait([stopped])
            cancelled.set()
            await other

    asyncio.run(run())
    assert ([*stored], memory) == ([first.key], {})
    assert ledger.spent == pytest.approx(2 * (0.95e-6 + 4.00e-6))


def test_a_submission_that_broke_may_be_billed() -> None:
    """Its reply was lost, so that nobody knows whether the batch is queued: it is perhaps paid, and not sent again."""
    lost = Unreachable("the connection broke")
    transport, memory = Forgetful(lost, times=0), Out()
    transport.broken = lost
    ledger = Ledger(price_of("@cf/moonshotai/kimi-k2.6"), cap=10.0)
    with pytest.raises(Unreachable):
        _send(transport, memory, ledger=ledger)
    assert (transport.submitted, memory) == (1, {})
    assert ledger.spent > 0


def test_a_batch_that_cannot_be_noted_stops_the_run() -> None:
    """Where the disk is full when the batch has its id, whoever waits for it hears that."""

    class Full(Out):
        def __setitem__(self, request_id: str, keys: Sequence[str]) -> None:
            raise StorageError("disk full")

    with pytest.raises(StorageError):
        _send(Forgetful(Busy("x"), times=0), Full())


@pytest.mark.parametrize("index", [2, 99, -1])
def test_an_item_of_no_place_is_nobodys(index: int) -> None:
    """An answer without a reference, whose number is of none of the requests, is given to none; they fail, and end."""

    class Stray(HttpTransport):
        async def queue(self, body: Mapping[str, Any]) -> Batch:
            done = (BatchItem(None, index, Reply("stray")),)
            return Batch("queued", "b-1") if "requests" in body else Batch("done", "b-1", done)

    async def run() -> list[Reply | BaseException]:
        async with Batching(Stray(NOWHERE), {}, linger=0.01, pauses=(0.01, 0.02)) as batching:
            sends = [batching.send(Request({"messages": [], "n": n})) for n in (1, 2)]
            return await asyncio.gather(*sends, return_exceptions=True)

    assert [type(outcome) for outcome in asyncio.run(run())] == [BrokenReply, BrokenReply]


def test_a_refused_account_stops_the_run() -> None:
    """What stops synchronous requests stops batches."""
    with Emulator(_reply, faults={"unauthorized": 1.0}) as emulator, pytest.raises(AccountError):
        asyncio.run(_ask(emulator, 3, {}))


def test_the_budget_holds_before_anything_is_queued() -> None:
    """A batch that the budget cannot pay for is never submitted."""
    ledger = Ledger(price_of("@cf/moonshotai/kimi-k2.6"), cap=0.001)
    with Emulator(_reply) as emulator, pytest.raises(BudgetExceeded):
        asyncio.run(_ask(emulator, 3, {}, ledger=ledger))
    assert emulator.requests == []


def test_a_small_budget_goes_in_small_batches() -> None:
    """Where the money holds only some at a time, the others wait for what those really cost."""
    price = price_of("@cf/moonshotai/kimi-k2.6")
    assert price is not None
    ledger = Ledger(price, cap=0.1)
    with Emulator(_reply) as emulator:
        answers = asyncio.run(_ask(emulator, 8, {}, ledger=ledger))
    assert _numbers(answers) == [str(number) for number in range(8)]
    assert len(_submissions(emulator)) > 1
    assert ledger.spent == pytest.approx(emulator.usage.cost_usd)


class Forgetful(HttpTransport):
    """A transport that takes every batch and knows none of them when it is polled for; it sends what is sent to it."""

    def __init__(self, error: ServiceError, times: int = 1_000) -> None:
        super().__init__(NOWHERE)
        self.error, self.left = error, times
        self.submitted = self.sent = self.polls = 0
        self.broken: ServiceError | None = None
        self._body: Mapping[str, Any] = {}

    async def queue(self, body: Mapping[str, Any]) -> Batch:
        if "requests" in body:
            self._body, self.submitted = body, self.submitted + 1
            if self.broken:
                raise self.broken
            return Batch("queued", f"batch {self.submitted}")
        self.polls += 1
        if self.left:
            self.left -= 1
            raise self.error
        reply = Reply("queued", usage=Usage(1, 0, 1))
        items = (BatchItem(item["external_reference"], 0, reply) for item in self._body["requests"])
        return Batch("done", body["request_id"], tuple(items))

    async def send(self, request: Request, *, heard: Heard | None = None) -> Reply:
        self.sent += 1
        return Reply("alone")


def _send(transport: HttpTransport, memory: Out, **more: Any) -> Reply:
    async def run() -> Reply:
        async with Batching(transport, memory, linger=0.0, pauses=(0.0, 0.0), **more) as batching:
            return await batching.send(Request({"messages": []}))

    return asyncio.run(run())


@pytest.mark.parametrize(
    "error",
    [Rejected("no such batch", status=400), AccountError("no route", code=7003, status=404), Rejected("it expired")],
)
def test_a_lost_batch_may_be_billed(error: ServiceError) -> None:
    """Each request of a batch that a poll does not find is a broken reply, perhaps paid; it can be asked again."""
    transport, memory = Forgetful(error, times=2), Out()
    ledger = Ledger(price_of("@cf/moonshotai/kimi-k2.6"), cap=10.0)
    perhaps = []
    for _ in range(2):
        with pytest.raises(BrokenReply, match="lost the batch with this request") as lost:
            _send(transport, memory, ledger=ledger)
        assert (lost.value.billable, memory) == (True, {})
        perhaps.append(ledger.spent)
    assert perhaps[1] == pytest.approx(2 * perhaps[0])
    assert perhaps[0] > 0
    assert _send(transport, memory, ledger=ledger).content == "queued"
    assert transport.submitted == 3


def test_what_the_service_will_not_queue_is_sent_by_itself() -> None:
    """Where the queue was withdrawn, requests go out one by one, and each is answered."""
    entry = ModelEntry(name="@cf/moonshotai/kimi-k2.6", batch=False)
    with Emulator(_reply, entry=entry) as emulator:
        answers = asyncio.run(_ask(emulator, 3, {}))
        paths = [exchange.path for exchange in emulator.requests]
    assert _numbers(answers) == ["0", "1", "2"]
    assert len(paths) == 4


def test_without_the_queue_only_what_is_out_is_waited_for() -> None:
    """A batch of an earlier run is taken, and everything else is sent by itself."""
    memory: Out = {}
    transport = Forgetful(Busy("x"), times=0)
    request = Request({"messages": []})
    memory["batch 1"] = [request.key]
    transport._body = {"requests": [{"external_reference": request.key}]}
    assert _send(transport, memory, queue=False).content == "queued"
    assert (transport.submitted, transport.sent) == (0, 0)
    assert _send(transport, {}, queue=False).content == "alone"


def test_a_batch_that_is_lost_and_not_queued_again_is_sent_by_itself() -> None:
    """A batch of an earlier run that the service has lost is no reason to queue again where nobody asks for it."""
    memory: Out = {}
    transport = Forgetful(Rejected("no such batch"))
    memory["batch 1"] = [Request({"messages": []}).key]
    with pytest.raises(BrokenReply):
        _send(transport, memory, queue=False)
    assert _send(transport, memory, queue=False).content == "alone"
    assert memory == {}
