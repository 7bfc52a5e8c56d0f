"""A run that a signal ends goes on with the same command, wherever it fell."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from extractor.emulator.server import Emulator
from extractor.pipeline.journal import Journal
from extractor.wire.values import Request
from tests.kit import SAMPLES, gold, receipts_reply
from tests.pipeline.killing import begin, letters_of, moments

RECEIPTS = SAMPLES / "receipts"
CONCURRENCY = 3
KILLS = 12
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")


def command(out: Path) -> list[str]:
    job = ["run", str(RECEIPTS), "--schema", "receipt", "--out", str(out), "--concurrency", str(CONCURRENCY)]
    return [sys.executable, "-m", "extractor", *job, "--rpm", "100000"]


def environment(emulator: Emulator) -> dict[str, str]:
    where = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
    return {**os.environ, **where, "EXTRACTOR_BASE_URL": emulator.base_url}


def kill_after(answers: int, emulator: Emulator, out: Path) -> None:
    """Start a run and kill it once so many more requests were answered, or let it end."""
    goal = emulator.served + answers
    process = subprocess.Popen(
        command(out), env=environment(emulator), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and emulator.served < goal:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()


def stored_keys(out: Path, emulator: Emulator) -> set[str]:
    """The keys of all requests whose answers the journal holds."""
    if not (out / "journal.sqlite").exists():
        return set()
    journal = Journal(out / "journal.sqlite")
    keys = {Request(exchange.body, model=emulator.model).key for exchange in emulator.requests}
    found = {key for key in keys if journal.get(key) is not None}
    journal.close()
    return found


def request_keys(emulator: Emulator, since: int) -> list[str]:
    return [Request(exchange.body, model=emulator.model).key for exchange in emulator.requests[since:]]


@pytest.mark.timeout(300)
def test_killed_at_many_points(tmp_path: Path) -> None:
    """After kills at many points no document is lost or written twice, and no answer in the journal is asked again."""
    points = random.Random(5)
    with Emulator(receipts_reply(), latency=0.02) as emulator:
        for _ in range(KILLS):
            since, have = len(emulator.requests), stored_keys(tmp_path, emulator)
            kill_after(points.choice([0, 1, 1, 2, 3]), emulator, tmp_path)
            assert not have & set(request_keys(emulator, since))
        since, have = len(emulator.requests), stored_keys(tmp_path, emulator)
        done = subprocess.run(command(tmp_path), env=environment(emulator), capture_output=True, text=True, check=False)
        assert not have & set(request_keys(emulator, since))
        answered = Counter(
            Request(exchange.body, model=emulator.model).key for exchange in emulator.requests if exchange.usage
        )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["document"]: row["value"] for row in rows} == gold(RECEIPTS)
    assert len(rows) == len(gold(RECEIPTS))
    assert sum(answered.values()) - len(answered) <= KILLS * CONCURRENCY


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SIGNALS)
def test_stopped_in_a_mixed_folder(name: str, tmp_path: Path) -> None:
    """Whatever the signal, of documents of every kind none is lost or doubled, and one cap holds over all the runs."""
    number = signal.Signals[name]
    with Emulator(letters_of, latency=0.03) as emulator:
        runs = begin(tmp_path, emulator, documents=14, parts=5, cap=2.0)
        drawn = islice(moments(SIGNALS.index(name)), 4)
        for moment in ({"answers": 1}, *drawn):  # the first meets a run in progress on any machine
            assert runs.stop(number, **moment) in (-number, 130, 0)
        assert runs.finish()[0] == 0
        runs.check_end()
    assert any(key.startswith("SIG") for key in runs.stops), runs.stops
