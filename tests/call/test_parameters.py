"""Every parameter of the model's published request, from the options through the transport to the service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from extractor.call.conversation import Asking, Settings, converse
from extractor.call.effects import drive
from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport
from extractor.emulator.server import Emulator
from extractor.wire.options import Options
from extractor.wire.parameters import PARAMETERS
from extractor.wire.values import Request
from tests.call.kit import over_http
from tests.call.test_conversation import GOOD, SCHEMA, TEXT
from tests.kit import check_request
from tests.wire.test_options import ASK, TAKEN

ALL: dict[str, list[dict[str, Any]]] = {
    **{name: [{name: value} for value in values] for name, values in TAKEN.items()},
    # The ends of their range leave no room for an answer, or for the question.
    "max_completion_tokens": [{"max_completion_tokens": 4096}],
    "max_tokens": [{"max_tokens": 4096}],
    "options": [{"reject_if_busy": True}, {"reject_if_busy": False}],
    "top_logprobs": [{"logprobs": True, "top_logprobs": 0}, {"logprobs": True, "top_logprobs": 20}],
}
CASES = [pytest.param(name, value, id=f"{name}-{number}") for name in ALL for number, value in enumerate(ALL[name])]

OWN = {"messages", "model", "prompt", "requests", "response_format", "tools"}
"""The question, its format and its tools are the conversation's; the address names the model."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(reply=lambda body: GOOD) as emulator:
        yield emulator


def _endpoint(emulator: Emulator) -> Endpoint:
    return Endpoint(emulator.base_url, emulator.account_id, emulator.token, emulator.model)


async def _queue(endpoint: Endpoint, body: dict[str, Any]) -> None:
    async with HttpTransport(endpoint) as transport:
        assert (await transport.queue(body)).request_id


def test_every_parameter_is_in_the_table() -> None:
    """What the published schema names is what is tried below."""
    assert ALL.keys() == PARAMETERS.keys()


@pytest.mark.parametrize(("name", "value"), CASES)
def test_on_the_wire(name: str, value: dict[str, Any], emulator: Emulator) -> None:
    """The service receives each value under its published name, just as it was set, and takes it."""
    body = Options(**value).body()
    if not body.keys() & {"messages", "prompt", "requests"}:
        body["messages"] = ASK
    if name == "requests":
        asyncio.run(_queue(_endpoint(emulator), body))
    else:
        over_http(_endpoint(emulator), lambda transport: transport.send(Request(body)))
    received = emulator.requests[-1]
    assert (received.status, received.body[name]) == (200, body[name])
    assert check_request(received.body) == ()


@pytest.mark.parametrize(("name", "value"), [case for case in CASES if case.values[0] not in OWN])
def test_in_a_conversation(name: str, value: dict[str, Any], emulator: Emulator) -> None:
    """An extraction sends it as it was set, with the rest of a thinking switch beside it, and reads the answer."""
    options = Options(**value)
    flow = converse(Asking(SCHEMA, TEXT), Settings(model="m", options=options))
    answer = over_http(_endpoint(emulator), lambda transport: drive(flow, transport))
    sent, wanted = emulator.requests[-1].body[name], options.body()[name]
    assert (sent | wanted if isinstance(wanted, dict) else wanted) == sent
    assert (answer.value, answer.problems) == (GOOD, ())
