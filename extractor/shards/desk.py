"""Where one shard is worked on: its own output folder, or a scratch folder whose files go to object storage."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from threading import Event, Thread
from time import monotonic

from extractor.documents.discover import Skip
from extractor.errors import DocumentError, UsageError
from extractor.pipeline.corrections import CORRECTIONS
from extractor.pipeline.journal import Journal, open_journal
from extractor.pipeline.outputs import locked, output_directory
from extractor.shards.index import JOURNAL, Line
from extractor.shards.lease import Lease, bench, hold, signature
from extractor.sources.files import Entry
from extractor.sources.rows import Rows
from extractor.sources.storage import File, exists, fetch, is_remote, join, local, send

__all__ = ["Desk", "Documents", "at_desk", "borrowed", "is_row"]

_TOTALS = "run.json"
_OURS = ("-wal", "-shm", f"saved-{JOURNAL}", f"stored-{JOURNAL}")
_log = logging.getLogger(__name__)

_PAUSE = 1.0
_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Desk:
    """`folder` is where a Pipeline works; `place` is where its files are found in the end."""

    place: str
    folder: Path
    lease: Lease

    @property
    def away(self) -> bool:
        """Whether the files have to be sent to their place."""
        return is_remote(self.place)

    @property
    def journal(self) -> Path:
        return self.folder / JOURNAL

    def publish(self) -> None:
        """Send every file of the output, the totals last: who sees them sees all the rest."""
        if self.away:
            self.lease.check()
            for path in sorted(self.folder.iterdir(), key=lambda path: (path.name == _TOTALS, path.name)):
                if not path.name.startswith(".") and not path.name.endswith(_OURS):
                    send(path, join(self.place, path.name))

    def restore(self, worker: str) -> None:
        """Go on from the journal on storage, or from the one that a killed task of this `worker` left on this machine.

        Where others were at work since, theirs is taken, with the replies that this worker paid for and did not send.
        Corrections are those on storage.
        """
        stored, here, there = join(self.place, JOURNAL), self.journal, self.folder / f"stored-{JOURNAL}"
        for path in self.folder.iterdir():
            if path.is_file() and not path.name.startswith((".", JOURNAL)):
                path.unlink()
        if exists(join(self.place, CORRECTIONS)):
            fetch(join(self.place, CORRECTIONS), self.folder / CORRECTIONS)
        if exists(stored):
            fetch(stored, there)
            if not here.exists() or _follows(there, here, worker):
                for suffix in ("-wal", "-shm"):
                    here.with_name(here.name + suffix).unlink(missing_ok=True)
                there.replace(here)
            there.unlink(missing_ok=True)
        with closing(open_journal(here)) as journal:
            journal.keep_note("worker", worker)
        self.save()

    def stamp(self) -> tuple[int, ...]:
        """Changes with everything that the journal is given."""
        files = (self.folder / f"{JOURNAL}{suffix}" for suffix in ("", "-wal"))
        return tuple(file.stat().st_mtime_ns for file in files if file.exists())

    def save(self) -> None:
        """Send the journal as it is now, while others write to it."""
        if self.away and self.journal.exists():
            self.lease.check()
            copy = self.folder / f"saved-{JOURNAL}"
            with closing(sqlite3.connect(self.journal)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            send(copy, join(self.place, JOURNAL))


class Documents:
    """The documents of a shard as the origin of a job: files, and rows of `tables`, which are read again.

    A row is the one of the first table that has it.
    """

    def __init__(self, lines: Iterable[Line], tables: Sequence[Rows] = ()) -> None:
        self._lines, self._tables = {line["document"]: line for line in lines}, tables

    @property
    def places(self) -> list[str]:
        """Where they are."""
        files = [line["place"] for line in self._lines.values() if not is_row(line["place"], self._tables)]
        return [*dict.fromkeys(rows.where for rows in self._tables), *files]

    def found(self, *, without: Path | None = None, skip: Skip = lambda name, why: None) -> Iterator[Entry]:
        """Each document, files by name, rows in their order."""
        return self.named(dict.fromkeys(sorted(self._lines), ""))

    def named(self, wanted: Mapping[str, str]) -> Iterator[Entry]:
        """Those of these names."""
        left: dict[str, str] = {}
        for name in wanted:
            line = self._lines[name]
            if is_row(line["place"], self._tables):
                left[line["place"]] = name
            else:
                file = File(line["place"], name, line["size"], line["etag"])
                yield Entry(name, line["place"], stamp=file.stamp, size=line["size"])
        for rows in self._tables:
            here = {rows.name_at(place): place for place in left if is_row(place, [rows])}
            for entry in rows.found() if here else ():
                if entry.name in here:
                    place = here.pop(entry.name)
                    yield entry._replace(name=left.pop(place), place=place)
        for place, name in left.items():
            yield Entry(name, place, DocumentError(f"{name}: the row is no longer in its table", kind="unreadable"))


def is_row(place: str, tables: Iterable[Rows]) -> bool:
    """Whether a document is a row of one of these tables."""
    return any(place.startswith(f"{rows.where}/") for rows in tables)


@contextmanager
def at_desk(place: str, *, wait: bool = False) -> Iterator[Desk]:
    """A desk for the output at `place`; files that a kill left behind on this machine are taken up again.

    Output on object storage is worked on in scratch. All files are sent at the end, and the journal within a second of
    each answer, unless it is so large that this would take more than a fifth of the time. UsageError where another
    worker is at work there, unless this may `wait`.
    """
    if not place:
        raise UsageError("out is empty: give a folder or a URL")
    with hold(place, "desk", wait=wait) as lease:
        scratch = bench(place)
        with locked(scratch):
            if is_remote(place):
                desk = Desk(place, output_directory(scratch / "out"), lease)
                desk.restore(signature(scratch))
                with _saved(desk):
                    yield desk
            else:
                yield Desk(str(local(place)), output_directory(local(place)), lease)


@contextmanager
def borrowed(place: str, scratch: Path) -> Iterator[Journal]:
    """The journal at a place, to read."""
    path = local(place)
    if is_remote(place):
        path = scratch / f"stored-{JOURNAL}"
        fetch(place, path)
    try:
        with closing(Journal(path)) as journal:
            yield journal
    finally:
        if is_remote(place):
            path.unlink(missing_ok=True)


def _follows(there: Path, here: Path, worker: str) -> bool:
    """Whether another worker wrote a journal after this one left its own, of which it then gets the replies."""
    with closing(Journal(there)) as newer:
        if newer.note("worker") == worker:
            return False
        with closing(Journal(here)) as older:
            newer.add_replies(older)
    return True


@contextmanager
def _saved(desk: Desk) -> Iterator[None]:
    """Save the journal as it grows, and publish everything at the end, however that comes; then clear the desk."""
    ended = Event()
    saver = Thread(target=_save_all_along, args=(desk, ended), name="journal saver", daemon=True)
    saver.start()
    try:
        yield
    finally:
        ended.set()
        saver.join()
        desk.publish()
        rmtree(desk.folder)


def _save_all_along(desk: Desk, ended: Event) -> None:
    pause, saved = _PAUSE, desk.stamp()
    while not ended.wait(pause):
        begun, now = monotonic(), desk.stamp()
        if saved != now:
            try:
                desk.save()
                saved = now
            except Exception:
                _log.warning("the journal was not saved to %s; trying again", desk.place, exc_info=True)
        pause = max(_PAUSE, (monotonic() - begun) / _SHARE)
