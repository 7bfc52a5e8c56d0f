"""Folders of several kinds of documents, and files that hold several documents."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from extractor import Extractor, Pipeline, load
from extractor.call.prompt import read_document
from extractor.cli.app import app
from extractor.documents.document import Document
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.errors import Problem, UsageError
from extractor.extraction.kinds import kind_layout
from extractor.extraction.parts import Sizes
from extractor.pipeline.config import Config
from extractor.pipeline.corrections import append_step
from extractor.pipeline.journal import Journal
from extractor.pipeline.published import Published
from extractor.pipeline.sinks.layout import lay_out
from extractor.pipeline.specs import resolve_schema
from extractor.pipeline.stages import STAGES, Work
from extractor.review.server import Run
from extractor.review.steps import step_of
from extractor.schema.compiler import compile_schema
from extractor.text.tokens import count_tokens
from extractor.wire.values import Request
from tests.documents.making import pdf
from tests.kit import SAMPLES, gold, schema_of
from tests.pipeline.readers import READERS

KINDS = resolve_schema("receipt,invoice,contract")
FOLDERS = {"receipt": "receipts", "invoice": "invoices", "contract": "contracts"}
NAMES = {
    "bakery_bremen.txt": "receipt",
    "cafe_lyon.txt": "receipt",
    "kebab_hamburg.txt": "receipt",
    "consulting_letter.txt": "invoice",
    "workshop_cardiff.txt": "invoice",
    "software_services.txt": "contract",
}
NOTE = "Dear all,\n\nthe kitchen on the second floor is closed on Friday. Coffee is on the first floor.\n\nMarta\n"
VALUES = {name: gold(SAMPLES / FOLDERS[spec])[name] for name, spec in NAMES.items()}


def text_of(name: str) -> str:
    return (SAMPLES / FOLDERS[NAMES[name]] / name).read_text(encoding="utf-8")


def is_kind_question(body: Mapping[str, Any]) -> bool:
    return list(body["response_format"]["json_schema"]["schema"]["properties"]) == ["kind"]


def reply(body: Mapping[str, Any]) -> Any:
    """The right answer: the kind by the beginning of a document, the gold value by the whole of it."""
    text = read_document(body["messages"]).strip()
    if is_kind_question(body):
        spec = next((spec for name, spec in NAMES.items() if text_of(name).strip().startswith(text)), "other")
        return {"kind": spec if spec == "other" else schema_of(spec).name}
    name = next(name for name in NAMES if text_of(name).strip() == text)
    schema = schema_of(NAMES[name])
    return schema.encode(schema.validate(VALUES[name]))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(reply) as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Receipts, invoices, a contract, and a note that is none of them."""
    source = tmp_path / "in"
    source.mkdir()
    for name, spec in NAMES.items():
        shutil.copy(SAMPLES / FOLDERS[spec] / name, source / name)
    (source / "note.txt").write_text(NOTE, encoding="utf-8")
    return source


def config(emulator: Emulator, **options: Any) -> Config:
    return Config(base_url=emulator.base_url, account_id=emulator.account_id, token=emulator.token, **options)


def job(emulator: Emulator, folder: Path, **options: Any) -> Pipeline:
    return Pipeline(KINDS, folder, config=config(emulator), **options)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def records(out: Path) -> dict[str, dict[str, Any]]:
    return {row["document"]: row for row in lines(out / "records.jsonl")}


def test_each_document_is_asked_for_its_own_kind(emulator: Emulator, folder: Path, tmp_path: Path) -> None:
    """A record has the value of its kind and names it; a note costs the first question, and says why it failed."""
    out = tmp_path / "out"
    totals = job(emulator, folder).run(out)
    found = records(out)
    note = found.pop("note.txt")
    assert {name: row["kind"] for name, row in found.items()} == {
        name: schema_of(spec).name for name, spec in NAMES.items()
    }
    assert {name: row["value"] for name, row in found.items()} == VALUES
    assert {row["status"] for row in found.values()} == {"ok"}
    assert (note["kind"], note["status"], note["value"], note["attempts"]) == ("other", "failed", None, 1)
    assert note["problems"] == [{"path": "", "message": "it is none of Receipt, Invoice, Contract"}]
    assert note["usage"]["prompt_tokens"] > 0
    assert (totals.ok, totals.failed) == (6, 1)
    assert sum(is_kind_question(exchange.body) for exchange in emulator.requests) == 7
    assert len(emulator.requests) == 13


