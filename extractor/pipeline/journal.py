"""The journal: every paid answer, every plan and every finished document, before any of it is used.

One SQLite file an output directory. A killed run opens it again and goes on; answers are found by what was
asked, so nothing that was answered is asked (or paid) again, whatever else has changed since.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from extractor.errors import UsageError
from extractor.wire.values import Reply, ToolCall, Usage

__all__ = ["Journal"]

_LAYOUT = """
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply BLOB NOT NULL, cost_usd REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, path TEXT, sha256 TEXT, settings TEXT,
    run INTEGER NOT NULL, status TEXT NOT NULL, row BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS texts (name TEXT, part INTEGER, text BLOB NOT NULL, PRIMARY KEY (name, part)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""

_TEXT_PART = 1 << 20
_TOGETHER = 100


class Journal:
    """An open journal. Safe to share between threads.

    Answers and notes are committed before the call returns, so that no kill can lose them; what can be made of them
    again at no cost (plans, documents, texts) is committed along with the next answer, or at the latest by `close`.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self._read_only = path, read_only
        self._lock = Lock()
        self._uncommitted = 0
        try:
            if read_only:
                self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
                self._db.execute("SELECT 1 FROM replies LIMIT 1")
            else:
                self._db = sqlite3.connect(path, check_same_thread=False)
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=NORMAL")
                self._db.executescript(_LAYOUT)
        except sqlite3.Error as error:
            raise UsageError(f"{path} cannot be opened as a journal: {error}; name another --out folder") from error

    def close(self) -> None:
        """Close the file, and leave none beside it; the journal must not be used after."""
        with self._lock:
            self._commit()
            if not self._read_only:
                with suppress(sqlite3.OperationalError):  # somebody else reads it: the last to close cleans up
                    self._db.execute("PRAGMA journal_mode=DELETE")
            self._db.close()

    # -- paid answers

    def reply(self, key: str) -> Reply | None:
        """The answer kept under a Request's key, or None where it was never answered."""
        row = self._one("SELECT reply FROM replies WHERE key = ?", key)
        return None if row is None else _reply(orjson.loads(row[0]))

    def holds(self, key: str) -> bool:
        """Whether an answer is kept under a Request's key."""
        return self._one("SELECT 1 FROM replies WHERE key = ?", key) is not None

    def keep(self, key: str, reply: Reply) -> None:
        """Keep an answer before anybody uses it."""
        cost = reply.usage.cost_usd if reply.usage else None
        self._run("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", key, orjson.dumps(reply), cost, at_once=True)

    def set_aside(self, keys: Iterable[str]) -> None:
        """Let replies serve no further question; what they cost stays counted."""
        for key in keys:
            self._run("UPDATE OR IGNORE replies SET key = key || '#' || hex(randomblob(4)) WHERE key = ?", key)
        self._run("SELECT 1", at_once=True)

    def spent(self) -> float:
        """US dollars paid for all that is kept; answers of unknown price count nothing."""
        row = self._one("SELECT TOTAL(cost_usd) FROM replies")
        return float(row[0]) if row else 0.0

    # -- finished documents

    def knows(self, name: str) -> bool:
        """Whether any run has a line of this document."""
        return self._one("SELECT 1 FROM documents WHERE name = ?", name) is not None

    def finished(self, name: str, sha256: str, settings: str) -> bool:
        """Whether a document ended ok from the same bytes under the same settings."""
        where = "name = ? AND sha256 = ? AND settings = ? AND status = 'ok'"
        return self._one(f"SELECT 1 FROM documents WHERE {where}", name, sha256, settings) is not None

    def reuse(self, name: str, sha256: str, settings: str, run: int) -> dict[str, Any] | None:
        """The line of a document that ended ok from the same bytes under the same settings, now part of `run`."""
        where = "WHERE name = ? AND sha256 = ? AND settings = ? AND status = 'ok'"
        row = self._one(f"SELECT row FROM documents {where}", name, sha256, settings)
        if row is None:
            return None
        self._run("UPDATE documents SET run = ? WHERE name = ?", run, name)
        return dict(orjson.loads(row[0]))

    def keep_row(self, row: dict[str, Any], *, path: Path, settings: str, run: int) -> None:
        """Keep a document's line as part of a run; a line kept earlier under the same name is replaced."""
        self._run(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(row["document"], os.fsencode(path), row["sha256"], settings, run, row["status"], orjson.dumps(row)),
        )

    def row(self, name: str) -> dict[str, Any] | None:
        """The line of a document, of whichever run, or None."""
        row = self._one("SELECT row FROM documents WHERE name = ?", name)
        return None if row is None else orjson.loads(row[0])

    def rows(self, run: int | None = None, *, dead: bool = False) -> Iterator[tuple[dict[str, Any], Path]]:
        """The lines of a run (the last one by default) with their files' paths, by name; never all in memory.

        Only those of documents that did not end ok, if `dead`.
        """
        for row, path in self._rows("AND status != 'ok'" if dead else "", run):
            yield orjson.loads(row), Path(os.fsdecode(path))

    def lines(self) -> Iterator[bytes]:
        """The lines of the last run as JSON, by name."""
        for row, _ in self._rows():
            yield row + b"\n"

    def _rows(self, which: str = "", run: int | None = None) -> Iterator[tuple[bytes, bytes]]:
        number = self.note("run") if run is None else run
        query = f"SELECT row, path FROM documents WHERE run = ? {which} ORDER BY name"
        with closing(self._db.execute(query, (number or 0,))) as cursor:
            yield from cursor

    # -- texts, for the review page

    def keep_text(self, name: str, text: str) -> None:
        """Keep the text that a document's spans refer to."""
        self._run("DELETE FROM texts WHERE name = ?", name)
        for number, at in enumerate(range(0, len(text), _TEXT_PART)):
            packed = zlib.compress(text[at : at + _TEXT_PART].encode("utf-8", "surrogatepass"), 1)
            self._run("INSERT INTO texts VALUES (?, ?, ?)", name, number, packed)

    def text(self, name: str) -> str | None:
        """The text of a document as it was read, or None where none was kept."""
        with self._lock:
            parts = self._db.execute("SELECT text FROM texts WHERE name = ? ORDER BY part", (name,)).fetchall()
        texts = [zlib.decompress(part).decode("utf-8", "surrogatepass") for (part,) in parts]
        return "".join(texts) if texts else None

    # -- small facts of the run

    def note(self, name: str) -> Any:
        """A fact kept by name, or None."""
        row = self._one("SELECT value FROM notes WHERE name = ?", name)
        return None if row is None else orjson.loads(row[0])

    def keep_note(self, name: str, value: Any) -> None:
        """Keep a JSON-ready fact by name."""
        self._run("INSERT OR REPLACE INTO notes VALUES (?, ?)", name, orjson.dumps(value), at_once=True)

    def _one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        with self._lock:
            row: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
            return row

    def _run(self, sql: str, *values: Any, at_once: bool = False) -> None:
        with self._lock:
            self._db.execute(sql, values)
            self._uncommitted += 1
            if at_once or self._uncommitted >= _TOGETHER:
                self._commit()

    def _commit(self) -> None:
        self._db.commit()
        self._uncommitted = 0


def _reply(said: dict[str, Any]) -> Reply:
    usage = said["usage"]
    read = {
        "usage": Usage(**usage) if usage else None,
        "tool_calls": tuple(ToolCall(**call) for call in said["tool_calls"]),
        "logprobs": tuple((token, value) for token, value in said["logprobs"]),
        "others": tuple(said["others"]),
    }
    return Reply(**{**said, **read, "kept": True})
