"""A record as the rows of a page: each field, its value, where it stands, with what confidence, and its review."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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


def evidence_of(lines: Sequence[Mapping[str, Any]], review: Review) -> tuple[Evidence, list[Mark]]:
    """The evidence of the reviewed values by pointer, and all as marks: first what was extracted, in its order."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    marks: list[Mark] = []
    for number, line in enumerate([*lines, *review.evidence]):
        numbered = dict(line)
        if line["start"] is not None:
            numbered["mark"] = len(marks)
            marks.append((line["start"], line["end"], len(marks)))
        if number >= len(lines) or not review.replaced(line["path"]):
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
        if isinstance(value, dict):
            for inner, item in value.items():
                yield from self.of(item, inner, join(pointer, inner), depth)
        else:
            for number, index in enumerate(self.review.rows(pointer), 1):
                yield from self.of(value[index], str(number), join(pointer, index), depth)

    def _leaf(self, value: JSON, name: str, pointer: str, depth: int) -> dict[str, Any]:
        row = {"name": name, "path": pointer, "depth": depth, "value": None if value is None else as_text(value)}
        row |= {"number": True} if isinstance(value, int | float) and not isinstance(value, bool) else {}
        row |= self._state(pointer)
        if value is None:
            return row
        lines = self.evidence.get(pointer, [])
        if lines:
            row["tier"] = min((line["tier"] for line in lines), key=_TIERS.index)
        row["places"] = [place for line in lines if (place := _place(line))]
        row |= {"flagged": True} if pointer in self.flagged else {}
        if pointer in self.confidence and not self.review.replaced(pointer):
            row["confidence"] = self.confidence[pointer]
        return row

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
