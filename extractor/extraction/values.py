"""A value as it is sought in a text: its leaves, in objects and in lists, and the words that may label each of them.

{"bank": "B", "rows": [{"sum": 4.5}]}  ->  /bank in the object "", /rows with one item, /rows/0/sum in its object ""
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from extractor.extraction.finding import Finder, Place, Wanted, within
from extractor.extraction.rows import Lines, Passage, slight
from extractor.schema.pointer import JSON, join

if TYPE_CHECKING:
    from extractor.schema.compiler import Schema

__all__ = ["Field", "Item", "Leaf", "Listed", "field_of", "gather"]

_MANY = re.compile(r"/\d{2,}(?=/|$)")
_PARTS = re.compile(r"[A-Z]?[^\W\d_A-Z]{2,}|[A-Z]{2,}|[^\W\d_]{3,}|\d{2,}")
_UNIT = re.compile(r"[ -]?(?=[^\W\d_])")
_LAST_WORD = re.compile(r"([^\W_]+)[^\w\n]*\Z")
_STEM = 5
"""Letters that two forms of a word share: governing, governs."""
_LABEL = 150
"""Characters of a line or sentence before a value in which a word is its label."""


class Field(NamedTuple):
    """What is known of the field of a leaf: its kind in the schema, and patterns of the words that may label it, those
    of its name, and those of its description and of the name of its object."""

    kind: str
    own: Sequence[re.Pattern[str]]
    more: Sequence[re.Pattern[str]]


def field_of(schema: Schema[Any] | None, pointer: str) -> Field:
    """The field of a pointer, the same for all items of a list. Single digits stay as they are: they may be the
    positions of a tuple, which differ in kind."""
    return _field_at(schema, _MANY.sub("/10", pointer))


@lru_cache(maxsize=4096)
def _field_at(schema: Schema[Any] | None, pointer: str) -> Field:
    known = schema.field(pointer) if schema else None
    name, owner, *_ = [*(part for part in pointer.split("/")[::-1] if part and not part.isdigit()), "", ""]
    own, more = (
        dict.fromkeys(word.lower()[:_STEM] for word in _PARTS.findall(words))
        for words in (name, f"{owner} {known.description if known else ''}")
    )
    patterns = {stem: re.compile(rf"(?<![^\W_]){stem}", re.IGNORECASE) for stem in own | more}
    return Field(
        known.kind if known else "any",
        [patterns[stem] for stem in own],
        [patterns[stem] for stem in more if stem not in own],
    )


@dataclass(slots=True, eq=False)
class Leaf:
    """A value that is not null: its pointer, what its field is called in the object or item that it is a part of, all
    places that say it, those that say it with good will, and the place that it gets."""

    pointer: str
    name: str
    field: Field
    wanted: Wanted
    places: Sequence[Place] = ()
    unsure: Sequence[Place] = ()
    either: Sequence[Place] = ()
    place: Place | None = None

    def find(self, finder: Finder, quote: Wanted | None = None) -> None:
        """Look for its places; those in its quote, if it has one there, or the quote itself."""
        self.places = self.either = finder.find(self.wanted)
        if quote is not None:
            quotes = finder.find(quote)
            inside = [
                one for one in self.places if any(its.start <= one.start and one.end <= its.end for its in quotes)
            ]
            self.places = self.either = inside or self.places or quotes

    def find_unsure(self, finder: Finder) -> None:
        """Look for the places that say it with good will as well."""
        self.unsure = finder.unsure(self.wanted)
        plain = self.places is finder.find(self.wanted)
        self.either = finder.either(self.wanted) if plain else sorted({*self.places, *self.unsure})

    def slight(self, place: Place, lines: Lines) -> bool:
        """Whether it and what stands for it at a place say little by themselves."""
        value = self.wanted.value
        text = isinstance(value, str) and self.wanted.number is None
        return slight(lines.text[place.start : place.end]) and not (text and not slight(value))

    def is_named(self, place: Place, lines: Lines) -> bool:
        """Whether a word of the name of its field stands right before a place."""
        word = _LAST_WORD.search(lines.text, max(0, place.start - _LABEL), place.start)
        return word is not None and any(one.match(word[1]) for one in self.field.own)

    def label(self, place: Place, lines: Lines, *, headers: bool = False) -> float:
        """What the words before a place in its line or sentence, or above it (the `headers` of a table), and the
        unit behind it are worth as its label together; less than one is lost by words that are far."""
        before, above = lines.label(place, _LABEL, _STEM, headers=headers)
        found = [next(reversed([*one.finditer(before)]), None) or one.search(above) for one in self.field.own]
        own = [one for one in found if one]
        more = sum(one.search(before) is not None or one.search(above) is not None for one in self.field.more)
        if own or more > 1:
            far = sum(len(before) - one.end() if one.string is before else _LABEL for one in own)
            return 3 * len(own) + max(0, more - 1) - far / (_LABEL * len(own) + 1)
        behind = _UNIT.match(lines.text, place.end)
        return float(behind is not None and any(one.match(lines.text, behind.end()) for one in self.field.own))


@dataclass(slots=True, eq=False)
class Item:
    """The value or an item of a list: the leaves of each of its objects, its lists, and, once it is aligned, the
    passages that it was read from and the places of each leaf in them."""

    pointer: str
    objects: dict[str, list[Leaf]] = field(default_factory=dict)
    lists: list[Listed] = field(default_factory=list)
    passages: Sequence[Passage] = ()
    options: dict[Leaf, list[Place]] = field(default_factory=dict)

    @property
    def leaves(self) -> Iterable[Leaf]:
        """Its own leaves, in order."""
        return (leaf for leaves in self.objects.values() for leaf in leaves)

    @property
    def all_leaves(self) -> Iterable[Leaf]:
        """Its own leaves, and those of the items of its lists."""
        return chain(self.leaves, *(item.all_leaves for listed in self.lists for item in listed.items))

    def absent(self, start: int, end: int) -> tuple[str, ...]:
        """The names of the values that do not stand in a stretch, equal ones in places of their own."""
        left = {id(leaf.either): len(within(leaf.either, start, end)) for leaf in self.all_leaves}
        names = []
        for leaf in self.all_leaves:
            left[id(leaf.either)] -= 1
            if left[id(leaf.either)] < 0:
                names.append(leaf.name)
        return tuple(names)


class Listed(NamedTuple):
    """A list and its items."""

    pointer: str
    items: list[Item]


def gather(
    value: JSON,
    pointer: str,
    schema: Schema[Any] | None,
    leaves: list[Leaf],
    item: Item | None = None,
    name: str = "",
) -> Item:
    """A value as an item, or as a part of one; its leaves, in order, are added to `leaves`."""
    whole = item or Item(pointer)
    if isinstance(value, dict):
        for key, inner in value.items():
            gather(inner, join(pointer, key), schema, leaves, whole, join(name, key))
    elif isinstance(value, list) and name and whole.pointer and not any(isinstance(one, dict | list) for one in value):
        for index, inner in enumerate(value):  # tags of an item are values of its own
            gather(inner, join(pointer, index), schema, leaves, whole, name)
    elif isinstance(value, list):
        items = [gather(one, join(pointer, index), schema, leaves) for index, one in enumerate(value)]
        whole.lists.append(Listed(pointer, items))
    elif value is not None:
        field = field_of(schema, pointer)
        leaves.append(Leaf(pointer, name, field, Wanted(value, field.kind)))
        whole.objects.setdefault(name.rpartition("/")[0], []).append(leaves[-1])
    return whole
