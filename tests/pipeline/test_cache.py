"""With a cache a library call is paid for once: over kills, among equals at once, and in other processes."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import AsyncExtractor, Extractor, Partial, Result
from extractor.call.ledger import Heads
from extractor.call.remember import Remembering
from extractor.emulator.server import Emulator
from extractor.errors import Busy, StorageError, UsageError
from extractor.pipeline import journal
from extractor.pipeline.journal import Journal
from extractor.wire.values import Reply, Request, Usage, nano

TEXT = "Ferry to Rottnest, 2 seats, AUD 154.00"


class Ticket(BaseModel):
    """A ticket."""

    seats: int
    price: str


def answer(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"seats": 2, "price": "AUD 154.00"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(answer) as running:
        yield running


def where(emulator: Emulator, cache: Path, **more: Any) -> dict[str, Any]:
    place = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    return {**place, "rpm": None, "cache": cache, **more}


def in_threads(emulator: Emulator, cache: Path) -> Result[Any]:
    with Extractor(**where(emulator, cache)) as extractor:
        return extractor.extract(Ticket, TEXT)


def many_in_threads(emulator: Emulator, cache: Path) -> Result[Any]:
    with Extractor(**where(emulator, cache)) as extractor:
        return next(extractor.extract_many(Ticket, [TEXT]))


def streamed_in_threads(emulator: Emulator, cache: Path) -> Result[Any]:
    with Extractor(**where(emulator, cache)) as extractor:
        return list(extractor.stream(Ticket, TEXT))[-1].result


def in_tasks(emulator: Emulator, cache: Path) -> Result[Any]:
    async def run() -> Result[Any]:
        async with AsyncExtractor(**where(emulator, cache)) as extractor:
            return await extractor.extract(Ticket, TEXT)

    return asyncio.run(run())


def many_in_tasks(emulator: Emulator, cache: Path) -> Result[Any]:
    async def run() -> Result[Any]:
        async with AsyncExtractor(**where(emulator, cache)) as extractor:
            (result,) = [result async for result in extractor.extract_many(Ticket, [TEXT])]
            return result

    return asyncio.run(run())


def streamed_in_tasks(emulator: Emulator, cache: Path) -> Result[Any]:
    async def run() -> Result[Any]:
        async with AsyncExtractor(**where(emulator, cache)) as extractor:
            return [partial async for partial in extractor.stream(Ticket, TEXT)][-1].result

    return asyncio.run(run())


WAYS = [in_threads, many_in_threads, streamed_in_threads, in_tasks, many_in_tasks, streamed_in_tasks]
Way = Callable[[Emulator, Path], Result[Any]]


@pytest.mark.parametrize("first", WAYS)
def test_the_same_call_pays_once(first: Way, emulator: Emulator, tmp_path: Path) -> None:
    """By whichever face it comes, and whichever asks again: the result is the same, and costs nothing more."""
    paid = first(emulator, tmp_path / "cache.sqlite")
    assert paid.usage.cost_usd == emulator.usage.cost_usd
    for way in WAYS:
        reused = way(emulator, tmp_path / "cache.sqlite")
        assert (reused.value, reused.evidence, reused.usage.cost_usd) == (paid.value, paid.evidence, 0.0)
        assert reused.usage.prompt_tokens == paid.usage.prompt_tokens
    assert len(emulator.requests) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["cache.sqlite"]


@pytest.mark.parametrize("change", [{"instructions": "Prices with their currency."}, {"max_output_tokens": 900}])
def test_another_question_is_another(change: dict[str, Any], emulator: Emulator, tmp_path: Path) -> None:
    """Whatever changes what is sent is asked again."""
    for more in ({}, change, {}):
        with Extractor(**where(emulator, tmp_path / "cache.sqlite", **more)) as extractor:
            extractor.extract(Ticket, TEXT)
    assert len(emulator.requests) == 2


def test_an_equal_question_at_once_is_sent_once(tmp_path: Path) -> None:
    """Of many equal documents that are asked about together, one is paid for; in threads and in tasks."""

    async def gather(emulator: Emulator) -> list[float | None]:
        async with AsyncExtractor(**where(emulator, tmp_path / "tasks.sqlite")) as extractor:
            return [result.usage.cost_usd async for result in extractor.extract_many(Ticket, [TEXT] * 12)]

    with Emulator(answer, latency=0.1) as emulator:
        with Extractor(**where(emulator, tmp_path / "threads.sqlite")) as extractor:
            costs = [result.usage.cost_usd for result in extractor.extract_many(Ticket, [TEXT] * 12)]
        assert len(emulator.requests) == 1
        costs += asyncio.run(gather(emulator))
        assert len(emulator.requests) == 2
    assert len(costs) == 24
    assert sum(cost > 0 for cost in costs if cost is not None) == 2


class Flaky:
    """A transport whose first request fails."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, request: Request) -> Reply:
        self.sent += 1
        if self.sent == 1:
            raise Busy("full")
        return Reply("yes")


