"""Ctrl-C ends the command with exit code 130, wherever it strikes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.emulator.server import Emulator
from tests.kit import computing

STRUCK = """
import os, signal, sys
from importlib.metadata import entry_points

class Striking:
    def find_spec(self, name, *_):
        if name == struck:
            os.kill(os.getpid(), signal.SIGINT)

struck, *sys.argv[1:] = sys.argv[1:]
sys.meta_path.insert(0, Striking())
(command,) = entry_points(group="console_scripts", name="extractor")
command.load()()
"""


@pytest.mark.parametrize("module", ["extractor.cli.app", "typer", "extractor.schema.compiler", "orjson"])
def test_an_interrupt_while_importing(module: str, tmp_path: Path) -> None:
    """Where there is nothing to save yet it ends without a word."""
    command = [sys.executable, "-c", STRUCK, module, "schema", "show", "receipt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


SLOW = """
import time
from pydantic import BaseModel
from extractor import Pipeline
from extractor.call.effects import Run
from extractor.pipeline.stages import STAGES


class Named(BaseModel):
    name: str


def slow(work):
    print("computing", flush=True)
    yield Run(lambda: time.sleep(60))
    return work


JOB = Pipeline(Named, "in", stages=(*STAGES, slow))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM on Windows")
@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGINT, signal.SIGINT]])
def test_an_interrupt_waits_for_no_computation(signals: list[signal.Signals], tmp_path: Path) -> None:
    """The run is written down and the process ends, though a stage computes; a second signal shows no traceback."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("Ada")
    (tmp_path / "job.py").write_text(SLOW)
    with Emulator(lambda body: {"name": "Ada"}) as emulator:
        words = ["-m", "extractor", "run", "--pipeline", "job.py:JOB", "--out", "out"]
        process = computing(emulator, tmp_path, *words)
        for number in signals:
            process.send_signal(number)
        stderr = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert len(signals) == 2 or "interrupted" in (tmp_path / "out/records.jsonl").read_text()
