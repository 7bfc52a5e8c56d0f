"""A schema as tables, which have the same names, columns and rows in every format.

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

`path` is a JSON pointer into the value of the document, as in records.jsonl. Files leave out the name of the schema:
`records.csv`, `records.lines.csv`, `records.evidence.csv`.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal

import orjson
from pydantic import TypeAdapter, ValidationError

from extractor.schema.compiler import Schema
from extractor.schema.pointer import JSON
from extractor.schema.tree import Array, Choice, Leaf, Node, Record, Tree, Union

__all__ = [
    *("COMPANIONS", "DOCUMENT", "MISFIT", "SCALE", "WIDTH", "Column", "Layout", "Place", "Table", "Type"),
    *("alternatives", "as_json", "converted", "every", "fits_decimal", "lay_out", "scalar_type"),
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
    plan = _Plan(carries)
    table = plan.table((_table_name(schema),))
    if schema.kinds:
        plan.reserve(COMPANIONS)
        place: Place = {"kind": plan.column(table, ("kind",), "text")}
        kinds = {kind.name: plan.top(plan.table((_table_name(kind),)), kind) for kind in schema.kinds}
    else:
        place, kinds = plan.top(table, schema).place, {}
    tables = tuple(plan.tables)
    for each in tables:
        each.columns.append(Column("other", "text", False, len(each.columns)))
    return Layout(tables, place, {suffix: plan.companion(suffix) for suffix in COMPANIONS}, kinds, carries)


def _table_name(schema: Schema[Any]) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", schema.name).lower()


class _Plan:
    """The tables so far, and the names that are taken in each."""

    tree: Tree

    def __init__(self, carries: bool) -> None:
        self._carries = carries
        self.tables: list[Table] = []
        self._names: set[str] = set()
        self._columns: dict[str, set[str]] = {}

    def reserve(self, names: Iterable[str]) -> None:
        """Keep names free of tables."""
        self._names.update(names)

    def top(self, table: Table, schema: Schema[Any]) -> Items:
        """A table with the columns, and the tables of lists, of what a schema declares."""
        self.tree = schema.declared
        return Items(table, self.place(table, [schema.declared.root], (), ()))

    def table(self, path: Sequence[str]) -> Table:
        """A new table with its fixed columns."""
        child = len(path) > 1
        table = self._begun(path, key=("document", "id") if child else ("document",))
        self._columns[table.name].add("other")
        if child:
            for name in ("id", "parent_id"):
                self.column(table, (name,), "text")
            self.column(table, ("position",), "integer")
        else:
            self.column(table, ("corrected",), "boolean")
            if self._carries:
                self.column(table, ("columns",), "json")
        return table

    def companion(self, suffix: str) -> Table:
        """A new table of what is known about the values."""
        columns = COMPANIONS[suffix]
        key = "document", *(name for name in ("path", "position") if "position" in columns and name in columns)
        table = self._begun((self.tables[0].name, suffix), key=key)
        for name, type_ in columns.items():
            self.column(table, (name,), type_)
        return table

    def _begun(self, path: Sequence[str], *, key: tuple[str, ...]) -> Table:
        """A new table with the columns that all of them have."""
        name = _free(path, self._names)
        suffix = name.removeprefix(self.tables[0].name).lstrip("_") if self.tables else ""
        table = Table(name, suffix, key)
        self.tables.append(table)
        self._columns[name] = set()
        for fixed in DOCUMENT:
            self.column(table, (fixed,), "text")
        return table

    def column(self, table: Table, path: Sequence[str], type_: Type, *, many: bool = False) -> Column:
        """A new column of a table."""
        column = Column(_free(path, self._columns[table.name]), type_, many, len(table.columns))
        table.columns.append(column)
        return column

    def place(self, table: Table, nodes: Iterable[Node], path: tuple[str, ...], above: tuple[int, ...]) -> Place:
        """Where values of any of `nodes` go; `path` leads there from the table's object, `above` ends recursion."""
        found = list(alternatives(self.tree, nodes))
        if type_ := scalar_type(found):
            return self.column(table, path, type_)
        if shape := self._properties(found, above):
            within = (*above, *map(id, found))
            return {name: self.place(table, inner, (*path, name), within) for name, inner in shape.items()}
        if found and all(isinstance(node, Array) for node in found):
            return self._list(table, [node.item for node in found if isinstance(node, Array)], path, above)
        return self.column(table, path, "json")

    def _list(self, table: Table, items: list[Node], path: tuple[str, ...], above: tuple[int, ...]) -> Place:
        found = list(alternatives(self.tree, items))
        if self._properties(found, above):
            child = self.table((table.name, *path) if path else (table.name, "items"))
            place = self.place(child, found, (), above)
            return Items(child, place)
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


def alternatives(tree: Tree, nodes: Iterable[Node]) -> Iterator[Node]:
    """What values of any of these nodes may be, null aside."""
    for node in map(tree.resolve, nodes):
        if isinstance(node, Union):
            yield from alternatives(tree, node.branches)
        elif not (isinstance(node, Leaf) and node.type == "null"):
            yield node


def _free(path: Sequence[str], taken: set[str]) -> str:
    """A name for a path that is not taken, in letters that every database and file system takes, in any case."""
    stem = re.sub(r"\W+", "_", "_".join(path)).strip("_") or "value"
    name, number = _cut(stem, _LONGEST), 2
    while name.casefold() in taken:
        name, number = f"{_cut(stem, _LONGEST - 4)}_{number}", number + 1
    taken.add(name.casefold())
    return name


def _cut(name: str, most: int) -> str:
    return name.encode()[:most].decode("utf-8", "ignore")


# ------------------------------------------------------------------------- scalars as cells


class _Misfit(Enum):
    MISFIT = "not of the column's type"


MISFIT: Final = _Misfit.MISFIT

_KINDS: dict[str, Type] = {
    "integer": "integer",
    "number": "number",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
}
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
    types = {_type(node) for node in nodes}
    if len(types) == 1:
        return types.pop()
    if types == {"integer", "number"}:
        return "number"
    return "text" if types and types <= {"text", "date", "datetime", "decimal"} else None


def _type(node: Node) -> Type | None:
    match node:
        case Leaf(type=type_, kind=kind):
            return _KINDS.get(kind, "text" if type_ == "string" else None)
        case Choice(values=values):
            kinds = {type(value) for value in values if value is not None}
            same: dict[frozenset[type], Type] = {
                frozenset({str}): "text",
                frozenset({bool}): "boolean",
                frozenset({int}): "integer",
                frozenset({float}): "number",
                frozenset({int, float}): "number",
            }
            return same.get(frozenset(kinds))
    return None


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
