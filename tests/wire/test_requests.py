"""Addresses, messages, bodies, and the check of a body against the published rules."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.errors import UsageError
from extractor.wire.options import Options
from extractor.wire.requests import (
    DEFAULT_BASE_URL,
    DEFAULT_MODEL,
    Gateway,
    Rate,
    assistant,
    build_body,
    gateway_url,
    headers,
    read_rate,
    url,
)
from extractor.wire.values import ToolCall
from tests.kit import check_request

ROOT = "https://api.cloudflare.com/client/v4/accounts/abc/ai"
HOSTED = f"https://ai.example/v1/{'0a' * 16}/gate"
OLD = "https://gateway.ai.cloudflare.com/v1/abc/gate/workers-ai"


@pytest.mark.parametrize(
    ("base", "route", "expected"),
    [
        (DEFAULT_BASE_URL, "native", f"{ROOT}/run/@cf/moonshotai/kimi-k2.6"),
        (f"{DEFAULT_BASE_URL}/", "native", f"{ROOT}/run/@cf/moonshotai/kimi-k2.6"),
        (DEFAULT_BASE_URL, "batch", f"{ROOT}/run/@cf/moonshotai/kimi-k2.6?queueRequest=true"),
        ("http://127.0.0.1:8000", "native", "http://127.0.0.1:8000/accounts/abc/ai/run/@cf/moonshotai/kimi-k2.6"),
        (gateway_url("abc", "gate"), "native", f"{OLD}/@cf/moonshotai/kimi-k2.6"),
        (HOSTED, "native", f"{HOSTED}/workers-ai/@cf/moonshotai/kimi-k2.6"),
        (gateway_url("abc", "gate"), "batch", f"{OLD}/@cf/moonshotai/kimi-k2.6?queueRequest=true"),
    ],
)
def test_url(base: str, route: Any, expected: str) -> None:
    """Each route has its address; slashes and @ of the model stay as they are."""
    assert url(base, "abc", DEFAULT_MODEL, route=route) == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (DEFAULT_BASE_URL, "https://api.cloudflare.com/client/v4/accounts/abc/ai/models/search?search=kimi-k2.6"),
        (
            "http://127.0.0.1:1/client/v4/",
            "http://127.0.0.1:1/client/v4/accounts/abc/ai/models/search?search=kimi-k2.6",
        ),
        (
            f"https://gateway.ai.cloudflare.com/v1/{'a' * 32}/mine",
            f"https://api.cloudflare.com/client/v4/accounts/{'a' * 32}/ai/models/search?search=kimi-k2.6",
        ),
    ],
)
def test_the_catalogue_has_an_address(base: str, expected: str) -> None:
    """The catalogue is the API's own, also for requests that go through a gateway."""
    assert url(base, "abc", DEFAULT_MODEL, route="models") == expected


def test_an_address_cannot_be_led_astray() -> None:
    """What stands in the account or the model cannot leave its place in the path."""
    assert url("http://h", "a/../b?c", "m?x#y z") == "http://h/accounts/a%2F..%2Fb%3Fc/ai/run/m%3Fx%23y%20z"


def test_messages() -> None:
    """The helpers write what the published schema asks for."""
    call = ToolCall("functions.look_up:0", "look_up", '{"name": "Acme"}')
    messages = [
        {"role": "system", "content": "Extract."},
        {"role": "user", "content": "Text"},
        {"role": "user", "content": [{"type": "text", "text": "Text"}]},
        assistant("", tool_calls=[call], reasoning="Let me look."),
        {"role": "tool", "content": "Acme Ltd", "tool_call_id": call.id},
        assistant("{}"),
    ]
    assert check_request({"messages": messages}) == ()
    assert messages[3] == {
        "role": "assistant",
        "content": "",
        "reasoning": "Let me look.",
        "tool_calls": [
            {
                "id": "functions.look_up:0",
                "type": "function",
                "function": {"name": "look_up", "arguments": '{"name": "Acme"}'},
            }
        ],
    }


def test_a_body_is_what_was_given_and_no_more() -> None:
    """A native body has the messages first and no model; empty parts are not sent."""
    body = build_body([{"role": "user", "content": "Text"}], options=Options(temperature=0.6))
    assert body == {"messages": [{"role": "user", "content": "Text"}], "temperature": 0.6}
    assert next(iter(body)) == "messages"
    format_ = {"type": "json_object"}
    tools = [{"type": "function", "function": {"name": "look_up"}}]
    full = build_body([{"role": "user", "content": "Text"}], options=Options(), response_format=format_, tools=tools)
    assert full == {"messages": [{"role": "user", "content": "Text"}], "response_format": format_, "tools": tools}


