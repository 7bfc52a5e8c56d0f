"""The lens of one of several: which branch a value is, on either side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from extractor.errors import InvalidValue
from extractor.schema.lens import Found, Lens, Maybe, from_wire, no_form, to_wire
from extractor.schema.pointer import JSON
from extractor.schema.tree import Array, Choice, Free, Leaf, Node, Record, Row, Tree, Union
from extractor.schema.validator import same

__all__ = ["Chooser", "Ranker", "UnionLens"]

Chooser = Callable[[JSON, JSON], bool]
"""Whether a declared value satisfies a declared schema."""

Ranker = Callable[[Union, int, JSON], tuple[int, int]]
"""How much is wrong with a wire value as a branch of a union: the less, the smaller."""


class UnionLens:
    """One of several: the branch that a tag names, or the first that the value satisfies."""

    def __init__(self, node: Union, lenses: list[Maybe], tree: Tree, holds: Chooser, misfits: Ranker) -> None:
        self.node, self.lenses, self.holds, self.misfits = node, lenses, holds, misfits
        self.branches = [tree.resolve(branch) for branch in node.branches]
        self.own, self.constants = _told_by(tree, self.branches)

    def lens(self) -> Lens:
        return Lens(self.encode, self.decode)

    def encode(self, value: JSON) -> JSON:
        """The wire form of the first branch from which the value comes back as it was."""
        for wire in self.forms(value):
            if same(self.decode(wire, "", Found()), value):
                return wire
        raise no_form("a value that no branch can hold")

    def forms(self, value: JSON) -> Iterator[JSON]:
        """The wire forms of the branches that it satisfies, then of those that it may be, then the value itself."""
        fitting = [index for index, branch in enumerate(self.branches) if _may_hold(branch, value)]
        holding = [index for index in fitting if self.holds(value, self.node.sources[index])]
        for index in [*holding, *(index for index in fitting if index not in holding)]:
            with suppress(InvalidValue):
                yield to_wire(self.lenses[index], value)
        yield value

    def decode(self, value: JSON, at: str, found: Found) -> JSON:
        if self.node.tag and isinstance(value, dict) and value.get(self.node.tag) in self.node.labels:
            index = self.node.labels.index(value[self.node.tag])
            return from_wire(self.lenses[index], value, at, found)
        for index, constants in self.constants if isinstance(value, dict) and self.own in value else ():
            if any(same(value[self.own], each) for each in constants):
                return from_wire(self.lenses[index], value, at, found)
        fitting = [i for i, branch in enumerate(self.branches) if _may_be(branch, value)]
        if len(fitting) > 1:
            fitting.sort(key=lambda index: self.misfits(self.node, index, value))
        if not fitting:
            found.misfit(at, "one of the declared alternatives")
            return value
        return from_wire(self.lenses[fitting[0]], value, at, found)


def _told_by(tree: Tree, branches: list[Node]) -> tuple[str, list[tuple[int, list[JSON]]]]:
    """The wire property of which constants name the branches that are objects, and those of each; none if none does."""
    objects = [(index, list(_records(tree, branch, ()))) for index, branch in enumerate(branches)]
    objects = [(index, records) for index, records in objects if records]
    for name in _constants(objects[0][1][0]) if len(objects) > 1 else ():
        if all(name in _constants(record) for _, records in objects for record in records):
            told = [(index, [v for record in records for v in _constants(record)[name]]) for index, records in objects]
            every = [value for _, values in told for value in set(map(repr, values))]
            if len(set(every)) == len(every):
                return name, told
    return "", []


def _records(tree: Tree, node: Node, seen: tuple[int, ...]) -> Iterator[Record]:
    target = tree.resolve(node)
    if isinstance(target, Record):
        yield target
    elif isinstance(target, Union) and id(target) not in seen:
        for branch in target.branches:
            yield from _records(tree, branch, (*seen, id(target)))


def _constants(record: Record) -> dict[str, tuple[JSON, ...]]:
    return {slot.wire: slot.node.values for slot in record.slots if slot.required and isinstance(slot.node, Choice)}


TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int, float),
    "null": (type(None),),
    "number": (int, float),
    "string": (str,),
}


def _may_hold(node: Node, value: JSON) -> bool:
    """Whether a declared value has the JSON type of a node."""
    match node:
        case Leaf(type=type_):
            return isinstance(value, TYPES[type_]) and (isinstance(value, bool) == (type_ == "boolean"))
        case Record(rest=rest, slots=slots):
            return isinstance(value, dict) and (bool(rest) or value.keys() <= {slot.name for slot in slots})
        case Array() | Row():
            return isinstance(value, list)
        case Choice(values=values):
            return any(same(value, each) for each in values)
    return True


def _may_be(node: Node, value: JSON) -> bool:
    """Whether a wire value has the JSON type that a node has on the wire."""
    match node:
        case Record(is_pairs=is_pairs):
            return isinstance(value, list if is_pairs else dict)
        case Row(names=names) if names:
            return isinstance(value, dict)
        case Choice(texts=True):
            return isinstance(value, str)
        case Leaf(kind="decimal") if isinstance(value, int | float):
            return not isinstance(value, bool)
        case Free(text=True):
            return isinstance(value, str)
    return _may_hold(node, value)
