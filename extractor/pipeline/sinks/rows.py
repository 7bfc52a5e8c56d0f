"""A record as the rows of its tables.

A row of a list's table has an `id` (`invoice.pdf#/lines/0`, the JSON pointer that evidence is told by), the `parent_id`
of the row that it belongs to (a document's name, at the top) and its `position` in the list. What a column cannot hold
exactly (a misread number, a property that was never declared) goes to `other`, as JSON text by JSON pointer, so that no
row says less than its record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from extractor.pipeline.sinks.layout import DOCUMENT, MISFIT, Column, Items, Layout, Place, Table, as_json, converted
from extractor.schema.pointer import JSON, join

__all__ = ["Batch", "Row", "Store", "batches", "rows"]

Row = list[Any]

Batch = dict[Table, list[Row]]
"""Rows of whole documents, by table."""

Store = Callable[[Column, Any], Any]
"""What a format stores for a cell of a column (a list, for one of many), or MISFIT where it cannot hold it exactly."""


def batches(layout: Layout, records: Iterable[Mapping[str, Any]], store: Store, *, size: int = 5000) -> Iterator[Batch]:
    """The rows of lines of records.jsonl, a batch of whole documents at a time: `size` rows, or one document's more."""
    batch, count = _none_yet(layout), 0
    for record in records:
        for table, row in rows(layout, record, store):
            batch[table].append(row)
            count += 1
        if count >= size:
            yield batch
            batch, count = _none_yet(layout), 0
    if count:
        yield batch


def _none_yet(layout: Layout) -> Batch:
    return {table: [] for table in layout.every}


def rows(layout: Layout, record: Mapping[str, Any], store: Store) -> Iterator[tuple[Table, Row]]:
    """The rows of one line of records.jsonl, each after the row that it belongs to."""
    document = [record[name] for name in DOCUMENT]
    first = [*document, bool(record.get("corrected"))]
    if layout.carries:
        columns = record.get("columns")
        first.append(None if columns is None else store(layout.tables[0].columns[len(first)], columns))
    value = record["value"]
    if not layout.kinds:
        yield from _rows(layout.tables[0], first, layout.place, value, "", store)
    else:
        kind = record.get("kind")
        yield from _rows(layout.tables[0], first, layout.place, {"kind": kind}, "", store)
        items = layout.kinds.get(kind) if kind else None
        if items and value is not None:
            yield from _rows(items.table, first, items.place, value, "", store)
    for suffix, known in (("evidence", _evidence), ("problems", _problems), ("usage", _usage)):
        table = layout.companions[suffix]
        for cells in known(record):
            own = zip(table.columns[len(DOCUMENT) :], cells, strict=True)
            yield table, document + [None if cell is None else store(column, cell) for column, cell in own]


def _evidence(record: Mapping[str, Any]) -> Iterator[Row]:
    confidence, places = record.get("confidence", {}), Counter[str]()
    for line in record.get("evidence", ()):
        path = line["path"]
        yield [path, places[path], line["start"], line["end"], line["page"], line["tier"], confidence.get(path)]
        places[path] += 1


def _problems(record: Mapping[str, Any]) -> Iterator[Row]:
    for position, problem in enumerate(record.get("problems", ())):
        yield [position, problem["path"], problem["message"]]


def _usage(record: Mapping[str, Any]) -> Iterator[Row]:
    counts, used = [record.get(name) for name in ("run", "chunks", "attempts")], record.get("usage", {})
    tokens = ("prompt_tokens", "cached_tokens", "completion_tokens", "cost_usd")
    yield [*counts, len(record.get("repairs", ())), *map(used.get, tokens)]


def _rows(table: Table, fixed: Row, place: Place, value: JSON, at: str, store: Store) -> Iterator[tuple[Table, Row]]:
    filling = _Filling(table, fixed, store)
    filling.put(place, value, at)
    yield table, filling.row()
    document, own = fixed[: len(DOCUMENT)], fixed[3] if "id" in table.key else fixed[0]
    for items, path, values in filling.lists:
        for position, item in enumerate(values):
            here = join(path, position)
            identity = [f"{document[0]}#{here}", own, position]
            yield from _rows(items.table, document + identity, items.place, item, here, store)


class _Filling:
    """A row being filled, and the lists that go to other tables."""

    def __init__(self, table: Table, fixed: Row, store: Store) -> None:
        self.lists: list[tuple[Items, str, list[JSON]]] = []
        self._cells: Row = fixed + [None] * (len(table.columns) - len(fixed))
        self._other: dict[str, JSON] = {}
        self._store = store

    def put(self, place: Place, value: JSON, at: str) -> None:
        """Put a value, or the values in it, where they belong."""
        if value is None:
            return
        match place:
            case Column() if (cell := self._cell(place, value)) is not MISFIT:
                self._cells[place.index] = cell
            case Items() if isinstance(value, list):
                self.lists.append((place, at, value))
            case dict() if isinstance(value, dict):
                for name, inner in value.items():
                    self.put(place.get(name), inner, join(at, name))
            case _:
                self._other[at] = value

    def row(self) -> Row:
        """The row, once everything is put."""
        self._cells[-1] = as_json(self._other) if self._other else None
        return self._cells

    def _cell(self, column: Column, value: JSON) -> Any:
        if not column.many:
            cell = converted(column.type, value)
        elif isinstance(value, list):
            cell = [None if item is None else converted(column.type, item) for item in value]
        else:
            return MISFIT
        misfit = cell is MISFIT or (column.many and MISFIT in cell)
        return MISFIT if misfit else self._store(column, cell)
