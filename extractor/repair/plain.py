"""Whether a value is plainly of its schema, as most are: a quick test, made once for a schema, before a close look.

It never says so of a value that fitting.py would change, leave out or refuse; it may say no of one that is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from extractor.repair.kinds import CANONICAL, absent, is_plain_text
from extractor.schema.pointer import JSON
from extractor.schema.tree import Absent, Array, Choice, Leaf, Node, Record, Ref, Row, Slot, Tree, Union, is_null

__all__ = ["plainly"]

Test = Callable[[Any], bool]


def plainly(tree: Tree) -> Test:
    """The test of a laid-out tree."""
    return _Tests(tree).of(tree.root, nullable=False)


class _Tests:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.named: dict[tuple[str, bool], Test] = {}

    def of(self, node: Node, *, nullable: bool) -> Test:
        """The test of one node; null passes it, for the schema judges that."""
        match node:
            case Ref(name=name):
                return self.reference(name, nullable)
            case Union():
                return self.union(node, nullable)
            case Leaf(kind=kind):
                return _leaf(kind, nullable)
            case Choice(values=values, texts=False):
                known = {(type(value), value) for value in values}
                return lambda value: value is None or (type(value), _hashable(value)) in known
            case Array(item=item):
                each = self.of(item, nullable=False)
                return lambda value: value is None or (type(value) is list and all(map(each, value)))
            case Row(names=(), items=items, rest=None):
                tests = [self.of(item, nullable=False) for item in items]
                return lambda value: (
                    value is None
                    or (
                        type(value) is list
                        and len(value) == len(tests)
                        and all(t(v) for t, v in zip(tests, value, strict=True))
                    )
                )
            case Record(pairs="", rest=()):
                return self.record(node)
        return lambda value: value is None

    def reference(self, name: str, nullable: bool) -> Test:
        key = (name, nullable)
        if key not in self.named:
            self.named[key] = lambda value: self.named[key](value)
            self.named[key] = self.of(self.tree.definitions[name], nullable=nullable)
        return self.named[key]

    def union(self, union: Union, nullable: bool) -> Test:
        others = [branch for branch in union.branches if not is_null(self.tree.resolve(branch))]
        nullable = nullable or len(others) < len(union.branches)
        tests = [self.of(branch, nullable=nullable) for branch in others]
        own, _ = self.tree.choices(union)
        if len(tests) == 1:
            return tests[0]
        return lambda value: (
            not (own and type(value) is dict and value.get(own) is None) and any(test(value) for test in tests)
        )

    def record(self, node: Record) -> Test:
        tests = {slot.wire: self.slot(slot) for slot in node.slots if slot.absent is not Absent.BOX}
        declared = {slot.wire for slot in node.slots}
        helpers = [name for slot in node.slots for name in (slot.count, slot.quote) if name]
        tests |= dict.fromkeys(helpers, _scalar)
        if node.tag:
            label = node.tag[1]
            tests[node.tag[0]] = lambda value: bool(value == label)

        def test(value: JSON) -> bool:
            if type(value) is not dict:
                return value is None
            try:
                return not (declared and declared.isdisjoint(value)) and all(
                    tests[name](item) for name, item in value.items()
                )
            except KeyError:
                return False

        return test

    def slot(self, slot: Slot) -> Test:
        return self.of(slot.node, nullable=slot.absent is not Absent.NEVER or slot.blank)


def _leaf(kind: str, nullable: bool) -> Test:
    match kind:
        case "boolean":
            return lambda value: value is None or type(value) is bool
        case "integer":
            return lambda value: value is None or type(value) is int
        case "number":
            return lambda value: value is None or type(value) is int or (type(value) is float and math.isfinite(value))
    if kind in CANONICAL:
        matches = CANONICAL[kind].fullmatch
        return lambda value: value is None or (type(value) is str and matches(value) is not None)
    return lambda value: (
        value is None or (type(value) is str and is_plain_text(value) and not (nullable and absent(value)))
    )


def _scalar(value: JSON) -> bool:
    return value is None or type(value) in (int, str)


def _hashable(value: JSON) -> JSON:
    return value if value is None or isinstance(value, str | int | float) else repr(value)
