"""What a person corrects in the browser becomes gold, the gold examples, and the next run better."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.emulator.server import Emulator
from extractor.review.files import read_gold, schema_of_run
from tests.kit import SAMPLES, gold, receipts_reply
from tests.review.browser import CHROMIUM, opened
from tests.review.kit import serving

RECEIPTS = SAMPLES / "receipts"
NAMES = ("bakery_bremen.txt", "cafe_lyon.txt", "fuel_denver.txt", "taxi_warsaw.txt")


def learner(body: Mapping[str, Any]) -> Any:
    """A model that gets every total wrong until it has seen an example."""
    answer = receipts_reply()(body)
    return answer if "<example-" in json.dumps(body["messages"]) else {**answer, "total": "987654.32"}


def extractor(*args: object) -> str:
    """What a command prints."""
    done = CliRunner().invoke(app, [str(arg) for arg in args])
    assert done.exit_code == 0, done.output
    return done.stdout


def total_f1(out: Path, answers: Path) -> float:
    """F1 of the field `total`."""
    found: float = json.loads(extractor("eval", out, "--gold", answers, "--json"))["fields"]["total"]["f1"]
    return found


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_correction_teaches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two totals are corrected. The run that is shown one of them reads the total of every other document right."""
    source, first, second, reviewed = (tmp_path / name for name in ("in", "first", "second", "reviewed.jsonl"))
    source.mkdir()
    for name in NAMES:
        copy(RECEIPTS / name, source / name)
    right = {name: gold(RECEIPTS)[name] for name in NAMES[:2]}
    with Emulator(learner) as emulator:
        monkeypatch.setenv("EXTRACTOR_BASE_URL", emulator.base_url)
        monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", emulator.account_id)
        monkeypatch.setenv("CLOUDFLARE_AUTH_TOKEN", emulator.token)
        extractor("run", source, "--schema", "receipt", "--out", first)
        with serving(first, schema_of_run(first)) as server, opened(tmp_path / "profile") as browser:
            tab = browser.tab(server.url)
            for name, value in right.items():
                tab.js(f"document.getElementById('record').replaceChildren(); location.hash = '#{name}'")
                tab.until("document.querySelector('#record .rows')")
                tab.js("[...document.querySelectorAll('#record .row')].find((row) => row.title === '/total').click()")
                tab.press("e")
                tab.write(f"{value['total']} EUR")
                tab.press("Enter")
                tab.until("document.querySelector('#record .changed')")
                tab.press("A")
                tab.until("/accepted/.test(document.getElementById('status').textContent)")
            assert tab.complaints() == []
        extractor("review", first, "--gold", reviewed)
        assert {line["document"]: line["value"] for line in read_gold(reviewed)} == right
        extractor("run", source, "--schema", "receipt", "--out", second, "--examples", reviewed)
    answers = tmp_path / "answers.jsonl"
    lines = ({"document": name, "value": gold(RECEIPTS)[name]} for name in NAMES)
    answers.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert (total_f1(first, answers), total_f1(second, answers)) == (0.0, 0.75)
