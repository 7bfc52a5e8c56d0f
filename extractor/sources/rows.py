"""Rows of a table as documents: the text in one column of each, with its other columns beside it.

A table is a CSV, JSON Lines or Parquet file, the result of an SQL query, a data frame, or an iterable of mappings.
"""

from __future__ import annotations

import csv
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, replace
from importlib import import_module
from io import StringIO
from itertools import tee
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import orjson

from extractor.documents.discover import Skip
from extractor.documents.text import decode
from extractor.errors import DocumentError, ExtractorError, MissingExtra, UsageError
from extractor.sources.files import Entry
from extractor.sources.storage import lines, opened, read
from extractor.sources.urls import public_url, scrubbed

__all__ = ["Rows", "arrow_table", "distinct", "frame_kind", "library"]

_AT_ONCE = 1000
_TEMPLATE = re.compile(r"\{\{-?\s*[A-Za-z_]\w*\s*[^\w\s,]")  # not an array of PostgreSQL, '{{a,b}}'
_DATABASES = ("postgresql", "postgres", "sqlite", "duckdb", "airflow")
_READABLE = (
    "CSV, TSV, JSON Lines (.jsonl) and Parquet files, and databases (postgresql://, sqlite://, duckdb://, airflow://)"
)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Rows:
    """The rows of a table as the source of a Pipeline: each is a document, the text or the file in its `column`.

    `source` is a CSV, TSV, JSON Lines or Parquet file by path or URL; the URL of a database, with a `query`; a frame of
    pandas, Polars or pyarrow; or an iterable of mappings that can be read more than once. The values of the column
    `key` name the documents, the numbers of the rows do without it. Every other column is in `columns` of the record.
    A row whose cell is empty is skipped.

    >>> from extractor import Pipeline, Rows
    >>> from schemas.receipt import Receipt
    >>> mails = [{"id": 7, "body": "Kebab Haus, 1 March 2026, total 9.50 EUR", "from": "ann@example.com"}]
    >>> Pipeline(Receipt, Rows(mails, column="body", key="id")).run("out/mails").ok
    1

    A database is `postgresql://user@host/name`, `sqlite:///file.db` or `duckdb:///file.duckdb`, read and never written.
    In tasks of Airflow, `airflow://my_connection` is the database of a connection. The query may be a template in
    arguments of a task of Airflow 3.
    """

    source: Any
    _: KW_ONLY
    column: str
    key: str | None = None
    query: str | None = None

    def __post_init__(self) -> None:
        if self.query is not None and self._scheme not in _DATABASES:
            raise UsageError(f"a query needs the URL of a database as the source: {_READABLE}")

    def __repr__(self) -> str:
        """The same in every process."""
        settings = (f"{name}={value!r}" for name, value in self.settings.items() if value is not None)
        return f"Rows({', '.join([repr(self.where), *settings])})"

    @property
    def settings(self) -> dict[str, str | None]:
        """All but the source, as JSON."""
        return {"column": self.column, "key": self.key, "query": self.query}

    @property
    def where(self) -> str:
        """What the table is: no secret."""
        return public_url(str(self.source)) if self.is_lasting else f"<{type(self.source).__name__}>"

    @property
    def is_lasting(self) -> bool:
        """Whether another process can read the table."""
        return isinstance(self.source, str | Path)

    def lasting(self) -> Rows:
        """The same rows for other processes, in any folder. UsageError for those that are in this process alone."""
        if not self.is_lasting:
            raise UsageError(f"{self.where} exists only in this process: write its rows to a Parquet or CSV file first")
        place = str(self.source)
        return replace(self, source=place if "://" in place else str(Path(place).absolute()))

    def place_of(self, name: str) -> str:
        """Where the row of a name is: below the table, as in a URL, in which # and ? of the name would mean more."""
        return f"{self.where}/{quote(name, safe=' /:')}"

    def name_at(self, place: str) -> str:
        """The name of the row at a place."""
        return unquote(place.removeprefix(f"{self.where}/"))

    def resolve(self, context: Mapping[str, Any]) -> Rows:
        """The same rows with the templates of the query rendered: what Airflow asks of an argument of a task."""
        return replace(self, query=self.query and context["task"].render_template(self.query, context))

    @property
    def places(self) -> list[str]:
        """The table."""
        return [self.where]

    def found(self, *, without: Path | None = None, skip: Skip = lambda name, why: None) -> Iterator[Entry]:
        """The rows in their order. UsageError where the table cannot be read or has no such column."""
        rows, copy = tee(self._rows())
        names = distinct(self._key_of(row) or f"row {number}" for number, row in enumerate(copy, 1))
        for number, (row, name) in enumerate(zip(rows, names, strict=True), 1):
            place = f"{self.where}, row {number}"
            if isinstance(row, str):
                yield Entry(name, place, DocumentError(f"{name}: {row}", kind="damaged"))
                continue
            match row.get(self.column):
                case str(text) if text and not text.isspace():
                    content: str | bytes | DocumentError = text
                case (bytes() | bytearray() | memoryview()) as data if data:
                    content = bytes(data)
                case None | "" | b"" | str():
                    skip(name, f"nothing in the column {self.column}")
                    continue
                case cell:
                    wrong = f"{name}: the column {self.column} holds a {type(cell).__name__}, neither text nor a file"
                    content = DocumentError(wrong, kind="binary")
            columns: Row = {column: value for column, value in row.items() if column != self.column}
            try:
                columns = orjson.loads(orjson.dumps(columns, default=_as_text, option=orjson.OPT_NON_STR_KEYS))
            except TypeError as error:
                wrong = f"{name}: its other columns cannot be written as JSON: {error}"
                columns, content = {}, DocumentError(wrong, kind="unreadable")
            size = 0 if isinstance(content, DocumentError) else len(content)
            yield Entry(name, place, content, size=size, columns=columns or None)

    def named(self, wanted: Mapping[str, str]) -> Iterator[Entry]:
        """Those rows of the table as it is now; one that is gone says so."""
        left = dict(wanted)
        for entry in self.found():
            if left.pop(entry.name, None) is not None:
                yield entry
        for name, place in left.items():
            yield Entry(name, place, DocumentError(f"{name}: the row is no longer in {self.where}", kind="unreadable"))

    def _key_of(self, row: Row | str) -> str:
        value = None if isinstance(row, str) or self.key is None else row.get(self.key)
        return "" if value is None else str(value)

    @property
    def _scheme(self) -> str:
        return urlsplit(self.source).scheme if isinstance(self.source, str) else ""

    def _rows(self) -> Iterator[Row | str]:
        """The rows; of one that cannot be read, why not."""
        if not self.is_lasting:
            if frame_kind(self.source) == "pandas" or hasattr(self.source, "__arrow_c_stream__"):
                return self._of_frame()
            if not isinstance(self.source, Iterable):
                raise UsageError(f"a {type(self.source).__name__} has no rows: give a table, a frame or mappings")
            return iter(self.source)
        if self._scheme in _DATABASES:
            return self._of_database()
        place = str(self.source)
        if place.startswith("<"):
            raise UsageError(f"the rows of a {place[1:-1]} are in no file: use the Pipeline that has them, in Python")
        match urlsplit(place).path.rpartition(".")[2].lower():
            case "csv" | "tsv" | "txt":
                return self._of_csv(place)
            case "jsonl" | "ndjson":
                return self._of_json_lines(place)
            case "parquet":
                return self._of_parquet(place)
        raise UsageError(f"{self.where} is no table: rows are read from {_READABLE}")

    def _proved(self, names: Iterable[str]) -> list[str]:
        """The columns, each under a name of its own. UsageError unless the ones that are named are there, once."""
        columns = list(names)
        for name in filter(None, (self.column, self.key)):
            if times := columns.count(name):
                if times > 1:
                    raise UsageError(f"{self.where} has {times} columns {name!r}: rename all but one")
            else:
                raise UsageError(f"{self.where} has no column {name!r}; it has {', '.join(columns)}")
        return list(distinct(columns))

    def _of_csv(self, place: str) -> Iterator[Row | str]:
        try:
            text = decode(read(place)).text
        except DocumentError as error:
            raise UsageError(f"{self.where}: {error}") from error
        csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
        readers = [csv.reader(StringIO(text, newline=""), delimiter=mark) for mark in ",;\t|"]
        headers = [next(reader, []) for reader in readers]
        # The header has the column that was named, if it is cut as the table is.
        names, records = next(
            (pair for pair in zip(headers, readers, strict=True) if self.column in pair[0]), (headers[0], readers[0])
        )
        names = self._proved(names)
        for cells in filter(None, records):
            misfit = f"it has {len(cells)} cells, and the header {len(names)}"
            yield dict(zip(names, cells, strict=True)) if len(cells) == len(names) else misfit

    def _of_json_lines(self, place: str) -> Iterator[Row | str]:
        for line in filter(bytes.strip, lines(place)):
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield f"it is no JSON: {error}"
            else:
                yield row if isinstance(row, dict) else "it is no JSON object"

    def _of_parquet(self, place: str) -> Iterator[Row]:
        parquet = library("pyarrow.parquet", "a Parquet file needs")
        with opened(place) as file:
            try:
                table = parquet.ParquetFile(file)
            except (ValueError, OSError) as error:
                raise UsageError(f"{self.where} is no Parquet file: {error}") from error
            self._proved(table.schema_arrow.names)
            for batch in table.iter_batches(batch_size=_AT_ONCE):
                yield from batch.to_pylist()

    def _of_frame(self) -> Iterator[Row]:
        table = arrow_table(self.source)
        self._proved(table.column_names)
        for batch in table.to_batches(max_chunksize=_AT_ONCE):
            yield from batch.to_pylist()

    def _of_database(self) -> Iterator[Row]:
        if not self.query:
            raise UsageError(f"{self.where} needs a query that selects the rows")
        if self._scheme == "airflow" and _TEMPLATE.search(self.query):  # it would select nothing, in silence
            raise UsageError(f"{self.where}: the query has a template, which only a task of Airflow 3 renders")
        try:
            with closing(_connected(str(self.source))) as connection:
                # In PostgreSQL a cursor with a name stays on the server, which sends what is fetched.
                named = "extractor" if type(connection).__module__.startswith("psycopg") else None
                with closing(connection.cursor(name=named) if named else connection.cursor()) as cursor:
                    cursor.execute(self.query)
                    names = self._proved(column[0] for column in cursor.description or ())
                    while batch := cursor.fetchmany(_AT_ONCE):
                        yield from (dict(zip(names, row, strict=True)) for row in batch)
        except ExtractorError:
            raise
        except Exception as error:  # each driver has errors of its own
            raise UsageError(f"{self.where}: {scrubbed(str(error), str(self.source))}") from None


