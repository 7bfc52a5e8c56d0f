"""What a person may interrupt, and how often: every face ends within moments, and what was paid for is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from inspect import CO_GENERATOR
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import Extractor
from extractor.call import background
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.wire.values import Request
from tests.kit import computing
from tests.pipeline.killing import letters_of, write_mixed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent")

FILE = """
import asyncio, os, signal, threading
from pathlib import Path
from pydantic import BaseModel
from extractor import Extractor, Pipeline
from extractor.pipeline import stages

class Named(BaseModel):
    name: str

interrupts = False

def compute(work):
    os.write(1, b"computing\\n")  # in one piece, whatever other threads write
    if interrupts:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    while True:
        pass

def look(word: str) -> str:
    "Look a word up."
    return compute(word)

PIPELINE = Pipeline(Named, Path(__file__).parent / "in", stages=(*stages.STAGES, compute))

async def cell():
    PIPELINE.run("out")
"""
COMMAND = ["-m", "extractor", "run", "--pipeline", "job.py", "--out", "out"]
CALLS = {
    "a pipeline": "job.PIPELINE.run('out')",
    "a pipeline in a notebook": "job.asyncio.new_event_loop().run_until_complete(job.cell())",
    "a call": "job.Extractor(tools=(job.look,)).extract(job.Named, 'Ada')",
    "many calls": "list(job.Extractor(tools=(job.look,)).extract_many(job.Named, ['Ada', 'Bo']))",
    "a stream": "list(job.Extractor(tools=(job.look,)).stream(job.Named, 'Ada'))",
}


def answer(body: Mapping[str, Any]) -> Any:
    if body.get("tools"):
        return Completion(content="", tool_calls=({"name": "look", "arguments": {"word": "Ada"}},))
    return {"name": "Ada"}


def started(emulator: Emulator, folder: Path, *words: str) -> subprocess.Popen[str]:
    """A process that computes something forever."""
    (folder / "job.py").write_text(FILE)
    (folder / "in").mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / "in" / name).write_text(f"Ada, of {name}")
    return computing(emulator, folder, *words)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] if os.name == "posix" else [])
def test_whatever_is_computed_a_command_ends(number: signal.Signals, tmp_path: Path) -> None:
    """A function of the user's own that never returns holds up neither the end of a run nor that of its process."""
    with Emulator(answer) as emulator:
        process = started(emulator, tmp_path, *COMMAND)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == "extractor: interrupted; the same command continues where it stopped\n"
    assert (tmp_path / "out/records.jsonl").read_text().count("not read: the run was interrupted") == 2


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_whatever_is_computed_a_call_ends(call: str, tmp_path: Path) -> None:
    """KeyboardInterrupt reaches who called, and nothing keeps the interpreter from its end."""
    with Emulator(answer) as emulator:
        process = started(emulator, tmp_path, "-c", f"import job; {call}")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert errors.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals are sent to threads")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_interrupt_that_wakes_nobody_is_seen(call: str, tmp_path: Path) -> None:
    """A signal that comes just before a thread begins to wait does not end the wait, like one that another thread of
    the process takes. Whoever waits looks for it by itself."""
    with Emulator(answer) as emulator:
        process = started(emulator, tmp_path, "-c", f"import job; job.interrupts = True; {call}")
        _, errors = process.communicate(timeout=30)
    assert errors.rstrip().endswith("KeyboardInterrupt")


class Named(BaseModel):
    name: str


ROOM = str(Path(background.__file__).parents[1])
FACES: dict[str, Callable[[Extractor], object]] = {
    "a call": lambda extractor: extractor.extract(Named, "Ada"),
    "many calls": lambda extractor: list(extractor.extract_many(Named, ["Ada", "Bo"])),
    "a stream": lambda extractor: list(extractor.stream(Named, "Ada")),
}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("call", FACES.values(), ids=FACES)
def test_an_interrupt_may_come_at_any_step(call: Callable[[Extractor], object]) -> None:
    """Wherever it hits the caller's thread, on the way or while that waits, it ends what is in flight, which would go
    on for ever, and the `with` around it."""
    released, steps, left, waited = threading.Event(), 0, 0, False

    def look(word: str) -> str:
        """Look a word up."""
        released.wait()
        return word

    def interrupt(frame: FrameType, event: str, _: object) -> None:
        nonlocal left, waited
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(ROOM) and not code.co_flags & CO_GENERATOR:
            left -= 1
            waited = code.co_name in ("result", "taken")
            if waited or not left:
                raise KeyboardInterrupt

    def interrupted(extractor: Extractor) -> None:
        before = sys.getprofile()
        sys.setprofile(interrupt)
        try:
            call(extractor)
        finally:
            sys.setprofile(before)

    with Emulator(answer) as emulator:
        place = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        while not waited:
            left = steps = steps + 1
            with pytest.raises(KeyboardInterrupt), Extractor(**place, tools=(look,)) as extractor:
                interrupted(extractor)
        assert steps > 50
    released.set()


def test_who_insists_does_not_wait(tmp_path: Path) -> None:
    """Of many interrupts the second ends the process, in silence and with the same exit code; files stay whole."""
    with Emulator(answer) as emulator:
        process = started(emulator, tmp_path, *COMMAND)
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors in ("", "extractor: interrupted; the same command continues where it stopped\n")
    assert all(
        line.endswith("}") for path in (tmp_path / "out").glob("*.jsonl") for line in path.read_text().splitlines()
    )


LONG = """
from pathlib import Path
from pydantic import BaseModel
from extractor import Extractor

class Letter(BaseModel):
    number: str
    sender: str

class Letters(BaseModel):
    letters: list[Letter]

print("computing", flush=True)
options = {"cache": "answers.sqlite", "view_tokens": 1000, "max_output_tokens": 1000, "concurrency": 8}
with Extractor(**options) as extractor:
    result = extractor.extract(Letters, Path("long.txt").read_text("utf-8"))
print(result.status, len(result.data["letters"]))
"""


def test_the_parts_of_a_document_end_together(tmp_path: Path) -> None:
    """Ctrl-C in `extract` ends every request that a long document has in flight, and begins no other; what was answered
    by then is not paid for once more."""
    waiting, several, released = list[Any](), threading.Event(), threading.Event()

    async def reply(body: Mapping[str, Any]) -> Any:
        if Question.of(body).number > 2 and not released.is_set():  # the first two go out one by one
            waiting.append(body)
            if len(waiting) == 3:
                several.set()
            await asyncio.Event().wait()
        return letters_of(body)

    values = write_mixed(tmp_path / "in", documents=0, parts=8)
    (tmp_path / "in/long.txt").rename(tmp_path / "long.txt")
    with Emulator(reply) as emulator:
        process = computing(emulator, tmp_path, "-c", LONG)
        assert several.wait(30)
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=30)
        assert (printed, errors.rstrip().endswith("KeyboardInterrupt")) == ("", True)
        assert len(emulator.requests) == emulator.served + len(waiting)
        released.set()
        printed, errors = computing(emulator, tmp_path, "-c", LONG).communicate(timeout=60)
        answered = [Request(one.body, model=emulator.model).key for one in emulator.requests if one.usage]
    assert (printed, errors) == (f"ok {len(values['long.txt']['letters'])}\n", "")
    assert len(answered) == len(set(answered))
