"""Functions that the model may call: from their signatures, in parallel, over turns, with everything told back."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

import orjson
import pytest
from pydantic import BaseModel

from extractor.call.asking import Event
from extractor.call.conversation import Answer, Asking, Settings, converse
from extractor.call.effects import drive
from extractor.call.endpoint import Endpoint
from extractor.call.tools import Tool
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.errors import UsageError
from extractor.schema.compiler import compile_schema
from extractor.wire.options import Options
from extractor.wire.values import Reply, Request, ToolCall
from tests.call.kit import Play, driven, over_http, reply
from tests.call.test_conversation import BAD_DATE
from tests.call.test_conversation import SCHEMA as INVOICE


class Record(BaseModel):
    """What was found."""

    supplier: str
    total: Decimal


SCHEMA = compile_schema(Record)
GOOD = {"supplier": "S-1", "total": "12.50"}


class Currency(StrEnum):
    EUR = "EUR"
    GBP = "GBP"


def convert(amount: Decimal, currency: Currency, on: date | None = None) -> Decimal:
    """Convert an amount into pounds."""
    return amount * (2 if currency is Currency.EUR else 1)


async def supplier(name: str) -> dict[str, Any]:
    """Look a supplier up by name."""
    await asyncio.sleep(0)
    return {"id": "S-1", "name": name}


def broken(name: str) -> str:
    """Always fails."""
    raise LookupError(f"no {name} here")


TOOLS = tuple(map(Tool.of, (convert, supplier, broken)))


def _calls(*calls: tuple[str, Any]) -> Reply:
    made = [
        ToolCall(f"functions.{name}:{n}", name, orjson.dumps(arguments).decode())
        for n, (name, arguments) in enumerate(calls)
    ]
    return reply("", finish="tool_calls", tool_calls=tuple(made))


def _play(*outcomes: Reply, tools: tuple[Tool, ...] = TOOLS, **settings: Any) -> tuple[Answer, Play]:
    play = Play(outcomes)
    own = Settings(model="m", tools=tools, **settings)
    return play.run(converse(Asking(SCHEMA, "ACME, 6.25 EUR"), own)), play


DONE = reply(orjson.dumps(GOOD).decode())


def test_a_signature_becomes_a_declaration() -> None:
    """Name, docstring and typed parameters are what the model is told, with the defaults optional."""
    declared = TOOLS[0].declaration["function"]
    assert (declared["name"], declared["description"]) == ("convert", "Convert an amount into pounds.")
    assert set(declared["parameters"]["properties"]) == {"amount", "currency", "on"}
    assert declared["parameters"]["properties"]["currency"]["enum"] == ["EUR", "GBP"]


@pytest.mark.parametrize("function", [lambda x: x, lambda *args: args, lambda **kwargs: kwargs])
def test_a_signature_that_says_too_little_is_refused(function: Callable[..., Any]) -> None:
    """A parameter without a type, or any number of them, cannot be told to the model."""
    with pytest.raises(UsageError, match="<lambda>"):
        Tool.of(function)


def test_calls_are_made_and_their_results_told() -> None:
    """Decoded arguments go in, results go back under the ids of their calls, and the answer follows."""
    both = _calls(("convert", {"amount": "6.25", "currency": "EUR", "on": None}), ("supplier", {"name": "ACME"}))
    answer, play = _play(both, DONE)
    assert answer.value == GOOD
    assert [(call.name, call.result, call.ok) for call in answer.tool_calls] == [
        ("convert", '"12.50"', True),
        ("supplier", '{"id":"S-1","name":"ACME"}', True),
    ]
    assert [request.purpose for request in play.sent] == ["ask", "tool"]
    message, first, second = play.sent[1].body["messages"][2:]
    assert [call["id"] for call in message["tool_calls"]] == [first["tool_call_id"], second["tool_call_id"]]
    assert first["content"] == '"12.50"'


class Turns:
    """Answers with the same call of five functions, then with a record."""

    async def send(self, request: Request) -> Reply:
        if request.purpose == "tool":
            return DONE
        return _calls(*(("note", {"number": number}) for number in range(5)))


def test_calls_begin_in_order() -> None:
    """Functions are called in the order that the model named them in."""
    made: list[int] = []
    settings = Settings(model="m", tools=(Tool.of(_noting(made)),))
    for _ in range(5):
        driven(converse(Asking(SCHEMA, "ACME"), settings), Turns())
    assert made == [*range(5)] * 5


def _noting(made: list[int]) -> Callable[..., Any]:
    def note(number: int) -> str:
        """Note a number."""
        made.append(number)
        return "noted"

    return note


@pytest.mark.parametrize(
    "name", ["functions.supplier:0", "Supplier", "default_api.supplier", "mcp__shop__supplier", " supplier"]
)
def test_names_behind_prefixes_and_in_another_case(name: str) -> None:
    """A tool is called by whatever name can mean no other."""
    call = ToolCall("c", name, '{"name": "ACME"}')
    answer, _ = _play(reply("", finish="tool_calls", tool_calls=(call,)), DONE)
    assert [(each.name, each.ok) for each in answer.tool_calls] == [("supplier", True)]


def test_turns_are_chained_and_ids_stay_unique() -> None:
    """The model may call again after it was told; ids that it repeats are made unique."""
    answer, play = _play(_calls(("supplier", {"name": "A"})), _calls(("supplier", {"name": "B"})), DONE)
    ids = [call.id for call in answer.tool_calls]
    assert len(set(ids)) == 2
    assert all(name.startswith("functions.supplier:") for name in ids)
    assert len(play.sent[2].body["messages"]) == 6
    assert answer.usage.prompt_tokens == 300


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("convert", {"amount": "much", "currency": "EUR", "on": None}, "the arguments do not fit: .*@ /amount"),
        ("convert", {"amount": "1", "currency": "USD", "on": None}, "the arguments do not fit: .*@ /currency"),
        ("broken", {"name": "x"}, "LookupError: no x here"),
        ("delete_everything", {}, "there is no tool of this name; there are convert, supplier, broken"),
    ],
)
def test_what_goes_wrong_is_told_to_the_model(name: str, arguments: Any, result: str) -> None:
    """Bad arguments, a failing function and a name that was never handed over come back as text."""
    answer, play = _play(_calls((name, arguments)), DONE)
    assert answer.value == GOOD
    (call,) = answer.tool_calls
    assert not call.ok
    assert re.search(f"^error: {result}", call.result)
    assert play.sent[1].body["messages"][-1]["content"] == call.result


@pytest.mark.parametrize(
    ("arguments", "ok", "sent_back"),
    [
        ('{"name": "ACME"}', True, '{"name": "ACME"}'),
        ("{'name': 'ACME',}", True, '{"name":"ACME"}'),
        ('{"name": "AC', False, "{}"),
        ("ACME", False, "{}"),
        ('["ACME"]', False, "{}"),
        ("", False, "{}"),
    ],
)
def test_arguments_that_are_no_json_never_go_back(arguments: str, ok: bool, sent_back: str) -> None:
    """Near-JSON is mended where nothing is lost by it; the conversation goes on either way, with JSON in it."""
    call = ToolCall("functions.supplier:0", "supplier", arguments)
    answer, play = _play(reply("", finish="tool_calls", tool_calls=(call,)), DONE)
    assert answer.value == GOOD
    assert answer.tool_calls[0].ok is ok
    assert play.sent[1].body["messages"][2]["tool_calls"][0]["function"]["arguments"] == sent_back


def exits() -> str:
    """Ends the process, or so it thinks."""
    raise SystemExit(3)


async def exits_too() -> str:
    """Does the same."""
    raise SystemExit(3)


def gives_up() -> str:
    """Runs something that is cancelled."""
    raise asyncio.CancelledError


async def gives_up_too() -> str:
    """Waits for something that is cancelled."""
    task = asyncio.create_task(asyncio.sleep(60))
    task.cancel()
    await task
    return "never"


def half() -> str:
    """Half of a surrogate pair."""
    return "\ud83d"


def long() -> str:
    """More than a request should hold."""
    return "x" * 30_000


@pytest.mark.parametrize(
    ("function", "result"),
    [
        (exits, "error: SystemExit: 3"),
        (exits_too, "error: SystemExit: 3"),
        (gives_up, "error: CancelledError: "),
        (gives_up_too, "error: CancelledError: "),
        (half, "?"),
        (long, "x" * 20_000 + "\n[10,000 more characters were cut off]"),
    ],
)
def test_whatever_a_function_does_the_conversation_goes_on(function: Callable[..., Any], result: str) -> None:
    """The model reads of an exit, a cancellation of its own, text that no request can carry, and text without end."""
    answer, play = _play(_calls((function.__name__, {})), DONE, tools=(Tool.of(function),))
    assert answer.value == GOOD
    assert play.sent[1].body["messages"][-1]["content"] == result
    orjson.dumps(play.sent[1].body)


@pytest.mark.parametrize("function", ["supplier", 5, partial(convert, currency=Currency.EUR)])
def test_only_functions_are_tools(function: Any) -> None:
    """What has no name to call it by is refused in one line."""
    with pytest.raises(UsageError, match="is no tool"):
        Tool.of(function)


def test_two_functions_of_one_name_are_refused() -> None:
    """The model could not say which of them it means."""
    with pytest.raises(UsageError, match="two functions are named convert"):
        Settings(model="m", tools=(TOOLS[0], TOOLS[0]))


@pytest.mark.parametrize(
    ("choice", "then"),
    [
        (None, None),
        ("auto", "auto"),
        ("required", "auto"),
        ({"type": "function", "function": {"name": "supplier"}}, "auto"),
    ],
)
def test_a_forced_call_is_forced_once(choice: Any, then: Any) -> None:
    """After the call that was asked for the model is free to answer; a repair, which offers no tools, forces none."""
    bad, options = reply(orjson.dumps(BAD_DATE).decode()), Options(tool_choice=choice, parallel_tool_calls=False)
    play = Play([_calls(("supplier", {"name": "A"})), bad, reply('{"issued": "2026-03-03"}')])
    forced = Settings(model="m", tools=TOOLS, options=options)
    assert play.run(converse(Asking(INVOICE, "3 March 2026"), forced)).problems == ()
    assert [request.purpose for request in play.sent] == ["ask", "tool", "repair"]
    assert [request.body.get("tool_choice") for request in play.sent] == [choice, then, None]
    assert [request.body.get("parallel_tool_calls") for request in play.sent] == [False, False, None]


def test_turns_are_limited() -> None:
    """In the last turn no tools are offered, the response format is sent, and what the model answers counts."""
    call = _calls(("supplier", {"name": "A"}))
    answer, play = _play(call, call, call, DONE, tool_turns=3)
    assert answer.value == GOOD
    assert ["tools" in request.body for request in play.sent] == [True, True, True, False]
    assert [request.body.get("response_format") for request in play.sent] == [None] * 3 + [SCHEMA.response_format]
    assert len(answer.tool_calls) == 3


def test_tools_that_may_not_be_called_are_not_offered() -> None:
    """A tool choice of none sends no tools, and the response format in their place."""
    answer, play = _play(DONE, options=Options(tool_choice="none", parallel_tool_calls=False))
    assert answer.value == GOOD
    assert play.sent[0].body.keys().isdisjoint({"tools", "tool_choice", "parallel_tool_calls"})
    assert play.sent[0].body["response_format"] == SCHEMA.response_format


def test_tools_and_a_response_format_never_go_together() -> None:
    """While tools are open the format waits; an answer that cannot be read, without a call, closes them."""
    answer, play = _play(reply("I do not know."), DONE)
    assert answer.value == GOOD
    assert [("tools" in one.body, "response_format" in one.body) for one in play.sent] == [(True, False), (False, True)]
    answer, play = _play(_calls(("supplier", {"name": "A"})), reply("I do not know."), DONE)
    assert all(("tools" in one.body) != ("response_format" in one.body) for one in play.sent)
    with pytest.raises(UsageError, match="give the tools as functions"):
        _play(DONE, tools=(), options=Options(tools=[{"type": "function", "function": {"name": "f"}}]))


def test_tools_that_were_never_called_are_told() -> None:
    """An answer without any call says so in an event; one with a call does not."""
    heard: list[Event] = []
    _play(DONE, listeners=(heard.append,))
    _play(_calls(("supplier", {"name": "A"})), DONE, listeners=(heard.append,))
    details = [event.detail for event in heard if event.kind == "tool"]
    assert details == ["tools were offered, and none was called", "supplier succeeded"]


def test_turns_use_up_no_repairs() -> None:
    """After three tool turns a wrong value can still be repaired."""
    call = _calls(("supplier", {"name": "A"}))
    bad = reply(orjson.dumps({**GOOD, "total": "much"}).decode())
    answer, play = _play(call, call, call, bad, DONE, DONE, repairs=1)
    assert answer.problems == ()
    assert "tools" in play.sent[3].body


def test_a_call_that_takes_too_long_is_given_up() -> None:
    """The model is told that the function took too long, and the conversation goes on."""
    never = threading.Event()

    def slow() -> str:
        """Sleeps."""
        never.wait(20)
        return "late"

    async def slow_too() -> str:
        """Sleeps as well."""
        await asyncio.sleep(20)
        return "late"

    tools = (Tool.of(slow, seconds=0.05), Tool.of(slow_too, seconds=0.05))
    settings = Settings(model="m", tools=tools)
    outcomes = iter([_calls(("slow", {}), ("slow_too", {})), DONE])

    class Canned:
        async def send(self, request: object) -> Reply:
            return next(outcomes)

    answer = driven(converse(Asking(SCHEMA, "x"), settings), Canned())
    never.set()
    assert [call.result for call in answer.tool_calls] == ["error: it took longer than 0.05 s"] * 2


def test_a_cancelled_conversation_cancels_its_function() -> None:
    """A cancellation from outside is no failure of the function: nothing more is sent."""
    sent: list[object] = []

    async def waits() -> str:
        """Waits until it is cancelled, with the conversation."""
        conversation.cancel()
        await asyncio.sleep(20)
        return "late"

    class Calling:
        async def send(self, request: object) -> Reply:
            sent.append(request)
            return _calls(("waits", {}))

    async def run() -> None:
        nonlocal conversation
        settings = Settings(model="m", tools=(Tool.of(waits),))
        conversation = asyncio.create_task(drive(converse(Asking(SCHEMA, "x"), settings), Calling()))
        await conversation

    conversation: asyncio.Task[Answer]
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    assert len(sent) == 1


def test_without_tools_a_call_is_no_answer() -> None:
    """A model that calls what nobody offered is asked again, and nothing is run."""
    answer, play = _play(_calls(("convert", {})), DONE, tools=())
    assert answer.value == GOOD
    assert answer.tool_calls == ()
    assert all("tools" not in request.body for request in play.sent)


WANTED = (
    {"name": "convert", "arguments": {"amount": "6.25", "currency": "EUR", "on": None}},
    {"name": "supplier", "arguments": {"name": "ACME"}},
)


def _responder(body: Mapping[str, Any]) -> Completion | dict[str, Any]:
    """Calls one function a turn, and then answers with what it was told."""
    results = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    if len(results) < len(WANTED):
        return Completion(tool_calls=(WANTED[len(results)],))
    return {"supplier": orjson.loads(results[1])["id"], "total": orjson.loads(results[0])}


@pytest.mark.parametrize(
    "faults", [{}, {"tool_arguments_object": 1.0, "tool_ids_repeat": 1.0}], ids=["plain", "quirks"]
)
def test_over_http(faults: dict[str, float]) -> None:
    """Sync and async functions alike work with the service's quirks."""
    settings = Settings(model="m", tools=TOOLS)
    with Emulator(_responder, faults=faults) as emulator:
        endpoint = Endpoint(emulator.base_url, emulator.account_id, emulator.token, emulator.model)
        flow = converse(Asking(SCHEMA, "ACME"), settings)
        answer = over_http(endpoint, lambda transport: drive(flow, transport))
    assert answer.value == GOOD
    assert len({call.id for call in answer.tool_calls}) == 2
