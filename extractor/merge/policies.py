"""One scalar from many: what each declared policy takes, and who agreed with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from extractor.merge.likeness import likeness, spelling
from extractor.schema.annotations import Merge
from extractor.schema.pointer import JSON

__all__ = ["Said", "choose", "sides"]

Said = tuple[int, JSON]
"""The number of a part, and what it said."""

Sides = list[list[Said]]
"""Those who said the same, together; sides in order of appearance."""


def sides(said: Sequence[Said], kind: str) -> Sides:
    """Who said the same as whom, in order of appearance."""
    found: dict[Hashable, list[Said]] = {}
    for number, value in said:
        alike = spelling(value) if kind == "string" else likeness(value, kind)
        found.setdefault(alike, []).append((number, value))
    return list(found.values())


def choose(policy: Merge | None, found: Sides) -> tuple[JSON, list[Said]]:
    """The value that a policy takes, and the parts that stand behind it. Without a policy the first wins."""
    if policy in (Merge.UNION, Merge.CONCAT) and all(isinstance(side[0][1], str) for side in found):
        return _together(found, repeats=policy is Merge.CONCAT)
    side = _PICKS.get(policy, _first)(found)
    return side[-1 if policy is Merge.LAST else 0][1], side


def _together(found: Sides, *, repeats: bool) -> tuple[JSON, list[Said]]:
    """Texts one below the other, in the order of the parts."""
    everyone = sorted((one for side in found for one in side), key=lambda one: one[0])
    texts = everyone if repeats else [side[0] for side in found]
    return "\n".join(text for _, text in texts), everyone


def _first(found: Sides) -> list[Said]:
    return found[0]


def _last(found: Sides) -> list[Said]:
    return max(found, key=lambda side: side[-1][0])


def _most(found: Sides) -> list[Said]:
    return max(found, key=len)


def _longest(found: Sides) -> list[Said]:
    return max(found, key=lambda side: len(str(side[0][1])))


def _least(found: Sides) -> list[Said]:
    return min(found, key=_order)


def _greatest(found: Sides) -> list[Said]:
    return max(found, key=_order)


def _order(side: list[Said]) -> tuple[int, Any]:
    """Numbers by size, also where they are written as text; dates and other text by their letters."""
    value = side[0][1]
    try:
        return (0, Decimal(str(value)))
    except InvalidOperation:
        return (1, str(value))


_PICKS: dict[Merge | None, Callable[[Sides], list[Said]]] = {
    Merge.LAST: _last,
    Merge.VOTE: _most,
    Merge.LONGEST: _longest,
    Merge.MIN: _least,
    Merge.MAX: _greatest,
}
