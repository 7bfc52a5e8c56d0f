"""Quotes follow the values that they were given for, from the answers about parts into the one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from extractor.schema.pointer import JSON, get, join, parts

if TYPE_CHECKING:
    from extractor.merge.merge import Part

__all__ = ["Quoted"]


class Quoted:
    """Quotes by the very object of an answer whose fields they belong to; the answers must outlive it."""

    def __init__(self, answers: Sequence[Part]) -> None:
        self._quotes: dict[int, dict[str, str]] = {}
        for part in answers:
            for pointer, quote in part.quotes.items():
                self._keep(part.value, pointer, quote)

    def _keep(self, value: JSON, pointer: str, quote: str) -> None:
        above, _, _ = pointer.rpartition("/")
        try:
            owner = get(value, above)
        except (KeyError, IndexError, ValueError, TypeError):  # of an item that was cut off
            return
        if isinstance(owner, dict):
            self._quotes.setdefault(id(owner), {})[parts(pointer)[-1]] = quote

    def of(self, merged: Mapping[str, JSON], said: Sequence[JSON]) -> Iterator[tuple[str, str]]:
        """The first quote for each field of an object that was merged from these, where it says the same."""
        for value in reversed(said) if self._quotes else ():
            for name, quote in self._quotes.get(id(value), {}).items():
                if isinstance(value, dict) and value.get(name) == merged.get(name):
                    yield name, quote

    def below(self, path: str, value: Any) -> Iterator[tuple[str, str]]:
        """The quotes of all fields in a value that was taken as it is, by pointer."""
        if not self._quotes or not isinstance(value, dict | list):
            return
        if isinstance(value, dict):
            yield from ((join(path, name), quote) for name, quote in self._quotes.get(id(value), {}).items())
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from self.below(join(path, name), inner)
