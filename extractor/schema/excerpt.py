"""A schema for a part of a document: nothing that the whole must say has to stand in every part of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from extractor.errors import InvalidValue, Problem
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, get
from extractor.schema.sources import Source
from extractor.schema.text import from_text
from extractor.schema.tree import Array, Choice, Node, Record, Row, Slot, Tree, Union

__all__ = ["Excerpt", "excerpt"]


class Excerpt(Schema[JSON]):
    """A schema with nothing required. Its values are declared JSON, in which whatever was not said is left out."""

    def __init__(self, whole: Schema[Any]) -> None:
        super().__init__(_Lenient(whole.source), _loose_tree(whole.declared), whole.dialect, counts=whole.counts)


@lru_cache(maxsize=64)
def excerpt(whole: Schema[Any]) -> Excerpt:
    """The schema to ask about parts with; what it allows beyond the whole is only that something is missing."""
    return Excerpt(whole)


class _Lenient:
    """The judge of the whole, deaf to what is missing."""

    def __init__(self, whole: Source) -> None:
        self.whole = whole
        self.document, self.name, self.description = whole.document, whole.name, whole.description

    def validate_json(self, text: str | bytes) -> JSON:
        return self.validate(from_text(text))

    def validate(self, value: JSON) -> JSON:
        try:
            self.whole.validate(value)
        except InvalidValue as error:
            if problems := tuple(_present(error.problems, value)):
                raise InvalidValue(problems) from error
        return value

    def dump(self, value: JSON) -> JSON:
        return value


def _present(problems: Iterable[Problem], value: JSON) -> Iterable[Problem]:
    """The problems of what is there; a list without items counts as not there."""
    for problem in problems:
        try:
            found = get(value, problem.path)
        except (KeyError, IndexError, ValueError, TypeError):
            continue
        if found is not None and found != []:
            yield problem


def _loose_tree(tree: Tree) -> Tree:
    return Tree(_loose(tree.root), {name: _loose(node) for name, node in tree.definitions.items()}, tree.wrapped)


def _loose(node: Node) -> Node:
    match node:
        case Record():
            return replace(node, slots=tuple(map(_loose_slot, node.slots)))
        case Array():
            facts = {name: fact for name, fact in node.facts.items() if name != "minItems"}
            return replace(node, item=_loose(node.item), facts=facts)
        case Row():
            return replace(node, items=tuple(map(_loose, node.items)))
        case Union():
            return replace(node, branches=tuple(map(_loose, node.branches)))
    return node


def _loose_slot(slot: Slot) -> Slot:
    """A constant says which of several kinds an object is, so it stays."""
    constant = isinstance(slot.node, Choice) and len(slot.node.values) == 1
    return replace(slot, node=_loose(slot.node), required=slot.required and constant)
