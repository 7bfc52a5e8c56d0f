"""A laid-out tree said as JSON Schema, in the subset that Kimi's own validator takes at its strictest level."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
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
    shared_definitions,
)
from extractor.schema.words import phrases

__all__ = ["MOST_CONSTANTS", "Writer", "is_sayable"]

KEYWORDS = frozenset(["maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum"])
"""The narrowing keywords that are obeyed; all others become words."""
MOST_CONSTANTS = 1_000
"""Of one `enum`."""
SAFE = 2**53 - 1

JSON_TEXT = "any JSON, written as JSON text"
NULL = Leaf("null", "null")
ORDERED = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))
Wire = dict[str, Any]


class Writer:
    """Writes the nodes of one tree; definitions that are used once, and those that are small, are written in place."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.shared = shared_definitions(tree)
        self.used: list[str] = []

    def document(self) -> Wire:
        """The whole wire schema, its definitions at the root."""
        root = self.tree.resolve(self.tree.root)
        wire = self.node(root, self.tree.root.description or root.description)
        written: dict[str, Wire] = {}
        while missing := [name for name in self.used if name not in written]:
            for name in missing:
                node = self.tree.definitions[name]
                written[name] = self.node(node)
                written[name].pop("description", None)  # the place of each reference says it
        return {**wire, "$defs": written} if written else wire

    def node(self, node: Node, words: str = "") -> Wire:
        """One schema with its words; `words` go before the node's own notes in place of its description."""
        lead = words or node.description
        match node:
            case Ref():
                return self.reference(node, lead)
            case Union() if len(node.branches) == 2 and NULL in node.branches:
                inner = next(branch for branch in node.branches if branch != NULL)
                return self.described(_nullable(self.node(inner, lead)), "", phrases(node.facts))
            case Union() if lead:
                return self.shared_union(node, lead)
            case Free(text=False):
                return {}
        return self.described(self.body(node), lead, self.notes(node))

    def body(self, node: Node) -> Wire:
        """The schema of a node without its words."""
        match node:
            case Leaf():
                return {"type": node.type, **self.narrowing(node)}
            case Free():
                return {"type": "string"}
            case Choice():
                return self.choice(node)
            case Array():
                item = self.node(node.item)
                return {"type": "array", **({"items": item} if item else {}), **self.narrowing(node)}
            case Row():
                return self.row(node)
            case Record():
                return self.record(node)
            case Union():
                return {"anyOf": _distinct(map(self.node, node.branches))}
        return self.node(node)

    # ------------------------------------------------------------------ words

    def notes(self, node: Node) -> list[str]:
        """What the schema of a node leaves unsaid, as phrases."""
        if isinstance(node, Leaf) and not node.facts:
            return []
        match node:
            case Free(text=True):
                return [JSON_TEXT, *phrases(node.facts)]
            case Choice(texts=True):
                return [JSON_TEXT, *phrases(node.facts)]
            case Choice(values=values) if len(values) > MOST_CONSTANTS:
                return ["one of " + ", ".join(map(str, values[:50])) + " ..."]
        narrowing = self.narrowing(node)
        facts = {keyword: value for keyword, value in _whole(node).items() if keyword not in narrowing}
        if isinstance(node, Row) and node.names:
            facts = {keyword: value for keyword, value in facts.items() if keyword not in ("minItems", "maxItems")}
        labels = [label for label in node.labels if label] if isinstance(node, Row) and not node.names else []
        patterns = [rest.pattern for rest in node.rest if rest.pattern] if isinstance(node, Record) else []
        return [
            *phrases(facts),
            *(["in this order: " + ", ".join(labels)] if labels else []),
            *(["names of further properties match " + " or ".join(patterns)] if patterns else []),
            *_asides(node),
        ]

    def described(self, wire: Wire, lead: str, notes: list[str]) -> Wire:
        """The schema with a description, where there is anything to say."""
        words = _sentence(lead, notes)
        return {**wire, "description": words} if words else wire

    def narrowing(self, node: Node) -> Wire:
        """The narrowing keywords of a node that are obeyed."""
        text = isinstance(node, Leaf) and node.kind == "decimal"
        if text or not node.facts or isinstance(node, Choice | Union | Free):
            return {}
        narrowing = {k: v for k, v in _whole(node).items() if k in KEYWORDS and is_sayable(v)}
        for low, high in ORDERED:
            if low in narrowing and high in narrowing and narrowing[low] > narrowing[high]:
                del narrowing[low], narrowing[high]
        return narrowing

    def shared_union(self, node: Union, lead: str) -> Wire:
        """A union with a description of its own: those of its branches are told in it."""
        branches = [self.node(branch) for branch in node.branches]
        inner = [branch.pop("description", "") for branch in branches]
        notes = [f"option {number}: {words}" for number, words in enumerate(inner, 1) if words]
        return self.described({"anyOf": _distinct(branches)}, lead, [*phrases(node.facts), *notes])

    # ------------------------------------------------------------------ one for each kind of node

    def choice(self, node: Choice) -> Wire:
        values = tuple(to_text(value) for value in node.values) if node.texts else node.values
        groups = _by_type(values).items()
        if len(values) > MOST_CONSTANTS:
            parts: list[Wire] = [{"type": type_} for type_, _ in groups]
        else:
            parts = [{"type": type_, "enum": each} if type_ != "null" else {"type": type_} for type_, each in groups]
        return parts[0] if len(parts) == 1 else {"anyOf": parts}

    def row(self, node: Row) -> Wire:
        if node.names:
            properties = {name: self.node(item) for name, item in zip(node.names, node.items, strict=True)}
            return _object(properties, list(node.names))
        narrowing = self.narrowing(node)
        if node.rest is None:
            narrowing["maxItems"] = min(narrowing.get("maxItems", len(node.items)), len(node.items))
            if narrowing.get("minItems", 0) > narrowing["maxItems"]:
                del narrowing["minItems"]
        distinct = _distinct(self.node(item) for item in (*node.items, *([node.rest] if node.rest is not None else [])))
        items = {"items": _one_of(distinct)} if distinct and {} not in distinct else {}
        return {"type": "array", **items, **narrowing}

    def record(self, node: Record) -> Wire:
        tag, label = node.tag or ("", "")
        properties: dict[str, Any] = {tag: {"type": "string", "enum": [label]}} if tag else {}
        required: list[str] = [tag] if tag else []
        for slot in node.slots:
            for helper, schema in _helpers(slot, node.counts_before(slot)):
                properties[helper] = schema
                required.append(helper)
            properties[slot.wire] = self.slot(slot)
            if slot.absent is not Absent.OMIT:
                required.append(slot.wire)
        return {**_object(properties, required), **self.others(node), **self.narrowing(node)}

    def slot(self, slot: Slot) -> Wire:
        wire = self.node(slot.node)
        return _nullable(wire) if slot.absent is Absent.NULL else wire

    def others(self, node: Record) -> Wire:
        """What the schema says of properties beyond the declared ones."""
        if not node.rest:
            return {"additionalProperties": False}
        distinct = _distinct(self.node(rest.node) for rest in node.rest)
        return {"additionalProperties": True if {} in distinct else _one_of(distinct)}

    def reference(self, node: Ref, lead: str) -> Wire:
        target = self.tree.definitions[node.name]
        if node.name not in self.shared:
            return self.node(target, _both(lead, target.description))
        if node.name not in self.used:
            self.used.append(node.name)
        own = _sentence(target.description, self.notes(target))
        return self.described({"$ref": f"#/$defs/{node.name}"}, _both(lead, own), [])


