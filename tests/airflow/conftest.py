"""A real Airflow in a folder of its own: its database, its DAGs, and a connection to an emulator."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(tempfile.mkdtemp(prefix="extractor-airflow-"))
HITL = not version("apache-airflow").startswith(("2.", "3.0."))
SETTINGS = {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME / 'airflow.db'}?timeout=60",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "RECEIPTS": str(ROOT / "samples" / "receipts"),
    "OUT": str(HOME / "expenses"),
    "REVIEWED": str(HOME / "reviewed"),
    "REPORTS": "https://reports.example",
    "POOL": "workersai",
    "NO_PROXY": "*",
}
os.environ.update(SETTINGS)  # before anything imports Airflow, which reads them once


@pytest.fixture(scope="session", autouse=True)
def airflow_home() -> Iterator[Path]:
    """An empty Airflow with our DAGs in it, gone when the tests are."""
    import subprocess

    (HOME / "dags").mkdir()
    ready = [dag for dag in (ROOT / "pipelines").glob("airflow_*.py") if HITL or dag.stem != "airflow_review"]
    for dag in (*ready, *(ROOT / "tests" / "airflow" / "dags").glob("*.py")):
        shutil.copy(dag, HOME / "dags")
    for command in (["db", "migrate"], ["pools", "set", "workersai", "32", "requests in flight"]):
        subprocess.run(["airflow", *command], check=True, capture_output=True)
    yield HOME
    shutil.rmtree(HOME, ignore_errors=True)