def test_library_calls_know_the_kind(emulator: Emulator) -> None:
    """`value` is an instance of the class; text and streams are read in the same way."""
    with Extractor(config(emulator)) as extractor:
        result = extractor.extract(KINDS, text_of("workshop_cardiff.txt"))
        none = extractor.extract(KINDS, NOTE)
        *grown, last = extractor.stream(KINDS, text_of("cafe_lyon.txt"))
    assert type(result.value).__name__ == result.kind == "Invoice"
    assert result.value.number == "TG-2026-0318"
    assert result.attempts == 2
    assert (none.status, none.kind, none.value) == ("failed", "other", None)
    assert last.result is not None
    assert last.result.data == VALUES["cafe_lyon.txt"]
    assert all(partial.data.keys() <= last.data.keys() for partial in grown)


def test_an_empty_document_is_not_asked_about(emulator: Emulator) -> None:
    """Nothing is sent where there is nothing to read."""
    with Extractor(config(emulator)) as extractor:
        result = extractor.extract(KINDS, "  ")
    assert [problem.message for problem in result.problems] == ["the document holds no text"]
    assert emulator.requests == []


def test_the_question_about_the_kind_shows_the_beginning(folder: Path) -> None:
    """Of a long text it shows some 2,000 tokens, of a scan its first page; the file itself is not changed."""
    schema, sizes = compile_schema(KINDS, counts=True), Sizes()
    long = Document.from_text("\n".join(f"line {number} of a long report" for number in range(5000)))
    layout = kind_layout(schema.kinds, long, sizes)
    assert 1_900 <= count_tokens(layout.document.text) <= 2_000
    assert long.text.startswith(layout.document.text)
    scan = load(SAMPLES / "utility_bills" / "water_and_power.pdf")
    assert len(scan.images) > 0
    assert kind_layout(schema.kinds, scan, sizes).document.images == scan.images[:1]


def test_a_killed_run_goes_on(emulator: Emulator, folder: Path, tmp_path: Path) -> None:
    """A run that ends in the middle asks nothing twice that was answered: no kind, and no value."""
    out = tmp_path / "out"

    def stop(row: Any, totals: Any) -> None:
        if totals.documents == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job(emulator, folder).run(out, progress=stop)
    with closing(sqlite3.connect(out / "journal.sqlite")) as journal:
        (stored,) = journal.execute("SELECT count(*) FROM replies").fetchone()
    with Emulator(reply) as later:
        totals = job(later, folder).run(out)
        assert (totals.ok, totals.failed) == (6, 1)
        assert {name: row["value"] for name, row in records(out).items() if name in VALUES} == VALUES
        assert (stored >= 3, len(later.requests)) == (True, 13 - stored)
        job(later, folder).run(out)
        assert len(later.requests) == 13 - stored


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_no_stored_reply_is_asked_for_again_after_a_kill(emulator: Emulator, folder: Path, tmp_path: Path) -> None:
    """The journal of a process that was killed between the two questions of some documents holds what they cost."""
    out = tmp_path / "out"
    job = ["run", str(folder), "--schema", "receipt,invoice,contract", "--out", str(out), "--rpm", "100000"]
    where = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
    command = [sys.executable, "-m", "extractor", *job, "--concurrency", "2"]
    environment = {**os.environ, **where, "EXTRACTOR_BASE_URL": emulator.base_url}
    for _ in range(3):
        goal = emulator.served + 4
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and emulator.served < goal:
            pass
        process.kill()
        process.wait()
        with closing(Journal(out / "journal.sqlite")) as journal:
            keys = [Request(each.body, model=emulator.model).key for each in emulator.requests]
            stored = {key for key in keys if journal.holds(key)}
        before = len(keys)
        subprocess.run([*command[:-1], "1"], env=environment, capture_output=True, check=False, timeout=100)
        repeated = [Request(each.body, model=emulator.model).key for each in emulator.requests[before:]]
        assert stored.isdisjoint(repeated)
        assert {name: row["value"] for name, row in records(out).items() if name in VALUES} == VALUES
        shutil.rmtree(out)


