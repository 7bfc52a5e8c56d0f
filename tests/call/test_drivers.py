"""Both drivers give a flow what it asks for, much of it at once, and stop everything when one part fails."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from extractor.call.drivers import adrive, drive
from extractor.call.effects import Flow, Now, Run, Send, Together, Wait
from extractor.emulator.server import Emulator
from extractor.errors import Busy
from extractor.wire.values import Reply, Request


@pytest.fixture(autouse=True)
def _no_waits() -> None:
    """Here waits are real."""


class Echo:
    """Answers each request with its own text; "bad" is refused."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, request: Request) -> Reply:
        text = request.body["text"]
        self.asked.append(text)
        if text == "bad":
            raise Busy("busy")
        return Reply(text)


class AsyncEcho(Echo):
    async def send(self, request: Request) -> Reply:  # type: ignore[override]
        return super().send(request)


def _sync(flow: Flow[Any], echo: Echo | None = None) -> Any:
    return drive(flow, echo or Echo(), workers=4)


def _alone(flow: Flow[Any], echo: Echo | None = None) -> Any:
    return drive(flow, echo or Echo(), workers=1)


def _async(flow: Flow[Any], echo: Echo | None = None) -> Any:
    twin = AsyncEcho()
    if echo is not None:
        twin.asked = echo.asked
    return asyncio.run(adrive(flow, twin))


Driver = Callable[..., Any]
every_driver = pytest.mark.parametrize("driver", [_sync, _alone, _async])


def _say(text: str) -> Flow[str]:
    reply = yield Send(Request({"text": text}))
    return reply.content


def _tree(depth: int) -> Flow[int]:
    if depth == 0:
        yield from _say("leaf")
        return 1
    counts = yield Together(tuple(_tree(depth - 1) for _ in range(4)))
    return sum(counts)


@every_driver
def test_effects_resume_with_what_they_promise(driver: Driver) -> None:
    """Send resumes with a reply, Wait with None, Run with a result, Now with a time that goes forward."""

    def flow() -> Flow[tuple[Any, ...]]:
        before = yield Now()
        said, waited, ran = (yield Send(Request({"text": "hi"}))), (yield Wait(0)), (yield Run(lambda: 7))
        return said.content, waited, ran, (yield Now()) >= before

    assert driver(flow()) == ("hi", None, 7, True)


@every_driver
def test_results_keep_the_order_of_the_flows(driver: Driver) -> None:
    """Together gives the results in the order of its flows, whoever ends first."""

    def flow() -> Flow[list[str]]:
        return (yield Together(tuple(_say(str(number)) for number in range(50))))

    assert driver(flow()) == [str(number) for number in range(50)]


@every_driver
def test_nested_together_never_deadlocks(driver: Driver) -> None:
    """Flows that wait for flows that wait for flows end, however few the threads are."""
    assert driver(_tree(4)) == 4**4


@every_driver
def test_errors_are_raised_at_the_yield(driver: Driver) -> None:
    """A flow can catch what its effects raise and go on."""

    def flow() -> Flow[str]:
        try:
            yield Send(Request({"text": "bad"}))
        except Busy:
            return (yield from _say("again"))
        return "never"

    assert driver(flow()) == "again"


@every_driver
def test_an_error_of_one_is_that_of_all(driver: Driver) -> None:
    """Together raises what one of its flows let through, not the stop that its siblings saw."""

    def flow() -> Flow[None]:
        yield Together((_say("good"), _both("good", "bad"), _say("good")))

    with pytest.raises(Busy):
        driver(flow())


def _both(*texts: str) -> Flow[list[str]]:
    return (yield Together(tuple(_say(text) for text in texts)))


@pytest.mark.parametrize("driver", [_sync, _async])
def test_siblings_of_a_failure_are_stopped(driver: Driver) -> None:
    """A flow that waits for an hour ends at once, cleaning up, when a sibling fails."""
    cleaned: list[str] = []

    def patient() -> Flow[None]:
        try:
            yield Wait(3600)
            yield Send(Request({"text": "too late"}))
        finally:
            cleaned.append("patient")

    def flow() -> Flow[None]:
        yield Together((patient(), _say("bad")))

    echo = Echo()
    with pytest.raises(Busy):
        driver(flow(), echo)
    assert cleaned == ["patient"]
    assert echo.asked == ["bad"]


@every_driver
def test_async_functions_are_awaited(driver: Driver) -> None:
    """Run gives the result of an async function, not its coroutine."""

    async def slow() -> int:
        await asyncio.sleep(0)
        return 3

    def flow() -> Flow[int]:
        return (yield Run(slow))

    assert driver(flow()) == 3


def test_no_more_threads_than_workers() -> None:
    """With three workers, no more than three flows are ever at work, the caller's thread among them."""
    at_work, most, lock, meet = 0, 0, threading.Lock(), threading.Barrier(3)

    def work() -> None:
        nonlocal at_work, most
        with lock:
            at_work, most = at_work + 1, max(most, at_work + 1)
        meet.wait(10)
        with lock:
            at_work -= 1

    def flow() -> Flow[None]:
        def one() -> Flow[None]:
            yield Run(work)

        yield Together(tuple(one() for _ in range(12)))

    drive(flow(), Echo(), workers=3)
    assert most == 3


def test_cancelling_the_task_cleans_up_every_flow() -> None:
    """A cancelled task closes the flow that it drove and all that the flow began."""
    closed: list[str] = []

    def child(name: str) -> Flow[None]:
        try:
            yield Wait(3600)
        finally:
            closed.append(name)

    async def run() -> None:
        def flow() -> Flow[None]:
            yield Together((child("a"), child("b")))

        task = asyncio.create_task(adrive(flow(), AsyncEcho()))
        while not task.done():
            await asyncio.sleep(0)
            if len(asyncio.all_tasks()) == 4:
                await asyncio.sleep(0)
                task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert sorted(closed) == ["a", "b"]


def test_an_async_function_is_awaited_beside_a_running_loop() -> None:
    """The driver of threads does so also in the thread of an event loop, as in a notebook."""

    async def seven() -> int:
        await asyncio.sleep(0)
        return 7

    def flow() -> Flow[int]:
        return (yield Run(seven))  # type: ignore[no-any-return]

    async def notebook() -> int:
        return _alone(flow())  # type: ignore[no-any-return]

    assert asyncio.run(notebook()) == 7


INTERRUPTED = """
import sys
from extractor.call.drivers import drive
from extractor.call.effects import Send, Together
from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport
from extractor.call.limits import Limits
from extractor.wire.values import Request


def one(number):
    return (yield Send(Request({"messages": [{"role": "user", "content": str(number)}], "max_tokens": 9})))


def flow():
    return (yield Together(tuple(map(one, range(4)))))


limits = Limits()
with HttpTransport(Endpoint(*sys.argv[1:]), limits=limits) as transport:
    try:
        drive(flow(), transport, workers=4)
    except KeyboardInterrupt:
        print("interrupted", limits._out)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one process on Windows")
def test_an_interrupt_waits_for_no_reply() -> None:
    """Ctrl-C ends the requests of all threads while they are in flight, and settles each."""
    with Emulator(lambda body: "late", latency=300.0) as emulator:
        place = [emulator.base_url, emulator.account_id, emulator.token, emulator.model]
        process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, *place], stdout=-1, stderr=-1, text=True)
        while len(emulator.requests) < 4 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)
        assert emulator.served == 0
    assert said == ("interrupted 0\n", "")
