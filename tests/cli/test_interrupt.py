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


@pytest.mark.parametrize("module", ["extractor.cli.app", "typer", "extractor.schema.compiler", "orjson"])
def test_an_interrupt_while_importing(module: str, tmp_path: Path) -> None:
    """Where there is nothing to save yet it ends without a word."""
    command = [sys.executable, "-c", STRUCK, module, "schema", "show", "receipt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