def test_a_retry_asks_about_the_kind_of_what_failed(folder: Path, tmp_path: Path) -> None:
    """A document that no kind was found for is asked about in a retry, and those that ended ok are not."""
    out, known = tmp_path / "out", []

    def doubtful(body: Mapping[str, Any]) -> Any:
        return reply(body) if known or not is_kind_question(body) else {"kind": "other"}

    with Emulator(doubtful) as emulator:
        assert job(emulator, folder).run(out).failed == 7
        assert len(emulator.requests) == 7
        known.append(True)
        totals = job(emulator, folder).retry(out)
        assert (totals.ok, totals.failed) == (6, 1)
        assert len(emulator.requests) == 7 + 13


@pytest.mark.parametrize("form", ["csv", "duckdb", "parquet", "sqlite"])
def test_each_kind_has_tables_of_its_own(form: str, emulator: Emulator, folder: Path, tmp_path: Path) -> None:
    """One table lists all documents with their kinds; the rows of a document are in the tables of its kind alone."""
    out = tmp_path / "out"
    job(emulator, folder, sink=form).run(out)
    tables = READERS[form](out, lay_out(compile_schema(KINDS, counts=True)))
    every = {row["document"]: row["kind"] for row in tables["receipt_invoice_contract"]}
    assert every == {name: row["kind"] for name, row in records(out).items()}
    of_kind = {
        name: {document for document, kind in every.items() if kind == name}
        for name in ("Receipt", "Invoice", "Contract")
    }
    assert {row["document"] for row in tables["receipt"]} == of_kind["Receipt"]
    assert {row["document"] for row in tables["contract"]} == of_kind["Contract"]
    assert {row["document"]: row["number"] for row in tables["invoice"]} == {
        name: VALUES[name]["number"] for name in of_kind["Invoice"]
    }
    assert {row["parent_id"] for row in tables["invoice_lines"]} == of_kind["Invoice"]


@pytest.mark.parametrize("form", ["duckdb", "sqlite"])
def test_a_document_of_another_kind_leaves_no_rows_behind(form: str, folder: Path, tmp_path: Path) -> None:
    """Once a file is another one, of another kind, a database has its new rows and none of the old ones."""
    out = tmp_path / "out"
    with Emulator(reply) as emulator:
        job(emulator, folder, sink=form).run(out)
        shutil.copy(SAMPLES / "receipts" / "cafe_lyon.txt", folder / "workshop_cardiff.txt")
        job(emulator, folder, sink=form).run(out)
    tables = READERS[form](out, lay_out(compile_schema(KINDS, counts=True)))
    assert records(out)["workshop_cardiff.txt"]["kind"] == "Receipt"
    where = {name for name, rows in tables.items() for row in rows if row["document"] == "workshop_cardiff.txt"}
    assert where == {"receipt_invoice_contract", "receipt"}


def test_the_plan_prices_both_questions(emulator: Emulator, folder: Path, tmp_path: Path) -> None:
    """What a perfect reader's run is billed lies between the low price and the high one."""
    pipeline = job(emulator, folder)
    planned = pipeline.plan()
    assert planned.requests == 14
    paid = pipeline.run(tmp_path / "out").usage.cost_usd
    assert planned.low_usd is not None
    assert planned.high_usd is not None
    assert planned.low_usd <= paid <= planned.high_usd
    plan = pipeline.plan(tmp_path / "out")
    assert (plan.finished, plan.requests) == (6, 1)


def test_corrections_are_checked_by_the_kind(emulator: Emulator, folder: Path, tmp_path: Path) -> None:
    """A corrected value is judged by the schema of its document's kind."""
    out, name = tmp_path / "out", "workshop_cardiff.txt"
    job(emulator, folder).run(out)
    record = records(out)[name]
    schema = compile_schema(KINDS, counts=True)
    assert schema.problems(record["value"], "Invoice") == ()
    with pytest.raises(UsageError, match="total"):
        step_of(record, [], {"action": "correct", "path": "/total", "text": "much"}, schema.of_kind("Invoice"))
    append_step(
        out, step_of(record, [], {"action": "correct", "path": "/number", "text": "7"}, schema.of_kind("Invoice"))
    )
    job(emulator, folder).run(out)
    corrected = records(out)[name]
    assert (corrected["value"]["number"], corrected["status"], corrected["corrected"]) == ("7", "ok", True)