# ---------------------------------------------------------------------- small parts


def _object(properties: dict[str, Wire], required: list[str]) -> Wire:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _nullable(wire: Wire) -> Wire:
    words = {"description": wire["description"]} if "description" in wire else {}
    inner = {keyword: value for keyword, value in wire.items() if keyword != "description"}
    branches = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
    return {"anyOf": branches if {"type": "null"} in branches else [*branches, {"type": "null"}], **words}


def _one_of(schemas: list[Wire]) -> Wire:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _asides(node: Node) -> Iterable[str]:
    """The words about items or properties that may be anything, and have no schema of their own to say them."""
    match node:
        case Array(item=Free(text=False, description=words)) if words:
            yield f"each item: {words}"
        case Record(rest=rest):
            yield from dict.fromkeys(
                f"further properties: {each.node.description}"
                for each in rest
                if isinstance(each.node, Free) and not each.node.text and each.node.description
            )


def _helpers(slot: Slot, counted: Iterable[Slot]) -> Iterable[tuple[str, Wire]]:
    for one in counted:
        yield one.count, {"type": "integer", "description": f"how many items {one.wire} has in all"}
    if slot.quote:
        words = f"the exact words of the document that {slot.wire} is read from"
        yield slot.quote, {"anyOf": [{"type": "string"}, {"type": "null"}], "description": words}


def _both(lead: str, own: str) -> str:
    """The words of a place, and those of what stands there."""
    return f"{lead} ({own})" if lead and own and own != lead else lead or own


def _sentence(lead: str, notes: list[str]) -> str:
    beside = "; ".join(notes)
    if lead and beside:
        return f"{lead} ({beside})"
    return lead or beside[:1].upper() + beside[1:]


def _whole(node: Node) -> Mapping[str, JSON]:
    """The facts of a node; the bounds of an integer are whole, and none of them exclusive."""
    if not isinstance(node, Leaf) or node.type != "integer" or not node.facts:
        return node.facts
    facts = dict(node.facts)
    lows = [math.floor(facts.pop("exclusiveMinimum")) + 1] if "exclusiveMinimum" in facts else []
    highs = [math.ceil(facts.pop("exclusiveMaximum")) - 1] if "exclusiveMaximum" in facts else []
    lows += [math.ceil(facts["minimum"])] if "minimum" in facts else []
    highs += [math.floor(facts["maximum"])] if "maximum" in facts else []
    if lows:
        facts["minimum"] = max(lows)
    if highs:
        facts["maximum"] = min(highs)
    return facts


def is_sayable(value: JSON) -> bool:
    """Whether a schema may name a value: a number within what JavaScript counts exactly, and not written as 1e-07."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return abs(value) <= SAFE and "e" not in repr(value)


def _by_type(values: Iterable[JSON]) -> dict[str, list[JSON]]:
    groups: dict[str, dict[JSON, None]] = {}
    for value in values:
        groups.setdefault(_type_of(value), {})[value] = None
    return {type_: list(group) for type_, group in groups.items()}


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
    branches_: list[Wire] = []
    for schema in schemas:
        if schema not in branches_:
            branches_.append(schema)
    return branches_
