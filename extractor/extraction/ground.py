"""Where every value stands in its document, and how it was recognised. Deterministic; wrong is worse than none.

    >>> text = "Harbour Bank\\nDay    Text     Debit  Credit  Balance\\n02.01. Kiosk     4.50            4.50\\n"
    >>> value = {"bank": "Harbour Bank", "rows": [{"day": "2026-01-02", "debit": 4.5, "credit": None, "balance": 4.5}]}
    >>> for pointer, spans in ground(value, text).items():
    ...     print(pointer, [(span.tier, text[span.start : span.end], span.start) for span in spans])
    /bank [('exact', 'Harbour Bank', 0)]
    /rows/0/day [('normalised', '02.01.', 52)]
    /rows/0/debit [('normalised', '4.50', 69)]
    /rows/0/balance [('normalised', '4.50', 85)]

Rows come before leaves. Every list is aligned with the text (`rows`), and a leaf of an item is sought in the passage of
its item; where several places there say it, its column tells between them. What an item does not say itself it may take
from the context above it (a group row, a heading, the line of the period), never from another item. A value outside
lists stands near its label, or near the other values of its object; a lone figure without a label is no evidence.

Tiers:

    exact        the very characters
    normalised   the same in another notation: a date, a number, words for figures, case, spacing, a day whose year
                 stands in a heading
    fuzzy        a long text with a few wrong letters, on whole words, digits untouched
    choice       one of the values that the schema itself lists, or a flag, which no text need print: no place
    page         read from a picture: a page, but no place in the text
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from extractor.documents.document import Page, Table
from extractor.extraction.finding import Finder, Place, Wanted
from extractor.extraction.lists import Lists, Range
from extractor.extraction.rows import Lines, Passage
from extractor.extraction.values import Item, Leaf, gather
from extractor.schema.pointer import JSON
from extractor.text.structure import Structure

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["Range", "Span", "Standing", "Tier", "align_rows", "ground", "place_rows"]

Tier = Literal["exact", "normalised", "fuzzy", "choice", "page"]

_APART = 300
"""Characters between two values of an object past which farther is no worse."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the text of a document, `text[start:end]`, and the tier by which the value was recognised there.

    `page` is None if the document has no pages. `start` and `end` are None for the tiers `choice` and `page`, which
    have no place in the text. `box` is the place on the picture that the text was read from: left, top, right and
    bottom, as fractions of its width and height.

    >>> from extractor import Span
    >>> span = Span(17, 21, page=None, tier="normalised")
    >>> "Kebab Haus, EUR  9,50"[span.start : span.end]
    '9,50'
    """

    start: int | None
    end: int | None
    page: int | None
    tier: Tier
    box: tuple[float, float, float, float] | None = None


def ground(
    value: JSON,
    text: str,
    *,
    schema: Schema[Any] | None = None,
    quotes: Mapping[str, str] | None = None,
    pages: Sequence[Page] = (),
    rows: Mapping[str, Sequence[Range | Sequence[Range] | None]] | None = None,
    pictures: Mapping[str, Sequence[int | None]] | None = None,
    tables: Sequence[Table] = (),
) -> dict[str, tuple[Span, ...]]:
    """The spans of every leaf of a JSON value, by pointer. A leaf that is not found has `()`, a null leaf no entry.

    A value on several lines of one column has a span for each line. `schema` tells dates, decimals and choices
    from text. `quotes` are the words of the text that a leaf was read from.

    `rows` are the stretches of the text that the items of a list were read from, by the pointer of the list: one for
    each item, several for an item that parts of a document speak of, None where that is not known. An item begins in
    its stretch, and is aligned with that alone: `{"/lines": [(0, 900), (0, 900), (900, 1800)]}`.

    `pictures` are the pages of the pictures that all at or below a pointer was read from, as far as the text does not
    have it: `{"": (1, 2), "/lines/7": (2,)}`. A leaf that was read from one of several pages has a span for each.

    `tables` are those that the loader of a document wrote, `Document.tables`; others are found by their shape.

    >>> from extractor import ground
    >>> ground({"total": "9.50"}, "Kebab Haus, total 9,50 EUR")["/total"]
    (Span(start=18, end=22, page=None, tier='normalised', box=None),)
    """
    text = Structure(text, tables).tabbed
    leaves, lines, taken = list[Leaf](), Lines(text, tables), list[Passage]()
    whole = _gathered(value, text, schema, leaves, quotes or {})
    if whole.lists:
        _reserve(whole, lines, leaves)
        lists = Lists(lines, schema)
        for found in whole.lists:
            known = (rows or {}).get(found.pointer) or [None] * len(found.items)
            taken += lists.place([(found, [_ranges(one, len(text)) for one in known])])
    _place_single(whole, lines, taken, leaves)
    return {leaf.pointer: _spans(leaf, pages, pictures or {}) for leaf in leaves}


class Standing(NamedTuple):
    """The passage that an item was read from, None for one that is not there; and the names of its values that are
    not."""

    place: Range | None
    absent: tuple[str, ...]


def place_rows(
    items: Sequence[JSON],
    text: str,
    *,
    start: int = 0,
    end: int | None = None,
    schema: Schema[Any] | None = None,
    pointer: str = "",
) -> list[Range | None]:
    """The passage of `text[start:end]` that each item of a list was read from; None for one that is not there.

    `pointer` is where the list stands in the values of `schema`. Items of an inner list are placed by a call for the
    passage of their outer item; several lists of one stretch are placed each by itself.

        >>> text = "A  1.50\\nB  2.50\\nA  1.50\\n"
        >>> place_rows([{"name": "A", "sum": 1.5}, {"name": "A", "sum": 1.5}], text, start=8)
        [(16, 23), None]
    """
    end = len(text) if end is None else end
    return [one.place for one in align_rows(items, text, start=start, end=end, schema=schema, pointer=pointer)]


def align_rows(
    items: Sequence[JSON],
    text: str,
    *,
    start: int,
    end: int,
    behind: int = 0,
    own: Range | None = None,
    schema: Schema[Any] | None = None,
    pointer: str = "",
) -> list[Standing]:
    """Where the items of a list stand that begin in `text[start:end]`, of equal places rather in their `own` range. The
    last one may go on as far as `behind`."""
    stretch = text[start : max(end, behind)]
    whole = _gathered(list(items), stretch, schema, [], {}, pointer)
    (found,) = whole.lists
    lists = Lists(Lines(stretch), schema, own=(own[0] - start, own[1] - start) if own else None)
    placed = lists.align(found, [[(0, end - start)]] * len(items))
    ranges = [(one[0].start, one[0].end) if one else None for one in placed]
    return [
        Standing((place[0] + start, place[1] + start) if place else None, item.absent(*(place or (0, 0))))
        for item, place in zip(found.items, ranges, strict=True)
    ]


def _gathered(
    value: JSON,
    text: str,
    schema: Schema[Any] | None,
    leaves: list[Leaf],
    quotes: Mapping[str, str],
    pointer: str = "",
) -> Item:
    """A value with the places of its leaves, which are added to `leaves`."""
    whole = gather(value, pointer, schema, leaves)
    wanted = {pointer: Wanted(words, "quote") for pointer, words in quotes.items() if words}
    finder = Finder(text, [*(leaf.wanted for leaf in leaves), *wanted.values()])
    single = {leaf for own in whole.objects.values() for leaf in own}
    for leaf in leaves:
        leaf.find(finder, wanted.get(leaf.pointer))
        if leaf not in single:
            leaf.find_unsure(finder)
    return whole


# ---------------------------------------------------------------------- values outside lists


def _reserve(whole: Item, lines: Lines, leaves: Sequence[Leaf]) -> None:
    """Leave the one place right behind its label to each value outside lists, if the values of lists have others."""
    single = {leaf for own in whole.objects.values() for leaf in own}
    named = ([place for place in leaf.places if leaf.is_named(place, lines)] for leaf in single)
    reserved = {own[0][:2] for own in named if len(own) == 1}
    known: dict[tuple[int, int], tuple[Any, Sequence[Place]]] = {}

    def others(leaf: Leaf, places: Sequence[Place]) -> Sequence[Place]:
        key = id(leaf.field), id(places)
        if key not in known:
            free = [one for one in places if one[:2] not in reserved or leaf.is_named(one, lines)]
            known[key] = places, free if 0 < len(free) < len(places) else places
        return known[key][1]

    for leaf in leaves if reserved else ():
        if leaf not in single:
            leaf.places, leaf.either = others(leaf, leaf.places), others(leaf, leaf.either)


def _place_single(whole: Item, lines: Lines, rows: Sequence[Passage], leaves: Sequence[Leaf]) -> None:
    """Place the values outside lists: near their label, and near the other values of their object; rather not where a
    value of a list stands."""
    rows = sorted(rows, key=lambda one: one.start)
    starts = [one.start for one in rows]
    taken: set[Range] = set()
    listed = {leaf.place[:2] for leaf in leaves if leaf.place}

    def in_row(place: Place) -> bool:
        at = bisect_left(starts, place.end)
        return any(one.holds(place) for one in rows[max(0, at - 8) : at])

    for owner, single in whole.objects.items():
        settled: list[Place] = []
        for _, _, leaf in sorted((len(leaf.places), number, leaf) for number, leaf in enumerate(single)):
            ranked = []
            for place in leaf.places:
                label = leaf.label(place, lines)
                gap = min((max(0, place.start - one.end, one.start - place.end) for one in settled), default=_APART)
                beside = bool(owner) and gap < _APART
                if not label and leaf.wanted.number is not None and in_row(place):
                    continue  # an unlabelled number of a row is the row's
                if label or beside or not leaf.slight(place, lines):
                    far, inexact = min(gap, _APART) if owner else 0, place.tier != "exact"
                    used = place[:2] in listed, -ceil(label), place[:2] in taken
                    line = lines.around(place.start)[0]
                    ranked.append((place.tier == "fuzzy", used, far, inexact, line, -label, place))
            if ranked:
                leaf.place = min(ranked)[-1]
                settled.append(leaf.place)
                taken.add(leaf.place[:2])


# ---------------------------------------------------------------------- spans


def _ranges(stretch: Range | Sequence[Range] | None, size: int) -> list[Range]:
    """The ranges in which an item is looked for; the whole text where nothing is known."""
    if stretch is None:
        return [(0, size)]
    return [stretch] if stretch and isinstance(stretch[0], int) else list(stretch)  # type: ignore[list-item, arg-type]


def _spans(leaf: Leaf, pages: Sequence[Page], pictures: Mapping[str, Sequence[int | None]]) -> tuple[Span, ...]:
    """The spans of a leaf that has its place, or what stands for it without one."""
    if leaf.place is not None:
        ranges = ((leaf.place.start, leaf.place.end), *leaf.place.more)
        numbers = [next((page.number for page in pages if page.start <= at < page.end), None) for at, _ in ranges]
        return tuple(Span(*own, page, leaf.place.tier) for own, page in zip(ranges, numbers, strict=True))
    pointer = leaf.pointer
    while pictures and pointer and pointer not in pictures:
        pointer = pointer.rpartition("/")[0]
    if read := pictures.get(pointer):
        return tuple(Span(None, None, page, "page") for page in read)
    choice = leaf.wanted.kind == "enum" or isinstance(leaf.wanted.value, bool)
    return (Span(None, None, None, "choice"),) if choice else ()
