"""A schema as tables, and records as their rows. They have the same names, columns and rows in every format.

The first table is named after the schema (`invoice`) and has a row for each document. Nested objects are flattened into
columns (`seller_name`); each list of objects is a table of its own (`invoice_lines`); a list of scalars is one column,
and so is whatever has no fixed shape. Alternatives share a column where they agree. Every table begins with `document`,
`sha256` and `status`; that of a list goes on with `id`, `parent_id` and `position`. The last column, `other`, has what
fits nowhere else.

Where the documents are rows of a table, the first table has their other columns in `columns`, as JSON.

Three more tables tell what is known about the values. They begin with the same three columns:

    invoice_evidence    path, position, span_start, span_end, page, tier, confidence: a row for each place of a value
    invoice_problems    position, path, message: what is wrong with a document
    invoice_usage       run, chunks, attempts, repairs, prompt_tokens, cached_tokens, completion_tokens, cost_usd

Where each document is of one of several kinds, the first table has the `kind` of each document and no value. Each kind
has tables of its own, named after it (`invoice`, `invoice_lines`), with rows for its documents alone.

A row of a list's table has an `id` (`invoice.pdf#/lines/0`, the JSON pointer that evidence is told by), the `parent_id`
of the row that it belongs to (a document's name, at the top) and its `position` in the list. What a column cannot hold
exactly (a misread number, a property that was never declared) goes to `other`, as JSON text by JSON pointer, so that no
row says less than its record.

`path` is a JSON pointer into the value of the document, as in records.jsonl. Files leave out the name of the schema:
`records.csv`, `records.lines.csv`, `records.evidence.csv`.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal

import orjson
from pydantic import TypeAdapter, ValidationError

from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON, join
from extractor.schema.tree import Array, Choice, Leaf, Node, Record, Tree, alternatives, is_null

__all__ = [
    *("COMPANIONS", "DOCUMENT", "MISFIT", "SCALE", "WIDTH", "Batch", "Column", "Layout", "Place", "Row", "Store"),
    *("Table", "Type", "as_json", "batches", "converted", "every", "fits_decimal", "lay_out", "possible"),
    *("rows", "scalar_type"),
]

Type = Literal["text", "integer", "number", "decimal", "boolean", "date", "datetime", "json"]
"""What a column holds; `json` is any JSON value."""

DOCUMENT = ("document", "sha256", "status")
"""What every table begins with; in the first one, `corrected` follows: whether a person changed the record."""

COMPANIONS: Mapping[str, Mapping[str, Type]] = {
    "evidence": {
        **{"path": "text", "position": "integer", "span_start": "integer", "span_end": "integer", "page": "integer"},
        **{"tier": "text", "confidence": "number"},
    },
    "problems": {"position": "integer", "path": "text", "message": "text"},
    "usage": {
        **dict.fromkeys(("run", "chunks", "attempts", "repairs"), "integer"),
        **dict.fromkeys(("prompt_tokens", "cached_tokens", "completion_tokens"), "integer"),
        "cost_usd": "number",
    },
}
"""The columns of the tables that tell what is known about the values, by suffix."""

_OF_ITEM: Mapping[str, Type] = {"id": "text", "parent_id": "text", "position": "integer"}
"""The columns of the tables of lists, after the first ones."""

_LONGEST = 63
"""Bytes of a name in PostgreSQL; a longer one would be cut there, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Column:
    """A name and what is in it; `many` for a list of such values. `index` is its place in a row."""

    name: str
    type: Type
    many: bool
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table. Its columns are the fixed ones, those of the schema, and at the end `other`: what fits nowhere.

    `suffix` is the name without that of the first table, "" for the first table itself. `key` are the columns that
    tell its rows apart.
    """

    name: str
    suffix: str = ""
    key: tuple[str, ...] = ("document",)
    columns: list[Column] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Items:
    """A list of objects: the table of its items, and where the values of one of them go."""

    table: Table
    place: Place


Place = Column | Items | dict[str, Any] | None
"""What a value goes to: a cell, rows of a table, the places of its properties, or none (it was never declared)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of a schema, the one with a row for each document first, and where the values of a record go.

    `companions` are the tables that tell what is known about the values, by their suffix. `kinds` has the first table
    of each kind, and where the values of such a document go. With `carries`, documents have columns of their own.
    """

    tables: tuple[Table, ...]
    place: Place
    companions: Mapping[str, Table]
    kinds: Mapping[str, Items]
    carries: bool = False

    @property
    def every(self) -> tuple[Table, ...]:
        """All tables that are written."""
        return (*self.tables, *self.companions.values())


def lay_out(schema: Schema[Any], *, carries: bool = False) -> Layout:
    """The tables that hold what a schema declares; they are named after it (`purchase_order_items`)."""
    plan = _Plan()
    top = {"corrected": "boolean", **({"columns": "json"} if carries else {})}
    table = plan.table((_table_name(schema),), top)
    if schema.kinds:
        plan.names.update(COMPANIONS)
        place: Place = {"kind": plan.column(table, ("kind",), "text")}
        kinds = {kind.name: plan.filled(plan.table((_table_name(kind),), top), kind) for kind in schema.kinds}
    else:
        place, kinds = plan.filled(table, schema).place, {}
    tables = tuple(plan.tables)
    for each in tables:
        each.columns.append(Column("other", "text", False, len(each.columns)))
    companions = {}
    for suffix, columns in COMPANIONS.items():
        key = "document", *(name for name in ("path", "position") if "position" in columns and name in columns)
        companions[suffix] = plan.table((table.name, suffix), columns, key)
    return Layout(tables, place, companions, kinds, carries)


def _table_name(schema: Schema[Any]) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", schema.name).lower()


class _Plan:
    """The tables so far, and the names that are taken."""

    tree: Tree

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self.names: set[str] = set()

    def table(self, path: Sequence[str], columns: Mapping[str, Any], key: tuple[str, ...] = ("document",)) -> Table:
        """A new table with its fixed columns."""
        name = _free(path, self.names)
        self.names.add(name.casefold())
        suffix = name.removeprefix(self.tables[0].name).lstrip("_") if self.tables else ""
        table = Table(name, suffix, key)
        self.tables.append(table)
        for fixed, type_ in {**dict.fromkeys(DOCUMENT, "text"), **columns}.items():
            self.column(table, (fixed,), type_)
        return table

    def filled(self, table: Table, schema: Schema[Any]) -> Items:
        """A table with the columns, and the tables of lists, of what a schema declares."""
        self.tree = schema.declared
        return Items(table, self.place(table, [schema.declared.root], (), ()))

    def column(self, table: Table, path: Sequence[str], type_: Any, *, many: bool = False) -> Column:
        """A new column of a table."""
        name = _free(path, {"other", *(column.name.casefold() for column in table.columns)})
        table.columns.append(Column(name, type_, many, len(table.columns)))
        return table.columns[-1]

    def place(self, table: Table, nodes: Iterable[Node], path: tuple[str, ...], above: tuple[int, ...]) -> Place:
        """Where values of any of `nodes` go; `path` leads there from the table's object, `above` ends recursion."""
        found = possible(self.tree, nodes)
        if type_ := scalar_type(found):
            return self.column(table, path, type_)
        if shape := self._properties(found, above):
            within = (*above, *map(id, found))
            return {name: self.place(table, inner, (*path, name), within) for name, inner in shape.items()}
        if found and all(isinstance(node, Array) for node in found):
            return self._list(table, [node.item for node in found if isinstance(node, Array)], path, above)
        return self.column(table, path, "json")

    def _list(self, table: Table, items: list[Node], path: tuple[str, ...], above: tuple[int, ...]) -> Place:
        found = possible(self.tree, items)
        if self._properties(found, above):
            child = self.table((table.name, *(path or ("items",))), _OF_ITEM, ("document", "id"))
            return Items(child, self.place(child, found, (), above))
        type_ = scalar_type(found)
        return self.column(table, path, type_ or "json", many=type_ is not None)

    def _properties(self, nodes: list[Node], above: tuple[int, ...]) -> dict[str, list[Node]]:
        """The properties of objects, each with what it may hold; none where this is no object, or one within itself."""
        if not all(isinstance(node, Record) and node.slots and id(node) not in above for node in nodes):
            return {}
        shape: dict[str, list[Node]] = {}
        for node in nodes:
            for slot in node.slots if isinstance(node, Record) else ():
                shape.setdefault(slot.name, []).append(slot.node)
        return shape


