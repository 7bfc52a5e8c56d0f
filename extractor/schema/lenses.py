"""For each node of a laid-out tree, the lens that its layout asks for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from extractor.errors import InvalidValue
from extractor.schema.lens import Found, Lens, Maybe, from_wire, no_form, to_wire
from extractor.schema.pointer import JSON, join
from extractor.schema.record import RecordLens, is_plain
from extractor.schema.text import Digits, from_text, to_text
from extractor.schema.tree import Array, Choice, Free, Leaf, Node, Record, Ref, Row, Tree, Union
from extractor.schema.union import Chooser, Ranker, UnionLens

__all__ = ["Lenses"]


class Lenses:
    """The lenses of one laid-out tree.

    `holds` tells whether a declared value satisfies a declared schema; `misfits` ranks the branches of a union
    by how little is wrong with a wire value as one of them.
    """

    def __init__(self, tree: Tree, holds: Chooser, misfits: Ranker) -> None:
        self.tree, self.holds, self.misfits = tree, holds, misfits
        self.known: dict[str, Maybe] = {}
        self.open: set[str] = set()

    def root(self) -> Maybe:
        """The lens of the whole; the wrapping of a root that is no object is the outermost."""
        return self.of(self.tree.root)

    def of(self, node: Node) -> Maybe:
        """The lens of one node, None where nothing changes."""
        match node:
            case Ref():
                return self.reference(node.name)
            case Free():
                return _TEXT if node.text else None
            case Choice():
                return _TEXT if node.texts else None
            case Leaf(kind="decimal"):
                return _DIGITS
            case Array():
                return self.array(node)
            case Row():
                return self.row(node)
            case Record():
                return self.record(node)
            case Union():
                return self.union(node)
        return None

    def reference(self, name: str) -> Maybe:
        """A definition; one that is met within itself is looked up when it is used."""
        if name in self.known:
            return self.known[name]
        if name in self.open:
            return Lens(
                lambda v: to_wire(self.known[name], v), lambda v, at, found: from_wire(self.known[name], v, at, found)
            )
        self.open.add(name)
        self.known[name] = self.of(self.tree.definitions[name])
        return self.known[name]

    def array(self, node: Array) -> Maybe:
        item = self.of(node.item)
        if item is None:
            return None
        return Lens(
            lambda value: [item.encode(each) for each in value] if isinstance(value, list) else value,
            lambda value, at, found: _items(value, at, found, lambda _: item),
        )

    def row(self, node: Row) -> Maybe:
        items = [self.of(item) for item in node.items]
        rest = self.of(node.rest) if node.rest is not None else None
        if node.names:
            return _named(node.names, items, node.required)
        if rest is None and not any(items):
            return None

        def at_position(index: int) -> Maybe:
            return items[index] if index < len(items) else rest

        return Lens(
            lambda value: (
                [to_wire(at_position(i), v) for i, v in enumerate(value)] if isinstance(value, list) else value
            ),
            lambda value, at, found: _items(value, at, found, at_position),
        )

    def record(self, node: Record) -> Maybe:
        lenses = {slot.name: self.of(slot.node) for slot in node.slots}
        rest = [(each, self.of(each.node)) for each in node.rest]
        plain = node.told is None and all(is_plain(slot) and lenses[slot.name] is None for slot in node.slots)
        if plain and not node.pairs and all(lens is None for _, lens in rest):
            return None
        return RecordLens(node, lenses, rest).lens()

    def union(self, node: Union) -> Maybe:
        lenses = [self.of(branch) for branch in node.branches]
        if not any(lenses):
            return None
        return UnionLens(node, lenses, self.tree, self.holds, self.misfits).lens()


# ---------------------------------------------------------------------- small lenses


def _from_text(value: JSON, at: str, found: Found) -> JSON:
    """JSON text read; a string that is no JSON is taken for itself."""
    if not isinstance(value, str):
        return value
    try:
        return from_text(value)
    except InvalidValue:
        return value


_TEXT = Lens(to_text, _from_text)


def _digits(value: JSON, at: str, found: Found) -> JSON:
    """A number for a decimal, as the text that it was written in: no float holds all of its digits."""
    return value.text if isinstance(value, Digits) else value


_DIGITS = Lens(lambda value: value, _digits)


def _items(value: JSON, at: str, found: Found, lens: Callable[[int], Maybe]) -> JSON:
    if not isinstance(value, list):
        found.misfit(at, "a list")
        return value
    return [from_wire(lens(index), item, join(at, index), found) for index, item in enumerate(value)]


def _named(names: tuple[str, ...], items: list[Maybe], required: int) -> Lens:
    """A tuple as an object with a property for each position; those after `required` have defaults."""

    def encode(value: JSON) -> JSON:
        if isinstance(value, dict):
            raise no_form("an object in place of a list")
        if not isinstance(value, list) or len(value) != len(names):
            return value
        return {name: to_wire(lens, item) for name, lens, item in zip(names, items, value, strict=True)}

    def decode(value: JSON, at: str, found: Found) -> JSON:
        present = len(list(takewhile(value.__contains__, names))) if isinstance(value, dict) else -1
        if present < required or len(value) != present:
            found.misfit(at, f"an object with {', '.join(names)}")
            return value
        places = enumerate(zip(names[:present], items, strict=False))
        return [from_wire(lens, value[name], join(at, index), found) for index, (name, lens) in places]

    return Lens(encode, decode)
