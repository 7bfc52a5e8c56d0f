"""Streams frame by frame, and the batch queue from submission to the last poll."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.wire.models import ModelEntry
from tests.emulator.kit import Client, asking, error, frames

VALUE = {"number": "A-17", "total": "3.50", "note": "paid in cash"}
CALLS = ({"name": "rate", "arguments": {"to": "EUR"}}, {"name": "look", "arguments": {"id": "A-17"}})


def content(sent: list[Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for frame in sent[:-1] for choice in frame["choices"])


@pytest.mark.parametrize("route", ["native", "openai"])
def test_a_stream_adds_up_to_the_answer(route: str) -> None:
    """Both routes send the same frames: deltas, then finish_reason and usage, then [DONE]."""
    with Emulator(lambda body: VALUE) as emulator, Client(emulator) as client:
        response = getattr(client, route)(asking(stream=True))
        whole = client.native(asking()).json()["result"]
    sent = frames(response)
    assert response.headers["content-type"] == "text/event-stream"
    assert content(sent) == whole["choices"][0]["message"]["content"]
    assert sent[-1] == "[DONE]"
    assert sent[-2]["choices"][0]["finish_reason"] == "stop"
    assert sent[-2]["usage"] == whole["usage"]
    assert all(frame["choices"][0]["finish_reason"] is None for frame in sent[:-2])


def test_a_stream_of_tool_calls() -> None:
    """The first delta of a call has its id and name, the next ones its arguments, the last nothing."""
    with Emulator(lambda body: Completion(None, tool_calls=CALLS)) as emulator, Client(emulator) as client:
        sent = frames(client.native(asking(stream=True)))
    deltas = [frame["choices"][0]["delta"]["tool_calls"][0] for frame in sent[:-2]]
    first = [delta for delta in deltas if delta["index"] == 0]
    assert first[0] == {"id": "functions.rate:0", "type": "function", "index": 0, "function": {"name": "rate"}}
    assert "".join(delta["function"].get("arguments") or "" for delta in first) == '{"to":"EUR"}'
    assert first[-1] == {"id": None, "type": None, "index": 0, "function": {"name": None}}
    assert {delta["index"] for delta in deltas} == {0, 1}
    assert sent[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_reasoning_streams_before_the_content() -> None:
    """Deltas of reasoning come first, with no content in them."""
    with Emulator(lambda body: Completion("yes", reasoning="Let me see.")) as emulator, Client(emulator) as client:
        sent = frames(client.native(asking(stream=True)))
    assert sent[0]["choices"][0]["delta"] == {"content": None, "reasoning": "Let me see."}
    assert content(sent) == "yes"


def submit(client: Client, count: int = 3) -> str:
    items = [asking(f"document {number}", external_reference=f"row-{number}") for number in range(count)]
    result = client.batch({"requests": items}).json()["result"]
    assert result["status"] == "queued"
    return str(result["request_id"])


def poll(client: Client, request_id: str) -> dict[str, Any]:
    result: dict[str, Any] = client.batch({"request_id": request_id}).json()["result"]
    return result


def finished(client: Client, request_id: str) -> tuple[dict[str, Any], int]:
    """The result of a batch and how many polls it took; the polls themselves give the server its turns."""
    for polls in range(1, 1000):
        result = poll(client, request_id)
        if "status" not in result:
            return result, polls
    raise AssertionError("the batch never ended")


def test_a_batch_from_submission_to_its_answers() -> None:
    """A batch answers each item under its own reference, and adds up what they are billed."""
    with Emulator(lambda body: {"seen": body["messages"][0]["content"]}) as emulator, Client(emulator) as client:
        request_id = submit(client)
        result, _ = finished(client, request_id)
        assert finished(client, request_id)[0] == result
        assert emulator.usage.prompt_tokens == result["usage"]["prompt_tokens"]
    items = result["responses"]
    assert [(item["id"], item["external_reference"], item["success"]) for item in items] == [
        (number, f"row-{number}", True) for number in range(3)
    ]
    answers = [item["result"]["choices"][0]["message"]["content"] for item in items]
    assert answers == [f'{{"seen":"document {number}"}}' for number in range(3)]


def test_a_batch_is_running_until_its_last_item() -> None:
    """While items are being answered a poll says queued, then running."""
    release = asyncio.Event()
    loops = []

    async def answer(body: Any) -> str:
        loops.append(asyncio.get_running_loop())
        await release.wait()
        return "done"

    with Emulator(answer) as emulator, Client(emulator) as client:
        request_id = submit(client, 1)
        assert [poll(client, request_id)["status"] for _ in range(3)] == ["queued", "running", "running"]
        loops[0].call_soon_threadsafe(release.set)
        assert finished(client, request_id)[0]["responses"][0]["success"] is True


def test_batches_with_faults() -> None:
    """The list has another name, another order, failed items, or takes its time: each by its own switch."""
    for fault, seen in {
        "batch_results": lambda result, polls: "results" in result,
        "batch_shuffled": lambda result, polls: [item["id"] for item in result["responses"]] != list(range(8)),
        "batch_item": lambda result, polls: not any(item["success"] for item in result["responses"]),
        "batch_slow": lambda result, polls: polls > 5,
    }.items():
        with Emulator(lambda body: VALUE, faults={fault: 1.0}, seed=3) as emulator, Client(emulator) as client:
            assert seen(*finished(client, submit(client, 8))), fault


def test_batches_that_are_refused() -> None:
    """A batch that is too large, holds no question, or was never submitted is refused as such."""
    with Emulator(lambda body: VALUE) as emulator, Client(emulator) as client:
        assert error(client.batch({"requests": [asking("x" * 10_000_000)]}))[:2] == (413, 3006)
        assert error(client.batch({"requests": [{"external_reference": "a"}]}))[:2] == (400, 5006)
        assert error(client.batch(asking()))[:2] == (400, 5006)
        assert error(client.batch({"request_id": "never"}))[:2] == (400, 5006)
        assert emulator.served == 0


def test_a_refused_item_leaves_the_others() -> None:
    """An item that the engine refuses fails alone."""
    with Emulator(lambda body: VALUE) as emulator, Client(emulator) as client:
        items = [asking(external_reference="good"), asking(external_reference="bad", temperature=9)]
        request_id = client.batch({"requests": items}).json()["result"]["request_id"]
        sent = {item["external_reference"]: item for item in finished(client, request_id)[0]["responses"]}
    assert sent["good"]["success"] is True
    assert (sent["bad"]["success"], sent["bad"]["errors"][0]["code"]) == (False, 8001)


def test_a_client_that_leaves_in_the_middle_of_a_stream() -> None:
    """A stream that nobody reads to its end does not disturb the next request."""
    with Emulator(lambda body: "word " * 5000) as emulator, Client(emulator) as client:
        with client.stream("POST", "run/@cf/moonshotai/kimi-k2.6", json=asking(stream=True, max_tokens=9000)) as opened:
            next(opened.iter_raw())
        assert isinstance(client.native(asking()), httpx.Response)


def test_a_batch_may_be_forgotten() -> None:
    """A batch that was taken may be unknown when it is polled for, and its requests were billed."""
    with Emulator(lambda body: VALUE, faults={"batch_forgotten": 1.0}) as emulator, Client(emulator) as client:
        assert error(client.batch({"request_id": submit(client)}))[:2] == (400, 5006)
        assert emulator.requests[0].faults == ("batch_forgotten",)


def test_a_queue_may_be_withdrawn() -> None:
    """Where the catalogue says that a model takes no batches, none is taken."""
    entry = ModelEntry(name="@cf/moonshotai/kimi-k2.6", batch=False)
    with Emulator(lambda body: VALUE, entry=entry) as emulator, Client(emulator) as client:
        assert error(client.batch({"requests": [asking()]}))[:2] == (400, 5006)
        (row,) = client.get("models/search?search=kimi-k2.6").json()["result"]
        assert {"property_id": "async_queue", "value": "false"} in row["properties"]
        assert client.get("models/search?search=other").json()["result"] == []


@pytest.mark.parametrize("fault", ["usage_list", "usage_words", "usage_text", "no_usage"])
def test_a_batch_counts_what_was_billed(fault: str) -> None:
    """The usage of a batch is what its items cost, whatever their replies tell of it."""
    with Emulator(lambda body: "yes", faults={fault: 1.0}) as emulator, Client(emulator) as client:
        result, _ = finished(client, submit(client))
        assert result["usage"]["completion_tokens"] == emulator.usage.completion_tokens > 0
