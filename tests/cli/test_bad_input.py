"""Bad input gets one clear line and the right exit code, and leaves nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractor.emulator.server import Emulator
from tests.kit import SAMPLES, receipts_reply

RECEIPTS = str(SAMPLES / "receipts")

MODELS = '''
from typing import Annotated, Callable
from pydantic import BaseModel
class Good(BaseModel):
    """A thing."""
    name: str
class Calls(BaseModel):
    """A thing that no JSON can say."""
    then: Callable[[int], int]
NUMBER = 5
class NotAModel:
    def __init__(self, x: object) -> None: ...
'''


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(receipts_reply()) as running:
        yield running


def run(
    *words: str, emulator: Emulator | None = None, folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """`extractor` in a process of its own, in a folder of its own, with no credentials but the emulator's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CLOUDFLARE_", "EXTRACTOR_"))}
    where = {}
    if emulator:
        where = {
            "CLOUDFLARE_ACCOUNT_ID": emulator.account_id,
            "CLOUDFLARE_AUTH_TOKEN": emulator.token,
            "EXTRACTOR_BASE_URL": emulator.base_url,
        }
    command = [sys.executable, "-m", "extractor", *words]
    return subprocess.run(
        command, cwd=folder, env={**clean, **where, **variables}, capture_output=True, text=True, check=False
    )


