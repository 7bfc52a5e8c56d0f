"""What is paid for is on disk before anybody uses it; what can be made again comes along with it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from extractor.call.ledger import Heads
from extractor.call.remember import Remembering
from extractor.emulator.server import Emulator
from extractor.errors import StorageError, UsageError
from extractor.pipeline import store
from extractor.pipeline.extractor import Extractor
from extractor.pipeline.identity import library_version
from extractor.pipeline.journal import Journal, check_schema, open_journal, rescued
from extractor.pipeline.store import Damaged
from extractor.schema.compiler import compile_schema
from extractor.wire.values import Reply, Request, Usage
from tests.pipeline.test_money import Note, Pipeline, accounts, config, notes, number_of

REPLY = Reply("yes", usage=Usage(10, 0, 5, 0.25))


def _row(name: str) -> dict[str, Any]:
    return {"document": name, "sha256": "", "status": "ok"}


def _stored(path: Path) -> tuple[list[str], list[str], str | None]:
    """What another process, or one after a kill, finds: answers, documents and the text of the first."""
    with closing(Journal(path, read_only=True)) as journal:
        answers = [key for key in "abc" if journal.holds(key)]
        return answers, [row["document"] for row, _ in journal.rows()], journal.text("one")


def test_an_answer_comes_back_as_it_was(tmp_path: Path) -> None:
    """And says that it was kept, so that nobody takes it for one that was paid for now."""
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        journal.put("a", REPLY).result()
        stored = journal.get("a")
    assert stored == REPLY
    assert stored.reused
    assert not REPLY.reused


def test_what_is_kept_is_committed_at_once(tmp_path: Path) -> None:
    """Answers, texts and documents are in the file, for any other reader, before the call that keeps them returns."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        journal.keep_text("one", "text")
        assert _stored(path) == ([], [], "text")
        journal.put("a", REPLY).result()
        assert _stored(path) == (["a"], [], "text")
        journal.keep_row(_row("one"), place="a.txt", settings="", run=1, note=("opinion one", ["a"]))
        assert _stored(path) == (["a"], ["one"], "text")
        assert journal.note("opinion one") == ["a"]


def test_nothing_is_left_beside_a_closed_journal(tmp_path: Path) -> None:
    """Neither by the one that wrote it nor by those that read it afterwards; one that reads it meanwhile reads on."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        journal.put("a", REPLY).result()
        reader = Journal(path, read_only=True)
        assert reader.holds("a")
    assert reader.holds("a")
    reader.close()
    with closing(Journal(path)) as journal:
        journal.put("b", REPLY).result()
    assert _stored(path) == (["a", "b"], [], None)
    assert list(tmp_path.iterdir()) == [path]


# -- the book of the ledger


def test_what_a_killed_run_had_in_flight_is_perhaps_paid(tmp_path: Path) -> None:
    """A reservation is found by whoever opens the journal next, though nobody closed it."""
    path = tmp_path / "journal.sqlite"
    killed = Journal(path)
    killed.reserve("a", 500)
    killed.reserve("b", 300)
    killed.put("b", REPLY).result()
    with closing(Journal(path)) as journal:
        assert journal.heads() == Heads(paid=250_000_000, reserved=500)
        assert journal.take_over() == {}
        assert journal.heads() == Heads(paid=250_000_000, perhaps=500)
    killed.close()


def test_what_is_still_to_be_had_stays_reserved(tmp_path: Path) -> None:
    """The requests of a batch that is out are not perhaps paid: their replies come."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        journal.reserve("batched", 500)
        journal.reserve("broken", 300)
    with closing(Journal(path)) as journal:
        assert journal.take_over(["batched", "of no such request"]) == {"batched": (500, "")}
        journal.put("batched", REPLY).result()
        assert journal.heads() == Heads(paid=250_000_000, perhaps=300)


def test_a_settled_reservation_is_gone(tmp_path: Path) -> None:
    """What was lost and perhaps paid adds up; what is left reserved stays until the reply is kept."""
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        for key, booked in {"a": {"lost": 7}, "b": {"lost": 5, "perhaps": 3}, "c": {"left": 40, "perhaps": 2}}.items():
            journal.reserve(key, 100)
            journal.settle(key, **booked)
        assert journal.heads() == Heads(lost=12, perhaps=5, reserved=40)


def test_an_unknown_price_is_no_price(tmp_path: Path) -> None:
    """One reply whose price nobody knows makes the sum unknown, which is not 0."""
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        journal.put("a", REPLY)
        journal.put("b", Reply("yes", usage=Usage(1, 0, 1, None))).result()
        assert journal.heads().paid is None
        assert journal.heads().spent is None


