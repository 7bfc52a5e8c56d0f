"""What the databases share: tables that are made or widened, and documents whose rows are replaced.

Rows go by document: those that the tables hold of a document are replaced by those of its record, in one transaction.
Rows of pruned documents are removed, and those of others stay. Columns that the schema has gained are added; those that
it has lost stay, empty for new rows. A column whose type has changed is for a person to decide about.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from extractor.errors import UsageError
from extractor.pipeline.sinks.layout import Column, Layout, Table, Type
from extractor.pipeline.sinks.rows import Row, batches

__all__ = ["Database", "FileDatabase", "Tables", "names", "quoted"]


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
    """A database in a file beside records.jsonl."""

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
            with self.opened(self.path):
                yield
            return
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            with self.opened(beside):
                yield
            beside.replace(self.path)
        finally:
            for left in (beside, beside.with_name(f"{beside.name}.wal"), beside.with_name(f"{beside.name}-journal")):
                left.unlink(missing_ok=True)

    @abstractmethod
    def opened(self, file: Path) -> AbstractContextManager[None]:
        """Open the file and begin a transaction."""


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def names(table: Table) -> str:
    """The columns of a table as SQL, in the order of its rows."""
    return ", ".join(quoted(column.name) for column in table.columns)
