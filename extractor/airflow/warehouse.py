"""Warehouses as sinks, by Airflow's own hooks: Snowflake, Redshift and BigQuery.

Rows are staged as Parquet files and copied into temporary tables. One transaction then replaces the rows of their
documents. Tables and columns are those of every sink; lists and JSON are semi-structured columns.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from uuid import uuid4

from airflow.providers.common.compat.sdk import AirflowException

from extractor.errors import UsageError
from extractor.pipeline.sinks.database import Tables, quoted
from extractor.pipeline.sinks.files import ParquetFiles
from extractor.pipeline.sinks.layout import SCALE, WIDTH, Column, Layout, Type
from extractor.sources.storage import dataset_name, erase, join, send

__all__ = ["WAREHOUSES", "BigQuery", "Redshift", "Snowflake", "Warehouse", "hook_of"]

_DOCUMENTS = "documents"
"""The staged table of the documents whose rows are replaced or removed."""


class Warehouse(Tables):
    """A sink over a hook. What differs between warehouses is in the subclasses.

    `out` is the output of the job, where files are staged for warehouses that read object storage; `dataset` is where
    the tables of BigQuery are.
    """

    scheme: str = ""
    """The object storage that the warehouse reads; "" where it takes files of this machine."""

    parse: str
    """The expression that makes JSON of the text in a `{cell}`."""

    describe: str
    """The query for names and types of the columns of a `{table}`."""

    begin: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    keyed = False

    def __init__(self, name: str, hook: Any, layout: Layout, *, out: str, dataset: str | None = None) -> None:
        super().__init__(name, layout)
        self.hook, self.out, self.dataset = hook, out, dataset
        self._id = uuid4().hex[:12]

    def check(self) -> None:
        """UsageError where files cannot be staged for the warehouse, or it cannot be reached."""
        if self.scheme and not self.out.startswith(f"{self.scheme}://"):
            raise UsageError(f"{self.name} copies from {self.scheme}://, and out is {self.out}: give one there")
        self.columns(self.layout.tables[0].name)

    def write(self, records: Iterable[Mapping[str, Any]], pruned: Sequence[str] = ()) -> None:
        """Replace the rows of all these documents, and remove those of `pruned` ones, in one transaction."""
        self.migrate()
        names = list(pruned)

        def noted() -> Iterator[Mapping[str, Any]]:
            for record in records:
                names.append(record["document"])
                yield record

        with TemporaryDirectory(prefix="extractor-") as scratch:
            files = ParquetFiles(Path(scratch), self.layout, flat=True)
            files.write(noted())
            paths = {
                table.name: Path(scratch, name) for table, name in zip(self.layout.every, files.written, strict=True)
            }
            paths[_DOCUMENTS] = Path(scratch, "documents.parquet")
            files.write_column(paths[_DOCUMENTS], "document", names)
            with self.staged(paths) as places:
                self.run([*self.copies(places), *self.begin, *self.replacing(), *self.end])

    def copies(self, places: Mapping[str, str]) -> Iterator[str]:
        """Statements that make the staged tables and fill them from files, by table."""
        columns = {_DOCUMENTS: [Column("document", "text", False, 0)]}
        columns |= {table.name: table.columns for table in self.layout.every}
        for table, each in columns.items():
            types = (self.types["text" if column.many or column.type == "json" else column.type] for column in each)
            names = (self.quoted(column.name) for column in each)
            yield from self.copied(table, ", ".join(map(" ".join, zip(names, types, strict=True))), places[table])

    def replacing(self) -> Iterator[str]:
        """Statements that put staged rows in the place of those of their documents."""
        for table in self.layout.every:
            documents = f"SELECT {self.quoted('document')} FROM {self.staging(_DOCUMENTS)}"
            yield f"DELETE FROM {self.quoted(table.name)} WHERE {self.quoted('document')} IN ({documents})"
            into = ", ".join(self.quoted(column.name) for column in table.columns)
            values = ", ".join(map(self.value, table.columns))
            yield f"INSERT INTO {self.quoted(table.name)} ({into}) SELECT {values} FROM {self.staging(table.name)}"

    def staging(self, table: str) -> str:
        """The name of a staged table, which no other run has."""
        return self.quoted(f"extractor_{self._id}_{table}")

    def value(self, column: Column) -> str:
        """A staged cell as one of the table."""
        if column.many or column.type == "json":
            return self.parse.format(cell=self.quoted(column.name))
        return f"CAST({self.quoted(column.name)} AS {self.types[column.type]})"

    def columns(self, table: str) -> Mapping[str, str]:
        """The columns of a table with their types, as the layout spells them; none where there is no such table."""
        wanted = next(each for each in self.layout.every if each.name == table)
        spelt = {column.name.casefold(): column.name for column in wanted.columns}
        found = self.rows(self.describe.format(table=self.quoted(table)[1:-1]))
        return {spelt.get(name.casefold(), name): type_ for name, type_ in found}

    # -- what differs

    @abstractmethod
    def copied(self, table: str, declared: str, place: str) -> tuple[str, ...]:
        """Statements that make one staged table with the `declared` columns, and fill it from a file."""

    @contextmanager
    def staged(self, paths: Mapping[str, Path]) -> Iterator[dict[str, str]]:
        """The places of files where the warehouse finds them, until left."""
        places = {table: join(self.out, f".staged-{self._id}", path.name) for table, path in paths.items()}
        try:
            for table, path in paths.items():
                send(path, places[table])
            yield {table: "{}/{}".format(*dataset_name(place)) for table, place in places.items()}
        finally:
            for place in places.values():
                erase(place)

    def execute(self, sql: str) -> None:
        """Run one statement."""
        self.run([sql])

    def rows(self, sql: str) -> list[Any]:
        return list(self.hook.get_records(sql))

    def run(self, statements: Sequence[str]) -> None:
        """Run statements on one connection."""
        self.hook.run(list(statements), autocommit=False)


_TEXT = "data_type || '(' || character_maximum_length || ')'"
_NUMBER = "data_type || '(' || numeric_precision || ',' || numeric_scale || ')'"


class Snowflake(Warehouse):
    """Names are in upper case, so that nobody has to quote them; files wait in the user's stage."""

    types: ClassVar[Mapping[Type, str]] = {
        "text": "TEXT",
        "integer": "NUMBER(38,0)",
        "number": "FLOAT",
        "decimal": f"NUMBER({WIDTH},{SCALE})",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "datetime": "TIMESTAMP_NTZ",
        "json": "VARIANT",
    }
    many = "VARIANT"
    begin, end = ("BEGIN",), ("COMMIT",)
    parse = "PARSE_JSON({cell})"
    describe = (
        f"SELECT column_name, CASE data_type WHEN 'NUMBER' THEN {_NUMBER} ELSE data_type END"
        " FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA() AND table_name = '{table}'"
    )

    def quoted(self, name: str) -> str:
        return quoted(name.upper())

    def copies(self, places: Mapping[str, str]) -> Iterator[str]:
        for place in places.values():
            yield f"PUT 'file://{place}' {self._stage()} AUTO_COMPRESS=FALSE"
        yield from super().copies(places)

    def copied(self, table: str, declared: str, place: str) -> tuple[str, ...]:
        return (
            f"CREATE TEMPORARY TABLE {self.staging(table)} ({declared})",
            f"COPY INTO {self.staging(table)} FROM {self._stage()}/{Path(place).name}"
            " FILE_FORMAT=(TYPE=PARQUET USE_LOGICAL_TYPE=TRUE) MATCH_BY_COLUMN_NAME=CASE_INSENSITIVE PURGE=TRUE",
        )

    @contextmanager
    def staged(self, paths: Mapping[str, Path]) -> Iterator[dict[str, str]]:
        yield {table: path.as_posix() for table, path in paths.items()}

    def _stage(self) -> str:
        return f"@~/extractor_{self._id}"


