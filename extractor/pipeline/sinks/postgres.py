"""PostgreSQL, by psycopg: the tables in a database of one's own, named by its URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from extractor.errors import MissingExtra, UsageError
from extractor.pipeline.sinks.database import Database, names, quoted
from extractor.pipeline.sinks.layout import MISFIT, Column, Layout, Table, as_json, every
from extractor.pipeline.sinks.rows import Row
from extractor.sources.urls import public_url, scrubbed

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError as error:
    raise MissingExtra("a PostgreSQL URL needs psycopg", extra="tables") from error

__all__ = ["Postgres"]

_CONNECT_SECONDS = 10
_LOCK_SECONDS = 60
_DIGITS = 10_000


class Postgres(Database):
    """A database by its URL. Runs that write to it at once wait for each other."""

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
        self._url = url

    def __repr__(self) -> str:
        return f"Postgres({self.name!r})"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        try:
            with psycopg.connect(self._url, connect_timeout=_patience(self._url)) as self.connection:
                self.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
                self.execute(f"SELECT pg_advisory_xact_lock(hashtext('extractor {self.layout.tables[0].name}'))")
                yield
        except psycopg.Error as error:
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
        into = f"COPY {quoted(table.name)} ({names(table)}) FROM STDIN"
        with self.connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)

    def store(self, column: Column, cell: Any) -> Any:
        if column.type == "json":
            text = as_json(cell)
            return MISFIT if r"\u0000" in text else text
        return cell if every(_fits, cell) else MISFIT


def _patience(url: str) -> Any:
    """Seconds that connecting may take, unless the URL says otherwise."""
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise UsageError(
            f"{public_url(url)} is not the URL of a database: write postgresql://user@host:port/name"
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
