"""Which fields of the records in a value name them, by what they are called and what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from extractor.merge.identity import guessed
from extractor.schema.pointer import JSON, join

__all__ = ["named"]

Items = Sequence[dict[str, Any]]


def named(value: JSON) -> frozenset[str]:
    """Pointers to the fields that name the items of any list in a value, with 0 for every index."""
    lists: defaultdict[str, list[Items]] = defaultdict(list)
    for face, items in _lists("", value):
        lists[face].append(items)
    return frozenset(
        join(join(face, 0), name) for face, found in lists.items() for way in guessed(found).ways for name in way
    )


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
