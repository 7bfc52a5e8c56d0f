"""What a run left in its output folder, read back line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from extractor.errors import UsageError
from extractor.pipeline.journal import opened_journal
from extractor.schema.compiler import Schema

__all__ = ["opened_journal", "read_gold", "read_records", "read_run", "read_steps", "schema_of_run"]


def read_records(out: Path) -> Iterator[dict[str, Any]]:
    """The lines of OUT/records.jsonl, in their order; UsageError where there is no such file."""
    return _records(out / "records.jsonl", f"run `extractor run SOURCE --schema SPEC --out {out}` first")


def read_gold(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a gold file: `{"document": NAME, "value": {...}}`, other names are let through."""
    return _records(path, "name a file of lines with `document` and `value`")


def read_steps(path: Path) -> Iterator[dict[str, Any]]:
    """The corrections in a file that report.html exported."""
    return (step for _, step in _objects(path, "name the corrections.jsonl that report.html exported"))


def read_run(out: Path) -> dict[str, Any]:
    """The totals and settings of OUT/run.json; empty where the run was stopped before it wrote them."""
    try:
        run = orjson.loads((out / "run.json").read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, orjson.JSONDecodeError) as error:
        raise UsageError(f"{out / 'run.json'} cannot be read: {error}") from error
    return run if isinstance(run, dict) else {}


def schema_of_run(out: Path, *, schema: str | None = None, pipeline: str | None = None) -> Schema[Any]:
    """The schema of the last run into `out`, as run.json names it, or of a SPEC; UsageError where neither does."""
    from extractor.pipeline.runs import declared, pipeline_of_run

    job = declared(schema=schema, pipeline=pipeline) if schema or pipeline else pipeline_of_run(out)
    return job.record_schema


def _records(path: Path, remedy: str) -> Iterator[dict[str, Any]]:
    for number, line in _objects(path, remedy):
        if not (isinstance(line.get("document"), str) and "value" in line):
            raise UsageError(f"{path}:{number} is not a record: an object with `document` and `value` is expected")
        yield line


def _objects(path: Path, remedy: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects in a file of JSON lines, with the numbers of their lines; UsageError where it cannot be read."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _object(path, number, line)
    except FileNotFoundError:
        raise UsageError(f"no file {path}: {remedy}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; {remedy}") from error


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path}:{number} is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise UsageError(f"{path}:{number} is not an object of JSON")
    return read
