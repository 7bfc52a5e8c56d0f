"""What a terminal shows of a run while it goes on."""

from __future__ import annotations

import asyncio
import os
import re
import struct
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from extractor.emulator.server import Emulator
from tests.kit import SAMPLES, receipts_reply

pty = pytest.importorskip("pty", reason="there is no pseudo-terminal on Windows")

STYLE = re.compile(r"\x1b\[[0-9;]*m")
MOVE = re.compile(r"\x1b\[[0-9;?]*[A-Zhl]")


def on_a_terminal(command: list[str], environment: Mapping[str, str], columns: int) -> str:
    """What a command writes to a terminal of so many columns."""
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    process = subprocess.Popen([sys.executable, "-m", "extractor", *command], env=dict(environment), **ends)
    os.close(theirs)
    written = bytearray()
    with suppress(OSError):  # how Linux says that the other end is closed
        while data := os.read(ours, 1 << 16):
            written += data
    os.close(ours)
    assert process.wait(20) == 0, written
    return written.decode()


@pytest.mark.parametrize("columns", [40, 100])
@pytest.mark.parametrize("colour", [True, False])
def test_a_live_line(columns: int, colour: bool, tmp_path: Path) -> None:
    """A bar and figures on one line, however narrow the terminal is, and without colour under NO_COLOR."""
    answer = receipts_reply()

    async def patient(body: Mapping[str, Any]) -> Any:
        await asyncio.sleep(0.1)
        return answer(body)

    with Emulator(patient) as emulator:
        environment = {
            **{name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")},
            **{"TERM": "xterm-256color", **({} if colour else {"NO_COLOR": "1"})},
            "CLOUDFLARE_ACCOUNT_ID": emulator.account_id,
            "CLOUDFLARE_AUTH_TOKEN": emulator.token,
            "EXTRACTOR_BASE_URL": emulator.base_url,
        }
        command = ["run", str(SAMPLES / "receipts"), "-s", "receipt", "-o", str(tmp_path), "--concurrency", "2"]
        written = on_a_terminal(command, environment, columns)
    live = [line for line in re.split(r"[\r\n]+", MOVE.sub("", written)) if "━" in line]
    assert any("/18 documents" in line for line in live)
    assert all(len(STYLE.sub("", line)) <= columns for line in live)
    assert any("38;5" in line for line in live) == colour
