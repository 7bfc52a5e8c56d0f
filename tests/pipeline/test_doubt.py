"""`retry --doubtful`: a second opinion on values that were not found in the source, and on nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from inspect import getsource
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from extractor import AccountError, Config, Emulator, Pipeline, Problem, UsageError, Work, stages
from extractor.call.prompt import read_document
from extractor.cli.app import app
from extractor.emulator.refusals import unauthorized
from extractor.emulator.values import Completion


class Row(BaseModel):
    """A row."""

    sku: str
    amount: str | None


class Bill(BaseModel):
    """A bill."""

    merchant: str
    number: str
    rows: list[Row]


TEXT = "Linde\nBill B-7741\nScrew 4.20\nNail 1.10\n"
RIGHT = {
    "merchant": "Linde",
    "number": "B-7741",
    "rows": [{"sku": "Screw", "amount": "4.20"}, {"sku": "Nail", "amount": "1.10"}],
}
SCHEMA_FILE = f"from pydantic import BaseModel\n{getsource(Row)}\n{getsource(Bill)}\nSCHEMA = Bill\n"


class Reader:
    """A model that misreads a number and an amount, unless it thinks; what it is asked alone, it answers as `alone`."""

    def __init__(self, alone: Mapping[str, Any]) -> None:
        self.alone = alone
        self.requests: list[Mapping[str, Any]] = []

    def __call__(self, body: Mapping[str, Any]) -> Any:
        self.requests.append(body)
        wire = body["response_format"]["json_schema"]
        names = set(wire.get("schema", wire)["properties"])
        if "merchant" not in names:
            return self.alone
        if "Kiosk" in read_document(body["messages"]):
            return {"merchant": "Kiosk", "number": "K-1234", "rows_count": 0, "rows": []}
        rows = [RIGHT["rows"][0], {"sku": "Nail", "amount": "7.70"}]
        return {"merchant": "Linde", "number": "B-9999", "rows_count": 2, "rows": rows}


BETTER = {"number": "B-7741", "rows": {"1": {"amount": "1.10"}}}
SAME = {"number": "B-9999", "rows": {"1": {"amount": "7.70"}}}
WORSE = {"number": None, "rows": {"1": {"amount": "1.10"}}}


def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "linde.txt").write_text(TEXT)
    (tmp_path / "in" / "kiosk.txt").write_text("Kiosk\nBill K-1234\n")
    return tmp_path


def run(tmp_path: Path, emulator: Emulator, **more: Any) -> Pipeline:
    where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    job = Pipeline(Bill, tmp_path / "in", config=Config(**where), **more)
    job.run(tmp_path / "out")
    return job


def record(tmp_path: Path) -> dict[str, Any]:
    lines = map(json.loads, (tmp_path / "out" / "records.jsonl").read_text().splitlines())
    return next(line for line in lines if line["document"] == "linde.txt")


def tiers(row: Mapping[str, Any]) -> dict[str, str]:
    return {line["path"]: line["tier"] for line in row["evidence"]}


def test_doubtful_values_are_asked_about_alone(tmp_path: Path) -> None:
    """One question with the doubtful fields, which does not say what they were; the rest of the record stays."""
    reader = Reader(BETTER)
    with Emulator(reader) as emulator:
        job = run(folder(tmp_path), emulator)
        before = record(tmp_path)
        assert [path for path, tier in tiers(before).items() if tier == "none"] == ["/number", "/rows/1/amount"]
        del reader.requests[:]
        totals = job.retry(tmp_path / "out", doubtful=True, thinking_tokens=500)
        paid = emulator.usage.cost_usd
    (request,) = reader.requests
    words = json.dumps(request["messages"])
    assert ("B-9999" in words, "7.70" in words, "Nail" in words) == (False, False, True)
    assert request["chat_template_kwargs"]["thinking"] is True
    after = record(tmp_path)
    assert after["value"] == RIGHT
    assert set(tiers(after).values()) == {"exact"}
    assert after["repairs"][-1]["paths"] == ["/number", "/rows/1/amount"]
    assert "'B-9999' became 'B-7741' @ /number" in after["repairs"][-1]["changes"][0]
    assert after["attempts"] == before["attempts"] + 1
    assert (totals.documents, totals.ok, totals.flagged) == (2, 2, 0)
    ledger = json.loads((tmp_path / "out" / "run.json").read_text())["ledger"]
    assert paid is not None
    assert (ledger["spent_usd"], ledger["elsewhere_usd"]) == (pytest.approx(paid), 0.0)


def test_an_opinion_that_was_stopped_is_paid_in_the_record(tmp_path: Path) -> None:
    """What its replies cost before the account was refused is in the record, once, as in the ledger."""
    reader, answers = Reader(SAME), iter(["No JSON at all.", unauthorized(), unauthorized()])
    with Emulator(lambda body: next(answers, SAME) if "merchant" not in str(body) else reader(body)) as emulator:
        job = run(folder(tmp_path), emulator)
        for _ in range(2):
            with pytest.raises(AccountError):
                job.retry(tmp_path / "out", doubtful=True)
            ledger = json.loads((tmp_path / "out" / "run.json").read_text())["ledger"]
            assert ledger["documents_usd"] == ledger["spent_usd"] == emulator.usage.cost_usd
    assert (record(tmp_path)["attempts"], record(tmp_path)["status"]) == (3, "ok")


def test_a_confirmed_value_is_less_doubtful(tmp_path: Path) -> None:
    """The same answer twice is worth more; asking again costs nothing, and is counted once."""
    reader = Reader(SAME)
    with Emulator(reader) as emulator:
        job = run(folder(tmp_path), emulator)
        before = record(tmp_path)
        job.retry(tmp_path / "out", doubtful=True)
        first, served = record(tmp_path), emulator.served
        job.retry(tmp_path / "out", doubtful=True)
        second = record(tmp_path)
        assert emulator.served == served
    assert first["value"] == before["value"]
    assert first["confidence"]["/number"] > before["confidence"]["/number"]
    assert "'B-9999' was confirmed @ /number" in first["repairs"][-1]["changes"][0]
    assert (second["usage"], second["attempts"]) == (first["usage"], first["attempts"])


def test_what_the_schema_refuses_changes_nothing(tmp_path: Path) -> None:
    """A second answer that is no valid value leaves the first one, and what it cost is counted."""
    with Emulator(Reader(WORSE)) as emulator:
        job = run(folder(tmp_path), emulator)
        before = record(tmp_path)
        job.retry(tmp_path / "out", doubtful=True)
    after = record(tmp_path)
    assert (after["value"], after["evidence"]) == (before["value"], before["evidence"])
    assert after["usage"]["cost_usd"] > before["usage"]["cost_usd"]


def hide(work: Work) -> Work:
    return replace(work, document=replace(work.source, text=work.source.text.replace("Screw", "XXXXX")))


def test_what_a_stage_hides_stays_hidden(tmp_path: Path) -> None:
    """The document passes the stages before `extract` again; a pipeline that asks nothing is refused."""
    reader = Reader(BETTER)
    with Emulator(reader) as emulator:
        job = run(folder(tmp_path), emulator, stages=(stages.load, hide, *stages.STAGES[1:]))
        job.retry(tmp_path / "out", doubtful=True)
        assert not [body for body in reader.requests if "Screw 4.20" in json.dumps(body["messages"])]
        with pytest.raises(UsageError, match="without the stage `extract`"):
            replace(job, stages=(stages.load, flag)).retry(tmp_path / "out", doubtful=True)


def flag(work: Work) -> Work:
    return work.with_problems(Problem("", "nothing"))


def fail(work: Work) -> Work:
    if BROKEN:
        raise ValueError("a broken stage")
    return work


BROKEN: list[bool] = []


@pytest.mark.parametrize("what", ["changed", "gone", "broken"])
def test_what_cannot_be_asked_about_stays_and_is_reported(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that changed or is gone, or a stage that fails, leaves the record as it was, with a warning."""
    reader = Reader(BETTER)
    with Emulator(reader) as emulator:
        job = run(folder(tmp_path), emulator, stages=(stages.load, fail, *stages.STAGES[1:]))
        before, path = record(tmp_path), tmp_path / "in" / "linde.txt"
        del reader.requests[:]
        if what == "changed":
            path.write_text(TEXT.replace("B-7741", "B-1000"))
        elif what == "gone":
            path.unlink()
        else:
            monkeypatch.setitem(globals(), "BROKEN", [True])
        totals = job.retry(tmp_path / "out", doubtful=True)
    assert (record(tmp_path), reader.requests, totals.flagged) == (before, [], 2)
    (warning,) = json.loads((tmp_path / "out" / "run.json").read_text())["warnings"]
    assert warning.startswith("linde.txt: its doubtful values were not asked about: ")


