"""The ready-made pipelines: short, and run from the command line, as scripts and from code, against real HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.emulator.server import Emulator
from extractor.pipeline.specs import ready_made, resolve_pipeline
from extractor.review.evaluate import evaluate
from extractor.review.files import read_gold, read_records
from extractor.schema.compiler import compile_schema
from extractor.schema.pointer import leaves, parts
from tests.kit import SAMPLES, gold, receipts_reply
from tests.samples.register import register_gold, register_reply

FOLDER = ready_made() / "pipelines"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


def served(emulator: Emulator) -> dict[str, str]:
    """The environment in which the emulator is Cloudflare."""
    return {
        "EXTRACTOR_BASE_URL": emulator.base_url,
        "CLOUDFLARE_ACCOUNT_ID": emulator.account_id,
        "CLOUDFLARE_AUTH_TOKEN": emulator.token,
    }


def script(name: str, *args: object, emulator: Emulator) -> str:
    """What a pipeline prints when it is run as a script."""
    command = [sys.executable, str(FOLDER / f"{name}.py"), *map(str, args)]
    environment = {**os.environ, **served(emulator)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def receipts() -> Iterator[Emulator]:
    with Emulator(receipts_reply()) as emulator:
        yield emulator


@pytest.mark.parametrize("name", NAMES)
def test_short(name: str) -> None:
    """Each fits on a screen: under 60 lines."""
    assert len((FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()) < 60


def test_receipts_table_ends_in_a_table() -> None:
    """The ETL script prints one line a receipt, by date, and the sums by currency."""
    values = gold(SAMPLES / "receipts")
    texts = {(SAMPLES / "receipts" / name).read_text(encoding="utf-8"): value for name, value in values.items()}
    wanted = ("merchant", "date", "currency", "total")

    def reply(body: Any) -> Any:
        value = next(value for text, value in texts.items() if text.strip() in body["messages"][-1]["content"])
        return {name: value[name] for name in wanted}

    with Emulator(reply) as emulator:
        lines = script("receipts_table", SAMPLES / "receipts", emulator=emulator).splitlines()
    rows = lines[: len(values)]
    assert [row[:10] for row in rows] == sorted(value["date"] for value in values.values())
    assert rows[0].split() == ["2026-01-09", "PENNINE", "HARDWARE", "LTD", "13.84", "GBP"]
    assert lines[-1].split() == ["sum", "57.92", "USD"]


def test_folder_job_from_the_command_line(receipts: Emulator, tmp_path: Path) -> None:
    """`extractor run --pipeline folder_job` reads the samples and gives their gold values."""
    done = CliRunner().invoke(app, ["run", "--pipeline", "folder_job", "--out", str(tmp_path)], env=served(receipts))
    assert done.exit_code == 0, done.output
    found = {record["document"]: record["value"] for record in read_records(tmp_path)}
    assert found == gold(SAMPLES / "receipts")
    assert (tmp_path / "report.html").exists()


def test_folder_job_as_a_script(receipts: Emulator, tmp_path: Path) -> None:
    """The same file runs by itself."""
    assert script("folder_job", tmp_path, emulator=receipts).startswith("18 of 18 receipts are ok")


def test_folder_job_hides_card_numbers_and_doubts_sums(tmp_path: Path) -> None:
    """A card number is never sent, spans still fit the file, and a tax above the total makes the receipt partial."""
    source = tmp_path / "source"
    source.mkdir()
    text = "KIOSK 7\n2026-01-02\nCard 4111 1111 1111 1111\nTotal EUR 5.00\n"
    (source / "kiosk.txt").write_text(text, encoding="utf-8")
    value = {"merchant": "KIOSK 7", "date": "2026-01-02", "currency": "EUR", "total": "5.00", "tax": "50.0"}
    job = replace(resolve_pipeline("folder_job"), source=source)
    schema = compile_schema(job.schema, counts=True)
    with Emulator(lambda _: schema.encode(schema.validate(value))) as emulator, pytest.MonkeyPatch.context() as patch:
        for name, setting in served(emulator).items():
            patch.setenv(name, setting)
        job.run(tmp_path / "out")
        sent = json.dumps([exchange.body for exchange in emulator.requests])
    record = next(read_records(tmp_path / "out"))
    place = next(line for line in record["evidence"] if line["path"] == "/total")
    assert "4111" not in sent
    assert "XXXX XXXX XXXX XXXX" in sent
    assert text[place["start"] : place["end"]] == "5.00"
    assert (record["status"], record["problems"]) == (
        "partial",
        [{"path": "/tax", "message": "50.0 is more than the total of 5.0"}],
    )


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of one run over the register, answered perfectly part by part."""
    out = tmp_path_factory.mktemp("register")
    with Emulator(register_reply()) as emulator:
        command = ["run", "--pipeline", "long_register", "--out", str(out)]
        done = CliRunner().invoke(app, command, env=served(emulator))
    assert done.exit_code == 0, done.output
    return out


def test_long_register_is_read_whole(register: Path) -> None:
    """Every company of a document longer than the window, none twice, none fused, and what it says of each."""
    found = evaluate(read_records(register), read_gold(SAMPLES / "register" / "gold.jsonl"))
    assert found.perfect == 1
    assert [field for field, one in found.fields.items() if (one.precision, one.recall) != (1.0, 1.0)] == []


def test_long_register_is_placed_rightly(register: Path) -> None:
    """Of the values that were given a place, over 99 % stand exactly where gold says."""
    line, record = register_gold(), next(read_records(register))
    pointers = dict(same_places(line["value"], record["value"]))
    placed = [one for one in record["evidence"] if one["start"] is not None]
    right = [[one["start"], one["end"]] in line["spans"][pointers[one["path"]]] for one in placed]
    assert len(placed) > 0.9 * len(record["evidence"])
    assert sum(right) > 0.99 * len(placed)


def same_places(gold: Any, found: Any) -> Iterator[tuple[str, str]]:
    """The pointer of each extracted leaf with that of its gold: companies by number, officers by name."""
    places = {company["number"]: place for place, company in enumerate(found["companies"])}
    for place, company in enumerate(gold["companies"]):
        other = places[company["number"]]
        names = [officer["name"] for officer in found["companies"][other]["officers"]]
        for pointer, _ in leaves(company):
            path = parts(pointer)
            if path[0] == "officers":
                path[1] = str(names.index(company["officers"][int(path[1])]["name"]))
            yield f"/companies/{other}/{'/'.join(path)}", f"/companies/{place}{pointer}"


def test_long_register_is_priced_first() -> None:
    """The plan reads the document, counts several requests and names a price below the cap."""
    forecast = resolve_pipeline("long_register").plan()
    assert forecast.documents == 1
    assert forecast.requests > 20
    assert 0 < forecast.low_usd < forecast.likely_usd < forecast.high_usd
