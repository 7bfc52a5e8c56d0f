"""Scans through the folder job: what their values are known by, and which models they are refused to."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from pydantic import BaseModel

from extractor import Pipeline
from extractor.emulator.questions import Question, answering
from extractor.emulator.server import Emulator
from extractor.pipeline.config import Config
from extractor.pipeline.result import flags

ROWS = [("Weighbridge", "Ticket 508"), ("Gravel", "17.35"), ("Sand", "4.80")]
ANSWER = {"number": "508", "loads": [{"what": "Gravel", "tonnes": "17.35"}, {"what": "Sand", "tonnes": "4.80"}]}


class Load(BaseModel):
    """What was weighed."""

    what: str
    tonnes: str


class Ticket(BaseModel):
    """A ticket of a weighbridge."""

    number: str
    loads: list[Load]


def sheet(shift: int = 0) -> Image.Image:
    """Words on the left, figures on the right, line under line."""
    page = Image.new("L", (900, 640), 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(36)
    for line, (left, right) in enumerate(ROWS):
        draw.text((80, 90 + shift + 110 * line), left, 0, font)
        draw.text((560, 90 + shift + 110 * line), right, 0, font)
    return page


def reply(question: Question) -> dict[str, Any]:
    """The same ticket on every sheet."""
    sheets = max(1, question.text.count("17.35"))
    return {**ANSWER, "loads_count": 2 * sheets, "loads": ANSWER["loads"] * sheets}


def job(emulator: Emulator, source: Path, **options: Any) -> Pipeline:
    where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    return Pipeline(Ticket, source, config=Config(**{**where, **options}))


def record(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "records.jsonl").read_text(encoding="utf-8"))
    return found


def test_values_that_the_model_read_from_a_picture_have_its_page(tmp_path: Path) -> None:
    """They have no place in a text, and are not flagged for that; a line of evidence has its five keys and no more."""
    sheet().save(tmp_path / "ticket.png")
    with Emulator(answering(reply)) as emulator:
        totals = job(emulator, tmp_path / "ticket.png").run(tmp_path / "out")
    found = record(tmp_path / "out")
    assert (found["status"], totals.values, totals.flagged) == ("ok", 5, 0)
    assert found["evidence"][0] == {"path": "/number", "start": None, "end": None, "page": 1, "tier": "page"}
    assert {line["tier"] for line in found["evidence"]} == {"page"}
    assert flags(found) == []


@pytest.mark.skipif(find_spec("rapidocr") is None, reason="needs rapidocr")
def test_values_of_a_scan_that_was_read_have_page_box_and_tier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On each of two sheets the box of a figure lies where that was drawn."""
    monkeypatch.setenv("EXTRACTOR_OCR", "rapidocr")
    sheet().save(tmp_path / "tickets.pdf", save_all=True, append_images=[sheet(60)], resolution=110)
    with Emulator(answering(reply)) as emulator:
        job(emulator, tmp_path / "tickets.pdf").run(tmp_path / "out")
    lines = {line["path"]: line for line in record(tmp_path / "out")["evidence"]}
    for path, page, shift in (("/loads/0/tonnes", 1, 0), ("/loads/2/tonnes", 2, 60)):
        assert (lines[path]["page"], lines[path]["tier"]) == (page, "exact")
        left, top, right, bottom = lines[path]["box"]
        assert left < 0.66 < right < 0.75
        assert top < (222 + shift) / 640 < bottom < top + 0.1


def test_a_picture_is_refused_at_once_to_a_model_that_cannot_see(tmp_path: Path) -> None:
    """The plan says what a run would: nothing would be asked, in one line with both ways out."""
    sheet().save(tmp_path / "ticket.png")
    planned = Pipeline(Ticket, tmp_path / "ticket.png", config=Config(model="local")).plan()
    assert planned.requests == 0
    line = planned.unreadable["ticket.png"]
    assert "\n" not in line
    assert "pip install 'extractor-pipelines[ocr]'" in line
    assert "a model that sees" in line
