"""What extraction asks of the model where a person says nothing, and how much room an answer has."""

from __future__ import annotations

from dataclasses import replace

from extractor.errors import UsageError
from extractor.wire.options import Options, thinking

__all__ = ["extraction_options", "room", "thinks", "with_room", "with_thinking", "without_thinking"]

_PLAIN_TOKENS, _THINKING_TOKENS = 8_192, 32_768
_SWITCHES = ("thinking", "enable_thinking")


def extraction_options(options: Options) -> Options:
    """The options with what extraction wants where nothing is said: no thinking, the likeliest words, a token limit.

    The limit is always sent, because the service does not publish what it would otherwise be.
    """
    on = thinks(options) or False
    return replace(
        _switched(options, on),
        max_completion_tokens=options.max_completion_tokens if room(options) else _tokens(on),
        temperature=_first(options.temperature, 1.0 if on else 0.0),
        top_p=_first(options.top_p, 0.95),
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


def _tokens(thinks: bool) -> int:
    return _THINKING_TOKENS if thinks else _PLAIN_TOKENS


def _first(declared: float | None, default: float) -> float:
    return default if declared is None else declared
