"""Streams: every quirk that was seen, in whatever pieces the bytes come."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import AccountError, BrokenReply, Busy, ServiceError
from extractor.wire import streams
from extractor.wire.prices import Price
from extractor.wire.replies import parse_completion
from extractor.wire.streams import StreamReader
from extractor.wire.values import Reply, ToolCall, Usage

PRICE = Price(1.0, 0.5, 2.0)


def frame(content: str | None = None, *, finish: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def sse(*frames: Any, end: str = "\n\n") -> bytes:
    data = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in frames]
    return "".join(f"data: {one}{end}" for one in data).encode()


USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 3,
    "prompt_tokens_details": {"cached_tokens": 80},
    "total_tokens": 103,
}
WHOLE = sse(
    frame("", role="assistant"),
    frame('{"name": "Zo'),
    frame('ë"}'),
    frame(finish="stop", usage=USAGE),
    {"choices": [], "usage": USAGE},
    "[DONE]",
)
REPLY = Reply(content='{"name": "Zoë"}', usage=Usage(100, 80, 3, (20 + 40 + 6) / 1e6), request_id="id-1")


def read(data: bytes, size: int = 10**9) -> tuple[str, Reply]:
    reader = StreamReader(price=PRICE, request_id="id-1")
    texts = [text for at in range(0, len(data), size) for text in reader.feed(data[at : at + size])]
    return "".join(texts), reader.reply()


@given(st.integers(1, len(WHOLE)))
def test_any_pieces(size: int) -> None:
    """However the bytes are cut, within a character too, the text and the reply are the same."""
    assert read(WHOLE, size) == ('{"name": "Zoë"}', REPLY)


@pytest.mark.parametrize(
    "data",
    [
        WHOLE.replace(b"\n\n", b"\r\n\r\n"),
        b"\xef\xbb\xbf" + WHOLE,
        WHOLE.replace(b"data: ", b"data:"),
        b": ping\n\nevent: message\nid: 1\n" + WHOLE,
        WHOLE.replace(b"data: [DONE]\n\n", b""),
        WHOLE[:-2],
        WHOLE + sse(frame("after the end")),
    ],
    ids=["CRLF", "byte order mark", "no space", "comments", "no DONE", "no last blank line", "after DONE"],
)
def test_dialects(data: bytes) -> None:
    """Line ends, comments, other fields, and either of the two ends make no difference."""
    assert read(data)[1] == REPLY


@pytest.mark.parametrize(
    "usages",
    [
        [USAGE, USAGE],
        [USAGE, {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}],
        [USAGE, {"prompt_tokens": 100, "completion_tokens": 3}],
        [{"prompt_tokens": 100, "completion_tokens": 1}, USAGE],
    ],
    ids=["twice", "zeros", "cached lost", "growing"],
)
def test_usage_is_counted_once(usages: list[Any]) -> None:
    """Of usage that comes more than once the largest counts are kept."""
    data = sse(frame("x"), *(frame(usage=usage) for usage in usages), frame(finish="stop"), "[DONE]")
    assert read(data)[1].usage == REPLY.usage


def test_no_usage() -> None:
    """A stream that tells no usage leaves it unknown."""
    assert read(sse(frame("x", finish="stop")))[1].usage is None


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning(name: str) -> None:
    """Thinking is collected apart, under both names, and is never part of the text."""
    thought = {"choices": [{"index": 0, "delta": {name: "hm", "content": None}, "finish_reason": None}]}
    text, reply = read(sse(thought, thought, frame("x", finish="stop"), "[DONE]"))
    assert (text, reply.content, reply.reasoning) == ("x", "x", "hmhm")


def test_tool_calls() -> None:
    """Calls are put together by their index; a closing entry of nulls adds nothing."""

    def call(index: int, **fields: Any) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": index, **fields}]}}]}

    data = sse(
        call(0, id="functions.a:0", type="function", function={"name": "a"}),
        call(1, id="functions.b:1", type="function", function={"name": "b", "arguments": {"z": 1}}),
        call(0, function={"arguments": '{"x":'}),
        call(0, function={"arguments": " 1}"}),
        call(0, id=None, type=None, function={"name": None}),
        frame(finish="tool_calls"),
        "[DONE]",
    )
    reply = read(data)[1]
    assert reply.tool_calls == (ToolCall("functions.a:0", "a", '{"x": 1}'), ToolCall("functions.b:1", "b", '{"z":1}'))
    assert reply.finish == "tool_calls"


def test_several_choices_and_logprobs() -> None:
    """Choices grow side by side; only the first is streamed as text; log-probabilities are joined."""
    token = {"content": [{"token": "a", "logprob": -1.5}]}
    data = sse(
        {"choices": [{"index": 0, "delta": {"content": "a"}, "logprobs": token}]},
        {
            "choices": [
                {"index": 1, "delta": {"content": "b"}},
                {"index": 0, "delta": {"content": "a"}, "logprobs": token},
            ]
        },
        "[DONE]",
    )
    text, reply = read(data)
    assert (text, reply.content, reply.others) == ("aa", "aa", ("b",))
    assert reply.logprobs == (("a", -1.5), ("a", -1.5))


def test_the_older_form() -> None:
    """`{"response": ...}` frames are read as text."""
    text, reply = read(sse({"response": "a"}, {"response": "b", "usage": USAGE}, "[DONE]"))
    assert (text, reply.content, reply.usage) == ("ab", "ab", REPLY.usage)


def test_plain_json_in_answer() -> None:
    """A service that answers whole, though a stream was asked for, is understood."""
    completion = {"result": {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}, "success": True}
    assert read(json.dumps(completion).encode(), 5) == ("", Reply(content="x", request_id="id-1"))


@pytest.mark.parametrize(
    "data",
    [b"", sse(frame("x")), WHOLE[:90], sse(frame("x")) + b'data: {"choi', b'{"result": {"cho', b"data: \n\n"],
    ids=["nothing", "no end", "cut", "cut in a frame", "cut JSON", "empty event"],
)
def test_a_stream_without_an_end(data: bytes) -> None:
    """Neither `[DONE]` nor a finish reason means broken: to be asked again, never a result."""
    with pytest.raises(BrokenReply):
        read(data)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"error": {"code": 3040, "message": "Capacity temporarily exceeded"}}, Busy),
        ({"errors": [{"code": 4006, "message": "free allocation"}], "success": False}, AccountError),
        ({"error": {"message": "something odd"}}, BrokenReply),
    ],
)
def test_an_error_inside(error: Any, expected: type[ServiceError]) -> None:
    """An error in the middle is classed like one at the start, and holds what was told of usage."""
    reader = StreamReader(price=PRICE)
    assert reader.feed(sse(frame("x", usage=USAGE))) == ["x"]
    with pytest.raises(expected) as caught:
        reader.feed(sse(error))
    assert (caught.value.usage, caught.value.billable) == (REPLY.usage, True)


@pytest.mark.parametrize(
    ("frames", "usage", "billable"),
    [
        ([], None, False),
        ([frame("x")], None, True),
        ([frame("x", usage=USAGE)], REPLY.usage, True),
        ([{"choices": [], "usage": USAGE}], REPLY.usage, False),
    ],
)
def test_an_error_tells_whether_it_may_be_billed(frames: list[Any], usage: Usage | None, billable: bool) -> None:
    """One that comes before any answer is a refusal; after that it may be billed, for what was told where it was."""
    reader = StreamReader(price=PRICE)
    with pytest.raises(Busy) as caught:
        reader.feed(sse(*frames, {"error": {"code": 3043, "message": "Unknown internal error"}}))
    assert (caught.value.usage, caught.value.billable) == (usage, billable)


def test_an_error_frame_may_tell_the_usage_itself() -> None:
    """What stands beside the error counts like what came before it."""
    reader = StreamReader(price=PRICE)
    with pytest.raises(Busy) as caught:
        reader.feed(sse(frame("x"), {"error": {"code": 3043, "message": "Unknown internal error"}, "usage": USAGE}))
    assert caught.value.usage == REPLY.usage


def test_a_stream_without_an_end_tells_what_it_cost() -> None:
    """What a broken stream told of its usage stays known."""
    reader = StreamReader(price=PRICE)
    reader.feed(sse(frame("x", usage=USAGE)))
    with pytest.raises(BrokenReply) as caught:
        reader.reply()
    assert caught.value.usage == REPLY.usage


@given(
    st.lists(
        st.binary(max_size=30) | st.sampled_from([WHOLE[:50], b"data: {}\n\n", b'data: {"choices":[5]}\n\n']),
        max_size=8,
    )
)
def test_any_bytes(pieces: list[bytes]) -> None:
    """No bytes raise anything but a ServiceError."""
    reader = StreamReader(price=None)
    try:
        for piece in pieces:
            reader.feed(piece)
        reader.reply()
    except ServiceError:
        pass


def deltas(*found: Any, finish: str = "stop") -> bytes:
    return sse(*({"choices": [{"index": 0, "delta": delta}]} for delta in found), frame(finish=finish), "[DONE]")


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (["[", "1", ",", "2", "]"], "[1,2]"),
        (["12", "345"], "12345"),
        (["true", '" "', "false"], "true false"),
        (["1.50", '" and "', "2e3"], "1.50 and 2e3"),
        (["123456789012345678901234567890"], "123456789012345678901234567890"),
        (["null", '"x"'], "x"),
    ],
)
def test_tokens_that_are_words_of_json(tokens: list[str], text: str) -> None:
    """A token that is a number, or true or false, comes bare in the service's streams; each digit of it counts."""
    bare = [token if token[:1] not in "[,]" else f'"{token}"' for token in tokens]
    newer = "".join(f'data: {{"choices":[{{"index":0,"delta":{{"content":{token}}}}}]}}\n\n' for token in bare)
    older = "".join(f'data: {{"response":{token}}}\n\n' for token in bare)
    for events in (newer, older):
        assert read(f"{events}data: [DONE]\n\n".encode()) == (text, Reply(content=text, request_id="id-1"))


