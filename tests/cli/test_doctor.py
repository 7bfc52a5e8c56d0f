"""`extractor doctor`: a table, a cost that is said first, an exit code, and facts that later runs go by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from extractor.call.clock import without_waits
from extractor.call.facts import facts_file, recall
from extractor.cli.app import app
from extractor.emulator.server import Emulator
from tests.call.test_doctor import able, endpoint_of


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with without_waits():
        yield


def run(emulator: Emulator, *words: str) -> Result:
    account = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
    return CliRunner().invoke(app, ["doctor", "--base-url", emulator.base_url, *words], env=account)


def test_a_deployment_as_documented() -> None:
    """The cost is said first; each check has what was expected and what came; the exit code is 0."""
    with Emulator(able, faults={"thinks": 1.0}) as emulator:
        done = run(emulator)
    assert (done.exit_code, done.stdout.count("expected"), done.stdout.count("remedy")) == (0, 16, 0)
    assert "small requests for $0.0" in done.stderr
    assert "16 checks, 0 of them other than documented, $0.0" in done.stdout


def test_a_price_that_is_not_known_has_no_cap() -> None:
    """Where the price is unknown the first line says that no cap holds, and names none."""
    with Emulator(able, model="@cf/other/model") as emulator:
        line = run(emulator, "--model", "@cf/other/model").stderr
    assert line == "@cf/other/model: some twenty small requests at a price that is not known, so that no cap holds\n"


def test_differences_are_told_and_remembered() -> None:
    """A difference has its remedy and exit code 1; what it means for later runs is in the user's cache."""
    with Emulator(able, faults={"schema_unsupported": 1.0}) as emulator:
        done = run(emulator, "--json")
        facts = recall(endpoint_of(emulator))
    assert done.exit_code == 1
    findings = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert findings["schema, envelope"]["ok"] is False
    assert findings["schema, envelope"]["remedy"]
    assert facts["refused"] == ["json_schema", "bare_schema"]
    assert facts_file().is_file()


def test_a_recording_is_written_even_where_it_ends_early(tmp_path: Path) -> None:
    """What was exchanged until the cap is in the file, and the exit code says that the budget ended it."""
    path = tmp_path / "recorded.jsonl"
    with Emulator(able) as emulator:
        done = run(emulator, "--max-cost", "0.005", "--record", str(path))
        assert done.exit_code == 3
        assert len(path.read_text().splitlines()) > 1
        assert emulator.token not in path.read_text()
        assert run(emulator, "--max-cost", "0").exit_code == 3


def test_who_may_not_ask() -> None:
    """Credentials that are refused end it in one line, with exit code 4."""
    with Emulator(able) as emulator:
        account = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": "wrong"}
        done = CliRunner().invoke(app, ["doctor", "--base-url", emulator.base_url], env=account)
    assert done.exit_code == 4
    assert "API token" in done.stderr
