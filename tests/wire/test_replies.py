"""Replies of every shape: what is read from each, and what is no reply at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import AccountError, BrokenReply, Busy, ServiceError
from extractor.wire.calls import Calls, part_calls, unique_calls
from extractor.wire.prices import Price, price_of
from extractor.wire.replies import parse_completion, parse_reply, part_thinking
from extractor.wire.values import Reply, ToolCall, Usage

KIMI = price_of("@cf/moonshotai/kimi-k2.6")


def completion(message: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **(message or {"content": "{}"})}, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], **more}


def enveloped(inner: Any) -> dict[str, Any]:
    return {"result": inner, "success": True, "errors": [], "messages": []}


def parse(body: Any, *, status: int = 200, price: Price | None = KIMI) -> Reply:
    return parse_reply(status, {"cf-ai-req-id": "id-1"}, json.dumps(body).encode(), price=price)


@pytest.mark.parametrize("wrap", [enveloped, lambda inner: inner], ids=["native", "openai"])
def test_both_envelopes(wrap: Any) -> None:
    """The native envelope and the bare OpenAI form give the same reply."""
    usage = {"prompt_tokens": 1200, "completion_tokens": 50, "total_tokens": 1250}
    usage["prompt_tokens_details"] = {"cached_tokens": 1000}  # type: ignore[assignment]
    assert parse(wrap(completion({"content": '{"a": 1}', "refusal": None}, usage=usage))) == Reply(
        content='{"a": 1}',
        finish="stop",
        usage=Usage(1200, 1000, 50, (200 * 0.95 + 1000 * 0.16 + 50 * 4.0) / 1e6),
        request_id="id-1",
    )


@pytest.mark.parametrize(
    ("message", "content", "reasoning"),
    [
        ({"content": "x"}, "x", ""),
        ({"content": None}, "", ""),
        ({"content": ""}, "", ""),
        ({}, "{}", ""),
        ({"content": {"a": [1]}}, '{"a":[1]}', ""),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab", ""),
        ({"content": [{"type": "json", "json": {"a": 1}}]}, '{"a":1}', ""),
        ({"content": "x", "reasoning": "hm"}, "x", "hm"),
        ({"content": "x", "reasoning_content": "hm"}, "x", "hm"),
        ({"content": None, "reasoning": None, "reasoning_content": "hm"}, "", "hm"),
        ({"content": "hm</think>x"}, "x", "hm"),
        ({"content": "<think>hm</think>\n\nx"}, "x", "hm"),
        ({"content": "<think>hm, and then it was cut"}, "", "hm, and then it was cut"),
        ({"content": '{"a": "</think>"}'}, '{"a": "</think>"}', ""),
    ],
)
def test_content_and_reasoning(message: dict[str, Any], content: str, reasoning: str) -> None:
    """The text is never null, never an object and never the thinking, under whichever name that comes."""
    reply = parse(completion(message))
    assert (reply.content, reply.reasoning) == (content, reasoning)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (enveloped({"response": "text"}), "text"),
        (enveloped({"response": {"a": 1}}), '{"a":1}'),
        (enveloped({"response": None, "tool_calls": []}), ""),
        ({"response": "text"}, "text"),
    ],
)
def test_the_older_form(body: Any, content: str) -> None:
    """`result.response`, as text or already parsed, is read like content."""
    assert parse(body).content == content


def test_thinking_that_ate_the_budget() -> None:
    """No content and `length` stays visible as such; the thinking is never taken for the answer."""
    body = completion({"content": None, "reasoning_content": "a long thought"})
    body["choices"][0]["finish_reason"] = "length"
    reply = parse(body)
    assert (reply.content, reply.finish, reply.reasoning) == ("", "length", "a long thought")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ({}, None),
        ({"prompt_tokens": 10, "completion_tokens": 5}, Usage(10, 0, 5, None)),
        ({"prompt_tokens": 10, "completion_tokens": 5, "cached_tokens": 4}, Usage(10, 4, 5, None)),
        ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": None}, Usage(10, 0, 5, None)),
        ({"prompt_tokens": 9, "completion_tokens": 0, "cached_tokens": 9}, Usage(9, 9, 0, None)),
        ({"prompt_tokens": 9, "completion_tokens": 0, "cached_tokens": 99}, Usage(9, 0, 0, None)),
        ({"prompt_tokens": 10.0, "completion_tokens": "5"}, Usage(10, 0, 5, None)),
        ({"prompt_tokens": 10}, None),
        ({"prompt_tokens": 10, "completion_tokens": "many"}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": -10, "completion_tokens": -5}, None),
        ({"prompt_tokens": True, "completion_tokens": False}, None),
        ({"prompt_tokens": None, "completion_tokens": None}, None),
        ({"prompt_tokens": 1e300, "completion_tokens": 5}, None),
        ({"prompt_tokens": 10, "completion_tokens": 10**15}, None),
        ("many", None),
    ],
)
def test_usage(usage: Any, expected: Usage | None) -> None:
    """Usage that is missing, or that cannot be, is None, never 0; without a price its cost is None, never 0."""
    assert parse(completion(usage=usage), price=None).usage == expected


def test_several_choices() -> None:
    """The first choice by index is the answer, the others are kept in order."""
    body = completion()
    body["choices"] = [
        {"index": 2, "message": {"content": "c"}},
        {"index": 0, "message": {"content": "a"}},
        {"index": 1, "message": {"content": {"b": 1}}},
    ]
    reply = parse(body)
    assert (reply.content, reply.others) == ("a", ('{"b":1}', "c"))


def test_logprobs() -> None:
    """Each token of the answer comes with its log-probability."""
    body = completion()
    content = [{"token": "{", "logprob": -0.1, "bytes": [123], "top_logprobs": []}, {"token": "}", "logprob": 0}, 5]
    body["choices"][0]["logprobs"] = {"content": content, "refusal": None}
    assert parse(body).logprobs == (("{", -0.1), ("}", 0.0))


def test_a_refusal_is_kept_apart() -> None:
    """What the model says in place of an answer is not the answer."""
    reply = parse(completion({"content": None, "refusal": "I cannot."}))
    assert (reply.content, reply.refusal) == ("", "I cannot.")


CALL = ToolCall("functions.find:0", "find", '{"q":1}')


@pytest.mark.parametrize(
    ("message", "calls"),
    [
        (
            {"tool_calls": [{"id": CALL.id, "type": "function", "function": {"name": "find", "arguments": '{"q":1}'}}]},
            (CALL,),
        ),
        ({"tool_calls": [{"id": CALL.id, "function": {"name": "find", "arguments": {"q": 1}}}]}, (CALL,)),
        ({"tool_calls": [{"name": "find", "arguments": {"q": 1}}]}, (CALL,)),
        ({"function_call": {"name": "find", "arguments": '{"q":1}'}}, (CALL,)),
        (
            {"tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "free", "input": "go"}}]},
            (ToolCall("c", "free", "go"),),
        ),
        ({"tool_calls": [{"id": "c", "function": {"name": "find", "arguments": ""}}]}, (ToolCall("c", "find", "{}"),)),
        ({"tool_calls": [{"id": None, "type": None, "function": {"name": None}}]}, ()),
        ({"tool_calls": '[{"name": "find", "arguments": {"q": 1}}]'}, (CALL,)),
        ({"tool_calls": [{"id": CALL.id, "function": {"name": "", "arguments": '{"q":1}'}}]}, (CALL,)),
        ({"tool_calls": None}, ()),
        ({"tool_calls": ["find"]}, ()),
    ],
)
def test_calls(message: dict[str, Any], calls: tuple[ToolCall, ...]) -> None:
    """Calls are read from every shape, with their arguments as JSON text and an id of the model's own form."""
    read = Calls()
    read.take(message, whole=True)
    assert read.made() == calls


