"""What the tests of this room share: whether a grammar accepts a text, and the smallest model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from llguidance import LLMatcher, LLTokenizer

from extractor.errors import ExtractorError
from extractor.local.binding import bind
from extractor.local.catalog import choose_model
from extractor.local.pull import pull

_BYTES = LLTokenizer("byte")


def accepts(wire: Any, text: str, value: Any) -> bool:
    """Whether the grammar for a wire schema and a document accepts a value, written as the models write JSON."""
    grammar = bind(wire, text)
    assert not LLMatcher.validate_grammar(grammar), grammar
    tokens = _BYTES.tokenize_str(json.dumps(value, ensure_ascii=False))
    matcher = LLMatcher(_BYTES, grammar)
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def smallest_model() -> str:
    """The `--model` name of the smallest model, fetched once into the user's cache; skips where no source serves it."""
    try:
        pull(choose_model("smollm2-135m"), say=print, progress=lambda done, total: None)
    except ExtractorError as error:
        pytest.skip(f"the smallest model is not here and could not be fetched: {error}")
    return "local:smollm2-135m"
