"""What one request asks about (a part), and what it shows (a view).

Input is cheap and a window is wide, so a request shows more than it asks about. A part is a stretch whose rows one
reply lists; the view around it is what the reader needs to read those rows as somebody with the whole document would.

    document   |------------------------------------------------------------|
    parts      |----1----|----2----|----3----|----4----|----5----|----6-----|
    views      |<-------------------------->                                |      asks about 1 and 2
                         <------------------------------------->                   asks about 3 and 4

Neighbouring parts share a view byte for byte, so that the service's prefix cache can hold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from extractor.documents.document import Document, Image
from extractor.text.context import context_above
from extractor.text.cuts import nearest_cut
from extractor.text.tokens import Counter, count_tokens
from extractor.wire.images import image_size, image_tokens

__all__ = ["Part", "Sizes", "View", "divided", "views_of"]

_SHARE = 0.25
"""How much of the price of a part's answer may be spent on showing more than the part."""

_LEAST_MARGIN = 200
"""Tokens after a part, so that its last row can be read to its end."""

_PICTURE_BYTES = 7_000_000
"""Pictures of one request: a body of under 10 MB once they are written as text."""

_PICTURE_TOKENS = 60_000
"""Pictures of one request; a page of A4 at 200 dpi takes about 4,200."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a document that is asked about: `text[start:end]`, and the pictures that belong to it.

    `tokens` is its length, `answer` how many tokens its rows are expected to take. A stage may set `context`, which
    is shown above the view in addition to what the document itself says there.
    """

    index: int
    start: int
    end: int
    context: str = ""
    tokens: int = 0
    answer: int = 0
    images: tuple[Image, ...] = ()

    @property
    def number(self) -> int:
        """The number that its mark and the ask line name it by."""
        return self.index + 1

    @property
    def pages(self) -> tuple[int, ...]:
        """The pages of its pictures."""
        return tuple(image.page for image in self.images if image.page is not None)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is shown and asked at a time, all in tokens.

    A document of up to `view` tokens is shown whole, and no part is longer. Parts are cut for answers of `answer`
    tokens. `room` is what the window holds beside instructions and answer. Prices are those of a million tokens;
    `margins` is False where a request shows its part alone.
    """

    view: int = 12_000
    answer: int = 4_000
    room: int = 240_000
    input_price: float = 0.95
    cached_price: float = 0.16
    output_price: float = 4.00
    margins: bool = True

    def beside(self, answer: int, *, cached: bool) -> int:
        """How many tokens a request may show beside its part, for a part with an answer so long.

        An answer of 4,000 tokens costs $0.016; a quarter of that buys 4,210 tokens at full price.
        """
        if not self.margins:
            return 0
        price = self.cached_price if cached else self.input_price
        bought = int(_SHARE * answer * self.output_price / price) if price else self.view
        return max(_LEAST_MARGIN, min(bought, 4 * self.view if cached else self.view))


@dataclass(frozen=True, slots=True)
class View:
    """What the requests about some neighbouring parts show: `text[start:end]`, marked where parts begin.

    `marks` are (offset in the shown text, number); none where one part is all that is shown.
    """

    start: int
    end: int
    parts: tuple[Part, ...]
    marks: tuple[tuple[int, int], ...] = ()
    context: str = ""

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures of all its parts."""
        return tuple(image for part in self.parts for image in part.images)


def views_of(document: Document, parts: Sequence[Part], sizes: Sizes, *, cached: bool = False) -> list[View]:
    """The views in which the parts of a document are shown, in order.

    `cached` tells whether the service was seen to hold prefixes: then more is shown.
    """
    if not sizes.margins:
        return [_view(document, (part,), part.start, part.end) for part in parts]
    views = []
    for blind, run in groupby(parts, key=lambda part: part.start == part.end):
        if blind:
            views += [_view(document, (part,), part.start, part.end) for part in run]
        else:
            views += _text_views(document, list(run), sizes, cached)
    return views


