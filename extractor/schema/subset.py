"""Some fields of a schema asked for alone, and their answer put back.

A subset keeps names and nesting, so that a pointer means the same in it as in the whole. A list of which only some
items are asked for becomes an object that has the items' indices as names: `{"lines": {"3": {"amount": ...}}}`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from extractor.schema.paths import trace
from extractor.schema.pointer import JSON, join, parts
from extractor.schema.tree import Node, Record, Ref, Slot, Tree, Union, children

__all__ = ["grouped", "joined", "patch", "restricted"]

Branches = dict[str, "Branches"]


def restricted(tree: Tree, paths: Iterable[str]) -> Tree:
    """The tree of just the places at `paths`, each required; one that leads nowhere stands for the nearest above."""
    wanted: Branches = {}
    for path in paths:
        names, at = parts(path), wanted
        for name in names[: len(trace(tree, path)) - tree.wrapped]:
            at = at.setdefault(name, {})
    root = tree.root.slots[0].node if tree.wrapped and isinstance(tree.root, Record) else tree.root
    return Tree(_cut(tree, root, "", wanted) if wanted else root, tree.definitions)


def _cut(tree: Tree, root: Node, at: str, wanted: Branches) -> Record:
    slots = []
    for name, inner in wanted.items():
        pointer = join(at, name)
        step = trace(Tree(root, tree.definitions), pointer)[-1]
        slot = step.slot or Slot(name, step.node, True, wire=name)
        if inner:
            slot = replace(slot, node=_cut(tree, root, pointer, inner), required=True)
        slots.append(replace(slot, count="", quote=""))
    return Record(tuple(slots))


def patch(value: JSON, answer: JSON, paths: Iterable[str]) -> JSON:
    """The value with what stands in the answer at each path put in its place; what the answer leaves out goes away."""
    for path in paths:
        names = parts(path)
        value = _put(value, names, *_found(answer, names))
    return value


def _found(answer: JSON, names: list[str]) -> tuple[JSON, bool]:
    """What a subset's answer holds at a place, and whether it holds anything there."""
    for name in names:
        if not isinstance(answer, dict) or name not in answer:
            return None, False
        answer = answer[name]
    return answer, True


def _put(value: JSON, names: list[str], item: JSON, present: bool) -> JSON:
    """A copy of the value with one place set, or left out; a list grows by an item where the index is its length."""
    if not names:
        return item if present else value
    name, inner = names[0], names[1:]
    if isinstance(value, list) and name.isdecimal():
        index = int(name)
        old = value[index] if index < len(value) else {}
        return [*value[:index], _put(old, inner, item, present), *value[index + 1 :]] if present or inner else value
    value = value if isinstance(value, dict) else {}
    if inner or present:
        return {**value, name: _put(value.get(name, {}), inner, item, present)} if present or name in value else value
    return {key: each for key, each in value.items() if key != name}


def joined(left: JSON, right: JSON, lists: Container[str], at: str = "") -> JSON:
    """Two answers about one document as one: objects by name, lists that may grow (at `lists`) one after the other.

    Where only one of them says something, it stays. Where both do, the later one counts: parts that are disjoint, as
    groups and the two halves are, never come to that.
    """
    if isinstance(left, dict) and isinstance(right, dict):
        inner = {name: joined(left[name], each, lists, join(at, name)) for name, each in right.items() if name in left}
        return {**left, **right, **inner}
    if isinstance(left, list) and isinstance(right, list) and at in lists:
        return [*left, *right]
    return left if right is None or (left is None and _is_hollow(right)) else right


def _is_hollow(value: JSON) -> bool:
    """Whether an object or a list holds nothing at all."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is not None and all(each is None or _is_hollow(each) for each in inner)


def leaf_count(tree: Tree, node: Node, known: dict[str, int]) -> int:
    """How many scalars a value of a node has at most, a list or map taken as one item; `known` keeps definitions."""
    if isinstance(node, Ref):
        if node.name not in known:
            known[node.name] = 1
            known[node.name] = leaf_count(tree, tree.definitions[node.name], known)
        return known[node.name]
    sizes = [leaf_count(tree, child, known) for child in children(node)]
    return (max(sizes) if isinstance(node, Union) and sizes else sum(sizes)) or 1


def grouped(tree: Tree, leaves: int) -> list[list[str]]:
    """The declared paths in groups of about `leaves` scalars, in order; a wide object is divided inside."""
    groups: list[list[str]] = [[]]
    room = leaves
    for path, size in _pieces(tree, tree.root, "", leaves, {}):
        if size > room and groups[-1]:
            groups.append([])
            room = leaves
        groups[-1].append(path)
        room -= size
    return groups


def _pieces(tree: Tree, node: Node, at: str, leaves: int, known: dict[str, int]) -> Iterator[tuple[str, int]]:
    record, size = tree.resolve(node), leaf_count(tree, node, known)
    if isinstance(record, Record) and record.slots and (not record.rest or record.silent) and (size > leaves or not at):
        for slot in record.slots:
            yield from _pieces(tree, slot.node, join(at, slot.name), leaves, known)
    else:
        yield at, size
