"""Processes of a test's own: started in sessions, looked up, ended with all that they started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import randrange
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 600.0


def until(ask: Callable[[], T], *, seconds: float = PATIENCE) -> T:
    """What `ask` says as soon as that is anything."""
    deadline = time.monotonic() + seconds
    while not (value := ask()):
        assert time.monotonic() < deadline, "nothing came of it in time"
        time.sleep(0.1)
    return value


@contextmanager
def running(
    *command: str, environment: dict[str, str], log: Path, user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A child in a session of its own, all of which ends when this is left."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, env=os.environ | environment, stdout=output, stderr=output, start_new_session=True, user=user
        )
    try:
        yield child
    finally:
        end(child)


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child's whole session: politely, then not."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(15)
    for process in session_of(child.pid):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    child.wait()


def session_of(leader: int) -> Iterator[int]:
    """All processes of a session, whatever their group: tasks have groups of their own."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(process.name)) == leader:
                yield int(process.name)


def command_line(process: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def holders(folder: Path) -> list[int]:
    """The processes that work in an output folder, by the lock that they hold."""
    lock = str(folder / ".lock")
    return [int(fd.parts[2]) for fd in Path("/proc").glob("[0-9]*/fd/*") if _target(fd) == lock]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def free_port() -> int:
    """A port that nothing listens on, below those that systems give to clients, so that none takes it meanwhile."""
    while True:
        port = randrange(12_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
