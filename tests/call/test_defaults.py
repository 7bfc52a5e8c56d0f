"""What is asked where nothing is said, and how thinking and answering share the one limit of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from extractor.call.conversation import Asking, converse
from extractor.call.effects import drive
from extractor.call.endpoint import Endpoint
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.errors import UsageError
from extractor.pipeline.config import Config
from extractor.wire.options import Options, extraction_options, thinking, thinks, without_thinking
from tests.call.kit import over_http
from tests.call.test_conversation import GOOD, SCHEMA, TEXT

PLAIN = {"temperature": 0.0, "top_p": 0.95}
FREE = {"temperature": 1.0, "top_p": 0.95}
OFF: dict[str, Any] = {"chat_template_kwargs": thinking(False), "reasoning_effort": "none"}
ON: dict[str, Any] = {"chat_template_kwargs": thinking(True)}


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (Options(), {**OFF, **PLAIN, "max_completion_tokens": 8_192}),
        (Options(chat_template_kwargs=thinking(True)), {**ON, **FREE, "max_completion_tokens": 32_768}),
        (Options(max_tokens=500, temperature=0.6), {**OFF, **PLAIN, "temperature": 0.6, "max_tokens": 500}),
    ],
)
def test_where_nothing_is_said(options: Options, body: dict[str, Any]) -> None:
    """No thinking, the likeliest words and a limit that is always sent; thinking has more room, and freer words."""
    assert extraction_options(options).body() == body


@pytest.mark.parametrize(
    ("config", "body"),
    [
        (Config(), {**OFF, **PLAIN, "max_completion_tokens": 8_000}),
        (Config(thinking_tokens=20_000), {**ON, **FREE, "max_completion_tokens": 28_000}),
        (
            Config(thinking_tokens=9_000, options=Options(chat_template_kwargs={"thinking": True})),
            {**ON, **FREE, "max_completion_tokens": 17_000},
        ),
    ],
)
def test_thinking_has_tokens_of_its_own(config: Config, body: dict[str, Any]) -> None:
    """A job that says how long the model may think turns thinking on, and takes nothing from the answer."""
    assert config.settings().options.body() == body


@pytest.mark.parametrize(
    ("options", "on"),
    [
        (Options(), None),
        (Options(chat_template_kwargs={"thinking": False}), False),
        (Options(chat_template_kwargs={"enable_thinking": False}), False),
        (Options(chat_template_kwargs={"enable_thinking": True, "clear_thinking": True}), True),
        (Options(reasoning_effort="none"), False),
        (Options(reasoning_effort="low"), True),
        (Options(reasoning_effort="max", chat_template_kwargs={"thinking": True}), True),
    ],
)
def test_one_switch_for_thinking(options: Options, on: bool | None) -> None:
    """Whichever way it is said, it is sent in every spelling that is read somewhere; an effort that is set stays."""
    body = extraction_options(options).body()
    assert thinks(options) is on
    assert body["chat_template_kwargs"] == {**(options.chat_template_kwargs or {}), **thinking(bool(on))}
    assert body.get("reasoning_effort") == (options.reasoning_effort if on else "none")
    assert without_thinking(options).body()["reasoning_effort"] == "none"


@pytest.mark.parametrize(
    "config",
    [
        {"options": Options(reasoning_effort="high", chat_template_kwargs={"thinking": False})},
        {"options": Options(reasoning_effort="none", chat_template_kwargs={"thinking": True})},
        {"options": Options(chat_template_kwargs={"thinking": True, "enable_thinking": False})},
        {"options": Options(reasoning_effort="none"), "thinking_tokens": 100},
    ],
)
def test_a_switch_that_contradicts_itself_is_refused(config: dict[str, Any]) -> None:
    """Two ways that disagree are one line of advice; neither is overridden in silence."""
    with pytest.raises(UsageError, match="thinking"):
        Config(**config).settings()


def test_an_explicit_limit_wins() -> None:
    """The limit of the options is the limit that is sent, and that documents are cut for; two limits are refused."""
    config = Config(options=Options(max_completion_tokens=3_000))
    assert config.settings().options.body()["max_completion_tokens"] == 3_000
    assert config.max_output_tokens == 3_000
    thinking_too = Config(options=Options(max_tokens=5_000), thinking_tokens=2_000)
    assert (thinking_too.max_output_tokens, thinking_too.settings().options.max_completion_tokens) == (3_000, 5_000)
    with pytest.raises(UsageError, match=r"max_output_tokens is 500 .* max_completion_tokens=3000"):
        Config(options=Options(max_completion_tokens=3_000), max_output_tokens=500)
    with pytest.raises(UsageError, match="thinking_tokens"):
        Config(options=Options(max_completion_tokens=3_000), thinking_tokens=3_000)


def test_thinking_counts_for_the_window() -> None:
    """What may be thought is kept free in the window that documents are cut for, and changes what a job is known by."""
    plain, thoughtful = (Config(thinking_tokens=tokens).sizes(SCHEMA) for tokens in (0, 20_000))
    assert plain.room - thoughtful.room == 20_000
    assert Config().identity(SCHEMA) != Config(thinking_tokens=1).identity(SCHEMA)
    with pytest.raises(UsageError, match="thinking_tokens is -1"):
        Config(thinking_tokens=-1)


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_thinking_over_the_wire(name: str) -> None:
    """A long thought before the answer fits, under either name of the field; none of it is taken for the answer."""

    def think(body: Mapping[str, Any]) -> Completion:
        return Completion(GOOD, reasoning="One field after the other. " * 400)

    settings = Config(thinking_tokens=4_000, max_output_tokens=500).settings()
    faults = {"reasoning_content": 1.0} if name == "reasoning_content" else {}
    with Emulator(think, faults=faults) as emulator:
        endpoint = Endpoint(emulator.base_url, emulator.account_id, emulator.token)
        flow = converse(Asking(SCHEMA, TEXT), settings)
        answer = over_http(endpoint, lambda transport: drive(flow, transport))
    assert (answer.value, answer.attempts, answer.repairs) == (GOOD, 1, ())
    assert answer.usage.completion_tokens > 2_000
