"""The process that parses strangers' files: requests in on standard input, answers out on standard output."""

from __future__ import annotations

import gc
import os
import signal
import sys
from dataclasses import replace
from functools import partial
from typing import IO

from extractor.documents.frames import READY, STEP, pack_answer, read_frame, unpack_request, write_frame
from extractor.documents.parsed import Parsed
from extractor.documents.readers import read
from extractor.documents.source import Source
from extractor.errors import DocumentError, UsageError

__all__ = ["main"]

_MODELS = 2 << 30  # bytes of address space that an engine of OCR takes for itself


def main() -> None:
    """Answer requests until standard input ends."""
    gc.disable()  # it would walk through the trees of a large file again and again while they grow
    requests, answers = sys.stdin.buffer, _own_output()
    write_frame(answers, READY)
    while frame := read_frame(requests):
        data, source = unpack_request(frame)
        _confine(source)
        write_frame(answers, pack_answer(_answer(data, replace(source, step=partial(_step, answers, source)))))
        _set_timer(0)
        gc.collect()
        gc.freeze()  # what is left are modules and models, which the next collection need not walk through


def _own_output() -> IO[bytes]:
    """Standard output for frames alone: what a parser prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return answers


def _answer(data: bytes, source: Source) -> Parsed | DocumentError | UsageError:
    try:
        return read(data, source)
    except (DocumentError, UsageError) as error:
        return error
    except MemoryError:
        taken = f"reading it takes over {source.limits.memory >> 20:,} MB of memory"
        return DocumentError(f"{taken}; split the file first", kind="too_large")


def _step(answers: IO[bytes], source: Source) -> None:
    write_frame(answers, STEP)
    _set_timer(source.limits.seconds)


def _confine(source: Source) -> None:
    """Time and memory of this process, held by the system: also in a parser that never comes back to Python."""
    _set_timer(source.limits.seconds)
    if sys.platform != "win32":
        import resource

        memory = source.limits.memory + (_MODELS if source.ocr else 0)
        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _set_timer(seconds: float) -> None:
    """End this process some seconds after the parent would, should that be gone; 0 for never."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds and seconds + 5)


if __name__ == "__main__":
    main()
