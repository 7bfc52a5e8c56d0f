"""The typed tree that a declaration is read into. Every fold of the room runs over these few classes.

A node says what may be declared; the fields marked *layout* say how it is laid out on the wire. They start as
"just as declared" and only `rewrite.py` changes them. `facts` are the JSON Schema keywords that narrow a node: the
service obeys them, or they become words of the description.

Which definitions of a tree refer to which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeVar

from extractor.schema.annotations import Merge
from extractor.schema.patterns import compiled
from extractor.schema.pointer import JSON

__all__ = [
    "Absent",
    "Array",
    "Choice",
    "Free",
    "Leaf",
    "Node",
    "Record",
    "Ref",
    "Rest",
    "Row",
    "Slot",
    "Tree",
    "Union",
    "alternatives",
    "cycles",
    "discriminator",
    "is_null",
    "rebuilt",
    "records",
    "recursive",
    "shared_definitions",
]


class Absent(Enum):
    """How the wire says that a property was left out."""

    NEVER = "it is required"
    OMIT = "by leaving it out"
    NULL = "null, which the property itself cannot be"
    SAME = "null, which means the same as leaving it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all nodes have: words for the model, and the keywords that narrow it."""

    description: str = ""
    facts: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leaf(Node):
    """A scalar: `type` is the JSON type, `kind` what it stands for (a date is a string)."""

    type: str
    kind: str


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """One of these constants; `names` are what they are called, where each has a name of its own.

    Layout: `texts` when the wire holds each as JSON text (they are lists or objects).
    """

    values: tuple[JSON, ...]
    texts: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Free(Node):
    """Any JSON. Layout: `text` when the wire holds it as JSON text."""

    text: bool = False


@dataclass(frozen=True, slots=True)
class Array(Node):
    """A list of any length."""

    item: Node


@dataclass(frozen=True, slots=True)
class Row(Node):
    """A list with a meaning for each position, and `rest` after them (None: nothing after); `named` for a NamedTuple.

    Layout: `names` turns it into an object with one property for each position.
    """

    items: tuple[Node, ...]
    rest: Node | None
    required: int
    labels: tuple[str, ...] = ()
    named: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """One declared property; `blank` when null means the same as leaving it out, `hinted` when only rules beside
    the properties speak of it, so that it may hold anything where they do not apply.

    Layout: its `wire` name, how absence is said, and the helpers before it ("" for none)."""

    name: str
    node: Node
    required: bool
    blank: bool = False
    hinted: bool = False
    key: bool = False
    policy: Merge | None = None
    quoted: bool = False
    wire: str = ""
    absent: Absent = Absent.NEVER
    count: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Rest:
    """Properties beyond the declared ones whose names match `pattern` (None: all others)."""

    pattern: str | None
    node: Node


@dataclass(frozen=True, slots=True)
class Record(Node):
    """An object. `rest` is empty when it is closed; `silent` when its openness was not said but is the default.

    Layout: `tag` is the property and the constant that name it among the branches of a union.
    """

    slots: tuple[Slot, ...]
    rest: tuple[Rest, ...] = ()
    silent: bool = False
    tag: tuple[str, str] | None = None

    def further(self, name: str) -> Rest | None:
        """What is declared of the further properties with such a name."""
        return next((rest for rest in self.rest if not rest.pattern or compiled(rest.pattern).search(name)), None)

    def counts_before(self, slot: Slot) -> list[Slot]:
        """The slots whose counts stand before a slot: those of all before the first, so that a cut answer has them."""
        counted = [each for each in self.slots if each.count]
        return counted if counted[:1] == [slot] else []


@dataclass(frozen=True, slots=True)
class Union(Node):
    """One of several, each with a label. Layout: `tag` is a wire property that names the branch of an object by it."""

    branches: tuple[Node, ...]
    labels: tuple[str, ...] = ()
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Ref(Node):
    """A definition of the tree, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A root and the definitions that its references name. `wrapped` when the declared root stands below `value`."""

    root: Node
    definitions: Mapping[str, Node] = field(default_factory=dict)
    wrapped: bool = False

    def resolve(self, node: Node) -> Node:
        """The node itself, or what a reference stands for."""
        while isinstance(node, Ref):
            node = self.definitions[node.name]
        return node

    def sole(self, union: Union) -> Node | None:
        """The one branch of a union beside null; None where there are several."""
        branches = [branch for branch in union.branches if not is_null(self.resolve(branch))]
        return branches[0] if len(branches) == 1 else None

    def bare(self, node: Node) -> Node:
        """What a node is in the end, behind references and unions of one branch and null."""
        while isinstance(target := self.resolve(node), Union) and (inner := self.sole(target)) is not None:
            node = inner
        return target

    def choices(self, union: Union) -> tuple[str, list[tuple[Node, Choice]]]:
        """The property of which constants name the branches that are objects, and these branches, each with its own.

        A union of objects inside is a branch with the constants of all of them.
        """
        if union.tag:
            return union.tag, [
                (branch, Choice(values=(label,)))
                for branch, label in zip(union.branches, union.labels, strict=True)
                if isinstance(self.resolve(branch), Record)
            ]
        found = ((branch, list(records(self.resolve, branch))) for branch in union.branches)
        objects = [(branch, inner) for branch, inner in found if inner]
        name, constants = discriminator([inner for _, inner in objects])
        pairs = zip(objects, constants, strict=False)
        return name, [(branch, Choice(values=tuple(values))) for (branch, _), values in pairs]