def test_a_reply_counts_for_the_document_that_paid(tmp_path: Path) -> None:
    """Another one has it for nothing, and what that saved is known."""
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        journal.put("a", REPLY, "first.txt").result()
        costs = [reply.usage for name in ("first.txt", "second.txt") if (reply := journal.get("a", name))]
        assert costs == [REPLY.usage, Usage(10, 0, 5, 0.0)]
        assert journal.reused == REPLY.usage


# -- durable before use


def test_a_reply_is_not_kept_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    """What is written to a file that somebody removed is lost when it is closed, so that nothing more may be asked."""
    folder = tmp_path / "out"
    folder.mkdir()
    with closing(Journal(folder / "journal.sqlite")) as journal:
        journal.put("a", REPLY).result()
        shutil.rmtree(folder)
        with pytest.raises(StorageError, match="No such file or directory"):
            journal.put("b", REPLY).result()


def test_nobody_uses_a_reply_before_it_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk refuses the flush, nobody ever does."""

    class Answering:
        async def send(self, request: Request) -> Reply:
            return REPLY

    def refused(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(store.os, "fsync", refused)
    with (
        closing(Journal(tmp_path / "journal.sqlite")) as journal,
        pytest.raises(StorageError, match="Input/output error"),
    ):
        asyncio.run(Remembering(Answering(), journal).send(Request({"n": 1})))


def test_replies_that_come_together_share_a_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one flush is under way all that come wait for the next one."""
    flushed: list[int] = []
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        journal.put("first", REPLY).result()
        flush = store.os.fsync
        begun: Future[None] = Future()

        def slow(fd: int) -> None:
            begun.result()
            flush(fd)
            flushed.append(fd)

        monkeypatch.setattr(store.os, "fsync", slow)
        waiting = [journal.put(f"{number}", REPLY) for number in range(50)]
        begun.set_result(None)
        for one in waiting:
            one.result()
    assert 1 <= len(flushed) <= 2


def test_who_gives_up_leaves_the_flush_to_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that is cancelled while it waits for a flush takes it from nobody."""

    class Answering:
        async def send(self, request: Request) -> Reply:
            return REPLY

    async def run(journal: Journal, begun: Event, goes_on: Future[None]) -> Reply:
        transport = Remembering(Answering(), journal)
        first = asyncio.create_task(transport.send(Request({"n": 0})))
        await asyncio.to_thread(begun.wait)
        left, stays = (asyncio.create_task(transport.send(Request({"n": number}))) for number in (1, 2))
        await asyncio.sleep(0.05)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        goes_on.set_result(None)
        await first
        return await stays

    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        goes_on: Future[None] = Future()
        begun = Event()
        monkeypatch.setattr(store.os, "fsync", lambda fd: begun.set() or goes_on.result())
        assert asyncio.run(run(journal, begun, goes_on)) == REPLY


# -- versions and damage


@pytest.mark.parametrize(
    ("layout", "line"),
    [
        (99, r"a newer version of extractor \(its layout is 99.*update extractor, or name another place"),
        (4, r"an older version of extractor \(its layout is 4, this one knows 5\): name another place"),
    ],
)
def test_a_journal_of_another_version_is_left_alone(tmp_path: Path, layout: int, line: str) -> None:
    """It is told in a line, and not a byte of it is changed."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        journal.put("a", REPLY).result()
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {layout}")
    before = path.read_bytes()
    with pytest.raises(UsageError, match=line):
        open_journal(path)
    with pytest.raises(UsageError, match=line):
        Journal(path, read_only=True)
    assert path.read_bytes() == before


def test_records_of_an_earlier_version_may_be_of_another_schema() -> None:
    """Only this version compiles a schema as it does; a run.json without a version is of an earlier one."""
    schema, run = compile_schema(Note), {"schema": "Note", "fingerprint": "another"}
    for job in (run, {**run, "version": "0.1.0"}):
        check_schema("out", job, schema, "name another")
    with pytest.raises(UsageError, match=r"out holds records of another form of it.*: name another"):
        check_schema("out", {**run, "version": library_version()}, schema, "name another")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Emulator]]:
    """A finished job: its documents, its output, and the server that answered."""
    folder = tmp_path_factory.mktemp("job")
    source = notes(folder / "in", 60, "some words to fill a page of the journal with\n" * 4)
    with Emulator(number_of) as emulator:
        Pipeline(Note, source, config=config(emulator)).run(folder / "out")
        yield source, folder / "out", emulator


