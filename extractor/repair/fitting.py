"""Fits a wire value to its schema, leaf by leaf, and accounts for all of it.

Each member and item of the value ends in one of four places: in the fitted value; in a Change that altered nothing of
substance (another case, a value inside an object of its own); in `problems`, where it cannot be what the field wants;
or in `left`, the members that nothing is declared for.

    {"Number": "A1", "total": {"value": "EUR 5,00"}}      for {number, total}
    ->  {"number": "A1", "total": "5.00"},  changes: key, wrapped, number
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from itertools import permutations
from math import inf

import orjson

from extractor.errors import InvalidValue, Problem
from extractor.repair.evidence import Evidence, is_empty
from extractor.repair.kinds import absent, begun, choose, denies, is_elision, is_plain_text, is_scale, label, read
from extractor.repair.readings import read_leniently, read_strictly
from extractor.repair.receipt import Change, Guess, Kind, Meant, spelt
from extractor.schema.keywords import is_of
from extractor.schema.patterns import compiled
from extractor.schema.pointer import JSON, join
from extractor.schema.text import Digits
from extractor.schema.tree import Absent, Array, Choice, Free, Leaf, Node, Record, Rest, Row, Slot, Tree, Union, is_null

__all__ = ["Fitted", "Left", "fit", "inside", "property_names"]

_ENDS = ("value", "val", "text", "content", "answer")
"""Names of the member that holds the value, in an object that stands for a value."""

_PAIR_MOST = 4
"""Members of an object that is a name and its value: also its page and how sure the model is."""
_NUMBERED = re.compile(r"[\s_#-]*\d+\Z")
_SEPARATED = re.compile(r"\S\s*[,;|\n]\s*\S")
_LABELS = frozenset(("name", "key", "", "label", "property"))
_CONSTANT_KEYWORDS = ("const", "default", "example", "enum", "examples")
_SCHEMA_KEYWORDS = frozenset(("type", "title", "description", "format", "anyOf", *_CONSTANT_KEYWORDS))
_JSON_TYPES = frozenset(("string", "number", "integer", "boolean", "array", "object", "null"))


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


def property_names(wire: JSON) -> frozenset[str]:
    """Every property name that a JSON schema speaks of."""
    return frozenset(_names(wire))


def _names(wire: JSON) -> Iterator[str]:
    if isinstance(wire, dict):
        properties = wire.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for inner in wire.values():
            yield from _names(inner)
    elif isinstance(wire, list):
        for inner in wire:
            yield from _names(inner)


def inside(raw: JSON, wanted: type | tuple[type, ...]) -> JSON | None:
    """The JSON in a string, if it is of the type wanted and whole."""
    if isinstance(raw, str) and raw.lstrip()[:1] == '"':
        with suppress(orjson.JSONDecodeError):
            return inside(orjson.loads(raw), wanted)
    if not isinstance(raw, str) or raw.lstrip()[:1] not in ("{", "[", "`"):
        return None
    try:
        inner = read_strictly(raw) or read_leniently(raw, Guess())
    except InvalidValue:
        return None
    return inner.value if isinstance(inner.value, wanted) and inner.complete and not inner.lossy else None


class _Fitter:
    """One walk through a tree and a value."""

    def __init__(self, tree: Tree, evidence: Evidence, inside: set[tuple[int, int]] | None = None) -> None:
        self.tree, self.evidence, self.found = tree, evidence, Fitted(None)
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
        if nullable and isinstance(target, Record) and _is_blank(target, value):
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
        if union.tag and isinstance(value, dict) and union.tag in value:
            tag = choose(value[union.tag], tuple(union.labels))
            if tag.value in union.labels:
                if tag.note:
                    self.changed("choice", tag.note, join(at, union.tag))
                    value = {**value, union.tag: tag.value}
                return self.node(union.branches[union.labels.index(tag.value)], value, at)
        own, choices = self.tree.choices(union)
        if isinstance(value, dict) and value.get(own) is not None:
            named = [each for each, choice in choices if self.holds(choice, self.meant(choice, value[own]).value)]
            if len(named) == 1:
                return self.node(named[0], value, at)
        if self.is_absent(value, nullable, text=any(self.is_text(branch) for branch in branches)):
            return self.nothing(value, at)
        best: tuple[tuple[int, int, int, int], _Fitter, JSON] | None = None
        whole = 0
        for branch in branches:
            fitter = self.aside()
            fitted = fitter.node(branch, value, at)
            found = fitter.found
            misfit = not fitter.holds(branch, fitted)
            rank = (misfit + len(found.problems), len(found.left), len(found.changes), -found.declared)
            whole += not any(rank[:2]) and self.is_whole(branch, fitted, but=own)
            if best is None or rank < best[0]:
                best = rank, fitter, fitted
        assert best is not None
        rank, fitter, fitted = best
        names = {slot.wire for branch in map(self.tree.resolve, branches) for slot in getattr(branch, "slots", ())}
        rivals = {join(at, name) for name in names}
        fitter.found.left = [replace(left, lacking=left.lacking or left.path in rivals) for left in fitter.found.left]
        self.adopt(fitter)
        unnamed = not isinstance(value, dict) or value.get(own) is None  # the schema refuses a name of no branch
        if unnamed and rank[0] and not fitter.found.problems:
            self.wrong(at, "the value is of none of the declared alternatives")
        elif unnamed and own and isinstance(value, dict) and whole > 1:
            self.wrong(join(at, own), f"without it, the object can be any of {whole} alternatives")
        return fitted

    def scalar(self, node: Leaf | Choice, value: JSON, at: str, *, nullable: bool) -> JSON:
        """A leaf: read by its kind, out of a list of one or the object that stands for it."""
        if isinstance(value, dict | list):
            return self.opened(node, value, at, nullable=nullable)
        self.found.declared += 1
        textual = isinstance(node, Leaf) and node.kind == "string"
        meant = self.meant(node, value)
        chosen = isinstance(node, Choice) and meant.value in node.values
        if not chosen and (self.is_absent(value, nullable, text=textual) or (nullable and self.is_denied(node, value))):
            return self.nothing(value, at)
        if not chosen and self.leaves_out(value):
            self.wrong(at, f"{value!r} says that something was left out")
            return value
        if meant.note:
            self.changed(_kind_of(node), meant.note, at)
        if meant.problem:
            self.wrong(at, meant.problem)
        return plain(meant.value)

    def meant(self, node: Leaf | Choice, value: JSON) -> Meant:
        if isinstance(node, Choice):
            return Meant(value) if node.texts else choose(value, node.values, node.names)
        return read(node.kind, value, node.facts)

    def opened(self, node: Leaf | Choice, value: dict[str, JSON] | list[JSON], at: str, *, nullable: bool) -> JSON:
        """The scalar in a list of one, or in an object such as {"value": 5, "page": 2}, if it is plain which it is."""
        members = list(value.items()) if isinstance(value, dict) else [("0", value[0])] if len(value) == 1 else []
        scalars = [(name, item) for name, item in members if not isinstance(item, dict | list)]
        if isinstance(value, dict) and {"type"} <= value.keys() <= _SCHEMA_KEYWORDS:
            scalars = [pair for pair in _constants(value) if self.evidence.stands(pair[1])]
            members = scalars[:1]
        named = [pair for pair in scalars if label(pair[0]) in (*_ENDS, label(at.rpartition("/")[2]))]
        alone = scalars if len(members) == 1 and str(members[0][1]) not in _JSON_TYPES else []
        fitting = named[:1] or [pair for pair in alone if isinstance(value, list) or self.evidence.stands(pair[1])]
        if not fitting and not self.is_text(node):
            fitting = [pair for pair in scalars if self.evidence.stands(pair[1]) and self.reads(node, pair[1])]
        if len({_figure(self.meant(node, item).value) for _, item in fitting}) != 1:
            self.wrong(at, f"{'an object' if isinstance(value, dict) else 'a list'} stands for a single value")
            return plain(value)
        name, item = fitting[0]
        self.changed("wrapped", f"the value stood inside {'an object' if isinstance(value, dict) else 'a list'}", at)
        for other, rest in members:
            if other != name and is_scale(rest) and _kind_of(node) == "number":
                self.wrong(at, f"{item!r} has a scale beside it: {rest!r}")
            elif other != name:
                self.found.left.append(Left(join(at, other), rest, lacking=False))
        return self.scalar(node, item, at, nullable=nullable) if item is not None else None

    def reads(self, node: Leaf | Choice, value: JSON) -> bool:
        """Whether a value is plainly one of a node, and not just text."""
        kind = "number" if isinstance(node, Leaf) and node.kind == "decimal" else getattr(node, "kind", "")
        meant = read(kind, value, node.facts) if isinstance(node, Leaf) else self.meant(node, value)
        if kind in ("date", "datetime", "time"):
            return isinstance(meant.value, str) and re.match(r"\d{4}-\d\d-\d\d|\d\d:\d\d", meant.value) is not None
        return not meant.problem and not (isinstance(node, Leaf) and isinstance(meant.value, str))

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
        if absent(value) and not (self.is_text(node.item) and self.evidence.prints(value)):
            self.changed("absent", f"{value!r} was read as {'null' if nullable else 'an empty list'}", at)
            return None if nullable else []
        value = self.out_of_string(value, list, at)
        record = self.tree.resolve(node.item)
        if isinstance(value, dict) and (found := self.contained(value, record)) is not None:
            self.changed("wrapped", "the list stood inside an object", at)
            value, rest = found
            self.found.left += [Left(join(at, name), item, lacking=False) for name, item in rest.items()]
        if not isinstance(value, list):
            if isinstance(value, str) and _SEPARATED.search(value):
                self.wrong(at, f"{value!r} may be one item or several")
            self.changed("wrapped", "a value stood for a list of one", at)
            value = [value]
        if isinstance(record, Record) and value and all(map(_is_rows, value)):
            self.changed("wrapped", "the list stood as several lists", at)
            value = [row for rows in value for row in rows]
        return [self.item(node.item, each, join(at, index)) for index, each in enumerate(value)]

    def item(self, node: Node, value: JSON, at: str) -> JSON:
        if self.leaves_out(value):
            self.wrong(at, f"{value!r} says that items were left out")
            return value
        return self.node(node, value, at)

    def contained(self, value: dict[str, JSON], item: Node) -> tuple[list[JSON], dict[str, JSON]] | None:
        """The list that an object stands for, and what stands beside it: its one list, that of an object inside, the
        rows of its columns or of a table below a header, or its members where they are numbered."""
        lists = {name: each for name, each in value.items() if isinstance(each, list)}
        slots = item.slots if isinstance(item, Record) else ()
        names = {label(slot.wire) for slot in slots}
        if names & set(map(label, value)):
            flat = not any(isinstance(self.bare(slot.node), Array) for slot in slots)
            columns = flat and len(value) > 1 and len(lists) == len(value) and len(set(map(len, lists.values()))) == 1
            return (_rows(list(value), zip(*value.values(), strict=True)), {}) if columns else None
        for header, rows in permutations(lists.values(), 2):
            if len(lists) == 2 and names & set(map(label, filter(_is_text, header))):
                beside = {name: each for name, each in value.items() if name not in lists}
                whole = all(isinstance(row, list) and len(row) == len(header) for row in rows)
                return (_rows(header, rows), beside) if whole and all(map(_is_text, header)) else None
        if len(lists) == 1:
            ((name, only),) = lists.items()
            return only, {other: each for other, each in value.items() if other != name}
        if value and not lists and all(map(_NUMBERED.search, value)):
            return (list(value.values()), {}) if len({_NUMBERED.sub("", name) for name in value}) == 1 else None
        alone = next(iter(value.values())) if len(value) == 1 else None
        if not isinstance(alone, dict) or not slots:
            return None
        return self.contained(alone, item) or ([alone], {})

    def row(self, node: Row, value: JSON, at: str) -> JSON:
        """A list with a meaning for each position, which some dialects write as an object."""
        value = self.out_of_string(value, (list, dict), at)
        if node.names and isinstance(value, list) and len(value) == len(node.names):
            self.changed("wrapped", "a list stood for an object", at)
            value = dict(zip(node.names, value, strict=True))
        if isinstance(value, dict) and node.names:
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
            value = value[opened]
        if isinstance(value, dict):
            value = self.lifted(node, value, at)
        if isinstance(value, dict) and not self.is_nameless(node, value):
            return self.members(node, value, at)
        return self.misplaced(node, value, at)

    def named(self, node: Record, value: list[JSON]) -> dict[str, JSON]:
        """The object that a list of names with their values stands for; empty where it is none."""
        pairs = [_pair(item) for item in value]
        named = {pair[0]: pair[1] for pair in pairs if pair}
        wires = {label(slot.wire) for slot in node.slots}
        known = sum(label(name) in wires for name in named) * 2 > len(named) and not {"name", "value"} <= wires
        open_ = not wires and bool(node.rest) and not isinstance(self.bare(node.rest[0].node), Record)
        return named if len(named) == len(value) and (known or open_) else {}

    def further(self, node: Record, name: str, value: JSON, at: str) -> JSON:
        """The value of a property that is not declared by its name."""
        rest = _rest(node, name)
        return self.node(rest.node, value, at) if rest else plain(value)

    def is_one(self, node: Record, value: list[JSON]) -> bool:
        """Whether a list holds one object with members of the record, as often as it likes."""
        first = value[0] if value else None
        if not isinstance(first, dict) or any(each != first for each in value):
            return False
        return not first or bool({label(slot.wire) for slot in node.slots} & set(map(label, first)))

    def enveloped(self, node: Record, value: dict[str, JSON]) -> str:
        """The name of the one member that holds the object's own members, where it has none of them itself; or ""."""
        names = {label(slot.wire) for slot in node.slots}
        if names & set(map(label, value)):
            return ""
        found = [name for name, item in value.items() if isinstance(item, dict) and names & set(map(label, item))]
        return found[0] if len(found) == 1 else ""

    def lifted(self, node: Record, value: dict[str, JSON], at: str) -> dict[str, JSON]:
        """An object with the members that stood in a group of their own, beside other members or a list of rows."""
        names = {label(slot.wire) for slot in node.slots}
        groups = [
            item for item in value.values() if isinstance(item, dict) and item and names.issuperset(map(label, item))
        ]
        beside = names & set(map(label, value)) or any(isinstance(item, list) for item in value.values())
        if node.rest or not (beside or len(groups) > 1):
            return value
        whole = dict(value)
        for name, item in value.items():
            inner = set(map(label, item)) if isinstance(item, dict) and label(name) not in names else set()
            if inner and inner <= names - set(map(label, whole)):
                self.changed("wrapped", f"members stood in a group of their own, {name!r}", at)
                whole = {other: each for other, each in whole.items() if other != name} | item
        return whole

    def misplaced(self, node: Record, value: JSON, at: str) -> JSON:
        """What is no object: the one list or the one value that the object is made of, where its name was left out."""
        lists = [slot for slot in node.slots if isinstance(self.bare(slot.node), Array)]
        value = [value] if isinstance(value, dict) and lists else value
        if isinstance(value, list) and len(lists) == 1 and self.may_hold(lists[0].node, value):
            self.changed("wrapped", f"the list stood without its name {lists[0].wire!r}", at)
            return self.members(node, {lists[0].wire: value}, at)
        if len(node.slots) == 1 and not isinstance(self.bare(node.slots[0].node), Record):
            self.changed("wrapped", f"the value stood without its name {node.slots[0].wire!r}", at)
            return self.members(node, {node.slots[0].wire: value}, at)
        self.wrong(at, f"{'a list' if isinstance(value, list) else 'a value'} stands for an object")
        return plain(value)

    def members(self, node: Record, value: dict[str, JSON], at: str) -> JSON:
        slots = {slot.wire: slot for slot in node.slots}
        helpers = (node.tag and node.tag[0], *(n for slot in node.slots for n in (slot.count, slot.quote)))
        beside = {name for name in helpers if name}
        renamed = self.renamed(node, value, slots, beside, at)
        fitted: dict[str, JSON] = {}
        unknown: list[str] = []
        for name, item in value.items():
            wire = renamed.get(name, name)
            if wire in slots:
                fitted[wire] = self.present(slots[wire], item, join(at, wire))
            elif name in beside:
                fitted[name] = plain(item)
            elif is_elision(name):
                self.wrong(at, f"{name!r} says that members were left out")
            else:
                unknown.append(name)
        self.beyond(node, value, unknown, fitted, at)
        return fitted

    def present(self, slot: Slot, item: JSON, at: str) -> JSON:
        nullable = slot.absent is not Absent.NEVER or slot.blank
        if item is None and not nullable and isinstance(self.tree.resolve(slot.node), Array):
            self.changed("absent", "null was read as an empty list", at)
            return []
        return self.node(slot.node, item, at, nullable=nullable)

    def beyond(
        self, node: Record, value: Mapping[str, JSON], unknown: list[str], fitted: dict[str, JSON], at: str
    ) -> None:
        """The members that no property is declared for: further ones where the object is open, else left out."""
        lacking = any(slot.wire not in fitted for slot in node.slots)
        if at == "":
            self.found.lacking = lacking
        none = bool(value or not at) and bool(node.slots) and not fitted.keys() & {slot.wire for slot in node.slots}
        if none and (not node.rest or node.silent):
            names = ", ".join(map(repr, list(value)[:4]))
            self.wrong(at, f"none of the members is declared: {names}" if names else "the answer is an empty object")
        for name in unknown:
            self.contradicted(name, value[name], fitted, at)
            rest = _rest(node, name)
            if rest is not None:
                fitted[name] = self.further(node, name, value[name], join(at, name))
            if rest is None or (node.silent and none):
                rival = any(label(name) == label(wire) and value[name] != item for wire, item in fitted.items())
                self.found.left.append(Left(join(at, name), value[name], lacking or rival))

    def contradicted(self, name: str, item: JSON, fitted: Mapping[str, JSON], at: str) -> None:
        """A problem for a member beside the declared ones that says that they are not all."""
        number = len(item) if isinstance(item, list) else item
        if isinstance(number, int) and not isinstance(number, bool):
            for wire, rows in fitted.items():
                if isinstance(rows, list) and number > _most(name, number, wire, rows):
                    message = f"{name!r} says {number}, and the list has {len(rows)}"
                    self.found.short.append(Problem(join(at, wire), message))
        elif label(name) in ("error", "errors", "errormessage") and not is_empty(item) and is_empty(dict(fitted)):
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
            same = [wire for wire in missing if label(wire) == label(name)]
            if len(same) == 1 and same[0] not in names.values():
                names[name] = same[0]
                self.changed("key", f"{name!r} is the name {same[0]!r} in another form", at)
        lists = [wire for wire in missing if wire not in names.values() and self.holds_rows(slots[wire].node)]
        rows = [name for name in others if name not in names and isinstance(value[name], list)]
        if len(lists) == 1 and len(rows) == 1 and self.is_rows(slots[lists[0]].node, value[rows[0]]):
            names[rows[0]] = lists[0]
            self.changed("key", f"the list {rows[0]!r} holds the rows of {lists[0]!r}", at)
        return names

    def holds_rows(self, node: Node) -> bool:
        array = self.bare(node)
        return isinstance(array, Array) and isinstance(self.bare(array.item), Record)

    def is_nameless(self, node: Record, value: dict[str, JSON]) -> bool:
        """Whether an object stands for the one member of a record: a row of its list, or its value by another name."""
        if len(node.slots) != 1 or {label(node.slots[0].wire)} & set(map(label, value)):
            return False
        only = node.slots[0].node
        return self.is_rows(only, [value]) or (isinstance(self.bare(only), Leaf | Choice) and len(value) == 1)

    def may_hold(self, node: Node, value: list[JSON]) -> bool:
        return not value or not self.holds_rows(node) or self.is_rows(node, value)

    def is_rows(self, node: Node, value: list[JSON]) -> bool:
        """Whether a list holds objects, each with some of the members of the rows of a declared list."""
        array = self.bare(node)
        item = self.bare(array.item) if isinstance(array, Array) else None
        names = {label(slot.wire) for slot in item.slots} if isinstance(item, Record) else set()
        return bool(value) and all(isinstance(each, dict) and bool(names & set(map(label, each))) for each in value)

    # ------------------------------------------------------------------ absence, and the shape of nodes

    def is_absent(self, value: JSON, nullable: bool, *, text: bool) -> bool:
        """Whether a word stands for no value: for text only where the document is known, and does not print it."""
        if not nullable or not absent(value):
            return False
        return not text or (self.evidence.known and not self.evidence.prints(value))

    def is_denied(self, node: Leaf | Choice, value: JSON) -> bool:
        """Whether words that the document does not print say that there is no number, no date or the like."""
        narrow = isinstance(node, Leaf) and node.kind not in ("boolean", "string")
        return narrow and denies(value) and not self.evidence.prints(value)

    def leaves_out(self, value: JSON) -> bool:
        """Whether text stands for more than it says: a mark that the document does not print, alone or at its end."""
        if not isinstance(value, str):
            return False
        if is_plain_text(value):
            return False
        if head := begun(value):
            return self.evidence.prints(head) and not self.evidence.prints(value)
        return not (self.evidence.prints(value) if re.search(r"\w", value) else self.evidence.prints_alone(value))

    def nothing(self, value: JSON, at: str) -> None:
        self.changed("absent", f"{value!r} was read as null", at)

    def is_text(self, node: Node) -> bool:
        target = self.tree.resolve(node)
        return isinstance(target, Free) or (isinstance(target, Leaf) and target.kind == "string")

    def bare(self, node: Node) -> Node:
        """What a node is beside null."""
        target = self.tree.resolve(node)
        if isinstance(target, Union):
            branches = [branch for branch in target.branches if not is_null(self.tree.resolve(branch))]
            return self.bare(branches[0]) if len(branches) == 1 else target
        return target

    def is_whole(self, node: Node, value: JSON, *, but: str) -> bool:
        """Whether a fitted object has all that a record must have, but for one property."""
        record = self.tree.resolve(node)
        required = {slot.wire for slot in record.slots if slot.required} if isinstance(record, Record) else set()
        return isinstance(value, dict) and required - {but} <= value.keys()

    def holds(self, node: Node, value: JSON) -> bool:
        """Whether a fitted value has the JSON type of a node, and its members those of theirs."""
        match self.tree.resolve(node):
            case Leaf(type="integer") if isinstance(value, float):
                return value.is_integer()
            case Leaf(type=type_):
                return value is None or is_of(value, type_)
            case Choice(values=values, texts=False):
                return any(type(value) is type(each) and value == each for each in values)
            case Record(slots=slots):
                return isinstance(value, dict) and all(
                    value.get(slot.wire) is None or self.holds(slot.node, value[slot.wire]) for slot in slots
                )
            case Array():
                return isinstance(value, list)
        return True


