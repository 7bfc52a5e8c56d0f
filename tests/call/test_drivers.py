"""A flow is given what it asks for, much of it at once, and stop everything when one part fails."""

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

from extractor.call.background import Background, Job
from extractor.call.effects import Flow, Now, Run, Send, Together, Wait, drive
from extractor.emulator.server import Emulator
from extractor.errors import Busy
from extractor.wire.values import Reply, Request


@pytest.fixture(autouse=True)
def _no_waits() -> None:
    """Here waits are real."""


class Echo:
    """Answers each request with its own text; "bad" is refused."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, request: Request) -> Reply:
        text = request.body["text"]
        self.sent.append(text)
        if text == "bad":
            raise Busy("busy")
        return Reply(text)


def _run(flow: Flow[Any], echo: Echo | None = None) -> Any:
    return asyncio.run(drive(flow, echo or Echo()))


def _say(text: str) -> Flow[str]:
    reply = yield Send(Request({"text": text}))
    return reply.content


def _tree(depth: int) -> Flow[int]:
    if depth == 0:
        yield from _say("leaf")
        return 1
    counts = yield Together(tuple(_tree(depth - 1) for _ in range(4)))
    return sum(counts)


def test_effects_resume_with_what_they_promise() -> None:
    """Send resumes with a reply, Wait with None, Run with a result, Now with a time that goes forward."""

    def flow() -> Flow[tuple[Any, ...]]:
        before = yield Now()
        answer, waited, ran = (yield Send(Request({"text": "hi"}))), (yield Wait(0)), (yield Run(lambda: 7))
        return answer.content, waited, ran, (yield Now()) >= before

    assert _run(flow()) == ("hi", None, 7, True)


def test_results_keep_the_order_of_the_flows() -> None:
    """Together gives the results in the order of its flows, whoever ends first."""

    def flow() -> Flow[list[str]]:
        return (yield Together(tuple(_say(str(number)) for number in range(50))))

    assert _run(flow()) == [str(number) for number in range(50)]


def test_nested_together_never_deadlocks() -> None:
    """Flows that wait for flows that wait for flows end, however many they are."""
    assert _run(_tree(4)) == 4**4


def test_errors_are_raised_at_the_yield() -> None:
    """A flow can catch what its effects raise and go on."""

    def flow() -> Flow[str]:
        try:
            yield Send(Request({"text": "bad"}))
        except Busy:
            return (yield from _say("again"))
        return "never"

    assert _run(flow()) == "again"


def test_a_function_that_ends_an_iteration_ends() -> None:
    """Its StopIteration is an error like any other, as in a generator: nobody waits for its result forever."""

    def flow() -> Flow[Any]:
        return (yield Run(lambda: next(iter(()))))

    with pytest.raises(RuntimeError, match="StopIteration"):
        _run(flow())


def test_an_error_of_one_is_that_of_all() -> None:
    """Together raises what one of its flows let through, not the stop that its siblings saw."""

    def flow() -> Flow[None]:
        yield Together((_say("good"), _both("good", "bad"), _say("good")))

    with pytest.raises(Busy):
        _run(flow())


def _both(*texts: str) -> Flow[list[str]]:
    return (yield Together(tuple(_say(text) for text in texts)))


def test_siblings_of_a_failure_are_stopped() -> None:
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
        _run(flow(), echo)
    assert cleaned == ["patient"]
    assert echo.sent == ["bad"]


def test_async_functions_are_awaited() -> None:
    """Run gives the result of an async function, not its coroutine."""

    async def slow() -> int:
        await asyncio.sleep(0)
        return 3

    def flow() -> Flow[int]:
        return (yield Run(slow))

    assert _run(flow()) == 3


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

        task = asyncio.create_task(drive(flow(), Echo()))
        while not task.done():
            await asyncio.sleep(0)
            if len(asyncio.all_tasks()) == 4:
                await asyncio.sleep(0)
                task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert sorted(closed) == ["a", "b"]


def _cancelled() -> None:
    raise asyncio.CancelledError


async def _cancelled_too() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("function", [_cancelled, _cancelled_too])
def test_a_function_that_raises_a_cancellation_cancels_nothing(function: Callable[[], Any]) -> None:
    """Nobody cancelled the flow: it is an error of the function, like any other."""

    def flow() -> Flow[Any]:
        return (yield Run(function))

    with pytest.raises(RuntimeError, match="CancelledError"):
        _run(flow())


def test_a_task_that_was_cancelled_before_can_still_ask() -> None:
    """Cleaning up after a cancellation may send a request: only a cancellation during the flow ends it."""

    async def work() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return await drive(_say("bye"), Echo())
        return "not cancelled"

    async def main() -> str:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(main()) == "bye"


def test_work_in_the_background_of_a_running_loop() -> None:
    """Code that has a loop of its own, as in a notebook, may wait for work on another one."""

    async def notebook() -> int:
        background = Background()
        try:
            return background.run(drive(_tree(2), Echo()))
        finally:
            background.close()

    assert asyncio.run(notebook()) == 4**2


def test_a_background_can_be_closed_from_its_own_loop() -> None:
    """Where the last thing in flight closes it, it waits for nothing, and its thread ends by itself."""
    background = Background()

    async def last() -> threading.Thread:
        background.close()
        return threading.current_thread()

    thread = background.run(last())
    thread.join()
    background.close()
    assert not thread.is_alive()


def test_what_is_closed_lets_the_work_in_flight_end() -> None:
    """Closing a background waits for what was begun on it, and its thread is gone afterwards."""
    background, go = Background(), threading.Event()

    def flow() -> Flow[str]:
        yield Run(lambda: go.wait(10))
        return (yield from _say("late"))

    job = Job[str]()
    background.begin(job, drive(flow(), Echo()))
    threading.Timer(0.05, go.set).start()
    background.close()
    assert job.result() == "late"
    assert not [thread for thread in threading.enumerate() if thread.name == "extractor"]


INTERRUPTED = """
import sys
from extractor.call.background import Background
from extractor.call.effects import drive
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
background, transport = Background(), HttpTransport(Endpoint(*sys.argv[1:]), limits=limits)
try:
    background.run(drive(flow(), transport))
except KeyboardInterrupt:
    print("interrupted", limits._out)
background.run(transport.aclose())
background.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one process on Windows")
def test_an_interrupt_waits_for_no_reply() -> None:
    """Ctrl-C ends all requests in the background while they are in flight, and settles each."""
    with Emulator(lambda body: "late", latency=300.0) as emulator:
        place = [emulator.base_url, emulator.account_id, emulator.token, emulator.model]
        process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, *place], stdout=-1, stderr=-1, text=True)
        while len(emulator.requests) < 4 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        answer = process.communicate(timeout=20)
        assert emulator.served == 0
    assert answer == ("interrupted 0\n", "")
