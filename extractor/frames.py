"""Data frames: a column of texts becomes a column of records, by way of Arrow.

`extract_frame` takes and returns a frame of pandas, Polars or pyarrow; `to_arrow` makes a table of results;
`register_duckdb` makes a schema a function of SQL. What they add is always the same four columns:

    value      the record: a typed struct, or JSON text where the schema has no fixed fields; null if there is none
    status     "ok", "partial", "failed"; null where the text is null
    problems   a list of texts, `message @ /json/pointer`
    cost_usd   what was paid for it; null where that is unknown

For a union of classes there is a fifth column, `kind`: the name of the class, or "other".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from extractor.documents.document import Document
from extractor.errors import ExtractorError, UsageError
from extractor.pipeline.extractor import Extractor
from extractor.pipeline.result import Result
from extractor.pipeline.sinks.files import arrow_types
from extractor.pipeline.sinks.layout import MISFIT, Type, as_json, converted, fits_decimal, possible, scalar_type
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.tree import Array, Node, Record, Tree
from extractor.sources.rows import arrow_table, frame_kind, library

__all__ = ["extract_frame", "register_duckdb", "to_arrow"]


def extract_frame(frame: Any, column: str, schema: Any, *, extractor: Extractor | None = None) -> Any:
    """The frame with four more columns: what `schema` finds in the texts of `column`, a row for each row, in order.

    `frame` is a DataFrame of pandas or Polars, or a pyarrow Table, and so is what comes back; anything else that
    exports Arrow (a DuckDB relation) comes back as a pyarrow Table. `extractor` is one that you configured; the default
    takes everything from the environment. A text that occurs twice is paid for once. Failures are in the columns: if
    the run is stopped, by its budget for example, the rows without a result are `failed` and say why, and their cost is
    null, as some of them were under way. The error is raised only if no row has a result.

    Raises UsageError if there is no such column of texts, or if the frame has a column of one of the new names.

    >>> import polars as pl
    >>> from extractor import Extractor, extract_frame
    >>> from schemas.receipt import Receipt
    >>> mails = pl.DataFrame({"id": [1], "body": ["Kebab Haus, 1 March 2026, total 9.50 EUR"]})
    >>> frame = extract_frame(mails, "body", Receipt, extractor=Extractor(cache="answers.sqlite"))
    >>> frame.filter(pl.col("status") == "ok").select(pl.col("value").struct.unnest())["merchant"].to_list()
    ['Kebab Haus']
    """
    arrow = library("pyarrow")
    if frame_kind(frame) not in ("pandas", "polars", "pyarrow"):
        frame = arrow_table(frame)  # once: a query that is read twice may have its rows in another order
    compiled = compile_schema(schema, counts=True)
    texts = _texts(arrow, frame, column, _names(compiled))
    return _widened(frame, _table(arrow, _rows(texts, schema, extractor), compiled))


def to_arrow(results: Iterable[Result[Any]], schema: Any) -> Any:
    """A pyarrow Table of results: the name of each `document`, then the same columns.

    `schema` is the one that the results are of.

    >>> from pathlib import Path
    >>> from extractor import Extractor, to_arrow
    >>> from schemas.receipt import Receipt
    >>> with Extractor() as extractor:
    ...     table = to_arrow(extractor.extract_many(Receipt, [Path("samples/receipts/kebab_hamburg.txt")]), Receipt)
    >>> table.column_names
    ['document', 'value', 'status', 'problems', 'cost_usd']
    """
    arrow = library("pyarrow")
    found = list(results)
    table = _table(arrow, map(_row, found), compile_schema(schema, counts=True))
    return table.add_column(0, "document", arrow.array([result.document for result in found], arrow.string()))


def register_duckdb(connection: Any, name: str, schema: Any, *, extractor: Extractor | None = None) -> None:
    """Make `name(text)` a function of the DuckDB connection: it returns the columns as one struct.

    >>> import duckdb
    >>> from extractor import register_duckdb
    >>> from schemas.receipt import Receipt
    >>> connection = duckdb.connect()
    >>> register_duckdb(connection, "read_receipt", Receipt)
    >>> query = "select read_receipt('Kebab Haus, 1 March 2026, total 9.50 EUR').value.merchant"
    >>> connection.sql(query).fetchall()
    [('Kebab Haus',)]
    """
    arrow, duckdb = library("pyarrow"), library("duckdb")
    compiled = compile_schema(schema, counts=True)
    nothing = _struct(arrow, _table(arrow, (), compiled))
    returned = connection.from_arrow(arrow.table({"result": nothing})).types[0]

    def function(texts: Any) -> Any:
        return _struct(arrow, _table(arrow, _rows(texts.to_pylist(), schema, extractor), compiled))

    # By default DuckDB hands over no nulls, and may call a function as often as it likes.
    connection.create_function(
        name, function, [duckdb.type("VARCHAR")], returned, type="arrow", null_handling="special", side_effects=True
    )


# ------------------------------------------------------------------------------------------------ texts to rows


class _Cells(NamedTuple):
    """The cells of a row, with the record as JSON."""

    value: Any = None
    status: str | None = None
    problems: tuple[str, ...] = ()
    cost_usd: float | None = None
    kind: str | None = None


def _names(schema: Schema[Any]) -> tuple[str, ...]:
    return _Cells._fields if schema.kinds else _Cells._fields[:-1]


def _row(result: Result[Any]) -> _Cells:
    return _Cells(result.data, result.status, tuple(map(str, result.problems)), result.usage.cost_usd, result.kind)


def _rows(texts: Sequence[str | None], schema: Any, extractor: Extractor | None) -> list[_Cells]:
    """A row for each text. Each text is asked about once; the first row that has it tells what it cost."""
    first: dict[str, int] = {}
    for index, text in enumerate(texts):
        if text is not None:
            first.setdefault(text, index)
    if extractor is not None:
        answers = _answers(first, schema, extractor)
    else:
        with Extractor() as opened:
            answers = _answers(first, schema, opened)
    return [
        _Cells() if text is None
        else answers[text] if first[text] == index
        else answers[text]._replace(cost_usd=0.0)
        for index, text in enumerate(texts)
    ]  # fmt: skip


def _answers(texts: Mapping[str, int], schema: Any, extractor: Extractor) -> dict[str, _Cells]:
    documents = (Document.from_text(text, name=str(index)) for text, index in texts.items())
    by_name: dict[str, _Cells] = {}
    reason = ""
    try:
        for result in extractor.extract_many(schema, documents):
            by_name[result.document] = _row(result)
    except ExtractorError as error:
        if not by_name:
            raise
        reason = str(error)
    missing = _Cells(status="failed", problems=(f"not read: {reason} @ /",))
    return {text: by_name.get(str(index), missing) for text, index in texts.items()}


# ------------------------------------------------------------------------------------------------ rows to Arrow


class _Columns(NamedTuple):
    """The type of a value in Arrow, and what makes its cell of its JSON; MISFIT where the type cannot hold it."""

    type: Any
    cell: Callable[[Any], Any]


def _table(arrow: Any, rows: Iterable[_Cells], schema: Schema[Any]) -> Any:
    """The columns. A record that its columns cannot hold exactly is partial, and a problem says so."""
    column = _Typing(arrow, schema.declared).column([schema.declared.root], ())
    cells = [_fitted(row, column) for row in rows]
    types = (column.type, arrow.string(), arrow.list_(arrow.string()), arrow.float64(), arrow.string())
    arrays = [arrow.array([row[index] for row in cells], type_) for index, type_ in enumerate(types)]
    names = _names(schema)
    return arrow.table(arrays[: len(names)], names=names)


def _fitted(row: _Cells, column: _Columns) -> _Cells:
    cell = None if row.value is None else column.cell(row.value)
    value = _without(cell)
    if value == cell:
        return row._replace(value=value)
    problem = "a value is out of the range of its column, and is null there @ /"
    status = "partial" if row.status == "ok" else row.status
    return row._replace(value=value, status=status, problems=(*row.problems, problem))


def _without(value: Any) -> Any:
    """A copy of a cell in which what its column cannot hold is null."""
    match value:
        case dict():
            return {name: _without(inner) for name, inner in value.items()}
        case list():
            return [_without(inner) for inner in value]
    return None if value is MISFIT else value


class _Typing:
    """Arrow's types for the nodes of a schema; what has no fixed shape is JSON text."""

    def __init__(self, arrow: Any, tree: Tree) -> None:
        self._arrow, self._tree = arrow, tree
        self._types = arrow_types(arrow)

    def column(self, nodes: Iterable[Node], above: tuple[int, ...]) -> _Columns:
        """The column for values of any of these nodes; `above` are the records around it, which end recursion."""
        found = possible(self._tree, nodes)
        scalar = scalar_type(found)
        if scalar and scalar != "json":
            return _Columns(self._types[scalar], lambda value: _scalar(scalar, value))
        if len(found) == 1 and isinstance(found[0], Array):
            item = self.column([found[0].item], above)
            return _Columns(self._arrow.list_(item.type), lambda value: _each(item, value))
        if len(found) == 1 and isinstance(found[0], Record) and _is_fixed(found[0]) and id(found[0]) not in above:
            inner = {slot.name: self.column([slot.node], (*above, id(found[0]))) for slot in found[0].slots}
            type_ = self._arrow.struct([(name, column.type) for name, column in inner.items()])
            return _Columns(type_, lambda value: _struct_cell(inner, value))
        return _Columns(self._arrow.string(), as_json)


