"""Where one shard is worked on: its own output folder, or a scratch folder whose files go to object storage."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from getpass import getuser
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir
from threading import Event, Thread
from time import monotonic

from extractor.documents.names import path_of
from extractor.pipeline.journal import Journal
from extractor.pipeline.lock import locked
from extractor.pipeline.outputs import output_directory
from extractor.shards.storage import exists, fetch, is_remote, join, local, send

__all__ = ["Desk", "at_desk", "held", "staged"]

JOURNAL = "journal.sqlite"
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

    @property
    def away(self) -> bool:
        """Whether the files have to be sent to their place."""
        return is_remote(self.place)

    def publish(self) -> None:
        """Send every file of the output, the totals last: who sees them sees all the rest."""
        if self.away:
            for path in sorted(self.folder.iterdir(), key=lambda path: (path.name == _TOTALS, path.name)):
                if not path.name.startswith(".") and not path.name.endswith(_OURS):
                    send(path, join(self.place, path.name))

    def restore(self) -> None:
        """Go on from the journal that holds more: the one on storage, or what a killed task left on this machine."""
        kept = join(self.place, JOURNAL)
        if not (self.away and exists(kept)):
            return
        here, there = self.folder / JOURNAL, self.folder / f"stored-{JOURNAL}"
        fetch(kept, there)
        if not here.exists() or _spent(here) < _spent(there):
            for suffix in ("-wal", "-shm"):
                here.with_name(here.name + suffix).unlink(missing_ok=True)
            there.replace(here)
        there.unlink(missing_ok=True)

    def stamp(self) -> tuple[int, ...]:
        """Changes with everything that the journal is given."""
        files = (self.folder / f"{JOURNAL}{suffix}" for suffix in ("", "-wal"))
        return tuple(file.stat().st_mtime_ns for file in files if file.exists())

    def save(self) -> None:
        """Send the journal as it is now, while others write to it."""
        live = self.folder / JOURNAL
        if live.exists():
            copy = self.folder / f"saved-{JOURNAL}"
            with closing(sqlite3.connect(live)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            send(copy, join(self.place, JOURNAL))


@contextmanager
def at_desk(place: str) -> Iterator[Desk]:
    """A desk for the output at `place`; files that a kill left behind on this machine are taken up again.

    Output on object storage is worked on in scratch. All files are sent at the end, and the journal within a second of
    each answer, unless it is so large that this would take more than a fifth of the time.
    """
    if not is_remote(place):
        yield Desk(str(local(place)), local(place))
        return
    with locked(held(place)) as bench:
        desk = Desk(place, output_directory(bench / "out"))
        desk.restore()
        with _saved(desk):
            yield desk


def held(place: str) -> Path:
    """The folder on this machine that is locked while the output at `place` is worked on."""
    if not is_remote(place):
        return output_directory(local(place))
    root = Path(gettempdir(), f"extractor-{getuser()}")
    root.mkdir(mode=0o700, exist_ok=True)
    return output_directory(root / sha256(place.encode()).hexdigest()[:24])


@contextmanager
def staged(documents: Sequence[tuple[str, str]]) -> Iterator[Path]:
    """A folder that holds the documents under their names, for as long as it is entered."""
    with TemporaryDirectory(prefix="extractor-") as folder:
        for uri, name in documents:
            path = Path(folder, path_of(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            fetch(uri, path)
        yield Path(folder)


def _spent(path: Path) -> float:
    with closing(Journal(path)) as journal:
        return journal.spent()


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