@pytest.mark.parametrize(
    "options",
    [
        Options(messages=[{"role": "user", "content": "Other"}]),
        Options(prompt="Other"),
        Options(requests=[{"prompt": "Other"}]),
        Options(response_format={"type": "text"}),
    ],
)
def test_nothing_is_overridden_in_silence(options: Options) -> None:
    """Options that hold what the request already has are refused."""
    with pytest.raises(UsageError, match="leave it out of the options"):
        build_body([{"role": "user", "content": "Text"}], options=options, response_format={"type": "json_object"})


ASK = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize(
    "body",
    [
        {"messages": ASK},
        {"prompt": "Hello"},
        {"messages": ASK, "temperature": None, "stop": None, "unknown": object},
        {"requests": [{"messages": ASK, "external_reference": "a"}]},
        {"request_id": "6f1c"},
        {"messages": [{"role": "assistant"}, {"role": "function", "name": "f", "content": ""}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}]},
        {"messages": [{"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}], "name": "a"}]},
    ],
)
def test_good_bodies(body: Any) -> None:
    """What the published schema takes has no problems; names it does not know pass."""
    assert check_request(body) == ()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "/messages"),
        ([], ""),
        ({"messages": ASK, "prompt": "Hello"}, ""),
        ({"messages": []}, "/messages"),
        ({"messages": ASK, "user": None}, "/user"),
        ({"messages": ASK, "stream_options": None}, "/stream_options"),
        ({"messages": [{"role": "user", "content": []}]}, "/messages/0/content"),
        ({"messages": [{"role": "user", "content": None}]}, "/messages/0/content"),
        ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "/messages/0/content/0/type"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "/messages/0/tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"type": "function"}]}]}, "/messages/0/tool_calls/0/id"),
        ({"requests": [{"messages": ASK}, {}]}, "/requests/1/messages"),
        ({"request_id": 5}, "/messages"),
    ],
)
def test_bad_bodies(body: Any, path: str) -> None:
    """What the published schema refuses has a problem at its place."""
    assert [problem.path for problem in check_request(body)][:1] == [path]


def test_headers() -> None:
    """The token and the media type."""
    assert headers("secret") == {"authorization": "Bearer secret", "content-type": "application/json"}


def test_gateway_headers() -> None:
    """Each wish of a gateway has its header; what was not wished is not sent; its token is not shown."""
    gateway = Gateway(
        name="gate",
        token="hidden",
        skip_cache=True,
        cache_ttl=3600,
        cache_key="k",
        metadata={"team": "etl"},
        collect_log=False,
        request_timeout=5000,
        max_attempts=3,
        retry_delay=100,
        backoff="exponential",
        event_id="e",
    )
    sent = headers("secret", gateway=gateway)
    assert {name.removeprefix("cf-aig-"): value for name, value in sent.items() if name.startswith("cf-aig-")} == {
        "gateway-id": "gate",
        "authorization": "Bearer hidden",
        "skip-cache": "true",
        "cache-ttl": "3600",
        "cache-key": "k",
        "metadata": '{"team":"etl"}',
        "collect-log": "false",
        "request-timeout": "5000",
        "max-attempts": "3",
        "retry-delay": "100",
        "backoff": "exponential",
        "event-id": "e",
    }
    assert Gateway(name="gate").headers() == {"cf-aig-gateway-id": "gate"}
    assert "hidden" not in repr(gateway)
    with pytest.raises(UsageError, match="name"):
        Gateway(name="")


@pytest.mark.parametrize(
    ("found", "rate"),
    [
        ({}, None),
        ({"ratelimit-policy": '"requests";q=20;w=60', "ratelimit": '"requests";r=3;t=12'}, Rate(20, 3, 12.0)),
        ({"ratelimit-policy": '"api";q=1200;w=300, "model";q=50;w=60'}, Rate(50, None, None)),
        ({"ratelimit": '"api";r=900;t=200, "model";r=0;t=41'}, Rate(None, 0, 41.0)),
        ({"ratelimit-policy": '"requests";q=20;pk=:YWI=:;w=60'}, Rate(20, None, None)),
        ({"ratelimit-policy": "soon", "ratelimit": "later"}, None),
        ({"ratelimit-policy": '"requests";q=0;w=0'}, None),
    ],
)
def test_what_replies_tell_of_the_rate(found: dict[str, str], rate: Rate | None) -> None:
    """The narrowest policy and the tightest standing are read, and nothing where there is nothing to read."""
    assert read_rate(found) == rate
