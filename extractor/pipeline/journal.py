"""The journal: every paid reply, every plan and every finished document, before any of it is used.

One SQLite file an output directory. A killed run opens it again and goes on; replies are found by what was
asked, so nothing that was answered is asked (or paid) again, whatever else has changed since.

It is the book of the ledger as well. A request is in the table `open` before it is sent, with the most that it can
cost, until its reply is kept; what is found there when nobody is at work any more was perhaps paid.

The same file serves library calls as a cache of replies, which several processes may share. A row of `open` is then a
lease as well, which its process renews: a question that two processes ask at the same time is paid for once.
"""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

from extractor.call.ledger import Heads
from extractor.errors import StorageError, UsageError
from extractor.pipeline.identity import library_version
from extractor.pipeline.store import Damaged, Store
from extractor.schema.compiler import Schema
from extractor.wire.values import Reply, ToolCall, Usage, nano, usd

__all__ = ["Batches", "Journal", "Last", "check_schema", "open_journal", "opened_journal", "rescued"]

_CREATE = """
CREATE TABLE replies (key TEXT PRIMARY KEY, reply BLOB NOT NULL, nano INTEGER, document TEXT) WITHOUT ROWID;
CREATE INDEX replies_by_document ON replies (document);
CREATE TABLE documents (name TEXT PRIMARY KEY, path TEXT, sha256 TEXT, settings TEXT,
    run INTEGER NOT NULL, status TEXT NOT NULL, row BLOB NOT NULL, seen INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE texts (name TEXT, part INTEGER, text BLOB NOT NULL, PRIMARY KEY (name, part)) WITHOUT ROWID;
CREATE TABLE notes (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE open (key TEXT, holder TEXT, nano INTEGER NOT NULL, seen REAL NOT NULL,
    document TEXT NOT NULL DEFAULT '', PRIMARY KEY (key, holder)) WITHOUT ROWID;
CREATE TABLE ledger (head TEXT, document TEXT, nano INTEGER NOT NULL, PRIMARY KEY (document, head)) WITHOUT ROWID
"""

_NOTED = "INSERT OR REPLACE INTO notes VALUES (?, ?)"

_TABLES = {
    **{"replies": ("key", 1), "documents": ("name", 6), "texts": ("name", 2), "notes": ("name", 1)},
    **{"open": ("key", None), "ledger": ("document", None)},
}
"""The tables, each with the column that it is sorted by, and the place of its packed values."""

_LEASE_SECONDS, _RENEWED_SECONDS = 20.0, 4.0


class Last(NamedTuple):
    """A document that ended ok: the SHA-256 of its bytes, the settings that it was read under, and its stamp."""

    sha256: str
    settings: str
    stamp: str | None

    @property
    def identity(self) -> str:
        """The identity of the job, by whichever version of the library."""
        return self.settings.partition("@")[0]


