"""Which extracted value answers which gold value, and when two values are the same.

Pure. Items of two lists are matched by the values they share, rare ones counting most: an identifier that only one
item bears decides alone, as a key would, and an item whose identifier was misread still finds its partner.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from extractor.schema.pointer import JSON, join

__all__ = ["Pair", "normal", "pair_up"]

_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ].+)?")
_CROWD = 100_000

Normal = tuple[str, object]
Feature = tuple[str, Normal]
Features = frozenset[Feature]


@dataclass(frozen=True, slots=True)
class Pair:
    """One leaf of either side: `field` as in `lines[].amount`; `pointer` stands in the extracted value, `at` in gold.

    `gold` and `at` are None where gold says nothing, `found` and `pointer` where nothing was extracted.
    """

    field: str
    gold: JSON
    found: JSON
    pointer: str | None
    at: str | None = None

    @property
    def right(self) -> bool:
        """Both speak, and say the same after normalisation."""
        return self.gold is not None and self.found is not None and normal(self.gold) == normal(self.found)


def pair_up(
    gold: JSON, found: JSON, *, field: str = "", pointer: str | None = "", at: str | None = ""
) -> Iterator[Pair]:
    """Every leaf of gold with its answer, and every extracted leaf that gold knows nothing of."""
    kinds = {type(side) for side in (gold, found) if isinstance(side, dict | list)}
    if len(kinds) == 2 or (kinds and None not in (gold, found) and type(gold) is not type(found)):
        yield from pair_up(gold, None, field=field, pointer=None, at=at)
        yield from pair_up(None, found, field=field, pointer=pointer, at=None)
    elif dict in kinds:
        yield from _objects(gold or {}, found or {}, field, pointer, at)
    elif list in kinds:
        yield from _lists(gold or [], found or [], field, pointer, at)
    elif gold is not None or found is not None:
        yield Pair(field, gold, found, None if found is None else pointer, None if gold is None else at)


def normal(value: JSON) -> Normal:
    """A form in which equal values are equal: numbers by value, moments in time, text without case and spacing."""
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, int | float):
        return "number", Decimal(repr(value)).normalize()
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return "number", Decimal(text).normalize()
    if _MOMENT.fullmatch(text):
        return "moment", _moment(text)
    return "text", " ".join(text.casefold().split())


def _moment(text: str) -> object:
    try:
        return dt.datetime.fromisoformat(text) if len(text) > 10 else dt.date.fromisoformat(text)
    except ValueError:
        return text


def _objects(
    gold: dict[str, JSON], found: dict[str, JSON], field: str, pointer: str | None, at: str | None
) -> Iterator[Pair]:
    for name in [*gold, *(name for name in found if name not in gold)]:
        inner = f"{field}.{name}" if field else name
        places = {"pointer": _below(pointer, name), "at": _below(at, name)}
        yield from pair_up(gold.get(name), found.get(name), field=inner, **places)


def _lists(
    gold: Sequence[JSON], found: Sequence[JSON], field: str, pointer: str | None, at: str | None
) -> Iterator[Pair]:
    partners, inner = _align(gold, found), f"{field}[]"
    for index, item in enumerate(gold):
        partner = partners.get(index)
        answer, here = (None, None) if partner is None else (found[partner], _below(pointer, partner))
        yield from pair_up(item, answer, field=inner, pointer=here, at=_below(at, index))
    for index in sorted(set(range(len(found))) - set(partners.values())):
        yield from pair_up(None, found[index], field=inner, pointer=_below(pointer, index), at=None)


def _below(pointer: str | None, step: str | int) -> str | None:
    return None if pointer is None else join(pointer, step)


def _align(gold: Sequence[JSON], found: Sequence[JSON]) -> dict[int, int]:
    """Gold index -> found index: equal items first, then best likeness first; of like ones those that stand nearest."""
    ones, others = [_features(item) for item in gold], [_features(item) for item in found]
    partners = _equal(ones, others)
    taken = set(partners.values())
    likeness = _likeness(
        {index: features for index, features in enumerate(ones) if index not in partners},
        {index: features for index, features in enumerate(others) if index not in taken},
    )
    for one, other in sorted(likeness, key=lambda pair: (-likeness[pair], abs(pair[0] - pair[1]), pair)):
        if one not in partners and other not in taken:
            partners[one] = other
            taken.add(other)
    return partners


def _equal(ones: Sequence[Features], others: Sequence[Features]) -> dict[int, int]:
    waiting: defaultdict[Features, deque[int]] = defaultdict(deque)
    for index, features in enumerate(others):
        waiting[features].append(index)
    return {index: waiting[features].popleft() for index, features in enumerate(ones) if waiting.get(features)}


def _likeness(ones: Mapping[int, Features], others: Mapping[int, Features]) -> dict[tuple[int, int], float]:
    """How much each two items share: the sum, over what both state, of how rare it is."""
    bearers: defaultdict[Feature, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, items in enumerate((ones, others)):
        for index, features in items.items():
            for feature in features:
                bearers[feature][side].append(index)
    likeness: defaultdict[tuple[int, int], float] = defaultdict(float)
    for here, there in bearers.values():
        if len(here) * len(there) <= _CROWD:  # what nearly all state tells nobody apart, and would cost the square
            for one in here:
                for other in there:
                    likeness[one, other] += 2 / (len(here) + len(there))
    return likeness


def _features(item: JSON, field: str = "") -> Features:
    """What an item states, as (field, value) pairs; nulls state nothing."""
    if isinstance(item, dict):
        inner = (_features(value, f"{field}.{name}") for name, value in item.items())
        return frozenset(chain.from_iterable(inner))
    if isinstance(item, list):
        return frozenset(chain.from_iterable(_features(value, f"{field}[]") for value in item))
    return frozenset() if item is None else frozenset({(field, normal(item))})