def test_a_changed_object_is_read_by_the_next_run(tmp_path: Path) -> None:
    """On object storage, a retry that could not ask about it does not take the new content for what was read."""
    pytest.importorskip("fsspec")
    reader = Reader(BETTER)
    with Emulator(reader) as emulator:
        job = replace(run(folder(tmp_path), emulator), source=f"local://{tmp_path / 'in'}")
        job.run(tmp_path / "elsewhere")
        (tmp_path / "in" / "linde.txt").write_text(TEXT + "Nut 2.00\n")
        job.retry(tmp_path / "elsewhere", doubtful=True)
        del reader.requests[:]
        job.run(tmp_path / "elsewhere")
    assert ["Nut 2.00" in read_document(body["messages"]) for body in reader.requests] == [True]


class Note(BaseModel):
    """A note."""

    title: str


def test_the_kind_of_a_record_is_not_asked_for(tmp_path: Path) -> None:
    """Where the schema is a union, the doubtful values alone are asked about, though the model now thinks."""
    reader = Reader(BETTER)

    def answer(body: Mapping[str, Any]) -> Any:
        wire = body["response_format"]["json_schema"]
        return {"kind": "Bill"} if list(wire["schema"]["properties"]) == ["kind"] else reader(body)

    with Emulator(answer) as emulator:
        job = replace(run(folder(tmp_path), emulator), schema=Bill | Note)
        job.run(tmp_path / "kinds")
        before = emulator.served
        job.retry(tmp_path / "kinds", doubtful=True, thinking_tokens=500)
        assert emulator.served == before + 1
    lines = map(json.loads, (tmp_path / "kinds" / "records.jsonl").read_text().splitlines())
    assert {line["document"]: line["kind"] for line in lines} == {"kiosk.txt": "Bill", "linde.txt": "Bill"}


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`extractor retry OUT --doubtful` does it, and says so where nothing is doubtful."""
    monkeypatch.chdir(folder(tmp_path))
    (tmp_path / "bill.py").write_text(SCHEMA_FILE)
    with Emulator(Reader(BETTER)) as emulator:
        where = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
        where |= {"EXTRACTOR_BASE_URL": emulator.base_url}
        done = CliRunner().invoke(app, ["run", "in", "-s", "bill.py", "-o", "out"], env=where)
        assert done.exit_code == 0, done.output
        retried = CliRunner().invoke(app, ["retry", "out", "--doubtful", "--json"], env=where)
        assert (retried.exit_code, json.loads(retried.stdout)["flagged"]) == (0, 0)
        idle = CliRunner().invoke(app, ["retry", "out", "--doubtful"], env=where)
    assert idle.stdout == "every value of out was found in its source: there is nothing to ask about\n"


class Memo(BaseModel):
    """A memo."""

    merchant: str
    number: str
    note: str | None = None


@pytest.mark.parametrize(("cut", "number"), [(1, "B-7741"), (2, "B-9999")])
def test_an_opinion_that_was_cut(cut: int, number: str, tmp_path: Path) -> None:
    """It is asked for again, and one that is cut then changes nothing: values that it lacks are not withdrawn."""
    answers = ['{"number": "B-7741", "no'] * cut

    def reply(body: Mapping[str, Any]) -> Any:
        if "merchant" in body["response_format"]["json_schema"]["schema"]["properties"]:
            return {"merchant": "Linde", "number": "B-9999", "note": "paid in zinc"}
        return Completion(answers.pop(), finish="length") if answers else {"number": "B-7741", "note": "paid in zinc"}

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "linde.txt").write_text(TEXT)
    with Emulator(reply) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        job = Pipeline(Memo, tmp_path / "in", config=Config(**where))
        job.run(tmp_path / "out")
        job.retry(tmp_path / "out", doubtful=True, thinking_tokens=500)
    assert record(tmp_path)["value"] == {"merchant": "Linde", "number": number, "note": "paid in zinc"}
