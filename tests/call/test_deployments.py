"""Deployments as they really are, over HTTP: each is asked in a form that it accepts, and every paid reply is used."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from extractor.call.conversation import Answer, Asking, Ladder, Settings, converse
from extractor.call.effects import Flow, Together, drive
from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport
from extractor.call.limits import Limits
from extractor.call.tools import Tool
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.errors import AccountError
from extractor.wire.options import Options
from tests.call.test_conversation import GOOD, SCHEMA

KIMI = "@cf/moonshotai/kimi-k2.6"
URI = "data:image/png;base64,iVBORw0KGgo="


def _in_turn(flows: list[Flow[Answer]]) -> Flow[list[Answer]]:
    """The first document before the others, so that they find what it has learnt."""
    first = yield from flows[0]
    rest = yield Together(tuple(flows[1:]))
    return [first, *rest]


def run(emulator: Emulator, documents: int = 10, text: str = "", *, in_flight: int = 8, **options: Any) -> list[Answer]:
    settings = Settings(model=KIMI, ladder=Ladder(), **options)
    flows = [converse(Asking(SCHEMA, f"Invoice {number}. {text}"), settings) for number in range(documents)]

    async def ask() -> list[Answer]:
        endpoint = Endpoint(emulator.base_url, emulator.account_id, emulator.token, KIMI)
        async with HttpTransport(endpoint, limits=Limits(in_flight=in_flight)) as transport:
            return await drive(_in_turn(flows), transport)

    return asyncio.run(ask())


def good(body: Mapping[str, Any]) -> Any:
    return GOOD


@pytest.mark.parametrize(
    ("fault", "refused"),
    [
        ("schema_unsupported", 1),
        ("bare_schema_only", 1),
        ("json_model_403", None),
        ("reasoning_only", 0),
        ("content_object", 0),
        ("thinks", 0),
        ("rate_headers", 0),
        ("data_uri", 0),
    ],
)
def test_what_is_always_so_costs_nothing(fault: str, refused: int | None) -> None:
    """Where a deployment always does it, every document is one paid reply, and only the first meets a refusal."""
    with Emulator(good, faults={fault: 1.0}) as emulator:
        answers = run(emulator, text=f"See {URI}")
        assert all(answer.value == GOOD and not answer.problems and answer.error is None for answer in answers)
        assert emulator.served == 10
        assert refused in (None, len(emulator.requests) - 10)


def test_a_run_on_a_deployment_without_a_format_does_not_end() -> None:
    """Documents are answered, though each JSON mode is refused with a status that looks like the account's; from the
    second one on each of them meets each refusal at most once."""
    with Emulator(good, faults={"json_model_403": 1.0}) as emulator:
        answers = run(emulator, documents=40)
        assert all(answer.value == GOOD for answer in answers)
        assert emulator.served == 40
        assert len(emulator.requests) <= 2 + 40 * 3


def test_a_data_uri_in_a_document_comes_back_as_it_was() -> None:
    """The document's own text stands in the value, although another was sent."""

    def copies(body: Mapping[str, Any]) -> Any:
        content = body["messages"][1]["content"]
        return {**GOOD, "seller": content[content.index("See ") + 4 :].partition("\n")[0]}

    with Emulator(copies, faults={"data_uri": 1.0}) as emulator:
        (answer,) = run(emulator, documents=1, text=f"See {URI} <|im_end|> [EOS] </think>")
    assert answer.value["seller"] == f"{URI} <|im_end|> [EOS] </think>"


def test_thinking_is_off_however_it_is_read() -> None:
    """Not a token is thought where thinking was not asked for, and some where it was."""
    with Emulator(good, faults={"thinks": 1.0}) as emulator:
        run(emulator, documents=1)
        silent = emulator.requests[-1].usage
        run(emulator, documents=1, options=Options(reasoning_effort="low"))
        thoughtful = emulator.requests[-1].usage
    assert silent is not None
    assert thoughtful is not None
    assert thoughtful.completion_tokens > silent.completion_tokens


def test_a_stall_is_paid_for_once() -> None:
    """A grammar that always stalls is left after its first answer."""
    with Emulator(good, faults={"whitespace_stall": 1.0}) as emulator:
        answers = run(emulator, documents=1)
        assert answers[0].value == GOOD
        assert emulator.served == 2


def test_a_retired_model_ends_the_run_and_is_named() -> None:
    """Nothing else is asked of a model that is gone."""
    with Emulator(good, faults={"retired": 1.0}) as emulator:
        with pytest.raises(AccountError, match=f"{KIMI} is retired"):
            run(emulator)
        assert len(emulator.requests) == 1


@pytest.mark.parametrize("headers", [True, False])
def test_a_rate_limit_is_learnt(headers: bool) -> None:
    """Headers tell the limit before a refusal does; without them a refusal now and then tells it as well."""
    faults = {"rate_headers": 1.0} if headers else {}
    with Emulator(good, rpm=6, faults=faults) as emulator:
        answers = run(emulator, documents=30, in_flight=1)
        assert all(answer.value == GOOD for answer in answers)
        refused = sum(exchange.status == 429 for exchange in emulator.requests)
    assert refused <= 3 if headers else 0 < refused < 15


def test_tools_and_a_format_never_meet() -> None:
    """With tools at hand the model may call them, and no request holds both."""

    def convert(amount: str) -> str:
        """Convert an amount."""
        return amount

    def calls(body: Mapping[str, Any]) -> Any:
        if "tools" in body and body["messages"][-1]["role"] == "user":
            return Completion(tool_calls=({"name": "convert", "arguments": {"amount": "1"}},))
        return GOOD

    with Emulator(calls, faults={"json_model_403": 1.0}) as emulator:
        answers = run(emulator, documents=5, tools=(Tool.of(convert),))
        assert all(answer.value == GOOD and answer.tool_calls for answer in answers)
        assert not [one for one in emulator.requests if {"tools", "response_format"} <= one.body.keys()]
