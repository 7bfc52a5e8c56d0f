"""The limits of a dialect: how large a wire schema is, and what is given up where a limit is passed.

What stands too deep, or is too large, is asked for as JSON text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from extractor.schema.dialects import Dialect
from extractor.schema.pointer import JSON
from extractor.schema.rewrite import lay_out
from extractor.schema.text import to_text
from extractor.schema.tree import Array, Choice, Free, Leaf, Node, Record, Ref, Row, Tree, Union
from extractor.schema.write import Writer

__all__ = ["excesses", "fitted"]


def fitted(declared: Tree, dialect: Dialect, *, counts: bool) -> tuple[Writer, dict[str, Any], bool]:
    """The tree written within the dialect's limits, made shallower where it must be; and whether it was too large."""
    tree, depth, crowded = declared, dialect.max_depth or 0, False
    least = 1 if isinstance(declared.resolve(declared.root), Record) else 0
    while True:
        writer = Writer(lay_out(tree, dialect, counts=counts), dialect)
        wire = writer.document()
        passed = excesses(wire, dialect)
        if depth <= least or not passed:
            return writer, wire, crowded
        crowded = crowded or passed.keys() != {"levels deep"}
        depth = min(depth, _measure(wire)[0]) - 1
        tree = shallow(declared, depth)


# ---------------------------------------------------------------------- how large a schema is


NESTING = frozenset(["additionalProperties", "anyOf", "items", "properties"])


def excesses(wire: Mapping[str, JSON], dialect: Dialect) -> dict[str, tuple[int, int]]:
    """The measures in which a wire schema passes the dialect's limits, each with its size and the limit."""
    depth, properties, branches = _measure(wire)
    measures = {
        "levels deep": (depth, dialect.max_depth),
        "properties": (properties, dialect.max_properties),
        "alternatives in one place": (branches, dialect.max_branches),
        "bytes": (len(to_text(wire).encode()), dialect.max_bytes),
    }
    return {what: (size, limit) for what, (size, limit) in measures.items() if limit is not None and size > limit}


def _measure(wire: Mapping[str, JSON]) -> tuple[int, int, int]:
    """The nesting of a schema, the properties in it, and the most alternatives in one place, in one pass."""
    deepest = properties = most = 0
    ahead = [(schema, 1) for schema in (wire, *wire.get("$defs", {}).values())]
    while ahead:
        schema, depth = ahead.pop()
        deepest = max(deepest, depth)
        branches = schema.get("anyOf", ())
        most = max(most, len(branches))
        ahead += [(branch, depth) for branch in branches]
        declared = schema.get("properties", {})
        properties += len(declared)
        others = (schema.get("items"), schema.get("additionalProperties"))
        below = [*declared.values(), *(inner for inner in others if isinstance(inner, dict))]
        deepest = max(deepest, depth + bool(below))
        ahead += [(inner, depth + 1) for inner in below if not NESTING.isdisjoint(inner)]
    return deepest, properties, most


# ---------------------------------------------------------------------- a shallower tree


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
