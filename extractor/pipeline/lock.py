"""One process at a time in an output directory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from extractor.errors import UsageError

__all__ = ["locked"]


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Hold the folder; the lock goes with the process, however that ends. UsageError where another holds it."""
    with (folder / ".lock").open("a") as file:
        try:
            _lock(file)
        except OSError:
            raise UsageError(f"{folder} is in use by another run: wait for it, or name another --out folder") from None
        yield folder


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
