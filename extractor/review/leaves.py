"""A record as the rows of a page: each field, its value, where it stands, with what confidence, and its review."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from extractor.pipeline.corrections import Review
from extractor.review.passages import Mark
from extractor.schema.pointer import JSON, join

__all__ = ["Evidence", "as_text", "evidence_of", "placed", "rows", "values_of"]

Evidence = Mapping[str, list[dict[str, Any]]]
"""Pointer -> the lines of `evidence` that a record has for it."""

_TIERS = ("exact", "normalised", "fuzzy", "choice", "page", "none")


def evidence_of(lines: Iterable[Mapping[str, Any]]) -> tuple[Evidence, list[Mark]]:
    """Lines of evidence by pointer, and the same as marks numbered in their order."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    marks: list[Mark] = []
    for line in lines:
        numbered = dict(line)
        if line["start"] is not None:
            numbered["mark"] = len(marks)
            marks.append((line["start"], line["end"], len(marks)))
        found[line["path"]].append(numbered)
    return found, marks


def placed(lines: Iterable[Mapping[str, Any]]) -> list[tuple[int | None, Mark]]:
    """The marks of `evidence_of`, each with the page that its line names."""
    found = [line for line in lines if line["start"] is not None]
    return [(line["page"], (line["start"], line["end"], number)) for number, line in enumerate(found)]


def values_of(value: JSON, column: str = "") -> Iterator[tuple[str, str]]:
    """Every value in a record as text, with its field: a pointer with `*` for the numbers of items."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from values_of(inner, join(column, name))
    elif isinstance(value, list):
        for inner in value:
            yield from values_of(inner, f"{column}/*")
    elif value is not None:
        yield column, as_text(value)


def as_text(leaf: JSON) -> str:
    """A scalar as a page shows it: a browser would round numbers."""
    return leaf if isinstance(leaf, str) else orjson.dumps(leaf).decode()


def rows(
    review: Review, evidence: Evidence, confidence: Mapping[str, float], flagged: Collection[str]
) -> list[dict[str, Any]]:
    """The value as a flat list of rows, outermost first; `depth` says how they nest."""
    return list(_Rows(review, evidence, confidence, flagged).of(review.whole, "", "", 0))


@dataclass(frozen=True, slots=True)
class _Rows:
    review: Review
    evidence: Evidence
    confidence: Mapping[str, float]
    flagged: Collection[str]

    def of(self, value: JSON, name: str, pointer: str, depth: int) -> Iterator[dict[str, Any]]:
        if not isinstance(value, dict | list):
            if pointer or value is not None:
                yield self._leaf(value, name, pointer, depth)
            return
        if pointer:
            holds = {"holds": len(value), "list": isinstance(value, list)}
            yield {"name": name, "path": pointer, "depth": depth, **holds, **self._state(pointer)}
            depth += 1
        named = value.items() if isinstance(value, dict) else ((index, item) for index, item in enumerate(value))
        for inner, item in named:
            label = str(inner) if isinstance(value, dict) else str(int(inner) + 1)
            yield from self.of(item, label, join(pointer, inner), depth)

    def _leaf(self, value: JSON, name: str, pointer: str, depth: int) -> dict[str, Any]:
        row = {"name": name, "path": pointer, "depth": depth, "value": None if value is None else as_text(value)}
        row |= {"number": True} if isinstance(value, int | float) and not isinstance(value, bool) else {}
        row |= self._state(pointer)
        if value is None or self.review.replaced(pointer):
            return row
        lines = self.evidence.get(pointer, [])
        if lines:
            row["tier"] = min((line["tier"] for line in lines), key=_TIERS.index)
        row["places"] = [place for line in lines if (place := _place(line))]
        row |= {"flagged": True} if pointer in self.flagged else {}
        return row | ({"confidence": self.confidence[pointer]} if pointer in self.confidence else {})

    def _state(self, pointer: str) -> dict[str, Any]:
        """What a person decided about just this place."""
        step = self.review.states.get(pointer)
        if step is None:
            return {}
        was = None if step.was is None or isinstance(step.was, dict | list) else as_text(step.was)
        return {"state": step.action, "step": step.id, "was": was}


def _place(line: Mapping[str, Any]) -> dict[str, Any]:
    """Where a line of evidence points: the number of a mark in the text, a page, a box on the picture of that page."""
    found = {name: line.get(name) for name in ("mark", "page", "box")}
    return {name: value for name, value in found.items() if value is not None}
