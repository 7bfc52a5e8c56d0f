"""Some of a declaration: single fields, groups of them, and the two halves that a long document is asked about.

A part keeps names and nesting, so that a pointer means the same in it as in the whole.

**Subsets** ask for the places at some pointers. A list of which only some items are asked for becomes an object that
has the items' indices as names: `{"lines": {"3": {"amount": ...}}}`.

**Halves.** What a document says once is one question; the rows of each list that may grow with it are another. A list
may grow when neither its schema nor a closed set of items bounds it; only lists that are reached through objects alone
are asked apart, for the rows of a list inside a row belong to that row.

    class Line(BaseModel):    sku: str; amount: Decimal
    class Invoice(BaseModel): number: str; lines: list[Line]; total: Decimal

    restricted(tree, ["/total"])                            # {"total"}
    growing(tree)                                           # ("/lines",)
    half(tree, ("/lines",), listed=True, loose=False)       # {"lines": [{"sku", "amount"}]}
    half(tree, ("/lines",), listed=False, loose=False)      # {"number", "total"}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from extractor.schema.paths import trace
from extractor.schema.pointer import JSON, found_at, get, join, parts, put, without
from extractor.schema.tree import (
    Array,
    Choice,
    Leaf,
    Node,
    Record,
    Ref,
    Row,
    Slot,
    Tree,
    Union,
    children,
    cycles,
    is_null,
    rebuilt,
)

__all__ = [
    "RowShape",
    "grouped",
    "growing",
    "half",
    "joined",
    "loose",
    "patch",
    "restricted",
    "row_shape",
    "trimmed",
    "value_shape",
]

Branches = dict[str, "Branches"]
Definitions = frozenset[str]


def restricted(tree: Tree, paths: Iterable[str]) -> Tree:
    """The tree of just the places at `paths`, each required; one that leads nowhere stands for the nearest above."""
    wanted: Branches = {}
    for path in paths:
        names, at = parts(path), wanted
        for name in names[: len(trace(tree, path)) - tree.wrapped]:
            at = at.setdefault(name, {})
    root = _declared_root(tree)
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
        try:
            found = get(answer, path)
        except (LookupError, ValueError, TypeError):
            if isinstance(found_at(value, path.rpartition("/")[0]), dict):  # items of a list are counted by all before
                value = without(value, {path})
        else:
            value = put(value, path, found)
    return value


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
    room, known, loops = leaves, dict[str, int](), cycles(tree)

    def pieces(node: Node, at: str, seen: Definitions) -> Iterator[tuple[str, int]]:
        """The parts of an object; one of a definition in a cycle with those on the way (`seen`) has none."""
        record, size, name = tree.resolve(node), leaf_count(tree, node, known), getattr(node, "name", "")
        wide = isinstance(record, Record) and (not record.rest or record.silent) and (size > leaves or not at)
        if isinstance(record, Record) and record.slots and wide and name not in seen:
            for slot in record.slots:
                yield from pieces(slot.node, join(at, slot.name), seen | loops.get(name, seen))
        else:
            yield at, size

    for path, size in pieces(tree.root, "", frozenset()):
        if size > room and groups[-1]:
            groups.append([])
            room = leaves
        groups[-1].append(path)
        room -= size
    return groups


# ---------------------------------------------------------------------- the two halves


SMALL = 20
"""The most items of a list that is asked about as one value of the document."""

# ---------------------------------------------------------------------- which lists


def growing(tree: Tree) -> tuple[str, ...]:
    """The declared pointers of the lists of a laid-out tree that may grow, in declared order; "" for the root."""
    return tuple(_growing(tree, _declared_root(tree), "", cycles(tree), frozenset()))


def _declared_root(tree: Tree) -> Node:
    return tree.root.slots[0].node if tree.wrapped and isinstance(tree.root, Record) else tree.root


def _growing(tree: Tree, node: Node, at: str, loops: Mapping[str, Definitions], seen: Definitions) -> Iterator[str]:
    """`seen` are the definitions on the way, and those in a cycle with them: they have no end of pointers."""
    match node:
        case Ref(name=name) if name not in seen:
            yield from _growing(tree, tree.definitions[name], at, loops, seen | loops[name])
        case Union() if (sole := tree.sole(node)) is not None:
            yield from _growing(tree, sole, at, loops, seen)
        case Array() if not _is_bounded(tree, node):
            yield at
        case Record(slots=slots):
            for slot in slots:
                if not slot.hinted:
                    yield from _growing(tree, slot.node, join(at, slot.name), loops, seen)


def _is_bounded(tree: Tree, node: Array) -> bool:
    """Whether a list has a small limit, of its own or as a set of constants, and nothing in its items may grow."""
    listed = node.facts.get("uniqueItems") and isinstance(tree.resolve(node.item), Choice)
    return bool(listed) or (node.facts.get("maxItems", SMALL + 1) <= SMALL and not _grows(tree, node.item, frozenset()))


def _grows(tree: Tree, node: Node, seen: Definitions) -> bool:
    """Whether a list that may grow stands anywhere in a node; one that holds itself may."""
    match node:
        case Ref(name=name):
            return name in seen or _grows(tree, tree.definitions[name], seen | {name})
        case Array() if not _is_bounded(tree, node):
            return True
    return any(_grows(tree, child, seen) for child in children(node))


# ---------------------------------------------------------------------- the halves


def half(tree: Tree, places: Iterable[str], *, listed: bool, loose: bool) -> Tree | None:
    """The declared tree with nothing but the lists at `places` and the objects above them, each required (`listed`).

    Or else without these lists, and without objects of which nothing is left. None where nothing is left at all.
    """
    root = _half(tree, tree.root, "", frozenset(places), listed, loose)
    return None if root is None else Tree(root, _definitions(tree, loose))


def _half(tree: Tree, node: Node, at: str, places: frozenset[str], listed: bool, loose: bool) -> Node | None:
    if at in places or not any(place.startswith(f"{at}/") for place in places):
        if (at in places) is not listed:
            return None
        return loosened(node) if loose else _unfilled(tree, node) if listed else node
    match tree.resolve(node):
        case Union() as union:
            return _in_sole(tree, union, lambda sole: _half(tree, sole, at, places, listed, loose))
        case Record(slots=slots, rest=rest, silent=silent, facts=facts) as record:
            inner = [(slot, _half(tree, slot.node, join(at, slot.name), places, listed, loose)) for slot in slots]
            left = tuple(_slot(slot, each, loose, listed=listed) for slot, each in inner if each is not None)
            others = () if silent or listed else rest
            return replace(record, slots=left, rest=others, facts={} if listed else facts) if left or others else None
    return None if listed else node


def _unfilled(tree: Tree, node: Node) -> Node:
    """A list without a least length, for a part of a document may have none of its items."""
    match tree.resolve(node):
        case Union() as union:
            return _in_sole(tree, union, lambda sole: _unfilled(tree, sole)) or node
        case Array(facts=facts) as array if "minItems" in facts:
            return replace(array, facts={name: fact for name, fact in facts.items() if name != "minItems"})
    return node


def _in_sole(tree: Tree, union: Union, cut: Callable[[Node], Node | None]) -> Node | None:
    """A union of which the one branch beside null is cut, and null stays."""
    sole = tree.sole(union)
    inner = cut(sole) if sole is not None else None
    if inner is None:
        return None
    return replace(union, branches=tuple(inner if branch is sole else branch for branch in union.branches))


def _slot(slot: Slot, node: Node, loose: bool, *, listed: bool = False) -> Slot:
    return replace(slot, node=node, required=listed or (slot.required and (not loose or _is_constant(node))))


def _definitions(tree: Tree, loose: bool) -> Mapping[str, Node]:
    return {name: loosened(node) for name, node in tree.definitions.items()} if loose else tree.definitions


# ---------------------------------------------------------------------- what a part of a document need not say


def loose(tree: Tree) -> Tree:
    """The tree with nothing required, for a part of a document need not say what the whole must."""
    return replace(tree, root=loosened(tree.root), definitions=_definitions(tree, True))


def loosened(node: Node) -> Node:
    """A node below which nothing is required. A constant says which of several kinds an object is, so it stays."""
    match rebuilt(node, loosened):
        case Record(slots=slots) as record:
            return replace(record, slots=tuple(_slot(slot, slot.node, True) for slot in slots))
        case Array(facts=facts) as array:
            return replace(array, facts={name: fact for name, fact in facts.items() if name != "minItems"})
        case inner:
            return inner


def _is_constant(node: Node) -> bool:
    return isinstance(node, Choice) and len(node.values) == 1


def trimmed(value: JSON, whole: Tree, part: Tree) -> JSON:
    """Declared JSON without the places that the whole declares and the part does not ask for.

    A name that nobody declares stays: the declaration judges it.
    """
    return _trimmed(value, whole, whole.root, part, part.root)


def _trimmed(value: JSON, whole: Tree, declared: Node, part: Tree, wanted: Node) -> JSON:
    if wanted is declared or not isinstance(value, dict):
        return value
    every, some = whole.bare(declared), part.bare(wanted)
    if not isinstance(every, Record) or not isinstance(some, Record):
        return value
    names = {slot.name: slot.node for slot in every.slots}
    left = {slot.name: slot.node for slot in some.slots}
    return {
        name: _trimmed(item, whole, names[name], part, left[name]) if name in left and name in names else item
        for name, item in value.items()
        if name in left or name not in names
    }


# ---------------------------------------------------------------------- how large a row is


@dataclass(frozen=True, slots=True)
class RowShape:
    """What one row of a list is made of, to estimate how long it is when a model writes it.

    `required` and `optional` count its leaves by kind ("text", "number", "date", "enum", "bool"); a list inside the
    row counts as one item, a union as its largest branch. `skeleton` is a row as wire JSON with empty values: `""` for
    text, 0, false, the first constant of a choice, one empty item in a list, null where a definition repeats itself.

        class Line(BaseModel): sku: str; amount: Decimal; note: str | None = None
        RowShape(required={"text": 1, "number": 1}, optional={"text": 1},
                 skeleton={"sku": "", "amount": "", "note": ""})
    """

    required: Mapping[str, int]
    optional: Mapping[str, int]
    skeleton: JSON


_KINDS = dict.fromkeys(("integer", "number", "decimal"), "number") | {"boolean": "bool"}
_KINDS |= dict.fromkeys(("date", "datetime", "duration", "time"), "date")
_EMPTY = {"string": "", "null": None, "boolean": False}


def row_shape(tree: Tree, node: Node) -> RowShape:
    """The shape of the rows of a list in a laid-out tree."""
    array = tree.bare(node)
    return value_shape(tree, array.item) if isinstance(array, Array) else RowShape({}, {}, None)


def value_shape(tree: Tree, node: Node) -> RowShape:
    """The shape of a value of a node, as of a row."""
    skeleton, counts = _Measure(tree).of(node, True, frozenset())
    required, optional = ({kind: n for (kind, its), n in counts.items() if its is always} for always in (True, False))
    return RowShape(required, optional, skeleton)


_Measured = tuple[JSON, Counter[tuple[str, bool]]]
"""The skeleton of a node, and how many leaves it has by kind and by whether they are required."""


class _Measure:
    """Measures the nodes of one tree; `open_` are the definitions on the way, and those in a cycle with them."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.loops = tree, cycles(tree)

    def of(self, node: Node, always: bool, open_: Definitions) -> _Measured:
        """What a node is made of, `always` there or not."""
        match node:
            case Ref(name=name) if name in open_:
                return None, Counter()
            case Ref(name=name):
                return self.of(self.tree.definitions[name], always, open_ | self.loops[name])
            case Leaf(type=type_, kind=kind):
                return _EMPTY.get(type_, 0), Counter([(_KINDS.get(kind, "text"), always)] if type_ != "null" else [])
            case Choice(values=values, texts=texts):
                return "" if texts else values[0], Counter([("enum", always)])
            case Array(item=item):
                skeleton, counts = self.of(item, False, open_)
                return [skeleton], counts
            case Row(items=items, names=names):
                measured = [self.of(item, always, open_) for item in items]
                inner = [skeleton for skeleton, _ in measured]
                return dict(zip(names, inner, strict=True)) if names else inner, _sum(measured)
            case Record():
                return self.record(node, always, open_)
            case Union(branches=branches):
                always = always and not any(is_null(self.tree.resolve(branch)) for branch in branches)
                measured = [self.of(branch, always, open_) for branch in branches]
                return max(measured, key=lambda each: each[1].total())
        return "", Counter([("text", always)])

    def record(self, node: Record, always: bool, open_: Definitions) -> _Measured:
        skeleton: dict[str, JSON] = dict([node.tag]) if node.tag else {}
        measured = []
        for slot in node.slots:
            skeleton |= dict.fromkeys((one.count for one in node.counts_before(slot)), 0)
            skeleton |= {slot.quote: ""} if slot.quote else {}
            measured.append(self.of(slot.node, always and slot.required, open_))
            skeleton[slot.wire] = measured[-1][0]
        return skeleton, _sum(measured)


def _sum(measured: Iterable[_Measured]) -> Counter[tuple[str, bool]]:
    return sum((counts for _, counts in measured), Counter())