CASES = [
    (["run", "nowhere", "--schema", "receipt"], 2, "no such file or folder: nowhere; check the path"),
    (["run", "nothing://bucket/in", "--schema", "receipt"], 2, "nothing://bucket/in cannot be opened: "),
    (["run", RECEIPTS, "--schema", "receipt", "--key", "id"], 2, "--key is about rows: name their text with --column"),
    (
        ["run", "a.csv", "b.csv", "--schema", "receipt", "--column", "body"],
        2,
        "name one file or one database",
    ),
    (["run", "nowhere.csv", "--schema", "receipt", "--column", "body"], 2, "no file nowhere.csv: check the path"),
    (
        ["plan", "models.py", "--schema", "receipt", "--column", "body"],
        2,
        "models.py is no table: rows are read",
    ),
    (["run", "https://", "--schema", "receipt"], 2, "https:// names no server: check the URL"),
    (["run", "empty", "--schema", "receipt"], 2, "no document in empty: hidden files"),
    (["plan", "empty", "--schema", "receipt"], 2, "no document in empty: hidden files"),
    (["run", "", "--schema", "receipt"], 2, "no source: name the files, folders or URLs to read"),
    (["run", RECEIPTS, "--schema", "receipt", "--out", ""], 2, "an empty name is no output folder"),
    (["run", RECEIPTS, "--schema", "receipt", "--out", "s3://bucket/out"], 2, "s3://bucket/out is no folder of this"),
    (["report", "s3://bucket/out"], 2, "s3://bucket/out is no folder of this machine"),
    (["run", RECEIPTS, "--schema", ""], 2, "no schema '': name one of"),
    (["extract", "-", "--schema", "nonsense"], 2, "no schema 'nonsense': name one of"),
    (["run", RECEIPTS, "--schema", "receipt", "--max-cost", "nan"], 2, "max_cost is nan: give 0 or more"),
    (["run", RECEIPTS, "--schema", "receipt", "--max-cost", "inf"], 2, "max_cost is inf: give 0 or more"),
    (["run", RECEIPTS, "--schema", "receipt", "--set", "max_completion_tokens=1"], 2, "max_output_tokens is 1: give"),
    (["plan", RECEIPTS, "--schema", "receipt", "--sample", "-3"], 2, "sample is -3: give 0 or more"),
    (["run", RECEIPTS, "--schema", "nonsense"], 2, "no schema 'nonsense': name one of"),
    (["run", RECEIPTS], 2, "give either --schema SPEC or --pipeline SPEC"),
    (["run", RECEIPTS, "--schema", "receipt", "--pipeline", "folder_job"], 2, "give either --schema"),
    (["run", RECEIPTS, "--schema", "nowhere.py:Good"], 2, "no file nowhere.py"),
    (["run", RECEIPTS, "--schema", "models.py:Bad"], 2, "has no Bad; it has"),
    (["run", RECEIPTS, "--schema", "models.py"], 2, "say which with models.py:NAME"),
    (
        ["run", RECEIPTS, "--pipeline", "nonsense"],
        2,
        "no pipeline 'nonsense': name one of classify_extract, folder_job, inbox, invoice_sums, long_register",
    ),
    (["schema", "show", "mail.eml"], 2, "mail.eml is no schema: name one of"),
    (["schema", "show", "."], 2, ". is no schema: name one of"),
    (["schema", "check", "photo"], 2, "photo is no schema: name one of"),
    (["schema", "show", "gone.eml"], 2, "'gone.eml': no such file, and no module 'gone'; "),
    (["run", RECEIPTS, "--pipeline", "mail.eml"], 2, "mail.eml is no pipeline: name one of"),
    (["run", RECEIPTS, "--schema", "models.py:NUMBER"], 2, "NUMBER"),
    (["run", RECEIPTS, "--schema", "models.py:NotAModel"], 2, "NotAModel"),
    (["run", RECEIPTS, "--schema", "models.py:Calls"], 2, "then"),
    (["run", RECEIPTS, "--schema", "broken.py:Good"], 2, "broken.py cannot be imported"),
    (["run", RECEIPTS, "--schema", "no_such_module:Good"], 2, "no module 'no_such_module'"),
    (["run", RECEIPTS, "--schema", "broken.json"], 2, "broken.json is not a JSON Schema"),
    (["run", RECEIPTS, "--schema", "list.json"], 2, "list.json is not a JSON Schema"),
    (["schema", "check", "data.json"], 2, "data.json is not a JSON Schema of anything"),
    (["run", RECEIPTS, "--schema", "receipt", "--concurrency", "0"], 2, "concurrency is 0"),
    (["run", RECEIPTS, "--schema", "receipt", "--max-output-tokens", "400000"], 2, "max-output-tokens"),
    (["run", RECEIPTS, "--schema", "receipt", "--base-url", "nonsense"], 2, "is no base URL"),
    (["extract", "nowhere.txt", "--schema", "receipt"], 2, "no such file: nowhere.txt"),
    (["extract", ".", "--schema", "receipt"], 2, ". is a folder: name one file"),
    (["eval", "nowhere", "--gold", "gold.jsonl"], 2, "no file gold.jsonl"),
    (["report", "nowhere"], 2, "nowhere"),
    (["run", RECEIPTS, "--schema", "receipt", "--model", "local:nonsense"], 2, "nonsense"),
    (["run", RECEIPTS, "--schema", "receipt", "--model", "local:nowhere.gguf"], 2, "nowhere.gguf"),
]


