"""PostgreSQL, by psycopg: the tables in a database of one's own, named by its URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from extractor.errors import MissingExtra, UsageError
from extractor.pipeline.sinks.cells import MISFIT, Type, as_json, every
from extractor.pipeline.sinks.database import migrate, names, quoted, replace
from extractor.pipeline.sinks.layout import Column, Layout, Table
from extractor.pipeline.sinks.rows import Row
from extractor.pipeline.sinks.urls import public_url, scrubbed

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError as error:
    raise MissingExtra("a PostgreSQL URL needs psycopg", extra="tables") from error

__all__ = ["Postgres"]

_CONNECT_SECONDS = 10
_LOCK_SECONDS = 60
_DIGITS = 10_000


class Postgres:
    """A database of which a run changes its own tables alone; runs that do so at once wait for each other."""

    def __init__(self, url: str, layout: Layout) -> None:
        self._url, self._layout = url, layout
        self.written = (public_url(url),)

    def __repr__(self) -> str:
        return f"Postgres({public_url(self._url)!r})"

    def check(self) -> None:
        """Make the tables and take that back."""
        with self._transaction() as database:
            migrate(database, self._layout)
            database.execute("ROLLBACK")

    def write(self, records: Iterable[Mapping[str, Any]], pruned: Sequence[str] = ()) -> None:
        """Replace the rows of all these documents, and remove those of `pruned` ones, in one transaction."""
        with self._transaction() as database:
            migrate(database, self._layout)
            replace(database, self._layout, records, _store, pruned)
            database.execute("COMMIT")

    @contextmanager
    def _transaction(self) -> Iterator[_Database]:
        try:
            with psycopg.connect(self._url, connect_timeout=_patience(self._url)) as connection:
                database = _Database(connection, public_url(self._url))
                database.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
                database.execute(f"SELECT pg_advisory_xact_lock(hashtext('extractor {self._layout.tables[0].name}'))")
                yield database
        except psycopg.Error as error:
            # Neither the message nor what it came from may show the password.
            where, reason = public_url(self._url), scrubbed(str(error), self._url)
            raise UsageError(f"{where} cannot be written: {reason}; check the URL and the server") from None


class _Database:
    types: Mapping[Type, str] = {
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
    keyed = True
    quoted = staticmethod(quoted)

    def __init__(self, connection: psycopg.Connection[Any], name: str) -> None:
        self._connection, self.name = connection, name

    def columns(self, table: str) -> dict[str, str]:
        found = self._connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            (quoted(table),),
        )
        return dict(found.fetchall())

    def execute(self, sql: str) -> None:
        self._connection.execute(sql.encode())

    def delete(self, table: str, documents: Sequence[str]) -> None:
        self._connection.execute(f"DELETE FROM {quoted(table)} WHERE document = ANY(%s)".encode(), (list(documents),))

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        into = f"COPY {quoted(table.name)} ({names(table)}) FROM STDIN".encode()
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)


def _patience(url: str) -> Any:
    """Seconds that connecting may take, unless the URL says otherwise."""
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise UsageError(
            f"{public_url(url)} is not the URL of a database: write postgresql://user@host:port/name"
        ) from None
    return parameters.get("connect_timeout", _CONNECT_SECONDS)


def _store(column: Column, cell: Any) -> Any:
    if column.type == "json":
        text = as_json(cell)
        return MISFIT if r"\u0000" in text else text
    return cell if every(_fits, cell) else MISFIT


def _fits(cell: Any) -> bool:
    """PostgreSQL has no text with a NUL in it, and an end to its numbers."""
    match cell:
        case str():
            return "\0" not in cell
        case Decimal():
            return abs(cell.adjusted()) < _DIGITS
    return True