def distinct(names: Iterable[str]) -> Iterator[str]:
    """The names, those that were there before with a number: a, a (2), a (3)."""
    times: dict[str, int] = {}
    for wanted in names:
        name = wanted
        while name in times:
            times[wanted] += 1
            name = f"{wanted} ({times[wanted]})"
        times[name] = 1
        yield name


def arrow_table(frame: Any) -> Any:
    """A pyarrow Table of a frame of pandas or Polars, or of anything else that exports Arrow; UsageError for others."""
    arrow = library("pyarrow")
    try:
        if frame_kind(frame) == "pandas":
            return arrow.Table.from_pandas(frame, preserve_index=False)
        return frame if isinstance(frame, arrow.Table) else arrow.table(frame)
    except (TypeError, ValueError, AttributeError) as error:  # ArrowInvalid is a ValueError
        raise UsageError(f"a {type(frame).__name__} cannot be read as a table: {error}") from error


def frame_kind(frame: Any) -> str:
    """The library that a frame is of: pandas, polars, pyarrow, duckdb ..."""
    return type(frame).__module__.partition(".")[0]


def library(name: str, need: str = "frames need") -> Any:
    """A library of the extra `tables`. MissingExtra where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtra(f"{need} {error.name or name}", extra="tables") from error


def _connected(url: str) -> Any:
    """A connection of DB-API to a database, which is not written to."""
    parts = urlsplit(url)
    path = parts.path.removeprefix("/")  # three slashes before a relative path, four before an absolute one
    match parts.scheme:
        case "sqlite":
            return import_module("sqlite3").connect(
                f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
        case "duckdb":
            duckdb = library("duckdb", f"{public_url(url)} needs")
            return duckdb.connect(path, read_only=True) if path else duckdb.connect()
        case "airflow":
            from airflow.providers.common.compat.sdk import BaseHook

            named: Any = BaseHook.get_connection(parts.netloc)
            return named.get_hook().get_conn()
    connection = library("psycopg", f"{public_url(url)} needs").connect(url)
    connection.read_only = True
    return connection


def _as_text(value: Any) -> str:
    return b64encode(value).decode() if isinstance(value, bytes | bytearray | memoryview) else str(value)
