"""`extractor text`: the text that spans count in."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.documents.load import load


def test_the_text_is_printed_character_for_character(tmp_path: Path) -> None:
    """Nothing is added to it and nothing is changed, line ends included."""
    file = tmp_path / "a.txt"
    file.write_bytes("Größe\r\n42".encode())
    assert CliRunner().invoke(app, ["text", str(file)]).stdout_bytes == "Größe\r\n42".encode()


def test_a_file_that_cannot_be_read_ends_in_one_line(tmp_path: Path) -> None:
    """A bad document is exit 1, a missing one exit 2, each with what to do."""
    file = tmp_path / "a.txt"
    file.write_bytes(b"")
    for path, code, message in ((file, 1, "the file is empty"), (tmp_path / "b.txt", 2, "check the path")):
        result = CliRunner().invoke(app, ["text", str(path)])
        assert result.exit_code == code
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1


LOCKED = Path(__file__).parents[1] / "documents" / "files" / "locked.pdf"


def test_a_password_may_come_from_the_environment_or_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it stands in no history of commands; what is typed is not shown."""
    typed = CliRunner().invoke(app, ["text", str(LOCKED), "--password", "-"], input="secret\n")
    assert (typed.exit_code, typed.stdout.strip()) == (0, "Total 42")
    assert "secret" not in typed.output
    monkeypatch.setenv("EXTRACTOR_PASSWORD", "secret")
    assert CliRunner().invoke(app, ["text", str(LOCKED)]).stdout.strip() == "Total 42"
    assert load(LOCKED).text.strip() == "Total 42"
