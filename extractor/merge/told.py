"""What is told of single values follows them, from the answers about parts into the one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from extractor.schema.pointer import JSON, get, join, parts

__all__ = ["Told"]

T = TypeVar("T")


class Told(Generic[T]):
    """What answers tell of their values by pointer, kept by the very object or list that each stands in; the answers
    must outlive it. What is told of an item that was cut off is forgotten."""

    def __init__(self, answers: Iterable[tuple[JSON, Mapping[str, T]]]) -> None:
        self._told: dict[int, dict[str, T]] = {}
        for value, told in answers:
            for pointer, what in told.items():
                self._keep(value, pointer, what)

    def _keep(self, value: JSON, pointer: str, what: T) -> None:
        if not pointer:
            return
        try:
            owner = get(value, pointer.rpartition("/")[0])
        except (KeyError, IndexError, ValueError, TypeError):
            return
        if isinstance(owner, dict | list):
            self._told.setdefault(id(owner), {})[parts(pointer)[-1]] = what

    def first(self, merged: Mapping[str, JSON], said: Sequence[JSON]) -> Iterator[tuple[str, T]]:
        """What is told of each field of an object that was merged from these, by those who say the same; what the
        first of them tells comes last."""
        for value in reversed(said) if self._told else ():
            for name, what in self._told.get(id(value), {}).items():
                if isinstance(value, dict) and value.get(name) == merged.get(name):
                    yield name, what

    def unanimous(self, merged: Mapping[str, JSON], said: Sequence[JSON]) -> Iterator[str]:
        """The fields of an object that all who say the same tell something of."""
        for name in {name for name, _ in self.first(merged, said)}:
            alike = [one for one in said if isinstance(one, dict) and one.get(name) == merged.get(name)]
            if all(name in self._told.get(id(one), {}) for one in alike):
                yield name

    def below(self, path: str, value: Any) -> Iterator[tuple[str, T]]:
        """What is told of all in a value that was taken as it is, by pointer."""
        if not self._told or not isinstance(value, dict | list):
            return
        yield from ((join(path, name), what) for name, what in self._told.get(id(value), {}).items())
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from self.below(join(path, name), inner)
