"""A document cut into chunks that fit a budget of tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from extractor.documents.document import Document
from extractor.errors import UsageError
from extractor.text.context import context
from extractor.text.cuts import Places
from extractor.text.structure import Structure
from extractor.text.tokens import TokenSums, count_tokens

__all__ = ["Chunk", "split"]

_SMALLEST = 16  # tokens; one character can cost four
_SMALLER = 0.97  # target, where a chunk came out too large
_CONTEXT = 8  # context takes the eighth part of a budget, or what the text leaves


@dataclass(frozen=True, slots=True)
class Chunk:
    """`text == document.text[start:end]`, and its `tokens`.

    `context` is what a reader of the chunk alone would miss, such as the headings above it and the header of the table
    that it begins in. It is not part of the text.

    >>> from extractor import split
    >>> split("One sentence of words.", 16)
    [Chunk(index=0, start=0, end=22, tokens=5)]
    """

    index: int
    start: int
    end: int
    text: str = field(repr=False)
    context: str = field(repr=False)
    tokens: int


def split(document: Document | str, budget: int) -> list[Chunk]:
    """The document in chunks of at most `budget` tokens, context included. Their texts joined are the whole text.

    Chunks begin at a section, a page or a paragraph where possible, and in tables and lists between rows. Empty text
    has no chunks. Raises UsageError for a budget under 16 tokens.

    >>> from extractor import split
    >>> [chunk.text for chunk in split("One sentence of words.\\n\\nAnother sentence of words.\\n", 16)]
    ['One sentence of words.\\n\\nAnother sentence of words.\\n']
    """
    if budget < _SMALLEST:
        raise UsageError(f"a budget of {budget} tokens is too small to cut to; give at least {_SMALLEST}")
    structure = Structure(document)
    spans = _fitting(structure, budget - budget // _CONTEXT)
    return [_chunk(structure, index, *span, budget) for index, span in enumerate(spans)]


def _fitting(structure: Structure, room: int) -> Iterator[tuple[int, int]]:
    """Parts of the text that have at most `room` tokens each, counted one by one."""
    places, until = Places(structure), TokenSums(structure.text).until
    start, end, target = 0, len(structure.text), float(room)
    while start < end:
        for begin, stop in places.cut(until, target, start=start):
            if stop - begin > 1 and count_tokens(structure.text[begin:stop]) > room:
                target *= _SMALLER
                break
            yield begin, stop
            start = stop


def _chunk(structure: Structure, index: int, start: int, end: int, budget: int) -> Chunk:
    text = structure.text[start:end]
    tokens = count_tokens(text)
    above = context(structure, start, end, room=budget - tokens) if start else ""
    return Chunk(index, start, end, text, above, tokens)
