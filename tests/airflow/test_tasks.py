"""Tasks of a real Airflow, run in this process against an emulator."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from extractor.pipeline.specs import resolve_schema
from extractor.shards.publish import read_results
from tests.airflow.kit import COUNT, RECEIPTS, connected, read, run
from tests.kit import gold


def test_the_ready_made_dag(airflow_home: Path) -> None:
    """The DAG that users copy: planned, extracted, published; every receipt once, as its gold answer says."""
    shutil.rmtree(airflow_home / "expenses", ignore_errors=True)
    with connected() as emulator:
        ran = run("receipts")
    assert ran.state == "success"
    assert {row["document"]: row["value"] for row in read_results(airflow_home / "expenses")} == gold(RECEIPTS)
    assert emulator.served == COUNT == ran.manifests["publish", -1]["ok"]


def test_one_task(tmp_path: Path) -> None:
    """One operator reads a folder; what it leaves in XCom is its manifest, and arguments are templates."""
    with connected():
        ran = run("one_task", source=RECEIPTS, out=tmp_path)
    assert ran.manifests["extract", -1]["ok"] == COUNT
    assert ran.manifests["extract", -1]["out"] == str(tmp_path)


def test_a_failed_document(tmp_path: Path) -> None:
    """One unreadable document fails the task; its manifest is still there, and a ratio lets it pass."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "empty.txt").touch()
    (tmp_path / "docs" / "cafe_lyon.txt").write_bytes((RECEIPTS / "cafe_lyon.txt").read_bytes())
    with connected() as emulator:
        strict = run("one_task", source=tmp_path / "docs", out=tmp_path / "out")
        lenient = run("lenient", source=tmp_path / "docs", out=tmp_path / "out")
    assert (strict.states["extract", -1], lenient.states["extract", -1]) == ("failed", "success")
    assert strict.manifests["extract", -1]["failed"] == lenient.manifests["extract", -1]["failed"] == 1
    assert emulator.served == 1


def test_the_budget(tmp_path: Path) -> None:
    """A task that meets its cap fails for good at the first try, and tells what it spent."""
    with connected() as emulator:
        ran = run("poor", source=RECEIPTS, out=tmp_path)
    manifest = ran.manifests["extract", -1]
    assert (ran.states["extract", -1], ran.tries["extract", -1]) == ("failed", 1)
    assert manifest["pending"] > 0
    assert "budget" in manifest["stopped"]
    assert 0 < manifest["usage"]["cost_usd"] <= 0.038
    assert emulator.served == manifest["ok"]


def test_what_no_retry_can_mend(tmp_path: Path) -> None:
    """A schema that does not exist fails the task, before anything is asked."""
    with connected() as emulator:
        ran = run("one_task", source=RECEIPTS, out=tmp_path, schema="recipe")
    assert ran.states["extract", -1] == "failed"
    assert not emulator.requests


def test_a_pipeline_of_ones_own(tmp_path: Path) -> None:
    """A named pipeline keeps its source and its stages; the link leads to where a browser finds the output."""
    with connected():
        ran = run("staged_pipeline", out=tmp_path)
    assert ran.manifests["extract", -1]["documents"] == COUNT
    assert ran.manifests["extract", -1]["report"] == "https://reports.example/daily/report.html"


def test_the_decorator(tmp_path: Path) -> None:
    """`@task.extract` reads what its function names, and its manifest leads the next task to the rows."""
    with connected():
        ran = run("decorated", source=RECEIPTS, out=tmp_path)
    assert ran.manifests["totals", -1].keys() == {"bakery_bremen.txt", "cafe_lyon.txt"}


def test_declared_in_the_dag(tmp_path: Path) -> None:
    """A class and a Pipeline do as well as their names, and a list of paths as well as a folder."""
    with connected() as emulator:
        ran = run("declared", out=tmp_path)
    assert ran.state == "success"
    assert [ran.manifests[task, -1]["ok"] for task in ("by_class", "by_pipeline")] == [2, 2]
    assert len(list(read_results([tmp_path / "class", tmp_path / "pipeline"]))) == emulator.served - 2 == 4


def test_the_dag_of_a_project(tmp_path: Path) -> None:
    """`extractor init --airflow` writes a DAG for its schema that Airflow reads, and that finds the schema."""
    init = [sys.executable, "-m", "extractor", "init", str(tmp_path / "mine"), "--schema", "payslip", "--airflow"]
    subprocess.run(init, check=True, capture_output=True)
    (dag,) = read(tmp_path / "mine" / "dags").dags.values()
    schema = dag.task_dict["extract"].partial_kwargs["schema"]
    assert (dag.dag_id, resolve_schema(schema).__name__) == ("payslips", "Payslip")
