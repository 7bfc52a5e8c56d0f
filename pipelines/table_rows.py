"""Rows of a table: the text of one column becomes typed columns of another table, each row once.

Rows go through `extract_many` as documents that are named by their key. Any rows of (key, text) will do: for a pandas
DataFrame `frame[["id", "body"]].itertuples(index=False)`, for a Polars one `frame.select("id", "body").iter_rows()`.

python pipelines/table_rows.py tickets.sqlite      reads the table `ticket` (id, body), writes the table `triage`
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, Literal

from pydantic import BaseModel, Field

from extractor import Document, Extractor, Result


class Triage(BaseModel):
    """What a message to a help desk is about."""

    product: str | None = Field(None, description="Product or service, as written; null if none is named")
    category: Literal["fault", "question", "order", "billing", "complaint"] = Field(description="What is wanted")
    urgent: bool = Field(description="True only if the message says that it is urgent or names a day")


def triage(rows: Iterable[tuple[Any, str]], cache: str | None = None) -> Iterator[tuple[str, Result[Triage]]]:
    """Each row's key and result, in the order in which they finish. No reply that `cache` holds is paid for twice."""
    with Extractor(cache=cache, max_cost=5.00) as extractor:
        documents = (Document.from_text(text, name=str(key)) for key, text in rows)
        for result in extractor.extract_many(Triage, documents):
            yield result.document, result


def run(database: str) -> int:
    """Triage the tickets that have no row in `triage` yet; the number of those that were written."""
    with closing(sqlite3.connect(database)) as store:
        columns = "id TEXT PRIMARY KEY, status TEXT, product TEXT, category TEXT, urgent INTEGER, problems TEXT"
        store.execute(f"CREATE TABLE IF NOT EXISTS triage ({columns})")
        open_rows = store.execute("SELECT id, body FROM ticket WHERE CAST(id AS TEXT) NOT IN (SELECT id FROM triage)")
        before = store.total_changes
        for key, result in triage(open_rows.fetchall(), cache=f"{database}.answers"):
            value = result.value.model_dump() if result.value else dict.fromkeys(Triage.model_fields)
            row = (key, result.status, *value.values(), "; ".join(map(str, result.problems)))
            with store:  # each row as it comes: a killed run goes on with the others
                store.execute("INSERT INTO triage VALUES (?, ?, ?, ?, ?, ?)", row)
        return store.total_changes - before


if __name__ == "__main__":
    print(f"{run(sys.argv[1])} tickets are new in the table triage")
