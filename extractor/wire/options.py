"""All parameters of a request beside its messages, by their names on the wire, and what extraction sets of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from extractor.errors import UsageError
from extractor.wire.parameters import problems

__all__ = [
    "Options",
    "extraction_options",
    "room",
    "thinking",
    "thinks",
    "with_room",
    "with_thinking",
    "without_thinking",
]

_PLAIN_TOKENS, _THINKING_TOKENS = 8_192, 32_768
_SWITCHES = ("thinking", "enable_thinking")


def thinking(on: bool) -> dict[str, bool]:
    """`chat_template_kwargs` that turn the model's thinking on or off.

    Two names are sent because the published sources disagree on which one is read; the other is ignored.

    >>> from extractor import Options, thinking
    >>> Options(chat_template_kwargs=thinking(False)).body()
    {'chat_template_kwargs': {'thinking': False, 'enable_thinking': False}}
    """
    return {"thinking": on, "enable_thinking": on}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Options:
    """Parameters of a request, by their names on the wire. None is not sent, so the service's default holds.

    A value out of its range raises UsageError, naming the field, the value and the range.

    >>> from extractor import Options
    >>> Options(temperature=0.6, seed=7).body()
    {'seed': 7, 'temperature': 0.6}

    Sampling:
        temperature: 0 to 2, default 1. Kimi's makers advise 0.6 without thinking and 1.0 with it.
        top_p: 0 to 1, default 1; advised 0.95.
        frequency_penalty, presence_penalty: -2 to 2, default 0.
        seed: an integer; the service makes a best effort to answer the same again.
        n: 1 to 128 answers to one question, default 1; the extra ones are `Reply.others`.
        stop: a string or 1 to 4 of them, at which generation ends.
        logit_bias: token id -> -100 to 100.
        logprobs: whether each token's log-probability comes with the answer, default false.
        top_logprobs: 0 to 20 alternatives per token; asks for `logprobs=True`.

    Length and thinking:
        max_completion_tokens: 1 or more, thinking included. Always set it: the service's default is unpublished.
        max_tokens: its deprecated name.
        reasoning_effort: none turns thinking off; low, medium, high and max turn it on, and make no other difference.
        chat_template_kwargs: `thinking(False)` turns thinking off, which is on by default;
            `clear_thinking` (default false) drops earlier turns' reasoning.
        prediction: `{"type": "content", "content": ...}`, an answer that the new one will be close to.

    Shape of the answer:
        response_format: text, json_object or json_schema. The extractor sets it from the schema.
        modalities: of text and audio; audio: `{"voice", "format"}`. The model writes text only.
        stream: default false; stream_options: `include_usage`, `include_obfuscation`.

    Tools:
        tools, tool_choice (none, auto, required or one by name), parallel_tool_calls (default true).
        functions (1 to 128), function_call: the older form of the same.
        web_search_options: `search_context_size` low, medium (default) or high, and `user_location`.

    The service:
        model: only the OpenAI-like form reads it; user: your own id of the end user;
        metadata: up to 16 pairs; store: default false; service_tier: auto, default, flex, scale or priority;
        reject_if_busy: true is refused at once when there is no capacity, in place of a wait in the queue.

    The question itself (`messages`, or `prompt` alone, or `requests` for a batch) can be set here too when
    `body()` is to be a whole request; the extractor writes its own.
    """

    audio: Mapping[str, Any] | None = None
    chat_template_kwargs: Mapping[str, Any] | None = None
    frequency_penalty: float | None = None
    function_call: str | Mapping[str, str] | None = None
    functions: Sequence[Mapping[str, Any]] | None = None
    logit_bias: Mapping[str, float] | None = None
    logprobs: bool | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    messages: Sequence[Mapping[str, Any]] | None = None
    metadata: Mapping[str, str] | None = None
    modalities: Sequence[Literal["text", "audio"]] | None = None
    model: str | None = None
    n: int | None = None
    parallel_tool_calls: bool | None = None
    prediction: Mapping[str, Any] | None = None
    presence_penalty: float | None = None
    prompt: str | None = None
    reasoning_effort: Literal["none", "low", "medium", "high", "max"] | None = None
    reject_if_busy: bool | None = None
    requests: Sequence[Mapping[str, Any]] | None = None
    response_format: Mapping[str, Any] | None = None
    seed: int | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority"] | None = None
    stop: str | Sequence[str] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: Mapping[str, bool] | None = None
    temperature: float | None = None
    tool_choice: str | Mapping[str, Any] | None = None
    tools: Sequence[Mapping[str, Any]] | None = None
    top_logprobs: int | None = None
    top_p: float | None = None
    user: str | None = None
    web_search_options: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        """The parameters that are set."""
        values = ((name, getattr(self, name)) for name in _NAMES)
        return f"Options({', '.join(f'{name}={value!r}' for name, value in values if value is not None)})"

    def __post_init__(self) -> None:
        for problem in problems(self.body()):
            raise UsageError(f"{problem.path[1:]}: {problem.message}")
        if self.prompt is not None and self.messages is not None:
            raise UsageError("prompt: it cannot be sent together with messages; give one of them")
        if self.top_logprobs is not None and not self.logprobs:
            raise UsageError(f"top_logprobs: {self.top_logprobs} asks for logprobs=True beside it")

    def body(self) -> dict[str, Any]:
        """The parameters that are set, as they are sent."""
        body = {name: value for name in _NAMES if (value := getattr(self, name)) is not None}
        busy = body.pop("reject_if_busy", None)
        return body if busy is None else {**body, "options": {"rejectIfBusy": busy}}


_NAMES = tuple(field.name for field in fields(Options))


def extraction_options(options: Options) -> Options:
    """The options with what extraction wants where nothing is said: no thinking, the likeliest words, a token limit.

    The limit is always sent, because the service does not publish what it would otherwise be.
    """
    on = thinks(options) or False
    limit = _THINKING_TOKENS if on else _PLAIN_TOKENS
    return replace(
        _switched(options, on),
        max_completion_tokens=options.max_completion_tokens if room(options) else limit,
        temperature=(1.0 if on else 0.0) if options.temperature is None else options.temperature,
        top_p=0.95 if options.top_p is None else options.top_p,
    )


def thinks(options: Options) -> bool | None:
    """Whether options turn thinking on, whichever way they say it; None where they do not.

    An effort turns thinking on, whatever it is, unless it is `none`. UsageError where two ways disagree.
    """
    template = options.chat_template_kwargs or {}
    wishes = {bool(template[name]) for name in _SWITCHES if name in template}
    if options.reasoning_effort is not None:
        wishes.add(options.reasoning_effort != "none")
    if len(wishes) > 1:
        raise UsageError("options: chat_template_kwargs and reasoning_effort disagree about thinking; say it once")
    return wishes.pop() if wishes else None


def without_thinking(options: Options) -> Options:
    """The options with thinking turned off."""
    return _switched(replace(options, reasoning_effort=None), False)


def room(options: Options) -> int:
    """The token limit of an answer, under whichever of its two names it was set."""
    return options.max_completion_tokens or options.max_tokens or 0


def with_room(options: Options, limit: int) -> Options:
    """The options with another token limit."""
    return replace(options, max_completion_tokens=limit, max_tokens=None)


def with_thinking(options: Options, *, answer: int, tokens: int) -> Options:
    """The options with room for an answer of so many tokens, and beside it `tokens` to think in; 0 changes no switch.

    The wire has one limit for both, so that it is their sum. UsageError where the options turn thinking off.
    """
    if tokens and thinks(options) is False:
        raise UsageError(f"thinking_tokens is {tokens}, and the options turn thinking off; leave one of them out")
    return with_room(_switched(options, True) if tokens else options, answer + tokens)


def _switched(options: Options, on: bool) -> Options:
    """The switch in every spelling that a deployment may read; an effort that was set stays."""
    template = {**(options.chat_template_kwargs or {}), **thinking(on)}
    effort = options.reasoning_effort or (None if on else "none")
    return replace(options, chat_template_kwargs=template, reasoning_effort=effort)
