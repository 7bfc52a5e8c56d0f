"""One worker at a time at a place, on this machine or any other.

On this machine, and on a drive that machines share, the operating system's lock on a file is the lease. On object
storage it is a numbered object that only one worker can create. Its holder rewrites it every few seconds; whoever waits
takes the next number once it has not changed for a while, so no clocks are compared. What a killed process of this very
machine held is taken over at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from getpass import getuser
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir
from threading import Event, Thread
from time import monotonic, sleep
from uuid import uuid4

from extractor.errors import StorageError, UsageError
from extractor.pipeline.outputs import locked, output_directory
from extractor.sources.storage import create, erase, inside, is_remote, join, local, read, write

__all__ = ["Lease", "bench", "hold", "is_free", "is_held", "signature"]

_log = logging.getLogger(__name__)

_SECONDS, _RENEWED_SECONDS, _LOOK_SECONDS = 20.0, 4.0, 0.5


@dataclass(slots=True)
class Lease:
    """What a worker holds; `lost` once another has taken over, because this one was not seen for too long.

    On object storage it is the content of the object `mine`, which begins with `token`.
    """

    place: str
    mine: str = ""
    token: str = ""
    renewed: float = 0.0
    lost: Event = field(default_factory=Event)

    def renew(self) -> None:
        """Change the object, unless another has taken over."""
        try:
            if read(self.mine).decode().startswith(self.token):
                write(self.mine, f"{self.token} {uuid4().hex}".encode())
            else:
                self.lost.set()
        except UsageError:  # it is gone
            self.lost.set()
        self.renewed = monotonic()

    def check(self) -> None:
        """StorageError where another has taken over: what it writes must not be overwritten."""
        if self.mine and monotonic() - self.renewed > _SECONDS:  # as where this process was suspended
            self.renew()
        if self.lost.is_set():
            raise StorageError(f"{self.place} was taken over by another worker, as this one was silent for too long")


@contextmanager
def hold(out: str, name: str, *, wait: bool = True) -> Iterator[Lease]:
    """Hold the lease `name` of an output place. UsageError where another holds it, unless this may `wait`."""
    place = join(out, f".{name}")
    here = bench(place) if is_remote(out) else output_directory(local(place))
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(here))
        except UsageError:
            if not wait:
                raise UsageError(f"{out} is in use by another run: wait for it, or name another out") from None
            _log.info("extractor: %s is in use by another run: waiting for it", out)
            stack.enter_context(locked(here, wait=True))
        lease = Lease(out)
        if is_remote(out):
            lease = stack.enter_context(_leased(out, place, signature(here), wait=wait))
        yield lease


def is_free(out: str, name: str) -> bool:
    """Whether nobody holds a lease on object storage, which a look tells; on this machine taking it does."""
    return is_remote(out) and not inside(join(out, f".{name}"))


def is_held(out: str, name: str, seen: dict[str, tuple[str, float]]) -> bool:
    """Whether a living worker holds a lease; `seen` is what earlier calls saw of it on object storage."""
    place = join(out, f".{name}")
    if not is_remote(out):
        if not local(place).is_dir():
            return False
        try:
            with locked(local(place)):
                return False
        except UsageError:
            return True
    now = _content(place, inside(place))
    known, since = seen.get(place, ("", 0.0))
    if known != now:
        _, since = seen[place] = now, monotonic()
    return bool(now) and monotonic() - since < _SECONDS


def bench(place: str) -> Path:
    """The folder on this machine where files of `place` are worked on."""
    return output_directory(_root() / sha256(place.encode()).hexdigest()[:24])


def _root() -> Path:
    root = Path(gettempdir(), f"extractor-{getuser()}")
    root.mkdir(mode=0o700, exist_ok=True)
    return root


def signature(folder: Path) -> str:
    """Who works in this folder, as leases are signed: its lock is held, so whoever signed with it before is dead."""
    path = folder / "holder"
    if not path.exists():
        path.write_text(uuid4().hex)
    return path.read_text()


@contextmanager
def _leased(out: str, place: str, token: str, *, wait: bool) -> Iterator[Lease]:
    lease, ended = Lease(out, _taken(place, token, wait=wait), token, monotonic()), Event()
    renewing = Thread(target=_renew, args=(lease, ended), name="extractor-lease", daemon=True)
    renewing.start()
    try:
        yield lease
    finally:
        ended.set()
        renewing.join()
        if not lease.lost.is_set():
            erase(lease.mine)


def _taken(place: str, token: str, *, wait: bool) -> str:
    """The object that this worker now holds, once nobody else does."""
    first, known, since = "", "", monotonic()
    while True:
        names = inside(place)
        now = _content(place, names)
        if now != known:
            first, known, since = first or now, now, monotonic()
        if not now or now.partition(" ")[2].startswith(token) or monotonic() - since > _SECONDS:
            if mine := _next(place, names, token):
                return mine
        elif not wait and known != first:
            raise UsageError(f"{place.rpartition('/')[0]} is in use by another run: wait for it, or name another place")
        sleep(_LOOK_SECONDS)


def _next(place: str, names: list[str], token: str) -> str | None:
    """The next number, if it is this worker's; the older ones are removed."""
    number = f"{int(names[-1]) + 1 if names else 1:08}"
    mine = join(place, number)
    if not create(mine, f"{token} {uuid4().hex}".encode()):
        return None
    if {*inside(place)} - {*names, number}:  # another began at the same time from another number
        erase(mine)
        return None
    for name in names:
        erase(join(place, name))
    return mine


def _content(place: str, names: list[str]) -> str:
    """The name and the content of the lease with the highest number; "" where there is none."""
    with suppress(UsageError):  # it was given back just now
        return f"{names[-1]} {read(join(place, names[-1])).decode()}" if names else ""
    return ""


def _renew(lease: Lease, ended: Event) -> None:
    while not (lease.lost.is_set() or ended.wait(_RENEWED_SECONDS)):
        try:
            lease.renew()
        except Exception:  # `check` tries once more before anything is written
            _log.warning("the lease of %s was not renewed; trying again", lease.place, exc_info=True)
