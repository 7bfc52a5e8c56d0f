"""Databases: tables that are made or widened, and documents whose rows are replaced.

Rows go by document: those that the tables hold of a document are replaced by those of its record, in one transaction.
Rows of pruned documents are removed, and those of others stay. Columns that the schema has gained are added; those that
it has lost stay, empty for new rows. A column whose type has changed is for a person to decide about.
"""

from __future__ import annotations

import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from extractor.errors import UsageError
from extractor.pipeline.sinks.layout import (
    MISFIT,
    SCALE,
    WIDTH,
    Column,
    Layout,
    Row,
    Table,
    Type,
    as_json,
    batches,
    every,
    fits_decimal,
)
from extractor.sources.rows import library
from extractor.sources.urls import public_url, scrubbed

__all__ = ["Database", "DuckdbFile", "FileDatabase", "Postgres", "SqliteFile", "Tables", "quoted"]

_CONNECT_SECONDS = 10
_LOCK_SECONDS = 60
_DIGITS = 10_000


class Tables(ABC):
    """Tables of a database that can be made and widened.

    `types` are the names by which the database itself calls its types, and `many` that of a list of `{}`; `keyed` when
    its tables have primary keys.
    """

    types: ClassVar[Mapping[Type, str]]
    many: ClassVar[str]
    keyed: ClassVar[bool] = True

    def __init__(self, name: str, layout: Layout) -> None:
        self.name, self.layout = name, layout
        self.written: tuple[str, ...] = (name,)

    @abstractmethod
    def columns(self, table: str) -> Mapping[str, str]:
        """The columns of a table with their types; none where there is no such table."""

    @abstractmethod
    def execute(self, sql: str) -> None:
        """Run one statement."""

    def quoted(self, name: str) -> str:
        """A name as SQL."""
        return quoted(name)

    def migrate(self) -> None:
        """Make the tables, or add the columns that they lack. UsageError for a column of another type."""
        for table in self.layout.every:
            present = self.columns(table.name)
            if not present:
                columns = ", ".join(map(self._declared, table.columns))
                key = f", PRIMARY KEY ({', '.join(table.key)})" if self.keyed else ""
                self.execute(f"CREATE TABLE {self.quoted(table.name)} ({columns}{key})")
                continue
            for column in table.columns:
                if column.name not in present:
                    self.execute(f"ALTER TABLE {self.quoted(table.name)} ADD COLUMN {self._declared(column)}")
                elif present[column.name] != (wanted := self._type(column)):
                    raise UsageError(
                        f"{self.name}: column {column.name} of table {table.name} is {present[column.name]}, and the "
                        f"schema now asks for {wanted}: rename or drop the column or the table, and run it again"
                    )

    def _declared(self, column: Column) -> str:
        return f"{self.quoted(column.name)} {self._type(column)}"

    def _type(self, column: Column) -> str:
        return self.many.format(self.types[column.type]) if column.many else self.types[column.type]


class Database(Tables):
    """A database of which a run changes its own tables alone. `connection` is that of the open transaction."""

    def __init__(self, name: str, layout: Layout) -> None:
        super().__init__(name, layout)
        self.connection: Any = None

    def check(self) -> None:
        """Make the tables and take that back."""
        with self.transaction():
            self.migrate()
            self.execute("ROLLBACK")

    def write(self, records: Iterable[Mapping[str, Any]], pruned: Sequence[str] = ()) -> None:
        """Replace the rows of all these documents, and remove those of `pruned` ones, in one transaction."""
        with self.transaction():
            self.migrate()
            for table in self.layout.every if pruned else ():
                self.delete(table.name, pruned)
            for batch in batches(self.layout, records, self.store):
                documents = [row[0] for row in batch[self.layout.tables[0]]]
                for table in self.layout.every:
                    self.delete(table.name, documents)
                    self.insert(table, batch[table])
            self.execute("COMMIT")

    def execute(self, sql: str) -> None:
        """Run one statement."""
        self.connection.execute(sql)

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction, which is rolled back unless it is committed."""

    @abstractmethod
    def delete(self, table: str, documents: Sequence[str]) -> None:
        """Remove the rows of documents."""

    @abstractmethod
    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, each with a cell for every column of the table."""

    @abstractmethod
    def store(self, column: Column, cell: Any) -> Any:
        """What is stored for a cell of a column, or MISFIT where it cannot hold it exactly."""


