"""The wheel, installed in an empty environment beside a user's own project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from extractor.call.prompt import read_document
from extractor.emulator.server import Emulator
from tests.kit import ROOT

OWN_SCHEMAS = '''
from pydantic import BaseModel
class Note(BaseModel):
    """A note."""
    subject: str
'''

OWN_PIPELINE = """
from extractor import Pipeline
from schemas import Note
PIPELINE = Pipeline(Note, "notes")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of executables of an environment that holds nothing but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    venv.create(folder / "env", with_pip=True)
    binaries = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin")
    wheel = next(folder.glob("*.whl"))
    subprocess.run([binaries / "python", "-m", "pip", "install", "--quiet", str(wheel)], check=True)
    return binaries


def subject(body: Mapping[str, Any]) -> dict[str, str]:
    return {"subject": read_document(body["messages"]).partition("\n")[0]}


@pytest.mark.timeout(300)
def test_a_project_of_ones_own(installed: Path, tmp_path: Path) -> None:
    """From a wheel, a user's own `schemas.py` and `pipelines/` run, and clash with nothing of ours."""
    (tmp_path / "schemas.py").write_text(OWN_SCHEMAS)
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "notes.py").write_text(OWN_PIPELINE)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "one.txt").write_text("Boiler\nIt leaks.")
    with Emulator(subject) as emulator:
        where = {
            "CLOUDFLARE_ACCOUNT_ID": emulator.account_id,
            "CLOUDFLARE_AUTH_TOKEN": emulator.token,
            "EXTRACTOR_BASE_URL": emulator.base_url,
        }
        for number, words in enumerate((["notes", "--schema", "schemas:Note"], ["--pipeline", "pipelines/notes.py"])):
            command = [str(installed / "extractor"), "run", *words, "--out", f"out{number}"]
            done = subprocess.run(
                command, cwd=tmp_path, env={**os.environ, **where}, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            row = json.loads((tmp_path / f"out{number}" / "records.jsonl").read_text())
            assert row["value"] == {"subject": "Boiler"}


def test_what_is_installed(installed: Path) -> None:
    """Only `extractor` lands in site-packages, ready-made files travel inside it, and six packages are needed."""
    code = (
        "import importlib.metadata as m, json, pathlib; files = m.files('extractor-pipelines');"
        "print(json.dumps([sorted({f.parts[0] for f in files}),"
        " sorted(r.partition('>')[0] for r in m.requires('extractor-pipelines') if 'extra' not in r)]))"
    )
    tops, needs = json.loads(subprocess.check_output([installed / "python", "-c", code]))
    own = [top for top in tops if not top.startswith((".", "extractor_pipelines-"))]
    assert own == ["extractor"]
    assert needs == ["httpx", "orjson", "pydantic", "rich", "tenacity", "typer"]
    listed = subprocess.check_output([installed / "extractor", "schema", "list"], text=True)
    assert "receipt" in listed


@pytest.mark.timeout(300)
def test_a_new_project_passes_its_own_tests(installed: Path, tmp_path: Path) -> None:
    """`extractor init` writes a project that passes its tests offline, with nothing but the wheel and its extras."""
    wheel = next(installed.parents[1].glob("*.whl"))
    subprocess.run([installed / "python", "-m", "pip", "install", "--quiet", f"{wheel}[documents,testing]"], check=True)
    away = ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_AUTH_TOKEN", "EXTRACTOR_BASE_URL", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in away}
    environment |= {"PATH": f"{installed}{os.pathsep}{os.environ['PATH']}"}
    for name in ("receipt", "payslip", "support_ticket"):
        subprocess.run(
            [installed / "extractor", "init", name, "--schema", name], cwd=tmp_path, env=environment, check=True
        )
        plan = [installed / "extractor", "plan", "--pipeline", f"pipelines/{name}.py", "--json"]
        priced = json.loads(subprocess.check_output(plan, cwd=tmp_path / name, env=environment))
        assert (priced["documents"] > 0, priced["likely_usd"] > 0) == (True, True)
        command = ["make", "test"] if shutil.which("make") else [installed / "python", "-m", "pytest"]
        done = subprocess.run(
            command, cwd=tmp_path / name, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        assert "2 passed" in done.stdout