def _copy(out: Path, to: Path) -> Path:
    to.mkdir()
    for path in out.iterdir():
        if path.is_file():
            (to / path.name).write_bytes(path.read_bytes())
    return to


LAYOUT_5 = """
CREATE TABLE replies (key TEXT PRIMARY KEY, reply BLOB NOT NULL, nano INTEGER, document TEXT) WITHOUT ROWID;
CREATE TABLE documents (name TEXT PRIMARY KEY, path TEXT, sha256 TEXT, settings TEXT, run INTEGER NOT NULL,
    status TEXT NOT NULL, row BLOB NOT NULL, seen INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE texts (name TEXT, part INTEGER, text BLOB NOT NULL, PRIMARY KEY (name, part)) WITHOUT ROWID;
CREATE TABLE notes (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE open (key TEXT, holder TEXT, nano INTEGER NOT NULL, seen REAL NOT NULL,
    document TEXT NOT NULL DEFAULT '', PRIMARY KEY (key, holder)) WITHOUT ROWID;
CREATE TABLE ledger (head TEXT, document TEXT, nano INTEGER NOT NULL, PRIMARY KEY (document, head)) WITHOUT ROWID;
CREATE INDEX replies_by_document ON replies (document);
ATTACH ? AS job;
INSERT INTO replies SELECT key, REPLACE(reply, '"reused":', '"kept":'), nano, document FROM job.replies;
INSERT INTO documents (name, path, sha256, settings, run, status, row, seen)
    SELECT name, path, sha256, 'of an earlier build', run, status, row, seen FROM job.documents;
INSERT INTO texts SELECT name, 0, ? FROM job.documents;
INSERT INTO texts SELECT name, 1, ? FROM job.documents;
INSERT INTO notes SELECT name, value FROM job.notes;
INSERT INTO ledger VALUES ('perhaps', '', 7);
PRAGMA user_version = 5
"""
"""What a journal of an earlier build holds: texts are in parts, and replies say `kept`."""


def _of_an_earlier_build(path: Path, out: Path) -> Path:
    """The replies and documents of a job in a file of layout 5."""
    parts = [zlib.compress(part.encode()) for part in ("first half, ", "second half")]
    values = iter([str(out / "journal.sqlite"), *parts])
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in LAYOUT_5.split(";"):
            db.execute(statement, [next(values) for _ in range(statement.count("?"))])
    return path


def test_a_job_of_an_earlier_build_continues_free_of_charge(
    finished: tuple[Path, Path, Emulator], tmp_path: Path
) -> None:
    """Its replies answer, its sums are as they were, and its texts are read whole until the documents end again."""
    source, out, emulator = finished
    path, requests = _of_an_earlier_build(tmp_path / "journal.sqlite", out), len(emulator.requests)
    with closing(Journal(path, read_only=True)) as journal:
        assert journal.text("000.txt") == "first half, second half"
        before = journal.heads()
    assert before.perhaps == 7
    totals = Pipeline(Note, source, config=config(emulator)).run(tmp_path)
    assert (totals.ok, totals.whole, len(emulator.requests)) == (60, True, requests)
    with closing(Journal(path)) as journal:
        assert journal.text("000.txt") == (source / "000.txt").read_text("utf-8")
        assert journal.heads() == before


def test_a_shared_cache_of_an_earlier_build_answers(finished: tuple[Path, Path, Emulator], tmp_path: Path) -> None:
    """A library call finds its reply there and pays nothing."""
    source, out, emulator = finished
    cache, requests = _of_an_earlier_build(tmp_path / "answers.sqlite", out), len(emulator.requests)
    with Extractor(config=config(emulator, cache=cache)) as extractor:
        result = extractor.extract(Note, source / "000.txt")
    assert (result.value, result.usage.cost_usd, len(emulator.requests)) == (Note(number="000"), 0, requests)


def test_texts_of_an_earlier_build_move_whole(finished: tuple[Path, Path, Emulator], tmp_path: Path) -> None:
    """To the journal of another job, and out of a damaged one."""
    old = _of_an_earlier_build(tmp_path / "old.sqlite", finished[1])
    with closing(Journal(tmp_path / "new.sqlite")) as new, closing(Journal(old)) as journal:
        new.take(journal, ["000.txt"], 1)
        assert new.text("000.txt") == "first half, second half"
    line = rescued(old, Damaged("damaged"))
    with closing(Journal(tmp_path / "journal.rescued.sqlite")) as journal:
        assert journal.text("001.txt") == "first half, second half", line


