"""What the edge and the engine refuse, case for case."""

from __future__ import annotations

from typing import Any

import pytest

from extractor.emulator.checks import check_edge, check_engine, holds_data_uri, thinks

THINKING = "'/chat_template_kwargs/enable_thinking', 'boolean'"
HELLO = {"role": "user", "content": "hello"}
CALL = {"id": "functions.f:0", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def request(**options: Any) -> dict[str, Any]:
    return {"messages": [HELLO], **options}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ([], "Type mismatch of '/', 'object' not in 'array'"),
        ({"prompt": ""}, "Length of '/prompt' must be >= 1 not met"),
        ({"prompt": 5}, "Type mismatch of '/prompt', 'string' not in 'number'"),
        ({"prompt": "x", "messages": [HELLO]}, "oneOf at '/' not met, 2 matches"),
        ({"messages": "hello"}, "Type mismatch of '/messages', 'array' not in 'string'"),
        ({"messages": [HELLO, {"role": "user", "content": 5}]}, "oneOf at '/messages/1' not met, 0 matches"),
        ({"messages": [{"role": "user", "content": None}]}, "oneOf at '/messages/0' not met, 0 matches"),
        ({"messages": [{"role": "user", "content": [{"type": "poem"}]}]}, "oneOf at '/messages/0' not met, 0 matches"),
        ({"messages": [{"role": "tool", "content": [{"type": "file"}]}]}, "oneOf at '/messages/0' not met, 0 matches"),
        ({"messages": [{"role": "king", "content": "x"}]}, "oneOf at '/messages/0' not met, 0 matches"),
        ({"messages": [{"content": "x"}]}, "oneOf at '/messages/0' not met, 0 matches"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "oneOf at '/messages/0' not met, 0 matches"),
        (request(chat_template_kwargs={"enable_thinking": "no"}), f"Type mismatch of {THINKING} not in 'string'"),
        (request(user=None), "Type mismatch of '/user', 'string' not in 'null'"),
        (request(parallel_tool_calls="yes"), "Type mismatch of '/parallel_tool_calls', 'boolean' not in 'string'"),
        (request(stream_options=None), "Type mismatch of '/stream_options', 'object' not in 'null'"),
        ({"requests": {}}, "Type mismatch of '/requests', 'array' not in 'object'"),
        ({"requests": [request(), {"external_reference": "a"}]}, "oneOf at '/requests/1' not met, 0 matches"),
    ],
)  # fmt: skip
def test_the_edge_refuses(body: Any, text: str) -> None:
    """The edge validator refuses these, in these words."""
    assert check_edge(body) == text


@pytest.mark.parametrize("body", [{}, {"request_id": "x"}])
def test_the_edge_wants_a_question(body: Any) -> None:
    """Without prompt and messages the edge names both as missing."""
    text = check_edge(body)
    assert text is not None
    assert "required properties at '/' are 'prompt', required properties at '/' are 'messages'" in text


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "hello"},
        {"messages": []},
        {"messages": [{"role": "user", "content": []}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:"}]}]},
        {"messages": [HELLO, {"role": "assistant"}, {"role": "assistant", "content": None}]},
        {"messages": [{"role": "assistant", "tool_calls": [{**CALL, "function": {"arguments": {}}}]}]},
        {"requests": [request(external_reference="a"), {"prompt": "x"}]},
        request(temperature=3), request(temperature="1"), request(top_p=2), request(max_tokens=-1), request(n=0),
        request(stop=["a"] * 5), request(reasoning_effort="huge"), request(response_format="json"), request(tools=None),
        request(tools=[{"name": "flat"}]), request(tool_choice="any"), request(never_heard_of=1),
        request(chat_template_kwargs={"thinking": "off"}),
    ],
)  # fmt: skip
def test_the_edge_lets_pass(body: Any) -> None:
    """The edge lets through what the published schema would refuse."""
    assert check_edge(body) is None


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 3}, {"temperature": "hot"}, {"temperature": True}, {"top_p": 2}, {"n": 0}, {"n": 129},
        {"max_tokens": -1}, {"max_completion_tokens": 1.5}, {"presence_penalty": -3}, {"frequency_penalty": 2.5},
        {"stop": ["a"] * 5}, {"stop": 5}, {"top_logprobs": 21},
        {"response_format": "json"}, {"response_format": {"type": "xml"}}, {"response_format": {"type": "json_schema"}},
        {"tools": [{"name": "flat", "parameters": {}}]}, {"tools": "none"}, {"tool_choice": "any"}, {"messages": []},
    ],
)  # fmt: skip
def test_the_engine_refuses(options: dict[str, Any]) -> None:
    """What the edge let through, the engine refuses as invalid input."""
    assert check_engine(request(**options)) == (400, 8001, "Invalid input")