def test_a_character_in_two_frames() -> None:
    """Halves of a surrogate pair in two frames are one character, whole when it is heard; a lone half is a mark."""
    events = (
        r'data: {"choices":[{"delta":{"content":"a\ud83d"}}]}'
        + "\n\n"
        + r'data: {"choices":[{"delta":{"content":"\ude00b"}}]}'
    )
    assert read(f"{events}\n\ndata: [DONE]\n\n".encode())[0] == "a😀b"
    assert read(f"{events}\n\ndata: [DONE]\n\n".encode())[1].content == "a😀b"
    lone = r'data: {"choices":[{"delta":{"content":"a\ud83d"},"finish_reason":"stop"}]}' + "\n\n"
    assert read(lone.encode())[1].content == "a\ufffd"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
@pytest.mark.parametrize(
    "frame",
    [
        '{"choices": [{"index": 0, "delta": {"content": "%s"}}]}',
        '{"result": {"choices": [{"index": 0, "delta": {"content": "%s"}}]}, "success": true}',
        '{"result": {"response": "%s"}}',
        '{"choices": [{"index": 0, "text": "%s"}]}',
    ],
    ids=["bare", "in the envelope", "older, in the envelope", "as text"],
)
def test_frames_in_any_form_and_with_any_line_ends(end: bytes, start: bytes, frame: str) -> None:
    """A stream reads the same in either envelope, with each of the line ends of its format, in pieces of any size."""
    body = start + "".join(f"data: {frame % piece}\n\n" for piece in "abc").encode().replace(b"\n", end)
    body += b"data: [DONE]" + end + end
    for size in (1, 7, len(body)):
        reader = StreamReader(price=None)
        heard = [text for at in range(0, len(body), size) for text in reader.feed(body[at : at + size])]
        assert ("".join(heard), reader.reply().content) == ("abc", "abc")


