"""What the README shows is run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from extractor.call.prompt import read_document
from extractor.emulator.server import Emulator
from tests.kit import ROOT, SAMPLES, gold

RECEIPTS = {
    (SAMPLES / "receipts" / name).read_text("utf-8").strip(): value
    for name, value in gold(SAMPLES / "receipts").items()
}
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
SNIPPETS = BLOCK.findall(README)
COMMANDS = [
    line.partition("#")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if line.startswith("extractor ")
]


def right_answer(body: Mapping[str, Any]) -> Any:
    """The gold answer for a sample receipt, as far as the schema of the request asks for it."""
    value = RECEIPTS[read_document(body["messages"]).strip()]
    wire = body["response_format"]["json_schema"]
    return {name: value[name] for name in wire.get("schema", wire)["properties"]}


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with Emulator(right_answer) as emulator:
        yield {
            **os.environ,
            "CLOUDFLARE_ACCOUNT_ID": emulator.account_id,
            "CLOUDFLARE_AUTH_TOKEN": emulator.token,
            "EXTRACTOR_BASE_URL": emulator.base_url,
        }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the samples, as a checkout has them."""
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    return tmp_path


@pytest.mark.parametrize(("snippet", "printed"), SNIPPETS)
def test_snippets(snippet: str, printed: str, project: Path, environment: dict[str, str]) -> None:
    """Each Python snippet runs by itself, and prints what the README says."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet], cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed


def test_commands(project: Path, environment: dict[str, str]) -> None:
    """The `extractor` command lines run one after the other, and end well."""
    assert len(COMMANDS) >= 3
    for command in COMMANDS:
        words = [sys.executable, "-m", *shlex.split(command)]
        done = subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_what_the_readme_refers_to_is_there() -> None:
    """Each link within the project leads to a file."""
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_opens_with_its_two_commands() -> None:
    """A newcomer reads `make demo` and `make test` first, then library code, then the folder command."""
    places = [README.index(words) for words in ("make demo", "make test", "from extractor import", "extractor run")]
    assert places == sorted(places)
    assert places[-1] < 2000, "all of it is on the first screens"
    assert all(printed for _, printed in SNIPPETS)
