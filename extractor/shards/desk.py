"""Where one shard is worked on: its own output folder, or a scratch folder whose files go to object storage."""

from __future__ import annotations

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

from extractor.pipeline.journal import Journal
from extractor.shards.storage import exists, fetch, is_remote, join, local, send

__all__ = ["Desk", "at_desk", "staged"]

JOURNAL = "journal.sqlite"
_TOTALS = "run.json"
_OURS = ("-wal", "-shm", f"saved-{JOURNAL}", f"stored-{JOURNAL}")
_SAVE_SECONDS = 15.0


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

    Output on object storage is worked on in scratch: the journal is saved every 15 seconds, all files at the end.
    """
    if not is_remote(place):
        yield Desk(str(local(place)), local(place))
        return
    desk = Desk(place, _scratch(place))
    desk.restore()
    with _saved(desk):
        yield desk


@contextmanager
def staged(documents: Sequence[tuple[str, str]]) -> Iterator[Path]:
    """A folder that holds the documents under their names, for as long as it is entered."""
    with TemporaryDirectory(prefix="extractor-") as folder:
        for uri, name in documents:
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            fetch(uri, path)
        yield Path(folder)


def _scratch(place: str) -> Path:
    folder = Path(gettempdir(), f"extractor-{getuser()}", sha256(place.encode()).hexdigest()[:24])
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)
    return folder


def _spent(path: Path) -> float:
    with closing(Journal(path)) as journal:
        return journal.spent()


@contextmanager
def _saved(desk: Desk) -> Iterator[None]:
    """Save the journal now and then, and publish everything at the end, however that comes; then clear the desk."""
    ended = Event()

    def save() -> None:
        while not ended.wait(_SAVE_SECONDS):
            desk.save()

    saver = Thread(target=save, name="journal saver", daemon=True)
    saver.start()
    try:
        yield
    finally:
        ended.set()
        saver.join()
        desk.publish()
        rmtree(desk.folder)