def test_a_long_line_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pieces a line comes in, the time to read it is in proportion to its length."""
    sizes: list[int] = []

    class LineEnd:
        def split(self, data: bytes) -> list[bytes]:
            sizes.append(len(data))
            return line_end.split(data)

    line_end = streams._LINE_END
    monkeypatch.setattr(streams, "_LINE_END", LineEnd())
    body = sse(frame("x" * 20_000, finish="stop"))
    assert read(body, 10)[1].content == "x" * 20_000
    assert sum(sizes) < 2 * len(body)


@pytest.mark.parametrize(
    "noise", ["data:\n\n", "data: \n\n", "data: ping\n\n", "event: ping\ndata: 5\n\n", ":\n\n", "retry: 3\n\n"]
)
def test_what_keeps_a_connection_open(noise: str) -> None:
    """Empty events, and events that hold no JSON object, are passed over wherever they come."""
    events = WHOLE.decode().split("\n\n")
    assert read((noise + ("\n\n" + noise).join(events)).encode())[1] == REPLY


@pytest.mark.parametrize("end", ["[DONE]", ' "[DONE]" ', "DONE", "[done]"])
def test_ends(end: str) -> None:
    """The end is known by its word, however it is written."""
    assert read(sse(frame("x"), end))[1].content == "x"


def test_usage_behind_the_end() -> None:
    """A copy of the usage that comes behind the end counts, once."""
    assert read(sse(frame("x"), "[DONE]", {"choices": [], "usage": USAGE}))[1].usage == REPLY.usage


def test_an_event_may_be_named_an_error() -> None:
    """An event of the name `error` is one, whatever its data is made of."""
    with pytest.raises(Busy, match="Capacity"):
        read(sse(frame("x")) + b'event: error\ndata: {"code": 3040, "message": "Capacity temporarily exceeded"}\n\n')


def test_reasoning_changes_its_name() -> None:
    """Thinking under two names, in one frame or in several, is one thought."""
    data = deltas(
        {"reasoning": "one "},
        {"reasoning_content": "two ", "reasoning": "two "},
        {"content": [{"type": "thinking", "thinking": "three"}, {"type": "text", "text": "x"}]},
    )
    reply = read(data)[1]
    assert (reply.content, reply.reasoning) == ("x", "one two three")


def test_a_whole_message_replaces_its_pieces() -> None:
    """A last frame that brings the whole message again adds nothing to what the pieces said."""
    last = {"choices": [{"index": 0, "message": {"content": "whole"}, "finish_reason": "stop"}]}
    assert read(sse(frame("who"), frame("le"), last, "[DONE]"))[1].content == "whole"
    ended = {"choices": [{"index": 0, "delta": {}, "message": {"content": "whole"}, "finish_reason": "stop"}]}
    assert read(sse(frame("who"), frame("le"), ended, "[DONE]"))[1].content == "whole"


def _piece(**entry: Any) -> dict[str, Any]:
    return {"tool_calls": [entry]}


def _named(name: str, arguments: str = "", **entry: Any) -> dict[str, Any]:
    return _piece(**entry, function={"name": name, "arguments": arguments})


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        ([_named("a", '{"x":1}', index=0, id="p"), _named("a", '{"x":2}', index=0, id="q")], ['{"x":1}', '{"x":2}']),
        ([_named("a", '{"x":1}', id="p"), _named("a", '{"x":2}', id="q")], ['{"x":1}', '{"x":2}']),
        ([_named("a", '{"x":1}', index=0), _named("a", '{"x":2}', index=0)], ['{"x":1}', '{"x":2}']),
        (
            [_named("a", id="p"), _piece(function={"arguments": '{"x":'}), _piece(function={"arguments": "1}"})],
            ['{"x":1}'],
        ),
        ([_named("a", '{"x"', index=0, id="p"), _named("a", ":1}", index=0, id="p")], ['{"x":1}']),
        ([_named("a", '{"x"', index=0, id="p"), _piece(index=0, id="q", function={"arguments": ":1}"})], ['{"x":1}']),
        (
            [_named("a", index=1, id="q"), _named("b", index=0, id="p"), _piece(index=1, function={"arguments": "{}"})],
            ["{}", "{}"],
        ),
        ([_named("a", '{"x":1}', id="p"), _named("b", '{"x":2}')], ['{"x":1}', '{"x":2}']),
        ([_named("a", '{"x":1}{"x":2}', index=0, id="p")], ['{"x":1}', '{"x":2}']),
        ([_named("fi", index=0, id="p"), _named("nd", '{"x":1}', index=0)], ['{"x":1}']),
    ],
    ids=[
        "one index",
        "no index",
        "no ids",
        "no index but the first",
        "id repeated",
        "new id each time",
        "apart",
        "name",
        "glued",
        "name in pieces",
    ],
)
def test_parallel_calls(pieces: list[Any], calls: list[str]) -> None:
    """Pieces of several calls are told apart by index, else by id or name; none is glued to another, none is lost."""
    assert [call.arguments for call in read(deltas(*pieces, finish="tool_calls"))[1].tool_calls] == calls


def test_calls_of_the_older_form_and_in_the_reasoning() -> None:
    """A frame of the older form may hold calls; without any text, those that leaked into the reasoning count."""
    call = {"name": "find", "arguments": {"q": 1}}
    older = read(sse({"response": "", "tool_calls": [call], "finish_reason": "tool_calls"}))[1]
    thought = read(deltas({"reasoning_content": f"Let me look. {SECTION.format(ONE)}"}))[1]
    assert [each.name for each in (*older.tool_calls, *thought.tool_calls)] == ["find", "find"]


def test_frames_without_a_blank_line_between() -> None:
    """Lines that are events of their own are read as such."""
    lines = [f"data: {json.dumps(each)}" for each in (frame("a"), frame("b"), frame(finish="stop"))]
    assert read("\n".join([*lines, "data: [DONE]", ""]).encode())[1].content == "ab"


SECTION = "<|tool_calls_section_begin|>{}<|tool_calls_section_end|>"
ONE = '<|tool_call_begin|>functions.find:0<|tool_call_argument_begin|>{"q": 1}<|tool_call_end|>'


@pytest.mark.parametrize(
    ("content", "text", "names"),
    [
        (SECTION.format(ONE), "", ["find"]),
        (f"Let me look. {SECTION.format(ONE + ONE.replace('find:0', 'rate:1'))}", "Let me look.", ["find", "rate"]),
        (ONE, "", ["find"]),
        (SECTION.format(ONE).partition("<|tool_call_end|>")[0], "", ["find"]),
        (f'{{"note": "{ONE[:20]}"}}', f'{{"note": "{ONE[:20]}"}}', []),
        (f'{{"a": 1}}{SECTION.format(ONE)}', '{"a": 1}', ["find"]),
        ('<function=find>{"q": 1}</function>', "", ["find"]),
    ],
)
def test_leaked_calls(content: str, text: str, names: list[str]) -> None:
    """Calls that leaked into the text with the template's own markers are calls; in JSON they are a value's text."""
    for reply in (read(deltas({"content": content}))[1], parse_completion(_message(content), price=None)):
        assert reply.content == text
        assert [call.name for call in reply.tool_calls] == names
        assert all(json.loads(call.arguments) == {"q": 1} for call in reply.tool_calls)


def _message(content: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": {"content": content}, "finish_reason": "stop"} | more]}


@pytest.mark.parametrize("streamed", [True, False])
def test_an_answer_that_was_given_up(streamed: bool) -> None:
    """The finish reason `abort` is a broken reply, with what it cost."""
    whole = _message("{", finish_reason="abort") | {"usage": USAGE}
    data = sse(frame("{"), frame(finish="abort", usage=USAGE), "[DONE]") if streamed else json.dumps(whole).encode()
    with pytest.raises(BrokenReply, match="gave the answer up") as caught:
        read(data)
    assert caught.value.usage == REPLY.usage


@given(st.lists(st.text(max_size=4), max_size=6), st.lists(st.text(max_size=4), max_size=6))
def test_a_stream_reads_as_its_whole_does(contents: list[str], thoughts: list[str]) -> None:
    """Whether an answer came in frames or in one piece, the reply is the same."""
    data = deltas(*({"reasoning": one} for one in thoughts), *({"content": one} for one in contents))
    whole = _message("".join(contents))
    whole["choices"][0]["message"]["reasoning"] = "".join(thoughts)
    assert read(data)[1] == replace(parse_completion(whole, price=None), request_id="id-1")


@pytest.mark.parametrize("end", ['data: {"choices": [{"del', 'data: {"error": {"message": "late", "code": 3043}}\n\n'])
def test_what_comes_behind_the_answer_takes_nothing_from_it(end: str) -> None:
    """An answer that has its finish reason stands, though the stream then breaks or fails."""
    assert read(sse(frame("x"), frame(finish="stop", usage=USAGE)) + end.encode())[1].content == "x"


@pytest.mark.parametrize(
    "content",
    ["x", ["x"], [{"text": "x"}], [{"type": "text", "text": "x"}], [{"type": "output_text", "text": {"value": "x"}}]],
)
def test_parts_of_a_frame(content: Any) -> None:
    """Text comes as it is, or in parts with a type, without one, or as bare strings."""
    assert read(deltas({"content": content}))[1].content == "x"


def test_odd_frames() -> None:
    """Frames without choices or deltas, and calls that are no list, are read for what they hold."""
    call = {"id": "c", "function": {"name": "find", "arguments": "{}"}}
    data = sse(
        {"choices": None},
        {"choices": [{"index": 0, "delta": None, "finish_reason": ""}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": call}}]},
        frame(finish="tool_calls"),
    )
    assert read(data)[1].tool_calls == (ToolCall("c", "find", "{}"),)


def test_a_refusal_in_place_of_a_stream() -> None:
    """Plain JSON that says success:false, with HTTP 200, is the error that its code stands for."""
    body = b'{"errors":[{"message":"AiError: Capacity temporarily exceeded","code":3040}],"success":false,"result":{}}'
    with pytest.raises(Busy) as caught:
        read(body)
    assert (caught.value.code, caught.value.billable) == (3040, False)
