"""The ready-made pipelines: short, and run from the command line, as scripts and from code, against real HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture
from typer.testing import CliRunner

from extractor import load
from extractor.cli.app import app
from extractor.emulator.server import Emulator
from extractor.pipeline.specs import ready_made, resolve, resolve_pipeline, resolve_schema
from extractor.review.evaluate import evaluate
from extractor.review.files import read_gold, read_records
from extractor.schema.compiler import compile_schema
from extractor.schema.pointer import leaves, parts
from extractor.testing import Endpoint, Question, assert_record, assert_records, without_waits
from tests.kit import SAMPLES, gold, receipts_reply, schema_of
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


def test_folder_job_hides_card_numbers_and_doubts_taxes(tmp_path: Path) -> None:
    """A card number is never sent, spans still fit the file, and a tax of half of the total makes it partial."""
    source = tmp_path / "source"
    source.mkdir()
    text = "KIOSK 7\n2026-01-02\nCard 4111 1111 1111 1111\nTotal EUR 5.00\n"
    (source / "kiosk.txt").write_text(text, encoding="utf-8")
    value = {"merchant": "KIOSK 7", "date": "2026-01-02", "currency": "EUR", "total": "5.00", "tax": "2.50"}
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
        [{"path": "/tax", "message": "2.5 is more than 30 % of the total of 5.0"}],
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


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A scripted endpoint, in the place of Cloudflare for this process too."""
    with Endpoint() as endpoint, pytest.MonkeyPatch.context() as patch, without_waits():
        for name, setting in served(endpoint).items():
            patch.setenv(name, setting)
        yield endpoint


def pictures(question_body: Any) -> list[bytes]:
    """The pictures of a request."""
    parts = (part for message in question_body["messages"] for part in message["content"] if isinstance(part, dict))
    return [b64decode(part["image_url"]["url"].partition(",")[2]) for part in parts if part["type"] == "image_url"]


def test_scans_are_cleaned_and_read(endpoint: Endpoint, tmp_path: Path) -> None:
    """A scan is shown grey, smaller than it came, and its values are read from the page."""
    schema, value = schema_of("utility_bill"), gold(SAMPLES / "utility_bills")["water_and_power.pdf"]
    endpoint.otherwise(schema.encode(schema.validate(value)))
    assert script("scans", tmp_path, emulator=endpoint).startswith("1 of 1 bills are ok")
    assert_records(tmp_path, SAMPLES / "utility_bills" / "gold.jsonl")
    ((page,),) = (pictures(exchange.body) for exchange in endpoint.requests if exchange.body)
    (original,) = load(SAMPLES / "utility_bills" / "water_and_power.pdf").images
    with Picture.open(BytesIO(page)) as cleaned:
        assert (cleaned.format, cleaned.mode, cleaned.getextrema()) == ("JPEG", "L", (0, 255))
    assert len(page) < len(original.data)
    assert {line["tier"] for line in next(read_records(tmp_path))["evidence"]} == {"page"}


def test_the_inbox_reads_what_is_new(endpoint: Endpoint, tmp_path: Path) -> None:
    """A second run asks about the mail that came since, prints its tasks, and keeps the records of the first."""
    inbox, out, source = tmp_path / "mail", tmp_path / "out", SAMPLES / "email_messages"
    endpoint.gold(resolve_schema("email_message"), source)
    inbox.mkdir()
    shutil.copy(source / "atlas_rebinding.eml", inbox)
    first = script("inbox", inbox, out, emulator=endpoint).splitlines()
    assert first == [
        "2026-03-06  Ms Marchetti          collect the first twenty volumes",
        "no date     Ms Marchetti          send us a sample of the blue cloth",
    ]
    before = endpoint.served
    assert script("inbox", inbox, out, emulator=endpoint) == ""
    shutil.copy(source / "seed_exchange.eml", inbox)
    (line,) = script("inbox", inbox, out, emulator=endpoint).splitlines()
    assert line.startswith("2026-03-14  nobody")
    assert (before, endpoint.served) == (1, 2)
    assert [record["document"] for record in read_records(out)] == ["atlas_rebinding.eml", "seed_exchange.eml"]


def test_rows_of_a_table_become_rows(endpoint: Endpoint, tmp_path: Path) -> None:
    """Each ticket is asked about once, its row is typed, and a second run has only what is new."""

    def reply(question: Question) -> Any:
        urgent = "today" in question.text
        return {"product": "P9" if "P9" in question.text else None, "category": "fault", "urgent": urgent}

    endpoint.otherwise(reply)
    path = tmp_path / "tickets.sqlite"
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE ticket (id INTEGER PRIMARY KEY, body TEXT)")
        store.executemany(
            "INSERT INTO ticket VALUES (?, ?)", [(1, "The P9 is broken, come today"), (2, "No ink"), (9, None)]
        )
    assert script("table_rows", path, emulator=endpoint) == "wrote 2 rows of the table triage\n"
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("INSERT INTO ticket VALUES (3, 'P9 jams')")
    assert script("table_rows", path, emulator=endpoint) == "wrote 1 rows of the table triage\n"
    with closing(sqlite3.connect(path)) as store:
        rows = store.execute("SELECT id, status, product, category, urgent FROM triage ORDER BY id").fetchall()
    assert rows == [("1", "ok", "P9", "fault", 1), ("2", "ok", None, "fault", 0), ("3", "ok", "P9", "fault", 0)]
    assert endpoint.served == 3