class Journal(Store):
    """An open journal. Safe to share between threads; with `shared`, as a cache, between processes as well.

    What is written is committed before the call returns, so that no kill can lose it. `check` looks through the whole
    file for damage first.
    """

    create, layout = _CREATE, 5

    def __init__(self, path: Path, *, read_only: bool = False, shared: bool = False, check: bool = False) -> None:
        super().__init__(path, read_only=read_only, shared=shared, check=check)
        self.reused = Usage()
        """What the replies cost, when they were paid for, that were used again for another document or call."""
        self._me = uuid4().hex
        self._claimed: set[str] = set()
        self._closed = Event()
        self._renewing: Thread | None = None

    def close(self) -> None:
        """Close the file, and leave none beside it; the journal must not be used after."""
        self._closed.set()
        if self._renewing:
            self._renewing.join()
        super().close()

    # -- paid replies

    def get(self, key: str, document: str = "") -> Reply | None:
        """The reply that is kept under a Request's key, or None where it was never answered.

        Money counts once: a reply that was paid for another document, or in another call, costs nothing here.
        """
        row = self._one("SELECT reply, document FROM replies WHERE key = ?", key)
        if row is None:
            return None
        reply = self._reply(row[0])
        if reply.usage is None or (not self._shared and row[1] in (None, document)):
            return reply
        self.reused += reply.usage
        return replace(reply, usage=replace(reply.usage, cost_usd=0.0, perhaps_usd=0.0))

    def holds(self, key: str) -> bool:
        """Whether a reply is kept under a Request's key."""
        return self._one("SELECT 1 FROM replies WHERE key = ?", key) is not None

    def put(self, key: str, reply: Reply, document: str = "") -> Future[None]:
        """Keep a reply in place of its reservation; wait for the future before anybody uses it.

        Of two replies to one question, as where a lease ran out, the first stays and the other was paid for nothing.
        """
        cost = reply.usage.cost_usd if reply.usage else None
        paid = None if cost is None else nano(cost)
        with self._together() as db:
            new = "INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?)"
            if not db.execute(new, (key, orjson.dumps(reply), paid, document)).rowcount:
                self._book("lost", paid or 0, document)
            db.execute("DELETE FROM open WHERE key = ? AND holder = ?", (key, self._me))
        self._claimed.discard(key)
        return self.durable()

    def _reply(self, data: bytes) -> Reply:
        with self._decoding():
            columns = orjson.loads(data)
            columns.pop("kept", None)  # what journals of earlier versions call `reused`
            usage = columns["usage"]
            read = {
                "usage": Usage(**usage) if usage else None,
                "tool_calls": tuple(ToolCall(**call) for call in columns["tool_calls"]),
                "logprobs": tuple((token, value) for token, value in columns["logprobs"]),
                "others": tuple(columns["others"]),
            }
            return Reply(**{**columns, **read, "reused": True})

    def cost(self, document: str) -> Usage:
        """What a document has cost in all runs, also where it has not ended."""
        rows = self._all("SELECT reply FROM replies WHERE document = ?", document)
        usages = [self._reply(row).usage or Usage(cost_usd=None) for (row,) in rows]
        return self.in_all(document, sum(usages, Usage()))

    def in_all(self, document: str, replies: Usage) -> Usage:
        """What a document has cost in all runs: its replies, and its requests that came to nothing."""
        booked = dict(self._all("SELECT head, nano FROM ledger WHERE document = ?", document))
        known, perhaps = replies.cost_usd, usd(booked.get("perhaps", 0))
        cost = None if known is None else usd(nano(known) + booked.get("lost", 0))
        return replace(replies, cost_usd=cost, perhaps_usd=perhaps)

    # -- who asks what

    def claim(self, key: str) -> bool:
        """Take a question; False where somebody else asks it or has its reply. Who took it ends with put or release."""
        if not self._shared:
            return True
        now = time.time()
        with self._together() as db:
            if self.holds(key):
                return False
            others = db.execute("SELECT MAX(seen) FROM open WHERE key = ?", (key,)).fetchone()[0]
            if others is not None and others > now - _LEASE_SECONDS:
                return False
            self._abandon("key = ?", key)
            db.execute("INSERT INTO open VALUES (?, ?, 0, ?, '')", (key, self._me, now))
            self._claimed.add(key)
            if self._renewing is None:
                self._renewing = Thread(target=self._renew, name="extractor-leases", daemon=True)
                self._renewing.start()
        return True

    def release(self, key: str) -> None:
        """Let others ask a question that got no reply here."""
        if self._shared:
            self._claimed.discard(key)
            with suppress(StorageError), self._together():  # the lease then runs out
                self._abandon("key = ? AND holder = ?", key, self._me)

    def _renew(self) -> None:
        with suppress(StorageError):  # which whoever asks next is told of
            while not self._closed.wait(_RENEWED_SECONDS):
                if self._claimed:
                    self._run("UPDATE open SET seen = ? WHERE holder = ?", time.time(), self._me)

    # -- the ledger's book

    def reserve(self, key: str, most: int, document: str = "") -> None:
        """Set money aside for a request about a document, which is about to be sent."""
        row = key, self._me, most, time.time(), document
        self._run("INSERT OR REPLACE INTO open VALUES (?, ?, ?, ?, ?)", *row)

    def settle(self, key: str, document: str = "", *, left: int = 0, lost: int = 0, perhaps: int = 0) -> None:
        """Book what became of a request without a reply, and what is left reserved for one that came."""
        with self._together() as db:
            mine = "WHERE key = ? AND holder = ?"
            if left or self._shared:
                db.execute(f"UPDATE open SET nano = ? {mine}", (left, key, self._me))
            else:
                db.execute(f"DELETE FROM open {mine}", (key, self._me))
            self._book("lost", lost, document)
            self._book("perhaps", perhaps, document)

    def heads(self) -> Heads:
        """The sums of the ledger over all runs."""
        paid = self._one("SELECT COALESCE(SUM(nano), 0), COUNT(*) > COUNT(nano) FROM replies") or (0, 0)
        booked = dict(self._all("SELECT head, SUM(nano) FROM ledger GROUP BY head"))
        reserved = self._one("SELECT COALESCE(SUM(nano), 0) FROM open") or (0,)
        return Heads(None if paid[1] else paid[0], booked.get("lost", 0), booked.get("perhaps", 0), reserved[0])

    def set_aside(self, document: str) -> None:
        """Let the replies of a document that fell short serve no further question; what they cost stays counted.

        Those that come from now on serve again, also where the run is stopped before the document ends.
        """
        short = f"retry {document}"
        with self._together() as db:
            for key in self.note(short) or ():
                db.execute("UPDATE OR IGNORE replies SET key = key || '#' || hex(randomblob(4)) WHERE key = ?", (key,))
            db.execute("DELETE FROM notes WHERE name = ?", (short,))

    def aside(self, document: str) -> tuple[Usage, int]:
        """What the replies of a document that were set aside cost, and how many there are."""
        query = "SELECT reply FROM replies WHERE document = ? AND key LIKE '%#%'"
        usages = [self._reply(row).usage or Usage(cost_usd=None) for (row,) in self._all(query, document)]
        return sum(usages, Usage()), len(usages)

    def spent(self) -> float:
        """US dollars known to be paid over all runs; replies of unknown price count nothing."""
        lost = "SELECT TOTAL(nano) FROM ledger WHERE head = 'lost'"
        row = self._one(f"SELECT (SELECT TOTAL(nano) FROM replies) + ({lost})")
        return usd(int(row[0])) if row else 0.0

    def take_over(self, out: Iterable[str] = ()) -> Mapping[str, tuple[int, str]]:
        """What earlier runs left reserved becomes perhaps paid, as nobody is at work on it any more.

        The keys in `out` are of requests whose replies are still to be had: what is reserved for them is returned, with
        their documents.
        """
        with self._together() as db:
            for key in out:
                db.execute("UPDATE open SET holder = ? WHERE key = ?", (self._me, key))
            self._abandon("holder != ?", self._me)
            found = db.execute("SELECT key, nano, document FROM open").fetchall()
            return {key: (most, document) for key, most, document in found}

    def _abandon(self, which: str, *values: str) -> None:
        by_document = f"SELECT document, SUM(nano) FROM open WHERE {which} GROUP BY document"
        for document, amount in self._db.execute(by_document, values).fetchall():
            self._book("perhaps", amount, document)
        self._db.execute(f"DELETE FROM open WHERE {which}", values)

    def _book(self, head: str, amount: int, document: str) -> None:
        if amount:
            more = "ON CONFLICT (document, head) DO UPDATE SET nano = nano + excluded.nano"
            self._db.execute(f"INSERT INTO ledger VALUES (?, ?, ?) {more}", (head, document, amount))

    # -- finished documents

    def knows(self, name: str) -> bool:
        """Whether any run has a line of this document."""
        return self._one("SELECT 1 FROM documents WHERE name = ?", name) is not None

    def last(self, name: str) -> Last | None:
        """How a document last ended; None where it did not end ok."""
        row = self._one("SELECT sha256, settings FROM documents WHERE name = ? AND status = 'ok'", name)
        return None if row is None else Last(str(row[0]), str(row[1]), self.note(f"stamp {name}"))

    def held(self, name: str) -> int:
        """How many replies about a document are kept and serve its questions."""
        row = self._one("SELECT COUNT(*) FROM replies WHERE document = ? AND key NOT LIKE '%#%'", name)
        return int(row[0]) if row else 0

    def adopt(self, name: str, run: int) -> dict[str, Any]:
        """The line of a document, of whichever run and settings, now part of `run`."""
        self._run("UPDATE documents SET run = ?, seen = ? WHERE name = ?", run, run, name)
        row = self._one("SELECT row FROM documents WHERE name = ?", name)
        return dict(self._value(row[0])) if row else {}

    def keep_row(
        self, row: dict[str, Any], *, place: str, settings: str, run: int, note: tuple[str, Any] | None = None
    ) -> None:
        """Keep a document's line as part of a run, in place of an earlier one, and a `note` (name, value)."""
        name, digest, status = row["document"], row["sha256"], row["status"]
        columns = name, os.fsencode(place), digest, settings, run, status, orjson.dumps(row), run
        with self._together() as db:
            db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", columns)
            if note:
                db.execute(_NOTED, (note[0], orjson.dumps(note[1])))

    def leave_row(self, name: str, run: int) -> bool:
        """Let the line in which a document ended stay as it is, though `run` did not reach it; False where it never
        ended.
        """
        return self._run("UPDATE documents SET seen = ? WHERE name = ? AND settings != ''", run, name) > 0

    def take(self, other: Journal, names: Collection[str], run: int, *, replies: bool = False) -> None:
        """Copy what another journal knows about documents: lines, as part of `run`, texts and notes.

        With `replies` those too. They stay paid for there, so they count nothing here. A line of a document that has
        not ended takes the place of none that has.
        """
        with self._together() as db:
            for name in names:
                columns = "name, path, sha256, settings, status, row"
                line = other._one(f"SELECT {columns} FROM documents WHERE name = ?", name)
                if line is None or (not line[3] and self.line(name)):
                    continue
                new = (*line[:4], run, *line[4:], run)
                db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", new)
                for table, key in ("texts", name), ("notes", f"retry {name}"), ("notes", f"stamp {name}"):
                    db.execute(f"DELETE FROM {table} WHERE name = ?", (key,))
                    for row in other._all(f"SELECT * FROM {table} WHERE name = ?", key):
                        db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            if replies:
                self._take_replies(other, names)

    def add_replies(self, other: Journal) -> None:
        """Take the replies of another journal that this one has not, with what was paid for them.

        Of two replies to one question the one here stays, and the other was paid for nothing.
        """
        with self._together():
            self._take_replies(other)

    def _take_replies(self, other: Journal, names: Collection[str] | None = None) -> None:
        """Those about documents and their equals, which cost nothing here; all with what they cost, without `names`.

        Equal replies to one question are one, unless the other journal has more of them.
        """
        there: Counter[tuple[str, bytes]] = Counter()
        others = set[str]() if names is None else other._unequal(names)
        found = other._all("SELECT key, reply, nano, document FROM replies ORDER BY key LIKE '%#%' DESC")
        for key, reply, paid, document in found:
            if document in others:
                continue
            plain, aside, _ = key.partition("#")
            there[plain, reply] += 1
            same = "SELECT COUNT(*) FROM replies WHERE key BETWEEN ? AND ? AND reply = ?"
            if self._db.execute(same, (plain + aside, f"{plain}#~", reply)).fetchone()[0] >= there[plain, reply]:
                continue
            moved = "UPDATE OR IGNORE replies SET key = ? WHERE key = ? AND reply = ?"
            if self._db.execute(moved, (key, plain, reply)).rowcount:  # set aside there
                continue
            cost, new = paid if names is None else 0, "INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?)"
            if not self._db.execute(new, (key, reply, cost, document)).rowcount:
                self._book("lost", cost or 0, document or "")

    def _unequal(self, names: Collection[str]) -> set[str]:
        """The documents that are neither these nor equal to one of them: equal ones share the replies of the first."""
        digests = dict(self._all("SELECT name, sha256 FROM documents"))
        equal = {digests[name] for name in names if digests.get(name)}
        return {name for name, digest in digests.items() if name not in names and digest not in equal}

    def line(self, name: str) -> dict[str, Any] | None:
        """The published line of a document, or None where no run has one."""
        row = self._one("SELECT row, run FROM documents WHERE name = ?", name)
        return None if row is None else self._line(row[0], row[1], row[1])

    def source_of(self, name: str) -> str | None:
        """The path or URL that a document was read from, or None where no run has a line of it."""
        row = self._one("SELECT path FROM documents WHERE name = ?", name)
        if row is None and "#" in name:  # one of the documents that a file holds
            return self.source_of(name.rpartition("#")[0])
        return None if row is None else os.fsdecode(row[0])

    def rows(self) -> Iterator[tuple[dict[str, Any], str]]:
        """The published lines with the paths or URLs of their documents, by name; never all in memory.

        A line that the last run did not make has the number of its own in `run`.
        """
        last = self.note("run") or 0
        for row, path, run in self._all("SELECT row, path, run FROM documents ORDER BY name"):
            yield self._line(row, run, last), os.fsdecode(path)

    def _line(self, row: bytes, run: int, last: int) -> dict[str, Any]:
        line: dict[str, Any] = self._value(row)
        return line if run == last else {**line, "run": run}

    def left(self) -> dict[str, bool]:
        """The documents that did not end in the last run, and whether they are gone: the last run that saw its whole
        source did not find them there.
        """
        last, walked = self.note("run") or 0, self.note("walked") or 0
        rows = self._all("SELECT name, seen FROM documents WHERE run != ? OR settings = ''", last)
        return {name: seen < walked for name, seen in rows}

    def prune(self) -> int:
        """Drop the lines and texts of documents that are gone from the source; returns how many."""
        walked = self.note("walked") or 0
        names = [name for (name,) in self._all("SELECT name FROM documents WHERE seen < ?", walked)]
        self.keep_note("pruned", sorted({*self.pruned(), *names}))
        with self._together() as db:
            for table in ("documents", "texts"):
                db.executemany(f"DELETE FROM {table} WHERE name = ?", ((name,) for name in names))
        return len(names)

    def pruned(self) -> list[str]:
        """Documents that have been dropped and are not back, whose rows a database may still hold."""
        return [name for name in self.note("pruned") or () if not self.knows(name)]

    def places(self) -> dict[str, str]:
        """The names of all documents with a line, and the paths or URLs that they were read from."""
        return {name: os.fsdecode(path) for name, path in self._all("SELECT name, path FROM documents")}

    # -- texts, for the review page

    def keep_text(self, name: str, text: str) -> None:
        """Keep the text that a document's spans refer to."""
        packed = zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
        with self._together() as db:
            db.execute("DELETE FROM texts WHERE name = ?", (name,))  # earlier builds wrote a long text in parts
            db.execute("INSERT INTO texts VALUES (?, 0, ?)", (name, packed))

    def text(self, name: str) -> str | None:
        """The text of a document as it was read, or None where none was kept."""
        with self._lock:
            parts = [part for (part,) in self._all("SELECT text FROM texts WHERE name = ? ORDER BY part", name)]
        if not parts:
            return self.text(name.rpartition("#")[0]) if "#" in name else None
        with self._decoding():
            return "".join(zlib.decompress(part).decode("utf-8", "surrogatepass") for part in parts)

    # -- small facts of the run

    def take_up(self, schema: Schema[Any]) -> None:
        """Note whose records these are; UsageError where the same version compiled another schema for them."""
        mine = {"schema": schema.name, "fingerprint": schema.fingerprint, "version": library_version()}
        remedy = "name another --out folder, give the schema of that run, or begin again with --fresh"
        check_schema(self.path.parent, (self.note("job") if self.places() else None) or mine, schema, remedy)
        if not self._read_only:
            self.keep_note("job", mine)

    def note(self, name: str) -> Any:
        """A fact kept by name, or None."""
        row = self._one("SELECT value FROM notes WHERE name = ?", name)
        return None if row is None else self._value(row[0])

    def keep_note(self, name: str, value: Any) -> None:
        """Keep a JSON-ready fact by name."""
        self._run(_NOTED, name, orjson.dumps(value))

    # -- what is left of a damaged one

    def copy(self, old: sqlite3.Connection, table: str) -> int:
        """Take a table's rows from its first on and from its last back, up to where it is damaged; their number."""
        by, place = _TABLES[table]
        for order in ("ASC", "DESC"):
            with self._together() as db:
                for row in _undamaged(old, f"SELECT * FROM {table} ORDER BY {by} {order}"):
                    if place is None or _readable(row[place], table):
                        db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        return int((self._one(f"SELECT COUNT(*) FROM {table}") or (0,))[0])

    def _value(self, data: bytes) -> Any:
        with self._decoding():
            return orjson.loads(data)


