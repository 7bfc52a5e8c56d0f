"""Every fault by name shows its own sign, and the draws depend on what is asked, never on when."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.call.clock import skip, without_waits
from extractor.emulator.faults import FAULTS, Dice, parse_rates
from extractor.emulator.server import Emulator
from extractor.emulator.service import Service, fitting
from extractor.emulator.values import Completion, Exchange, Outcome, Refused
from extractor.errors import UsageError
from tests.emulator.kit import Client, asking, error, frames, message

JSON = {"response_format": {"type": "json_object"}}
VALUE = {"number": "A-17", "lines": [1, 2, 3]}
TEXT = '{"number":"A-17","lines":[1,2,3]}'


def reply(body: Any) -> Any:
    if body.get("tools"):
        return Completion(None, tool_calls=({"name": "f", "arguments": {"a": 1}},))
    return Completion(VALUE, reasoning="Thinking." if body.get("reasoning_effort") else "")


def ask(fault: str, **options: Any) -> httpx.Response:
    with Emulator(reply, faults={fault: 1.0}) as emulator, Client(emulator) as client:
        response = client.native(asking(**{**JSON, **options}))
        assert emulator.requests[0].faults == (fault,)
    return response


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("busy", (429, 3040, "AiError: AiError: Capacity temporarily exceeded, please try again.")),
        ("rate_limit", (429, None, "AiError: AiError: Rate limit exceeded, please try again later.")),
        ("timeout", (408, 3046, "AiError: AiError: Request timeout")),
        ("internal", (500, 3043, "AiError: AiError: Unknown internal error")),
        ("engine", (500, 8005, "AiError: AiError: Internal Server Error")),
        ("success_false", (200, 3043, "AiError: AiError: Unknown internal error")),
        ("json_mode", (400, 5024, "AiError: AiError: JSON Mode couldn't be met")),
        ("json_model_403", (403, 5024, "AiError: AiError: JSON Model couldn't be met")),
        ("gateway_timeout", (408, 2014, "AiError: AiError: Provider request timeout")),
        (
            "retired",
            (410, 5028, "AiError: AiError: This model was deprecated on 2026-10-01. Please use an alternative model"),
        ),
        ("unauthorized", (401, 10000, "Authentication error")),
        ("paid_plan", (403, 5035, "AiError: AiError: This model requires a Workers Paid plan. See pricing.")),
        ("bad_input", (400, 5006, "AiError: Bad input: Error: Type mismatch of '/messages', 'array' not in 'string'")),
    ],
)
def test_refusals_in_an_envelope(fault: str, expected: tuple[int, int | None, str]) -> None:
    """These faults answer with the status, code and text of the service, and bill nothing."""
    response = ask(fault)
    assert error(response) == expected
    assert response.json()["success"] is False
    assert "cf-ai-neurons" not in response.headers


def test_refusals_in_other_shapes() -> None:
    """The edge answers in plain text and HTML, the gateway with `error` as an array, the quota with its advice."""
    assert (ask("edge_rate_limit").status_code, ask("edge_rate_limit").text) == (429, "error code: 1015")
    page = ask("unavailable")
    assert (page.status_code, page.text[:6], page.headers["content-type"][:9]) == (503, "<html>", "text/html")
    gateway = ask("gateway").json()
    assert (gateway["name"], gateway["result"], gateway["error"][0]["code"]) == ("AiGatewayError", [], 2002)
    assert "daily free allocation" in error(ask("quota"))[2]
    assert ask("rate_limit").headers["retry-after"] == "0"
    assert error(ask("retired"))[:2] == (410, 5028)
    engine = ask("bare_engine_error")
    assert (engine.status_code, engine.json()["object"], engine.json()["code"]) == (500, "error", 500)


SCHEMA = {"name": "Any", "schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("fault", "format_", "code"),
    [
        ("schema_unsupported", {"type": "json_schema", "json_schema": SCHEMA}, 5025),
        ("schema_unsupported", {"type": "json_schema", "json_schema": SCHEMA["schema"]}, 5025),
        ("schema_unsupported", {"type": "json_object"}, None),
        ("bare_schema_only", {"type": "json_schema", "json_schema": SCHEMA}, 8007),
        ("bare_schema_only", {"type": "json_schema", "json_schema": SCHEMA["schema"]}, None),
        ("json_model_403", {"type": "text"}, None),
    ],
)
def test_formats_that_are_refused(fault: str, format_: Any, code: int | None) -> None:
    """Each refusal of a format is for its own forms, and for no other."""
    with Emulator(reply, faults={fault: 1.0}) as emulator, Client(emulator) as client:
        response = client.native(asking(response_format=format_))
    assert response.status_code == 200 if code is None else error(response)[1] == code


def test_a_data_uri_is_taken_for_an_image() -> None:
    """A request whose text holds one is refused; another is not."""
    with Emulator(reply, faults={"data_uri": 1.0}) as emulator, Client(emulator) as client:
        assert error(client.native(asking("see data:image/png;base64,AA")))[1] == 8006
        assert client.native(asking("see data\u2060:image/png;base64,AA")).status_code == 200


def test_answers_that_come_otherwise() -> None:
    """All in the reasoning, given up half way, stalled in blanks, or thought about first."""
    only = ask("reasoning_only").json()["result"]["choices"][0]
    assert (only["message"]["content"], only["message"]["reasoning"], only["finish_reason"]) == (None, TEXT, "stop")
    gone = ask("abort").json()["result"]["choices"][0]
    assert (gone["message"]["content"], gone["finish_reason"]) == (TEXT[:16], "abort")
    stall = ask("whitespace_stall").json()["result"]["choices"][0]
    assert stall["message"]["content"].rstrip() == TEXT[:16]
    assert (stall["finish_reason"], len(stall["message"]["content"]) > 300) == ("length", True)
    thought, usage = message(ask("thinks")), ask("thinks").json()["result"]["usage"]
    assert thought["reasoning"]
    assert usage["reasoning_tokens"] > 0
    assert usage["completion_tokens"] > usage["reasoning_tokens"]
    with Emulator(reply, faults={"thinks": 1.0}) as emulator, Client(emulator) as client:
        assert "reasoning" not in message(client.native(asking(chat_template_kwargs={"thinking": False})))


def test_a_limit_of_requests_a_minute() -> None:
    """Over the limit a request is refused, with no time named; a minute later there is room again."""
    with Emulator(reply, rpm=2, faults={"rate_headers": 1.0}) as emulator, Client(emulator) as client, without_waits():
        first = client.native(asking())
        assert (first.headers["ratelimit-policy"], first.headers["ratelimit"]) == (
            '"requests";q=2;w=60',
            '"requests";r=1;t=60',
        )
        assert [client.native(asking()).status_code for _ in range(2)] == [200, 429]
        assert "retry-after" not in client.native(asking()).headers
        skip(61)
        assert client.native(asking()).status_code == 200


@pytest.mark.parametrize(
    ("fault", "content"),
    [
        ("cut", TEXT[:16]),
        ("format_ignored", "Here is what the document says:\n- number: A-17\n- lines: 3 entries"),
        ("fenced", f"```json\n{TEXT}\n```"),
        ("prose", f"Here is the extracted data:\n\n{TEXT}"),
        ("leaked_think", f"The fields are all there, so I can answer.</think>{TEXT}"),
        ("content_object", VALUE),
        ("empty_length", None),
    ],
)
def test_answers_that_are_spoilt(fault: str, content: Any) -> None:
    """These faults change the content, and nothing else of the answer."""
    response = ask(fault)
    assert message(response)["content"] == content
    finish = response.json()["result"]["choices"][0]["finish_reason"]
    assert finish == ("length" if fault in ("cut", "empty_length") else "stop")
    assert "cf-ai-neurons" in response.headers


def test_thinking_that_took_the_budget_is_billed_whole() -> None:
    """An empty answer that ended by length has reasoning, and costs the whole allowance."""
    response = ask("empty_length", max_tokens=77)
    assert message(response)["reasoning"]
    assert response.json()["result"]["usage"]["completion_tokens"] == 77


def test_reasoning_and_usage_and_tools() -> None:
    """The reasoning changes its name, the usage is left out, arguments are an object, ids start again."""
    assert "reasoning_content" in message(ask("reasoning_content", reasoning_effort="high"))
    assert "usage" not in ask("no_usage").json()["result"]
    tools = {"tools": [{"type": "function", "function": {"name": "f"}}]}
    call = message(ask("tool_arguments_object", **tools))["tool_calls"][0]
    assert call["function"]["arguments"] == {"a": 1}
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "", "tool_calls": [
        {"id": "functions.f:0", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}]  # fmt: skip
    call = message(ask("tool_ids_repeat", messages=turns, **tools))["tool_calls"][0]
    assert call["id"] == "functions.f:0"


def test_bodies_that_break() -> None:
    """A truncated body is half of the JSON; a dropped connection is no reply at all."""
    assert not ask("truncated_body").text.endswith("}")
    for stream in (False, True):
        with pytest.raises(httpx.RemoteProtocolError):
            ask("dropped", stream=stream)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("stream_no_end", lambda sent: "[DONE]" not in sent and sent[-1]["choices"][0]["finish_reason"] is None),
        ("stream_usage_twice", lambda sent: sent[-2].get("usage") == sent[-3].get("usage") is not None),
        ("stream_usage_each", lambda sent: all("usage" in frame for frame in sent[:-1])),
        ("stream_usage_apart", lambda sent: sent[-2]["choices"] == [] and "usage" not in sent[-3]),
        ("stream_bare_tokens", lambda sent: 17 in [_content(frame) for frame in sent[:-1]]),
        ("stream_error", lambda sent: sent[-1]["error"]["code"] == 3043),
    ],
)  # fmt: skip
def test_streams_with_quirks(fault: str, seen: Callable[[list[Any]], bool]) -> None:
    """Each stream fault shows in the frames."""
    assert seen(frames(ask(fault, stream=True)))


def _content(frame: Any) -> Any:
    return next((choice["delta"].get("content") for choice in frame["choices"]), None)


def test_streams_on_their_way() -> None:
    """Events that keep a connection open, and characters in two frames."""
    text = ask("stream_keep_alive", stream=True).text
    assert {": keep-alive", "data: ", "event: ping\ndata: ping"} <= set(text.split("\n\n"))
    faults = {"stream_half_characters": 1.0}
    with Emulator(lambda body: "paid 😀 in full", faults=faults) as emulator, Client(emulator) as client:
        text = client.native(asking(stream=True)).text
    assert r"\ud83d" in text.split("\n\n")[0]
    assert r"\ude00" in text.split("\n\n")[1]


def test_a_stream_that_comes_as_json() -> None:
    """Plain JSON may come where a stream was asked for."""
    response = ask("stream_as_json", stream=True)
    assert response.headers["content-type"] == "application/json"
    assert message(response)["content"] == TEXT


ANSWER = Completion('{"number": "A-17", "note": "\U0001f600, 1,234.50", "lines": [1, 2]}', reasoning="Hm.")


def _sent(*faults: str, **options: Any) -> Any:
    """What a request gets that draws faults, without the ids and times of the reply."""
    calls = ({"name": "f", "arguments": {"a": 1}},) * 2

    def answer(body: Any) -> Completion:
        found = ANSWER if body.get("stream") else replace(ANSWER, reasoning="")
        return replace(found, content=None, tool_calls=calls) if body.get("tools") else found

    body = asking(**{**JSON, **options})
    service = Service(answer, "0" * 32, "t", Dice(dict.fromkeys(faults, 1.0)))
    exchange = Exchange("", {}, body, request_id="id")
    exchange.faults = tuple(fitting(service.dice.roll(body), body))
    try:
        whole = asyncio.run(service.settle(body, exchange))
    except Refused as refused:
        return refused.refusal
    exchange.status = 200
    return service._deliver({**whole, "created": 0}, exchange, bare=False)


@pytest.mark.parametrize("fault", [name for name, fault in FAULTS.items() if fault.where != "batch"])
def test_each_fault_shows(fault: str) -> None:
    """What is sent under a fault is not what is sent without one, in one kind of request at least."""
    schema = {"type": "json_schema", "json_schema": SCHEMA}
    tools = {"tools": [{"type": "function", "function": {"name": "f"}}]}
    turns = [{"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]
    uri = {"messages": [{"role": "user", "content": "data:image/png;base64,AA"}]}
    kinds = ({}, {"stream": True}, {"response_format": schema}, uri, {**tools, "messages": turns})
    assert any(_sent(fault, **kind) != _sent(**kind) for kind in kinds)


PAIRS = [(one, other) for one, other in combinations(FAULTS, 2) if FAULTS[one].where == FAULTS[other].where]


@pytest.mark.parametrize("where", ["reply", "body", "stream", "connection"])
def test_faults_in_one_place_meet(where: str) -> None:
    """Whatever a fault leaves, another that acts there changes it or does nothing: the emulator itself never fails."""
    for pair in PAIRS:
        if FAULTS[pair[0]].where == where:
            assert isinstance(_sent(*pair, stream=where == "stream"), Outcome)


@pytest.mark.parametrize(
    ("faults", "stream"),
    [
        (("stream_page", "stream_finish_each"), True),
        (("page", "json_array"), False),
        (("http10", "until_closed"), False),
    ],
)
def test_a_fault_that_finds_nothing_to_act_on(faults: tuple[str, str], stream: bool) -> None:
    """The first acts as it does alone, and the record of the exchange does not name the second."""
    with Emulator(reply, faults=dict.fromkeys(faults, 1.0)) as emulator, Client(emulator) as client:
        response = client.native(asking(stream=stream))
        assert response.text.startswith("<") or response.http_version == "HTTP/1.0"
        assert emulator.requests[0].faults == faults[:1]


def test_a_fault_that_cannot_show_is_not_drawn() -> None:
    """A request without a stream draws no stream fault, and one without a format no fault of formats."""
    drawn = Dice(dict.fromkeys(FAULTS, 1.0)).roll(asking())
    assert drawn == tuple(FAULTS)
    assert {FAULTS[name].where for name in fitting(drawn, asking())} == {
        "refusal",
        "answer",
        "reply",
        "body",
        "connection",
    }
    assert "json_mode" not in fitting(drawn, asking())
    assert "json_mode" in fitting(drawn, asking(**JSON))
    streamed = {FAULTS[name].where for name in fitting([*FAULTS.keys() - {"stream_as_json"}], asking(stream=True))}
    assert streamed == {"refusal", "answer", "reply", "stream", "connection"}


@pytest.mark.parametrize("workers", [1, 16])
def test_the_same_seed_gives_the_same_end(workers: int) -> None:
    """What becomes of each request depends on what it says and how often it was said, not on the order."""
    bodies = [asking(f"document {number % 20}", **JSON) for number in range(60)]
    random.Random(workers).shuffle(bodies)
    rates = {"busy": 0.2, "engine": 0.2, "fenced": 0.3, "cut": 0.3}
    with Emulator(reply, faults=rates, seed=5) as emulator, Client(emulator) as client:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(client.native, bodies))
        ends = Counter((exchange.body["messages"][0]["content"], exchange.faults) for exchange in emulator.requests)
    dice = Dice(rates, 5)
    expected = Counter((body["messages"][0]["content"], _drawn(dice.roll(body))) for body in sorted(bodies, key=str))
    assert ends == expected


def _drawn(faults: tuple[str, ...]) -> tuple[str, ...]:
    refusal = [name for name in faults if FAULTS[name].where == "refusal"]
    return tuple(refusal[:1]) or faults


@given(st.floats(0, 1), st.integers(), st.sampled_from(sorted(FAULTS)))
def test_rates_are_kept(rate: float, seed: int, name: str) -> None:
    """Over many requests a fault comes as often as its rate says, and other seeds draw otherwise."""
    dice = Dice({name: rate}, seed)
    share = sum(name in dice.roll({"n": number}) for number in range(400)) / 400
    assert abs(share - rate) < 0.2
    assert (share == 0) if rate == 0 else True


def test_the_switches_of_a_command_line() -> None:
    """NAME:RATE by name; a group, or `all`, stands for those of its faults that are not final, which share the rate."""
    assert parse_rates(["busy:0.1", "cut:1"]) == {"busy": 0.1, "cut": 1.0}
    everything = parse_rates(["all:0.2", "busy:0"])
    assert everything["busy"] == 0
    assert sum(parse_rates(["all:0.2"]).values()) == pytest.approx(0.2)
    assert everything.keys() == {name for name, fault in FAULTS.items() if not fault.final and not fault.slow}
    assert parse_rates(["batch:0.5"]) == dict.fromkeys([name for name in FAULTS if name.startswith("batch_")], 0.1)


@pytest.mark.parametrize("switch", ["busy", "busy:often", "busy:1.5", "busy:-1", "bussy:0.1", ":0.5", "busy:nan"])
def test_switches_that_say_nothing(switch: str) -> None:
    """A switch that cannot be read is one line that says what to write."""
    with pytest.raises(UsageError) as raised:
        parse_rates([switch])
    assert "\n" not in str(raised.value)
