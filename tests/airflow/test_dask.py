"""The shards of a job on Dask's workers, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from extractor.emulator.server import Emulator
from extractor.shards.publish import read_results
from tests.kit import ROOT, gold, receipts_reply

RECEIPTS = ROOT / "samples" / "receipts"


def test_on_two_workers(tmp_path: Path) -> None:
    """The ready-made pipeline does every receipt once, on two workers; a second run asks for nothing."""
    spread = [sys.executable, str(ROOT / "pipelines" / "dask_shards.py"), str(RECEIPTS), str(tmp_path)]
    with Emulator(receipts_reply()) as emulator:
        who = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
        where = {**os.environ, **who, "EXTRACTOR_BASE_URL": emulator.base_url}
        for _ in range(2):
            said = subprocess.run(spread, env=where, check=True, capture_output=True, text=True, timeout=120).stdout
    assert {row["document"]: row["value"] for row in read_results(tmp_path)} == gold(RECEIPTS)
    assert emulator.served == len(gold(RECEIPTS))
    assert f"'reused': {emulator.served}" in said
