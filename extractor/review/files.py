"""What a run left in its output folder, read back line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from extractor.errors import UsageError

__all__ = ["read_gold", "read_records", "read_run"]


def read_records(out: Path) -> Iterator[dict[str, Any]]:
    """The lines of OUT/records.jsonl, in their order; UsageError where there is no such file."""
    return _lines(out / "records.jsonl", remedy=f"run `extractor run SOURCE --schema SPEC --out {out}` first")


def read_gold(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a gold file: `{"document": NAME, "value": {...}}`, other names are let through."""
    return _lines(path, remedy="name a file of lines with `document` and `value`")


def read_run(out: Path) -> dict[str, Any]:
    """The totals and settings of OUT/run.json; empty where the run was stopped before it wrote them."""
    try:
        run = orjson.loads((out / "run.json").read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, orjson.JSONDecodeError) as error:
        raise UsageError(f"{out / 'run.json'} cannot be read: {error}") from error
    return run if isinstance(run, dict) else {}


def _lines(path: Path, *, remedy: str) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _line(path, number, line)
    except FileNotFoundError:
        raise UsageError(f"no file {path}: {remedy}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; {remedy}") from error


def _line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path}:{number} is not JSON: {error}") from error
    if not (isinstance(read, dict) and isinstance(read.get("document"), str) and "value" in read):
        raise UsageError(f"{path}:{number} is not a record: an object with `document` and `value` is expected")
    return read
