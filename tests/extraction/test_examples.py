"""The worked examples in the docstrings of the room are true."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "name", ["confidence", "dates", "finding", "folding", "gaps", "ground", "numbers", "rows", "words"]
)
def test_examples(name: str) -> None:
    """Every example in the docstrings of a module gives what it says."""
    assert doctest.testmod(import_module(f"extractor.extraction.{name}")).failed == 0