def alternatives(resolve: Callable[[Node], Node], node: Node, seen: tuple[int, ...] = ()) -> Iterator[Node]:
    """What a value of a node may be: the node itself, or the branches of a union, those of unions inside among them."""
    target = resolve(node)
    if not isinstance(target, Union):
        yield target
    elif id(target) not in seen:
        for branch in target.branches:
            yield from alternatives(resolve, branch, (*seen, id(target)))


def records(resolve: Callable[[Node], Node], node: Node) -> Iterator[Record]:
    """The objects that a node may be."""
    return (each for each in alternatives(resolve, node) if isinstance(each, Record))


def is_null(node: Node) -> bool:
    """Whether a node is null, and nothing else."""
    return isinstance(node, Leaf) and node.type == "null"


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below."""
    match node:
        case Array():
            yield node.item
        case Row():
            yield from node.items
            if node.rest is not None:
                yield node.rest
        case Record():
            yield from (slot.node for slot in node.slots)
            yield from (rest.node for rest in node.rest)
        case Union():
            yield from node.branches


N = TypeVar("N", bound=Node)


def rebuilt(node: N, change: Callable[[Node], Node]) -> N:
    """The node with each of those directly below it changed."""
    match node:
        case Array(item=item):
            return replace(node, item=change(item))
        case Row(items=items, rest=rest):
            return replace(node, items=tuple(map(change, items)), rest=None if rest is None else change(rest))
        case Record(slots=slots, rest=rests):
            changed = tuple(replace(slot, node=change(slot.node)) for slot in slots)
            return replace(node, slots=changed, rest=tuple(replace(each, node=change(each.node)) for each in rests))
        case Union(branches=branches):
            return replace(node, branches=tuple(map(change, branches)))
    return node


def discriminator(groups: list[list[Record]]) -> tuple[str, list[list[JSON]]]:
    """The required wire property of all records that has constants, none for two groups, and those of each group.

    "" where there is none, or only one group.
    """
    for name in _constants(groups[0][0]) if len(groups) > 1 else ():
        if all(name in _constants(record) for records in groups for record in records):
            constants = [[value for record in records for value in _constants(record)[name]] for records in groups]
            every = [value for values in constants for value in set(map(repr, values))]
            if len(set(every)) == len(every):
                return name, constants
    return "", []


def _constants(record: Record) -> dict[str, tuple[JSON, ...]]:
    return {slot.wire: slot.node.values for slot in record.slots if slot.required and isinstance(slot.node, Choice)}


# ---------------------------------------------------------------------- which definitions refer to which


def shared_definitions(tree: Tree) -> set[str]:
    """The definitions that stay definitions: the recursive ones, and those with parts that are used more than once."""
    if not tree.definitions:
        return set()
    inner = {name: list(references(node)) for name, node in tree.definitions.items()}
    uses = Counter(references(tree.root))
    for names in inner.values():
        uses.update(names)
    small = (Leaf, Choice, Free, Ref)
    large = {name for name, count in uses.items() if count > 1 and not isinstance(tree.definitions[name], small)}
    return large | recursive(inner)


def cycles(tree: Tree) -> dict[str, frozenset[str]]:
    """Of each definition, those that are both below and above it, itself among them."""
    graph = {name: list(references(node)) for name, node in tree.definitions.items()}
    below = {name: _reached(graph, name) for name in graph}
    return {name: frozenset([name, *(each for each in below[name] if name in below[each])]) for name in graph}


def references(node: Node) -> Iterator[str]:
    """The names that a node refers to, without following them."""
    if isinstance(node, Ref):
        yield node.name
    for child in children(node):
        yield from references(child)


def recursive(graph: Mapping[str, list[str]]) -> set[str]:
    """The names that can be reached from themselves."""
    return {name for name in graph if name in _reached(graph, name)}


def _reached(graph: Mapping[str, list[str]], name: str) -> set[str]:
    reached: set[str] = set()
    ahead = list(graph[name])
    while ahead:
        step = ahead.pop()
        if step not in reached:
            reached.add(step)
            ahead.extend(graph[step])
    return reached
