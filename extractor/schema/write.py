"""A laid-out tree said as JSON Schema in a dialect."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from extractor.schema.dialects import Dialect
from extractor.schema.pointer import JSON
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
    children,
)
from extractor.schema.words import phrases

__all__ = ["JSON_TEXT", "Writer"]

JSON_TEXT = "any JSON, written as JSON text"
SAFE = 2**53 - 1
_NULL = Leaf("null", "null")
Wire = dict[str, Any]


class Writer:
    """Writes the nodes of one tree; definitions that are used once, and those that are small, are written in place."""

    def __init__(self, tree: Tree, dialect: Dialect) -> None:
        self.tree, self.dialect = tree, dialect
        self.kept = _kept(tree)
        self.used: list[str] = []

    def document(self) -> Wire:
        """The whole wire schema, its definitions at the root."""
        root = self.tree.root
        wire = self.node(self.tree.resolve(root), root.description)
        written: dict[str, Wire] = {}
        while missing := [name for name in self.used if name not in written]:
            for name in missing:
                node = self.tree.definitions[name]
                written[name] = self.node(node, None if self.dialect.words_twice else "")
        return {**wire, "$defs": written} if written else wire

    def node(self, node: Node, words: str | None = None) -> Wire:
        """One schema. `words` replace the node's own description."""
        lead = (
            node.description
            if words is None
            else words or ("" if words == "" and isinstance(node, Record) else node.description)
        )
        match node:
            case Ref():
                return self.reference(node, lead)
            case Union():
                return self.union(node, lead)
            case Choice():
                return self.choice(node, lead)
        wire, notes = self.narrowed(node)
        return _with_words(wire, lead, notes)

    # ------------------------------------------------------------------ one for each kind of node

    def narrowed(self, node: Node) -> tuple[Wire, list[str]]:
        """The schema of a node and the notes on what it leaves unsaid."""
        match node:
            case Leaf():
                return self.leaf(node)
            case Free():
                return (
                    ({"type": "string"}, [JSON_TEXT, *phrases(node.facts)]) if node.text else ({}, phrases(node.facts))
                )
            case Array():
                return self.array(node)
            case Row():
                return self.row(node)
            case Record():
                return self.record(node)
        raise TypeError(f"no such node: {node!r}")

    def leaf(self, node: Leaf) -> tuple[Wire, list[str]]:
        facts = dict(node.facts)
        if node.type == "integer":
            facts = _whole(facts)
        said, unsaid = self.split(facts, node)
        return {"type": node.type, **said}, phrases(unsaid)

    def split(self, facts: Mapping[str, JSON], node: Node) -> tuple[Wire, Wire]:
        """The facts that the dialect can say of this node, and the others."""
        if not facts:
            return {}, {}
        said = {k: v for k, v in facts.items() if k in self.dialect.keywords and _sayable(k, v, node)}
        for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
            if low in said and high in said and said[low] > said[high]:
                del said[low], said[high]
        return said, {k: v for k, v in facts.items() if k not in said}

    def choice(self, node: Choice, lead: str) -> Wire:
        values = node.values
        if node.texts:
            values = tuple(orjson.dumps(value).decode() for value in values)
        if self.dialect.any_enum:
            return _with_words({"enum": list(values)}, lead, phrases(node.facts))
        notes = phrases(node.facts) + ([JSON_TEXT] if node.texts else [])
        groups = list(_by_type(values).items())
        limit = self.dialect.max_enum
        parts = [{"type": type_, "enum": each} if type_ != "null" else {"type": "null"} for type_, each in groups]
        if limit is not None and len(values) > limit:
            parts = [{"type": type_} for type_, _ in groups]
            notes.append("one of " + ", ".join(map(str, values[:50])) + " ...")
        return _with_words(parts[0] if len(parts) == 1 else {"anyOf": parts}, lead, notes)

    def array(self, node: Array) -> tuple[Wire, list[str]]:
        said, unsaid = self.split(node.facts, node)
        item = self.node(node.item)
        return {"type": "array", **({"items": item} if item else {}), **said}, phrases(unsaid)

    def row(self, node: Row) -> tuple[Wire, list[str]]:
        said, unsaid = self.split(node.facts, node)
        if node.names:
            properties = {name: self.node(item) for name, item in zip(node.names, node.items, strict=True)}
            return _object(properties, list(node.names)), phrases({k: v for k, v in unsaid.items() if k[3:] != "Items"})
        if self.dialect.positions:
            rest = False if node.rest is None else self.node(node.rest)
            return {"type": "array", "prefixItems": [self.node(i) for i in node.items], "items": rest, **said}, []
        distinct = _distinct(self.node(item) for item in (*node.items, *([node.rest] if node.rest is not None else [])))
        wire: Wire = {"type": "array"}
        if distinct and {} not in distinct:
            wire["items"] = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
        if node.rest is None and "maxItems" in self.dialect.keywords:
            said["maxItems"] = min(said.get("maxItems", len(node.items)), len(node.items))
        labels = [label for label in node.labels if label]
        return {**wire, **said}, phrases(unsaid) + (["in this order: " + ", ".join(labels)] if labels else [])

    def record(self, node: Record) -> tuple[Wire, list[str]]:
        properties: dict[str, Wire] = {}
        required: list[str] = []
        for slot in node.slots:
            for helper, schema in _helpers(slot):
                properties[helper] = schema
                required.append(helper)
            properties[slot.wire] = self.slot(slot)
            if slot.absent is not Absent.OMIT:
                required.append(slot.wire)
        said, unsaid = self.split({k: v for k, v in node.facts.items() if k != "propertyNames"}, node)
        notes = phrases(unsaid) + _key_notes(node)
        if node.pairs:
            return self.pairs(node, properties, required), notes
        return {**_object(properties, required), **self.others(node), **said}, notes

    def slot(self, slot: Slot) -> Wire:
        wire = self.node(slot.node)
        if slot.absent is Absent.NULL:
            return _nullable(wire)
        if slot.absent is Absent.BOX:
            return _nullable(_object({"value": wire}, ["value"]))
        return wire

    def others(self, node: Record) -> Wire:
        """What the schema says of properties beyond the declared ones."""
        if not node.rest:
            return {"additionalProperties": False}
        if self.dialect.patterns:
            patterns = {rest.pattern: self.node(rest.node) for rest in node.rest if rest.pattern is not None}
            last = node.rest[-1]
            others = (self.node(last.node) or True) if last.pattern is None else False
            return {**({"patternProperties": patterns} if patterns else {}), "additionalProperties": others}
        distinct = _distinct(self.node(rest.node) for rest in node.rest)
        if {} in distinct:
            return {"additionalProperties": True}
        return {"additionalProperties": distinct[0] if len(distinct) == 1 else {"anyOf": distinct}}

    def pairs(self, node: Record, properties: dict[str, Wire], required: list[str]) -> Wire:
        distinct = _distinct(self.node(rest.node) for rest in node.rest)
        value = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
        pair = _object({"key": {"type": "string"}, "value": value}, ["key", "value"])
        pairs: Wire = {"type": "array", "items": pair}
        if not properties:
            return pairs
        return _object({**properties, node.pairs: pairs}, [*required, node.pairs])

    def union(self, node: Union, lead: str) -> Wire:
        if len(node.branches) == 2 and _NULL in node.branches:
            inner = self.node(next(branch for branch in node.branches if branch != _NULL), lead or None)
            return _with_words(_nullable(inner), "", phrases(node.facts))
        branches = [self.branch(node, index) for index in range(len(node.branches))]
        notes = phrases(node.facts)
        if not self.dialect.words_twice and lead:
            inner = [branch.pop("description", "") for branch in branches]
            notes = [*notes, *(f"option {i}: {words}" for i, words in enumerate(inner, 1) if words)]
        return _with_words({"anyOf": _distinct(branches)}, lead, notes)

    def branch(self, node: Union, index: int) -> Wire:
        """One branch; an object that is told by a tag is written in place, with the tag first."""
        branch = node.branches[index]
        record = self.tree.resolve(branch)
        if not node.tag or not isinstance(record, Record):
            return self.node(branch)
        wire = self.node(record, branch.description or record.description)
        tag = {"type": "string", "enum": [node.labels[index]]}
        properties, required = wire.get("properties", {}), wire.get("required", [])
        return {**wire, "properties": {node.tag: tag, **properties}, "required": [node.tag, *required]}

    def reference(self, node: Ref, lead: str) -> Wire:
        target = self.tree.definitions[node.name]
        if node.name not in self.kept:
            return self.node(target, lead or None)
        if node.name not in self.used:
            self.used.append(node.name)
        words = lead or ("" if self.dialect.words_twice else target.description)
        return _with_words({"$ref": f"#/$defs/{node.name}"}, words, [])


