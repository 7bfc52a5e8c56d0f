"""Which fields tell one list item from another: the declared key, or the most sensible one that is there."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from extractor.merge.likeness import likeness, silent
from extractor.schema.pointer import JSON

__all__ = ["Identity", "Name", "declared", "guessed", "names_goods"]

Item = Mapping[str, JSON]

Name = tuple[tuple[str, ...], tuple[Hashable, ...]]
"""The fields that name an item, and what they say."""

_PLAIN = re.compile(r"id|uuid|guid|key|number|no|nr|code|sku|ref|reference|isbn|issn|doi|iban|ean|gtin|vin|name", re.I)
_TAIL = re.compile(r".*([a-z](Id|ID|Number|No|Nr|Code|Sku|Ref|Key|Name)|_(id|uuid|number|no|nr|code|sku|ref|key|name))")
_OTHER = re.compile(r"(?:parent|previous|next|related|replaces?|replaced_by|supersedes|superseded_by)_?.*", re.I)
_GOODS = re.compile(r"sku|code|ean|gtin|name|.*(?:article|product|item|part|material).*|.*_?name|.*_?code", re.I)


@dataclass(frozen=True, slots=True)
class Identity:
    """Ways to name an item, best first, each a tuple of fields that must all be there.

    `sure` is a declared key: items that share it are one, whatever else they say. A guess joins only items
    that contradict each other nowhere.
    """

    ways: tuple[tuple[str, ...], ...]
    sure: bool

    def names(self, item: Item) -> list[Name]:
        """What the item is called in each way that it has all fields of; none for an item without a name."""
        return [(way, tuple(likeness(item[name]) for name in way)) for way in self.ways if _says(item, way)]


def declared(keys: Sequence[str]) -> Identity:
    """The identity that a schema declares."""
    return Identity((tuple(keys),), sure=True)


def guessed(lists: Sequence[Sequence[Item]]) -> Identity:
    """The fields that could name the items of these lists, one list for each part.

    A field qualifies if it is called like a name or number, holds text or a whole number wherever it is there,
    is there in most items and is unique within every part.
    """
    fields = dict.fromkeys(name for items in lists for item in items for name in item)
    found = [name for name in fields if _rank(name) and _unique(name, lists)]
    return Identity(tuple((name,) for name in sorted(found, key=_rank)), sure=False)


def names_goods(name: Name) -> bool:
    """Whether this names a thing that may be bought twice, so that equal names are not yet one item."""
    return any(_GOODS.fullmatch(part) for part in name[0])


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


def _says(item: Item, way: tuple[str, ...]) -> bool:
    return all(not silent(item.get(name)) for name in way)
