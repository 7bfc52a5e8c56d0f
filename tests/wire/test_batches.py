"""Batches: packing under the limit, both names of the list, any order, failures item by item."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import BrokenReply, Busy, FormatRefused, Rejected, ServiceError, UsageError
from extractor.wire.batches import Batch, BatchItem, batch_bodies, parse_batch, poll_body
from extractor.wire.prices import Price
from extractor.wire.values import Reply, Usage
from tests.kit import check_request

ASK = {"messages": [{"role": "user", "content": "Hello"}]}
USAGE = {"prompt_tokens": 1_000_000, "completion_tokens": 0}
DONE = {"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}], "usage": USAGE}


def parse(result: Any, *, status: int = 200, price: Price | None = None) -> Batch:
    body = {"result": result, "success": True, "errors": [], "messages": []}
    return parse_batch(status, {}, json.dumps(body).encode(), price=price)


def test_submit() -> None:
    """Each request carries the reference that its answer is found by."""
    assert list(batch_bodies([("a", ASK), ("b", ASK)])) == [
        {"requests": [{**ASK, "external_reference": "a"}, {**ASK, "external_reference": "b"}]}
    ]
    assert list(batch_bodies([])) == []


@given(st.lists(st.integers(0, 300), max_size=30), st.integers(400, 2_000))
def test_packing(sizes: list[int], limit: int) -> None:
    """Every request is in one body, in order, and no body passes the limit."""
    requests = [(f"r{n}", {"messages": [{"role": "user", "content": "x" * size}]}) for n, size in enumerate(sizes)]
    bodies = list(batch_bodies(requests, limit=limit))
    assert [item["external_reference"] for body in bodies for item in body["requests"]] == [
        name for name, _ in requests
    ]
    assert all(len(orjson.dumps(body)) <= limit + len('{"requests":[]}') for body in bodies)
    assert all(check_request(body) == () for body in bodies)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**ASK, "stream": True}, "stream: a batch cannot carry it"),
        ({**ASK, "options": {"rejectIfBusy": True}}, "options: a batch cannot carry it"),
        ({"messages": [{"role": "user", "content": "x" * 999}]}, "row: 1,0"),
    ],
)
def test_what_cannot_be_queued(body: dict[str, Any], message: str) -> None:
    """A request that no batch takes is refused before anything is sent."""
    with pytest.raises(UsageError, match=message):
        list(batch_bodies([("row", body)], limit=900))


def test_states() -> None:
    """A batch is done once a list is there, unless it says that it still waits or runs."""
    assert poll_body("id") == {"request_id": "id"}
    assert parse({"status": "queued", "request_id": "id", "model": "m"}) == Batch("queued", "id")
    assert parse({"status": "running", "request_id": "id"}) == Batch("running", "id")
    assert parse({"responses": []}) == Batch("done")
    assert parse({"status": "running", "request_id": "id", "results": []}) == Batch("running", "id")


@pytest.mark.parametrize("name", ["responses", "results"])
def test_items_in_any_order(name: str) -> None:
    """Items are known by their reference, else by their id, else by their place, under either name of the list."""
    items = [
        {"id": 1, "success": True, "external_reference": "b", "result": DONE},
        {"id": "0", "success": True, "result": DONE},
        {"result": DONE},
    ]
    batch = parse({"status": "completed", name: items}, price=Price(1, 1, 1))
    reply = Reply(content="{}", usage=Usage(1_000_000, 0, 0, 1.0))
    assert batch == Batch(
        "done", None, (BatchItem("b", 1, reply), BatchItem(None, 0, reply), BatchItem(None, 2, reply))
    )


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({"success": False, "error": "JSON Mode couldn't be met"}, FormatRefused),
        ({"success": False, "errors": [{"code": 3040, "message": "Capacity"}]}, Busy),
        ({"success": False, "error": {"code": 5006, "message": "Bad input"}}, Rejected),
        ({"success": True, "result": None}, BrokenReply),
        ({"success": True, "result": {"choices": []}}, BrokenReply),
        ("nonsense", BrokenReply),
    ],
)
def test_failures_per_item(item: Any, error: type[ServiceError]) -> None:
    """One item that failed has its own error; the others keep their replies."""
    batch = parse({"responses": [item, {"id": 1, "success": True, "result": DONE}]})
    assert type(batch.items[0].outcome) is error
    assert isinstance(batch.items[1].outcome, Reply)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b'{"result": {"sta', BrokenReply),
        (200, b"[]", BrokenReply),
        (200, b'{"result":"queued","success":true}', BrokenReply),
        (200, b'{"result":[],"success":true}', BrokenReply),
        (429, b'{"errors":[{"code":3040,"message":"Capacity"}],"success":false}', Busy),
        (200, b'{"errors":[{"code":5006,"message":"Bad input"}],"success":false,"result":null}', Rejected),
        (200, b'{"result":{"status":"failed","request_id":"x"},"success":true}', Rejected),
    ],
)
def test_a_batch_that_failed(status: int, body: bytes, error: type[ServiceError]) -> None:
    """A submit or a poll that fails is classed like any other request."""
    with pytest.raises(error) as caught:
        parse_batch(status, {}, body, price=None)
    assert type(caught.value) is error
