"""The embedded model as a child process that speaks the same wire, and ends with us."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from threading import Timer
from typing import IO, Any

import orjson

from extractor.errors import UsageError

__all__ = ["Child"]

_START_SECONDS = 300.0
_END_SECONDS = 5.0


class Child:
    """A server started on a free port. It reads its standard input, and dies when that closes, however we end."""

    def __init__(self, process: subprocess.Popen[bytes], announced: dict[str, Any]) -> None:
        self.announced, self.process_id = announced, process.pid
        self._end = weakref.finalize(self, _end, process)

    @classmethod
    def start(cls, model: str) -> Child:
        """Start it and wait until it has announced itself; UsageError with its own last line where it does not."""
        return cls.run([sys.executable, "-m", "extractor.emulator", "--model", model, "--port", "0", "--announce"])

    @classmethod
    def run(cls, command: Sequence[str]) -> Child:
        """The same for any command that announces itself by one JSON line."""
        with tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints)
            announced = _announcement(process)
            if announced is None:
                _end(process)
                raise UsageError(_last_line(complaints) or "the embedded model did not start and gave no reason")
            return cls(process, announced)

    def close(self) -> None:
        """End it, now."""
        self._end()


def _announcement(process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    assert process.stdout is not None
    impatience = Timer(_START_SECONDS, process.kill)
    impatience.start()
    try:
        line = orjson.loads(process.stdout.readline())
    except orjson.JSONDecodeError:
        return None
    finally:
        impatience.cancel()
    return line if isinstance(line, dict) and "base_url" in line else None


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
