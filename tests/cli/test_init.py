"""`extractor init`: what it writes works as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.pipeline.specs import resolve_schema
from extractor.testing import Endpoint
from tests.kit import ROOT

NAMES = sorted(path.stem for path in (ROOT / "schemas").glob("*.py"))


def init(*words: str | Path) -> str:
    done = CliRunner().invoke(app, ["init", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done.output


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_it_writes(tmp_path: Path) -> None:
    """A schema, a pipeline, samples with gold, a test, a Makefile, an example of the environment, and a README."""
    init(tmp_path / "mine", "--schema", "payslip")
    assert files(tmp_path / "mine") == {
        ".env.example",
        ".gitignore",
        "Makefile",
        "README.md",
        "pipelines/payslip.py",
        "samples/payslips/gold.jsonl",
        "samples/payslips/rope_works.pdf",
        "schemas/payslip.py",
        "tests/test_payslip.py",
    }
    init(tmp_path / "other")
    assert {"schemas/receipt.py", "samples/receipts/gold.jsonl"} <= files(tmp_path / "other")


@pytest.mark.parametrize("name", NAMES)
def test_with_a_dag(tmp_path: Path, name: str) -> None:
    """`--airflow` adds a DAG for the schema of the project, and for no other."""
    init(tmp_path / "one", "--schema", name, "--airflow")
    (path,) = (tmp_path / "one" / "dags").iterdir()
    text = path.read_text()
    assert f"def {path.stem}() -> None:" in text
    assert name == "receipt" or not re.search("receipt", text, re.IGNORECASE)
    (line,) = (line for line in text.splitlines() if line.startswith("SCHEMA = "))
    assert eval(line.removeprefix("SCHEMA = "), {"Path": Path, "__file__": str(path)}) == str(
        tmp_path / "one" / "schemas" / f"{name}.py"
    )
    assert "from pathlib import Path\n" in text


def test_every_project_passes_its_own_tests(tmp_path: Path) -> None:
    """Around every ready-made schema: offline, without credentials, and with warnings as errors."""
    for name in NAMES:
        init(tmp_path / name, "--schema", name)
    away = ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_AUTH_TOKEN", "EXTRACTOR_BASE_URL")
    environment = {name: value for name, value in os.environ.items() if name not in away}
    plugin = ["-p", "no:extractor", "-p", "extractor.testing.plugin", "-p", "no:cacheprovider", "-W", "error"]
    command = [sys.executable, "-m", "pytest", "-q", *plugin, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert f"{2 * len(NAMES)} passed" in done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="the project's Makefile needs make")
def test_its_makefile(tmp_path: Path) -> None:
    """`make plan`, `make run` and `make eval` do what the README says, with the credentials of `.env`."""
    project, scripts = tmp_path / "mine", tmp_path / "bin"
    init(project, "--schema", "nda")
    scripts.mkdir()
    command = scripts / "extractor"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m extractor "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    with Endpoint() as endpoint:
        endpoint.gold(resolve_schema("nda"), project / "samples" / "ndas")
        example = (project / ".env.example").read_text(encoding="utf-8")
        filled = example.replace("ACCOUNT_ID=", f"ACCOUNT_ID={endpoint.account_id}")
        filled = filled.replace("AUTH_TOKEN=", f"AUTH_TOKEN={endpoint.token}")
        (project / ".env").write_text(filled, encoding="utf-8")
        environment = {**os.environ, "EXTRACTOR_BASE_URL": endpoint.base_url}
        environment |= {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
        for name in ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_AUTH_TOKEN"):
            environment.pop(name, None)
        for target in ("plan", "run", "eval"):
            made = subprocess.run(["make", target], cwd=project, env=environment, capture_output=True, text=True)
            assert made.returncode == 0, made.stdout + made.stderr
    assert "1.00" in made.stdout
    assert (project / "out" / "nda" / "records.jsonl").is_file()


@pytest.mark.parametrize("name", ["recipe", "../receipt", "folder/receipt", ""])
def test_a_schema_that_is_not_there(tmp_path: Path, name: str) -> None:
    """Only ready-made schemas; nothing is written for any other name."""
    done = CliRunner().invoke(app, ["init", str(tmp_path / "mine"), "--schema", name])
    assert (done.exit_code, done.output) == (
        2,
        f"extractor: no ready-made schema {name!r}: `extractor schema list` names them\n",
    )
    assert not (tmp_path / "mine").exists()


def test_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    """Nothing is overwritten."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert (done.exit_code, files(tmp_path)) == (2, {"notes.txt"})
    assert "is not empty: name a new folder" in done.output