def test_a_folder_from_the_command_line(
    emulator: Emulator, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--schema receipt,invoice,contract` is the union, in every command that takes a schema."""
    monkeypatch.setenv("EXTRACTOR_BASE_URL", emulator.base_url)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", emulator.account_id)
    monkeypatch.setenv("CLOUDFLARE_AUTH_TOKEN", emulator.token)
    out, spec, runner = tmp_path / "out", "receipt,invoice,contract", CliRunner()
    assert runner.invoke(app, ["run", str(folder), "--schema", spec, "--out", str(out), "-q"]).exit_code == 1
    assert {row["kind"] for row in records(out).values()} == {"Receipt", "Invoice", "Contract", "other"}
    assert runner.invoke(app, ["export", str(out), "--format", "csv"]).exit_code == 0
    assert (out / "records.invoice_lines.csv").is_file()
    one = runner.invoke(app, ["extract", str(folder / "cafe_lyon.txt"), "--schema", spec])
    assert json.loads(one.stdout)["kind"] == "Receipt"
    plan = runner.invoke(app, ["plan", str(folder), "--schema", spec, "--json"])
    assert json.loads(plan.stdout)["requests"] == 14
    checked = runner.invoke(app, ["schema", "check", spec])
    assert [line.partition(":")[0] for line in checked.stdout.splitlines()] == [
        "Kind",
        "Receipt",
        "Invoice",
        "Contract",
    ]
    assert len(json.loads(runner.invoke(app, ["schema", "show", spec]).stdout)) == 4


def test_schemas_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    """Two of one name, and a class beside a JSON Schema, are named in one line."""
    (tmp_path / "a.json").write_text('{"type": "object", "properties": {"x": {"type": "string"}}}', encoding="utf-8")
    with pytest.raises(UsageError, match="are named Receipt"):
        resolve_schema("receipt,receipt")
    with pytest.raises(UsageError, match="JSON Schema file and a class"):
        resolve_schema(f"receipt,{tmp_path / 'a.json'}")


def test_json_schemas_are_kinds_too(tmp_path: Path) -> None:
    """Several JSON Schema files are named by their titles, or else by their files; their references stay their own."""
    shape = {"type": "object", "properties": {"at": {"$ref": "#/$defs/At"}}, "required": ["at"]}
    first = {**shape, "title": "Trip", "description": "A journey.", "$defs": {"At": {"type": "string"}}}
    (tmp_path / "a.json").write_text(json.dumps(first), encoding="utf-8")
    (tmp_path / "stay.json").write_text(json.dumps({**shape, "$defs": {"At": {"type": "integer"}}}), encoding="utf-8")
    schema = compile_schema(resolve_schema(f"{tmp_path / 'a.json'},{tmp_path / 'stay.json'}"))
    trip, stay = schema.kinds
    assert [(kind.name, kind.description) for kind in schema.kinds] == [("Trip", "A journey."), ("stay", "")]
    assert (trip.problems({"at": "noon"}), stay.problems({"at": 3})) == ((), ())
    assert trip.problems({"at": 3})
    assert stay.problems({"at": "noon"})


# ---------------------------------------------------------------------- files that hold several documents

PAPERS = ("diner_ohio.txt", "hardware_leeds.txt", "fuel_denver.txt")
TEXTS = {name: (SAMPLES / "receipts" / name).read_text(encoding="utf-8") for name in PAPERS}
RECEIPTS = {name: gold(SAMPLES / "receipts")[name] for name in PAPERS}
RECEIPT = resolve_schema("receipt")


def page(*lines: str) -> list[tuple[float, float, str]]:
    return [(60, 740 - 16 * number, line) for number, line in enumerate(lines)]


def scanner(folder: Path, *names: str, name: str = "scan.pdf") -> Path:
    """A PDF of some receipts, one after the other; that of the hardware shop goes over two pages."""
    pages = []
    for text in map(TEXTS.__getitem__, names):
        lines = text.splitlines()
        half = 7 if "PENNINE" in text else len(lines)
        pages += [page(*part) for part in (lines[:half], lines[half:]) if part]
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(pdf(*pages))
    return folder


def listed(body: Mapping[str, Any]) -> Any:
    """All receipts that begin in the part asked about, as a list."""
    question = Question.of(body)
    found = sorted(
        (place.start(), name)
        for name, value in RECEIPTS.items()
        for place in re.finditer(re.escape(value["merchant"]), question.part_text)
    )
    schema = compile_schema(list[RECEIPT], counts=True)  # type: ignore[valid-type]
    return schema.encode(schema.validate([RECEIPTS[name] for _, name in found]))


def split_job(emulator: Emulator, folder: Path, schema: Any = RECEIPT, **options: Any) -> Pipeline:
    return Pipeline(schema, folder, config=config(emulator), split=True, **options)


def test_each_document_of_a_file_becomes_a_record(tmp_path: Path) -> None:
    """Its name has its number; pages, evidence, confidence and problems are its own; what was paid is told once."""
    with Emulator(listed) as emulator:
        totals = split_job(emulator, scanner(tmp_path / "in", *PAPERS)).run(tmp_path / "out")
        billed = emulator.usage
    found = list(records(tmp_path / "out").values())
    assert [row["document"] for row in found] == ["scan.pdf#1", "scan.pdf#2", "scan.pdf#3"]
    assert [row["value"] for row in found] == [RECEIPTS[name] for name in PAPERS]
    assert [row["pages"] for row in found] == [[1, 1], [2, 3], [4, 4]]
    assert [row["status"] for row in found] == ["ok"] * 3
    assert "kind" not in found[0]
    for row in found:
        pages = {line["path"]: line["page"] for line in row["evidence"] if line["page"]}
        assert {"/merchant", "/total"} <= pages.keys()
        assert set(pages.values()) <= set(range(row["pages"][0], row["pages"][1] + 1))
        assert row["confidence"].keys() <= {f"/{name}" for name in row["value"]}
    assert [row["attempts"] for row in found] == [1, 0, 0]
    assert sum(row["usage"]["completion_tokens"] for row in found) == billed.completion_tokens
    assert (totals.documents, totals.ok, totals.attempts) == (3, 3, 1)
    assert totals.whole


def test_a_value_found_in_the_wrong_document_does_not_widen_its_pages(tmp_path: Path) -> None:
    """Pages follow the order of the documents; two of them may share a page, and the last one reaches to the end."""

    def at(path: str, start: int, page: int) -> dict[str, Any]:
        return {"path": path, "start": start, "end": start + 1, "page": page, "tier": "exact"}

    evidence = [at("/0/a", 10, 1), at("/0/b", 40, 1), at("/0/c", 60, 1)]
    evidence += [at("/1/a", 110, 2), at("/1/b", 20, 1), at("/1/c", 150, 2), at("/2/a", 180, 2), at("/2/b", 210, 3)]
    line = {"document": "x.pdf", "value": [{}, {}, {}], "evidence": evidence, "problems": [], "confidence": {}}
    with closing(Journal(tmp_path / "x.sqlite")) as journal:
        found = list(Published(journal, compile_schema(RECEIPT), split=True).records({**line, "pages": [1, 4]}))
    assert [record["pages"] for record in found] == [[1, 1], [2, 2], [2, 4]]


def test_a_problem_of_one_document_is_its_own(tmp_path: Path) -> None:
    """One that is wrong is partial alone, in records and failures; a problem of the file is one of each."""

    def doubt(work: Work) -> Work:
        return work.with_problems(Problem("/1/currency", "is doubtful"))

    with Emulator(listed) as emulator:
        pipeline = split_job(emulator, scanner(tmp_path / "in", *PAPERS), stages=(*STAGES, doubt))
        pipeline.run(tmp_path / "out")
    assert [row["status"] for row in records(tmp_path / "out").values()] == ["ok", "partial", "ok"]
    (failure,) = lines(tmp_path / "out" / "failures.jsonl")
    assert failure["document"] == "scan.pdf#2"
    assert failure["path"].endswith("scan.pdf")
    assert failure["reasons"] == ["is doubtful @ /currency"]
    line = {**records(tmp_path / "out")["scan.pdf#1"], "document": "scan.pdf", "value": [{}, {}]}
    line["problems"] = [{"path": "", "message": "not read: a chart"}, {"path": "/1", "message": "odd"}]
    with closing(Journal(tmp_path / "x.sqlite")) as journal:
        first, second = Published(journal, compile_schema(RECEIPT), split=True).records(line)
    assert [first["status"], second["status"]] == ["partial", "partial"]
    assert [each["message"] for each in first["problems"]] == ["not read: a chart"]
    assert [each["message"] for each in second["problems"]] == ["not read: a chart", "odd"]


def test_a_file_without_documents_fails_as_a_file(tmp_path: Path) -> None:
    """It is one record that says so, so that no file is missing from the records."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "note.txt").write_text(NOTE, encoding="utf-8")
    with Emulator(lambda body: {"value_count": 0, "value": []}) as emulator:
        totals = split_job(emulator, tmp_path / "in").run(tmp_path / "out")
    (row,) = records(tmp_path / "out").values()
    assert (row["document"], row["status"], row["value"], totals.failed) == ("note.txt", "failed", None, 1)
    assert [each["message"] for each in row["problems"]] == ["no document was found in the file"]


@pytest.mark.parametrize("form", ["duckdb", "sqlite"])
def test_tables_follow_a_file_that_holds_fewer_documents(form: str, tmp_path: Path) -> None:
    """A row for each document of a file; those that a file no longer holds are removed from a database."""
    out = tmp_path / "out"
    with Emulator(listed) as emulator:
        split_job(emulator, scanner(tmp_path / "in", *PAPERS), sink=form).run(out)
        before = READERS[form](out, lay_out(compile_schema(RECEIPT, counts=True)))
        split_job(emulator, scanner(tmp_path / "in", *PAPERS[:2]), sink=form).run(out)
        after = READERS[form](out, lay_out(compile_schema(RECEIPT, counts=True)))
    assert [row["document"] for row in before["receipt"]] == ["scan.pdf#1", "scan.pdf#2", "scan.pdf#3"]
    assert {row["document"]: row["merchant"] for row in after["receipt"]} == {
        f"scan.pdf#{number}": RECEIPTS[name]["merchant"] for number, name in enumerate(PAPERS[:2], 1)
    }
    assert list(records(out)) == ["scan.pdf#1", "scan.pdf#2"]


def test_many_documents_in_one_file(tmp_path: Path) -> None:
    """A file of 90 receipts is read part by part: each once, in order, on its own page, at a price within the plan."""
    names = [PAPERS[0], PAPERS[2]] * 45
    with Emulator(listed) as emulator:
        pipeline = split_job(emulator, scanner(tmp_path / "in", *names))
        planned = pipeline.plan()
        totals = pipeline.run(tmp_path / "out")
        requests = len(emulator.requests)
    found = records(tmp_path / "out")
    assert [found[f"scan.pdf#{number}"]["value"] for number in range(1, 91)] == [RECEIPTS[name] for name in names]
    assert [found[f"scan.pdf#{number}"]["pages"] for number in range(1, 91)] == [[page, page] for page in range(1, 91)]
    assert totals.whole
    assert requests > 1
    assert planned.low_usd is not None
    assert planned.high_usd is not None
    assert planned.low_usd <= totals.usage.cost_usd <= planned.high_usd


class Item(BaseModel):
    """An item that was sold."""

    name: str


class Slip(BaseModel):
    """A slip of a shop."""

    shop: str
    items: list[Item]


def test_a_list_that_is_short_in_one_document_is_a_problem_of_that_one(tmp_path: Path) -> None:
    """A slip of a later part with fewer items than the model counted is partial, and no other is."""

    def short(body: Mapping[str, Any]) -> Any:
        shops = re.findall(r"Shop \d+", Question.of(body).part_text)
        counts = ((shop, 1 + (shop == "Shop 698")) for shop in shops)
        slips = [{"shop": shop, "items_count": count, "items": [{"name": "Screw"}]} for shop, count in counts]
        return {"value_count": len(shops), "value": slips}

    text = "\n".join(f"Shop {number}\nScrew 4.20\n" for number in range(1, 701))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "slips.txt").write_text(text, encoding="utf-8")
    with Emulator(short) as emulator:
        split_job(emulator, tmp_path / "in", Slip).run(tmp_path / "out")
        assert len(emulator.requests) > 1
    found = records(tmp_path / "out")
    assert len(found) == 700
    assert {name: row["problems"] for name, row in found.items() if row["status"] != "ok"} == {
        "slips.txt#698": [{"path": "/items", "message": "the model counted 2 items and listed 1"}]
    }


def test_documents_of_several_kinds_in_one_file(tmp_path: Path) -> None:
    """With a union each document of a file has a kind, and its rows are in the tables of that kind."""
    kinds = resolve_schema("receipt,invoice")
    schema, invoice = compile_schema(list[kinds], counts=True), VALUES["workshop_cardiff.txt"]  # type: ignore[valid-type]
    items = [schema_of("receipt").validate(RECEIPTS[PAPERS[0]]), schema_of("invoice").validate(invoice)]
    (tmp_path / "in").mkdir()
    both = f"{TEXTS[PAPERS[0]]}\n\f\n{text_of('workshop_cardiff.txt')}"
    (tmp_path / "in" / "both.txt").write_text(both, encoding="utf-8")
    out = tmp_path / "out"
    with Emulator(lambda body: schema.encode(items)) as emulator:
        split_job(emulator, tmp_path / "in", kinds, sink="sqlite").run(out)
    found = records(out)
    assert [(row["document"], row["kind"]) for row in found.values()] == [
        ("both.txt#1", "Receipt"),
        ("both.txt#2", "Invoice"),
    ]
    assert [row["value"] for row in found.values()] == [RECEIPTS[PAPERS[0]], invoice]
    tables = READERS["sqlite"](out, lay_out(compile_schema(kinds, counts=True)))
    assert [row["document"] for row in tables["receipt"]] == ["both.txt#1"]
    assert [row["document"] for row in tables["invoice"]] == ["both.txt#2"]


def test_a_split_job_resumes_and_is_reviewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--split` is stored with the run: a second run pays nothing, the page has each document, export writes them."""
    out, source = tmp_path / "out", scanner(tmp_path / "in", *PAPERS)
    with Emulator(listed) as emulator:
        monkeypatch.setenv("EXTRACTOR_BASE_URL", emulator.base_url)
        monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", emulator.account_id)
        monkeypatch.setenv("CLOUDFLARE_AUTH_TOKEN", emulator.token)
        command = ["run", str(source), "--schema", "receipt", "--split", "--out", str(out)]
        first, second = (CliRunner().invoke(app, command) for _ in range(2))
        assert (first.exit_code, second.exit_code) == (0, 0)
        assert len(emulator.requests) == 1
    assert CliRunner().invoke(app, ["export", str(out), "--format", "csv"]).exit_code == 0
    assert len((out / "records.csv").read_text(encoding="utf-8").splitlines()) == 4
    scan = Run(out, schema_of("receipt")).document("scan.pdf#2")
    assert "PENNINE HARDWARE LTD" in json.dumps(scan["pieces"])
    assert Run(out, schema_of("receipt")).page("scan.pdf#2", 2)["data"].startswith("data:image/")


def test_a_file_with_the_name_of_a_document_in_a_file(tmp_path: Path) -> None:
    """It is refused before anything is sent where files hold several documents: one of two records would be lost."""
    source = tmp_path / "in"
    source.mkdir()
    for name in (*map(str, range(200)), "scan.pdf#1"):
        (source / name).write_text(f"KIOSK {name}\nTotal 5.00", encoding="utf-8")
    with Emulator(listed) as emulator:
        config = Config(base_url=emulator.base_url, account_id=emulator.account_id, token=emulator.token)
        job = Pipeline(resolve_schema("receipt"), source, config=config, split=True)
        with pytest.raises(UsageError, match=r"^scan\.pdf#1 is named like a document inside another file"):
            job.run(tmp_path / "out")
        assert emulator.served == 0
