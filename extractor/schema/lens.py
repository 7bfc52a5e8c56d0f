"""The lens of a laid-out tree: the way of a value to the wire and back.

A node at which both are the same is passed over, so that what needs no change costs nothing. What does not fit is
passed on, with a problem; the declaration judges it.

    class Line(BaseModel): sku: str; size: tuple[int, str]

    declared JSON     {"sku": "a", "size": [4, "cm"]}
    wire              {"sku": "a", "size": {"item_1": 4, "item_2": "cm"}}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat, takewhile

from extractor.errors import InvalidValue, Problem
from extractor.schema.keywords import is_of
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
    Row,
    Slot,
    Tree,
    Union,
    children,
)
from extractor.schema.validator import same

__all__ = ["Lens", "Unwrapped"]

_ANYTHING = Free()


@dataclass(slots=True)
class Unwrapped:
    """An answer in the declared shape, and what it said beside: stated list lengths and quotes, by declared pointer.

    `misnamed`: some object is not of the branch of a union that it names.
    """

    value: JSON = None
    counts: dict[str, int] = field(default_factory=dict)
    quotes: dict[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    misnamed: bool = False

    def misfit(self, at: str, expected: str, *, misnamed: bool = False) -> None:
        """Note a wire value that is not of the shape that was asked for; `misnamed`, or not of the branch it names."""
        self.problems = (*self.problems, Problem(at, f"expected {expected}"))
        self.misnamed = self.misnamed or misnamed


Ranker = Callable[[Union, int, JSON], tuple[int, int]]
"""How much is wrong with a wire value as a branch of a union: the less, the smaller."""


class Lens:
    """The lens of one tree.

    `misfits` ranks the branches of a union. On the way back decimals may be `Digits`; `decimals` tells whether there
    are any, and `plain` whether nothing else changes.
    """

    def __init__(self, tree: Tree, misfits: Ranker) -> None:
        self.tree, self.misfits = tree, misfits
        self.decimals = False
        self.plain = True
        self._changing: dict[int | str, bool] = {}
        self._slots: dict[int, dict[str, tuple[Slot, bool]]] = {}
        self._changes(tree.root)

    def _changes(self, node: Node) -> bool:
        """Whether a value of a node is another one on the wire; of a definition that holds itself, always."""
        key = node.name if isinstance(node, Ref) else id(node)
        if key not in self._changing:
            self._changing[key] = True
            inner = [self.tree.definitions[node.name]] if isinstance(node, Ref) else children(node)
            self._changing[key] = any([self._is_changed(node), *map(self._changes, inner)])
        return self._changing[key]

    def _is_changed(self, node: Node) -> bool:
        match node:
            case Leaf(kind="decimal"):
                self.decimals = True
                return True
            case Free(text=True) | Choice(texts=True):
                self.plain = False
            case Row(names=names) if names:
                self.plain = False
            case Record(slots=slots, tag=tag) if tag or not all(map(_is_plain, slots)):
                self.plain = False
            case _:
                return False
        return True

    # ------------------------------------------------------------------ to the wire

    def encode(self, value: JSON) -> JSON:
        """The wire form of a declared value; InvalidValue where it has none."""
        return self._encoded(self.tree.root, value)

    def _encoded(self, node: Node, value: JSON) -> JSON:
        if not self._changes(node):
            return value
        match self.tree.resolve(node):
            case Free() | Choice():
                return to_text(value)
            case Array(item=item) if isinstance(value, list):
                return [self._encoded(item, each) for each in value]
            case Row(names=names) if names and isinstance(value, dict):
                raise _no_form("an object in place of a list")
            case Row() as row if isinstance(value, list) and (not row.names or len(value) == len(row.names)):
                items = [self._encoded(item, each) for item, each in zip(_positions(row), value, strict=False)]
                return dict(zip(row.names, items, strict=True)) if row.names else items
            case Record() as record if isinstance(value, dict):
                return self._encoded_record(record, value)
            case Union() as union:
                return self._encoded_union(union, value)
        return value

    def _encoded_record(self, node: Record, value: dict[str, JSON]) -> JSON:
        wire: dict[str, JSON] = dict([node.tag]) if node.tag else {}
        for slot in node.slots:
            for one in node.counts_before(slot):
                wire[one.count] = len(value[one.name]) if isinstance(value.get(one.name), list) else 0
            if slot.quote:
                wire[slot.quote] = None
            if slot.name in value:
                wire[slot.wire] = self._encoded(slot.node, value[slot.name])
                if wire[slot.wire] is None and slot.absent is Absent.NULL:
                    raise _no_form(f"null for {slot.name}")
            elif slot.absent in (Absent.NULL, Absent.SAME):
                wire[slot.wire] = None
        names = {slot.name for slot in node.slots}
        others = {n: self._encoded(_further(node, n), item) for n, item in value.items() if n not in names}
        if taken := [name for name in others if name in wire]:
            raise _no_form(f"a further property {taken[0]!r}")
        return {**wire, **others}

    def _encoded_union(self, union: Union, value: JSON) -> JSON:
        """The wire form of the first branch from which the value comes back as it was, those with least wrong first."""
        forms = []
        for index, branch in enumerate(union.branches):
            with suppress(InvalidValue):
                if _may_hold(self.tree.resolve(branch), value):
                    forms.append((index, self._encoded(branch, value)))
        if len(forms) > 1:
            forms.sort(key=lambda form: self.misfits(union, *form))
        for wire in (*(wire for _, wire in forms), value):
            if same(self._decoded(union, wire, "", Unwrapped()), value):
                return wire
        raise _no_form("a value that no branch can hold")

    # ------------------------------------------------------------------ and back

    def decode(self, wire: JSON) -> Unwrapped:
        """The declared value of a wire one; what fits nowhere is passed on, with a problem."""
        found = Unwrapped()
        wrapped = self.tree.wrapped
        if wrapped and not (isinstance(wire, dict) and "value" in wire):
            found.misfit("", 'an object with "value"')
            wire = {"value": wire}
        value = self._decoded(self.tree.root, wire, "", found)
        found.value = value["value"] if wrapped else value
        return found

    def _below(self, at: str, node: Node, name: str) -> str:
        """The declared pointer of a property; a root that the wire wraps has none of its own."""
        return at if self.tree.wrapped and node is self.tree.root else join(at, name)

    def _decoded(self, node: Node, value: JSON, at: str, found: Unwrapped) -> JSON:
        if not self._changes(node):
            return value
        match self.tree.resolve(node):
            case Leaf():  # no float holds all the digits of a decimal
                return value.text if isinstance(value, Digits) else value
            case Free() | Choice():
                return _read(value)
            case Array(item=item):
                return self._decoded_items(repeat(item), value, at, found)
            case Row(names=()) as row:
                return self._decoded_items(_positions(row), value, at, found)
            case Row() as row:
                return self._decoded_row(row, value, at, found)
            case Record() as record:
                return self._decoded_record(record, value, at, found)
            case Union() as union:
                return self._decoded_union(union, value, at, found)
        return value

    def _decoded_items(self, nodes: Iterator[Node], value: JSON, at: str, found: Unwrapped) -> JSON:
        if not isinstance(value, list):
            found.misfit(at, "a list")
            return value
        pairs = enumerate(zip(nodes, value, strict=False))
        return [self._decoded(node, item, join(at, index), found) for index, (node, item) in pairs]

    def _decoded_row(self, node: Row, value: JSON, at: str, found: Unwrapped) -> JSON:
        """A tuple from an object with a property for each position; those after `required` have defaults."""
        present = len(list(takewhile(value.__contains__, node.names))) if isinstance(value, dict) else -1
        if present < node.required or len(value) != present:
            found.misfit(at, f"an object with {', '.join(node.names)}")
            return value
        return self._decoded_items(iter(node.items), [value[name] for name in node.names[:present]], at, found)

    def _decoded_record(self, node: Record, value: JSON, at: str, found: Unwrapped) -> JSON:
        if not isinstance(value, dict):
            found.misfit(at, "an object")
            return value
        if id(node) not in self._slots:
            self._slots[id(node)] = {slot.wire: (slot, self._changes(slot.node)) for slot in node.slots}
        slots, declared = self._slots[id(node)], dict[str, JSON]()
        for name, item in value.items():
            if name in slots:
                slot, changes = slots[name]
                if item is not None or slot.absent is not Absent.NULL:
                    below = self._below(at, node, slot.name)
                    inner = self._decoded(slot.node, item, below, found) if changes else item
                    declared[slot.name] = inner
            elif node.tag != (name, item) and not self._is_help(node, name, item, at, found):
                declared[name] = self._decoded(_further(node, name), item, self._below(at, node, name), found)
        return declared

    def _is_help(self, node: Record, name: str, item: JSON, at: str, found: Unwrapped) -> bool:
        """Whether a property is a helper; what it says is noted."""
        for slot in node.slots:
            if name and name in (slot.count, slot.quote):
                below = self._below(at, node, slot.name)
                if name == slot.count and isinstance(item, int):
                    found.counts[below] = item
                elif name == slot.quote and isinstance(item, str):
                    found.quotes[below] = item
                return True
        return False

    def _decoded_union(self, union: Union, value: JSON, at: str, found: Unwrapped) -> JSON:
        """The branch that a tag or a constant names, or the one with which least is wrong."""
        branches = list(map(self.tree.resolve, union.branches))
        if union.tag and isinstance(value, dict) and union.tag in value:
            if value[union.tag] in union.labels:
                return self._decoded_named(union, union.labels.index(value[union.tag]), value, at, found)
            if not any(isinstance(branch, Union) for branch in branches):  # whose tag may have the same name
                found.misfit(at, f"{union.tag} to be one of {', '.join(union.labels)}", misnamed=True)
        own, choices = self.tree.choices(union)
        for branch, choice in choices if isinstance(value, dict) and own in value else ():
            if any(same(value[own], each) for each in choice.values):
                return self._decoded(branch, value, at, found)
        fitting = [index for index, branch in enumerate(branches) if _may_be(branch, value)]
        if len(fitting) > 1:
            fitting.sort(key=lambda index: self.misfits(union, index, value))
        if not fitting:
            found.misfit(at, "one of the declared alternatives")
            return value
        return self._decoded(union.branches[fitting[0]], value, at, found)

    def _decoded_named(self, union: Union, index: int, value: dict[str, JSON], at: str, found: Unwrapped) -> JSON:
        """A value as the branch that it names; what that must have and it has not is no reason to take another."""
        slots = getattr(self.tree.resolve(union.branches[index]), "slots", ())
        if missing := [slot.wire for slot in slots if slot.required and slot.wire not in value]:
            found.misfit(at, f"{union.labels[index]} to have {', '.join(missing)}", misnamed=True)
        return self._decoded(union.branches[index], value, at, found)


# ---------------------------------------------------------------------- small questions


def _no_form(what: str) -> InvalidValue:
    """The wire takes this for something else, so that a wrong value would come back as a right one."""
    return InvalidValue((Problem("", f"{what} is not declared, and has no wire form"),))


def _is_plain(slot: Slot) -> bool:
    same_name = slot.wire == slot.name and not slot.count + slot.quote
    return same_name and slot.absent in (Absent.NEVER, Absent.OMIT, Absent.SAME)


def _positions(row: Row) -> Iterator[Node]:
    """The node of each position, without an end."""
    return chain(row.items, repeat(row.rest or _ANYTHING))


def _further(node: Record, name: str) -> Node:
    """What a property beyond the declared ones may hold."""
    rest = node.further(name)
    return rest.node if rest else _ANYTHING


def _read(value: JSON) -> JSON:
    """JSON text read; a string that is no JSON is taken for itself."""
    with suppress(InvalidValue):
        return from_text(value) if isinstance(value, str) else value
    return value


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
        case Choice(texts=True) | Free(text=True):
            return isinstance(value, str)
        case Leaf(kind="decimal") if isinstance(value, int | float):
            return not isinstance(value, bool)
    return _may_hold(node, value)