def test_rows_of_a_frame_become_columns(endpoint: Endpoint) -> None:
    """The frame comes back with typed values beside its own columns."""
    arrow = pytest.importorskip("pyarrow", reason="frames need pyarrow, of extractor-pipelines[tables]")
    endpoint.otherwise({"product": "P9", "category": "fault", "urgent": False})
    frame = arrow.table({"id": [7, 8], "body": ["P9 jams", None]})
    found = resolve("table_rows:triage_frame", kind="pipelines")(frame)
    assert found.select(["id", "value", "status"]).to_pylist() == [
        {"id": 7, "value": {"product": "P9", "category": "fault", "urgent": False}, "status": "ok"},
        {"id": 8, "value": None, "status": None},
    ]


def test_documents_are_read_by_their_kind(endpoint: Endpoint, tmp_path: Path) -> None:
    """The kind is asked first, by the beginning alone; what is of no kind is asked nothing else."""
    files = {
        "receipts/kebab_hamburg.txt": "receipt",
        "invoices/fittings_sheffield.pdf": "invoice",
        "delivery_notes/timber.jpg": "delivery_note",
        "resumes/hydrographer.md": "other",
    }
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name, kind in files.items():
        shutil.copy(SAMPLES / name, source)
        if kind != "other":
            endpoint.answer(resolve_schema(kind), SAMPLES / name, gold(SAMPLES / Path(name).parent)[Path(name).name])
    endpoint.otherwise({"kind": "other"})
    (source / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    command = ["run", str(source), "--pipeline", "classify_extract", "--out", str(out)]
    assert CliRunner().invoke(app, command, env=served(endpoint)).exit_code == 1
    by_name = {record["document"]: record for record in read_records(out)}
    found = {name: (record.get("kind"), record["status"]) for name, record in by_name.items()}
    names = {"receipt": "Receipt", "invoice": "Invoice", "delivery_note": "DeliveryNote"}
    expected = {Path(name).name: (names.get(kind), "ok") for name, kind in files.items()}
    assert found == expected | {"hydrographer.md": ("other", "failed"), "broken.pdf": (None, "failed")}
    for name, kind in files.items():
        if kind != "other":
            assert_record(by_name[Path(name).name], gold(SAMPLES / Path(name).parent)[Path(name).name])
    questions = [Question.of(exchange.body) for exchange in endpoint.requests]
    first = [question for question in questions if set((question.schema or {})["properties"]) == {"kind"}]
    assert (len(first), len(questions)) == (4, 7)
    assert (out / "records.invoice.csv").is_file()


def test_a_night_of_batches(endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The contracts are priced, queued, collected and written as tables; nothing is asked outside of a batch."""
    endpoint.gold(resolve_schema("contract"), SAMPLES / "contracts")
    resolve("overnight_batch:main", kind="pipelines")(str(tmp_path))
    printed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"3 requests, at most \$0\.\d\d", printed[0])
    assert printed[1].startswith("3 of 3 contracts are ok")
    assert_records(tmp_path, SAMPLES / "contracts" / "gold.jsonl")
    assert (tmp_path / "records.csv").is_file()
    assert all("requests" in exchange.body or "request_id" in exchange.body for exchange in endpoint.requests)


def test_invoices_that_add_up(endpoint: Endpoint, tmp_path: Path) -> None:
    """The sample invoices add up; one with a wrong total is asked about again, and is partial."""
    right = gold(SAMPLES / "invoices")
    job = resolve_pipeline("invoice_sums")
    endpoint.gold(job.schema, SAMPLES / "invoices")
    value = right["workshop_cardiff.txt"]
    wrong = {**value, "total": str(Decimal(value["total"]) + 1)}
    endpoint.answer(job.schema, SAMPLES / "invoices" / "workshop_cardiff.txt", wrong)
    assert script("invoice_sums", tmp_path, emulator=endpoint).startswith("6 of 7 invoices add up")
    for record in read_records(tmp_path):
        if record["document"] == "workshop_cardiff.txt":
            assert_record(record, wrong, status="partial")
            assert "do not give the total" in record["problems"][0]["message"]
        else:
            assert_record(record, right[record["document"]])
    assert (tmp_path / "records.csv").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_what_people_copy_uses_what_is_stable(name: str) -> None:
    """A pipeline to copy imports the public names of `extractor`, or the modules that the reference calls stable."""
    imported = re.findall(r"^from (extractor[\w.]*) import", (FOLDER / f"{name}.py").read_text("utf-8"), re.MULTILINE)
    stable = r"extractor|extractor\.(testing|shards\.\w+|airflow(\.\w+)?)"
    assert [module for module in imported if not re.fullmatch(stable, module)] == []
