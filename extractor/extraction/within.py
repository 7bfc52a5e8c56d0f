"""A list that stands within what was read and is too long for one answer: where it is, and its pieces put together.

A row may hold such a list itself, and so may a union. An answer that was cut in it is gone on with there:

    {"accounts": [{"holder": "Ida", "items": [1, 2, 3]}]}    cut in the third item: /accounts/0/items from item 3
    {"accounts": [{"items": [3, 4], "note": "closed"}]}      the row: {"holder": "Ida", "items": [1, 2, 3, 4], ..}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from extractor.extraction.answers import Fact, silent
from extractor.schema.pointer import JSON, get, join, parts

__all__ = ["cut_within", "items_at", "repeats", "shifted", "with_items"]


def cut_within(value: JSON) -> str | None:
    """The pointer of the outermost list in which a cut value ends and of which an item is whole; None without one.

    >>> cut_within({"holder": "Ida", "items": [1, 2, 3], "note": None})
    '/items'
    """
    if isinstance(value, dict):
        stated = [name for name, inner in value.items() if not silent(inner)]
        inner = cut_within(value[stated[-1]]) if stated else None
        return None if inner is None else join("", stated[-1]) + inner
    if not isinstance(value, list) or not value:
        return None
    if len(value) > 1:
        return ""
    inner = cut_within(value[0])
    return None if inner is None else f"/0{inner}"


def items_at(value: JSON, pointer: str) -> list[JSON]:
    """The list at a pointer; empty where there is none."""
    try:
        found = get(value, pointer)
    except (KeyError, IndexError, ValueError, TypeError):
        return []
    return found if isinstance(found, list) else []


def with_items(value: JSON, pointer: str, items: Sequence[JSON]) -> JSON:
    """A copy of the value with the list at a pointer replaced."""
    return _with(value, parts(pointer), items)


def _with(value: JSON, names: Sequence[str], items: Sequence[JSON]) -> JSON:
    if not names:
        return list(items)
    if isinstance(value, list):
        at = int(names[0])
        return [_with(inner, names[1:], items) if index == at else inner for index, inner in enumerate(value)]
    return {**value, names[0]: _with(value.get(names[0]), names[1:], items)}


def shifted(facts: Iterable[Fact], place: str, count: int) -> list[Fact]:
    """Facts of a list's later items by their pointers in the whole list, of which `count` items come before."""
    found = []
    for fact in facts:
        index, slash, rest = fact.path.removeprefix(f"{place}/").partition("/")
        inside = fact.path.startswith(f"{place}/") and index.isdecimal()
        found.append(fact._replace(path=f"{place}/{int(index) + count}{slash}{rest}") if inside else fact)
    return found


def repeats(more: Sequence[JSON], known: Sequence[JSON]) -> bool:
    """Whether an answer began a list from its start, where it was to go on with it. Items all alike tell nothing."""
    return bool(more) and list(more) == list(known[: len(more)]) and any(item != more[0] for item in more)
