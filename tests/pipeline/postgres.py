"""A PostgreSQL of the tests' own: a new cluster in a temporary folder, on a socket in it, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

__all__ = ["PASSWORD", "found", "running"]

PASSWORD = "p@ss/w:rd %41"
QUOTED = "p%40ss%2Fw%3Ard%20%2541"


def found() -> Path | None:
    """The folder of the server's programs, as Debian's package and others install them."""
    places = [Path(program).parent for program in [shutil.which("initdb")] if program]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


@contextmanager
def running() -> Iterator[str]:
    """The URL of a server with an empty database, and a password that has to be asked for."""
    programs = found()
    assert programs is not None
    with TemporaryDirectory(prefix="pg-") as folder:
        data, word = Path(folder) / "data", Path(folder) / "word"
        word.write_text(PASSWORD)
        owner = _owner(folder, word)
        login = ["--username=extractor", "--auth=scram-sha-256", f"--pwfile={word}", "--encoding=UTF8", "--locale=C"]
        _do([programs / "initdb", "-D", data, "--no-sync", *login], **owner)
        serve = f"-k {folder} -c listen_addresses= -c fsync=off"
        _do([programs / "pg_ctl", "-D", data, "-w", "-l", Path(folder) / "log", "-o", serve, "start"], **owner)
        try:
            yield f"postgresql://extractor:{QUOTED}@/postgres?host={folder}"
        finally:
            _do([programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], **owner)


def _owner(folder: str, word: Path) -> dict[str, Any]:
    """The server will not run as root: the user that its package made takes its place."""
    if os.geteuid() != 0:
        return {}
    for path in (folder, word):
        shutil.chown(path, "postgres", "postgres")
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _do(words: list[Any], **owner: Any) -> None:
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": "/"}
    done = subprocess.run(list(map(str, words)), text=True, check=False, **quiet, **owner)
    assert done.returncode == 0, done.stderr
