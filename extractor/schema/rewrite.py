"""How a tree is laid out for the service, which cannot say everything.

Layout fields of the nodes are set, and nothing else is changed; `write.py` says the laid-out tree as JSON Schema and
`lens.py` holds, for each layout, the way there and the way back. What passes its limits, too deep or too large, is
asked for as JSON text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from extractor.schema.pointer import JSON
from extractor.schema.text import to_text
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
    discriminator,
    rebuilt,
    records,
)
from extractor.schema.words import distinct, unused
from extractor.schema.write import Writer, is_sayable

__all__ = ["LIMITS", "RESERVED", "excesses", "fitted"]

RESERVED = frozenset(["$defs", "$ref", "additionalProperties", "anyOf", "required"])
"""Names that no property may have; neither may one contain a `/` or be empty."""
LIMITS = {"levels deep": 30, "properties": 3_000, "alternatives in one place": 500, "bytes": 120_000}
"""The measures of a wire schema, and the most of each."""


def fitted(declared: Tree, *, counts: bool) -> tuple[Writer, dict[str, Any], bool]:
    """The tree written within the limits, made shallower where it must be; and whether it was too large."""
    tree, depth, crowded = declared, LIMITS["levels deep"], False
    least = 1 if isinstance(declared.resolve(declared.root), Record) else 0
    while True:
        writer = Writer(_Layout(tree, counts=counts).all())
        wire = writer.document()
        passed = excesses(wire)
        if depth <= least or not passed:
            return writer, wire, crowded
        crowded = crowded or passed.keys() != {"levels deep"}
        depth = min(depth, _measure(wire)[0]) - 1
        tree = shallow(declared, depth)


class _Layout:
    """Lays out the nodes of one tree; `counts` asks how long each list of objects is."""

    def __init__(self, tree: Tree, *, counts: bool) -> None:
        self.tree, self.counts = tree, counts
        self.tagging: dict[str, tuple[str, tuple[str, str]]] = {}

    def all(self) -> Tree:
        """The whole tree; a root that is no object is the one property of one."""
        wrapped = not isinstance(self.tree.resolve(self.tree.root), Record)
        root = Record((Slot("value", self.tree.root, True),)) if wrapped else self.tree.root
        laid_out = self.node(root)
        definitions = {name: self.node(node) for name, node in self.tree.definitions.items()}
        for name, (of, tagging) in self.tagging.items():
            definitions[name] = _with_tag(definitions[of], tagging)
        return Tree(laid_out, definitions, wrapped)

    def node(self, node: Node) -> Node:
        """One node, from its leaves upwards."""
        match node:
            case Free():
                return replace(node, text=True)
            case Choice(values=values):
                return replace(node, texts=True) if _needs_text(values) else node
            case Array():
                return replace(node, item=self.open(node.item))
            case Row():
                return self.row(rebuilt(node, self.node))
            case Record():
                return self.record(node)
            case Union():
                return self.tagged_union(rebuilt(node, self.node))
        return node

    def open(self, node: Node) -> Node:
        """An item or a further property: anything at all needs no text there, for it may be left unsaid."""
        return node if isinstance(node, Free) else self.node(node)

    def resolve(self, node: Node) -> Node:
        """The declared node that a reference stands for, one that is told by a tag among them."""
        if isinstance(node, Ref) and node.name in self.tagging:
            node = replace(node, name=self.tagging[node.name][0])
        return self.tree.resolve(node)

    # ------------------------------------------------------------------ tuples and objects

    def row(self, node: Row) -> Row:
        """A tuple of different things, or of things with names, as an object with a property for each."""
        fixed = node.rest is None and (node.required == len(node.items) or node.named)
        alike = len(set(map(repr, node.items))) < 2 and not any(node.labels)
        if not fixed or not node.items or alike:
            return node
        stems = [re.sub(r"\W+", "_", label.strip()).lower() for label in node.labels]
        return replace(node, names=tuple(distinct(stem or f"item_{i}" for i, stem in enumerate(stems, 1))))

    def record(self, node: Record) -> Record:
        """An object: names that are refused are spelt otherwise, and the wire says what is absent and how many."""
        taken = {slot.name for slot in node.slots}
        wires = {}
        for name in [slot.name for slot in node.slots if _refused(slot.name)]:
            wires[name] = unused(re.sub(r"\W+", "_", name).strip("_") or "field", taken | RESERVED)
            taken.add(wires[name])
        taken = taken - wires.keys() | set(wires.values())
        slots = tuple(self.slot(slot, wires.get(slot.name, slot.name), taken) for slot in node.slots)
        rest = tuple(replace(each, node=self.open(each.node)) for each in node.rest)
        return replace(node, slots=slots, rest=rest)

    def slot(self, slot: Slot, wire: str, taken: set[str]) -> Slot:
        """One property: how its absence is said, with a stated length before a list of objects, and a quote before a
        field that asks for one."""
        node, absent = self.node(slot.node), slot.absent
        if not slot.required:
            null = not slot.hinted and not _takes_null(node, self)
            absent = Absent.NULL if null else Absent.SAME if slot.blank else Absent.OMIT
        count = unused(f"{wire}_count", taken) if self.counts and _lists_objects(node, self) else ""
        quote = unused(f"{wire}_quote", taken) if slot.quoted else ""
        taken |= {count, quote}
        return replace(slot, node=node, wire=wire, absent=absent, count=count, quote=quote)

    # ------------------------------------------------------------------ unions

    def tagged_union(self, node: Union) -> Union:
        """A union of objects that names its branch, unless a property of their own tells them apart."""
        objects = list(records(self.resolve, node))
        maps = not any(record.slots for record in objects)
        if len(objects) < 2 or maps or discriminator([[record] for record in objects])[0]:
            return node
        stems = (re.sub(r"[^\w .-]+", "_", label) or f"option_{i}" for i, label in enumerate(node.labels, 1))
        labels = tuple(distinct(stems))
        tag = unused("variant", {slot.name for record in objects for slot in record.slots})
        branches = tuple(self.tagged(each, (tag, label)) for each, label in zip(node.branches, labels, strict=True))
        return replace(node, branches=branches, labels=labels, tag=tag)

    def tagged(self, branch: Node, tagging: tuple[str, str]) -> Node:
        """A branch that says which one it is; a definition becomes one more, for it may stand elsewhere without."""
        if not isinstance(branch, Ref) or not isinstance(self.resolve(branch), Record):
            return _with_tag(branch, tagging)
        name = f"{branch.name}_{tagging[0]}"
        mine = (branch.name, tagging)
        while self.tagging.setdefault(name, mine) != mine or name in self.tree.definitions:
            name += "_"
        return replace(branch, name=name)


def _with_tag(node: Node, tagging: tuple[str, str]) -> Node:
    return replace(node, tag=tagging) if isinstance(node, Record) else node


# ---------------------------------------------------------------------- small questions


def _needs_text(values: tuple[JSON, ...]) -> bool:
    """Whether one of the constants is a list, an object or too large a number, so that the wire has the JSON text."""
    return any(isinstance(value, list | dict) or not is_sayable(value) for value in values)


def _refused(name: str) -> bool:
    return name in RESERVED or "/" in name or not name


def _takes_null(node: Node, layout: _Layout) -> bool:
    """Whether null is a value of the node on the wire."""
    match layout.resolve(node):
        case Leaf(type="null"):
            return True
        case Choice(values=values):
            return None in values and not _needs_text(values)
        case Union(branches=branches):
            return any(_takes_null(branch, layout) for branch in branches)
    return False


def _lists_objects(node: Node, layout: _Layout) -> bool:
    match layout.resolve(node):
        case Array(item=item):
            return any(records(layout.resolve, item))
        case Union(branches=branches):
            return any(_lists_objects(branch, layout) for branch in branches)
    return False


# ---------------------------------------------------------------------- how large a schema is


NESTING = frozenset(["additionalProperties", "anyOf", "items", "properties"])


def excesses(wire: Mapping[str, JSON]) -> dict[str, tuple[int, int]]:
    """The measures in which a wire schema passes the limits, each with its size and the limit."""
    sizes = (*_measure(wire), len(to_text(wire).encode()))
    return {what: (size, most) for (what, most), size in zip(LIMITS.items(), sizes, strict=True) if size > most}


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
            return rebuilt(node, lambda branch: _cut(tree, branch, depth))
    return rebuilt(node, lambda inner: _cut(tree, inner, depth - 1)) if depth else _free(tree, node)


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