class Redshift(Warehouse):
    """Files wait beside the output on S3; the cluster reads them with its default role."""

    types: ClassVar[Mapping[Type, str]] = {
        "text": "character varying(65535)",
        "integer": "bigint",
        "number": "double precision",
        "decimal": f"numeric({WIDTH},{SCALE})",
        "boolean": "boolean",
        "date": "date",
        "datetime": "timestamp without time zone",
        "json": "super",
    }
    many = "super"
    scheme = "s3"
    parse = "JSON_PARSE({cell})"
    describe = (
        f"SELECT column_name, CASE data_type WHEN 'numeric' THEN {_NUMBER} WHEN 'character varying' THEN {_TEXT}"
        " ELSE data_type END FROM svv_columns WHERE table_schema = current_schema() AND table_name = '{table}'"
    )

    def copied(self, table: str, declared: str, place: str) -> tuple[str, ...]:
        return (
            f"CREATE TEMPORARY TABLE {self.staging(table)} ({declared})",
            f"COPY {self.staging(table)} FROM '{place}' IAM_ROLE default FORMAT AS PARQUET",
        )


class BigQuery(Warehouse):
    """Files wait beside the output on Google Cloud Storage, and load jobs fill the staged tables of the dataset."""

    types: ClassVar[Mapping[Type, str]] = {
        "text": "STRING",
        "integer": "INT64",
        "number": "FLOAT64",
        "decimal": "NUMERIC",
        "boolean": "BOOL",
        "date": "DATE",
        "datetime": "DATETIME",
        "json": "JSON",
    }
    many = "JSON"
    scheme = "gs"
    begin, end = ("BEGIN TRANSACTION",), ("COMMIT TRANSACTION",)
    parse = "PARSE_JSON({cell}, wide_number_mode=>'round')"
    describe = "SELECT column_name, data_type FROM INFORMATION_SCHEMA.COLUMNS WHERE table_name = '{table}'"

    def check(self) -> None:
        if not self.dataset:
            raise UsageError(f"{self.name} is one to BigQuery: give sink_dataset, the dataset of the tables")
        super().check()

    def quoted(self, name: str) -> str:
        return f"`{name}`"

    def copied(self, table: str, declared: str, place: str) -> tuple[str, ...]:
        files = f"FROM FILES (format = 'PARQUET', uris = ['{place}'])"
        return (f"LOAD DATA INTO TEMP TABLE {self.staging(table)} ({declared}) {files}",)

    def run(self, statements: Sequence[str]) -> None:
        self.rows(";\n".join(statements))

    def rows(self, sql: str) -> list[Any]:
        query = {"query": sql, "useLegacySql": False, "defaultDataset": self._place()}
        return list(self.hook.insert_job(configuration={"query": query}).result())

    def _place(self) -> dict[str, str]:
        project, _, dataset = (self.dataset or "").rpartition(".")
        return {"projectId": project or self.hook.project_id, "datasetId": dataset}


WAREHOUSES: Mapping[str, type[Warehouse]] = {
    "snowflake": Snowflake,
    "redshift": Redshift,
    "gcpbigquery": BigQuery,
    "google_cloud_platform": BigQuery,
}
"""By the type of connection."""


def hook_of(connection: Any) -> Any:
    """Airflow's hook for a connection to a warehouse. UsageError where its provider is not installed."""
    try:
        if WAREHOUSES[connection.conn_type] is BigQuery:  # the hook of a Google connection is one for all services
            from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

            return BigQueryHook(gcp_conn_id=connection.conn_id, use_legacy_sql=False)
        return connection.get_hook()
    except (ImportError, AirflowException) as error:
        raise UsageError(
            f"connection {connection.conn_id} is one to {connection.conn_type}, whose provider cannot be used: {error}"
        ) from error
