"""Lenses: for each node of a laid-out tree, the way of a value to the wire and back.

`None` is the identity, so that what needs no change costs nothing. A lens passes on what does not fit, with a problem;
the declaration judges it.

    class Line(BaseModel): sku: str; size: tuple[int, str]

    declared JSON     {"sku": "a", "size": [4, "cm"]}
    wire (moonshot)   {"sku": "a", "size": {"item_1": 4, "item_2": "cm"}}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile

from extractor.errors import InvalidValue, Problem
from extractor.schema.keywords import is_of
from extractor.schema.patterns import compiled
from extractor.schema.pointer import JSON, join
from extractor.schema.text import Digits, from_text, to_text
from extractor.schema.tree import (
    Absent,
    Array,
    Choice,
    Free,
    Leaf,
    Node,
    Record,
    Ref,
    Rest,
    Row,
    Slot,
    Tree,
    Union,
    discriminator,
)
from extractor.schema.validator import same

__all__ = [
    "Found",
    "Lens",
    "Lenses",
    "from_wire",
    "to_wire",
]


@dataclass(slots=True)
class Found:
    """What is met on the way back, beside the value: pointers are into the declared JSON."""

    counts: dict[str, int] = field(default_factory=dict)
    quotes: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    misnamed: bool = False

    def misfit(self, at: str, expected: str, *, misnamed: bool = False) -> None:
        """Note a wire value that is not of the shape that was asked for; `misnamed`, or not of the branch it names."""
        self.problems.append(Problem(at, f"expected {expected}"))
        self.misnamed = self.misnamed or misnamed


Encode = Callable[[JSON], JSON]
Decode = Callable[[JSON, str, Found], JSON]


@dataclass(frozen=True, slots=True)
class Lens:
    """A value there and back. What does not fit is passed through as it is; the declaration judges it."""

    encode: Encode
    decode: Decode


Maybe = Lens | None


def to_wire(lens: Maybe, value: JSON) -> JSON:
    """The wire form of a declared value."""
    return value if lens is None else lens.encode(value)


def from_wire(lens: Maybe, value: JSON, at: str, found: Found) -> JSON:
    """The declared value of a wire one; `at` is its declared pointer, `found` takes what is met beside it."""
    return value if lens is None else lens.decode(value, at, found)


def no_form(what: str) -> InvalidValue:
    """The wire takes this for something else, so that a wrong value would come back as a right one."""
    return InvalidValue((Problem("", f"{what} is not declared, and has no wire form"),))


# ---------------------------------------------------------------------- objects


def is_plain(slot: Slot) -> bool:
    return (
        slot.absent in (Absent.NEVER, Absent.OMIT, Absent.SAME)
        and slot.wire == slot.name
        and not slot.count + slot.quote
    )


class RecordLens:
    """An object: names, absence, helpers and further properties."""

    def __init__(self, node: Record, lenses: dict[str, Maybe], rest: list[tuple[Rest, Maybe]]) -> None:
        self.node, self.lenses, self.rest = node, lenses, rest
        self.slots = {slot.name: slot for slot in node.slots}
        self.by_wire = {slot.wire: slot for slot in node.slots}
        self.counts = {slot.count: slot.name for slot in node.slots if slot.count}
        self.quotes = {slot.quote: slot.name for slot in node.slots if slot.quote}

    def lens(self) -> Lens:
        return Lens(self.encode, self.decode)

    def encode(self, value: JSON) -> JSON:
        if not isinstance(value, dict):
            return value
        tag, label = self.node.tag or ("", "")
        wire: dict[str, JSON] = {tag: label} if tag else {}
        for slot in self.node.slots:
            for one in self.node.counts_before(slot):
                wire[one.count] = len(value[one.name]) if isinstance(value.get(one.name), list) else 0
            if slot.quote:
                wire[slot.quote] = None
            if slot.name in value:
                wire[slot.wire] = self.present(slot, value[slot.name])
            elif slot.absent in (Absent.NULL, Absent.SAME):
                wire[slot.wire] = None
        others = {name: to_wire(self.other(name), item) for name, item in value.items() if name not in self.slots}
        if taken := [name for name in others if name in wire]:
            raise no_form(f"a further property {taken[0]!r}")
        return {**wire, **others}

    def present(self, slot: Slot, item: JSON) -> JSON:
        wire = to_wire(self.lenses[slot.name], item)
        if wire is None and slot.absent is Absent.NULL:
            raise no_form(f"null for {slot.name}")
        return wire

    def other(self, name: str) -> Maybe:
        for rest, lens in self.rest:
            if rest.pattern is None or compiled(rest.pattern).search(name):
                return lens
        return None

    def decode(self, value: JSON, at: str, found: Found) -> JSON:
        if not isinstance(value, dict):
            found.misfit(at, "an object")
            return value
        declared: dict[str, JSON] = {}
        for name, item in value.items():
            if self.node.tag == (name, item):
                continue
            if name in self.by_wire:
                self.take(self.by_wire[name], item, at, found, declared)
            elif name in self.counts or name in self.quotes:
                self.help(name, item, at, found)
            else:
                declared[name] = from_wire(self.other(name), item, join(at, name), found)
        return declared

    def take(self, slot: Slot, item: JSON, at: str, found: Found, declared: dict[str, JSON]) -> None:
        """One declared property, unless the wire says that it is absent."""
        if item is not None or slot.absent is not Absent.NULL:
            declared[slot.name] = from_wire(self.lenses[slot.name], item, join(at, slot.name), found)

    def help(self, name: str, item: JSON, at: str, found: Found) -> None:
        if name in self.counts and isinstance(item, int):
            found.counts[join(at, self.counts[name])] = item
        elif name in self.quotes and isinstance(item, str):
            found.quotes[join(at, self.quotes[name])] = item


# ---------------------------------------------------------------------- unions


Ranker = Callable[[Union, int, JSON], tuple[int, int]]
"""How much is wrong with a wire value as a branch of a union: the less, the smaller."""


class UnionLens:
    """One of several: the branch that a tag names, or the one with which least is wrong."""

    def __init__(self, node: Union, lenses: list[Maybe], tree: Tree, misfits: Ranker) -> None:
        self.node, self.lenses, self.misfits = node, lenses, misfits
        self.branches = [tree.resolve(branch) for branch in node.branches]
        objects = [(index, list(_records(tree, branch, ()))) for index, branch in enumerate(self.branches)]
        objects = [(index, records) for index, records in objects if records]
        self.own, constants = discriminator([records for _, records in objects])
        self.constants = [(index, values) for (index, _), values in zip(objects, constants, strict=False)]
        self.tag_is_own = bool(node.tag) and not any(isinstance(branch, Union) for branch in self.branches)

    def lens(self) -> Lens:
        return Lens(self.encode, self.decode)

    def encode(self, value: JSON) -> JSON:
        """The wire form of the first branch from which the value comes back as it was."""
        for wire in self.forms(value):
            if same(self.decode(wire, "", Found()), value):
                return wire
        raise no_form("a value that no branch can hold")

    def forms(self, value: JSON) -> Iterator[JSON]:
        """The wire forms of the branches that it may be, the one with least wrong first; then the value itself."""
        forms = []
        for index, branch in enumerate(self.branches):
            with suppress(InvalidValue):
                if _may_hold(branch, value):
                    forms.append((index, to_wire(self.lenses[index], value)))
        if len(forms) > 1:
            forms.sort(key=lambda form: self.misfits(self.node, *form))
        yield from (wire for _, wire in forms)
        yield value

    def decode(self, value: JSON, at: str, found: Found) -> JSON:
        if self.node.tag and isinstance(value, dict) and value.get(self.node.tag) in self.node.labels:
            return self.named(self.node.labels.index(value[self.node.tag]), value, at, found)
        if self.tag_is_own and isinstance(value, dict) and self.node.tag in value:
            found.misfit(at, f"{self.node.tag} to be one of {', '.join(self.node.labels)}", misnamed=True)
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

    def named(self, index: int, value: dict[str, JSON], at: str, found: Found) -> JSON:
        """A value as the branch that it names; what that must have and it has not is no reason to take another."""
        branch = self.branches[index]
        slots = branch.slots if isinstance(branch, Record) else ()
        if missing := [slot.wire for slot in slots if slot.required and slot.wire not in value]:
            found.misfit(at, f"{self.node.labels[index]} to have {', '.join(missing)}", misnamed=True)
        return from_wire(self.lenses[index], value, at, found)


def _records(tree: Tree, node: Node, seen: tuple[int, ...]) -> Iterator[Record]:
    target = tree.resolve(node)
    if isinstance(target, Record):
        yield target
    elif isinstance(target, Union) and id(target) not in seen:
        for branch in target.branches:
            yield from _records(tree, branch, (*seen, id(target)))


def _may_hold(node: Node, value: JSON) -> bool:
    """Whether a declared value has the JSON type of a node."""
    match node:
        case Leaf(type=type_):
            return is_of(value, type_)
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
        case Record():
            return isinstance(value, dict)
        case Row(names=names) if names:
            return isinstance(value, dict)
        case Choice(texts=True):
            return isinstance(value, str)
        case Leaf(kind="decimal") if isinstance(value, int | float):
            return not isinstance(value, bool)
        case Free(text=True):
            return isinstance(value, str)
    return _may_hold(node, value)


# ---------------------------------------------------------------------- the lens of each node


class Lenses:
    """The lenses of one laid-out tree.

    `misfits` ranks the branches of a union by how little is wrong with a wire value as one of them. `exact` lenses take
    `Digits` for decimals on the way back; `decimals` tells in the end whether there are any.
    """

    def __init__(self, tree: Tree, misfits: Ranker, *, exact: bool) -> None:
        self.tree, self.misfits, self.exact = tree, misfits, exact
        self.decimals = False
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
                self.decimals = True
                return _DIGITS if self.exact else None
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
        plain = node.tag is None and all(is_plain(slot) and lenses[slot.name] is None for slot in node.slots)
        if plain and all(lens is None for _, lens in rest):
            return None
        return RecordLens(node, lenses, rest).lens()

    def union(self, node: Union) -> Maybe:
        lenses = [self.of(branch) for branch in node.branches]
        if not any(lenses):
            return None
        return UnionLens(node, lenses, self.tree, self.misfits).lens()


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
