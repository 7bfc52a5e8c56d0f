"""The plan as a price: what a perfect reader is paid lies between low and high."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from pydantic import BaseModel

from extractor import Pipeline, compile_schema
from extractor.call.endpoint import LOCAL_WINDOW
from extractor.emulator.checks import texts_of
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.pipeline.config import Config
from extractor.wire.prices import price_of
from extractor.wire.requests import DEFAULT_MODEL

GUESTS = [[f"Guest{table}-{seat} Holm" for seat in range(6)] for table in range(150)]
SEATING = "SEATING PLAN\n\n" + "".join("\n".join([f"Table {n}", *names, ""]) for n, names in enumerate(GUESTS))
PROSE = "\n\n".join(["The committee went through the papers and found them in good order. " * 6] * 40)


class Table(BaseModel):
    """A table and who sits at it."""

    table: str
    guests: list[str]


class Seating(BaseModel):
    """A seating plan."""

    tables: list[Table]


class Entry(BaseModel):
    """An entry of a cash book."""

    number: str
    text: str


class Book(BaseModel):
    """A cash book."""

    entries: list[Entry]


def seated(question: Question) -> dict[str, Any]:
    """The tables whose names stand in the part that is asked about, whole."""
    start, stop = question.part
    found = re.finditer(r"Table (\d+)\n", question.text)
    numbers = [int(one[1]) for one in found if start <= one.start() < stop]
    return {"tables": [{"table": f"Table {n}", "guests": GUESTS[n]} for n in numbers][question.from_item - 1 :]}


def cost(schema: type[BaseModel], source: Path, respond: Callable[[Any], Any], out: Path) -> tuple[Any, float]:
    """The plan of a job, and what the job is paid."""
    with Emulator(respond) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        job = Pipeline(schema, source, config=Config(**where, rpm=None))
        plan = job.plan()
        assert job.run(out).ok == 1
        paid, price = emulator.usage, price_of(DEFAULT_MODEL)
    assert price is not None
    usd = price.cost(paid)
    assert usd is not None
    return plan, usd


TEXTS: dict[str, tuple[type[BaseModel], str, Callable[[Question], dict[str, Any]]]] = {
    "lists in rows": (Seating, SEATING, seated),
    "nothing to find": (Book, PROSE, lambda question: {"entries": []}),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_what_is_paid_is_near_the_likely_price(kind: str, tmp_path: Path) -> None:
    """Within a quarter of it, and between low and high."""
    schema, text, answer = TEXTS[kind]
    (tmp_path / "document.txt").write_text(text, encoding="utf-8")
    respond = lambda body: answer(Question.of(body))  # noqa: E731
    plan, paid = cost(schema, tmp_path / "document.txt", respond, tmp_path / "out")
    assert plan.low_usd <= paid <= plan.high_usd
    assert paid == pytest.approx(plan.likely_usd, rel=0.25)


def test_a_short_text_without_rows_is_one_request(tmp_path: Path) -> None:
    """It is asked about too; most of its price is what is around the text."""
    (tmp_path / "document.txt").write_text(PROSE[:200], encoding="utf-8")
    plan, paid = cost(Book, tmp_path / "document.txt", lambda body: {"entries": []}, tmp_path / "out")
    assert plan.requests == 1
    assert plan.low_usd <= paid <= plan.high_usd


@pytest.mark.parametrize(
    "rows", [[0] * 6, [1] * 6, [0, 0, 60, 0, 0, 0], [40] * 6], ids=["empty", "sparse", "one dense", "dense"]
)
def test_pages_that_are_pictures_may_hold_nothing_or_be_full(rows: list[int], tmp_path: Path) -> None:
    """Nobody can tell before they are read, and the plan is between."""
    sheets = [Image.new("L", (1240, 1754), 255) for _ in rows]
    for sheet in sheets:
        ImageDraw.Draw(sheet).rectangle((100, 100, 300, 120), fill=0)
    sheets[0].save(tmp_path / "scan.pdf", save_all=True, append_images=sheets[1:], resolution=150)

    def respond(body: Any) -> dict[str, Any]:
        pages = [int(number) for number in re.findall(r"Page (\d+):", "\n".join(texts_of(body, "user")))]
        return {"entries": [{"number": f"{p}/{n}", "text": "Sundry"} for p in pages for n in range(rows[p - 1])]}

    plan, paid = cost(Book, tmp_path / "scan.pdf", respond, tmp_path / "out")
    assert plan.low_usd <= paid <= plan.high_usd


def test_an_embedded_model_is_planned_with_its_own_window(tmp_path: Path) -> None:
    """What a run shows it, though planning does not start it: a document of a wide window takes several requests."""
    (tmp_path / "document.txt").write_text(PROSE * 5, encoding="utf-8")
    here, there = (Pipeline(Book, tmp_path, config=Config(model=name)).plan() for name in ("local", DEFAULT_MODEL))
    assert Config(model="local").sizes(compile_schema(Book)).room < LOCAL_WINDOW
    assert here.requests > there.requests
