"""What is counted: tokens, the window, the cut, the cached prefix."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.emulator.meter import CONTEXT, DEFAULT_MAX_TOKENS, Meter
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.text.tokens import count_tokens
from extractor.wire.images import image_part
from tests.emulator.kit import Client, asking, error, message

GIF = b"GIF89a" + (512).to_bytes(2, "little") * 2 + b"\0\0\0;"
LONG = "The lease runs for twelve months and renews itself. " * 40


def test_an_answer_is_cut_at_the_token_limit() -> None:
    """Content longer than the limit ends there, with finish_reason length, and the limit is what is billed."""
    with Emulator(lambda body: LONG) as emulator, Client(emulator) as client:
        response = client.native(asking(max_tokens=50))
        choice = response.json()["result"]["choices"][0]
        assert choice["finish_reason"] == "length"
        assert LONG.startswith(choice["message"]["content"])
        assert response.json()["result"]["usage"]["completion_tokens"] <= 50 < count_tokens(LONG)
        assert (
            client.native(asking(max_completion_tokens=5000)).json()["result"]["choices"][0]["finish_reason"] == "stop"
        )


def test_without_a_limit_the_platform_sets_a_short_one() -> None:
    """A request that sets no limit gets the platform's own, which is short."""
    with Emulator(lambda body: LONG) as emulator, Client(emulator) as client:
        response = client.native({"messages": asking()["messages"]})
    assert response.json()["result"]["usage"]["completion_tokens"] <= DEFAULT_MAX_TOKENS
    assert response.json()["result"]["choices"][0]["finish_reason"] == "length"


def test_reasoning_takes_its_part_of_the_limit() -> None:
    """Where the reasoning alone fills the limit, the content is null and the finish is length."""
    with Emulator(lambda body: Completion("yes", reasoning=LONG)) as emulator, Client(emulator) as client:
        response = client.native(asking(max_tokens=20))
    assert message(response)["content"] is None
    assert response.json()["result"]["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_tokens": CONTEXT}, "Requested token count exceeds the model's maximum context length of 256000 tokens."),
        ({"max_tokens": CONTEXT + 1}, "max_completion_tokens is too large: 256001."),
    ],
)
def test_the_window_holds_prompt_and_answer_together(options: dict[str, int], text: str) -> None:
    """A prompt and an allowance that pass the window together are refused in the engine's words."""
    with Emulator(lambda body: "x") as emulator, Client(emulator) as client:
        status, code, sentence = error(client.native(asking(**options)))
    assert (status, code) == (400, None)
    assert sentence.startswith(f"AiError: AiError: {text}")


def test_a_smaller_window() -> None:
    """An emulator with a window of its own refuses by it, and tells both parts of the sum."""
    with Emulator(lambda body: "x", window=1000) as emulator, Client(emulator) as client:
        assert client.native(asking("short", max_tokens=900)).status_code == 200
        sentence = error(client.native(asking(LONG, max_tokens=900)))[2]
    assert "tokens from the input messages and 900 tokens for the completion." in sentence


def test_a_repeated_prefix_is_cached_for_the_same_affinity() -> None:
    """A part of a prompt that the same affinity sent before is cached and billed so; another has no cache."""
    shared = {"role": "system", "content": "Extract the lease. " * 1000}

    def body(text: str) -> dict[str, object]:
        return {"messages": [shared, {"role": "user", "content": text}], "max_tokens": 10}

    with Emulator(lambda body: "x") as emulator, Client(emulator) as client:
        usages = [
            client.native(body(text), **{"x-session-affinity": name}).json()["result"]["usage"]
            for text, name in (("first", "a"), ("second", "a"), ("first", "b"))
        ]
        unsteady = client.native(body("first")).json()["result"]["usage"]
    assert [usage["prompt_tokens_details"] for usage in (usages[0], usages[2], unsteady)] == [None] * 3
    cached = usages[1]["prompt_tokens_details"]["cached_tokens"]
    assert 0.8 * usages[1]["prompt_tokens"] < cached <= usages[1]["prompt_tokens"]
    assert cached % 64 == 0


@given(st.integers(0, 400), st.integers(1, 300))
def test_a_prefix_is_cached_in_whole_blocks_of_64_tokens(same: int, rest: int) -> None:
    """Of a prompt that begins as an earlier one did, the whole blocks are cached, and never all of it."""
    pytest.importorskip("splintr")
    meter = Meter()
    earlier, later = ({"prompt": " word" * same + word * rest} for word in (" tea", " rent"))
    meter.remember(meter.prompt(earlier), "a")
    assert meter.cached(meter.prompt(later), "a") == same // 64 * 64
    assert meter.cached(meter.prompt(earlier), "a") == (same + rest - 1) // 64 * 64
    assert meter.cached(meter.prompt(later), "b") == 0


def test_what_is_still_being_read_is_in_no_cache() -> None:
    """Requests that arrive before the first has its answer are billed in full; the one after them is not."""
    body = asking("The lease runs for twelve months. " * 100)
    with Emulator(lambda body: "x", latency=0.3) as emulator, Client(emulator) as client:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: client.native(body, **{"x-session-affinity": "a"}), range(3)))
        client.native(body, **{"x-session-affinity": "a"})
        cached = [exchange.usage.cached_tokens for exchange in emulator.requests if exchange.usage]
    assert cached[:3] == [0, 0, 0]
    assert cached[3] > 0


def test_a_prompt_counts_everything_that_is_asked() -> None:
    """Tools, earlier calls and images are part of the prompt."""
    meter = Meter()
    plain = asking("hello")
    call = {"id": "f:0", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    image = image_part(GIF)
    richer = [
        {**plain, "tools": [{"type": "function", "function": {"name": "look_up", "description": LONG}}]},
        {"messages": [*plain["messages"], {"role": "assistant", "tool_calls": [call]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}, image]}]},
    ]
    assert all(meter.prompt(body).tokens > meter.prompt(plain).tokens for body in richer)
    assert meter.prompt({"prompt": "hello"}).tokens < meter.prompt(plain).tokens
    assert meter.prompt(richer[2]).tokens == meter.prompt(plain).tokens + 361


@given(st.text(max_size=400), st.integers(0, 60))
def test_a_cut_is_the_longest_beginning_that_fits(text: str, limit: int) -> None:
    """A cut text is a beginning of the whole, has no more tokens than the limit, and could not be longer."""
    meter = Meter()
    start = meter.cut(text, limit)
    assert text.startswith(start)
    assert meter.count(start) <= limit or not start
    assert start == text or meter.count(text[: len(start) + 1]) > limit
