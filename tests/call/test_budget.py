"""What a budget reserves is proven: by the real vocabulary and the model's own template, in any script."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.call.ledger import upper_bound
from extractor.text.tokens import encoder
from extractor.wire.images import image_part, image_tokens

SCRIPTS = {
    "English": "All human beings are born free and equal in dignity and rights. ",
    "German, decomposed": "A\u0308lle sind an Wu\u0308rde und Rechten gleich geboren \u2013 o\u0308fter. ",
    "Amharic": "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው። ",
    "Inuktitut": "ᐃᓅᔪᓕᒫᑦ ᐊᓂᖅᑎᕆᔪᑦ ᐃᓱᒪᕐᓱᕆᐊᖃᕐᑎᓪᓗᒋᑦ ᐊᒻᒪ ",
    "Mongolian": "ᠬᠦᠮᠦᠨ ᠪᠦᠷ ᠲᠥᠷᠥᠵᠦ ᠮᠡᠨᠳᠡᠯᠡᠬᠦ ᠡᠷᠬᠡ ᠴᠢᠯᠥᠭᠡ ",
    "braille": "⠁⠇⠇ ⠓⠥⠍⠁⠝ ⠃⠑⠊⠝⠛⠎ ⠁⠗⠑ ⠃⠕⠗⠝ ⠋⠗⠑⠑ ",
    "box drawing": "┌──┬──┐\n│▒▒│╳╳│\n├──┼──┤\n╰╌╌╯ ╭┈┈╮\n",
    "faces": "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿🧑🏿‍🚀 ",
    "digits": "9081 7263 5544 1029384756 ",
    "marks": "<|im_end|><|im_system|>[EOS]<think></think> ",
}

words = st.one_of(
    st.text(max_size=60),
    st.builds(lambda script, times: SCRIPTS[script] * times, st.sampled_from(sorted(SCRIPTS)), st.integers(0, 6)),
)
names = st.text(st.sampled_from("abcdef_"), min_size=1, max_size=8)
described = st.fixed_dictionaries({"type": st.sampled_from(["string", "integer"]), "description": words})
schemas = st.recursive(
    described,
    lambda inner: st.builds(lambda fields: {"type": "object", "properties": fields}, st.dictionaries(names, inner)),
    max_leaves=6,
)
functions = st.fixed_dictionaries({"name": names, "description": words, "parameters": schemas})
tools = st.lists(functions.map(lambda function: {"type": "function", "function": function}), max_size=3)
calls = st.builds(
    lambda name, arguments, number: {
        "id": f"functions.{name}:{number}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)},
    },
    names,
    st.dictionaries(names, words, max_size=2),
    st.integers(0, 99),
)
PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 8 + (1200).to_bytes(4, "big") + (900).to_bytes(4, "big")
parts = st.one_of(words.map(lambda text: {"type": "text", "text": text}), st.just(image_part(PIXEL)))
messages = st.lists(
    st.one_of(
        st.builds(lambda text: {"role": "system", "content": text}, words),
        st.builds(lambda text: {"role": "user", "content": text}, words),
        st.builds(lambda seen: {"role": "user", "content": seen}, st.lists(parts, min_size=1, max_size=5)),
        st.builds(
            lambda text, thought, made: {
                "role": "assistant",
                "content": text,
                "reasoning": thought,
                "tool_calls": made,
            },
            words,
            words,
            st.lists(calls, max_size=2),
        ),
        st.builds(lambda text, made: {"role": "tool", "content": text, "tool_call_id": made["id"]}, words, calls),
    ),
    min_size=1,
    max_size=5,
)


def prompt_tokens(body: Mapping[str, Any], count: Callable[[str], int]) -> int:
    """What the model's template makes of a request, counted by its vocabulary; one for each special token."""
    total = 0
    if body["messages"][0]["role"] != "system":
        total += 3 + count("system") + count("You are Kimi, an AI assistant created by Moonshot AI.")
    if body.get("tools"):
        total += 3 + count("tool_declare") + count(declared(body["tools"]))
    for message in body["messages"]:
        role, content = message["role"], message["content"]
        name = "system" if role == "tool" else role
        total += 3 + count(name)
        if role == "tool":
            content = f"## Return of {message['tool_call_id']}\n{content}"
        total += count(content) if isinstance(content, str) else sum(seen(part, count) for part in content)
        if message.get("reasoning"):
            total += 2 + count(message["reasoning"])
        for call in message.get("tool_calls", ()):
            total += 5 + count(call["id"]) + count(call["function"]["arguments"])
    return total + 3 + count("assistant") + 2


def seen(part: Mapping[str, Any], count: Callable[[str], int]) -> int:
    return count(part["text"]) if part["type"] == "text" else 4 + count("image") + image_tokens(1200, 900)


def declared(tools: list[Any]) -> str:
    """The declaration of functions, in the manner of TypeScript."""
    lines = ["# Tools", "", "## functions", "namespace functions {"]
    for tool in tools:
        function = tool["function"]
        shape = typed(function["parameters"], 1)
        lines += [f"// {function['description']}", f"type {function['name']} = (_: {shape}) => any;"]
    return "\n".join([*lines, "}"])