class FileDatabase(Database):
    """A database in a file beside records.jsonl. Its library raises `error`."""

    error: type[Exception]
    begin: ClassVar[str] = "BEGIN"

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(str(path), layout)
        self.path, self.written = path, (path.name,)

    def check(self) -> None:
        """Make the tables and take that back; nothing where there is no file yet."""
        if self.path.exists():
            super().check()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """In place where there is a file, which transactions keep whole, else beside its place."""
        if self.path.exists():
            with self._opened(self.path):
                yield
            return
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            with self._opened(beside):
                yield
            beside.replace(self.path)
        finally:
            for left in (beside, beside.with_name(f"{beside.name}.wal"), beside.with_name(f"{beside.name}-journal")):
                left.unlink(missing_ok=True)

    @contextmanager
    def _opened(self, file: Path) -> Iterator[None]:
        try:
            with closing(self.connected(file)) as self.connection:
                self.execute(self.begin)
                yield
        except self.error as error:
            reason = str(error).partition("\n")[0]
            raise UsageError(f"{self.name} cannot be written: {reason}; close what uses it, or move it away") from error

    @abstractmethod
    def connected(self, file: Path) -> Any:
        """A connection to the file."""


class SqliteFile(FileDatabase):
    """records.sqlite. Dates are ISO 8601 text, booleans 0 and 1, lists and JSON text."""

    types = {  # noqa: RUF012
        "text": "TEXT",
        "integer": "INTEGER",
        "number": "REAL",
        "decimal": "DECIMAL",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "datetime": "DATETIME",
        "json": "TEXT",
    }
    many = "TEXT"
    error, begin = sqlite3.Error, "BEGIN IMMEDIATE"

    def connected(self, file: Path) -> sqlite3.Connection:
        return sqlite3.connect(file, isolation_level=None)

    def columns(self, table: str) -> dict[str, str]:
        return dict(self.connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall())

    def delete(self, table: str, documents: Sequence[str]) -> None:
        of_one = f"DELETE FROM {quoted(table)} WHERE document = ?"
        self.connection.executemany(of_one, ((document,) for document in documents))

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        marks = ", ".join("?" * len(table.columns))
        self.connection.executemany(f"INSERT INTO {_named(table)} VALUES ({marks})", rows)

    def store(self, column: Column, cell: Any) -> Any:
        if column.many or column.type == "json":
            return as_json(cell)
        match cell:
            case Decimal():
                return _number(cell)
            case datetime():
                return cell.isoformat(" ")
            case date():
                return cell.isoformat()
        return cell


def _number(value: Decimal) -> Any:
    """The integer or float that says the same; SQLite has no decimals."""
    if value.adjusted() < 18 and value == value.to_integral_value():
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else MISFIT