def test_ids_are_unique_over_turns() -> None:
    """An id that was used before is replaced by the next free one of the same form; the rest stay."""
    calls = [CALL, CALL, ToolCall("x", "other", "{}"), ToolCall("", "find", "{}")]
    renamed = unique_calls(calls, taken=["functions.find:0"])
    assert [call.id for call in renamed] == ["functions.find:1", "functions.find:2", "x", "functions.find:4"]
    assert [call.name for call in renamed] == ["find", "find", "other", "find"]


@given(st.lists(st.sampled_from([CALL, ToolCall("functions.find:1", "find", "{}"), ToolCall("", "b", "")])), st.data())
def test_ids_never_clash(calls: list[ToolCall], data: st.DataObject) -> None:
    """Whatever ids come, none is given out twice."""
    taken = data.draw(st.lists(st.sampled_from([f"functions.find:{n}" for n in range(4)]), unique=True))
    ids = [call.id for call in unique_calls(calls, taken=taken)]
    assert len({*ids, *taken}) == len(ids) + len(taken)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"result":{"choices":[{"mess', BrokenReply),
        (b"", BrokenReply),
        (b"<html>", BrokenReply),
        (b"[]", BrokenReply),
        (b'{"result":{},"success":true}', BrokenReply),
        (b'{"choices":[]}', BrokenReply),
        (b'{"choices":[5]}', BrokenReply),
        (b'{"choices":[{"message":{"content":"{}"}},5]}', BrokenReply),
        (b'{"choices":[{"message":{"content":%b}}]}' % (b"[" * 900 + b"]" * 900), BrokenReply),
        (b'{"result":"text","success":true}', BrokenReply),
        (b'{"result":null,"success":false,"errors":[{"code":3040,"message":"Capacity"}]}', Busy),
        (b'{"result":{},"success":false,"errors":[]}', BrokenReply),
        (b'{"error":[{"code":2021,"message":"insufficient balance"}],"success":false}', AccountError),
    ],
)
def test_what_is_no_reply(body: bytes, error: type[ServiceError]) -> None:
    """A body that is cut, empty or of another kind is broken; a failure with HTTP 200 is classed like any other."""
    with pytest.raises(error) as caught:
        parse_reply(200, {"cf-ray": "ray"}, body, price=None)
    assert type(caught.value) is error
    assert caught.value.request_id == "ray"


@pytest.mark.parametrize(
    "body",
    [{"choices": []}, {"choices": None}, {"choices": ["text"]}],
)
def test_a_broken_reply_tells_what_it_cost(body: dict[str, Any]) -> None:
    """What came without an answer was billed too: the error holds the usage that was told."""
    billed = {**body, "usage": {"prompt_tokens": 1000, "completion_tokens": 0}}
    with pytest.raises(BrokenReply) as caught:
        parse_completion(billed, price=KIMI)
    assert caught.value.usage == Usage(1000, 0, 0, 0.00095)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b'\xef\xbb\xbf{"response": "yes"}', "yes"),
        ('{"response": "yes"}'.encode("utf-16"), "yes"),
        (b'{"response": "yes", "score": NaN, "other": -Infinity}', "yes"),
        (b'{"response": "half \\ud83d of a pair"}', "half \ufffd of a pair"),
    ],
    ids=["byte order mark", "UTF-16", "NaN", "half of a surrogate pair"],
)
def test_json_that_is_not_quite(body: bytes, content: str) -> None:
    """A reply that was paid for is read, though its JSON is not to the letter."""
    assert parse_reply(200, {}, body, price=None).content == content


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not whole JSON .* in 0 bytes"),
        (b'{"result": {"response"', "not whole JSON .* in 22 bytes"),
        (b'{"response": "\xff"}', "not whole JSON"),
        (b'{"response": ' + b"[" * 100_000, "not whole JSON"),
        (b" \n<!doctype html><title>Hotel\x1b[2J Wi-Fi</title>", r"a web page came, 'Hotel \[2J Wi-Fi', in"),
        (b"<html><script>x</script><p>Please log in</p>", "a web page came, 'Please log in', in"),
        (b"[1]", "not a JSON object"),
    ],
    ids=["nothing", "cut", "not UTF-8", "nested without end", "a title", "words", "an array"],
)
def test_what_came_in_place_of_a_reply(body: bytes, reason: str) -> None:
    """A body that is no reply is told for what it is."""
    with pytest.raises(BrokenReply, match=reason):
        parse_reply(200, {}, body, price=None)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b'{"response": {"total": 9.50}}', '{"total":9.50}'),
        (b'{"response": {"a": [12345678901234567890.10]}}', '{"a":[12345678901234567890.10]}'),
        (b'{"choices":[{"message":{"content":{"a":[1e2,true,null,"\\u00e9"]}}}]}', '{"a":[1e2,true,null,"\u00e9"]}'),
    ],
)
def test_digits_are_kept(body: bytes, content: str) -> None:
    """Content that was parsed for us is written back in the digits that it came in."""
    assert parse_reply(200, {}, body, price=None).content == content


