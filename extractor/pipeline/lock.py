"""One process at a time in a folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from extractor.errors import UsageError

__all__ = ["in_turn", "locked"]

_NAP = 0.5


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Hold the folder; the lock goes with the process, however that ends. UsageError where another holds it."""
    with (folder / ".lock").open("a") as file:
        try:
            _lock(file)
        except OSError:
            raise UsageError(f"{folder} is in use by another run: wait for it, or name another --out folder") from None
        yield folder


@contextmanager
def in_turn(folder: Path) -> Iterator[Path]:
    """Hold the folder as soon as nobody else does."""
    with (folder / ".lock").open("a") as file:
        while True:
            try:
                _lock(file)
                break
            except OSError:
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
