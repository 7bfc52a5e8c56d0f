"""Rows by document in warehouses: the SQL of each as text, and what it does in a real database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from pydantic import BaseModel

from extractor.airflow.publishing import PublishOperator
from extractor.airflow.warehouse import BigQuery, Redshift, Snowflake, Warehouse
from extractor.errors import UsageError
from extractor.pipeline.sinks.layout import Layout, lay_out
from extractor.schema.compiler import compile_schema


class Line(BaseModel):
    """A line."""

    name: str


class Bill(BaseModel):
    """A bill."""

    shop: str
    total: float
    tags: list[str]
    lines: list[Line]


LAYOUT = lay_out(compile_schema(Bill, counts=True))


class Hook:
    """Notes the SQL that reaches a warehouse; it has no tables yet."""

    project_id = "project"

    def __init__(self) -> None:
        self.ran: list[str] = []

    def get_records(self, sql: str) -> list[Any]:
        self.ran.append(sql)
        return []

    def run(self, statements: Sequence[str], *, autocommit: bool) -> None:
        assert not autocommit
        self.ran += statements

    def insert_job(self, configuration: Any) -> Any:
        query = configuration["query"]
        assert query["defaultDataset"] == {"projectId": "project", "datasetId": "bills"}
        assert query["useLegacySql"] is False
        self.ran += query["query"].split(";\n")
        return SimpleNamespace(result=list)


def record(document: str, shop: str, *lines: str) -> dict[str, Any]:
    value = {"shop": shop, "total": 1.5, "tags": ["a", "b"], "lines": [{"name": name} for name in lines]}
    usage = {"prompt_tokens": 1, "cached_tokens": 0, "completion_tokens": 1, "cost_usd": 0.1}
    counts = {"chunks": 1, "attempts": 1, "repairs": [], "usage": usage}
    known = {"evidence": [], "confidence": {}, "problems": []}
    return {"document": document, "sha256": "0", "status": "ok", "value": value, **known, **counts}


COLUMNS = ("document", "sha256", "status", "corrected", "shop", "total", "tags", "other")

SQL = {
    Snowflake: [
        'CREATE TABLE "BILL" ("DOCUMENT" TEXT, "SHA256" TEXT, "STATUS" TEXT, "CORRECTED" BOOLEAN, "SHOP" TEXT,'
        ' "TOTAL" FLOAT, "TAGS" VARIANT, "OTHER" TEXT)',
        "PUT 'file:///STAGED/records.parquet' @~/extractor_ID AUTO_COMPRESS=FALSE",
        'CREATE TEMPORARY TABLE "EXTRACTOR_ID_BILL" ("DOCUMENT" TEXT, "SHA256" TEXT, "STATUS" TEXT, "CORRECTED"'
        ' BOOLEAN, "SHOP" TEXT, "TOTAL" FLOAT, "TAGS" TEXT, "OTHER" TEXT)',
        'COPY INTO "EXTRACTOR_ID_BILL" FROM @~/extractor_ID/records.parquet FILE_FORMAT=(TYPE=PARQUET'
        " USE_LOGICAL_TYPE=TRUE) MATCH_BY_COLUMN_NAME=CASE_INSENSITIVE PURGE=TRUE",
        "BEGIN",
        'DELETE FROM "BILL" WHERE "DOCUMENT" IN (SELECT "DOCUMENT" FROM "EXTRACTOR_ID_DOCUMENTS")',
        'INSERT INTO "BILL" ("DOCUMENT", "SHA256", "STATUS", "CORRECTED", "SHOP", "TOTAL", "TAGS", "OTHER") SELECT'
        ' CAST("DOCUMENT" AS TEXT), CAST("SHA256" AS TEXT), CAST("STATUS" AS TEXT), CAST("CORRECTED" AS BOOLEAN),'
        ' CAST("SHOP" AS TEXT), CAST("TOTAL" AS FLOAT), PARSE_JSON("TAGS"), CAST("OTHER" AS TEXT) FROM'
        ' "EXTRACTOR_ID_BILL"',
        "COMMIT",
    ],
    Redshift: [
        'CREATE TABLE "bill" ("document" character varying(65535), "sha256" character varying(65535), "status"'
        ' character varying(65535), "corrected" boolean, "shop" character varying(65535), "total" double precision,'
        ' "tags" super, "other" character varying(65535))',
        'CREATE TEMPORARY TABLE "extractor_ID_bill" ("document" character varying(65535), "sha256" character'
        ' varying(65535), "status" character varying(65535), "corrected" boolean, "shop" character varying(65535),'
        ' "total" double precision, "tags" character varying(65535), "other" character varying(65535))',
        "COPY \"extractor_ID_bill\" FROM 's3://docs/out/.staged-ID/records.parquet' IAM_ROLE default FORMAT AS PARQUET",
        'DELETE FROM "bill" WHERE "document" IN (SELECT "document" FROM "extractor_ID_documents")',
        'INSERT INTO "bill" ("document", "sha256", "status", "corrected", "shop", "total", "tags", "other") SELECT'
        ' CAST("document" AS character varying(65535)), CAST("sha256" AS character varying(65535)), CAST("status" AS'
        ' character varying(65535)), CAST("corrected" AS boolean), CAST("shop" AS character varying(65535)),'
        ' CAST("total" AS double precision), JSON_PARSE("tags"), CAST("other" AS character varying(65535)) FROM'
        ' "extractor_ID_bill"',
    ],
    BigQuery: [
        "CREATE TABLE `bill` (`document` STRING, `sha256` STRING, `status` STRING, `corrected` BOOL, `shop` STRING,"
        " `total` FLOAT64, `tags` JSON, `other` STRING)",
        "LOAD DATA INTO TEMP TABLE `extractor_ID_bill` (`document` STRING, `sha256` STRING, `status` STRING,"
        " `corrected` BOOL, `shop` STRING, `total` FLOAT64, `tags` STRING, `other` STRING) FROM FILES (format ="
        " 'PARQUET', uris = ['gs://docs/out/.staged-ID/records.parquet'])",
        "BEGIN TRANSACTION",
        "DELETE FROM `bill` WHERE `document` IN (SELECT `document` FROM `extractor_ID_documents`)",
        "INSERT INTO `bill` (`document`, `sha256`, `status`, `corrected`, `shop`, `total`, `tags`, `other`) SELECT"
        " CAST(`document` AS STRING), CAST(`sha256` AS STRING), CAST(`status` AS STRING), CAST(`corrected` AS BOOL),"
        " CAST(`shop` AS STRING), CAST(`total` AS FLOAT64), PARSE_JSON(`tags`, wide_number_mode=>'round'), CAST(`other`"
        " AS STRING) FROM `extractor_ID_bill`",
        "COMMIT TRANSACTION",
    ],
}


@pytest.mark.parametrize("kind", SQL, ids=lambda kind: kind.__name__)
def test_sql(kind: type[Warehouse], monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are staged and copied; then rows are replaced by document. Staged files are removed."""
    stored: list[str] = []
    monkeypatch.setattr("extractor.airflow.warehouse.send", lambda path, place: stored.append(place))
    monkeypatch.setattr("extractor.airflow.warehouse.erase", lambda place: stored.remove(place))
    hook = Hook()
    out = f"{kind.scheme}://store@docs/out" if kind.scheme else "/out"
    sink = kind("warehouse", hook, LAYOUT, out=out, dataset="bills")
    sink.check()
    described = hook.ran.pop()
    assert ("'BILL'" if kind is Snowflake else "'bill'") in described
    sink.write([record("1", "Apple", "x")], ["2"])
    ran = [sql.replace(sink._id, "ID").replace(sink._id.upper(), "ID") for sql in hook.ran]
    ran = [re.sub("file://[^']*/", "file:///STAGED/", sql) for sql in ran]
    assert [sql for sql in ran if sql in SQL[kind]] == SQL[kind], "\n".join(ran)
    assert stored == []


