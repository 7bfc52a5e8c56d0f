"""Many short documents at once: wall time beside the ideal, client CPU for each call, and what is left behind.

    python benchmarks/engine.py [CALLS] [WORKERS] [MILLISECONDS]

A bare server in a process of its own answers each request after so many milliseconds; the ideal is
CALLS / WORKERS * MILLISECONDS. All faces do the same work: a schema of three fields, every answer validated and
grounded; a Pipeline also reads each text from a file (written before the clock starts), journals every answer and
writes a record. Then 1,000 requests are in flight at once, five times over: how many connections that takes, and what
memory it adds after the first time.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from pydantic import BaseModel

from extractor import AsyncExtractor, Extractor, Pipeline
from extractor.pipeline.config import Config


class Note(BaseModel):
    """A note."""

    subject: str
    number: int
    paid: bool


VALUE = {"subject": "Boiler", "number": 7, "paid": True}

_SERVER = """
import asyncio, sys
BODY = sys.stdin.buffer.read()
REPLY = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(BODY) + BODY
async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\\r\\n")[0] or 0))
            await asyncio.sleep(float(sys.argv[1]))
            writer.write(REPLY)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def server(milliseconds: float) -> Iterator[dict[str, Any]]:
    """Where a server listens that gives every request the same completion, and as whom to ask it."""
    message = {"role": "assistant", "content": json.dumps(VALUE)}
    usage = {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    command = [sys.executable, "-c", _SERVER, str(milliseconds / 1000)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(body).encode())
        process.stdin.close()
        port = int(process.stdout.readline())
        try:
            yield {"base_url": f"http://127.0.0.1:{port}/client/v4", "account_id": "a", "token": "t"}
        finally:
            process.kill()


def texts(count: int) -> list[str]:
    return [f"note {number}: Boiler 7, paid" for number in range(count)]


def threads(where: dict[str, Any], calls: int, workers: int, _: Path) -> Callable[[], int]:
    def run() -> int:
        with Extractor(**where, concurrency=workers, rpm=None) as extractor:
            return sum(result.status == "ok" for result in extractor.extract_many(Note, texts(calls)))

    return run


def tasks(where: dict[str, Any], calls: int, workers: int, _: Path) -> Callable[[], int]:
    async def run() -> int:
        async with AsyncExtractor(**where, concurrency=workers, rpm=None) as extractor:
            return sum([result.status == "ok" async for result in extractor.extract_many(Note, texts(calls))])

    return lambda: asyncio.run(run())


def folder(where: dict[str, Any], calls: int, workers: int, scratch: Path) -> Callable[[], int]:
    notes = Path(mkdtemp(dir=scratch))
    for number, text in enumerate(texts(calls)):
        (notes / f"{number}.txt").write_text(text)
    job = Pipeline(Note, notes, config=Config(**where, concurrency=workers, rpm=None))
    return lambda: job.run(notes.with_suffix(".out")).ok


FACES = {"Extractor": threads, "AsyncExtractor": tasks, "Pipeline": folder}


def main(calls: int = 1100, workers: int = 32, milliseconds: float = 50) -> None:
    ideal = calls / workers * milliseconds / 1000
    print(f"{calls} calls of {milliseconds:g} ms, {workers} at once; ideal {ideal:.2f} s")
    with server(milliseconds) as where, TemporaryDirectory() as scratch:
        for name, face in FACES.items():
            face(where, workers, workers, Path(scratch))()  # connections opened, modules loaded
            job = face(where, calls, workers, Path(scratch))
            began, cpu = time.perf_counter(), time.process_time()
            ok = job()
            wall, used = time.perf_counter() - began, time.process_time() - cpu
            each = used / calls * 1000
            print(f"{name:15} {wall:6.2f} s, {wall / ideal:.2f} of ideal, {each:.2f} ms of CPU a call, {ok} ok")
    with server(1000) as where:
        asyncio.run(crowd(where))


async def crowd(where: dict[str, Any], calls: int = 1000) -> None:
    async with AsyncExtractor(**where, concurrency=calls, rpm=None) as extractor:
        first = 0
        for _ in range(5):
            ok = sum([result.status == "ok" async for result in extractor.extract_many(Note, texts(calls))])
            first = first or memory()
            print(f"{calls} in flight: {ok} ok, {files()} open files, {memory() - first:+} KB since the first time")
    print(f"closed: {files()} open files")


def files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def memory() -> int:
    """KB in use."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