class DuckdbFile(FileDatabase):
    """records.duckdb, with lists as lists and JSON as JSON."""

    types = {  # noqa: RUF012
        "text": "VARCHAR",
        "integer": "BIGINT",
        "number": "DOUBLE",
        "decimal": f"DECIMAL({WIDTH},{SCALE})",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "datetime": "TIMESTAMP",
        "json": "JSON",
    }
    many = "{}[]"
    keyed = False  # its indices refuse a key that was deleted earlier in the same transaction

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path, layout)
        self._duckdb = library("duckdb", "--format duckdb needs")
        self.error = self._duckdb.Error

    def connected(self, file: Path) -> Any:
        return self._duckdb.connect(file)

    def columns(self, table: str) -> dict[str, str]:
        known = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND NOT internal"
        return dict(self.connection.execute(known, [table]).fetchall())

    def delete(self, table: str, documents: Sequence[str]) -> None:
        of_these = f"DELETE FROM {quoted(table)} WHERE document IN (SELECT unnest(?::VARCHAR[]))"
        self.connection.execute(of_these, [list(documents)])

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Rows go in as columns: one by one they would take a thousand times as long."""
        cells = ", ".join(map(self._unnested, table.columns))
        values = [[row[column.index] for row in rows] for column in table.columns]
        if rows:
            self.connection.execute(f"INSERT INTO {_named(table)} SELECT {cells}", values)

    def store(self, column: Column, cell: Any) -> Any:
        if column.type == "json":
            return as_json(cell)
        if column.type == "decimal":
            return _digits(cell) if every(fits_decimal, cell) else MISFIT
        return cell

    def _unnested(self, column: Column) -> str:
        type_, sent = self.types[column.type], "VARCHAR" if column.type == "decimal" else self.types[column.type]
        return f"unnest(?::{sent}[][])::{type_}[]" if column.many else f"unnest(?::{sent}[])::{type_}"


def _digits(cell: Any) -> Any:
    """Decimals as text, which DuckDB reads exactly whatever others stand in the same batch."""
    if isinstance(cell, list):
        return [None if one is None else format(one, "f") for one in cell]
    return format(cell, "f")


class Postgres(Database):
    """A PostgreSQL database by its URL. Runs that write to it at once wait for each other."""

    types = {  # noqa: RUF012
        "text": "text",
        "integer": "bigint",
        "number": "double precision",
        "decimal": "numeric",
        "boolean": "boolean",
        "date": "date",
        "datetime": "timestamp without time zone",
        "json": "jsonb",
    }
    many = "{}[]"

    def __init__(self, url: str, layout: Layout) -> None:
        super().__init__(public_url(url), layout)
        self._url, self._psycopg = url, library("psycopg", "a PostgreSQL URL needs")

    def __repr__(self) -> str:
        return f"Postgres({self.name!r})"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        try:
            with self._psycopg.connect(self._url, connect_timeout=self._patience()) as self.connection:
                self.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
                self.execute(f"SELECT pg_advisory_xact_lock(hashtext('extractor {self.layout.tables[0].name}'))")
                yield
        except self._psycopg.Error as error:
            # Neither the message nor what it came from may show the password.
            reason = scrubbed(str(error), self._url)
            raise UsageError(f"{self.name} cannot be written: {reason}; check the URL and the server") from None

    def columns(self, table: str) -> dict[str, str]:
        known = (
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
        )
        return dict(self.connection.execute(known, (quoted(table),)).fetchall())

    def delete(self, table: str, documents: Sequence[str]) -> None:
        self.connection.execute(f"DELETE FROM {quoted(table)} WHERE document = ANY(%s)", (list(documents),))

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {_named(table)} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def store(self, column: Column, cell: Any) -> Any:
        if column.type == "json":
            text = as_json(cell)
            return MISFIT if r"\u0000" in text else text
        return cell if every(_fits, cell) else MISFIT

    def _patience(self) -> Any:
        """Seconds that connecting may take, unless the URL says otherwise."""
        try:
            parameters = self._psycopg.conninfo.conninfo_to_dict(self._url)
        except self._psycopg.ProgrammingError:
            raise UsageError(
                f"{self.name} is not the URL of a database: write postgresql://user@host:port/name"
            ) from None
        return parameters.get("connect_timeout", _CONNECT_SECONDS)


def _fits(cell: Any) -> bool:
    """PostgreSQL has no text with a NUL in it, and an end to its numbers."""
    match cell:
        case str():
            return "\0" not in cell
        case Decimal():
            return abs(cell.adjusted()) < _DIGITS
    return True


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _named(table: Table) -> str:
    """A table with its columns as SQL, in the order of its rows."""
    return f"{quoted(table.name)} ({', '.join(quoted(column.name) for column in table.columns)})"