@pytest.mark.parametrize(
    ("kind", "out", "message"),
    [
        (Redshift, "/out", "warehouse copies from s3://, and out is /out: give one there"),
        (BigQuery, "s3://a/out", "warehouse copies from gs://, and out is s3://a/out: give one there"),
    ],
)
def test_a_place_that_a_warehouse_cannot_read(kind: type[Warehouse], out: str, message: str) -> None:
    """It is refused before anything is written."""
    with pytest.raises(UsageError, match=message):
        kind("warehouse", Hook(), LAYOUT, out=out, dataset="bills").check()
    with pytest.raises(UsageError, match="give sink_dataset"):
        BigQuery("warehouse", Hook(), LAYOUT, out="gs://a/out").check()


def test_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """The type of a connection says which warehouse it is; a type that is none is refused in one line."""
    for kind in ("redshift", "mysql"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{kind.upper()}", json.dumps({"conn_type": kind, "host": "localhost"}))
    publish = PublishOperator(task_id="publish", manifests=[], out="s3://docs/out", sink_conn_id="redshift")
    (make,) = publish._sinks()
    assert callable(make)
    sink = make(LAYOUT)
    assert isinstance(sink, Redshift)
    assert (sink.written, type(sink.hook).__name__) == (("redshift",), "RedshiftSQLHook")
    with pytest.raises(UsageError, match="connection mysql is one to mysql"):
        PublishOperator(task_id="publish", manifests=[], out="/out", sink_conn_id="mysql")._sinks()


class Duck(Warehouse):
    """The same statements, in a database of this process."""

    types = Redshift.types | {"text": "VARCHAR", "json": "JSON", "number": "DOUBLE", "integer": "BIGINT"} | {
        "decimal": "DECIMAL(38,9)", "boolean": "BOOLEAN", "date": "DATE", "datetime": "TIMESTAMP"
    }  # fmt: skip
    many = "JSON"
    begin, end = ("BEGIN",), ("COMMIT",)
    parse = "CAST({cell} AS JSON)"
    describe = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{table}'"

    def copied(self, table: str, declared: str, place: str) -> tuple[str, ...]:
        return (
            f"CREATE TEMPORARY TABLE {self.staging(table)} ({declared})",
            f"COPY {self.staging(table)} FROM '{place}' (FORMAT PARQUET)",
        )

    staged = Snowflake.staged


class DuckHook:
    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self.get_records = lambda sql: database.execute(sql).fetchall()
        self.database = database

    def run(self, statements: Sequence[str], *, autocommit: bool) -> None:
        for statement in statements:
            self.database.execute(statement)


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as database:
        yield database


def write(database: duckdb.DuckDBPyConnection, layout: Layout, *records: Any, pruned: Sequence[str] = ()) -> None:
    sink = Duck("duck", DuckHook(database), layout, out="")
    sink.check()
    sink.write(records, pruned)


def test_rows_by_document(database: duckdb.DuckDBPyConnection) -> None:
    """Rows of a document replace those that it had, pruned ones go, others stay; twice is as once."""
    write(database, LAYOUT, record("1", "Apple", "x", "y"), record("2", "Bread"), record("3", "Cloth", "z"))
    for _ in range(2):
        write(database, LAYOUT, record("1", "Apricot", "x"), pruned=["3"])
    assert database.execute("SELECT document, shop, tags FROM bill ORDER BY 1").fetchall() == [
        ("1", "Apricot", '["a","b"]'),
        ("2", "Bread", '["a","b"]'),
    ]
    assert database.execute("SELECT document, name FROM bill_lines").fetchall() == [("1", "x")]


def test_a_schema_that_grows(database: duckdb.DuckDBPyConnection) -> None:
    """Columns that the schema has gained are added, and rows of before have nothing there."""
    write(database, LAYOUT, record("1", "Apple"))

    class Wider(Bill):
        """A bill."""

        note: str | None = None

    wider = compile_schema(Wider.model_json_schema() | {"title": "Bill"}, counts=True)
    new = record("2", "Bread")
    write(database, lay_out(wider), {**new, "value": {**new["value"], "note": "paid"}})
    assert database.execute("SELECT document, note FROM bill ORDER BY 1").fetchall() == [("1", None), ("2", "paid")]


def test_rows_of_a_failed_copy_stay(database: duckdb.DuckDBPyConnection) -> None:
    """Where rows cannot be inserted, those that they were to replace are still there."""
    write(database, LAYOUT, record("1", "Apple", "x"))

    class Broken(Duck):
        def value(self, column: Any) -> str:
            return "error('broken')" if column.name == "name" else super().value(column)

    with pytest.raises(duckdb.Error, match="broken"):
        Broken("duck", DuckHook(database), LAYOUT, out="").write([record("1", "Apricot", "y")])
    database.execute("ROLLBACK")
    assert database.execute("SELECT shop, name FROM bill JOIN bill_lines USING (document)").fetchall() == [
        ("Apple", "x")
    ]
