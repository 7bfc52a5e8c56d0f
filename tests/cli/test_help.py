"""Every command explains itself, and offers what the documents promise."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from extractor.cli.app import app

COMMANDS = {
    "run": "--schema --pipeline --out --model --base-url --max-cost --rpm "
    "--concurrency --max-output-tokens --passes --batch --format --dry-run --fresh --json",
    "extract": "--schema --model --base-url --max-cost --max-output-tokens",
    "plan": "--schema --pipeline --model --rpm --max-output-tokens --passes --json",
    "schema list": "",
    "schema show": "",
    "schema check": "",
    "schema copy": "",
    "text": "--password",
    "eval": "--gold",
    "report": "",
    "retry": "--model --max-cost --json",
    "doctor": "--model --base-url --max-cost --record --json",
    "emulate": "--port --model --script --play --fault --seed --latency --window --rpm",
    "local list": "",
    "local pull": "",
    "init": "--schema",
}


@pytest.mark.parametrize(("command", "options"), COMMANDS.items())
def test_help(command: str, options: str) -> None:
    """`--help` says what the command does and names each of its options."""
    done = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert done.output.startswith("Usage:")
    assert [option for option in options.split() if option not in done.output] == []


def test_version() -> None:
    """`--version` names the installed version."""
    assert CliRunner().invoke(app, ["--version"]).output == f"extractor {version('extractor')}\n"


def test_every_command_is_tested() -> None:
    """No command is left out of the table above."""
    listed = CliRunner().invoke(app, ["--help"]).output
    named = {command.split()[0] for command in COMMANDS}
    block = listed.partition("Commands:")[2].splitlines()
    assert {line.split()[0] for line in block if line.startswith("  ") and line[2] != " "} == named
