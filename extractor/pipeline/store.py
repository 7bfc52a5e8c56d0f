"""One SQLite file, opened with a version, written durably, and left alone where it is newer or damaged."""

from __future__ import annotations

import os
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock, RLock
from typing import Any, ClassVar

from extractor.errors import StorageError, UsageError

__all__ = ["Damaged", "Store"]

_BUSY_SECONDS = 30.0


class Damaged(StorageError):
    """The file holds something that cannot be read."""


class Store:
    """An open file of tables. Safe to share between threads, and `shared` between processes.

    `create` makes the tables of a new file, which are of the version `layout`. What is written outlives a killed
    process once it is committed, and a power failure once the future of `durable` is done: one flush serves all that
    was committed before it began, so that replies which arrive together wait for one only.

    StorageError where the file cannot be written; after that nothing else is written to it.
    """

    create: ClassVar[str]
    layout: ClassVar[int]

    def __init__(self, path: Path, *, read_only: bool = False, shared: bool = False, check: bool = False) -> None:
        self.path, self._read_only, self._shared = path, read_only, shared
        self._lock = RLock()
        self._broken: StorageError | None = None
        self._flushes = _Flushes(path)
        try:
            self._db = self._opened(check=check)
        except sqlite3.Error as error:
            if _is_damage(error):
                raise Damaged(f"{path} is damaged: {error}") from error
            raise UsageError(f"{path} cannot be opened: {error}; name another place for it") from error

    def _opened(self, *, check: bool) -> sqlite3.Connection:
        where = f"{self.path.absolute().as_uri()}?mode={'ro' if self._read_only else 'rwc'}"
        db = sqlite3.connect(where, uri=True, check_same_thread=False, timeout=_BUSY_SECONDS)
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, self.layout):
                age, remedy = ("a newer", "update extractor, or ") if version > self.layout else ("an older", "")
                raise UsageError(
                    f"{self.path} was written by {age} version of extractor (its layout is {version}, this one knows"
                    f" {self.layout}): {remedy}name another place for it"
                )
            if self._read_only:
                db.execute("SELECT 1 FROM replies LIMIT 1")
                return db
            if check and (found := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise Damaged(f"{self.path} is damaged: {' '.join(found.split())}")
            wal = db.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal"
            # Without a write-ahead log, as on some network drives, a commit has to flush by itself.
            db.execute(f"PRAGMA synchronous={'NORMAL' if wal else 'FULL'}")
            self._flushes.has_log = wal
            if not version:
                self._create(db)
        except BaseException:
            db.close()
            raise
        return db

    def _create(self, db: sqlite3.Connection) -> None:
        """Make the tables, all or none, unless another process was faster."""
        db.execute("BEGIN IMMEDIATE")
        with db:
            if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in self.create.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {self.layout}")

    def close(self) -> None:
        """Close the file, and leave none beside it; it must not be used after."""
        self._flushes.close()
        with self._lock:
            try:
                if not self._read_only and self._broken is None and not self._shared:
                    with suppress(sqlite3.OperationalError):  # somebody else reads it: the last one cleans up
                        self._db.execute("PRAGMA journal_mode=DELETE")
            finally:
                self._db.close()

    def durable(self) -> Future[None]:
        """Done once all that is committed by now outlives a power failure; StorageError where it cannot."""
        return self._flushes.next()

    def _one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        with self._lock, self._mapped("read"):
            row: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
            return row

    def _all(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        with self._mapped("read"), closing(self._db.execute(sql, values)) as cursor:
            yield from cursor

    def _run(self, sql: str, *values: Any) -> int:
        """Write and commit; returns how many rows were changed."""
        with self._together() as db:
            return db.execute(sql, values).rowcount

    @contextmanager
    def _together(self) -> Iterator[sqlite3.Connection]:
        """Several writes that are committed as one."""
        with self._lock:
            if self._broken is not None:
                raise self._broken
            try:
                with self._mapped("written"), self._db:
                    self._db.execute("BEGIN IMMEDIATE")
                    yield self._db
            except StorageError as error:
                self._broken = error
                raise

    @contextmanager
    def _mapped(self, done: str) -> Iterator[None]:
        """Turns SQLite's errors into ours."""
        try:
            yield
        except sqlite3.Error as error:
            if _is_damage(error):
                raise Damaged(f"{self.path} is damaged: {error}") from error
            raise StorageError(
                f"{self.path} cannot be {done} ({error}), so nothing more is sent: free space on its disk or give"
                " access to it, then run the same command to continue"
            ) from error

    @contextmanager
    def _decoding(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError, KeyError, zlib.error) as error:  # what was written by us can be read by us
            raise Damaged(f"{self.path} is damaged: it holds a value that cannot be read") from error


class _Flushes:
    """Flushes the log of a file in a thread of its own. A flush that has not begun serves everyone who asks for one."""

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(f"{path.name}-wal")
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: Future[None] | None = None
        self._lock = Lock()
        self._listed = sys.platform == "win32"  # where a folder is no file that could be flushed
        self.has_log = True

    def next(self) -> Future[None]:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, "extractor-flush")
            if self._waiting is None:
                self._waiting = self._pool.submit(self._flush)
            return self._waiting

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def _flush(self) -> None:
        with self._lock:
            self._waiting = None
        try:
            if self.has_log:
                with self._log.open("rb+") as file:  # which fails as well where the folder was removed
                    os.fsync(file.fileno())
            if not self._listed:  # the log is new, and so is its entry in the folder
                folder = os.open(self._log.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
                self._listed = True
        except OSError as error:
            raise StorageError(f"{self._log} cannot be written: {error.strerror or error}") from error


def _is_damage(error: sqlite3.Error) -> bool:
    return str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))
