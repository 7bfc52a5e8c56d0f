"""Pointers through the tree: what stands at one, where the same place is on the wire, and what a problem there costs.

field_at(tree, "/lines/0/sku").kind   # "string"
wire_path(tree, "/size/0")            # "/size/item_1"
prune(tree, judge, {"sku": 5, "note": 7}, problems)   # without what is wrong, as far up as it must go
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from extractor.errors import Problem
from extractor.schema.annotations import Merge
from extractor.schema.pointer import JSON, get, join, parts, without
from extractor.schema.tree import Array, Choice, Leaf, Node, Record, Row, Slot, Tree, Union, alternatives

__all__ = ["Field", "Step", "declared_path", "field_at", "prune", "trace", "wire_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What is declared at one place; `keys` are the names of the key fields where it is a list of objects."""

    kind: str
    required: bool
    policy: Merge | None
    key: bool
    keys: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a pointer: what it is called on either side ("" above a declared root that the wire wraps)."""

    declared: str
    wire: str
    node: Node
    slot: Slot | None = None


def trace(tree: Tree, pointer: str, *, wire: bool = False) -> list[Step]:
    """The steps to a pointer, as far as the tree goes; `wire` tells which side it is written for."""
    ahead = parts(pointer)
    if tree.wrapped and not wire:
        ahead = ["value", *ahead]
    steps = _longest(tree, tree.root, ahead, wire)
    if tree.wrapped and steps:
        steps[0] = replace(steps[0], declared="")
    return steps


def _longest(tree: Tree, node: Node, ahead: Sequence[str], wire: bool) -> list[Step]:
    ways = _steps(tree, node, ahead[0], wire) if ahead else ()
    return max(([step, *_longest(tree, step.node, ahead[1:], wire)] for step in ways), key=len, default=[])


def _steps(tree: Tree, node: Node, part: str, wire: bool) -> Iterator[Step]:
    """What one part may lead to; more than one thing below a union."""
    match tree.resolve(node):
        case Union(branches=branches):
            for branch in branches:
                yield from _steps(tree, branch, part, wire)
        case Array(item=item) if part.isdecimal():
            yield Step(part, part, item)
        case Row(items=items, names=names) if names:
            known = names if wire else tuple(map(str, range(len(names))))
            if part in known:
                index = known.index(part)
                yield Step(str(index), names[index], items[index])
        case Row(items=items, rest=rest) if part.isdecimal():
            inner = items[int(part)] if int(part) < len(items) else rest
            if inner is not None:
                yield Step(part, part, inner)
        case Record(slots=slots) as record:
            slot = next((slot for slot in slots if part == (slot.wire if wire else slot.name)), None)
            if slot:
                yield Step(slot.name, slot.wire, slot.node, slot)
            elif further := record.further(part):
                yield Step(part, part, further.node)


def wire_path(tree: Tree, pointer: str) -> str:
    """The wire pointer of a declared one, or of the nearest place above that has one without seeing the value."""
    return reduce(join, (step.wire for step in trace(tree, pointer)), "")


def declared_path(tree: Tree, pointer: str) -> str:
    """The declared pointer of a wire one, or of the nearest place above that has one without seeing the value."""
    steps = trace(tree, pointer, wire=True)
    return reduce(join, (step.declared for step in steps[tree.wrapped :]), "")


def field_at(tree: Tree, pointer: str) -> Field | None:
    """What is declared at a pointer; None where nothing is."""
    steps = trace(tree, pointer)
    if len(steps) != len(parts(pointer)) + tree.wrapped:
        return None
    slot = steps[-1].slot if steps else None
    node = steps[-1].node if steps else tree.root
    return Field(
        kind=_kind(tree, node),
        required=slot is None or slot.required,
        policy=slot.policy if slot else None,
        key=bool(slot and slot.key),
        keys=_keys(tree, node),
        description=_description(tree, node),
    )


def _description(tree: Tree, node: Node) -> str:
    """The words beside a reference, of what it leads to, or of the one branch that is not null."""
    target = tree.resolve(node)
    sole = tree.sole(target) if isinstance(target, Union) else None
    return node.description or target.description or (_description(tree, sole) if sole is not None else "")


def _kind(tree: Tree, node: Node) -> str:
    """One word for what a node holds; null beside something else is not counted."""
    match tree.resolve(node):
        case Leaf(kind=kind):
            return kind
        case Choice():
            return "enum"
        case Array() | Row():
            return "array"
        case Record(slots=slots, rest=rest):
            return "object" if slots or not rest else "map"
        case Union(branches=branches):
            kinds = {_kind(tree, branch) for branch in branches} - {"null"}
            return kinds.pop() if len(kinds) == 1 else "any"
    return "any"


def _keys(tree: Tree, node: Node) -> tuple[str, ...]:
    """The names of the key fields of the items of a list."""
    for array in alternatives(tree.resolve, node):
        record = tree.resolve(array.item) if isinstance(array, Array) else None
        if isinstance(record, Record) and (keys := tuple(slot.name for slot in record.slots if slot.key)):
            return keys
    return ()


# ---------------------------------------------------------------------- the largest valid part of a value


Judge = Callable[[JSON], tuple[Problem, ...]]
ROUNDS = 100


def prune(tree: Tree, judge: Judge, value: JSON, problems: Iterable[Problem]) -> tuple[JSON, tuple[Problem, ...]]:
    """The value without what is wrong in it, and the problems for which something was dropped.

    An optional property goes back to its default, a bad list item is left out; where something required is wrong, the
    nearest optional property or list item above it goes. What is required at the root and wrong is left missing.
    """
    dropped: list[Problem] = []
    problems = tuple(problems)
    for _ in range(ROUNDS):
        doomed = {place: problem for problem in problems if (place := droppable(tree, value, problem.path)) is not None}
        if not doomed:
            break
        dropped.extend(doomed.values())
        value = without(value, doomed)
        problems = judge(value)
    return value, tuple(dropped)


def droppable(tree: Tree, value: JSON, pointer: str) -> str | None:
    """The nearest place at or above a problem that may be dropped from the value; None where none is left."""
    steps, names = [None, *trace(tree, pointer)][tree.wrapped :], parts(pointer)
    places = [reduce(join, names[:depth], "") for depth in range(len(names) + 1)]
    for depth in range(len(names), 0, -1):
        step = steps[depth] if depth < len(steps) else None
        above = steps[depth - 1] if depth - 1 < len(steps) else None
        listed = isinstance(tree.resolve(above.node if above else tree.root), Array)
        listed = listed or not isinstance(_at(value, places[depth - 1]), list)
        optional = step is None or (listed if step.slot is None else not step.slot.required)
        if optional and _at(value, places[depth]) is not ...:
            return places[depth]
    inside = bool(names) and isinstance(_at(value, places[-2]), dict) and _at(value, pointer) is not ...
    return pointer if inside else None


def _at(value: JSON, pointer: str) -> Any:
    """What stands at a pointer; `...` where nothing does."""
    with suppress(LookupError, ValueError, TypeError):
        return get(value, pointer)
    return ...
