"""One value of all that was read, joined by place.

A row belongs to the part in which it begins, so the rows of a list are those of its parts, in order, each once. No
identity is guessed: two rows that look alike are two rows.

    part 1  {"lines": [A, B]}      part 2  {"lines": [B, C]}      ->  {"lines": [A, B, B, C]}

Only a declared `Key()` joins rows of different parts. Fields that are stated once and read in several views follow
their declared `Merge` policy; without one, a disagreement is a problem.

    sku is a Key():  part 1 {"sku": "A", "qty": 2}   part 2 {"sku": "A", "note": "late"}
                     ->     {"sku": "A", "qty": 2, "note": "late"}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from extractor.errors import Problem
from extractor.extraction.answers import Fact, Reading, Row, silent, under
from extractor.extraction.likeness import likeness
from extractor.extraction.parts import Part
from extractor.schema.annotations import Merge
from extractor.schema.compiler import Schema
from extractor.schema.paths import Field
from extractor.schema.pointer import JSON, get, join, leaves, put

__all__ = ["Joined", "joined"]

T = TypeVar("T")

Stated = tuple[Part, JSON]
"""A part, and what was read there of one place."""


@dataclass(slots=True)
class Joined:
    """The value of a document, and what is known of its leaves.

    `rows` maps each list to the parts that each of its items was read in; `facts` are by pointer into the value;
    `agreement` maps leaves that several views state to (views that agree, views). `problems` are conflicts.
    """

    value: JSON = None
    facts: list[Fact] = field(default_factory=list)
    rows: dict[str, list[tuple[Part, ...]]] = field(default_factory=dict)
    agreement: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def joined(schema: Schema[Any], readings: Sequence[Reading]) -> Joined | None:
    """One value of what was read in a document; None where nothing was."""
    stated = [reading for reading in readings if reading.rest is not None]
    if not stated:
        return None
    join_all = _Join(schema, Joined())
    result = join_all.result
    result.value = join_all.value("", [(reading.part, reading.rest) for reading in stated])
    result.facts += dict.fromkeys(fact for reading in stated for fact in reading.facts)
    for path in schema.lists:
        rows = [row for reading in stated for row in reading.rows.get(path, ())]
        items = join_all.items(path, rows)
        if items or (any(path in reading.rows for reading in stated) and not _is_null(result.value, path)):
            result.value = put(result.value, path, items)
    return result


def _is_null(value: JSON, pointer: str) -> bool:
    """Whether a value says itself that there is no list at a pointer."""
    with suppress(LookupError, TypeError, ValueError):
        return get(value, pointer) is None
    return False


@dataclass(slots=True)
class _Join:
    """One walk over what was read; the outcome is collected in `result`."""

    schema: Schema[Any]
    result: Joined

    def items(self, path: str, rows: Sequence[Row]) -> list[JSON]:
        """The items of a list: by key, or each value once, where that is declared; else as they follow one another."""
        known = self.field(path)
        if known and known.keys:
            return self.by_key(path, known.keys, rows)
        if known and known.policy is Merge.UNION:
            rows = _once(rows, lambda row: row.value)
        self.result.rows[path] = [(row.part,) for row in rows]
        for index, row in enumerate(rows):
            self.result.facts += under(join(path, index), row.facts)
        return [row.value for row in rows]

    def by_key(self, path: str, keys: Sequence[str], rows: Sequence[Row]) -> list[JSON]:
        """Rows with one key as one item, where it first appears. A key that one part uses twice names nothing there."""
        named = [_key(row.value, keys) for row in rows]
        twice = {
            name: count
            for (_, name), count in Counter(zip([row.part for row in rows], named, strict=True)).items()
            if name and count > 1
        }
        groups: dict[Hashable, list[Row]] = {}
        for index, (row, name) in enumerate(zip(rows, named, strict=True)):
            groups.setdefault(name if name and name not in twice else ("row", index), []).append(row)
        for name, count in twice.items():
            message = f"{count} items of one part share the key {_printed(name)}: all are kept"
            self.result.problems.append(Problem(path, message))
        self.result.rows[path] = [tuple(dict.fromkeys(row.part for row in group)) for group in groups.values()]
        items = []
        for index, group in enumerate(groups.values()):
            place = join(path, index)
            items.append(self.value(place, [(row.part, row.value) for row in group]))
            self.result.facts += under(place, (fact for row in group for fact in row.facts))
        return items

    def value(self, path: str, stated: Sequence[Stated]) -> JSON:
        """One value of all that was read of one place."""
        stating = [one for one in stated if not silent(one[1])]
        if len(stating) < 2:
            return (stating or list(stated[:1]))[0][1]
        values = [value for _, value in stating]
        known = self.field(path)
        policy = known.policy if known else None
        if all(isinstance(value, dict) for value in values) and policy in (None, Merge.UNION):
            names = dict.fromkeys(name for value in values for name in value)
            return {name: self.value(join(path, name), _inner(stating, name)) for name in names}
        if all(isinstance(value, list) for value in values) and policy in (None, Merge.UNION, Merge.CONCAT):
            return self._list(path, stating, policy)
        return self._choice(path, stating, known)

    def _list(self, path: str, stated: Sequence[Stated], policy: Merge | None) -> list[JSON]:
        """Items by key where they have one, every value once where that is declared, and else all."""
        known = self.field(path)
        if known and known.keys:
            return self.by_key(path, known.keys, [Row(item, part) for part, items in stated for item in items])
        items = [item for _, items in stated for item in items]
        bounded = path.count("/") == 1 and path not in self.schema.lists
        if policy is Merge.UNION or (policy is None and bounded):
            return _once(items, lambda item: item)
        return items

    def _choice(self, path: str, stated: Sequence[Stated], known: Field | None) -> JSON:
        """The value that a policy takes; without a policy the first one, and a problem where others disagree."""
        policy, values = known.policy if known else None, [value for _, value in stated]
        if policy in (Merge.UNION, Merge.CONCAT) and all(isinstance(value, str) for value in values):
            texts = values if policy is Merge.CONCAT else _once(values, lambda value: value)
            value, agree = "\n".join(texts), len(stated)
        else:
            grouped: dict[Hashable, list[Stated]] = {}
            for one in stated:
                grouped.setdefault(likeness(one[1], known.kind if known else "any"), []).append(one)
            sides = list(grouped.values())
            side = _PICKS[policy](sides) if policy in _PICKS else sides[0]
            value, agree = side[-1 if policy is Merge.LAST else 0][1], len(side)
            if policy is None and len(sides) > 1:
                self.result.problems.append(Problem(path, _conflict(sides)))
        for pointer, leaf in leaves(value, path):
            if leaf is not None:
                self.result.agreement[pointer] = (agree, len(stated))
        return value

    def field(self, path: str) -> Field | None:
        """What is declared at a pointer, which is looked up once for all items of a list."""
        return self.schema.field("/".join("0" if part.isdecimal() else part for part in path.split("/")))


def _once(items: Sequence[T], value: Callable[[T], JSON]) -> list[T]:
    """Items without those whose value was stated before."""
    first: dict[Hashable, T] = {}
    for item in items:
        first.setdefault(likeness(value(item)), item)
    return list(first.values())


def _inner(stated: Sequence[Stated], name: str) -> list[Stated]:
    return [(part, value[name]) for part, value in stated if name in value]


def _key(item: JSON, keys: Sequence[str]) -> Hashable:
    """What names an item; None where it does not state all of its key."""
    values = [item.get(key) if isinstance(item, dict) else None for key in keys]
    return None if any(map(silent, values)) else tuple(map(likeness, values))


def _conflict(sides: Sequence[Sequence[Stated]]) -> str:
    """Every value that was read, with the characters that it was read from."""
    found = (f"{_printed(side[0][1])} ({', '.join(f'{part.start}-{part.end}' for part, _ in side)})" for side in sides)
    return f"parts of the document disagree: {'; '.join(found)}: the first is kept"


def _printed(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f'"{text[:57]}..."' if len(text) > 60 else f'"{text}"'


# -- what each declared policy takes


def _order(side: list[Stated]) -> tuple[int, Any]:
    """Numbers by size, also where they are written as text; dates and other text by their letters."""
    value = side[0][1]
    try:
        return (0, Decimal(str(value)))
    except InvalidOperation:
        return (1, str(value))


_PICKS: Mapping[Merge | None, Callable[[list[list[Stated]]], list[Stated]]] = {
    Merge.LAST: lambda sides: max(sides, key=lambda side: side[-1][0].index),
    Merge.VOTE: lambda sides: max(sides, key=len),
    Merge.LONGEST: lambda sides: max(sides, key=lambda side: len(str(side[0][1]))),
    Merge.MIN: lambda sides: min(sides, key=_order),
    Merge.MAX: lambda sides: max(sides, key=_order),
}
