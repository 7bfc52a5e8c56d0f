"""The probabilities of tokens, told by value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.extraction.confidence import value_logprobs
from extractor.schema.pointer import leaves

TOKENS = [('{"na', -1.0), ('me": "', -2.0), ("Ann", -0.5), ('", "rows', -3.0), ('": [', 0.0), ("1", -0.25)]
TOKENS += [("2, ", -0.75), ("null", -4.0), ("]}", 0.0)]


def test_values() -> None:
    """A value has the mean of the tokens that it touches, its quotation marks among them."""
    assert value_logprobs(TOKENS) == {"/name": pytest.approx(-5.5 / 3), "/rows/0": -0.5, "/rows/1": -4.0}


@pytest.mark.parametrize("tokens", [[], [("}", -1.0)], [('{"a', -1.0)]])
def test_nothing_to_tell(tokens: list[tuple[str, float]]) -> None:
    """Text without a value has no entry."""
    assert value_logprobs(tokens) == {}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab{}[],:/~ é", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab{}:,/~", max_size=3), inner, max_size=3),
)


@given(json_values, st.lists(st.integers(1, 5), max_size=60))
def test_every_leaf_has_its_own(value: object, sizes: list[int]) -> None:
    """However a JSON text is cut into tokens, its leaves are told, by their pointers."""
    text, tokens, start = json.dumps(value, ensure_ascii=False), [], 0
    for size in sizes:
        tokens.append((text[start : start + size], -1.0))
        start += size
    found = value_logprobs([*(token for token in tokens if token[0]), (text[start:], -1.0)])
    assert found == dict.fromkeys((pointer for pointer, _ in leaves(value)), -1.0)