@pytest.mark.parametrize("shared", [False, True])
def test_what_failed_is_asked_by_the_next(shared: bool, tmp_path: Path) -> None:
    """A question whose request failed is free for whoever asks it next, in this process and in another."""
    transport, request = Flaky(), Request({})
    with closing(Journal(tmp_path / "cache.sqlite", shared=shared)) as cache:
        with pytest.raises(Busy):
            asyncio.run(Remembering(transport, cache).send(request))
        assert cache.heads() == Heads()
        with closing(Journal(tmp_path / "cache.sqlite", shared=shared)) as other:
            assert [asyncio.run(Remembering(transport, other).send(request)).content for _ in range(2)] == [
                "yes",
                "yes",
            ]
    assert transport.sent == 2


ONE = """
import os, signal, sys
from extractor import Extractor
from tests.pipeline.test_cache import TEXT, Ticket
def die(event):
    if event.kind == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
with Extractor(cache=sys.argv[1], rpm=None, listeners=(die,)) as extractor:
    print(extractor.extract(Ticket, TEXT).usage.cost_usd)
"""


def process(emulator: Emulator, cache: Path, *, dies_at: str = "") -> subprocess.Popen[str]:
    place = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
    environment = {**os.environ, **place, "EXTRACTOR_BASE_URL": emulator.base_url}
    command = [sys.executable, "-c", ONE, str(cache), dies_at]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_reply_is_kept_before_it_is_used(emulator: Emulator, tmp_path: Path) -> None:
    """A process that is killed as soon as it hears of its reply has paid for it once and for all."""
    killed = process(emulator, tmp_path / "cache.sqlite", dies_at="reply")
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert in_threads(emulator, tmp_path / "cache.sqlite").usage.cost_usd == 0
    assert len(emulator.requests) == 1


def test_processes_share_a_cache(tmp_path: Path) -> None:
    """Of several that ask the same at the same time one pays, and the others have its reply."""
    with Emulator(answer, latency=1.0) as emulator:
        running = [process(emulator, tmp_path / "cache.sqlite") for _ in range(3)]
        costs = [float(one.communicate(timeout=60)[0]) for one in running]
        assert len(emulator.requests) == 1
    assert sorted(cost > 0 for cost in costs) == [False, False, True]