@pytest.mark.parametrize(("words", "code", "message"), CASES, ids=[" ".join(case[0])[-60:] for case in CASES])
def test_one_line_that_says_what_to_do(
    words: list[str], code: int, message: str, tmp_path: Path, emulator: Emulator
) -> None:
    """What cannot be done as asked exits as it should with one line on standard error, before any request is sent."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "broken.py").write_text("class Good(:\n")
    (tmp_path / "mail.eml").write_text("Subject: no schema\n\nA letter.\n")
    (tmp_path / "photo").write_bytes(b"\x89PNG")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "data.json").write_text('{"merchant": "Kebab Haus", "total": 9.5}')
    (tmp_path / "list.json").write_text("[]")
    sent = len(emulator.requests)
    out = ["--out", "out"] if words[0] == "run" and "--out" not in words else []
    done = run(*words, *out, emulator=emulator, folder=tmp_path)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert len(emulator.requests) == sent
    assert not (tmp_path / "out" / "records.jsonl").exists()


def test_no_credentials(tmp_path: Path) -> None:
    """Without credentials nothing is begun, and one sentence says both ways to go on."""
    done = run("run", RECEIPTS, "--schema", "receipt", "--out", "out", folder=tmp_path)
    assert done.returncode == 4
    assert "CLOUDFLARE_ACCOUNT_ID" in done.stderr
    assert "--model local" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_wrong_token(tmp_path: Path, emulator: Emulator) -> None:
    """A token that the service refuses exits 4 and says which credentials to look at."""
    done = run(
        *("run", RECEIPTS, "--schema", "receipt", "--out", "out"),
        emulator=emulator,
        folder=tmp_path,
        CLOUDFLARE_AUTH_TOKEN="wrong-token-value",
    )
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong-token-value" not in done.stderr + done.stdout


def test_a_budget_that_pays_for_nothing(tmp_path: Path, emulator: Emulator) -> None:
    """However small, the budget stands in the message as it was given, and the exit code is 3."""
    sent = len(emulator.requests)
    words = "run", RECEIPTS, "--schema", "receipt", "--out", "out", "--max-cost", "0.00001"
    done = run(*words, emulator=emulator, folder=tmp_path)
    assert (done.returncode, len(emulator.requests)) == (3, sent), done.stderr
    assert "$0.00001 of the budget of $0.00001 is left" in done.stderr


def test_logs_of_storage_libraries(tmp_path: Path) -> None:
    """An error stays one line where a library of a storage logs it as well; warnings of one's own code are printed."""
    (tmp_path / "model.py").write_text(
        "import logging\n"
        "logging.getLogger('gcsfs').error('traceback')\n"
        "logging.getLogger('azure.identity').warning('credentials')\n"
        "logging.getLogger('model').warning('mine')\n"
    )
    done = run("run", RECEIPTS, "--schema", "model.py:Model", "--out", "out", folder=tmp_path)
    mine, error = done.stderr.splitlines()
    assert (done.returncode, mine) == (2, "mine")
    assert error.startswith("extractor: 'model.py:Model': ")


def test_no_network(tmp_path: Path, emulator: Emulator) -> None:
    """Where nobody has ever answered, the run stops once, in one line, and tells of each document that it was not read.

    The exit code is 1, and the same command goes on when the network is there.
    """
    words = "run", RECEIPTS, "--schema", "receipt", "--out", "out", "--concurrency", "1"
    nowhere = "--base-url", "http://127.0.0.1:9/client/v4"
    done = run(*words, *nowhere, folder=tmp_path, CLOUDFLARE_ACCOUNT_ID="a", CLOUDFLARE_AUTH_TOKEN="t")
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("extractor: 127.0.0.1 cannot be reached")
    assert line.endswith("check the network and the base URL")
    reasons = [json.loads(line)["reasons"] for line in (tmp_path / "out" / "failures.jsonl").read_text().splitlines()]
    assert len(reasons) == len(list(Path(RECEIPTS).glob("*.txt"))) > 1
    assert all(reason.startswith("not read: 127.0.0.1 cannot be reached") for (reason,) in reasons)
    assert run(*words, emulator=emulator, folder=tmp_path).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a path below a file is another error there")
def test_an_unwritable_output(tmp_path: Path, emulator: Emulator) -> None:
    """An output folder that cannot be made is told before anything is asked."""
    (tmp_path / "file").write_text("")
    sent = len(emulator.requests)
    done = run("run", RECEIPTS, "--schema", "receipt", "--out", "file/out", emulator=emulator, folder=tmp_path)
    assert (done.returncode, len(emulator.requests)) == (2, sent)
    assert "cannot write to file/out" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
def test_a_directory_loop(tmp_path: Path, emulator: Emulator) -> None:
    """A folder that links to itself is read once."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes((SAMPLES / "receipts" / "kebab_hamburg.txt").read_bytes())
    (folder / "again").symlink_to(folder)
    done = run("run", "in", "--schema", "receipt", "--out", "out", emulator=emulator, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "out" / "records.jsonl").read_text().splitlines()) == 1