def _text_views(document: Document, parts: Sequence[Part], sizes: Sizes, cached: bool) -> Iterator[View]:
    counter = Counter(document.text)
    whole = counter.tokens(0, len(document.text)) <= sizes.view
    if whole and all(one.end <= other.start for one, other in zip(parts, parts[1:], strict=False)):
        yield _view(document, tuple(parts), 0, len(document.text))
        return
    group: list[Part] = []
    for part in parts:
        if group and not _together([*group, part], sizes, cached):
            yield _with_margins(document, counter, group, sizes, cached)
            group = []
        group.append(part)
    if group:
        yield _with_margins(document, counter, group, sizes, cached)


def _together(group: Sequence[Part], sizes: Sizes, cached: bool) -> bool:
    """Whether these parts may share a view: each must afford to show the others."""
    tokens = sum(part.tokens for part in group) + 2 * _LEAST_MARGIN
    adjacent = all(one.end == other.start for one, other in zip(group, group[1:], strict=False))
    affordable = all(tokens - part.tokens <= sizes.beside(part.answer, cached=cached) for part in group)
    return adjacent and affordable and tokens <= sizes.room


def _with_margins(document: Document, counter: Counter, group: Sequence[Part], sizes: Sizes, cached: bool) -> View:
    """A view with as much around its parts as they afford: a third of it below, for rows that run on."""
    tokens = sum(part.tokens for part in group)
    beside = min(sizes.beside(part.answer, cached=cached) - (tokens - part.tokens) for part in group)
    beside = max(_LEAST_MARGIN, min(beside, sizes.room - tokens))
    start, end = group[0].start, group[-1].end
    low = nearest_cut(document.text, counter.back(start, 2 * beside // 3), start)
    high = nearest_cut(document.text, end, counter.ahead(end, beside // 3), last=True)
    return _view(document, tuple(group), low, high)


def _view(document: Document, parts: tuple[Part, ...], start: int, end: int) -> View:
    marks = [(part.start - start, part.number) for part in parts]
    if parts[-1].end < end:
        marks.append((parts[-1].end - start, parts[-1].number + 1))
    alone = len(marks) == 1 and not marks[0][0]
    own = dict.fromkeys(part.context for part in parts if part.context)
    above = context_above(document.text, start, end) if start or end < len(document.text) else ""
    return View(start, end, parts, () if alone else tuple(marks), "\n".join(filter(None, (*own, above))))


def divided(document: Document, part: Part) -> list[Part]:
    """The part in two, by its pictures or by its text; fewer than two where it cannot be halved."""
    if len(part.images) > 1 and part.start == part.end:
        middle = (len(part.images) + 1) // 2
        return [replace(part, images=part.images[:middle]), replace(part, images=part.images[middle:])]
    middle = nearest_cut(document.text, part.start, part.end, around=(part.start + part.end) // 2)
    if not part.start < middle < part.end:
        return []
    ranges = ((part.start, middle), (middle, part.end))
    return [
        replace(
            part,
            index=part.index + number,
            start=start,
            end=end,
            tokens=count_tokens(document.text[start:end]),
            answer=part.answer // 2,
            images=tuple(image for image in part.images if _stands_in(document, image, start, end)),
        )
        for number, (start, end) in enumerate(ranges)
    ]


def _stands_in(document: Document, image: Image, start: int, end: int) -> bool:
    place = next((page.start for page in document.pages if page.number == image.page), 0)
    return start <= place < end


def picture_groups(images: Sequence[Image], most: int) -> Iterator[tuple[Image, ...]]:
    """Pictures in order, at most `most` together and no more than one request may hold."""
    group: list[Image] = []
    tokens = size = 0
    for image in images:
        cost = image_tokens(*image_size(image.data))
        full = tokens + cost > _PICTURE_TOKENS or size + len(image.data) > _PICTURE_BYTES or len(group) == most
        if group and full:
            yield tuple(group)
            group, tokens, size = [], 0, 0
        group.append(image)
        tokens, size = tokens + cost, size + len(image.data)
    if group:
        yield tuple(group)
