"""How a tree is laid out for the service: one small rule for each thing that it cannot say.

A rule sets a layout field of a node and changes nothing else; `write.py` says the laid-out tree as JSON Schema and
`lens.py` holds, for each layout, the way there and the way back. What passes its limits, too deep or too large, is
asked for as JSON text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from operator import is_
from typing import Any

from extractor.schema.forms import unused
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
)
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
        writer = Writer(_lay_out(tree, counts=counts))
        wire = writer.document()
        passed = excesses(wire)
        if depth <= least or not passed:
            return writer, wire, crowded
        crowded = crowded or passed.keys() != {"levels deep"}
        depth = min(depth, _measure(wire)[0]) - 1
        tree = shallow(declared, depth)


def _lay_out(tree: Tree, *, counts: bool) -> Tree:
    """The tree as the service can take it; `counts` asks how long each list of objects is."""
    layout = _Layout(tree, counts)
    root = layout.node(tree.root)
    definitions = {name: layout.node(node) for name, node in tree.definitions.items()}
    for name, (of, tagging) in layout.tagging.items():
        definitions[name] = _with_tag(definitions[of], tagging)
    return _wrap_root(Tree(root, definitions), layout)


class _Layout:
    def __init__(self, tree: Tree, counts: bool) -> None:
        self.tree, self.counts = tree, counts
        self.tagging: dict[str, tuple[str, tuple[str, str]]] = {}

    def node(self, node: Node) -> Node:
        """One node, from its leaves upwards."""
        match node:
            case Leaf() | Ref():
                return node
            case Array():
                item = self.node(node.item)
                node = node if item is node.item else replace(node, item=item)
            case Row():
                node = row_items(node, self)
            case Record():
                rest = tuple(replace(each, node=self.node(each.node)) for each in node.rest)
                node = replace(node, slots=tuple(map(self.slot, node.slots)), rest=rest)
            case Union():
                branches = tuple(map(self.node, node.branches))
                node = node if all(map(is_, branches, node.branches)) else replace(node, branches=branches)
        for rule in RULES.get(type(node), ()):
            node = rule(node, self)
        return node

    def resolve(self, node: Node) -> Node:
        """The declared node that a reference stands for, one that is told by a tag among them."""
        if isinstance(node, Ref) and node.name in self.tagging:
            node = replace(node, name=self.tagging[node.name][0])
        return self.tree.resolve(node)

    def slot(self, slot: Slot) -> Slot:
        """One property with its node laid out."""
        node = self.node(slot.node)
        return slot if node is slot.node else replace(slot, node=node)


# ---------------------------------------------------------------------- rules


def row_items(node: Row, layout: _Layout) -> Row:
    """A tuple with each of its positions laid out."""
    rest = layout.node(node.rest) if node.rest is not None else None
    return replace(node, items=tuple(map(layout.node, node.items)), rest=rest)


def free_as_text(node: Free, layout: _Layout) -> Node:
    """Anything at all, as the JSON text of it."""
    return replace(node, text=True)


def free_items(node: Array, layout: _Layout) -> Node:
    """A list of anything needs no text: `items` may be left unsaid."""
    return replace(node, item=_open(node.item)) if isinstance(node.item, Free) else node


def constants_as_text(node: Choice, layout: _Layout) -> Node:
    """Constants of which one is a list, an object or too large a number, as the JSON texts of them all."""
    return replace(node, texts=True) if _needs_text(node.values) else node


def row_as_object(node: Row, layout: _Layout) -> Node:
    """A tuple of different things, or of things with names, as an object with a property for each."""
    fixed = node.rest is None and (node.required == len(node.items) or node.named)
    alike = len(set(map(repr, node.items))) < 2 and not any(node.labels)
    if not fixed or not node.items or alike:
        return node
    stems = [re.sub(r"\W+", "_", label.strip()).lower() for label in node.labels]
    return replace(node, names=tuple(_distinct(stem or f"item_{i}" for i, stem in enumerate(stems, 1))))


def free_rest(node: Record, layout: _Layout) -> Node:
    """Further properties that are anything need no text either."""
    return replace(node, rest=tuple(replace(rest, node=_open(rest.node)) for rest in node.rest)) if node.rest else node


def wire_names(node: Record, layout: _Layout) -> Node:
    """Property names that are refused, spelt otherwise."""
    refused = {slot.name for slot in node.slots if _refused(slot.name)}
    if not refused:
        return node
    taken = {slot.name for slot in node.slots}
    slots = []
    for slot in node.slots:
        wire = slot.name
        if wire in refused:
            wire = unused(re.sub(r"\W+", "_", wire).strip("_") or "field", taken | RESERVED)
            taken.add(wire)
        slots.append(replace(slot, wire=wire))
    return replace(node, slots=tuple(slots))


def absence(node: Record, layout: _Layout) -> Node:
    """How the wire says that an optional property is absent."""
    if all(slot.required for slot in node.slots):
        return node
    return replace(node, slots=tuple(s if s.required else replace(s, absent=_absent(s, layout)) for s in node.slots))


def _absent(slot: Slot, layout: _Layout) -> Absent:
    if not slot.hinted and not _takes_null(slot.node, layout):
        return Absent.NULL
    return Absent.SAME if slot.blank else Absent.OMIT


def helpers(node: Record, layout: _Layout) -> Record:
    """A stated length before each list of objects, and a quote before each field that asks for one."""
    if not layout.counts and not any(slot.quoted for slot in node.slots):
        return node
    taken = {slot.wire for slot in node.slots}
    slots = []
    for slot in node.slots:
        count = unused(f"{slot.wire}_count", taken) if layout.counts and _lists_objects(slot.node, layout) else ""
        quote = unused(f"{slot.wire}_quote", taken) if slot.quoted else ""
        taken |= {count, quote}
        slots.append(replace(slot, count=count, quote=quote))
    return replace(node, slots=tuple(slots))


def tags(node: Union, layout: _Layout) -> Node:
    """The branch of a union of objects by name, unless a property of their own tells them apart."""
    flat = list(_flattened(node, layout))
    if any(isinstance(each, Record) and each.rest for each in flat):
        node = replace(node, branches=tuple(_listed(branch, layout) for branch in node.branches))
    records = [each for each in flat if isinstance(each, Record)]
    if len(records) < 2 or discriminator([[record] for record in records])[0]:
        return node
    labels = tuple(
        _distinct(re.sub(r"[^\w .-]+", "_", label) or f"option_{i}" for i, label in enumerate(node.labels, 1))
    )
    taken = {slot.name for record in records for slot in record.slots}
    tag = unused("variant", taken)
    tagging = [(tag, label) for label in labels]
    branches = tuple(_tagged(branch, each, layout) for branch, each in zip(node.branches, tagging, strict=True))
    return replace(node, branches=branches, labels=labels, tag=tag)


def _listed(branch: Node, layout: _Layout) -> Node:
    """A branch that stays a list, for beside a map an object of its positions is taken for the map."""
    target = layout.resolve(branch)
    if not isinstance(target, Row):
        return branch
    return replace(target if target is branch else row_items(target, layout), names=())


def _tagged(branch: Node, tagging: tuple[str, str], layout: _Layout) -> Node:
    """A branch that says which one it is; a definition becomes one more, for it may stand elsewhere without."""
    target = layout.resolve(branch)
    if not isinstance(target, Record):
        return branch
    if not isinstance(branch, Ref):
        return _with_tag(branch, tagging)
    name = f"{branch.name}_{tagging[0]}"
    mine = (branch.name, tagging)
    while layout.tagging.setdefault(name, mine) != mine or name in layout.tree.definitions:
        name += "_"
    return replace(branch, name=name)


def _with_tag(node: Node, tagging: tuple[str, str]) -> Node:
    return replace(node, tag=tagging) if isinstance(node, Record) else node


def _wrap_root(tree: Tree, layout: _Layout) -> Tree:
    """A root that is no object, as the one property of one."""
    root = tree.resolve(tree.root)
    if isinstance(root, Record):
        return tree
    wrapping = helpers(Record((Slot("value", tree.root, True, wire="value"),)), layout)
    return Tree(wrapping, tree.definitions, wrapped=True)


RULES: dict[type[Node], tuple[Callable[..., Node], ...]] = {
    Array: (free_items,),
    Choice: (constants_as_text,),
    Free: (free_as_text,),
    Record: (free_rest, wire_names, absence, helpers),
    Row: (row_as_object,),
    Union: (tags,),
}


# ---------------------------------------------------------------------- small questions


def _needs_text(values: tuple[JSON, ...]) -> bool:
    return any(isinstance(value, list | dict) or not is_sayable(value) for value in values)


def _open(node: Node) -> Node:
    return replace(node, text=False) if isinstance(node, Free) else node


def _refused(name: str) -> bool:
    return name in RESERVED or "/" in name or not name


def _distinct(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        while name in seen:
            name += "_"
        seen.add(name)
        yield name


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
            inner = layout.resolve(item)
            branches = map(layout.resolve, inner.branches) if isinstance(inner, Union) else (inner,)
            return any(isinstance(each, Record) for each in branches)
        case Union(branches=branches):
            return any(_lists_objects(branch, layout) for branch in branches)
    return False


def _flattened(node: Union, layout: _Layout, seen: frozenset[str] = frozenset()) -> Iterator[Node]:
    """The branches, and in place of those that are unions themselves the branches of these."""
    for branch in node.branches:
        target = layout.resolve(branch)
        if isinstance(target, Union):
            name = branch.name if isinstance(branch, Ref) else ""
            yield from _flattened(target, layout, seen | {name}) if not name or name not in seen else ()
        else:
            yield target


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
