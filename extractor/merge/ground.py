"""Where every value stands in its document, and how it was recognised. Deterministic; wrong is worse than none.

    exact        the very characters
    normalised   the same said in another way: a date, a number, case, spacing, ligatures, hyphens
    fuzzy        a long text with a few wrong letters, on whole words, digits untouched
    none         no span

A value that stands in several places is given the one nearest to the other values of its record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extractor.documents.document import Page
from extractor.merge.finding import Finder, Place, Tier, Wanted
from extractor.merge.labels import labels, merits
from extractor.merge.placing import Leaf, Record, settle
from extractor.schema.pointer import JSON, leaves

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["Span", "ground"]

_LABELLED = 256
"""Places of one value whose surroundings are read."""

Ranges = Sequence[tuple[int, int]]


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
    said = [(pointer, _wanted(pointer, leaf, schema)) for pointer, leaf in leaves(value) if leaf is not None]
    quoted = {pointer: Wanted(quote, "string") for pointer, quote in (quotes or {}).items() if quote}
    finder = Finder(text, [wanted for _, wanted in said] + list(quoted.values()))
    found, lower = [], text.lower()
    for pointer, wanted in said:
        places = _inside(finder.find(wanted), (regions or {}).get(pointer))
        if pointer in quoted:
            places = _through(places, _inside(finder.find(quoted[pointer]), (regions or {}).get(pointer)))
        found.append(_leaf(pointer, _firm(places), lower, schema))
    taken: set[Place] = set()
    for record in _records(found):
        settle(record, taken)
    return {leaf.pointer: _spans(leaf.place, pages) for leaf in found}


def _wanted(pointer: str, leaf: JSON, schema: Schema[Any] | None) -> Wanted:
    field = schema.field(pointer) if schema else None
    kind = field.kind if field else "any"
    return Wanted(leaf, "boolean" if isinstance(leaf, bool) else kind)


def _inside(places: Sequence[Place], ranges: Ranges | None) -> Sequence[Place]:
    if ranges is None:
        return places
    return [place for place in places if any(start <= place.start and place.end <= end for start, end in ranges)]


def _leaf(pointer: str, places: Sequence[Place], lower: str, schema: Schema[Any] | None) -> Leaf:
    """A leaf to be placed; what is written around its places tells between them where it is no item of a list."""
    if len(places) < 2 or _in_list(pointer):
        return Leaf(pointer, places)
    field = schema.field(pointer) if schema else None
    return Leaf(pointer, places, merits(lower, places[:_LABELLED], labels(pointer, field.description if field else "")))


def _in_list(pointer: str) -> bool:
    return any(part.isdigit() for part in _owner(pointer).split("/"))


def _through(places: Sequence[Place], quotes: Sequence[Place]) -> Sequence[Place]:
    """Places within a quote if there are any; else those of the quote itself, if the value has none of its own."""
    within = [place for place in places if any(one.start <= place.start and place.end <= one.end for one in quotes)]
    return within or places or quotes


def _firm(places: Sequence[Place]) -> Sequence[Place]:
    """Without those places that need good will, if there are others."""
    return [place for place in places if not place.loose] or places


def _records(found: Sequence[Leaf]) -> list[Record]:
    """The objects that leaves belong to, each after the one above it and the item before it."""
    records: dict[str, Record] = {}
    for leaf in found:
        _record(_owner(leaf.pointer), records).leaves.append(leaf)
    return list(records.values())


def _record(path: str, records: dict[str, Record]) -> Record:
    if path not in records:
        above = _record(_owner(path), records) if path else None
        head, _, last = path.rpartition("/")
        before = records.get(f"{head}/{int(last) - 1}") if last.isdigit() else None
        records[path] = Record(before=before, above=above, listed=last.isdigit() or bool(above and above.listed))
    return records[path]


def _owner(pointer: str) -> str:
    """The object that a leaf, or an object, is a part of: the nearest above that is not a list."""
    head, _, last = pointer.rpartition("/")
    return _owner(head) if last.isdigit() else head


def _spans(place: Place | None, pages: Sequence[Page]) -> tuple[Span, ...]:
    if place is None:
        return ()
    page = next((page.number for page in pages if page.start <= place.start < page.end), None)
    return (Span(place.start, place.end, page, place.tier),)
