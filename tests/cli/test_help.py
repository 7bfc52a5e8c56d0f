"""Every command explains itself, and offers what the documents promise."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from extractor import Emulator, Options
from extractor.cli.app import app
from extractor.cli.options import request_options
from tests.kit import SAMPLES, receipts_reply

COMMANDS = {
    "run": "--schema --pipeline --out --model --base-url --max-cost --rpm --tpm --timeout --thinking-tokens --set "
    "--instructions --examples --concurrency --max-output-tokens --passes --batch --format --dry-run --fresh --json "
    "--limit --quiet --log --column --key --query",
    "extract": "--schema --model --base-url --max-cost --max-output-tokens --thinking-tokens --timeout --set "
    "--instructions",
    "plan": "--schema --pipeline --model --rpm --tpm --max-output-tokens --thinking-tokens --passes --set --json "
    "--instructions --column --key --query",
    "schema list": "",
    "schema show": "",
    "schema check": "",
    "schema copy": "",
    "schema infer": "--out --no-check --model --base-url --instructions --max-cost --thinking-tokens --password",
    "text": "--password",
    "eval": "--gold --min-f1 --html --json",
    "review": "--schema --pipeline --port --open --import --gold",
    "report": "--pictures",
    "retry": "--doubtful --thinking-tokens --model --max-cost --json --quiet --log",
    "export": "--format --schema --pipeline",
    "show": "--schema --pipeline --json",
    "doctor": "--model --base-url --max-cost --record --json",
    "emulate": "--port --model --script --play --fault --seed --latency --window --rpm",
    "local list": "",
    "local pull": "",
    "init": "--schema",
}


def help_of(command: str, width: int = 200, option: str = "--help") -> str:
    done = CliRunner().invoke(app, [*command.split(), option], terminal_width=width)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize(("command", "options"), COMMANDS.items())
def test_help(command: str, options: str) -> None:
    """`--help` says what the command does and names each of its options, arguments plainly; `-h` prints the same."""
    text = help_of(command)
    assert re.match(r"Usage: [^{}<>]+\n", text)
    assert re.search(r"^  [A-Z|-]+ <", text, re.MULTILINE) is None
    assert [option for option in options.split() if option not in text] == []
    assert help_of(command, option="-h") == text


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("command", ["", "schema", "local", *COMMANDS])
def test_help_is_whole_at_any_width(command: str, width: int) -> None:
    """No line is longer than the terminal, and no sentence is cut."""
    text = help_of(command, width)
    assert [line for line in text.splitlines() if len(line) > width] == []
    assert words_of(text) == words_of(help_of(command, 120))


def words_of(text: str) -> list[str]:
    return sorted(text.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_use_what_is_there(command: str) -> None:
    """Each command shows command lines, which name this command and options that it has."""
    _, _, examples = help_of(command).partition("Examples:\n")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert lines
    for line in lines:
        assert f"extractor {command} " in f"{line} "
        options = [word for word in shlex.split(line) if word.startswith("-") and word != "-"]
        known = set(re.findall(r"(?<!\S)--?[a-z][a-z0-9-]*", help_of(command).partition("Examples:")[0]))
        assert [option for option in options if option not in known] == []


COMPLETIONS = {
    "extractor sch": {"schema"},
    "extractor run -s re": {"receipt", "resume"},
    "extractor run -p fold": {"folder_job"},
    "extractor run -m local:smol": {"local:smollm2-135m"},
    "extractor run -f par": {"parquet"},
    "extractor run in --max-c": {"--max-cost"},
    "extractor schema show bul": {"bulletin"},
    "extractor run ma": {"mail.eml"},
}


@pytest.mark.parametrize(("line", "found"), COMPLETIONS.items())
def test_completion(line: str, found: set[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A shell completes commands, options, and the names that options take."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mail.eml").touch()
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1), "_EXTRACTOR_COMPLETE": "complete_bash"}
    done = CliRunner().invoke(app, [], env=words, prog_name="extractor")
    assert set(done.output.split()) == found


SETTINGS = {
    "temprature=0.6": "no parameter has the name 'temprature'; did you mean temperature?",
    "temperature": "write NAME=VALUE",
    "temperature=hot": "temperature: must be number or null, not 'hot'",
}


@pytest.mark.parametrize(("setting", "message"), SETTINGS.items())
def test_settings_of_a_request(setting: str, message: str) -> None:
    """`--set` takes any parameter of a request; a wrong one is refused in one line."""
    assert request_options(["temperature=0.6", "stop=END"]) == Options(temperature=0.6, stop="END")
    done = CliRunner().invoke(app, ["extract", "a.txt", "-s", "receipt", "--set", setting])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


def test_instructions_may_be_in_a_file(tmp_path: Path) -> None:
    """`--instructions @FILE` sends what the file holds."""
    (tmp_path / "hints.txt").write_text("Amounts are in thousands.\n")
    with Emulator(receipts_reply()) as emulator:
        words = ["extract", str(SAMPLES / "receipts" / "kebab_hamburg.txt"), "-s", "receipt", "--set", "seed=7"]
        where = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
        words += ["--base-url", emulator.base_url, "-i", f"@{tmp_path / 'hints.txt'}", "--thinking-tokens", "100"]
        done = CliRunner().invoke(app, words, env=where)
        (sent,) = [exchange.body for exchange in emulator.requests if exchange.body]
    assert done.exit_code == 0
    assert "\n\nAmounts are in thousands.\n\n" in sent["messages"][0]["content"]
    assert (sent["seed"], sent["max_completion_tokens"]) == (7, 8100)


def test_version() -> None:
    """`--version` names the installed version."""
    assert CliRunner().invoke(app, ["--version"]).output == f"extractor {version('extractor-pipelines')}\n"


def test_every_command_is_tested() -> None:
    """No command is left out of the table above."""
    listed = CliRunner().invoke(app, ["--help"]).output
    named = {command.split()[0] for command in COMMANDS}
    block = listed.partition("Commands:")[2].partition("Options:")[0].splitlines()
    assert {line.split()[0] for line in block if line.startswith("  ") and line[2] != " "} == named
