"""The emulator speaks the contract: routes, envelopes, headers, errors."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion, Refusal
from tests.emulator.kit import KIMI, Client, asking, error, message
from tests.kit import check_request


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(lambda body: {"total": "3.50"}) as running:
        yield running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    with Client(emulator) as opened:
        yield opened


def test_the_native_route_answers_in_an_envelope(client: Client) -> None:
    """A native answer is a chat.completion in the v4 envelope, with its usage and the headers of a success."""
    response = client.native(asking())
    body = response.json()
    assert (body["success"], body["errors"], body["messages"]) == (True, [], [])
    assert body["result"]["object"] == "chat.completion"
    assert body["result"]["model"] == KIMI
    assert message(response) == {"role": "assistant", "content": '{"total":"3.50"}', "refusal": None}
    usage = body["result"]["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
    assert float(response.headers["cf-ai-neurons"]) > 0
    assert {"cf-ray", "cf-ai-req-id"} <= response.headers.keys()


def test_the_openai_route_answers_bare(client: Client) -> None:
    """The OpenAI route sends the completion with no envelope around it, and its errors in one."""
    assert client.openai(asking()).json()["choices"][0]["finish_reason"] == "stop"
    assert error(client.openai({}))[:2] == (400, 5006)


def test_the_universal_route_takes_the_model_from_the_body(client: Client) -> None:
    """`/ai/run` reads the model's name in the body and answers in an envelope."""
    assert message(client.post("run", json=asking(model=KIMI)))["content"] == '{"total":"3.50"}'
    assert error(client.post("run", json=asking(model="@cf/none")))[:2] == (400, 5007)


def test_ai_gateway_by_url_and_by_header(emulator: Emulator, client: Client) -> None:
    """The older gateway address serves the same routes; the newer header adds the gateway's log id."""
    root = emulator.gateway_url
    assert message(client.post(f"{root}/workers-ai/{KIMI}", json=asking()))["content"] == '{"total":"3.50"}'
    for path in ("workers-ai/v1/chat/completions", "compat/chat/completions"):
        response = client.post(f"{root}/{path}", json=asking(model=f"workers-ai/{KIMI}"))
        assert response.json()["choices"][0]["message"]["content"] == '{"total":"3.50"}'
    assert "cf-aig-log-id" in client.native(asking(), **{"cf-aig-gateway-id": "mine"}).headers
    assert "cf-aig-log-id" not in client.native(asking()).headers


def test_the_models_are_listed(client: Client) -> None:
    """The search page names the model."""
    assert KIMI in [model["name"] for model in client.get("models/search").json()["result"]]


@pytest.mark.parametrize(
    ("path", "token", "expected"),
    [
        ("/accounts/{account}/ai/run/{model}", "wrong", (401, 10000, "Authentication error")),
        ("/accounts/" + "0" * 32 + "/ai/run/{model}", "{token}", (401, 10000, "Authentication error")),
        ("/accounts/me/ai/run/{model}", "{token}", (404, 7003, "Could not route to /client/v4/accounts/me/ai/run/")),
        ("/accounts/{account}/ai/nothing", "{token}", (400, 7000, "No route for that URI")),
        ("/accounts/{account}/ai/run/@cf/none", "{token}", (400, 5007, "AiError: AiError: No such model @cf/none")),
        ("/accounts/{account}/ai/v1/messages", "{token}", (400, None, "AiError: AiError: Anthropic Messages API")),
    ],
)
def test_who_may_not_pass(emulator: Emulator, path: str, token: str, expected: tuple[int, int | None, str]) -> None:
    """A wrong token, account, route or model has the status, code and text of the service."""
    names = {"account": emulator.account_id, "model": KIMI, "token": emulator.token}
    headers = {"authorization": f"Bearer {token.format(**names)}"}
    response = httpx.post(emulator.base_url + path.format(**names), json=asking(), headers=headers)
    status, code, text = error(response)
    assert (status, code) == expected[:2]
    assert text.startswith(expected[2])
    assert response.json()["success"] is False
    assert "cf-ai-neurons" not in response.headers


def test_an_error_carries_the_request_id(client: Client) -> None:
    """The message of an error ends in the id that the header has."""
    response = client.native({})
    assert response.json()["errors"][0]["message"].endswith(f"({response.headers['cf-ai-req-id']})")
    assert error(client.post(f"run/{KIMI}", content=b"{"))[:2] == (400, 3003)


