"""What one request asks about (a part), and what it shows (a view).

Input is cheap and a window is wide, so a request shows more than it asks about. A part is a stretch whose rows one
reply lists; the view around it is what the reader needs to read those rows as somebody with the whole document would.

    document   |------------------------------------------------------------|
    parts      |----1----|----2----|----3----|----4----|----5----|----6-----|
    views      |<-------------------------->|                                   asks about 1 and 2
                         |<----------------------------------->|                asks about 3 and 4

Neighbouring parts share a view byte for byte, so that the service's prefix cache can hold it. For example, 2,000 lines
such as `2026-01-03;2.50` for rows of a day and an amount:

    layout.parts()         9 parts of 2,500 tokens, with answers of 3,900
    layout.views(parts)    parts 1 and 2 in text[0:8440], 3 and 4 in text[7504:16684], ..., 9 in text[29537:36890];
                           the marks of the second view: (630, 3), (4752, 4), and (8874, 5) where its parts end
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import ceil
from typing import Any

import orjson

from extractor.documents.document import Document, Image
from extractor.schema.compiler import Schema
from extractor.schema.pointer import join
from extractor.text.context import context
from extractor.text.cuts import Places
from extractor.text.density import AnswerEstimate, RowShape
from extractor.text.structure import Structure
from extractor.text.tokens import TokenSums, count_tokens
from extractor.wire.images import image_size, image_tokens
from extractor.wire.prices import Price

__all__ = ["INDIVISIBLE", "Layout", "Part", "Sizes", "View", "picture_tokens"]

_KIMI = Price(prompt=0.95, cached=0.16, completion=4.00)

_SHARE, _LEAST_SHARE = 0.25, 0.1
"""How much of the price of the answers may be spent on showing a text more than once, all in all; and on views alone,
however dear it was to ask about the document as a whole."""

_MOST_VIEWS = 4
"""How much longer than `Sizes.view` a view may become."""

_MARGIN = 200
"""Tokens around the parts of a view at the least, so that a row can be read to its end."""

_CONTEXT = 2_000
"""Tokens of context above a view at the most, and no more than an eighth of the room."""

_PICTURE_BYTES = 7_000_000
"""Pictures of one request: a body of under 10 MB once they are written as text."""

_PICTURE_TOKENS = 60_000
"""Pictures of one request; a page of A4 at 200 dpi takes about 4,200."""

_ROOMY = 1.5
"""How far over the answer that parts are cut for a document may be that is asked about at once."""

INDIVISIBLE = 50
"""Tokens below which halving would cut single records apart."""

_PAGE_ANSWER = 800
"""Tokens that the rows of one pictured page take, where nobody can read it beforehand: a page of a statement."""


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


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is shown and asked at a time, all in tokens.

    A document of up to `view` tokens is shown whole, and no part is longer. Parts are cut for answers of `answer`
    tokens; one reply holds `most_answer`. `room` is what the window holds beside `overhead` (instructions and schema)
    and an answer. `margins` is False where a request shows its part alone. `documents`: rows are documents of
    their own.
    """

    view: int = 12_000
    answer: int = 4_000
    most_answer: int = 8_000
    room: int = 240_000
    overhead: int = 1_000
    price: Price = _KIMI
    margins: bool = True
    documents: bool = False

    @property
    def part(self) -> int:
        """The longest part."""
        return min(self.view, self.room - self.context)

    @property
    def context(self) -> int:
        """The longest context."""
        return min(_CONTEXT, self.room // 8)

    @property
    def aim(self) -> int:
        """The answer that a part is cut for: one that is twice as long still fits a reply."""
        return min(self.answer, self.most_answer // 2)

    def spare(self, parts: Sequence[Part], share: float, *, cached: bool) -> int:
        """How much text the view of some parts may show beside them, so that it costs a share of their answers.

        Each request about the view pays for all of it, and a part takes as many as its answer takes replies; where
        prefixes are cached, all but the first pay the price of cached tokens. Two parts of 4,000 tokens with answers as
        long afford, for a quarter of these, 200 tokens more, and 6,000 where they are cached.
        """
        price, later = self.price.prompt, self.price.cached if cached else self.price.prompt
        requests = sum(max(1, ceil(part.answer / self.most_answer)) for part in parts)
        tokens, paid = sum(part.tokens for part in parts), price + (requests - 1) * later
        if not paid:
            return self.view - tokens
        answers = share * self.price.completion * sum(part.answer for part in parts) - requests * self.overhead * later
        return min(int((answers + price * tokens) / paid), _MOST_VIEWS * self.view, self.room - self.context) - tokens


@dataclass(frozen=True, slots=True)
class View:
    """What the requests about some neighbouring parts show: `text[start:end]`, marked where parts begin.

    `marks` are (offset in the shown text, number); none where one part is all that is shown. `context` is what other
    places of the document settle.
    """

    start: int
    end: int
    parts: tuple[Part, ...]
    marks: tuple[tuple[int, int], ...] = ()
    context: str = ""


@dataclass(eq=False, repr=False)
class Layout:
    """How one document is divided into parts and shown in views. `answers` are those about the document itself."""

    document: Document
    schema: Schema[Any]
    sizes: Sizes
    answers: str = ""

    def with_answers(self, answers: str) -> Layout:
        """The same layout, whose views show what is known about the document."""
        layout = copy(self)
        layout.answers = answers
        return layout

    @cached_property
    def is_text(self) -> bool:
        """Whether there is text to read; a scan has pictures alone."""
        return bool(self.document.text) and not self.document.text.isspace()

    @cached_property
    def structure(self) -> Structure:
        """Tables, records and headings of the text."""
        return Structure(self.document)

    @cached_property
    def places(self) -> Places:
        """Where a part may begin."""
        return Places(self.structure)

    @cached_property
    def sums(self) -> TokenSums:
        """Tokens of any stretch of the text."""
        return TokenSums(self.document.text)

    @cached_property
    def estimate(self) -> AnswerEstimate:
        """How many tokens the rows of any stretch of the text are likely to take in an answer."""
        pages = [page.start for page in self.document.pages] if self.sizes.documents else ()
        return AnswerEstimate(self.structure, self.sums, *self._row_shapes, pages=pages)

    @cached_property
    def _row_shapes(self) -> list[RowShape]:
        return [_row_shape(self.schema, path) for path in self.schema.lists]

    # -- parts

    def parts(self) -> tuple[Part, ...]:
        """The document in parts, each as long as one answer; one part where an answer holds all of it."""
        if self.is_text:
            return self._parts(self._cuts())
        if not self.schema.lists:
            return self._pictured(len(self.document.images))
        return self._pictured(max(1, self.sizes.most_answer // 2 // _PAGE_ANSWER), _PAGE_ANSWER)

    def widest(self, requested: Sequence[Part] = ()) -> list[View]:
        """The document in as few views as the window allows, each of one part, for what it states once. What stages put
        above the parts that are asked about is shown there as well, as far as there is room.
        """
        own = "\n".join(dict.fromkeys(part.context for part in requested if part.context))
        own = own if count_tokens(own) <= self.sizes.context else ""
        parts = self._parts(self._windows()) if self.is_text else self._pictured(len(self.document.images))
        return [self._view((replace(part, context=own),), part.start, part.end) for part in parts]

    def halves(self, part: Part) -> tuple[Part, ...]:
        """The part in two, by its pictures or by its text; none where it cannot be halved."""
        if part.start == part.end:
            middle = (len(part.images) + 1) // 2
            pictures = part.images[:middle], part.images[middle:]
            return tuple(replace(part, images=images) for images in pictures) if all(pictures) else ()
        half = 0.55 * (self.sums.until(part.end) - self.sums.until(part.start))
        halves = self._parts(self.places.cut(self.sums.until, half, start=part.start, end=part.end), of=part)
        return halves if len(halves) > 1 and part.tokens >= INDIVISIBLE else ()

    def _cuts(self) -> list[tuple[int, int]]:
        """The text in stretches for parts: cut first by what weighs most against its limit, the answer or the text."""
        whole = [(0, len(self.document.text))]
        if not self.schema.lists:
            return whole if self.sums.total <= self.sizes.room else self._windows()
        at_once = self.sizes.answer if self.sizes.margins else self.sizes.aim  # going on shows the same again
        answer = self.estimate.until(len(self.document.text))
        if self.sums.total <= self.sizes.part and answer <= _ROOMY * at_once:
            return whole
        limits = [(self.sums.until, self.sizes.part), (self.estimate.until, self.sizes.aim)]
        if answer / self.sizes.aim >= self.sums.total / self.sizes.part:
            limits.reverse()
        (until, most), (other, its_most) = limits
        return [
            one
            for start, end in self.places.cut(until, most)
            for one in self.places.cut(other, its_most, start=start, end=end)
        ]

    def _windows(self) -> list[tuple[int, int]]:
        """The text in stretches as long as the window allows."""
        return self.places.cut(self.sums.until, self.sizes.room - self.sizes.context)

    def _parts(self, stretches: Iterable[tuple[int, int]], of: Part | None = None) -> tuple[Part, ...]:
        """Stretches of the text as parts, with the pictures whose page begins there, of no page in the first one."""
        first, context = (of.index, of.context) if of else (0, "")
        pages = {page.number: page.start for page in self.document.pages} if self.document.images else {}
        return tuple(
            Part(
                index,
                start,
                end,
                context,
                tokens=self.sums.tokens(start, end),
                answer=round(self.estimate.tokens(start, end)) if self.schema.lists else 0,
                images=tuple(one for one in self.document.images if start <= pages.get(one.page or 0, 0) < end),
            )
            for index, (start, end) in enumerate(stretches, first)
        )

    def _pictured(self, most: int, answer: int = 0) -> tuple[Part, ...]:
        """Parts that are pictures alone, so many at the most: the pages of a scan. `answer` is what each page takes."""
        return tuple(
            Part(index, 0, 0, tokens=sum(map(picture_tokens, group)), answer=answer * len(group), images=group)
            for index, group in enumerate(_groups(self.document.images, most))
        )

    # -- views

    def views(
        self, parts: Sequence[Part], *, cached: bool = False, alone: bool = False, answered: float = 1.0
    ) -> list[View]:
        """The views in which parts are shown, in order.

        `cached`: the service was seen to hold prefixes, so that more is shown; `alone`: the model does not keep to the
        part that it is asked about, so that nothing else is. `answered` is what answers took of the tokens that were
        expected; shorter ones pay for less.
        """
        length = len(self.document.text)
        if alone or not self.sizes.margins or not self.is_text or parts[0].end - parts[0].start == length:
            return [self._view((part,), part.start, part.end) for part in parts]
        if self.sums.total <= self._whole_within and all(one.end == other.start for one, other in pairwise(parts)):
            return [self._view(tuple(parts), 0, length)]
        share = self._share * min(1.0, answered)
        groups: list[list[Part]] = []
        for part in parts:
            group = [*groups[-1], part] if groups and groups[-1][-1].end == part.start else [part]
            if len(group) > 1 and self.sizes.spare(group, share, cached=cached) >= 2 * _MARGIN:
                groups[-1] = group
            else:
                groups.append([part])
        return [self._with_margins(group, self.sizes.spare(group, share, cached=cached)) for group in groups]

    @property
    def _whole_within(self) -> int:
        """How long a document may be that every view shows whole. A row that holds rows of its own may be of any
        length, and is read to its end: it takes more than margins."""
        deep = any(shape.holds_objects for shape in self._row_shapes)
        return min(_MOST_VIEWS * self.sizes.view, self.sizes.room) if deep else self.sizes.view

    @cached_property
    def _share(self) -> float:
        """What is left of `_SHARE` once the text was read for what the document states once."""
        answers = self.sizes.price.completion * self.estimate.until(len(self.document.text))
        about = self.sizes.price.prompt * self.sums.total if self.schema.document() else 0.0
        return max(_LEAST_SHARE, _SHARE - about / answers) if answers else _SHARE

    def _with_margins(self, group: Sequence[Part], spare: int) -> View:
        """A view with as much around its parts as they afford, a third of it below, where a row may go on."""
        beside = max(2 * _MARGIN, spare)
        start, end = group[0].start, group[-1].end
        low, high = self.sums.reach(start, -2 * beside / 3), self.sums.reach(end, beside / 3)
        offsets = self.places.offsets
        above, below = bisect_left(offsets, low), bisect_right(offsets, high) - 1
        first = offsets[above] if above < len(offsets) and offsets[above] < start else low
        last = offsets[below] if below >= 0 and offsets[below] > end else high
        return self._view(tuple(group), first, last)

    def longer(self, part: Part, start: int, items: tuple[int, int]) -> View:
        """A view of a part from `start` on, with as much again below the last items that were read in it."""
        beside = self.sums.tokens(*items) + 2 * _MARGIN
        stop = self.sums.reach(items[1], min(beside, self.sizes.room - self.sizes.context - beside))
        return self._view(self._parts([(start, part.end)], of=part), start, stop)

    def _view(self, parts: tuple[Part, ...], start: int, end: int) -> View:
        """`text[start:end]` with its marks; above it what stages put above the parts, and what the rest of the document
        settles for them."""
        marks: list[tuple[int, int]] = []
        if (parts[0].start, parts[0].end) != (start, end):
            marks = [(part.start - start, part.number) for part in parts]
            marks += [(parts[-1].end - start, parts[-1].number + 1)] if parts[-1].end < end else []
        above = [*dict.fromkeys(part.context for part in parts)]
        if self.is_text and end - start < len(self.document.text):
            above += [self.answers, context(self.structure, start, end, room=self.sizes.context)]
        return View(start, end, parts, tuple(marks), "\n".join(filter(None, above)))


def _row_shape(schema: Schema[Any], path: str, skeleton: Any = None) -> RowShape:
    """What the estimate of answers needs to know of a row of the list at a declared pointer. Lists are opened as far as
    the skeleton of the outermost row goes: a definition that repeats itself has no end.
    """
    row = schema.row_shape(path)
    skeleton = row.skeleton if skeleton is None else skeleton
    places = {f"{path}/0{inner}": items for inner, items in _lists_in(skeleton) if items[0] is not None}
    inner = tuple(_row_shape(schema, place, items[0]) for place, items in places.items() if schema.field(place))
    fields = Counter(row.required) + Counter(row.optional)
    empty = fields["number"] + fields["bool"]  # 0 and false are tokens that a value takes the place of
    overhead = count_tokens(orjson.dumps(skeleton).decode()) + isinstance(skeleton, dict) - empty
    return RowShape(overhead=max(1, overhead), kinds=fields, required=max(1, sum(row.required.values())), inner=inner)


def _lists_in(row: Any, at: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The lists that a row holds, its objects opened, by pointer from the row."""
    for name, inner in row.items() if isinstance(row, dict) else ():
        if isinstance(inner, list):
            yield join(at, name), inner
        else:
            yield from _lists_in(inner, join(at, name))


def picture_tokens(image: Image) -> int:
    """What the model counts for a picture."""
    return image_tokens(*image_size(image.data))


def _groups(images: Sequence[Image], most: int) -> Iterator[tuple[Image, ...]]:
    """Pictures in order, at most `most` together and no more than one request may hold."""
    group: list[Image] = []
    tokens = size = 0
    for image in images:
        full = tokens + picture_tokens(image) > _PICTURE_TOKENS or size + len(image.data) > _PICTURE_BYTES
        if group and (full or len(group) == most):
            yield tuple(group)
            group, tokens, size = [], 0, 0
        group.append(image)
        tokens, size = tokens + picture_tokens(image), size + len(image.data)
    if group:
        yield tuple(group)
