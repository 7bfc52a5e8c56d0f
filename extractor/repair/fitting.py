"""Fits a wire value to its schema, leaf by leaf, and accounts for all of it.

Each member and item of the value ends in one of four places: in the fitted value; in a Change that altered nothing of
substance (another case, a value inside an object of its own); in `problems`, where it cannot be what the field wants;
or in `left`, the members that nothing is declared for.

    {"Number": "A1", "total": {"value": "EUR 5,00"}}      for {number, total}
    ->  {"number": "A1", "total": "5.00"},  changes: key, wrapped, number
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from extractor.errors import Problem
from extractor.repair.evidence import Evidence, is_empty
from extractor.repair.kinds import absent, choose, is_elision, is_scale, read
from extractor.repair.receipt import Change, Kind
from extractor.repair.shapes import Shapes, are_rows, counts_more, inside, is_blank, kind_of, plain
from extractor.schema.pointer import JSON, join, parts
from extractor.schema.tree import (
    Absent,
    Array,
    Choice,
    Free,
    Leaf,
    Node,
    Record,
    Row,
    Slot,
    Tree,
    Union,
    is_null,
    records,
)
from extractor.schema.validator import same
from extractor.schema.words import letters

__all__ = ["Fitted", "Left", "fit"]

_SEPARATED = re.compile(r"\S\s*[,;|\n]\s*\S")


@dataclass(frozen=True, slots=True)
class Left:
    """A member that nothing is declared for; `lacking` tells whether its object lacks a member that is declared."""

    path: str
    value: JSON
    lacking: bool


@dataclass(slots=True)
class Fitted:
    """A value in the shape of the schema, as far as it could be brought there. Paths are those of the wire."""

    value: JSON
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    short: list[Problem] = field(default_factory=list)
    """Lists with fewer rows than the answer says beside them: no problem where the answer was cut."""
    left: list[Left] = field(default_factory=list)
    declared: int = 0
    lacking: bool = False


def fit(value: JSON, tree: Tree, evidence: Evidence) -> Fitted:
    """A wire value fitted to a laid-out tree."""
    fitter = _Fitter(tree, evidence)
    fitter.found.value = fitter.node(tree.root, value, "")
    return fitter.found


class _Fitter(Shapes):
    """One walk through a tree and a value."""

    def __init__(self, tree: Tree, evidence: Evidence, inside: set[tuple[int, int]] | None = None) -> None:
        super().__init__(tree, evidence)
        self.found = Fitted(None)
        self.inside = set() if inside is None else inside
        """Nodes that are being fitted, each with its value: one that comes again was only wrapped on the way."""

    # ------------------------------------------------------------------ what is told

    def changed(self, kind: Kind, message: str, at: str) -> None:
        self.found.changes.append(Change(kind, message, 0, path=at))

    def wrong(self, at: str, message: str) -> None:
        self.found.problems.append(Problem(at, message))

    def aside(self) -> _Fitter:
        """A fitter for an attempt that may be dropped."""
        return _Fitter(self.tree, self.evidence, self.inside)

    def adopt(self, other: _Fitter) -> None:
        """Keep what an attempt found."""
        mine, its = self.found, other.found
        mine.changes += its.changes
        mine.problems += its.problems
        mine.short += its.short
        mine.left += its.left
        mine.declared += its.declared

    # ------------------------------------------------------------------ one value

    def node(self, node: Node, value: JSON, at: str, *, nullable: bool = False) -> JSON:
        """The value as one of a node."""
        target = self.tree.resolve(node)
        if value is None:
            return None
        if isinstance(target, Leaf | Choice):
            return self.scalar(target, value, at, nullable=nullable)
        here = id(target), id(value)
        if here in self.inside:
            self.wrong(at, f"{'an object' if isinstance(value, dict) else 'a value'} stands for a list")
            return plain(value)
        self.inside.add(here)
        try:
            return self.compound(target, value, at, nullable=nullable)
        finally:
            self.inside.remove(here)

    def compound(self, target: Node, value: JSON, at: str, *, nullable: bool) -> JSON:
        if isinstance(target, Union):
            return self.union(target, value, at, nullable=nullable)
        if isinstance(target, Array):
            return self.array(target, value, at, nullable=nullable)
        if isinstance(target, Record | Row) and self.is_absent(value, nullable, text=False):
            return self.nothing(value, at)
        if nullable and isinstance(target, Record) and is_blank(target, value):
            return self.nothing(value, at)
        match target:
            case Record():
                return self.record(target, value, at)
            case Row():
                return self.row(target, value, at)
        self.found.declared += 1
        return plain(value)

    def union(self, union: Union, value: JSON, at: str, *, nullable: bool) -> JSON:
        """One of several: the branch that the tag names, else the one with least against it, the first of equals."""
        branches = [branch for branch in union.branches if not is_null(self.tree.resolve(branch))]
        nullable = nullable or len(branches) < len(union.branches)
        if len(branches) == 1:
            return self.node(branches[0], value, at, nullable=nullable)
        own, choices = self.tree.choices(union)
        if own and isinstance(value, dict) and (named := self.named_branch(own, choices, value, at)):
            return self.node(*named, at)
        if self.is_absent(value, nullable, text=any(self.is_text(branch) for branch in branches)):
            return self.nothing(value, at)
        text, compound = value, any(isinstance(self.tree.resolve(branch), Array | Record | Row) for branch in branches)
        if compound and not self.evidence.prints(text) and (found := inside(text, (dict, list))) is not None:
            value = found
        tried = [
            (branch, fitter := self.aside(), fitter.node(branch, text if self.is_text(branch) else value, at))
            for branch in branches
        ]
        ranks = [
            (
                len(fitter.found.problems) + (not fitter.holds(branch, fitted)),
                len(fitter.found.left),
                value is not text and self.is_text(branch),
                len(fitter.found.changes),
                -fitter.found.declared,
            )
            for branch, fitter, fitted in tried
        ]
        rank = min(ranks)
        chosen, fitter, fitted = tried[ranks.index(rank)]
        equal = [each for each, its in zip(tried, ranks, strict=True) if not its[0] and its[:2] == rank[:2]]
        whole = sum(self.is_whole(branch, its, but=own) for branch, _, its in equal)
        rivals = {join(at, slot.wire) for record in records(self.tree.resolve, union) for slot in record.slots}
        beyond = {left.path for left in fitter.found.left}
        fitter.found.left = [replace(left, lacking=left.lacking or left.path in rivals) for left in fitter.found.left]
        if value is not text and not self.is_text(chosen):
            self.changed("nested", "the JSON came inside a string", at)
        self.adopt(fitter)
        unnamed = not isinstance(value, dict) or value.get(own) is None  # the schema refuses a name of no branch
        if unnamed and rank[0] and not fitter.found.problems:
            self.wrong(at, "the value is of none of the declared alternatives")
        elif unnamed and own and isinstance(value, dict) and whole > 1 and not beyond & rivals:
            self.wrong(join(at, own), f"without it, the object can be any of {whole} alternatives")
        elif unnamed and isinstance(fitted, dict) and whole == 1:
            constants = next((choice.values for each, choice in choices if each is chosen), ())
            if len(constants) == 1:
                self.changed("key", f"{own!r} was left out, and only {constants[0]!r} has these members", at)
                return {own: constants[0], **fitted}
        return fitted

    def named_branch(
        self, own: str, choices: list[tuple[Node, Choice]], value: dict[str, JSON], at: str
    ) -> tuple[Node, JSON] | None:
        """The branch that an object names by its `own` property, by one that is not declared or by the name above it;
        and the object with the constant of that branch."""
        inner = next(iter(value.values())) if len(value) == 1 else None
        if value.get(own) is not None:
            words = {own: (value[own], value)}
        elif isinstance(inner, dict):
            words = {name: (name, inner) for name in value}
        else:
            objects = (record for branch, _ in choices for record in records(self.tree.resolve, branch))
            declared = {slot.wire for record in objects for slot in record.slots}
            others = [name for name in value if name not in declared and isinstance(value[name], str)]
            words = {name: (value[name], {k: v for k, v in value.items() if k != name}) for name in others}
        constants = [(constant, branch) for branch, choice in choices for constant in choice.values]
        meant = {name: choose(word, tuple(each for each, _ in constants)) for name, (word, _) in words.items()}
        found = [(name, branch) for name, its in meant.items() for each, branch in constants if same(each, its.value)]
        if len(found) != 1:
            return None
        ((name, branch),) = found
        if name != own:
            self.changed("wrapped", f"{name!r} names the branch of the object", at)
        elif meant[name].note:
            self.changed("choice", meant[name].note, join(at, own))
        return branch, {**words[name][1], own: meant[name].value}

    def scalar(self, node: Leaf | Choice, value: JSON, at: str, *, nullable: bool) -> JSON:
        """A leaf: read by its kind, out of a list of one or the object that stands for it."""
        if isinstance(value, dict | list):
            return self.opened(node, value, at, nullable=nullable)
        self.found.declared += 1
        textual = isinstance(node, Leaf) and node.kind == "string"
        nullable = nullable or (isinstance(node, Choice) and None in node.values)
        if textual and (plainer := self.unescaped(value)) != value:
            self.changed("escape", f"{value!r} stands for {plainer!r}, which the document prints", at)
            value = plainer
        meant = self.meant(node, value)
        chosen = isinstance(node, Choice) and meant.value in node.values
        if not chosen and (self.is_absent(value, nullable, text=textual) or (nullable and self.is_denied(node, value))):
            return self.nothing(value, at)
        if not chosen and self.leaves_out(value):
            self.wrong(at, f"{value!r} says that something was left out")
            return value
        if meant.note:
            self.changed(kind_of(node), meant.note, at)
        if meant.problem:
            self.wrong(at, meant.problem)
        return plain(meant.value)

    def opened(self, node: Leaf | Choice, value: dict[str, JSON] | list[JSON], at: str, *, nullable: bool) -> JSON:
        """The scalar in a list of one, or in an object such as {"value": 5, "page": 2}, if it is plain which it is."""
        what = "an object" if isinstance(value, dict) else "a list"
        if (found := self.single(node, value, at)) is None:
            self.wrong(at, f"{what} stands for a single value")
            return plain(value)
        item, beside = found
        self.changed("wrapped", f"the value stood inside {what}", at)
        for name, rest in beside.items():
            if is_scale(rest) and kind_of(node) == "number":
                self.wrong(at, f"{item!r} has a scale beside it: {rest!r}")
            else:
                self.found.left.append(Left(join(at, name), rest, lacking=False))
        return self.scalar(node, item, at, nullable=nullable) if item is not None else None

    def out_of_string(self, value: JSON, wanted: type | tuple[type, ...], at: str) -> JSON:
        """A value, or the JSON of a type that a string holds."""
        found = inside(value, wanted)
        if found is None:
            return value
        self.changed("nested", "the JSON came inside a string", at)
        return found

    # ------------------------------------------------------------------ lists

    def array(self, node: Array, value: JSON, at: str, *, nullable: bool) -> JSON:
        """A list: also in an object around it, as JSON in a string, or one item in place of it."""
        record = self.tree.resolve(node.item)
        alone = value[0] if isinstance(record, Leaf) and isinstance(value, list) and len(value) == 1 else value
        if alone is None or (absent(alone) and not (self.is_text(node.item) and self.evidence.prints(alone))):
            self.changed("absent", f"{value!r} was read as {'null' if nullable else 'an empty list'}", at)
            return None if nullable else []
        value = self.out_of_string(value, list, at)
        if isinstance(value, dict) and (found := self.contained(value, record)) is not None:
            self.changed("wrapped", "the list stood inside an object", at)
            if isinstance(record, Record):
                self.above(record, value, found[0], at)
            value, rest = found
            for name, item in rest.items():
                self.counted(name, item, [""], value, at)
                self.found.left.append(Left(join(at, name), item, lacking=False))
        if not isinstance(value, list):
            if isinstance(value, str) and _SEPARATED.search(value):
                self.wrong(at, f"{value!r} may be one item or several")
            self.changed("wrapped", "a value stood for a list of one", at)
            value = [value]
        if isinstance(record, Record) and (table := self.below_header(record, value)):
            self.changed("wrapped", "the list stood as a table below its header", at)
            value = table
        if isinstance(record, Record) and value and all(map(are_rows, value)):
            self.changed("wrapped", "the list stood as several lists", at)
            value = [row for rows in value for row in rows]
        if isinstance(record, Record) and (rows := [row for row in value if row not in (None, {})]) != value:
            self.changed("empty", "rows that say nothing were left out", at)
            value = rows
        return [self.item(node.item, each, join(at, index)) for index, each in enumerate(value)]

    def above(self, node: Record, value: dict[str, JSON], rows: list[JSON], at: str) -> None:
        """Names above rows are data, unless they are their positions."""
        named = {
            name: row for name, row in value.items() if isinstance(row, dict) and any(row is each for each in rows)
        }
        places = list(map(str, range(len(named) + 1)))
        for name, row in named.items() if list(named) not in (places[:-1], places[1:]) else ():
            if self.is_data(name, node, row, parts(at)):
                self.found.left.append(Left(join(at, name), name, lacking=True))

    def item(self, node: Node, value: JSON, at: str) -> JSON:
        if self.leaves_out(value):
            self.wrong(at, f"{value!r} says that items were left out")
            return value
        return self.node(node, value, at)

    def row(self, node: Row, value: JSON, at: str) -> JSON:
        """A list with a meaning for each position, which the wire may write as an object."""
        value = self.out_of_string(value, (list, dict), at)
        if node.names and isinstance(value, list) and len(value) == len(node.names):
            self.changed("wrapped", "a list stood for an object", at)
            value = dict(zip(node.names, value, strict=True))
        if isinstance(value, dict) and node.names:
            known = {letters(name): name for name in node.names} | {str(i): name for i, name in enumerate(node.names)}
            if any(name not in node.names and letters(name) in known for name in value):
                self.changed("key", f"names of positions in another form: {', '.join(value)}", at)
            value = {known.get(letters(name), name): item for name, item in value.items()}
            by_name = dict(zip(node.names, node.items, strict=True))
            return {
                name: self.node(by_name[name], item, join(at, name)) if name in by_name else plain(item)
                for name, item in value.items()
            }
        if not isinstance(value, list):
            return plain(value)
        items = [*node.items, *[node.rest or Free()] * len(value)]
        return [self.node(items[index], each, join(at, index)) for index, each in enumerate(value)]

    # ------------------------------------------------------------------ objects

    def record(self, node: Record, value: JSON, at: str) -> JSON:
        """An object: its members under their declared names."""
        value = self.out_of_string(value, dict, at)
        if isinstance(value, list) and (named := self.named(node, value)):
            self.changed("wrapped", "a list of names with their values stood for an object", at)
            value = named
        if isinstance(value, list) and self.is_one(node, value):
            self.changed("wrapped", f"a list of {'one' if len(value) == 1 else 'the same'} stood for an object", at)
            value = value[0]
        if at and isinstance(value, dict) and (opened := self.enveloped(node, value)):
            self.changed("wrapped", f"the object stood inside another, as {opened!r}", at)
            self.found.left += [
                Left(join(at, name), item, lacking=False) for name, item in value.items() if name != opened
            ]
            self.above(node, value, [value[opened]], at)
            value = value[opened]
        if isinstance(value, dict):
            value = self.gathered(node, self.lifted(node, value, at), at)
        if isinstance(value, dict) and not self.is_nameless(node, value):
            return self.members(node, value, at)
        return self.misplaced(node, value, at)

    def lifted(self, node: Record, value: dict[str, JSON], at: str) -> dict[str, JSON]:
        """An object with the members that stood in a group of their own, beside other members or a list of rows."""
        names = self.names(node)
        groups = [
            item for item in value.values() if isinstance(item, dict) and item and names.issuperset(map(letters, item))
        ]
        beside = names & set(map(letters, value)) or any(isinstance(item, list) for item in value.values())
        if node.rest or not (beside or len(groups) > 1):
            return value
        whole = dict(value)
        scalars = {letters(slot.wire) for slot in node.slots if isinstance(self.tree.bare(slot.node), Leaf | Choice)}
        for name, item in value.items():
            inner = set(map(letters, item)) if isinstance(item, dict) else set()
            others = {other: each for other, each in whole.items() if other != name}
            own = letters(name) not in names or (letters(name) in inner and letters(name) in scalars)
            if inner and own and inner <= names - set(map(letters, others)):
                self.changed("wrapped", f"members stood in a group of their own, {name!r}", at)
                whole = others | item
        return whole

    def gathered(self, node: Record, value: dict[str, JSON], at: str) -> dict[str, JSON]:
        """An object with the members of the objects inside it, which stood beside them, also with the name before."""
        records = {slot.wire: self.tree.bare(slot.node) for slot in node.slots if self.holds_objects(slot.node, dict)}
        whole = dict(value)
        for wire, record in records.items() if not node.rest else ():
            own = self.names(record)
            others = self.names(node).union(*(self.names(each) for other, each in records.items() if other != wire))
            forms = {letters(f"{wire}{name}"): name for name in own} | {name: name for name in own - others}
            found = {name: forms[letters(name)] for name in value if letters(name) in forms.keys() - self.names(node)}
            if (
                wire not in value
                and len(set(found.values())) == len(found)
                and self.is_object(record, dict.fromkeys(found.values()))
            ):
                self.changed("wrapped", f"the members of {wire!r} stood beside it", at)
                whole = {name: item for name, item in whole.items() if name not in found}
                whole[wire] = {found[name]: value[name] for name in found}
        return whole

    def misplaced(self, node: Record, value: JSON, at: str) -> JSON:
        """What is no object: the one list or the one value that the object is made of, where its name was left out."""
        lists = [slot for slot in node.slots if isinstance(self.tree.bare(slot.node), Array)]
        if isinstance(value, dict) and len(node.slots) == 1 and self.stands_for_list(node.slots[0].node, value):
            return self.members(node, {node.slots[0].wire: value}, at)
        value = [value] if isinstance(value, dict) and lists else value
        if isinstance(value, list) and len(lists) == 1 and self.may_hold(lists[0].node, value):
            self.changed("wrapped", f"the list stood without its name {lists[0].wire!r}", at)
            return self.members(node, {lists[0].wire: value}, at)
        if len(node.slots) == 1 and not isinstance(self.tree.bare(node.slots[0].node), Record):
            self.changed("wrapped", f"the value stood without its name {node.slots[0].wire!r}", at)
            return self.members(node, {node.slots[0].wire: value}, at)
        self.wrong(at, f"{'a list' if isinstance(value, list) else 'a value'} stands for an object")
        return plain(value)

    def members(self, node: Record, value: dict[str, JSON], at: str) -> JSON:
        slots = {slot.wire: slot for slot in node.slots}
        helpers = (node.tag and node.tag[0], *(n for slot in node.slots for n in (slot.count, slot.quote)))
        beside, counts = {name for name in helpers if name}, {slot.count for slot in node.slots}
        renamed = self.renamed(node, value, slots, beside, at)
        fitted: dict[str, JSON] = {}
        unknown: list[str] = []
        for name, item in value.items():
            wire = renamed.get(name, name)
            if wire in slots:
                fitted[wire] = self.present(slots[wire], item, join(at, wire))
            elif name in beside:
                fitted[name] = plain(read("integer", item).value if name in counts else item)
            elif is_elision(name):
                self.wrong(at, f"{name!r} says that members were left out")
            else:
                unknown.append(name)
        self.beyond(node, value, unknown, renamed, fitted, at)
        return fitted

    def present(self, slot: Slot, item: JSON, at: str) -> JSON:
        nullable = slot.absent is not Absent.NEVER or slot.blank
        if item is None and not nullable and isinstance(self.tree.resolve(slot.node), Array):
            self.changed("absent", "null was read as an empty list", at)
            return []
        return self.node(slot.node, item, at, nullable=nullable)

    def beyond(
        self,
        node: Record,
        value: Mapping[str, JSON],
        unknown: list[str],
        renamed: Mapping[str, str],
        fitted: dict[str, JSON],
        at: str,
    ) -> None:
        """The members that no property is declared for: further ones where the object is open, else left out."""
        missing = {letters(slot.wire) for slot in node.slots if slot.wire not in fitted}
        lacking = bool(missing)
        self.found.left = [
            replace(left, lacking=True)
            if left.path.startswith(f"{at}/")
            and left.path.count("/") == at.count("/") + 2
            and letters(left.path.rpartition("/")[2]) in missing
            else left
            for left in self.found.left
        ]
        if at == "":
            self.found.lacking = lacking
        none = bool(value or not at) and bool(node.slots) and not fitted.keys() & {slot.wire for slot in node.slots}
        if none and (not node.rest or node.silent):
            names = ", ".join(map(repr, list(value)[:4]))
            self.wrong(at, f"none of the members is declared: {names}" if names else "the answer is an empty object")
        for name in unknown:
            self.contradicted(name, value[name], fitted, renamed, at)
            rest = node.further(name)
            if rest is not None:
                self.keyed(rest.node, value[name], join(at, name))
                fitted[name] = self.node(rest.node, value[name], join(at, name))
            if rest is None or (node.silent and none):
                rival = any(letters(name) == letters(wire) and value[name] != item for wire, item in fitted.items())
                self.found.left.append(Left(join(at, name), value[name], lacking or rival))

    def keyed(self, node: Node, value: JSON, at: str) -> None:
        """In a map names are data: those of a map inside, where a single value is wanted, are lost."""
        single = isinstance(self.tree.bare(node), Leaf | Choice) and isinstance(value, dict)
        if single and any(map(self.evidence.prints_exactly, value)):
            self.wrong(at, "a map stands for a single value")

    def counted(self, name: str, item: JSON, called: list[str], rows: JSON, at: str) -> None:
        """A problem for a member that says that there are more rows than a list has, which is `called` so or so."""
        if isinstance(rows, list) and counts_more(name, item, called, rows):
            self.found.short.append(Problem(at, f"{name!r} says {item!r}, and the list has {len(rows)}"))

    def contradicted(
        self, name: str, item: JSON, fitted: Mapping[str, JSON], renamed: Mapping[str, str], at: str
    ) -> None:
        """A problem for a member beside the declared ones that says that they are not all."""
        for wire, rows in fitted.items():
            called = [
                wire,
                *(other for other, own in renamed.items() if own == wire),
                *[""] * (sum(isinstance(each, list) for each in fitted.values()) == 1),
            ]
            self.counted(name, item, called, rows, join(at, wire))
        if letters(name) in ("error", "errors", "errormessage") and not is_empty(item) and is_empty(dict(fitted)):
            self.wrong(at, f"the answer holds an error in place of values: {item!r}")

    def renamed(
        self, node: Record, value: Mapping[str, JSON], slots: Mapping[str, Slot], beside: set[str], at: str
    ) -> dict[str, str]:
        """The declared names of members that are written otherwise, where nothing else can be meant."""
        if value.keys() <= slots.keys() | beside:
            return {}
        missing = [wire for wire in slots if wire not in value]
        others = [name for name in value if name not in slots and name not in beside]
        names: dict[str, str] = {}
        for name in others:
            same = [wire for wire in missing if letters(wire) == letters(name)]
            if len(same) == 1 and same[0] not in names.values():
                names[name] = same[0]
                self.changed("key", f"{name!r} is the name {same[0]!r} in another form", at)
        for type_, may_be in ((list, self.is_rows), (dict, self.is_object)):
            free = [wire for wire in missing if wire not in names.values()]
            wires = [wire for wire in free if self.holds_objects(slots[wire].node, type_)]
            written = [name for name in others if name not in names and isinstance(value[name], type_)]
            if len(wires) == len(written) == 1 and may_be(slots[wires[0]].node, value[written[0]]):
                names[written[0]] = wires[0]
                self.changed("key", f"{written[0]!r} holds the members of {wires[0]!r}", at)
                known = {names.get(name, name): item for name, item in value.items()}
                if self.is_data(written[0], node, known, wires):
                    self.found.left.append(Left(join(at, written[0]), written[0], lacking=True))
        return names

    # ------------------------------------------------------------------ absence, and the shape of nodes

    def nothing(self, value: JSON, at: str) -> None:
        self.changed("absent", f"{value!r} was read as null", at)
