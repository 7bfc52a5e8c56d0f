"""Where every value stands in its document, and how it was recognised. Deterministic; wrong is worse than none.

    exact        the very characters
    normalised   the same said in another way: a date, a number, case, spacing, ligatures, hyphens
    fuzzy        a long text with a few wrong letters, on whole words, digits untouched
    none         no span

A value that stands in several places is given the one nearest to the other values of its record.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from extractor.documents.document import Page
from extractor.merge.finding import Finder, Place, Tier, Wanted
from extractor.merge.habits import Habits
from extractor.merge.labels import labels, merits
from extractor.merge.names import named
from extractor.merge.placing import Leaf, Record, Taken, settle
from extractor.schema.pointer import JSON, leaves

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["Span", "ground"]

_MANY = re.compile(r"/\d{2,}(?=/|$)")
_ANY = re.compile(r"/\d+(?=/|$)")
_LABELLED = 256
"""Places of one value whose surroundings are read."""

_LARGE, _WINDOW = 8_000_000, 250_000
"""Characters past which a text is grounded in stretches, and how long these are: folding takes many times the text."""

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` of a document, on a page (None where there are none), recognised by a tier."""

    start: int
    end: int
    page: int | None
    tier: Tier


def ground(
    value: JSON,
    text: str,
    *,
    schema: Schema[Any] | None = None,
    regions: Mapping[str, Ranges] | None = None,
    quotes: Mapping[str, str] | None = None,
    pages: Sequence[Page] = (),
) -> dict[str, tuple[Span, ...]]:
    """Spans of every leaf of a JSON value by pointer; a leaf that is not found has `()`, a null leaf no entry.

    `schema` tells dates, decimals and enums from text. `regions` are ranges of the text outside which a leaf is
    not looked for. `quotes` are the words of the text that a leaf was read from; booleans and enums are found
    through them alone.
    """
    fields = _Fields(schema, named(value))
    said = [(pointer, fields.wanted(pointer, leaf)) for pointer, leaf in leaves(value) if leaf is not None]
    quoted = {pointer: Wanted(quote, "string") for pointer, quote in (quotes or {}).items() if quote}
    if len(text) <= _LARGE or not regions:
        return _grounded(said, text, fields, regions or {}, quoted, pages, offset=0)
    found: dict[str, tuple[Span, ...]] = {}
    for start, end, inside in _windows(said, regions, len(text)):
        shifted = {pointer: tuple(_cut(regions.get(pointer, ()), start, end)) for pointer, _ in inside}
        found |= _grounded(inside, text[start:end], fields, shifted, quoted, pages, offset=start)
    return {pointer: found[pointer] for pointer, _ in said}


def _grounded(
    said: Sequence[tuple[str, Wanted]],
    text: str,
    fields: _Fields,
    ranges: Mapping[str, Ranges],
    quoted: Mapping[str, Wanted],
    pages: Sequence[Page],
    *,
    offset: int,
) -> dict[str, tuple[Span, ...]]:
    """Spans of leaves in a text that stands at an offset in its document."""
    finder = Finder(text, [wanted for _, wanted in said] + list(quoted.values()))
    find = lru_cache(None)(partial(_inside, finder))
    found, lower = [], text.lower()
    for pointer, wanted in said:
        inside = ranges.get(pointer)
        places = find(wanted, inside)
        if pointer in quoted:
            places = _through(places, find(quoted[pointer], inside))
        found.append(_leaf(pointer, wanted, places, lower, fields))
    taken: Taken = Counter()
    for record in _records(found):
        settle(record, taken)
    return {leaf.pointer: _spans(leaf.place, pages, offset) for leaf in found}


def _windows(
    said: Sequence[tuple[str, Wanted]], regions: Mapping[str, Ranges], size: int
) -> Iterator[tuple[int, int, list[tuple[str, Wanted]]]]:
    """Leaves by the stretch of a very long text that they stand in: a text is never folded as a whole."""
    windows: dict[int, list[tuple[str, Wanted]]] = {}
    ends: dict[int, int] = {}
    for pointer, wanted in said:
        start, end = regions.get(pointer, ((0, 0),))[0]
        window = start // _WINDOW * _WINDOW
        windows.setdefault(window, []).append((pointer, wanted))
        ends[window] = max(end, ends.get(window, 0))
    for window in sorted(windows):
        yield window, min(size, ends[window]), windows[window]


