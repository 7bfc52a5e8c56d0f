"""Whether a value is plainly of its schema, as most are: a quick test, made once for a schema, before a close look.

It is a core schema of pydantic, strict and without coercion. It never says so of a value that fitting.py would change,
leave out or refuse; it may say no of one that is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic_core import CoreConfig, SchemaValidator, core_schema

from extractor.repair.kinds import CANONICAL, ONLY_TEXT, PRESENT_TEXT
from extractor.schema.tree import Absent, Array, Choice, Leaf, Node, Record, Ref, Row, Tree, Union, is_null

__all__ = ["plainly"]

_CONFIG = CoreConfig(strict=True, extra_fields_behavior="forbid", allow_inf_nan=False)
_SCALARS: dict[str, Any] = {
    "boolean": core_schema.bool_schema(),
    "integer": core_schema.int_schema(),
    "number": core_schema.float_schema(),
    **{
        kind: core_schema.str_schema(pattern=re.compile(rf"\A(?:{form.pattern})\Z", re.ASCII))
        for kind, form in CANONICAL.items()
    },
}
_NULL = core_schema.none_schema()
_COUNT, _QUOTE = map(core_schema.nullable_schema, (core_schema.int_schema(), core_schema.str_schema()))


def _constants(values: tuple[Any, ...]) -> Any:
    """The test of constants, type by type, for Python takes true for 1."""
    types = {str: core_schema.str_schema(), int: core_schema.int_schema(), bool: core_schema.bool_schema()}
    groups = {type_: [each for each in values if type(each) is type_] for type_ in types}
    tests = [
        core_schema.chain_schema([types[t], core_schema.literal_schema(group)]) for t, group in groups.items() if group
    ]
    return core_schema.union_schema([*tests, *([_NULL] if None in values or not tests else [])])


def plainly(tree: Tree) -> Callable[[Any], bool]:
    """The test of a laid-out tree; of an object of which nothing is required there is none, for it may be empty."""
    tests, record = _Tests(tree), tree.resolve(tree.root)
    empty = isinstance(record, Record) and all(slot.absent is Absent.OMIT for slot in record.slots)
    root = _NULL if empty else tests.of(tree.root, nullable=False)
    return SchemaValidator(core_schema.definitions_schema(root, list(tests.named.values())), _CONFIG).isinstance_python


class _Tests:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.named: dict[str, Any] = {}

    def of(self, node: Node, *, nullable: bool) -> Any:
        """The test of one node, `nullable` where null may stand for it."""
        test = self.beside_null(node, nullable)
        return core_schema.nullable_schema(test) if nullable else test

    def beside_null(self, node: Node, nullable: bool) -> Any:
        match node:
            case Ref(name=name):
                return self.reference(name, nullable)
            case Union():
                return self.union(node, nullable)
            case Leaf(kind=kind):
                return _SCALARS.get(kind) or core_schema.str_schema(pattern=PRESENT_TEXT if nullable else ONLY_TEXT)
            case Choice(values=values, texts=False):
                return _constants(values)
            case Array(item=item):
                return core_schema.list_schema(self.beside_null(item, nullable=isinstance(item, Leaf)))
            case Row(names=(), items=items, rest=None):
                inner = [self.of(item, nullable=False) for item in items]
                return core_schema.tuple_schema(inner, strict=False)
            case Record(rest=()):
                return self.record(node, "")
        return _NULL

    def reference(self, name: str, nullable: bool) -> Any:
        ref = f"{name}:{nullable}"
        if ref not in self.named:
            self.named[ref] = None
            self.named[ref] = {**self.of(self.tree.definitions[name], nullable=nullable), "ref": ref}
        return core_schema.definition_reference_schema(ref)

    def union(self, union: Union, nullable: bool) -> Any:
        """Any branch; of objects that a property tells apart each has it."""
        others = [branch for branch in union.branches if not is_null(self.tree.resolve(branch))]
        nullable = nullable or len(others) < len(union.branches)
        own, choices = self.tree.choices(union)
        objects = [branch for branch, _ in choices if isinstance(self.tree.resolve(branch), Record)]
        tests = [
            self.record(self.tree.resolve(branch), own) if branch in objects else self.of(branch, nullable=nullable)
            for branch in others
        ]
        return core_schema.union_schema(tests, mode="left_to_right") if tests else _NULL

    def record(self, node: Node, own: str) -> Any:
        assert isinstance(node, Record)
        helpers = {slot.count: _COUNT for slot in node.slots} | {slot.quote: _QUOTE for slot in node.slots}
        fields = {name: core_schema.typed_dict_field(test, required=False) for name, test in helpers.items() if name}
        for slot in node.slots:
            nullable = slot.absent is not Absent.NEVER or slot.blank
            test = self.beside_null(slot.node, nullable) if slot.wire == own else self.of(slot.node, nullable=nullable)
            fields[slot.wire] = core_schema.typed_dict_field(test, required=slot.absent is not Absent.OMIT)
        if node.tag:
            fields[node.tag[0]] = core_schema.typed_dict_field(core_schema.literal_schema([node.tag[1]]))
        return core_schema.typed_dict_schema(fields, config=_CONFIG)
