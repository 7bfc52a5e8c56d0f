"""Ctrl-C ends the command with exit code 130, wherever it strikes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("module", "lines"), [("extractor.cli.app", 0), ("typer", 0), ("extractor.schema.compiler", 1), ("orjson", 1)]
)
def test_an_interrupt_while_importing(module: str, lines: int, tmp_path: Path) -> None:
    """Before a command runs it ends without a word; in a command, with one line; never with a traceback."""
    command = [sys.executable, "-c", STRUCK, module, "schema", "show", "receipt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "extractor: interrupted\n" * lines)
