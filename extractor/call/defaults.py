"""What extraction asks of the model where a person says nothing, and how much room an answer has."""

from __future__ import annotations

from dataclasses import replace

from extractor.wire.options import Options, thinking

__all__ = ["extraction_options", "room", "with_room", "with_thinking"]

_PLAIN_TOKENS, _THINKING_TOKENS = 8_192, 32_768


def extraction_options(options: Options) -> Options:
    """The options with what extraction wants where nothing is said: no thinking, the likeliest words, a token limit.

    The limit is always sent, because the service does not publish what it would otherwise be.
    """
    template = options.chat_template_kwargs
    thinks = bool(template and (template.get("thinking") or template.get("enable_thinking")))
    return replace(
        options,
        chat_template_kwargs=thinking(False) if template is None else template,
        max_completion_tokens=options.max_completion_tokens if room(options) else _tokens(thinks),
        temperature=_first(options.temperature, 1.0 if thinks else 0.0),
        top_p=_first(options.top_p, 0.95),
    )


def room(options: Options) -> int:
    """The token limit of an answer, under whichever of its two names it was set."""
    return options.max_completion_tokens or options.max_tokens or 0


def with_room(options: Options, limit: int) -> Options:
    """The options with another token limit."""
    return replace(options, max_completion_tokens=limit, max_tokens=None)


def with_thinking(options: Options, *, answer: int, tokens: int) -> Options:
    """The options with room for an answer of so many tokens, and beside it `tokens` to think in; 0 changes no switch.

    The wire has one limit for both, so that it is their sum.
    """
    switch = thinking(True) if tokens and options.chat_template_kwargs is None else options.chat_template_kwargs
    return with_room(replace(options, chat_template_kwargs=switch), answer + tokens)


def _tokens(thinks: bool) -> int:
    return _THINKING_TOKENS if thinks else _PLAIN_TOKENS


def _first(said: float | None, default: float) -> float:
    return default if said is None else said
