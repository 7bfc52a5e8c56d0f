"""JSON values and the pointers (RFC 6901) that name places in them."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

__all__ = ["JSON", "found_at", "get", "join", "leaves", "parts", "put", "without"]

JSON = Any
"""None, bool, int, float, str, list[JSON] or dict[str, JSON]: what a JSON text can say."""


def join(pointer: str, part: str | int) -> str:
    """The pointer to `part` (a property name or an index) below `pointer`."""
    return f"{pointer}/{str(part).replace('~', '~0').replace('/', '~1')}"


def parts(pointer: str) -> list[str]:
    """The unescaped reference tokens of a pointer, outermost first; none for the whole document."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def get(value: JSON, pointer: str) -> JSON:
    """What stands at `pointer`; KeyError, IndexError or ValueError where nothing does."""
    for part in parts(pointer):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def found_at(value: JSON, pointer: str) -> JSON:
    """What stands at `pointer`; None where nothing does."""
    try:
        return get(value, pointer)
    except (KeyError, IndexError, ValueError, TypeError):
        return None


def put(value: JSON, pointer: str, new: JSON) -> JSON:
    """A copy of the value with another one at `pointer`; objects on the way are made where there are none.

    A list grows by an item where the index is not below its length.

        put({"lines": [{"sku": "a"}]}, "/lines/0/note", "red")   # {"lines": [{"sku": "a", "note": "red"}]}
    """
    return _put(value, parts(pointer), new)


def _put(value: JSON, names: list[str], new: JSON) -> JSON:
    if not names:
        return new
    name, inner = names[0], names[1:]
    if isinstance(value, list) and name.isdecimal():
        index = int(name)
        return [*value[:index], _put(value[index] if index < len(value) else None, inner, new), *value[index + 1 :]]
    holder = value if isinstance(value, dict) else {}
    return {**holder, name: _put(holder.get(name), inner, new)}


def without(value: JSON, places: Container[str], pointer: str = "") -> JSON:
    """A copy of the value, which is at `pointer`, without the properties and items at some places below it.

    without({"a": 1, "rows": [1, 2, 3]}, {"/a", "/rows/1"})   # {"rows": [1, 3]}
    """
    if isinstance(value, dict):
        inside = ((name, join(pointer, name), inner) for name, inner in value.items())
        return {name: without(inner, places, place) for name, place, inner in inside if place not in places}
    if isinstance(value, list):
        items = ((join(pointer, index), item) for index, item in enumerate(value))
        return [without(item, places, place) for place, item in items if place not in places]
    return value


def leaves(value: JSON, pointer: str = "") -> Iterator[tuple[str, JSON]]:
    """Every scalar in a value with its pointer, in order; empty containers have none."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, join(pointer, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, join(pointer, index))
    else:
        yield pointer, value
