"""An output directory: one process at a time is at work in it, and each of its files is whole or absent."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

import orjson

from extractor.errors import UsageError
from extractor.sources.storage import is_remote, whole_file
from extractor.sources.urls import public_url

__all__ = [
    *("as_line", "forget", "journal_of", "locked", "output_directory", "output_folder", "tidy", "write_json"),
    "write_lines",
]

_NAP = 0.5


_BEGINNING = re.compile(r"\.(records|failures|run|report)\.[\w.]+\.\d+(\.wal|-journal)?")


def output_folder(out: str | Path) -> Path:
    """The folder of an output on this machine. UsageError for an empty name, and for a place on object storage."""
    place = str(out)
    if not place:
        raise UsageError("an empty name is no output folder: name one")
    if is_remote(place):
        raise UsageError(f"{public_url(place)} is no folder of this machine: name one, or run shards or Airflow tasks")
    return Path(out)


def journal_of(out: str | Path) -> Path:
    """The journal of a run into a folder; UsageError where there was none."""
    path = Path(out) / "journal.sqlite"
    if not path.is_file():
        raise UsageError(f"{out} holds no run: name the --out folder of one")
    return path


def output_directory(path: Path) -> Path:
    """Make the directory and prove that it can be written to, before any work is done."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path, prefix=".probe-"):
            pass
    except OSError as error:
        raise UsageError(f"cannot write to {path}: {error.strerror or error}; name another --out folder") from error
    return path


def forget(out: Path) -> None:
    """Remove what earlier runs left: their journal and their results."""
    journals = ("journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "journal.rescued.sqlite")
    for name in ("records.jsonl", "failures.jsonl", *journals):
        (out / name).unlink(missing_ok=True)


def tidy(out: Path) -> None:
    """Remove the beginnings of files that a killed process left; nobody else may be at work in the folder."""
    for path in out.glob(".*"):
        if _BEGINNING.fullmatch(path.name):
            path.unlink(missing_ok=True)


def as_line(row: Any) -> bytes:
    """A JSON line."""
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def write_lines(path: Path, rows: Iterable[Any]) -> int:
    """Write JSON lines; returns how many."""
    count = 0
    with whole_file(path) as file:
        for row in rows:
            file.write(as_line(row))
            count += 1
    return count


def write_json(path: Path, value: Any) -> None:
    """Write one indented JSON file."""
    with whole_file(path) as file:
        file.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


@contextmanager
def locked(folder: Path, *, wait: bool = False) -> Iterator[Path]:
    """Hold the folder; the lock goes with the process, however that ends. UsageError where another holds it, unless
    this may `wait`.
    """
    with (folder / ".lock").open("a") as file:
        while True:
            try:
                _lock(file)
                break
            except OSError:
                if not wait:
                    raise UsageError(
                        f"{folder} is in use by another run: wait for it, or name another --out folder"
                    ) from None
                time.sleep(_NAP)
        yield folder


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