def _is_fixed(record: Record) -> bool:
    return bool(record.slots) and (not record.rest or record.silent)


def _scalar(type_: Type, value: Any) -> Any:
    cell = converted(type_, value)
    return MISFIT if type_ == "decimal" and cell is not MISFIT and not fits_decimal(cell) else cell


def _each(item: _Columns, value: Any) -> Any:
    return [None if one is None else item.cell(one) for one in value] if isinstance(value, list) else MISFIT


def _struct_cell(inner: Mapping[str, _Columns], value: Any) -> Any:
    if not isinstance(value, dict):
        return MISFIT
    return {name: None if value.get(name) is None else column.cell(value[name]) for name, column in inner.items()}


# ------------------------------------------------------------------------------------------------ frames


def _texts(arrow: Any, frame: Any, column: str, new: Sequence[str]) -> list[str | None]:
    is_pandas = frame_kind(frame) == "pandas" and hasattr(frame, "columns")  # of which other columns may fit no table
    names = list(frame.columns if is_pandas else arrow_table(frame).column_names)
    if taken := [name for name in new if name in names]:
        raise UsageError(f"the frame already has a column {taken[0]!r}; rename it, or extract into a frame without it")
    if names.count(column) != 1:
        number = "no column" if column not in names else f"{names.count(column)} columns"
        raise UsageError(f"the frame has {number} {column!r}; it has {', '.join(map(str, names))}")
    at = names.index(column)
    cells = arrow_table(frame.iloc[:, [at]]).column(0) if is_pandas else arrow_table(frame).column(at)
    cells = cells.to_pylist()
    for index, cell in enumerate(cells):
        if cell is not None and not isinstance(cell, str):
            raise UsageError(f"row {index} of column {column!r} holds a {type(cell).__name__}; it must hold texts")
    return cells  # type: ignore[no-any-return]


def _widened(frame: Any, added: Any) -> Any:
    """The frame with the columns of an Arrow table beside its own."""
    match frame_kind(frame):
        case "pandas":
            pandas = library("pandas")
            columns = added.to_pandas(types_mapper=pandas.ArrowDtype)
            columns.index = frame.index
            return pandas.concat([frame, columns], axis=1)
        case "polars":
            polars = library("polars")
            return polars.concat([frame, polars.from_arrow(added)], how="horizontal")
    table = arrow_table(frame)
    for name in added.column_names:
        table = table.append_column(name, added.column(name))
    return table


def _struct(arrow: Any, table: Any) -> Any:
    return arrow.StructArray.from_arrays([column.combine_chunks() for column in table.columns], table.column_names)