def test_a_killed_holder_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that its process no longer renews runs out; what it had reserved was perhaps paid."""
    monkeypatch.setattr(journal, "_LEASE_SECONDS", 0.3)
    monkeypatch.setattr(journal, "_RENEWED_SECONDS", 0.1)
    path = tmp_path / "cache.sqlite"
    with closing(Journal(path, shared=True)) as alive, closing(Journal(path, shared=True)) as other:
        assert alive.claim("a")
        alive.reserve("a", 500)
        time.sleep(0.6)
        assert not other.claim("a")
        alive._closed.set()  # no longer renewed, as if killed
        time.sleep(0.6)
        assert other.claim("a")
        assert other.heads().perhaps == 500


def test_who_may_ask(tmp_path: Path) -> None:
    """Nobody may while it is asked, in this process or another; nobody need once there is a reply."""
    path = tmp_path / "cache.sqlite"
    with closing(Journal(path, shared=True)) as one, closing(Journal(path, shared=True)) as other:
        assert one.claim("a")
        assert not one.claim("a")
        assert not other.claim("a")
        one.release("a")
        assert other.claim("a")
        other.put("a", Reply("yes")).result()
        assert not one.claim("a")


def test_a_question_stays_taken_between_two_attempts(tmp_path: Path) -> None:
    """A request that failed is sent again by whoever took the question: nobody else may pay for it in between."""
    path = tmp_path / "cache.sqlite"
    with closing(Journal(path, shared=True)) as one, closing(Journal(path, shared=True)) as other:
        assert one.claim("a")
        one.reserve("a", 5)
        one.settle("a", perhaps=5)
        assert not other.claim("a")
        one.release("a")
        assert other.claim("a")
        assert other.heads().perhaps == 5


def test_two_who_paid_for_one_question(tmp_path: Path) -> None:
    """Where it still happens the first reply stays, and the second was paid for nothing, and is booked so."""
    with closing(Journal(tmp_path / "cache.sqlite", shared=True)) as cache:
        for content in ("first", "second"):
            cache.put("a", Reply(content, usage=Usage(1, 0, 1, 0.25))).result()
        stored = cache.get("a")
        assert stored is not None
        assert stored.content == "first"
        assert (cache.heads().paid, cache.heads().lost) == (nano(0.25), nano(0.25))


class Dripping(BaseHTTPRequestHandler):
    """Begins a stream, with the first half of an answer if `begins`, and waits until the client has gone."""

    begins = True
    gone: Event

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        if self.begins:
            delta = {"index": 0, "delta": {"content": '{"seats": 2, "price": "AU'}, "finish_reason": None}
            self.wfile.write(b"data: " + json.dumps({"choices": [delta]}).encode() + b"\n\n")
        self.connection.settimeout(30)
        with suppress(TimeoutError):
            if not self.connection.recv(1):
                self.gone.set()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def dripping(*, begins: bool) -> Iterator[tuple[dict[str, Any], Event]]:
    gone = Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Dripping,), {"begins": begins, "gone": gone}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield {"base_url": f"http://127.0.0.1:{server.server_port}", "account_id": "a", "token": "t"}, gone
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_stream_that_is_left_pays_no_longer(tmp_path: Path) -> None:
    """Leaving after the first piece ends the request at once; what it may have cost is booked."""
    with dripping(begins=True) as (place, gone), Extractor(**place, cache=tmp_path / "cache.sqlite") as extractor:
        for partial in extractor.stream(Ticket, TEXT):
            assert partial.data["seats"] == 2
            break
        assert gone.wait(10)
    assert_perhaps_paid(tmp_path / "cache.sqlite")


@pytest.mark.parametrize("begins", [True, False])
def test_a_stream_that_is_left_in_a_task_pays_no_longer(begins: bool, tmp_path: Path) -> None:
    """There it can be left before the first piece as well."""

    async def read(stream: AsyncIterator[Partial[Any]]) -> None:
        async for partial in stream:
            assert partial.data["seats"] == 2

    async def leave(place: dict[str, Any]) -> None:
        async with (
            AsyncExtractor(**place, cache=tmp_path / "cache.sqlite") as extractor,
            aclosing(extractor.stream(Ticket, TEXT)) as stream,
        ):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(read(stream), 1.0)

    with dripping(begins=begins) as (place, gone):
        asyncio.run(leave(place))
        assert gone.wait(10)
    assert_perhaps_paid(tmp_path / "cache.sqlite")


def assert_perhaps_paid(path: Path) -> None:
    with closing(Journal(path, shared=True)) as cache:
        heads = cache.heads()
    assert heads.perhaps > 0
    assert (heads.paid, heads.lost, heads.reserved) == (0, 0, 0)


def test_an_extractor_with_a_cache_travels(emulator: Emulator, tmp_path: Path) -> None:
    """It pickles as its configuration, the place of the cache among it."""
    with Extractor(**where(emulator, tmp_path / "cache.sqlite")) as extractor:
        extractor.extract(Ticket, TEXT)
        with pickle.loads(pickle.dumps(extractor)) as arrived:
            assert arrived.extract(Ticket, TEXT).usage.cost_usd == 0


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("missing/cache.sqlite", UsageError, "cannot be opened"),
        ("notes.txt", StorageError, "name another file for the cache"),
    ],
)
def test_a_cache_that_cannot_be_opened(
    name: str, kind: type[Exception], says: str, emulator: Emulator, tmp_path: Path
) -> None:
    """Is told in one line before anything is asked."""
    (tmp_path / "notes.txt").write_text("These are no replies. " * 100)
    with Extractor(**where(emulator, tmp_path / name)) as extractor, pytest.raises(kind, match=says):
        extractor.extract(Ticket, TEXT)
    assert not emulator.requests