def plain(value: JSON) -> JSON:
    """A value with ordinary numbers."""
    if isinstance(value, Digits):
        return float(value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _constants(schema: Mapping[str, JSON]) -> Iterator[tuple[str, JSON]]:
    """The one value that each keyword of a property's schema names."""
    for name in _CONSTANT_KEYWORDS:
        item = schema.get(name)
        if isinstance(item, list) and len(item) == 1:
            item = item[0]
        if item is not None and not isinstance(item, list | dict):
            yield name, item


def _most(name: str, item: int, wire: str, rows: list[JSON]) -> float:
    """What a member beside a list may be by its name where no row is left out; a sum of the rows is no count."""
    listed = rf"{re.escape(label(wire).rstrip('s'))}s?(?:count)?"
    if re.fullmatch(rf"(?:remaining|skipped|omitted|more){listed}", label(name)):
        return 0
    counts = rf"(?:(?:total|count|number|num|n)(?:of)?)+{listed}|{listed}(?<=count)|{listed}total(?:count)?"
    return len(rows) if re.fullmatch(counts, label(name)) and item not in _sums(rows) else inf


def _sums(rows: list[JSON]) -> set[Decimal]:
    """The sums of the numbers that rows have under one name."""
    sums = defaultdict[str, Decimal](Decimal)
    for name, cell in ((name, cell) for row in rows if isinstance(row, dict) for name, cell in row.items()):
        with suppress(InvalidOperation):
            sums[name] += Decimal(str(plain(cell)))
    return set(sums.values())


def _kind_of(node: Leaf | Choice) -> Kind:
    if isinstance(node, Choice) or node.kind == "boolean":
        return "choice"
    if node.kind == "string":
        return "quotes"
    return "number" if node.kind in ("decimal", "integer", "number") else "date"


def _rest(node: Record, name: str) -> Rest | None:
    """What is declared of the further properties with such a name."""
    return next((rest for rest in node.rest if not rest.pattern or compiled(rest.pattern).search(name)), None)


def _is_blank(node: Record, value: JSON) -> bool:
    """Whether all members of an object say that there is no value, though it must have some."""
    blank = isinstance(value, dict) and all(each is None or absent(each) for each in value.values())
    return blank and any(slot.required and slot.absent is Absent.NEVER for slot in node.slots)


def _is_rows(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_text(value: JSON) -> bool:
    return isinstance(value, str)


def _rows(names: list[JSON], rows: Iterable[Iterable[JSON]]) -> list[JSON]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _figure(value: JSON) -> JSON:
    """A number as one that is equal to others of its size; anything else as it is."""
    try:
        return Decimal(spelt(value))
    except InvalidOperation:
        return spelt(value)


def _pair(item: JSON) -> tuple[str, JSON] | None:
    """A name with its value: two items, a member alone, or an object of a name and a value."""
    if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str):
        return item[0], item[1]
    if not isinstance(item, dict):
        return None
    if len(item) == 1:
        return next(iter(item.items()))
    names = {name: label(name).removeprefix("field") for name in item}
    labels = [name for name in item if names[name] in _LABELS and isinstance(item[name], str)]
    values = [name for name in item if names[name] in _ENDS]
    known = len(labels) == len(values) == 1 and len(item) <= _PAIR_MOST
    return (item[labels[0]], item[values[0]]) if known else None
