"""A JSON Schema (2020-12, references local) read into the typed tree.

The tree admits every value that the schema admits, and usually no more. Rules that have no shape of their own
(`not`, `if`, `dependentRequired` ...) stay as facts, for the words; the validator keeps them exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from extractor.errors import SchemaError
from extractor.schema.annotations import Merge
from extractor.schema.keywords import (
    ANNOTATIONS,
    FORMATS,
    REFUSED,
    RULES,
    combine,
    facts_of,
    foreign_to,
    is_never,
    is_of,
    says_shape,
    types_of,
)
from extractor.schema.pointer import JSON, get, join, parts
from extractor.schema.text import to_text
from extractor.schema.tree import Array, Choice, Free, Leaf, Node, Record, Ref, Rest, Row, Slot, Tree, Union
from extractor.schema.words import LONGEST, letters, unused

__all__ = ["read"]


EXAMPLES = 5
"""Declared examples that a description names."""

LABELLED = {"$ref", "title"}
SCALARS = {type_: Leaf(type_, type_) for type_ in ("boolean", "integer", "null", "number", "string")}
ASIDE = frozenset(["default", "title", "x-key", "x-merge", "x-quote"])
"""What the schema of a property says about the property."""


def read(document: JSON, *, closed: bool = False) -> Tree:
    """The tree of a document. `closed`: objects that do not speak of further properties have none (as pydantic's)."""
    return _Reader(document, closed).tree()


class _Reader:
    def __init__(self, document: JSON, closed: bool) -> None:
        self.document, self.closed = document, closed
        self.names: dict[str, str] = {}
        self.definitions: dict[str, Node] = {}
        self.pending: list[tuple[str, str]] = []
        self.combined: dict[str, str] = {}
        self.finished: dict[str, Node] = {}
        self.discriminators: dict[str, set[str]] = {}
        self.required: set[tuple[str, str]] = set()

    def tree(self) -> Tree:
        if is_never(self.document):
            raise SchemaError(path="", construct="a schema that nothing can satisfy", remedy="allow at least one value")
        root = self.node(self.document, "")
        while self.pending:
            pointer, at = self.pending.pop()
            self.definitions[self.names[pointer]] = self.node(get(self.document, pointer), at)
        while self.discriminators:
            name, properties = self.discriminators.popitem()
            for each in properties:
                self.definitions[name] = self.requiring(self.definitions[name], each)
        return Tree(root, self.definitions)

    # ------------------------------------------------------------------ one schema

    def node(self, schema: JSON, at: str) -> Node:
        """The node of one schema; `at` is where it stands, for errors."""
        if not isinstance(schema, dict):
            return Free()
        if len(schema) == 1 and str(schema.get("type")) in SCALARS:
            return SCALARS[schema["type"]]
        if "allOf" in schema or ("$ref" in schema and says_more(schema)):
            return self.together(schema, at)
        return self.alone(schema, at)

    def together(self, schema: dict[str, JSON], at: str) -> Node:
        """The node of schemas that hold together. One that is met again, or within itself, becomes a definition."""
        key = to_text(schema)
        if key in self.combined:
            name = self.combined[key] = self.combined[key] or self.free_name("both")
            if key in self.finished:
                self.definitions[name] = self.finished[key]
            return Ref(name)
        self.combined[key] = ""
        node = self.alone(self.flat(schema, at, ()), at)
        self.finished[key] = node
        if self.combined[key]:
            self.definitions[self.combined[key]] = node
        return node

    def alone(self, schema: dict[str, JSON], at: str) -> Node:
        if REFUSED in schema:
            construct, remedy = schema[REFUSED]
            raise SchemaError(path=at, construct=construct, remedy=remedy)
        words = self.text(schema)
        if "$ref" in schema:
            return Ref(self.name(schema["$ref"], at), description=words)
        if "const" in schema or "enum" in schema:
            return self.choice(schema, words)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema and self.branches_out(schema, keyword, at):
                return self.union(schema, keyword, at, words)
        types = types_of(schema)
        if len(types) != 1:
            return self.several(schema, types, at, words) if types else Free(description=words, facts=facts_of(schema))
        return self.typed(schema, types[0], at, words)

    def text(self, schema: Mapping[str, JSON]) -> str:
        """What is said of a value in words: pydantic's titles are but the names of classes."""
        titled = not self.closed or ("properties" not in schema and "enum" not in schema)
        words = schema.get("description") or (schema.get("title") if titled else "") or ""
        return _with_examples(words.strip() if isinstance(words, str) else "", schema)

    def typed(self, schema: Mapping[str, JSON], type_: str, at: str, words: str) -> Node:
        if type_ == "object":
            return self.record(schema, at, words)
        if type_ == "array":
            return self.array(schema, at, words)
        kind = FORMATS.get(schema.get("format", ""), type_) if type_ == "string" else type_
        if "contentEncoding" in schema and type_ == "string":
            kind = "bytes"
        return Leaf(type_, kind, description=words, facts=facts_of(schema, "decimal" if kind == "decimal" else type_))

    def name(self, reference: str, at: str) -> str:
        """The name of a referenced definition, read later (so that recursion ends)."""
        pointer = reference.removeprefix("#")
        if pointer not in self.names:
            self.names[pointer] = self.free_name(parts(pointer)[-1] if pointer else "root")
            self.pending.append((pointer, at))
        return self.names[pointer]

    def free_name(self, stem: str) -> str:
        taken = {*self.names.values(), *self.combined.values()}
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "_", stem) or "definition"
        return unused(stem, taken)

    # ------------------------------------------------------------------ schemas that must hold together

    def flat(self, schema: JSON, at: str, seen: tuple[str, ...]) -> dict[str, JSON]:
        """The schema with its `allOf`, and a `$ref` that has keywords beside it, folded in."""
        if not isinstance(schema, dict):
            return {} if schema is not False else {"not": {}}
        if "allOf" not in schema and not ("$ref" in schema and (seen or says_more(schema))):
            return schema
        merged = {keyword: value for keyword, value in schema.items() if keyword not in ("$ref", "allOf")}
        members = list(schema.get("allOf", ()))
        if len(members) == 1 and "$ref" not in schema and set(merged) <= ANNOTATIONS and _is_ref(members[0]):
            return {**members[0], **merged}
        if "$ref" in schema:
            members.insert(0, {"$ref": schema["$ref"]})
        for member in members:
            merged = combine(merged, self.target(member, at, seen))
        return merged

    def target(self, schema: JSON, at: str, seen: tuple[str, ...]) -> dict[str, JSON]:
        """What a member of `allOf` says, its own references followed."""
        if _is_ref(schema):
            reference = schema["$ref"]
            found = self.flat(get(self.document, reference.removeprefix("#")), at, (*seen, reference))
            beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
            return combine(self.flat(beside, at, (*seen, reference)), found)
        return self.flat(schema, at, (*seen, ""))

    # ------------------------------------------------------------------ one of several

    def branches_out(self, schema: Mapping[str, JSON], keyword: str, at: str) -> bool:
        """Whether the branches give the value its shape; beside declared properties they only add to them."""
        if "properties" in schema or ("additionalProperties" in schema and types_of(schema) == ["object"]):
            return False
        return any(says_shape(self.flat(branch, at, ())) for branch in schema[keyword])

    def union(self, schema: Mapping[str, JSON], keyword: str, at: str, words: str) -> Node:
        base = {name: value for name, value in schema.items() if name != keyword and name not in ANNOTATIONS}
        known = base.pop("discriminator", {})
        sources = [branch if not base else {"allOf": [branch, base]} for branch in schema[keyword]]
        union = self.one_of([source for source in sources if not is_never(self.flat(source, at, ()))], at, words)
        name = known.get("propertyName") if self.closed and isinstance(known, dict) else None
        return self.requiring(union, name) if name else union

    def requiring(self, node: Node, name: str) -> Node:
        """A union, of which each object must say in the property `name` which one it is; a default says it to nobody.

        A definition is given the same once all of them are read; one that has it already ends the way round.
        """
        match node:
            case Union(branches=branches):
                return replace(node, branches=tuple(self.requiring(branch, name) for branch in branches))
            case Record(slots=slots):
                return replace(node, slots=tuple(replace(s, required=s.required or s.name == name) for s in slots))
            case Ref(name=definition) if (definition, name) not in self.required:
                self.required.add((definition, name))
                self.discriminators.setdefault(definition, set()).add(name)
        return node

    def several(self, schema: Mapping[str, JSON], types: list[str], at: str, words: str) -> Node:
        known = {name: value for name, value in schema.items() if name not in ANNOTATIONS}
        sources = [
            {keyword: value for keyword, value in known.items() if keyword not in foreign_to(type_)} | {"type": type_}
            for type_ in types
        ]
        return self.one_of(sources, at, words)

    def one_of(self, sources: list[JSON], at: str, words: str) -> Node:
        branches: list[Node] = []
        labels: list[str] = []
        for source in sources:
            node = self.node(source, at)
            if isinstance(node, Free):
                return Free(description=words or node.description)
            inside: Iterable[tuple[Node, str]] = [(node, _label(source, self.document))]
            if isinstance(node, Union) and not node.description:
                inside = zip(node.branches, node.labels, strict=True)
            for branch, label in inside:
                if branch not in branches:
                    branches.append(branch)
                    labels.append(label)
        if len(branches) == 1:
            return _described(branches[0], words)
        return Union(tuple(branches), tuple(labels), description=words)

    def choice(self, schema: Mapping[str, JSON], words: str) -> Node:
        values = [schema["const"]] if "const" in schema else list(schema["enum"])
        types = types_of(schema) if "type" in schema else []
        fitting = [value for value in values if not types or any(is_of(value, type_) for type_ in types)]
        names = tuple(schema.get("x-names", ())) if len(fitting) == len(values) else ()
        return Choice(tuple(fitting or values), names=names, description=words, facts=facts_of(schema))

    # ------------------------------------------------------------------ containers

    def array(self, schema: Mapping[str, JSON], at: str, words: str) -> Node:
        items, prefix = schema.get("items", schema.get("unevaluatedItems", True)), schema.get("prefixItems", [])
        facts = facts_of(schema, "array")
        below = join(at, "*")
        if not prefix and not is_never(items):
            return Array(self.node(items, below), description=words, facts=facts)
        rest = (
            None
            if is_never(items) or schema.get("maxItems", len(prefix) + 1) <= len(prefix)
            else self.node(items, below)
        )
        nodes = tuple(self.node(item, join(at, index)) for index, item in enumerate(prefix))
        labels = tuple(
            str(item.get("x-label") or item.get("title", "")) if isinstance(item, dict) else "" for item in prefix
        )
        named = any(isinstance(item, dict) and "x-label" in item for item in prefix)
        least = min(schema.get("minItems", 0), len(prefix))
        return Row(nodes, rest, least, labels, named, description=words, facts=facts)

    def record(self, schema: Mapping[str, JSON], at: str, words: str) -> Record:
        declared = self.properties(schema, at)
        required = set(schema.get("required", ()))
        rest, silent = self.rest(schema, at)
        known = schema.get("properties", {})
        named = [(name, inner) for name, inner in declared.items() if not is_never(inner)]
        slots = [self.slot(name, inner, name in required, at, hinted=name not in known) for name, inner in named]
        record = Record((), rest, silent, description=words, facts=facts_of(schema, "object"))
        for name in schema.get("required", ()):
            if name not in declared and (found := record.further(name)):
                slots.append(Slot(name, found.node, True, wire=name))
        return replace(record, slots=tuple(slots))

    def slot(self, name: str, schema: JSON, required: bool, at: str, *, hinted: bool) -> Slot:
        node = self.node(schema, join(at, name))
        if not isinstance(schema, dict) or ASIDE.isdisjoint(schema):
            return Slot(name, node, required, hinted=hinted, wire=name)
        if "title" in schema and letters(node.description) == letters(name):
            node = replace(node, description="")
        default = [schema["default"]] if "default" in schema else []
        constant = self.closed and isinstance(node, Choice) and [*node.values] == default
        return Slot(
            name,
            node,
            required or constant,
            blank=self.closed and default == [None],
            hinted=hinted,
            key=bool(schema.get("x-key", False)),
            policy=_policy(schema, join(at, name)),
            quoted=bool(schema.get("x-quote", False)),
            wire=name,
        )

    def properties(self, schema: Mapping[str, JSON], at: str) -> dict[str, JSON]:
        """The declared properties, and those that rules beside them speak of."""
        declared = dict(schema.get("properties", {}))
        if RULES.isdisjoint(schema) or is_never(schema.get("additionalProperties", True)):
            return declared
        found: dict[str, list[JSON]] = {}
        for name, inner in self.hinted(schema, at, ()):
            if name not in declared and inner not in found.setdefault(name, []):
                found[name].append(inner)
        return declared | {name: each[0] if len(each) == 1 else {"anyOf": each} for name, each in found.items()}

    def hinted(self, schema: Mapping[str, JSON], at: str, seen: tuple[int, ...]) -> Iterator[tuple[str, JSON]]:
        """The properties that the schema's alternatives and conditions declare."""
        for keyword in [keyword for keyword in schema if keyword in RULES - {"not", "if"}]:
            for branch in _schemas(schema[keyword], keyword):
                if id(branch) not in seen and isinstance(branch, dict):
                    known = self.target(branch, at, ()) if "$ref" in branch else self.flat(branch, at, ())
                    yield from (
                        (name, each) for name, each in known.get("properties", {}).items() if not is_never(each)
                    )
                    yield from self.hinted(known, at, (*seen, id(branch)))

    def rest(self, schema: Mapping[str, JSON], at: str) -> tuple[tuple[Rest, ...], bool]:
        """What further properties may hold, and whether that was left unsaid."""
        below = join(at, "*")
        patterns = [
            Rest(pattern, self.node(inner, below))
            for pattern, inner in schema.get("patternProperties", {}).items()
            if not is_never(inner)
        ]
        keyword = "additionalProperties" if "additionalProperties" in schema else "unevaluatedProperties"
        others = schema.get(keyword, not self.closed)
        if is_never(others):
            return tuple(patterns), False
        return (*patterns, Rest(None, self.node(others, below))), keyword not in schema