# ---------------------------------------------------------------------- small parts


def _object(properties: dict[str, Wire], required: list[str]) -> Wire:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _nullable(wire: Wire) -> Wire:
    words = {"description": wire["description"]} if "description" in wire else {}
    inner = {keyword: value for keyword, value in wire.items() if keyword != "description"}
    branches = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
    return {"anyOf": [*branches, {"type": "null"}], **words}


def _helpers(slot: Slot) -> Iterable[tuple[str, Wire]]:
    if slot.count:
        yield slot.count, {"type": "integer", "description": f"how many items {slot.wire} has in all"}
    if slot.quote:
        words = f"the exact words of the document that {slot.wire} is read from"
        yield slot.quote, {"anyOf": [{"type": "string"}, {"type": "null"}], "description": words}


def _with_words(wire: Wire, lead: str, notes: list[str]) -> Wire:
    if not lead and not notes:
        return wire
    said = "; ".join(notes)
    if lead and said:
        lead = f"{lead} ({said})"
    return {**wire, "description": lead or said[0].upper() + said[1:]}


def _key_notes(node: Record) -> list[str]:
    names = node.facts.get("propertyNames")
    notes = phrases({"propertyNames": names}) if names is not None else []
    patterns = [rest.pattern for rest in node.rest if rest.pattern is not None]
    return notes + ([f"names of further properties match {' or '.join(patterns)}"] if patterns else [])