@pytest.mark.parametrize("name", ["functions.find:0", "functions.find", "find"])
def test_names_of_functions(name: str) -> None:
    """A function's name may come with the prefix and the number of the model's own ids."""
    read = Calls()
    read.take({"tool_calls": [{"function": {"name": name, "arguments": "{}"}}]}, whole=True)
    assert [call.name for call in read.made()] == ["find"]
    assert part_calls("find") == ("find", ())


@pytest.mark.parametrize("status", [200, 500])
def test_a_refusal_tells_what_it_cost(status: int) -> None:
    """A failure with a usage beside it was billed by that; one beside an answer without a usage may have been."""
    usage = {"usage": {"prompt_tokens": 3, "completion_tokens": 1}}
    refusal = {"success": False, "errors": [{"code": 3043, "message": "Internal"}]}
    for result, cost, billable in ((usage, Usage(3, 0, 1, 4.0), False), ({"choices": [{}]}, None, True)):
        with pytest.raises(Busy) as failed:
            parse_reply(status, {}, json.dumps({**refusal, "result": result}).encode(), price=Price(1e6, 1e6, 1e6))
        assert (failed.value.usage, failed.value.billable) == (cost, billable)


def test_a_failed_status_is_classed() -> None:
    """Beyond 2xx the body is an error, whatever it looks like."""
    with pytest.raises(Busy):
        parse(completion(), status=503)


