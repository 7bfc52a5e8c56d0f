"""A tree that is too deep or too large for its dialect: what stands deepest is asked for as JSON text."""

from __future__ import annotations

from dataclasses import replace

from extractor.schema.tree import Array, Choice, Free, Leaf, Node, Record, Ref, Row, Tree, Union

__all__ = ["shallow"]

NAMED = 20
"""Properties that the description of an object given up for text still names."""


def shallow(tree: Tree, depth: int) -> Tree:
    """The tree with everything below `depth` containers, in the root and in each definition, taken as free JSON."""
    definitions = {name: _cut(tree, node, depth) for name, node in tree.definitions.items()}
    return replace(tree, root=_cut(tree, tree.root, depth), definitions=definitions)


def _cut(tree: Tree, node: Node, depth: int) -> Node:
    match node:
        case Leaf() | Choice() | Free():
            return node
        case Ref():
            return node if depth or isinstance(tree.resolve(node), Leaf | Choice) else _free(tree, node)
        case Union() if depth or _flat(tree, node):
            return replace(node, branches=tuple(_cut(tree, branch, depth) for branch in node.branches))
    if not depth:
        return _free(tree, node)
    match node:
        case Array():
            return replace(node, item=_cut(tree, node.item, depth - 1))
        case Row():
            rest = _cut(tree, node.rest, depth - 1) if node.rest is not None else None
            return replace(node, items=tuple(_cut(tree, item, depth - 1) for item in node.items), rest=rest)
        case Record():
            slots = tuple(replace(slot, node=_cut(tree, slot.node, depth - 1)) for slot in node.slots)
            rests = tuple(replace(rest, node=_cut(tree, rest.node, depth - 1)) for rest in node.rest)
            return replace(node, slots=slots, rest=rests)
    return node


def _flat(tree: Tree, node: Union) -> bool:
    return all(isinstance(tree.resolve(branch), Leaf | Choice) for branch in node.branches)


def _free(tree: Tree, node: Node) -> Free:
    target = tree.resolve(node)
    lead = node.description or target.description
    shape = _shape(target)
    return Free(description=f"{lead}: {shape}" if lead and shape else lead or shape)


def _shape(node: Node) -> str:
    match node:
        case Record(slots=slots) if slots:
            return (
                "an object with " + ", ".join(slot.name for slot in slots[:NAMED]) + (" ..." if slots[NAMED:] else "")
            )
        case Record():
            return "an object"
        case Array() | Row():
            return "a list"
    return ""