@pytest.mark.parametrize(
    ("answer", "content", "finish"),
    [
        ("plain text", "plain text", "stop"),
        ({"a": [1, None]}, '{"a":[1,null]}', "stop"),
        ([1, 2], "[1,2]", "stop"),
        (Completion("x", finish="content_filter"), "x", "content_filter"),
        (Completion(None, reasoning="Let me see"), None, "stop"),
        (Completion(None, tool_calls=({"name": "rate", "arguments": {"to": "EUR"}},)), None, "tool_calls"),
    ],
)
def test_what_a_responder_may_return(answer: object, content: str | None, finish: str) -> None:
    """Text, a JSON value or a whole completion becomes the answer."""
    with Emulator(lambda body: answer) as emulator, Client(emulator) as client:  # type: ignore[arg-type,return-value]
        response = client.native(asking())
    assert message(response)["content"] == content
    assert response.json()["result"]["choices"][0]["finish_reason"] == finish


def test_a_responder_may_refuse_or_take_its_time() -> None:
    """A Refusal goes out as it is, and a coroutine function is awaited."""

    async def answer(body: object) -> Refusal:
        return Refusal(418, b"short and stout", "text/plain", {"retry-after": "3"})

    with Emulator(answer) as emulator, Client(emulator) as client:
        response = client.native(asking())
    assert (response.status_code, response.text, response.headers["retry-after"]) == (418, "short and stout", "3")
    assert emulator.served == 0


def test_a_responder_that_fails_is_heard() -> None:
    """An error of the responder is a 500 to the client, and is raised where the emulator is left."""

    def answer(body: object) -> str:
        raise LookupError("no answer is known")

    with (
        pytest.raises(LookupError, match="no answer is known"),
        Emulator(answer) as emulator,
        Client(emulator) as client,
    ):
        assert client.native(asking()).status_code == 500


def test_tool_calls_have_the_ids_of_the_model() -> None:
    """Ids are functions.NAME:IDX, counted on over the turns of a conversation; arguments are JSON text."""
    calls = ({"name": "rate", "arguments": {"to": "EUR"}}, {"name": "look", "arguments": '{"id": 1}'})
    with Emulator(lambda body: Completion(None, tool_calls=calls)) as emulator, Client(emulator) as client:
        first = message(client.native(asking()))["tool_calls"]
        turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "", "tool_calls": first}]
        second = message(client.native({"messages": turns, "max_tokens": 99}))["tool_calls"]
    assert [call["id"] for call in first + second] == [
        "functions.rate:0", "functions.look:1", "functions.rate:2", "functions.look:3",
    ]  # fmt: skip
    assert [call["function"]["arguments"] for call in first] == ['{"to":"EUR"}', '{"id": 1}']


def test_the_record_of_what_was_asked(client: Client, emulator: Emulator) -> None:
    """Every request is kept in order with path, headers, body, status and what it was billed."""
    before = len(emulator.requests), emulator.served
    client.native(asking("one"), **{"x-session-affinity": "s1"})
    client.native({})
    first, second = emulator.requests[before[0] :]
    assert first.body == asking("one")
    assert (first.path[-10:], first.headers["x-session-affinity"], first.status) == (f"/run/{KIMI}"[-10:], "s1", 200)
    assert (second.body, second.status, second.usage) == ({}, 400, None)
    assert emulator.served == before[1] + 1
    assert emulator.usage.cost_usd == pytest.approx(
        (emulator.usage.prompt_tokens * 0.95 + emulator.usage.completion_tokens * 4) / 1e6
    )


def test_neurons_and_money_are_the_same_bill(client: Client, emulator: Emulator) -> None:
    """The neurons of the header cost what the tokens cost, to a hundredth of a percent."""
    response = client.native(asking("words " * 500))
    usage = response.json()["result"]["usage"]
    money = (usage["prompt_tokens"] * 0.95 + usage["completion_tokens"] * 4) / 1e6
    assert float(response.headers["cf-ai-neurons"]) * 0.011 / 1000 == pytest.approx(money, rel=1e-4)


def test_n_choices_are_asked_for_and_billed(client: Client) -> None:
    """`n` gives so many choices, and the completion is billed for each."""
    one, three = (client.native(asking(n=n)).json()["result"] for n in (1, 3))
    assert [choice["index"] for choice in three["choices"]] == [0, 1, 2]
    assert three["usage"]["completion_tokens"] == 3 * one["usage"]["completion_tokens"]
    assert three["usage"]["prompt_tokens"] == one["usage"]["prompt_tokens"]


def test_log_probabilities_where_they_are_asked_for(client: Client) -> None:
    """With `logprobs` each choice has tokens that make up its content."""
    logprobs = client.native(asking(logprobs=True)).json()["result"]["choices"][0]["logprobs"]["content"]
    assert "".join(token["token"] for token in logprobs) == '{"total":"3.50"}'
    assert client.native(asking()).json()["result"]["choices"][0]["logprobs"] is None


def test_the_requests_of_these_tests_are_valid() -> None:
    """What is asked here passes the published schema of the service."""
    assert check_request(asking(n=3, logprobs=True)) == ()
    assert re.fullmatch(r"@cf/[\w./-]+", KIMI)
