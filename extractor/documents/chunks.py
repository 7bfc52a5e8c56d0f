"""A document cut into chunks that fit a budget, each at the best boundary before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, sqrt

from extractor.documents.boundaries import best_cut, first_cut
from extractor.documents.document import Document
from extractor.documents.landmarks import landmarks
from extractor.documents.outline import Heading, Outline
from extractor.documents.rows import TableHeads
from extractor.documents.ruler import Ruler
from extractor.documents.titles import Titles
from extractor.documents.tokens import count_tokens
from extractor.errors import UsageError

__all__ = ["Chunk", "Cutter", "budget_for", "split"]

_SMALLEST = 16  # tokens; one character can cost four
_CONTEXT = 8  # context takes at most the eighth part of a budget
_SURE = 0.93  # of a budget


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """`text == document.text[start:end]`, and its estimated `tokens`.

    `context` is what a reader of the chunk alone would miss: the headings above it, and the header of the table that
    it begins in. It is no part of the text, and nothing is ever grounded in it. `source` is what the text is sliced
    from when it is asked for: the document's text from `offset` on, or, without an offset, the chunk's own.
    """

    index: int
    start: int
    end: int
    source: str = field(repr=False)
    context: str = field(repr=False)
    tokens: int
    offset: int | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """What the chunk holds; sliced anew each time, so that chunks take no memory beside their document."""
        offset = self.start if self.offset is None else self.offset
        return self.source[self.start - offset : self.end - offset]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Chunk) and self._alone() == other._alone()

    def __hash__(self) -> int:
        return hash(self._alone())

    def __reduce__(self) -> tuple[type[Chunk], tuple[int, int, int, str, str, int]]:
        """A chunk that goes to another process leaves the rest of its document behind."""
        return Chunk, self._alone()

    def _alone(self) -> tuple[int, int, int, str, str, int]:
        return self.index, self.start, self.end, self.text, self.context, self.tokens


def split(document: Document | str, budget: int, *, overlap: int = 0) -> list[Chunk]:
    """The whole document in chunks of at most `budget` tokens, context included.

    Without overlap the chunks, joined, are the text. With it, each chunk begins up to `overlap` tokens before the end
    of the one before. The budget leaves room for what the estimate may be short of: of 18,000 chunks of 300 to 8,000
    tokens, of novels, contracts, directories and bulletins, none passed it by the model's own count; those of words
    drawn at random, or of one phrase over and over, may. Empty text is no chunk.
    Raises UsageError for a budget under 16 tokens, or an overlap that is not well below it.
    """
    return list(Cutter(document).chunks(budget, overlap=overlap))


class Cutter:
    """Cuts one document, by one budget after another; its text is read once for all of them."""

    def __init__(self, document: Document | str) -> None:
        text, pages = (document, ()) if isinstance(document, str) else (document.text, document.pages)
        self._text, self._page_ends = text, [page.end for page in pages]
        marks = landmarks(text)
        self._ruler, self._outline, self._titles = Ruler(text), Outline(text, marks), Titles(text, marks)
        self._rewind()

    def chunks(
        self,
        budget: int,
        start: int = 0,
        end: int | None = None,
        *,
        overlap: int = 0,
        headings: int = 0,
        index: int = 0,
    ) -> Iterator[Chunk]:
        """Chunks of `text[start:end]`, counted from `index`; see `split`.

        Context takes the eighth part of a budget, or as many tokens as `headings` says if that is no more than half.
        """
        _check(budget, overlap)
        end, room, reached = len(self._text) if end is None else end, _room(budget), start
        most = max(budget // _CONTEXT, min(headings, budget // 2))
        while reached < end:
            context, cost = _told(self._above(start), most)
            reached, tokens = self._end(start, reached, end, room - cost)
            yield Chunk(index, start, reached, self._text, context, tokens, 0)
            start, index = self._next_start(start, reached, end, overlap), index + 1

    def _rewind(self) -> None:
        self._tables = TableHeads(self._text)
        self._open: list[Heading] = []
        self._read = self._at = 0

    def _above(self, start: int) -> tuple[str, ...]:
        """The titles of the sections that `start` lies in, outermost first, and the table header above it."""
        if start < self._at:
            self._rewind()
        self._at = start
        headings = self._outline.headings
        while self._read < len(headings) and headings[self._read].start < start:
            self._open = _nested(self._open, headings[self._read])
            self._read += 1
        opened = self._open
        begins = self._read < len(headings) and headings[self._read].start == start
        if begins:
            opened = _nested(opened, headings[self._read])[:-1]
        titles = (heading.title for heading in opened if not self._is_over(heading, start))
        loose = () if begins or not self._read else self._titles.above(start, headings[self._read - 1].end)
        return tuple(filter(None, (*titles, *loose, self._tables.above(start))))

    def _is_over(self, heading: Heading, start: int) -> bool:
        """A line of capitals that stands directly on a paragraph speaks for that paragraph alone."""
        return heading.kind == "capitals" and "\n\n" in self._text[heading.end : start]

    def _end(self, start: int, reached: int, end: int, room: int) -> tuple[int, int]:
        """Where the chunk from `start` ends, past `reached`, and its tokens."""
        nearly = room - room // 200  # what is reached is seldom so far off that a cut is made twice
        limit = min(end, self._ruler.reach(start, nearly))
        while True:
            limit = max(limit, reached + 1)
            if limit < end:
                limit = best_cut(self._text, reached, limit, outline=self._outline, page_ends=self._page_ends)
            tokens = self._ruler.tokens(start, limit)
            if tokens <= room or limit <= reached + 1:
                return limit, tokens
            limit = min(limit - 1, start + (limit - start) * room // tokens)

    def _next_start(self, start: int, reached: int, end: int, overlap: int) -> int:
        """`reached`, or a good place up to `overlap` tokens before it, past `start`."""
        if not overlap or reached == end:
            return reached
        low = max(start + 1, reached - (reached - start) * overlap // max(1, self._ruler.tokens(start, reached)))
        while low < reached and self._ruler.tokens(low, reached) > overlap:
            low += max(1, (reached - low) // 8)
        return first_cut(self._text, low, reached)


def _check(budget: int, overlap: int) -> None:
    if budget < _SMALLEST:
        raise UsageError(f"a budget of {budget} tokens is too small to cut to; give at least {_SMALLEST}")
    if not 0 <= overlap <= budget // 2:
        raise UsageError(f"an overlap of {overlap} tokens does not fit a budget of {budget}; give at most half of it")


@lru_cache(maxsize=4)
def _told(lines: tuple[str, ...], room: int) -> tuple[str, int]:
    """As many of the lines as fit, the innermost first, and the tokens that they cost."""
    context, cost = "", 0
    for line in reversed(lines):
        longer = f"{line}\n{context}" if context else line
        if (more := count_tokens(longer)) > room:
            break
        context, cost = longer, more
    return context, cost


def _nested(opened: list[Heading], heading: Heading) -> list[Heading]:
    """The open sections once `heading` begins: those that it closes are gone, with all that stands under them."""
    if heading.kind == "capitals" and any(heading.follows(other) for other in opened):
        heading = heading._replace(kind="capitals alone")
    kept = next((index for index, other in enumerate(opened) if heading.closes(other)), len(opened))
    return [*opened[:kept], heading]


def budget_for(tokens: int) -> int:
    """The budget whose chunks hold that many tokens of text and context."""
    return ceil(((1 + sqrt(1 + 4 * _SURE * tokens)) / (2 * _SURE)) ** 2)


def _room(budget: int) -> int:
    """What is left of a budget by the estimate, which may be a twentieth too low, and further off on short texts."""
    return int(budget * _SURE - sqrt(budget))
