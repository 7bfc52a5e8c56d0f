"""A document cut into chunks that fit a budget, at the best boundary before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from extractor.documents.document import Document
from extractor.documents.tokens import count_tokens
from extractor.errors import UsageError

__all__ = ["Chunk", "split"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """`text == document.text[start:end]`; `context` (headings above, table header) is for the reader alone."""

    index: int
    start: int
    end: int
    text: str = field(repr=False)
    context: str = field(repr=False)
    tokens: int


def split(document: Document | str, budget: int, *, overlap: int = 0) -> list[Chunk]:
    """The document in chunks of at most `budget` tokens; `overlap` tokens of each are seen again in the next."""
    if budget < 16 or not 0 <= overlap < budget // 2:
        raise UsageError(f"budget {budget} and overlap {overlap} do not fit: budget >= 16, overlap under half of it")
    text = document if isinstance(document, str) else document.text
    chunks: list[Chunk] = []
    start = reached = 0
    while reached < len(text):
        limit = min(len(text), start + budget)
        while limit < len(text) and count_tokens(text[start : min(len(text), limit + budget)]) <= budget:
            limit = min(len(text), limit + budget)
        cut = text.rfind("\n\n", reached + 1, limit - 1) + 2 if limit < len(text) else limit
        reached = cut if cut > reached + 1 else limit
        part = text[start:reached]
        chunks.append(Chunk(len(chunks), start, reached, part, "", count_tokens(part)))
        start = max(0, reached - overlap) if overlap else reached
    return chunks
