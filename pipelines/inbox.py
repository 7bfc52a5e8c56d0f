"""An inbox: each run reads the mail that is new since the last one, and prints what is asked of whom.

A run skips what earlier runs into the same folder have finished, so that a scheduler can start this every hour:

python pipelines/inbox.py /srv/mail out/inbox
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from extractor import Config, Pipeline, resolve_schema

PROJECT = Path(__file__).resolve().parents[1]

PIPELINE = Pipeline(
    schema=resolve_schema(str(PROJECT / "schemas" / "email_message.py")),
    source=PROJECT / "samples" / "email_messages",
    config=Config(max_cost=20.00),  # US dollars, over all runs into one folder
)


def records(out: Path) -> list[dict[str, Any]]:
    """The records of all runs so far."""
    path = out / "records.jsonl"
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def read(inbox: Path, out: Path) -> list[dict[str, Any]]:
    """The records that were not there, or not ok, before this run."""
    known = {record["sha256"] for record in records(out) if record["status"] == "ok"}
    replace(PIPELINE, source=inbox).run(out)
    return [record for record in records(out) if record["sha256"] not in known]


def lines(record: dict[str, Any]) -> Iterator[str]:
    """A line for each task of a message; one that says so for a message that is not ok."""
    if record["status"] != "ok":
        yield f"{record['document']}: {record['status']}, {record['problems'][0]['message']}"
    for task in (record["value"] or {}).get("tasks", ()):
        yield f"{task['due'] or 'no date':10}  {task['owner'] or 'nobody':20}  {task['task']}"


if __name__ == "__main__":
    for new in read(Path(sys.argv[1]), Path(sys.argv[2])):
        print("\n".join(lines(new)))
