"""What the items of a list nearly always say, in whatever record and part of a document the list stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from extractor.merge.likeness import silent
from extractor.schema.pointer import JSON, parts

__all__ = ["Usual"]

_ENOUGH = 10
"""Items, of which fewer show no custom."""
_SHARE = 0.85
"""Of the items; a cut between parts makes two of one, of which one does not say what the other does."""


class Usual:
    """The usual fields of lists, by `face`: a pointer into the answers with 0 for every index."""

    def __init__(self, answers: Sequence[JSON]) -> None:
        self._answers = answers
        self._known: dict[str, frozenset[str]] = {}

    def fields(self, face: str) -> frozenset[str]:
        """The scalar fields that nearly all items of the lists at `face` say."""
        if face not in self._known:
            self._known[face] = self._read([*parts(face), "0"])
        return self._known[face]

    def _read(self, steps: list[str]) -> frozenset[str]:
        items = [item for answer in self._answers for item in _below(answer, steps) if isinstance(item, dict)]
        if len(items) < _ENOUGH:
            return frozenset()
        said = Counter(name for item in items for name, value in item.items() if _says(value))
        return frozenset(name for name, count in said.items() if count >= _SHARE * len(items))


def _says(value: JSON) -> bool:
    return not isinstance(value, dict | list) and not silent(value)


def _below(value: JSON, steps: Sequence[str]) -> Iterator[JSON]:
    """All that stands at the end of these steps; a step into a list goes into each of its items."""
    if not steps:
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _below(item, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _below(value[steps[0]], steps[1:])
