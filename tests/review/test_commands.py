"""`extractor eval` and `extractor report` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from extractor.cli.app import app
from tests.review.kit import output, record


def extractor(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    path.write_text('{"document": "a.txt", "value": {"total": "3.50"}}\n', encoding="utf-8")
    return path


def test_eval_prints_the_table(tmp_path: Path, gold: Path) -> None:
    """A line of documents and a table that ends with the total."""
    done = extractor("eval", output(tmp_path, [record("a.txt", {"total": "3.5"})]), "--gold", gold)
    assert done.exit_code == 0
    assert done.output.splitlines()[0] == "1 document with gold, 1 without one wrong value"
    assert done.output.splitlines()[-1].split() == ["all", "fields", "1", "1", "1", "0", "1.000", "1.000", "1.000"]


def test_eval_json(tmp_path: Path, gold: Path) -> None:
    """The same figures for machines."""
    done = extractor("eval", output(tmp_path, [record("a.txt", {"total": "9"})]), "--gold", gold, "--json")
    assert json.loads(done.output)["total"]["f1"] == 0.0


def test_eval_of_two_runs(tmp_path: Path, gold: Path) -> None:
    """`eval A B` says what got better and what got worse, and `--html` writes the page."""
    for name, total in (("a", "9"), ("b", "3.50")):
        (tmp_path / name).mkdir()
        output(tmp_path / name, [record("a.txt", {"total": total})])
    words = ("eval", tmp_path / "a", tmp_path / "b", "--gold", gold, "--html", tmp_path / "eval.html", "--json")
    found = json.loads(extractor(*words).output)
    assert [(error["path"], error["found"]) for error in found["better"]] == [("/total", "9")]
    assert (found["worse"], found["after"]["total"]["f1"]) == ([], 1.0)
    assert "without one wrong value" in (tmp_path / "eval.html").read_text()


@pytest.mark.parametrize(("least", "code"), [("0.5", 1), ("0", 0)])
def test_eval_with_a_least_f1(least: str, code: int, tmp_path: Path, gold: Path) -> None:
    """Below it the exit code is 1 and one line says so, for use in CI."""
    done = extractor("eval", output(tmp_path, [record("a.txt", {"total": "9"})]), "-g", gold, "--min-f1", least)
    assert (done.exit_code, done.stderr) == (code, "extractor: F1 is 0.000, and --min-f1 is 0.5\n" if code else "")


def test_report_says_where_it_is(tmp_path: Path) -> None:
    """The path of the page, which is then there."""
    done = extractor("report", output(tmp_path, [record("a.txt", {})]))
    assert done.output.strip() == str(tmp_path / "report.html")
    assert (tmp_path / "report.html").is_file()


@pytest.mark.parametrize("command", [("report", "nowhere"), ("eval", "nowhere", "--gold", "none.jsonl")])
def test_a_missing_folder(command: tuple[str, ...]) -> None:
    """One line that says what is missing and what to do, exit code 2, no traceback."""
    done = extractor(*command)
    assert done.exit_code == 2
    assert done.output.count("\n") == 1
    assert done.output.startswith("extractor: no file ")


def test_broken_gold(tmp_path: Path, gold: Path) -> None:
    """A gold line that is no JSON is named by its number."""
    gold.write_text("\nnot JSON\n", encoding="utf-8")
    done = extractor("eval", output(tmp_path, [record("a.txt", {})]), "--gold", gold)
    assert done.exit_code == 2
    assert "gold.jsonl:2 is not JSON" in done.output