@pytest.mark.parametrize("arguments", ["{", "", "[1]", {"a": 1}, None])
def test_the_engine_reads_earlier_tool_calls(arguments: Any) -> None:
    """Arguments of an earlier tool call have to be the JSON text of an object."""
    turn = {
        "role": "assistant",
        "content": "",
        "tool_calls": [{**CALL, "function": {"name": "f", "arguments": arguments}}],
    }
    assert check_engine({"messages": [HELLO, turn]}) == (
        400,
        8007,
        "Assistant tool call function.arguments must be a JSON object.",
    )


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": "1"}, {"temperature": None}, {"max_tokens": "5"}, {"stop": "a"}, {"tools": None},
        {"tools": [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "c"}}]},
        {"tool_choice": {"type": "function", "function": {"name": "f"}}}, {"tool_choice": "required"},
        {"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_schema", "json_schema": {}}},
        {"never_heard_of": 1}, {"reasoning_effort": "none"},
    ],
)  # fmt: skip
def test_the_engine_takes(options: dict[str, Any]) -> None:
    """Numbers as text, a bare schema, unknown keys and every published value pass."""
    assert check_engine(request(messages=[HELLO, {"role": "assistant", "tool_calls": [CALL]}], **options)) is None


@pytest.mark.parametrize("data", ["PHN2Zz48L3N2Zz4=", "AAAA", "not base64"])
def test_the_engine_falls_over_pictures_that_it_cannot_see(data: str) -> None:
    """An SVG or a damaged picture is an internal error of the engine, and stays one."""
    part = {"type": "image_url", "image_url": {"url": f"data:image/svg+xml;base64,{data}"}}
    assert check_engine({"messages": [{"role": "user", "content": [part]}]}) == (500, 8005, "Internal Server Error")


@pytest.mark.parametrize(
    ("options", "on"),
    [
        ({}, True),
        ({"chat_template_kwargs": {"enable_thinking": False}}, True),
        ({"chat_template_kwargs": {"thinking": False}}, False),
        ({"chat_template_kwargs": {"thinking": False}, "reasoning_effort": "high"}, False),
        ({"reasoning_effort": "none"}, False),
        *(({"reasoning_effort": effort}, True) for effort in ("low", "medium", "high", "max")),
    ],
)
def test_what_turns_thinking_off(options: dict[str, Any], on: bool) -> None:
    """Any effort but none turns it on, unless the template is told otherwise in the spelling that it reads."""
    assert thinks(request(**options)) is on


def test_an_effort_that_is_none_is_named() -> None:
    """An effort that the engine does not know is refused with its name."""
    status, code, text = check_engine(request(reasoning_effort="xhigh")) or (0, 0, "")
    assert (status, code) == (400, 8007)
    assert "reasoning_effort" in text


def test_data_uris_in_text() -> None:
    """Text that holds an image's data URI is found; the data URL of a picture is none."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    assert holds_data_uri({"prompt": "see DATA:image/png;base64,AA"})
    assert not holds_data_uri({"messages": [{"role": "user", "content": [picture, {"type": "text", "text": "see"}]}]})