def _damage(path: Path, page: int) -> None:
    good = path.read_bytes()
    path.write_bytes(good[: page * 4096] + b"\xa5" * 4096 + good[(page + 1) * 4096 :])


def test_damage_is_told_and_costs_nothing_good(finished: tuple[Path, Path, Emulator], tmp_path: Path) -> None:
    """Whichever page is damaged: the job ends in a line that tells the way on, or is whole; records stay as they were,
    nothing is asked, and the damaged journal itself is left as it is."""
    source, out, emulator = finished
    before, ends = len(emulator.requests), []
    for page in range((out / "journal.sqlite").stat().st_size // 4096):
        copy = _copy(out, tmp_path / f"{page}")
        _damage(copy / "journal.sqlite", page)
        damaged = (copy / "journal.sqlite").read_bytes()
        try:
            whole = Pipeline(Note, source, config=config(emulator)).run(copy).whole
        except StorageError as error:
            ends.append(str(error))
            whole = (copy / "journal.sqlite").read_bytes() == damaged
        assert whole
        assert (copy / "records.jsonl").read_bytes() == (out / "records.jsonl").read_bytes()
    assert len(ends) > 5
    assert all("journal.sqlite is damaged" in end and "--fresh" in end for end in ends)
    assert len(emulator.requests) == before


def test_what_was_rescued_goes_on(finished: tuple[Path, Path, Emulator], tmp_path: Path) -> None:
    """Put in place of the damaged one, only what was on the damaged page is asked about again."""
    source, out, emulator = finished
    before, pages, saved = len(emulator.requests), 0, 0
    for page in range((out / "journal.sqlite").stat().st_size // 4096):
        copy = _copy(out, tmp_path / f"{page}")
        _damage(copy / "journal.sqlite", page)
        with suppress(StorageError), closing(open_journal(copy / "journal.sqlite")):
            continue
        if (copy / "journal.rescued.sqlite").exists():
            pages += 1
            (copy / "journal.rescued.sqlite").replace(copy / "journal.sqlite")
            before = len(emulator.requests)
            assert Pipeline(Note, source, config=config(emulator)).run(copy).whole
            saved += len(emulator.requests) == before
            assert len(emulator.requests) - before <= 20
    assert pages > 5
    assert saved > pages / 2
    assert len(emulator.requests) - before < 60


def test_what_lies_on_both_sides_of_the_damage_is_rescued(tmp_path: Path) -> None:
    """One page in the middle of a long journal costs what stood on it, and no more."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        for number in range(400):
            journal.put(f"{number:04}", Reply("x" * 500, usage=Usage(1, 0, 1, 0.001)))
    _damage(path, path.stat().st_size // 4096 // 2)
    with pytest.raises(StorageError, match=r"3[6-9]\d replies"):
        open_journal(path)
    with closing(Journal(tmp_path / "journal.rescued.sqlite")) as rescued:
        assert rescued.holds("0000")
        assert rescued.holds("0399")


def test_a_rescue_without_room_is_no_rescue(tmp_path: Path) -> None:
    """A disk that is full while rows are copied ends in an error, and not in fewer rows."""
    with closing(Journal(tmp_path / "old.sqlite")) as journal:
        for number in range(100):
            journal.put(f"{number:04}", Reply("x" * 500, usage=Usage(1, 0, 1, 0.001)))
    with closing(Journal(tmp_path / "new.sqlite")) as new, closing(sqlite3.connect(tmp_path / "old.sqlite")) as old:
        new._db.execute("PRAGMA max_page_count = 15")
        with pytest.raises(StorageError, match="cannot be written"):
            new.copy(old, "replies")


def test_a_value_that_cannot_be_read_is_damage(finished: tuple[Path, Path, Emulator], tmp_path: Path) -> None:
    """Where the pages are sound and what they hold is not, the run stops with the same line."""
    source, out, emulator = finished
    copy = _copy(out, tmp_path / "out")
    with closing(sqlite3.connect(copy / "journal.sqlite")) as db, db:
        db.execute("UPDATE replies SET reply = x'7b00' WHERE key = (SELECT MIN(key) FROM replies)")
        db.execute("DELETE FROM documents")
    with pytest.raises(StorageError, match=r"damaged.*\(59 replies, .*\) was copied to journal.rescued.sqlite"):
        Pipeline(Note, source, config=config(emulator)).run(copy)
    assert (copy / "records.jsonl").read_bytes() == (out / "records.jsonl").read_bytes()


def test_a_line_that_cannot_be_read_is_not_published(tmp_path: Path) -> None:
    """A line of the journal that cannot be read is damage, and not a record."""
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        journal.keep_row({"document": "a", "sha256": "", "status": "ok"}, place="a", settings="s", run=0)
        journal._run("UPDATE documents SET row = x'7b'")
        with pytest.raises(StorageError, match="damaged"):
            list(journal.rows())


@pytest.mark.parametrize("gone", [True, False])
def test_records_whose_journal_is_empty_or_gone_are_not_paid_again(
    gone: bool, finished: tuple[Path, Path, Emulator], tmp_path: Path
) -> None:
    """Only the journal knows what was paid: without it the job stops with a line, and nothing is asked or written."""
    source, out, emulator = finished
    requests, copy = len(emulator.requests), _copy(out, tmp_path / "out")
    (copy / "journal.sqlite").write_bytes(b"")
    if gone:
        (copy / "journal.sqlite").unlink()
    with pytest.raises(StorageError, match=r"is empty or gone.*--fresh"):
        Pipeline(Note, source, config=config(emulator)).run(copy)
    assert len(emulator.requests) == requests
    assert (copy / "records.jsonl").read_bytes() == (out / "records.jsonl").read_bytes()


def test_what_is_no_journal_at_all(tmp_path: Path) -> None:
    """A file of something else is told of, and nothing is left beside it."""
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no database, but a text of some length that stands here in its place " * 100)
    with pytest.raises(StorageError, match="nothing of it can be read: name another --out folder"):
        open_journal(path)
    assert list(tmp_path.iterdir()) == [path]


# -- a disk without room

FULL = """
import resource, sys
from extractor.pipeline.config import Config
from extractor.pipeline.pipeline import Pipeline
from tests.pipeline.test_money import Note
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
where = dict(zip(("base_url", "account_id", "token"), sys.argv[3:]))
try:
    Pipeline(Note, sys.argv[1], config=Config(rpm=None, concurrency=4, max_output_tokens=200, **where)).run(sys.argv[2])
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits on Windows")
def test_a_full_disk_stops_before_more_is_paid(tmp_path: Path) -> None:
    """No more than what was in flight is lost, the line says why, and with room again the rest is done."""
    source = notes(tmp_path / "in", 120, "words to fill the disk with\n" * 30)
    with Emulator(number_of, latency=0.02) as emulator:
        place = [emulator.base_url, emulator.account_id, emulator.token]
        command = [sys.executable, "-c", FULL, str(source), str(tmp_path / "out"), *place]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        assert ended.stdout.startswith("StorageError: ")
        assert "cannot be written" in ended.stdout
        assert ended.stderr == ""
        assert 0 < len(emulator.requests) < 120
        assert Pipeline(Note, source, config=config(emulator)).run(tmp_path / "out").whole
        assert len(emulator.requests) <= 120 + 4
    ledger, _, rows = accounts(tmp_path / "out")
    assert len(rows) == 120
    assert emulator.usage.cost_usd is not None
    assert ledger["spent_usd"] <= emulator.usage.cost_usd <= ledger["spent_usd"] + ledger["perhaps_usd"]


FULL_COMMAND = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
from extractor.cli.app import app
app()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits on Windows")
def test_a_full_disk_in_one_line(tmp_path: Path) -> None:
    """The command that a full disk stops names that as the reason, and nothing else; what it published is whole."""
    source = notes(tmp_path / "in", 120, "words to fill the disk with\n" * 30)
    with Emulator(number_of, latency=0.02) as emulator:
        place = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
        words = ["run", str(source), "--schema", "tests.pipeline.test_money:Note", "--out", str(tmp_path / "out")]
        ended = subprocess.run(
            [sys.executable, "-c", FULL_COMMAND, *words, "--rpm", "100000"],
            env={**os.environ, **place, "EXTRACTOR_BASE_URL": emulator.base_url},
            capture_output=True,
            text=True,
            check=False,
        )
    *_, last = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert "cannot be written" in last
    assert "records.jsonl" not in last
    published = tmp_path / "out" / "records.jsonl"
    assert all(map(json.loads, published.read_text().splitlines() if published.exists() else ()))


def test_after_a_failed_write_nothing_else_is_written(tmp_path: Path) -> None:
    """A journal that failed once fails at once from then on, and so stops whoever would pay; it can still be read."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        journal.put("a", REPLY).result()
        journal._db.execute("PRAGMA query_only = 1")
        for _ in range(2):
            with pytest.raises(StorageError, match="cannot be written"):
                journal.reserve("b", 1)
        journal._db.execute("PRAGMA query_only = 0")
        with pytest.raises(StorageError, match="cannot be written"):
            journal.put("b", REPLY)
        assert journal.get("a") == REPLY
