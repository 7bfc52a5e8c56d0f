"""What `extractor run` says of what it wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path
from shutil import copy

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.emulator.server import Emulator
from tests.kit import SAMPLES, receipts_reply

WRITTEN = ["records.jsonl", "failures.jsonl", "run.json", "report.html"]


TABLES = ("records.csv", "records.evidence.csv", "records.problems.csv", "records.usage.csv")


class Statement(BaseModel):
    """What was said."""

    text: str


def where(emulator: Emulator) -> dict[str, str]:
    """The variables that lead the command to an emulator."""
    return {
        "CLOUDFLARE_ACCOUNT_ID": emulator.account_id,
        "CLOUDFLARE_AUTH_TOKEN": emulator.token,
        "EXTRACTOR_BASE_URL": emulator.base_url,
    }


def run(out: Path, *words: str, source: Path = SAMPLES / "receipts" / "kebab_hamburg.txt", code: int = 0) -> str:
    with Emulator(receipts_reply()) as emulator:
        words = ("run", str(source), "--schema", "receipt", "--out", str(out), *words)
        done = CliRunner().invoke(app, words, env=where(emulator))
    assert done.exit_code == code, done.output
    return done.stdout


def test_every_file_is_named(tmp_path: Path) -> None:
    """Tables are named beside the rest, those of an earlier run as well, which are written again."""
    totals = json.loads(run(tmp_path, "--format", "csv", "--json"))
    assert (totals["written"], totals["stale"]) == ([*WRITTEN, *TABLES], [])
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == sorted([*totals["written"], "journal.sqlite"])
    totals = json.loads(run(tmp_path, "--format", "sqlite", "--json"))
    assert (totals["written"], totals["stale"]) == ([*WRITTEN, "records.sqlite", *TABLES], [])
    (tmp_path / "records.sqlite").write_bytes(b"no database")
    *_, written, stale = run(tmp_path, "--format", "csv").splitlines()
    assert written == f"written    {tmp_path}/{', '.join([*WRITTEN, *TABLES])}"
    assert stale.startswith("stale      records.sqlite: as of an earlier run")


def test_a_folder_without_documents(tmp_path: Path) -> None:
    """Where there is nothing to read, that is an error, and what an earlier run wrote stays as it is."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ".hidden").write_text("a letter")
    (tmp_path / "in" / "gold.jsonl").write_text("{}")
    words = ["run", str(tmp_path / "in"), "--schema", "receipt", "--out", str(tmp_path / "out")]
    with Emulator(receipts_reply()) as emulator:
        done = CliRunner().invoke(app, words, env=where(emulator))
    line = f"extractor: no document in {tmp_path}/in: hidden files and gold*.jsonl are not read; check the path\n"
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", line)
    assert not (tmp_path / "out").exists()


def test_a_folder_knows_its_job(tmp_path: Path) -> None:
    """Records of another schema are not replaced in silence; with --fresh they are."""
    run(tmp_path)
    before = (tmp_path / "records.jsonl").read_bytes()
    file = str(SAMPLES / "receipts" / "kebab_hamburg.txt")
    words = ["run", file, "--schema", "invoice", "--out", str(tmp_path)]
    with Emulator(receipts_reply()) as emulator:
        done = CliRunner().invoke(app, words, env=where(emulator))
        assert (done.exit_code, done.stdout, len(emulator.requests)) == (2, "", 0)
        assert done.stderr == (
            f"extractor: {tmp_path} holds records of the schema Receipt, not of the schema Invoice: name another --out"
            " folder, give the schema of that run, or begin again with --fresh\n"
        )
        assert (tmp_path / "records.jsonl").read_bytes() == before
        CliRunner().invoke(app, [*words, "--fresh"], env=where(emulator))
    assert "Invoice" in (tmp_path / "run.json").read_text()


def test_export(tmp_path: Path) -> None:
    """Tables of a run are written later, without credentials and without a request; another schema's are refused."""
    run(tmp_path, source=SAMPLES / "receipts")
    done = CliRunner().invoke(app, ["export", str(tmp_path), "--format", "csv", "--format", "sqlite"])
    assert done.stdout.splitlines() == [f"{tmp_path}/{name}" for name in (*TABLES, "records.sqlite")]
    lines = (tmp_path / "records.jsonl").read_text().splitlines()
    assert len(lines) == len((tmp_path / "records.usage.csv").read_text().splitlines()) - 1
    assert json.loads((tmp_path / "run.json").read_text())["tables"] == [*TABLES, "records.sqlite"]
    (tmp_path / "records.jsonl").unlink()
    CliRunner().invoke(app, ["export", str(tmp_path), "--format", "jsonl"])
    assert (tmp_path / "records.jsonl").read_text().splitlines() == lines
    done = CliRunner().invoke(app, ["export", str(tmp_path), "--format", "csv", "--schema", "invoice"])
    assert (done.exit_code, "holds records of the schema Receipt" in done.stderr) == (2, True)
    done = CliRunner().invoke(app, ["export", str(tmp_path / "elsewhere"), "--format", "csv"])
    assert (done.exit_code, "holds no run" in done.stderr) == (2, True)


