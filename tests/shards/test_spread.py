"""The shards of a job under Dask, Ray Data, Dagster and Prefect, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from extractor.emulator.server import Emulator
from extractor.shards.publish import read_results
from tests.kit import ROOT, gold, receipts_reply

RECEIPTS = ROOT / "samples" / "receipts"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
}


SPREAD = [
    ("dask_shards", "distributed"),
    ("ray_shards", "ray"),
    ("dagster_shards", "dagster"),
    ("prefect_shards", "prefect"),
]


@pytest.mark.timeout(900)  # Prefect starts a server for each run
@pytest.mark.parametrize(("pipeline", "needs"), SPREAD)
def test_on_workers(pipeline: str, needs: str, tmp_path: Path) -> None:
    """The ready-made pipeline does every receipt once; a second run asks for nothing."""
    if not find_spec(needs):
        pytest.skip(f"{needs} is not installed here")
    spread = [sys.executable, str(ROOT / "pipelines" / f"{pipeline}.py"), str(RECEIPTS), str(tmp_path / "out")]
    with Emulator(receipts_reply()) as emulator:
        who = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
        homes = {"PREFECT_HOME": str(tmp_path / "prefect"), "DAGSTER_HOME": ""}
        where = {**os.environ, **QUIET, **homes, **who, "EXTRACTOR_BASE_URL": emulator.base_url}
        for _ in range(2):
            done = subprocess.run(spread, env=where, check=False, capture_output=True, text=True, timeout=400)
            assert done.returncode == 0, done.stderr
    assert {row["document"]: row["value"] for row in read_results(tmp_path / "out")} == gold(RECEIPTS)
    assert emulator.served == len(gold(RECEIPTS))
    assert f"'reused': {emulator.served}" in done.stdout