# ---------------------------------------------------------------------- small questions


def _with_examples(words: str, schema: Mapping[str, JSON]) -> str:
    """The words about a value, with what the members of an enum are called, and the examples that are declared."""
    known = schema.get("examples", [schema["example"]] if "example" in schema else [])
    examples = list(known.values()) if isinstance(known, dict) else known if isinstance(known, list) else [known]
    texts = [each if isinstance(each, str) else to_text(each) for each in examples]
    short = [text for text in texts if 0 < len(text) <= LONGEST][:EXAMPLES]
    more = [schema["x-members"]] if "x-members" in schema else []
    more += [f"for example {', '.join(short)}"] if short else []
    if not more:
        return words
    beside = "; ".join(more)
    return f"{words.removesuffix('.')}; {beside}" if words else beside[0].upper() + beside[1:]


def says_more(schema: Mapping[str, JSON]) -> bool:
    """Whether a schema with a `$ref` says more than the reference and words about it."""
    return any(keyword != "$ref" and keyword not in ANNOTATIONS for keyword in schema)


def _schemas(inner: JSON, keyword: str) -> list[JSON]:
    """The schemas below a rule."""
    if keyword == "dependentSchemas":
        return list(inner.values())
    return inner if isinstance(inner, list) else [inner]


def _policy(schema: Mapping[str, JSON], at: str) -> Merge | None:
    known = schema.get("x-merge")
    if known is not None and known not in list(Merge):
        raise SchemaError(path=at, construct=f"x-merge: {known!r}", remedy=f"use one of {', '.join(Merge)}")
    return None if known is None else Merge(known)


def _is_ref(schema: JSON) -> bool:
    return isinstance(schema, dict) and "$ref" in schema


def _described(node: Node, words: str) -> Node:
    return replace(node, description=words) if words else node


def _label(source: JSON, document: JSON) -> str:
    """A name for a branch: its title, or that of what it refers to."""
    if not isinstance(source, dict):
        return ""
    if "title" in source:
        return str(source["title"])
    if "$ref" in source:
        pointer = source["$ref"].removeprefix("#")
        return _label(get(document, pointer), document) or (parts(pointer) or ["root"])[-1]
    inner: Any = next(
        (each for each in source.get("allOf", ()) if isinstance(each, dict) and LABELLED & each.keys()), None
    )
    return _label(inner, document) if inner is not None else ""