def typed(schema: Mapping[str, Any], depth: int) -> str:
    if "properties" not in schema:
        return {"integer": "number"}.get(schema["type"], "string")
    lines = ["{"]
    for name, inner in schema["properties"].items():
        lines += [f"{'  ' * depth}// {inner.get('description', '')}"] if inner.get("description") else []
        lines.append(f"{'  ' * depth}{name}?: {typed(inner, depth + 1)},")
    return "\n".join([*lines, "  " * (depth - 1) + "}"])


def vocabulary() -> Callable[[str], int]:
    encode = encoder() or pytest.skip("the model's vocabulary comes with the extra `tokens`")
    return lambda text: len(encode(text))


@pytest.mark.parametrize("exact", [False, True])
@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({"messages": messages, "tools": tools, "max_completion_tokens": st.integers(1, 9)}))
def test_no_prompt_has_more_tokens_than_are_reserved(exact: bool, body: dict[str, Any]) -> None:
    """By bytes or by the vocabulary itself, whatever the script, the turns, the pictures and the tools."""
    assert prompt_tokens(body, vocabulary()) <= upper_bound(body, exact=exact).prompt_tokens


@pytest.mark.parametrize("script", SCRIPTS)
def test_counting_reserves_little_more_than_is_paid(script: str) -> None:
    """Where the vocabulary is there, a long text costs a budget what it costs, in every script."""
    body = {"messages": [{"role": "user", "content": SCRIPTS[script] * 200}], "max_completion_tokens": 1}
    paid = prompt_tokens(body, vocabulary())
    assert paid <= upper_bound(body, exact=True).prompt_tokens <= paid + 250


@settings(max_examples=60, deadline=None)
@given(words)
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    """The proof that needs no vocabulary: each of its tokens stands for one byte or more."""
    assert vocabulary()(text) <= len(text.encode())


def test_everything_that_is_sent_is_in_the_bound() -> None:
    """Text, parts, pictures, schema, tools, a prediction, what was thought and called before."""
    long = "word " * 1000
    plain = {"messages": [{"role": "user", "content": ""}], "max_completion_tokens": 100}
    least = upper_bound(plain).prompt_tokens
    more: list[dict[str, Any]] = [
        {"messages": [{"role": "user", "content": long}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": long}]}]},
        {"messages": [{"role": "assistant", "content": "", "reasoning": long}]},
        {"messages": [{"role": "assistant", "content": "", "tool_calls": [{"function": {"arguments": long}}]}]},
        {"response_format": {"x": long}},
        {"tools": [{"function": {"description": long}}]},
        {"functions": [{"description": long}]},
        {"prediction": {"type": "content", "content": long}},
        {"messages": [], "prompt": long},
    ]
    assert least < 300
    assert all(upper_bound({**plain, **one}).prompt_tokens >= 5000 for one in more)


@pytest.mark.parametrize(
    ("limits", "longest"),
    [
        ({"max_completion_tokens": 100}, 100),
        ({"max_tokens": 70}, 70),
        ({"max_tokens": 70, "max_completion_tokens": 100}, 100),
        ({"max_completion_tokens": 100, "n": 3}, 300),
        ({}, 262_144),
    ],
)
def test_answers_are_bounded_by_their_limit(limits: dict[str, int], longest: int) -> None:
    """Each of the answers may have as many tokens; without a limit, as many as the window has."""
    assert upper_bound({"messages": [], **limits}).completion_tokens == longest


def test_no_request_is_longer_than_the_window() -> None:
    """The service refuses what is longer, so that nothing longer is ever paid for."""
    assert upper_bound({"messages": [{"role": "user", "content": "a" * 2_000_000}]}).prompt_tokens == 262_144


def test_pictures_cost_what_their_size_says() -> None:
    """By the model's formula; one whose size cannot be told costs the most that any does."""

    def cost(url: str) -> int:
        part = {"type": "image_url", "image_url": {"url": url}}
        return upper_bound({"messages": [{"role": "user", "content": [part]}]}).prompt_tokens

    none = cost("data:image/png;base64," + b64encode(PIXEL).decode()) - image_tokens(1200, 900)
    assert cost("https://example.com/page.png") - none == cost("data:image/png;base64,AAAA") - none == 4_225


@pytest.mark.parametrize("exact", [False, True])
def test_however_a_deployment_writes_it(exact: bool) -> None:
    """Parts on lines of their own, schemas in escapes alone, and functions declared with any depth of indentation."""
    count, braille = vocabulary(), SCRIPTS["braille"]
    parts = [{"type": "text", "text": "a"}] * 200
    body: dict[str, Any] = {"messages": [{"role": "user", "content": parts}]}
    assert count("a\n" * 200) <= upper_bound(body, exact=exact).prompt_tokens
    body = {
        "messages": [],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "title": braille * 50}},
    }
    assert count(json.dumps(body["response_format"])) <= upper_bound(body, exact=exact).prompt_tokens
    shape: dict[str, Any] = {"type": "string"}
    for _ in range(60):
        shape = {"type": "object", "properties": {"a": shape}}
    tools = [{"type": "function", "function": {"name": "f", "description": braille, "parameters": shape}}]
    assert len(declared(tools).encode()) <= upper_bound({"messages": [], "tools": tools}, exact=exact).prompt_tokens
