"""Rows of a table: the text of one column becomes typed columns, each row once.

`triage_frame` takes a data frame of pandas, Polars or pyarrow. The script reads a table of SQL and writes each row as
it is done, so that a run that was stopped goes on with the others:

python pipelines/table_rows.py tickets.sqlite      reads the table `ticket` (id, body), writes the table `triage`
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, Literal

from pydantic import BaseModel, Field

from extractor import Document, Extractor, Result, extract_frame


class Triage(BaseModel):
    """What a message to a help desk is about."""

    product: str | None = Field(None, description="Product or service, as written; null if none is named")
    category: Literal["fault", "question", "order", "billing", "complaint"] = Field(description="What is wanted")
    urgent: bool = Field(description="True only if the message says that it is urgent or names a day")


def triage_frame(frame: Any, cache: str | None = None) -> Any:
    """The frame with the columns value, status, problems and cost_usd, for the texts of its column `body`."""
    with Extractor(cache=cache, max_cost=5.00) as extractor:
        return extract_frame(frame, "body", Triage, extractor=extractor)


def triage_rows(rows: Iterable[tuple[Any, str]], cache: str | None = None) -> Iterator[Result[Triage]]:
    """A result for each row of (key, text), in the order in which they finish; `result.document` is the key."""
    with Extractor(cache=cache, max_cost=5.00) as extractor:
        yield from extractor.extract_many(Triage, (Document.from_text(text, name=str(key)) for key, text in rows))


def run(database: str) -> int:
    """Triage the tickets that have no row in `triage` yet, or a failed one; returns how many rows were written."""
    with closing(sqlite3.connect(database)) as store:
        columns = "id TEXT PRIMARY KEY, status TEXT, product TEXT, category TEXT, urgent INTEGER, problems TEXT"
        store.execute(f"CREATE TABLE IF NOT EXISTS triage ({columns})")
        done = "SELECT id FROM triage WHERE status <> 'failed'"
        query = f"SELECT id, body FROM ticket WHERE body IS NOT NULL AND CAST(id AS TEXT) NOT IN ({done})"
        rows = store.execute(query).fetchall()
        for result in triage_rows(rows, cache=f"{database}.answers"):
            value = result.value.model_dump() if result.value else dict.fromkeys(Triage.model_fields)
            row = (result.document, result.status, *value.values(), "; ".join(map(str, result.problems)))
            with store:
                store.execute("INSERT OR REPLACE INTO triage VALUES (?, ?, ?, ?, ?, ?)", row)
        return len(rows)


if __name__ == "__main__":
    print(f"wrote {run(sys.argv[1])} rows of the table triage")