def _cut(ranges: Ranges, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Ranges of a document as ranges of `text[start:end]`, without those that lie outside."""
    for first, last in ranges:
        if start <= first and last <= end:
            yield first - start, last - start


class _Fields:
    """What a schema says of a pointer, asked once for all items of a list. Single digits are kept as they are: they
    may be the positions of a tuple, which differ in kind."""

    def __init__(self, schema: Schema[Any] | None, names: Collection[str]) -> None:
        self._schema, self._names = schema, names
        self._known: dict[str, tuple[str, str, bool]] = {}

    def wanted(self, pointer: str, value: JSON) -> Wanted:
        """A value at a pointer, as it is looked for."""
        kind, _, key = self[pointer]
        return Wanted(value, kind, key)

    def __getitem__(self, pointer: str) -> tuple[str, str, bool]:
        """The kind and the description of the field at a pointer, and whether it names its record."""
        face = _MANY.sub("/10", pointer)
        if face not in self._known:
            field = self._schema.field(face) if self._schema else None
            key = (field is not None and field.key) or _ANY.sub("/0", pointer) in self._names
            self._known[face] = (field.kind, field.description, key) if field else ("any", "", key)
        return self._known[face]


def _inside(finder: Finder, wanted: Wanted, ranges: Ranges | None) -> Sequence[Place]:
    """Places of a value within ranges; without those that need good will, if there are others."""
    places: Sequence[Place] = finder.find(wanted)
    if ranges is not None:
        places = [place for start, end in ranges for place in _between(places, start, end)]
    return [place for place in places if not place.loose] or places


def _between(places: Sequence[Place], start: int, end: int) -> Sequence[Place]:
    first, last = bisect_left(places, (start,)), bisect_left(places, (end,))
    return [place for place in places[first:last] if place.end <= end]


def _leaf(pointer: str, wanted: Wanted, places: Sequence[Place], lower: str, fields: _Fields) -> Leaf:
    """A leaf to be placed; what is written around its places tells between them where it is no item of a list."""
    name = pointer[len(_owner(pointer)) :]
    if len(places) < 2 or _in_list(pointer):
        return Leaf(pointer, places, key=wanted.key, name=name)
    return Leaf(pointer, places, merits(lower, places[:_LABELLED], labels(pointer, fields[pointer][1])), name=name)


def _in_list(pointer: str) -> bool:
    return any(part.isdigit() for part in _owner(pointer).split("/"))


def _through(places: Sequence[Place], quotes: Sequence[Place]) -> Sequence[Place]:
    """Places within a quote if there are any; else those of the quote itself, if the value has none of its own."""
    within = [place for place in places if any(one.start <= place.start and place.end <= one.end for one in quotes)]
    return within or places or quotes


def _records(found: Sequence[Leaf]) -> list[Record]:
    """The objects that leaves belong to, each after the one above it and the item before it."""
    records: dict[str, Record] = {}
    habits: defaultdict[str, Habits] = defaultdict(Habits)
    for leaf in found:
        _record(_owner(leaf.pointer), records, habits).leaves.append(leaf)
    return list(records.values())


def _record(path: str, records: dict[str, Record], habits: Mapping[str, Habits]) -> Record:
    if path not in records:
        above = _record(_owner(path), records, habits) if path else None
        head, _, last = path.rpartition("/")
        before = records.get(f"{head}/{int(last) - 1}") if last.isdigit() else None
        listed = last.isdigit() or bool(above and above.listed)
        records[path] = Record(before=before, above=above, listed=listed, habits=habits[_ANY.sub("/0", path)])
    return records[path]


def _owner(pointer: str) -> str:
    """The object that a leaf, or an object, is a part of: the nearest above that is not a list."""
    head, _, last = pointer.rpartition("/")
    return _owner(head) if last.isdigit() else head


def _spans(place: Place | None, pages: Sequence[Page], offset: int) -> tuple[Span, ...]:
    if place is None:
        return ()
    start, end = place.start + offset, place.end + offset
    page = next((page.number for page in pages if page.start <= start < page.end), None)
    return (Span(start, end, page, place.tier),)
