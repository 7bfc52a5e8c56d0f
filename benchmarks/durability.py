"""What it costs that a reply is on the disk before it is used.

    python -m benchmarks.durability [FOLDER]

A journal in FOLDER (a new one in the temporary folder by default: name a folder on the disk that is meant) takes
replies of 2 KB, one after the other and many at once, and a folder job of 160 documents is run against the emulator.
Both are done with the flush that waits for the disk and without it, in turn; the least time of three counts.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from pydantic import BaseModel

from extractor import Pipeline
from extractor.emulator.server import Emulator
from extractor.pipeline.config import Config
from extractor.pipeline.journal import Journal
from extractor.pipeline.store import Store
from extractor.wire.values import Reply, Usage

REPLY = Reply("x" * 2000, usage=Usage(900, 0, 500, 0.002855))
REPLIES, DOCUMENTS, LATENCY = 320, 160, 0.5
TIMES = 3


class Note(BaseModel):
    name: str


def main(place: str | None = None) -> None:
    """Print a line for each way."""
    for at_once in (1, 16, 64):
        durable, quick = least(lambda folder, n=at_once: stored(folder, n), place)
        each = (durable - quick) / REPLIES * 1000
        print(f"replies, {at_once:2} at once: {each:6.2f} ms each for the flush; {durable:.2f} s against {quick:.2f} s")
    with Emulator(lambda body: {"name": "Ada"}, latency=LATENCY) as emulator:
        durable, quick = least(lambda folder: run(folder, emulator), place)
    print(f"a job of {DOCUMENTS} documents: {durable:.2f} s against {quick:.2f} s: {durable / quick - 1:+.1%}")


def least(measured: Callable[[Path], float], place: str | None) -> tuple[float, float]:
    """The least seconds with the flush, and without it."""
    with_flush, without = [], []
    for _ in range(TIMES):
        with TemporaryDirectory(dir=place) as folder:
            with_flush.append(measured(Path(folder)))
        with TemporaryDirectory(dir=place) as folder, mock.patch.object(Store, "durable", _done):
            without.append(measured(Path(folder)))
    return min(with_flush), min(without)


def _done(self: Store) -> Future[None]:
    future: Future[None] = Future()
    future.set_result(None)
    return future


def stored(folder: Path, at_once: int) -> float:
    """Seconds until all replies are stored, so many of them waiting at a time."""

    async def store(journal: Journal, first: int) -> None:
        for number in range(first, REPLIES, at_once):
            await asyncio.wrap_future(journal.put(f"key {number}", REPLY))

    async def all_of(journal: Journal) -> None:
        await asyncio.gather(*(store(journal, first) for first in range(at_once)))

    with closing(Journal(folder / "journal.sqlite")) as journal:
        began = time.perf_counter()
        asyncio.run(all_of(journal))
        return time.perf_counter() - began


def run(folder: Path, emulator: Emulator) -> float:
    """Seconds of a job over small documents."""
    (folder / "in").mkdir()
    for number in range(DOCUMENTS):
        (folder / "in" / f"{number}.txt").write_text(f"Ada wrote note {number}.")
    where: dict[str, Any] = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    job = Pipeline(Note, folder / "in", config=Config(**where, rpm=None, concurrency=16))
    began = time.perf_counter()
    totals = job.run(folder / "out")
    assert totals.ok == DOCUMENTS
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*sys.argv[1:])