def possible(tree: Tree, nodes: Iterable[Node]) -> list[Node]:
    """What values of any of these nodes may be, null aside."""
    return [each for node in nodes for each in alternatives(tree.resolve, node) if not is_null(each)]


def _free(path: Sequence[str], taken: set[str]) -> str:
    """A name for a path that is not taken, in letters that every database and file system takes, in any case."""
    stem = re.sub(r"\W+", "_", "_".join(path)).strip("_") or "value"
    name, number = _cut(stem, _LONGEST), 2
    while name.casefold() in taken:
        name, number = f"{_cut(stem, _LONGEST - 4)}_{number}", number + 1
    return name


def _cut(name: str, most: int) -> str:
    return name.encode()[:most].decode("utf-8", "ignore")


# ------------------------------------------------------------------------- scalars as cells


class _Misfit(Enum):
    MISFIT = "not of the column's type"


MISFIT: Final = _Misfit.MISFIT

_ADAPTERS: dict[Type, TypeAdapter[Any]] = {
    "integer": TypeAdapter(int),
    "number": TypeAdapter(float),
    "decimal": TypeAdapter(Decimal),
    "boolean": TypeAdapter(bool),
    "date": TypeAdapter(dt.date),
    "datetime": TypeAdapter(dt.datetime),
}
_DAY = re.compile(r"\s*\d{4}-\d\d-\d\d")
_INT64 = range(-(1 << 63), 1 << 63)

