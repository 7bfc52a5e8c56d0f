"""What the databases share: tables that are made or widened, and documents whose rows are replaced.

Rows go by document: those that the tables hold of a document are replaced by those of its record, in one transaction.
Rows of pruned documents are removed, and those of others stay. Columns that the schema has gained are added; those that
it has lost stay, empty for new rows. A column whose type has changed is for a person to decide about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from extractor.errors import UsageError
from extractor.pipeline.sinks.cells import Type
from extractor.pipeline.sinks.layout import Column, Layout, Table
from extractor.pipeline.sinks.rows import Row, Store, batches

__all__ = ["Database", "Tables", "migrate", "names", "quoted", "replace"]


class Tables(Protocol):
    """Tables that can be made and widened.

    `name` is for messages; `types` are the names by which the database itself tells its types, and `many` that of a
    list of `{}`; `keyed` when its tables have primary keys.
    """

    name: str
    types: Mapping[Type, str]
    many: str
    keyed: bool

    def quoted(self, name: str, /) -> str:
        """A name as SQL."""

    def columns(self, table: str, /) -> Mapping[str, str]:
        """The columns of a table with their types; none where there is no such table."""

    def execute(self, sql: str, /) -> object:
        """Run one statement."""


class Database(Tables, Protocol):
    """An open transaction."""

    def delete(self, table: str, documents: Sequence[str], /) -> None:
        """Remove the rows of documents."""

    def insert(self, table: Table, rows: Sequence[Row], /) -> None:
        """Add rows, each with a cell for every column of the table."""


def migrate(database: Tables, layout: Layout) -> None:
    """Make the tables, or add the columns that they lack. UsageError for a column of another type."""
    for table in layout.every:
        present = database.columns(table.name)
        if not present:
            _create(database, table)
            continue
        for column in table.columns:
            if column.name not in present:
                database.execute(f"ALTER TABLE {database.quoted(table.name)} ADD COLUMN {_declared(database, column)}")
            elif present[column.name] != (wanted := _type(database, column)):
                raise UsageError(
                    f"{database.name}: column {column.name} of table {table.name} is {present[column.name]}, and the "
                    f"schema now asks for {wanted}: rename or drop the column or the table, and run it again"
                )


def replace(
    database: Database,
    layout: Layout,
    records: Iterable[Mapping[str, Any]],
    store: Store,
    pruned: Sequence[str] = (),
) -> None:
    """Put the rows of records in the place of all rows of their documents, and remove those of `pruned` ones."""
    for table in layout.every if pruned else ():
        database.delete(table.name, pruned)
    for batch in batches(layout, records, store):
        documents = [row[0] for row in batch[layout.tables[0]]]
        for table in layout.every:
            database.delete(table.name, documents)
            database.insert(table, batch[table])


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def names(table: Table) -> str:
    """The columns of a table as SQL, in the order of its rows."""
    return ", ".join(quoted(column.name) for column in table.columns)


def _create(database: Tables, table: Table) -> None:
    columns = ", ".join(_declared(database, column) for column in table.columns)
    key = f", PRIMARY KEY ({', '.join(table.key)})" if database.keyed else ""
    database.execute(f"CREATE TABLE {database.quoted(table.name)} ({columns}{key})")


def _declared(database: Tables, column: Column) -> str:
    return f"{database.quoted(column.name)} {_type(database, column)}"


def _type(database: Tables, column: Column) -> str:
    return database.many.format(database.types[column.type]) if column.many else database.types[column.type]
