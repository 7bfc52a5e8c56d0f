"""Gold files as examples: lines of `{"document": NAME, "value": {...}}`, with the documents beside the file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from extractor.call.examples import Example
from extractor.documents.load import load
from extractor.errors import DocumentError, UsageError

__all__ = ["lasting_path", "read_examples"]


def lasting_path(examples: Any) -> str:
    """The path of a gold file, for use from any folder; "" where the examples come from code, or there are none."""
    return str(Path(examples).absolute()) if examples and isinstance(examples, str | Path) else ""


def read_examples(path: Path) -> tuple[Example, ...]:
    """The examples of a gold file, read once. A line may hold the `text` of its document; else that is the file of the
    name in `document`, sought from the folder of the gold file. UsageError names the line that cannot be used.
    """
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; name a gold file for the examples") from error


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> tuple[Example, ...]:
    lines = enumerate(path.read_bytes().splitlines(), start=1)
    return tuple(_example(path, number, line) for number, line in lines if line.strip())


def _example(path: Path, number: int, line: bytes) -> Example:
    try:
        read: Any = orjson.loads(line)
        name, value, text = read["document"], read["value"], read.get("text")
    except (orjson.JSONDecodeError, TypeError, KeyError) as error:
        raise UsageError(f"{path}:{number} is no example: an object with `document` and `value` is expected") from error
    try:
        return Example(text if isinstance(text, str) else load(path.parent / name, name=name).text, value, name)
    except (DocumentError, UsageError) as error:
        raise UsageError(f"{path}:{number}: {error}") from error