class Batches(dict[str, Sequence[str]]):
    """Which batches are out, written to a journal, so that a run that was killed takes them up again."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal.note("batches") or {})
        self._journal = journal

    def __setitem__(self, request_id: str, keys: Sequence[str]) -> None:
        super().__setitem__(request_id, keys)
        self._journal.keep_note("batches", dict(self))

    def __delitem__(self, request_id: str) -> None:
        super().__delitem__(request_id)
        self._journal.keep_note("batches", dict(self))


def check_schema(where: str | Path, job: Mapping[str, str], schema: Schema[Any], remedy: str) -> None:
    """UsageError where this version of the library compiled another schema for the records of a place."""
    if job.get("version") == library_version() and job["fingerprint"] != schema.fingerprint:
        other = "another form of it" if job["schema"] == schema.name else f"the schema {job['schema']}"
        raise UsageError(f"{where} holds records of {other}, not of the schema {schema.name}: {remedy}")


@contextmanager
def opened_journal(out: Path | None) -> Iterator[Journal | None]:
    """The journal of a run into a folder, for reading; None where it has none."""
    if out is None or not (out / "journal.sqlite").exists():
        yield None
        return
    with closing(Journal(out / "journal.sqlite", read_only=True)) as journal:
        yield journal


def open_journal(path: Path) -> Journal:
    """The journal of a job. What can be read of a damaged one is copied beside it; StorageError tells the way on."""
    records = path.with_name("records.jsonl")
    if records.exists() and not (path.exists() and path.stat().st_size):
        raise StorageError(
            f"{path} is empty or gone, and only it has what was paid for {records.name}: put it back, name another"
            " --out folder, or begin again with --fresh"
        )
    try:
        return Journal(path, check=True)
    except Damaged as error:
        raise StorageError(rescued(path, error)) from error


def rescued(path: Path, error: Damaged) -> str:
    """Copy what can be read of a damaged journal to a new one, and say in one line what is there and how to go on."""
    beside = path.with_name("journal.rescued.sqlite")
    beside.unlink(missing_ok=True)
    with closing(Journal(beside)) as whole, closing(sqlite3.connect(path)) as old:
        counts = {table: whole.copy(old, table) for table in _TABLES}
    if not any(counts.values()):
        beside.unlink()
        return f"{error}; nothing of it can be read: name another --out folder, or begin again with --fresh"
    return (
        f"{error}; what can be read of it ({counts['replies']} replies, {counts['documents']} documents) was copied to"
        f" {beside.name} beside it: put that in its place to go on with it, or begin again with --fresh"
    )


def _undamaged(db: sqlite3.Connection, sql: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, up to where the file is damaged."""
    with suppress(sqlite3.Error):
        yield from db.execute(sql)


def _readable(value: bytes, table: str) -> bool:
    try:
        zlib.decompress(value) if table == "texts" else orjson.loads(value)
    except (zlib.error, ValueError, TypeError):
        return False
    return True
