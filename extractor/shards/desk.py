"""Where one shard is worked on: its own output folder, or a scratch folder whose files go to object storage."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from threading import Event, Thread
from time import monotonic

from extractor.documents.names import path_of
from extractor.errors import DocumentError, UsageError
from extractor.pipeline.corrections import CORRECTIONS
from extractor.pipeline.journal import Journal, open_journal
from extractor.pipeline.lock import locked
from extractor.pipeline.outputs import output_directory
from extractor.shards.index import JOURNAL, Line
from extractor.shards.lease import Lease, bench, benches, hold, signature
from extractor.shards.storage import exists, fetch, is_remote, join, local, send

__all__ = ["Desk", "Documents", "at_desk", "borrowed"]

_TOTALS = "run.json"
_OURS = ("-wal", "-shm", f"saved-{JOURNAL}", f"stored-{JOURNAL}")
_DOCUMENTS = "documents"
_log = logging.getLogger(__name__)

_PAUSE = 1.0
_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Desk:
    """`folder` is where a Pipeline works; `place` is where its files are found in the end.

    `documents` is the folder for those that are fetched: nothing is in it when a desk is taken, nor when it is left.
    """

    place: str
    folder: Path
    documents: Path
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
    """The documents of a shard as the origin of a job: each is fetched when it is its turn, and removed after it."""

    def __init__(self, folder: Path, lines: Iterable[Line]) -> None:
        self._folder = folder
        self._lines = {self._path(line): line for line in lines}
        self._stamps = {line["document"]: _stamp(line) for line in self._lines.values()}

    def found(self) -> Iterator[tuple[Path, str]]:
        """Each document by name: its own file on this machine, or the one to which it will be fetched."""
        by_name = sorted(self._lines.items(), key=lambda item: item[1]["document"])
        return ((path, line["document"]) for path, line in by_name)

    def stamp(self, name: str) -> str | None:
        """Size and etag of an object; None for a file of this machine, which is read instead."""
        return self._stamps[name]

    def bring(self, path: Path) -> None:
        """Fetch a document. DocumentError where it is gone or may not be read."""
        place = self._lines[path]["place"]
        if not is_remote(place) or path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fetch(place, path)
        except Exception as error:  # whatever a file system raises, it is about this document alone
            path.unlink(missing_ok=True)
            gone = "it is gone" if isinstance(error, FileNotFoundError) else f"{type(error).__name__}: {error}"
            raise DocumentError(f"{place} cannot be read: {gone}", kind="unreadable") from error

    def leave(self, path: Path) -> None:
        """Remove what was fetched."""
        if is_remote(self._lines[path]["place"]):
            path.unlink(missing_ok=True)

    def _path(self, line: Line) -> Path:
        place = line["place"]
        return self._folder / path_of(line["document"]) if is_remote(place) else local(place)


def _stamp(line: Line) -> str | None:
    known = is_remote(line["place"]) and line["size"] >= 0 and line["etag"]
    return f"{line['place']} {line['size']} {line['etag']}" if known else None


@contextmanager
def at_desk(place: str, *, wait: bool = False) -> Iterator[Desk]:
    """A desk for the output at `place`; files that a kill left behind on this machine are taken up again.

    Output on object storage is worked on in scratch. All files are sent at the end, and the journal within a second of
    each answer, unless it is so large that this would take more than a fifth of the time. UsageError where another
    worker is at work there, unless this may `wait`.
    """
    with hold(place, "desk", wait=wait) as lease:
        for folder in benches():
            _clear(folder)
        scratch = bench(place)
        with locked(scratch):
            try:
                if is_remote(place):
                    desk = Desk(place, output_directory(scratch / "out"), scratch / _DOCUMENTS, lease)
                    desk.restore(signature(scratch))
                    with _saved(desk):
                        yield desk
                else:
                    yield Desk(str(local(place)), output_directory(local(place)), scratch / _DOCUMENTS, lease)
            finally:
                rmtree(scratch / _DOCUMENTS, ignore_errors=True)


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


def _clear(folder: Path) -> None:
    """Remove copies of documents that a killed process left."""
    if (folder / _DOCUMENTS).exists():
        try:
            with locked(folder):
                rmtree(folder / _DOCUMENTS, ignore_errors=True)
        except UsageError:  # it is at work
            return


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