WIDTH, SCALE = 38, 9
"""Digits of a decimal column, and how many of them stand after the point, where a format needs to know."""


def scalar_type(nodes: Iterable[Node]) -> Type | None:
    """The one type for values of all these nodes; None where one of them is no scalar."""
    types = {type_ for node in nodes for type_ in _types(node)}
    if len(types) == 1:
        return types.pop()
    if types == {"integer", "number"}:
        return "number"
    return "text" if types and types <= {"text", "date", "datetime", "decimal"} else None


def _types(node: Node) -> set[Type | None]:
    match node:
        case Leaf(type=type_, kind=kind):
            plain: Type | None = "text" if type_ == "string" else None
            return {next((each for each in _ADAPTERS if each == kind), plain)}
        case Choice(values=values):
            names: dict[type, Type] = {str: "text", bool: "boolean", int: "integer", float: "number"}
            return {names.get(type(value)) for value in values if value is not None} or {None}
    return {None}


def converted(type_: Type, value: JSON) -> Any:
    """The cell that stands for a JSON value, or MISFIT.

    Dates, datetimes and decimals become Python's; a datetime with an offset is told in UTC, one without stays as it is.
    """
    if type_ == "json":
        return value
    if type_ == "text":
        return value if isinstance(value, str) else MISFIT
    if isinstance(value, bool) != (type_ == "boolean"):
        return MISFIT
    # Of bare numbers pydantic makes dates too, which no document means.
    if type_ in ("date", "datetime") and not (isinstance(value, str) and _DAY.match(value)):
        return MISFIT
    try:
        return _exact(type_, value, _ADAPTERS[type_].validate_python(value))
    except (ValidationError, OverflowError):
        return MISFIT


def _exact(type_: Type, value: JSON, cell: Any) -> Any:
    match type_:
        case "integer":
            return cell if cell in _INT64 else MISFIT
        case "number":
            same = math.isfinite(cell) and (not isinstance(value, int) or int(cell) == value)
            return cell if same else MISFIT
        case "datetime" if cell.tzinfo is not None:
            return cell.astimezone(dt.UTC).replace(tzinfo=None)
    return cell


def fits_decimal(value: Decimal) -> bool:
    """Whether a column of WIDTH digits, SCALE of them after the point, holds the value exactly."""
    _, digits, exponent = value.as_tuple()
    zeros = next((count for count, digit in enumerate(reversed(digits)) if digit), 0)
    return not value or (int(exponent) + zeros >= -SCALE and value.adjusted() < WIDTH - SCALE)


def every(test: Callable[[Any], bool], cell: Any) -> bool:
    """Whether a cell passes, or each of a list of cells."""
    return all(test(one) for one in (cell if isinstance(cell, list) else [cell]) if one is not None)


def as_json(value: Any) -> str:
    """JSON text of a cell, or of a list of cells."""
    return orjson.dumps(value, default=str).decode()


# ------------------------------------------------------------------------- records as rows

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