NAMES = ["result", "success", "choices", "message", "content", "tool_calls", "function", "name", "arguments", "usage"]
NAMES += ["prompt_tokens", "logprobs", "token", "logprob", "index", "finish_reason", "response", "reasoning", "id"]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_a_reply_or_an_error(body: Any) -> None:
    """No body, however odd, raises anything but a ServiceError."""
    try:
        reply = parse_completion(body, price=KIMI)
    except ServiceError:
        return
    assert isinstance(reply.content, str)
    assert isinstance(reply.finish, str)


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("@cf/moonshotai/kimi-k2.6", Price(0.95, 0.16, 4.0)),
        ("@cf/moonshotai/kimi-k2.5", Price(0.95, 0.16, 4.0)),
        ("workers-ai/@cf/moonshotai/kimi-k2.6", Price(0.95, 0.16, 4.0)),
        ("local", Price(0, 0, 0)),
        ("local:smollm2-135m", Price(0, 0, 0)),
        ("local:/models/any.gguf", Price(0, 0, 0)),
        ("@cf/meta/llama-3", None),
        ("localhost", None),
    ],
)
def test_prices(model: str, price: Price | None) -> None:
    """A price is known by any of the model's names, 0 for an embedded one, and None where it is not known."""
    assert price_of(model) == price


def test_cost() -> None:
    """Cached tokens are charged at their own price, the rest of the prompt at the full one."""
    assert Price(0.95, 0.16, 4.0).cost(Usage(1_000_000, 400_000, 100_000)) == pytest.approx(0.57 + 0.064 + 0.4)


@given(st.text(max_size=30))
def test_parting_keeps_text_without_markers(text: str) -> None:
    """Text that has no marker is not touched."""
    if "think>" not in text:
        assert part_thinking(text) == (text, "")
