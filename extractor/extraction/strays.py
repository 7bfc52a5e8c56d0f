"""Rows that were listed outside the part that was asked about, and rows of overlapping parts that were listed twice.

A view shows more than it asks about, and a model may list a row that begins in the part before or after. Such a row
goes where its own part has a row at that place, which takes what it lacks from it, and stays where it has none.

    part 1  lines 1-2   listed: 1, 2, 3        part 2  lines 3-4   listed: 3, 4        ->   1, 2, 3, 4
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from extractor.errors import Problem
from extractor.extraction.answers import Row, filled
from extractor.extraction.ground import Range, place_rows
from extractor.extraction.likeness import agree
from extractor.extraction.parts import Part
from extractor.extraction.reading import Reading
from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON

__all__ = ["count_strays", "without_strays"]

_REACH = 12
"""Parts to each side in which a stray row is sought: more than any view shows."""


def without_strays(schema: Schema[JSON], text: str, readings: Sequence[Reading]) -> list[Reading]:
    """The readings without rows that another part lists at their place. Lists with a key are joined by it instead."""
    result = list(readings)
    if len(readings) < 2 or not text:
        return result
    for path in schema.lists:
        known = schema.field(path)
        if not (known and known.keys):
            listed = [list(reading.rows.get(path, ())) for reading in readings]
            remaining = _each_once([reading.part for reading in readings], listed, text, schema, path)
            result = [
                replace(reading, rows={**reading.rows, path: rows}) if path in reading.rows else reading
                for reading, rows in zip(result, remaining, strict=True)
            ]
    return [_answered(reading, before) for reading, before in zip(result, readings, strict=True)]


def _answered(reading: Reading, before: Reading) -> Reading:
    """A reading whose rows are all those of other parts, with that as a loss: its own may not have been listed. One row
    alone is a neighbour's, listed for a part without any."""
    listed = sum(map(len, before.rows.values()))
    if listed < 2 or any(reading.rows.values()):
        return reading
    loss = Problem("", f"all {listed} items that were listed are those of other parts")
    keys = tuple(key for answer in reading.answers for key in answer.requests)
    return replace(reading, losses=(*reading.losses, loss), retry=tuple(dict.fromkeys((*reading.retry, *keys))))


def count_strays(schema: Schema[JSON], text: str, view: tuple[int, int], readings: Sequence[Reading]) -> int:
    """How many rows of the readings of a view begin in it outside their part."""
    strays = 0
    for reading in readings:
        start, end = reading.part.start, reading.part.end
        for path, rows in reading.rows.items():
            known = schema.field(path)
            if not (known and known.keys):
                where: dict[str, Any] = {"start": start, "end": end, "around": view, "schema": schema, "pointer": path}
                places = place_rows([row.value for row in rows], text, **where)
                strays += sum(place is not None and not start <= place[0] < end for place in places)
    return strays


def _each_once(
    parts: Sequence[Part], listed: Sequence[list[Row]], text: str, schema: Schema[JSON], path: str
) -> list[list[Row]]:
    """The rows of each part, each place once: for the part that it is in, or for the first of several."""

    def places(rows: Sequence[Row], at: int) -> list[Range | None]:
        near = parts[max(0, at - _REACH) : at + _REACH + 1]
        where: dict[str, Any] = {"start": parts[at].start, "end": parts[at].end, "schema": schema, "pointer": path}
        around = (near[0].start, near[-1].end)
        return place_rows([row.value for row in rows], text, around=around, **where) if rows else []

    found = [places(rows, at) for at, rows in enumerate(listed)]
    owners: dict[int, tuple[int, Row]] = {}
    for at, (rows, own) in enumerate(zip(listed, found, strict=True)):
        for row, place in zip(rows, own, strict=True):
            if place and parts[at].start <= place[0] < parts[at].end:
                owners.setdefault(place[0], (at, row))

    whole: dict[int, Row] = {}

    def joins_another(at: int, row: Row, place: Range | None) -> bool:
        owner, its = owners.get(place[0], (at, row)) if place else (at, row)
        value = whole.get(id(its), its).value
        if owner == at or not agree(row.value, value):
            return False
        whole[id(its)] = replace(its, value=filled(value, row.value))
        return True

    remaining = [
        [row for row, place in zip(rows, own, strict=True) if not joins_another(at, row, place)]
        for at, (rows, own) in enumerate(zip(listed, found, strict=True))
    ]
    return [[whole.get(id(row), row) for row in rows] for rows in remaining]
