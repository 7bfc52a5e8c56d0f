"""Which fields tell one list item from another: the declared key, or the most sensible one that is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from extractor.merge.likeness import likeness, scalars, silent, spelling
from extractor.schema.pointer import JSON

__all__ = ["Identity", "Name", "called", "declared", "guessed", "names_goods"]

Item = Mapping[str, JSON]

Name = tuple[tuple[str, ...], tuple[Hashable, ...]]
"""The fields that name an item, and what they say."""

_PLAIN = re.compile(r"id|uuid|guid|key|number|no|nr|code|sku|ref|reference|isbn|issn|doi|iban|ean|gtin|vin|name", re.I)
_TAIL = re.compile(r".*([a-z](Id|ID|Number|No|Nr|Code|Sku|Ref|Key|Name)|_(id|uuid|number|no|nr|code|sku|ref|key|name))")
_OTHER = re.compile(r"(?:parent|previous|next|related|replaces?|replaced_by|supersedes|superseded_by)_?.*", re.I)
_GOODS = re.compile(r"sku|code|ean|gtin|name|.*(?:article|product|item|part|material).*|.*_?name|.*_?code", re.I)


_DOUBT = 0.02
"""Share of the pairs with one code that may contradict each other, for the code to name its items."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Ways to name an item, best first, each a tuple of fields that must all be there.

    `sure` is a declared key: items that share it are one, whatever else they say. A guess joins only items
    that contradict each other nowhere. `form` is what is equal for two spellings of one name.
    """

    ways: tuple[tuple[str, ...], ...]
    sure: bool
    form: Callable[[JSON], Hashable] = likeness

    def names(self, item: Item) -> list[Name]:
        """What the item is called in each way that it has all fields of; none for an item without a name."""
        return [(way, tuple(self.form(item[name]) for name in way)) for way in self.ways if _says(item, way)]


def declared(keys: Sequence[str], lists: Sequence[Sequence[Item]]) -> Identity:
    """The identity that a schema declares, for the items of these lists, one list for each part."""
    ways = (tuple(keys),)
    return Identity(ways, sure=True, form=_form(ways, lists))


def guessed(lists: Sequence[Sequence[Item]], codes: Collection[str] = ()) -> Identity:
    """The fields that could name the items of these lists, one list for each part.

    A field qualifies if it is called like a name or number, holds text or a whole number wherever it is there,
    is there in most items and is unique within every part. Where none does, one of `codes` may: a field that holds
    codes, if what parts say of one code fits together.
    """
    fields = dict.fromkeys(name for items in lists for item in items for name in item)
    found = [name for name in fields if _rank(name) and _unique(name, lists)]
    if not found:
        found = [name for name in fields if name in codes and _unique(name, lists) and _links(name, lists)][:1]
    ways = tuple((name,) for name in sorted(found, key=_rank))
    return Identity(ways, sure=False, form=_form(ways, lists))


def names_goods(name: Name) -> bool:
    """Whether this names a thing that may be bought twice, so that equal names are not yet one item."""
    return any(_GOODS.fullmatch(part) for part in name[0])


def called(name: str) -> bool:
    """Whether a field is called like a name or a number of things."""
    return _rank(name) > 0


def _rank(name: str) -> int:
    """0 for no name at all; the lower the better."""
    if _OTHER.fullmatch(name):
        return 0
    if _PLAIN.fullmatch(name):
        return 3 if name.lower() == "name" else 1
    return 0 if not _TAIL.fullmatch(name) else 4 if name.lower().endswith("name") else 2


def _unique(name: str, lists: Sequence[Sequence[Item]]) -> bool:
    there = 0
    for items in lists:
        values = [item[name] for item in items if not silent(item.get(name))]
        if any(isinstance(value, dict | list | bool | float) for value in values):
            return False
        if len({likeness(value) for value in values}) < len(values):
            return False
        there += len(values)
    return 2 * there >= sum(map(len, lists))


def _links(name: str, lists: Sequence[Sequence[Item]]) -> bool:
    """Whether a field holds codes of things that several parts speak of: what they say of one fits together, and
    mostly adds something; what only comes again and again is rather an event that does."""
    known: dict[Hashable, dict[str, Hashable]] = {}
    pairs = wrong = added = 0
    for item in (item for items in lists for item in items if not silent(item.get(name))):
        if not re.search(r"\d", str(item[name])):
            return False
        said, before = scalars(item), known.get(code := likeness(item[name]))
        if before is not None:
            pairs += 1
            wrong += any(before.get(field, value) != value for field, value in said.items())
            added += said.keys() != before.keys() or any(isinstance(value, list | dict) for value in item.values())
        known[code] = said | (before or {})
    return pairs > 0 and wrong <= _DOUBT * pairs and 2 * added >= pairs


def _form(ways: Sequence[tuple[str, ...]], lists: Sequence[Sequence[Item]]) -> Callable[[JSON], Hashable]:
    """How names are compared: spaces and hyphens do not count, unless one part tells two names apart by them."""
    for way in ways:
        for items in lists:
            names = [tuple(item[name] for name in way) for item in items if _says(item, way)]
            loose = {tuple(map(spelling, name)) for name in names}
            if len(loose) < len(names) and len(loose) < len({tuple(map(likeness, name)) for name in names}):
                return likeness
    return spelling


def _says(item: Item, way: tuple[str, ...]) -> bool:
    return all(not silent(item.get(name)) for name in way)
