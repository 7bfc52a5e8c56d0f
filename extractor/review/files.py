"""What a run left in its output folder, read back line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from extractor.errors import UsageError
from extractor.pipeline.journal import opened_journal
from extractor.schema.compiler import Schema

__all__ = ["opened_journal", "read_gold", "read_line", "read_records", "read_run", "read_steps", "schema_of_run"]


def read_records(out: Path, *, having: bytes = b"") -> Iterator[dict[str, Any]]:
    """The lines of OUT/records.jsonl, in their order; UsageError where there is no such file.

    Lines without the bytes `having` are passed over unparsed.
    """
    remedy = f"run `extractor run SOURCE --schema SPEC --out {out}` first"
    return _lines(out / "records.jsonl", remedy=remedy, having=having)


def read_gold(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a gold file: `{"document": NAME, "value": {...}}`, other names are let through."""
    return _lines(path, remedy="name a file of lines with `document` and `value`")


def read_steps(path: Path) -> Iterator[dict[str, Any]]:
    """The corrections in a file that report.html exported."""
    return _lines(path, remedy="name the corrections.jsonl that report.html exported", read=_object)


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


def _lines(
    path: Path, *, remedy: str, read: Callable[..., dict[str, Any]] | None = None, having: bytes = b""
) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if having in line and line.strip():
                    yield (read or read_line)(path, number, line)
    except FileNotFoundError:
        raise UsageError(f"no file {path}: {remedy}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; {remedy}") from error


def read_line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    """One line of a file of records; UsageError where it is none."""
    read = _object(path, number, line)
    if not (isinstance(read.get("document"), str) and "value" in read):
        raise UsageError(f"{path}:{number} is not a record: an object with `document` and `value` is expected")
    return read


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path}:{number} is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise UsageError(f"{path}:{number} is not an object of JSON")
    return read
