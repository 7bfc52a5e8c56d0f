"""Parser processes, started when first needed and used again: a file that hangs or kills one harms only itself."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import LifoQueue

from extractor.documents.frames import READY, STEP, Frame, pack_request, read_frame, unpack_answer, write_frame
from extractor.documents.parsed import Parsed
from extractor.documents.source import Source
from extractor.errors import DocumentError, UsageError

__all__ = ["harmless", "read_apart"]

_START = "import sys; sys.path[:] = {path!r}; from extractor.documents.worker import main; main()"
_SECRET = re.compile("token|secret|password|passwd|credential|_key", re.I)
_SERVINGS = 500  # parsers leak, so a process retires after this many files


def read_apart(data: bytes, source: Source) -> Parsed:
    """`readers.read` in a process of its own. Raises DocumentError: also where that process hung or died.

    Safe from any number of threads; as many files are parsed at once as there are processors.
    """
    with _pool.worker() as worker:
        frame = worker.ask(pack_request(data, source), source.limits.seconds)
    if frame is not None:
        return unpack_answer(frame)
    if worker.late:
        took = f"reading it took over {source.limits.seconds:g} seconds"
        raise DocumentError(f"{took}; split the file, or convert it to text", kind="timeout")
    raise DocumentError("the file is damaged or too large: its parser died over it; fetch it again", kind="damaged")


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what looks like a secret: a parser has no use for it, and a file might."""
    return {name: value for name, value in environment.items() if not _SECRET.search(name)}


class _Worker:
    """One process, parsing one file at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=harmless(os.environ),
            process_group=0 if os.name == "posix" else None,  # an interrupt is for the run, which then ends its workers
        )
        self._served = 0
        self._alive = True
        self.late = False
        assert self._process.stdout is not None
        if read_frame(self._process.stdout) != READY:
            self.stop()
            raise UsageError(
                "the process that reads documents does not start; see: python -m extractor.documents.worker"
            )

    def ask(self, request: Frame | None, seconds: float) -> Frame | None:
        """The answer, or None where the process died over the question. `seconds` are for each page of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._served += 1
        self._alive = False
        answer: Frame | None = STEP
        while answer == STEP:
            deadline = threading.Timer(seconds, self._expire)
            deadline.start()
            if request is not None:
                with suppress(BrokenPipeError):
                    write_frame(self._process.stdin, request)
            request = None
            answer = read_frame(self._process.stdout)
            deadline.cancel()
        self._alive = answer is not None
        return answer

    def _expire(self) -> None:
        self.late = True
        self._process.kill()

    def is_fit(self) -> bool:
        """Whether it can take another file."""
        return self._alive and not self.late and self._served < _SERVINGS and self._process.poll() is None

    def stop(self) -> None:
        """End the process, and leave nothing of it behind."""
        self._process.kill()
        self.leave()
        self._process.wait()

    def leave(self) -> None:
        """Close this side of its pipes: a worker that nobody else holds ends by itself."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


class _Pool:
    """A place for each processor, each with an idle worker or none. The last one used is the next one taken."""

    def __init__(self) -> None:
        self._places: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(os.cpu_count() or 1):
            self._places.put(None)

    @contextmanager
    def worker(self) -> Iterator[_Worker]:
        worker = self._places.get()
        fit = False
        try:
            if worker is None or not worker.is_fit():
                if worker is not None:
                    worker.stop()
                worker = None
                worker = _Worker()
            yield worker
            fit = worker.is_fit()  # not after an error: an answer that was not read would be the next file's
        finally:
            if worker is not None and not fit:
                worker.stop()
            self._places.put(worker if fit else None)

    def close(self) -> None:
        for worker in self._idle():
            worker.stop()

    def forget(self) -> None:
        """In a forked child: the workers belong to the parent."""
        for worker in self._idle():
            worker.leave()
        self.__init__()  # type: ignore[misc]

    def _idle(self) -> list[_Worker]:
        return [worker for worker in self._places.queue if worker is not None]


_pool = _Pool()
atexit.register(_pool.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)
