"""Many short documents at once: wall time beside the ideal, and client CPU for each call.

    python benchmarks/engine.py [CALLS] [WORKERS] [MILLISECONDS]

A scripted emulator in a process of its own answers each request after so many milliseconds; the ideal is
CALLS / WORKERS * MILLISECONDS. Both faces do the same work: texts in memory, a schema of three fields, every answer
validated and grounded.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from extractor import AsyncExtractor, Extractor


class Note(BaseModel):
    """A note."""

    subject: str
    number: int
    paid: bool


REPLY = {"subject": "Boiler", "number": 7, "paid": True}


@contextmanager
def emulator(milliseconds: float) -> Iterator[dict[str, Any]]:
    """Where a scripted emulator listens, and as whom."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.jsonl")
        script.write_text(json.dumps({"contains": "note", "reply": REPLY}))
        words = ["-m", "extractor.emulator", "--script", str(script), "--latency", str(milliseconds / 1000)]
        command = [sys.executable, *words, "--port", "0", "--announce"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield {name: told[name] for name in ("base_url", "account_id", "token")}
            process.communicate()


def texts(count: int) -> list[str]:
    return [f"note {number}: Boiler 7, paid" for number in range(count)]


def threads(where: dict[str, Any], calls: int, workers: int) -> int:
    with Extractor(**where, concurrency=workers, rpm=None) as extractor:
        return sum(result.status == "ok" for result in extractor.extract_many(Note, texts(calls)))


def tasks(where: dict[str, Any], calls: int, workers: int) -> int:
    async def run() -> int:
        async with AsyncExtractor(**where, concurrency=workers, rpm=None) as extractor:
            return sum([result.status == "ok" async for result in extractor.extract_many(Note, texts(calls))])

    return asyncio.run(run())


def main(calls: int = 1100, workers: int = 32, milliseconds: float = 50) -> None:
    ideal = calls / workers * milliseconds / 1000
    print(f"{calls} calls of {milliseconds:g} ms, {workers} at once; ideal {ideal:.2f} s")
    with emulator(milliseconds) as where:
        for name, face in (("Extractor", threads), ("AsyncExtractor", tasks)):
            face(where, workers, workers)  # connections opened, modules loaded
            began, cpu = time.perf_counter(), time.process_time()
            ok = face(where, calls, workers)
            wall, used = time.perf_counter() - began, time.process_time() - cpu
            each = used / calls * 1000
            print(f"{name:15} {wall:6.2f} s, {wall / ideal:.2f} of ideal, {each:.2f} ms of CPU a call, {ok} ok")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