def test_what_was_sent_and_answered(tmp_path: Path) -> None:
    """`show` prints each request about a document with its reply, from the journal alone."""
    run(tmp_path, source=SAMPLES / "receipts")
    done = CliRunner().invoke(app, ["show", str(tmp_path), "kebab_hamburg.txt"])
    prompt, _, reply = done.stdout.partition("== answer 1, finish stop, ")
    assert prompt.startswith("== request 1, system\n")
    assert (SAMPLES / "receipts" / "kebab_hamburg.txt").read_text().strip() in prompt
    assert '"merchant"' in reply
    done = CliRunner().invoke(app, ["show", str(tmp_path), "kebab_hamburg.txt", "--json"])
    (line,) = map(json.loads, done.stdout.splitlines())
    assert line["request"]["messages"][0]["role"] == "system"
    assert line["reply"]["finish"] == "stop"
    done = CliRunner().invoke(app, ["show", str(tmp_path), "no.txt"])
    assert (done.exit_code, done.stderr.count("\n"), "has no document 'no.txt'" in done.stderr) == (2, 1, True)


def test_the_first_documents(tmp_path: Path) -> None:
    """With --limit only so many documents are read; without it the rest follows."""
    first = json.loads(run(tmp_path, "--limit", "2", "--json", source=SAMPLES / "receipts"))
    assert (first["documents"], first["ok"], first["pending"]) == (2, 2, 0)
    rest = json.loads(run(tmp_path, "--json", source=SAMPLES / "receipts"))
    assert (rest["reused"], rest["documents"] > 2) == (2, True)
    run(tmp_path, "--limit", "2", source=SAMPLES / "receipts")  # exit code 0: the others ended ok before


def test_the_first_documents_after_others_that_failed(tmp_path: Path) -> None:
    """Documents beyond the --limit that did not end ok in an earlier run leave the job unfinished."""
    source = tmp_path / "in"
    source.mkdir()
    copy(SAMPLES / "receipts" / "kebab_hamburg.txt", source / "1.txt")
    (source / "2.txt").touch()
    run(tmp_path / "out", source=source, code=1)
    totals = json.loads(run(tmp_path / "out", "--limit", "1", "--json", source=source, code=1))
    assert (totals["ok"], totals["pending"], totals["earlier"]) == (1, 1, 0)


def test_what_was_sent_is_logged(tmp_path: Path) -> None:
    """With --log there is a JSON line for each request, and with --quiet nothing on the screen."""
    words = ("--quiet", "--log", str(tmp_path / "requests.jsonl"))
    assert run(tmp_path / "out", *words) == ""
    assert run(tmp_path / "out", *words) == ""
    (line,) = map(json.loads, (tmp_path / "requests.jsonl").read_text().splitlines())
    assert (line["document"], line["outcome"], line["attempt"]) == ("kebab_hamburg.txt", "reply", 1)
    assert line["prompt_tokens"] > 0 < line["cost_usd"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """What the machine refuses is one line: which file, and why."""
    run(tmp_path)
    (tmp_path / "report.html").unlink()
    (tmp_path / "report.html").mkdir()
    done = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"extractor: {tmp_path}/")
    assert done.stderr.endswith(": Is a directory\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_text_on_standard_input(encoding: str) -> None:
    """It is read as a file of the same bytes would be, whatever the terminal's encoding."""
    text = "Müller Bäckerei, 12 Mar 2026, total 9.50 EUR"
    with Emulator(lambda _: {"text": "Müller"}) as emulator:
        done = CliRunner().invoke(
            app,
            ["extract", "-", "--schema", f"{__file__}:Statement"],
            env=where(emulator),
            input=text.encode(encoding),
        )
    assert (done.exit_code, json.loads(done.stdout)["evidence"][0]["tier"]) == (0, "exact"), done.output


def test_no_text_on_standard_input() -> None:
    """Bytes that are no text end in one line."""
    words = ["extract", "-", "--schema", "receipt", "--model", "local"]
    done = CliRunner().invoke(app, words, input=bytes(range(256)) * 4)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (1, "", 1), done.output


@pytest.mark.skipif(os.name == "nt", reason="Windows takes no such names")
def test_a_name_that_steers_terminals(tmp_path: Path) -> None:
    """A document's name cannot break the line that tells of it, nor reach the terminal as a command."""
    (tmp_path / "two\nlines\x1b[2J ü.txt").touch()
    done = CliRunner().invoke(
        app,
        ["run", str(tmp_path), "--schema", "receipt", "--model", "@cf/a/b", "--out", f"{tmp_path}-out"],
        env={"CLOUDFLARE_ACCOUNT_ID": "a", "CLOUDFLARE_AUTH_TOKEN": "t"},
    )
    assert (
        done.stderr
        == "1/1 two\\nlines\\x1b[2J ü.txt failed: the file is empty (0 bytes); fetch it again or leave it out\n"
    )