def _whole(facts: dict[str, JSON]) -> dict[str, JSON]:
    """The bounds of an integer, none of them exclusive or broken."""
    bounds: dict[str, JSON] = {}
    for keyword, value in facts.items():
        match keyword:
            case "exclusiveMinimum":
                bounds["minimum"] = max(math.floor(value) + 1, bounds.get("minimum", -math.inf))
            case "exclusiveMaximum":
                bounds["maximum"] = min(math.ceil(value) - 1, bounds.get("maximum", math.inf))
            case "minimum":
                bounds["minimum"] = max(math.ceil(value), bounds.get("minimum", -math.inf))
            case "maximum":
                bounds["maximum"] = min(math.floor(value), bounds.get("maximum", math.inf))
            case _:
                bounds[keyword] = value
    return bounds


def _sayable(keyword: str, value: JSON, node: Node) -> bool:
    if isinstance(node, Leaf) and node.type == "string" and keyword in ("minimum", "maximum", "multipleOf"):
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value) <= SAFE and "e" not in repr(value)
    return not (keyword == "format" and node.facts.get("format") == "decimal")


def _by_type(values: Iterable[JSON]) -> dict[str, list[JSON]]:
    groups: dict[str, list[JSON]] = {}
    for value in values:
        group = groups.setdefault(_type_of(value), [])
        if value not in group:
            group.append(value)
    return groups


def _type_of(value: JSON) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
    return "string"


def _distinct(schemas: Iterable[Wire]) -> list[Wire]:
    kept: list[Wire] = []
    for schema in schemas:
        if schema not in kept:
            kept.append(schema)
    return kept


def _kept(tree: Tree) -> set[str]:
    """The definitions that stay definitions: the recursive ones, and objects that are used more than once."""
    if not tree.definitions:
        return set()
    uses = Counter(_references(tree.root))
    inner = {name: list(_references(node)) for name, node in tree.definitions.items()}
    for names in inner.values():
        uses.update(names)
    large = {name for name, count in uses.items() if count > 1 and isinstance(tree.definitions[name], Record | Union)}
    return large | _recursive(inner)


def _references(node: Node) -> Iterable[str]:
    if isinstance(node, Ref):
        yield node.name
    for child in children(node):
        yield from _references(child)


def _recursive(graph: Mapping[str, list[str]]) -> set[str]:
    """The names that can be reached from themselves."""
    found = set()
    for name in graph:
        reached, ahead = set(), list(graph[name])
        while ahead:
            step = ahead.pop()
            if step not in reached:
                reached.add(step)
                ahead.extend(graph[step])
        if name in reached:
            found.add(name)
    return found
