"""Small rules that a JSON value keeps or breaks; `parameters.py` says the whole request in them.

A rule says in words what it takes (`a number from 0 to 2`) and lists what is wrong with a value, place by place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from extractor.errors import Problem
from extractor.schema.pointer import join

__all__ = ["Either", "Fields", "Items", "Leaf", "OneOf", "Rule", "Tagged", "brief", "number", "text", "whole", "word"]

Test = Callable[[Any], bool]


class Rule(Protocol):
    """What a value must be, in words and as a check."""

    @property
    def says(self) -> str:
        """What it takes, as the end of the sentence "must be ..."."""

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        """What is wrong with `value`, which stands at the pointer `path`; nothing when it is right."""


def brief(value: Any, limit: int = 40) -> str:
    """A value as one short piece of a message."""
    short = repr(value)
    return short if len(short) <= limit else f"{short[: limit - 3]}..."


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value judged as one piece."""

    says: str
    test: Test

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if not self.test(value):
            yield Problem(path, f"{brief(value)} is not {self.says}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(low: float, high: float) -> Leaf:
    """Any number from `low` to `high`, both included; never NaN."""
    return Leaf(f"a number from {low:g} to {high:g}", lambda value: _is_number(value) and low <= value <= high)


def whole(low: int | None = None, high: int | None = None) -> Leaf:
    """An integer, from `low` and up to `high` where they are given."""
    bounds = "" if low is None else f" of at least {low}" if high is None else f" from {low} to {high}"

    def test(value: Any) -> bool:
        return _is_whole(value) and (low is None or value >= low) and (high is None or value <= high)

    return Leaf(f"an integer{bounds}", test)


def text(at_least: int = 0) -> Leaf:
    """A string of at least so many characters."""
    says = "a string" if not at_least else "a string that is not empty"
    return Leaf(says, lambda value: isinstance(value, str) and len(value) >= at_least)


def word(*words: str) -> Leaf:
    """One of a few words."""
    return Leaf(f"one of {', '.join(words)}", lambda value: isinstance(value, str) and value in words)


@dataclass(frozen=True, slots=True)
class Items:
    """An array of values that each keep one rule."""

    rule: Rule
    at_least: int = 0
    at_most: int | None = None

    @property
    def says(self) -> str:
        most = f" to {self.at_most}" if self.at_most is not None else " or more" if self.at_least else ""
        return f"an array of {self.at_least}{most} items" if most else "an array"

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            yield Problem(path, f"{brief(value)} is not {self.says}")
            return
        if not self.at_least <= len(value) <= (len(value) if self.at_most is None else self.at_most):
            yield Problem(path, f"{len(value)} items, but it must be {self.says}")
        for index, item in enumerate(value):
            yield from self.rule.problems(item, join(path, index))


@dataclass(frozen=True, slots=True)
class Fields:
    """An object: what must be there and what may be there; other names pass."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    every: Rule | None = None
    at_most: int | None = None

    @property
    def says(self) -> str:
        names = f" with {', '.join(self.required)}" if self.required else ""
        most = f" of up to {self.at_most} entries" if self.at_most is not None else ""
        inner = f" whose values are each {self.every.says}" if self.every else ""
        return f"an object{names}{most}{inner}"

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(path, f"{brief(value)} is not {self.says}")
            return
        if self.at_most is not None and len(value) > self.at_most:
            yield Problem(path, f"{len(value)} entries, but it must be {self.says}")
        for name in self.required:
            if name not in value:
                yield Problem(path, f"{name!r} is missing")
        for name, inner in value.items():
            rule = self.required.get(name) or self.optional.get(name) or self.every
            if rule is not None:
                yield from rule.problems(inner, join(path, name))


@dataclass(frozen=True, slots=True)
class Either:
    """A value that keeps at least one of several rules."""

    rules: tuple[Rule, ...]

    @property
    def says(self) -> str:
        return " or ".join(rule.says for rule in self.rules)

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        broken = [list(rule.problems(value, path)) for rule in self.rules]
        if not all(broken):
            return
        inside = [problems for problems in broken if all(problem.path != path for problem in problems)]
        yield from inside[0] if inside else [Problem(path, f"{brief(value)} is not {self.says}")]


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object whose field `tag` decides which rule it must keep."""

    tag: str
    cases: Mapping[str, Rule]

    @property
    def says(self) -> str:
        return f"an object whose {self.tag} is one of {', '.join(self.cases)}"

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(path, f"{brief(value)} is not {self.says}")
        elif self.tag not in value:
            yield Problem(path, f"{self.tag!r} is missing")
        elif not isinstance(value[self.tag], str) or value[self.tag] not in self.cases:
            yield from word(*self.cases).problems(value[self.tag], join(path, self.tag))
        else:
            yield from self.cases[value[self.tag]].problems(value, path)


@dataclass(frozen=True, slots=True)
class OneOf:
    """An object that has exactly one of a few fields, and perhaps others beside it."""

    names: tuple[str, ...]
    fields: Mapping[str, Rule]

    @property
    def says(self) -> str:
        return f"an object with exactly one of {', '.join(self.names)}"

    def problems(self, value: Any, path: str = "") -> Iterator[Problem]:
        if isinstance(value, Mapping) and sum(name in value for name in self.names) != 1:
            present = " and ".join(name for name in self.names if name in value) or "none of them"
            yield Problem(path, f"{present} given, but it must be {self.says}")
        yield from Fields({}, self.fields).problems(value, path)
