"""Chunks: exact, lossless, within their budget."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.document import Document
from extractor.errors import UsageError
from extractor.text.split import Chunk, split
from extractor.text.tokens import count_tokens
from tests.text.test_cuts import TEXTS


@given(TEXTS, st.integers(16, 400))
def test_chunks_joined_are_the_text(text: str, budget: int) -> None:
    """Nothing is lost, nothing doubled, and every offset is exact."""
    chunks = split(text, budget)
    assert "".join(chunk.text for chunk in chunks) == text
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert all(chunk.text and chunk.text == text[chunk.start : chunk.end] for chunk in chunks)


@given(TEXTS, st.integers(16, 400))
def test_text_and_context_fit_the_budget(text: str, budget: int) -> None:
    """Counted as the model counts where its vocabulary is there."""
    for chunk in split(text, budget):
        assert chunk.tokens == count_tokens(chunk.text)
        assert chunk.tokens + count_tokens(chunk.context) <= budget


def test_a_document_is_cut_as_its_text_is() -> None:
    """Chunks are plain values: equal, picklable, replaceable."""
    text = "# Sales\n\n" + "A paragraph of some words, and of a few more.\n\n" * 40
    chunks = split(text, 100)
    assert chunks == split(Document.from_text(text), 100) == pickle.loads(pickle.dumps(chunks))
    assert {chunk.context.split("\n")[0] for chunk in chunks[1:]} == {"# Sales"}
    assert replace(chunks[1], context="x").context == "x"


@pytest.mark.parametrize("budget", [15, 0, -1])
def test_a_budget_that_cannot_be_kept_is_refused(budget: int) -> None:
    """Too little room is a usage error and says the limit."""
    with pytest.raises(UsageError, match="at least 16"):
        split("text", budget)


def test_what_fits_is_one_chunk() -> None:
    """A short document stays whole, and empty text is no chunk."""
    assert split("", 100) == []
    assert split("short\n\ntext", 100) == [Chunk(0, 0, 11, "short\n\ntext", "", count_tokens("short\n\ntext"))]
