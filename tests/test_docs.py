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
from tests.kit import ROOT, schema_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
COMMANDS = [
    line.partition("#")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if line.startswith("extractor ")
]


def any_answer(body: Mapping[str, Any]) -> object:
    """An answer that fits both receipts that the README asks about; its merchant stands in the document."""
    merchant = read_document(body["messages"]).strip().partition("\n")[0].strip()
    receipt = {"merchant": merchant, "date": "2026-03-01", "total": "9.50"}
    if "currency" not in str(body):
        return receipt
    return schema_of("receipt").encode(schema_of("receipt").validate({**receipt, "currency": "EUR"}))


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with Emulator(any_answer) as emulator:
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


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.strip().splitlines()[-1][:40])
def test_snippets(snippet: str, project: Path, environment: dict[str, str]) -> None:
    """Each Python snippet runs by itself."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet], cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: str, project: Path, environment: dict[str, str]) -> None:
    """Each `extractor` command line runs and ends well."""
    words = [sys.executable, "-m", *shlex.split(command)]
    done = subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_readme_opens_with_its_two_commands() -> None:
    """A newcomer reads `make demo` and `make test` first, then library code, then the folder command."""
    places = [README.index(words) for words in ("make demo", "make test", "from extractor import", "extractor run")]
    assert places == sorted(places)
    assert len(SNIPPETS) >= 2
    assert len(COMMANDS) >= 3
