"""A record as the rows of a review page: each field, its value, where it stands and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from extractor.pipeline.result import is_flagged
from extractor.review.passages import Mark
from extractor.schema.pointer import JSON, join

__all__ = ["Evidence", "evidence_of", "rows"]

Evidence = Mapping[str, list[dict[str, Any]]]
"""Pointer -> the lines of `evidence` that a record has for it."""

_TIERS = ("exact", "normalised", "fuzzy", "choice", "page", "none")


def evidence_of(record: Mapping[str, Any]) -> tuple[Evidence, list[Mark]]:
    """A record's evidence by pointer, and the same as marks numbered in its order."""
    lines: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    marks: list[Mark] = []
    for line in record.get("evidence") or ():
        if line["start"] is not None:
            marks.append((line["start"], line["end"], len(marks)))
            line = {**line, "mark": len(marks) - 1}
        lines[line["path"]].append(line)
    return lines, marks


def rows(record: Mapping[str, Any], evidence: Evidence) -> list[dict[str, Any]]:
    """The record's value as a flat list of rows, outermost first; `depth` says how they nest."""
    return list(_rows(record["value"], "", "", 0, evidence, record.get("confidence") or {}))


def _rows(
    value: JSON, name: str, pointer: str, depth: int, evidence: Evidence, sure: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    if pointer == "" and value is None:
        return
    if isinstance(value, dict | list) and pointer == "":
        yield from _inner(value, pointer, depth, evidence, sure)
    elif isinstance(value, dict | list):
        yield {"name": name, "path": pointer, "depth": depth, "holds": len(value), "list": isinstance(value, list)}
        yield from _inner(value, pointer, depth + 1, evidence, sure)
    else:
        yield _leaf(value, name, pointer, depth, evidence.get(pointer, []), sure.get(pointer))


def _inner(
    value: dict[str, JSON] | list[JSON], pointer: str, depth: int, evidence: Evidence, sure: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    named = value.items() if isinstance(value, dict) else ((index, item) for index, item in enumerate(value))
    for name, inner in named:
        label = str(name) if isinstance(value, dict) else str(int(name) + 1)
        yield from _rows(inner, label, join(pointer, name), depth, evidence, sure)


def _leaf(
    value: JSON, name: str, pointer: str, depth: int, lines: list[dict[str, Any]], sure: float | None
) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "path": pointer, "depth": depth, "value": value}
    if value is None:
        return row
    if lines:
        row["tier"] = min((line["tier"] for line in lines), key=_TIERS.index)
    row["places"] = [_place(line) for line in lines if _place(line)]
    row |= {"flagged": True} if any(map(is_flagged, lines)) else {}
    return row | ({"sure": sure} if sure is not None else {})


def _place(line: Mapping[str, Any]) -> dict[str, Any]:
    """Where a line of evidence points: the number of a mark in the text, a page, a box on the picture of that page."""
    found = {name: line.get(name) for name in ("mark", "page", "box")}
    return {name: value for name, value in found.items() if value is not None}
