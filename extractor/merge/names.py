"""Which fields of the records in a value name them, by what they are called and what they say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from extractor.merge.identity import guessed
from extractor.merge.likeness import likeness
from extractor.schema.pointer import JSON, join

__all__ = ["named"]

Items = Sequence[dict[str, Any]]


def named(value: JSON) -> frozenset[str]:
    """Pointers to the fields that name the items of any list in a value, with 0 for every index."""
    lists: defaultdict[str, list[Items]] = defaultdict(list)
    for face, items in _lists("", value):
        lists[face].append(items)
    return frozenset(join(join(face, 0), name) for face, found in lists.items() for name in _naming(found))


def _naming(lists: Sequence[Items]) -> list[str]:
    """The fields that are called like a name; else the first that holds a code of its own in every item."""
    called = [name for way in guessed(lists).ways for name in way]
    fields = dict.fromkeys(name for items in lists for item in items for name in item)
    return called or [name for name in fields if all(_are_codes(name, items) for items in lists)][:1]


def _are_codes(name: str, items: Items) -> bool:
    codes = [item.get(name) for item in items]
    coded = all(isinstance(code, str) and re.search(r"\d", code) for code in codes)
    return coded and len(set(map(likeness, codes))) == len(codes)


def _lists(face: str, value: JSON) -> Iterator[tuple[str, Items]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _lists(join(face, name), inner)
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        if len(items) > 1:
            yield face, items
        for item in value:
            yield from _lists(join(face, 0), item)
