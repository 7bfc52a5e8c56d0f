"""The folder job against a real server: everything ends told, nothing is paid twice, a cap holds."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import Pipeline, Rows, Work
from extractor.call.clock import without_waits
from extractor.emulator.questions import answering
from extractor.emulator.server import Emulator
from extractor.errors import AccountError, BudgetExceeded, UsageError
from extractor.pipeline.config import Config
from extractor.pipeline.corrections import as_extracted
from extractor.pipeline.job import Totals
from extractor.pipeline.outputs import locked
from extractor.pipeline.specs import resolve_schema
from extractor.pipeline.stages import STAGES
from tests.extraction.kit import Store, perfect, store
from tests.kit import SAMPLES, gold, receipts_reply

RECEIPTS = SAMPLES / "receipts"
GOLD = gold(RECEIPTS)


class Sized(BaseModel):
    """A thing of a size."""

    name: str
    size: int


def job(emulator: Emulator, **options: Any) -> Pipeline:
    """The receipts, asked of an emulator."""
    where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    return Pipeline(resolve_schema("receipt"), RECEIPTS, config=Config(**{"rpm": None, **where, **options}))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def bodies(emulator: Emulator) -> list[str]:
    """Every request that was answered, as comparable text."""
    answered = [exchange for exchange in emulator.requests if exchange.usage is not None]
    return [json.dumps(exchange.body, sort_keys=True) for exchange in answered]


def test_every_document_becomes_a_grounded_record(tmp_path: Path) -> None:
    """Perfect answers give the gold values, all of them ok, each leaf with its place in the text."""
    with Emulator(receipts_reply()) as emulator:
        totals = job(emulator).run(tmp_path)
    rows = {row["document"]: row for row in lines(tmp_path / "records.jsonl")}
    assert totals.whole
    assert {name: row["value"] for name, row in rows.items()} == GOLD
    for name, row in rows.items():
        text = (RECEIPTS / name).read_text(encoding="utf-8")
        exact = [line for line in row["evidence"] if line["path"] == "/merchant"]
        assert [text[line["start"] : line["end"]] for line in exact] == [GOLD[name]["merchant"]]
    assert lines(tmp_path / "failures.jsonl") == []


def test_faults_of_every_kind(tmp_path: Path) -> None:
    """With faults in 70 % of the requests all documents end ok with the gold values, and the totals tell the price."""
    with Emulator(receipts_reply(), faults={"all": 0.7}, seed=11) as emulator, without_waits():
        totals = job(emulator).run(tmp_path)
        billed = emulator.usage
    rows = lines(tmp_path / "records.jsonl")
    assert [row["status"] for row in rows] == ["ok"] * len(GOLD)
    assert {row["document"]: row["value"] for row in rows} == GOLD
    assert totals.attempts > len(GOLD)
    assert totals.repairs > 0
    assert totals.usage.completion_tokens <= billed.completion_tokens


def test_a_second_run_pays_nothing(tmp_path: Path) -> None:
    """The same command again sends no request and writes the same records."""
    with Emulator(receipts_reply()) as emulator:
        job(emulator).run(tmp_path)
        before, sent = (tmp_path / "records.jsonl").read_bytes(), len(emulator.requests)
        totals = job(emulator).run(tmp_path)
        assert len(emulator.requests) == sent
    assert totals.reused == len(GOLD)
    assert (tmp_path / "records.jsonl").read_bytes() == before


def test_fresh_asks_again(tmp_path: Path) -> None:
    """`fresh` forgets the journal, so every document is asked again."""
    with Emulator(receipts_reply()) as emulator:
        job(emulator).run(tmp_path)
        job(emulator).run(tmp_path, fresh=True)
        assert emulator.served == 2 * len(GOLD)


def test_a_budget_is_never_passed(tmp_path: Path) -> None:
    """A cap on money stops the job before it is passed, keeps what was done, and a higher cap goes on from there."""
    with Emulator(receipts_reply()) as emulator:
        with pytest.raises(BudgetExceeded, match="raise the budget"):
            job(emulator, max_cost=0.01, max_output_tokens=500).run(tmp_path)
        first = emulator.usage.cost_usd
        written = json.loads((tmp_path / "run.json").read_text())
        rows = lines(tmp_path / "records.jsonl")
        job(emulator, max_cost=10, max_output_tokens=500).run(tmp_path)
        assert first is not None
        assert first <= 0.01
        assert len(bodies(emulator)) == len(set(bodies(emulator))) == len(GOLD)
    assert 0 < written["totals"]["ok"] < len(GOLD)
    assert written["totals"]["ok"] + written["totals"]["pending"] == len(GOLD) == len(rows)
    assert "budget" in written["stopped"]


def test_a_plan_tells_what_is_known_beforehand() -> None:
    """The service's rate limit gives a least time; the embedded model costs nothing and takes as long as it takes."""
    plan = Pipeline(resolve_schema("receipt"), RECEIPTS).plan()
    local = Pipeline(resolve_schema("receipt"), RECEIPTS, config=Config(model="local")).plan()
    assert (plan.requests, plan.seconds) == (len(GOLD), len(GOLD) * 60 / 20)
    assert plan.high_usd
    assert (local.requests, local.seconds, local.high_usd) == (len(GOLD), None, 0)


def test_what_broken_replies_cost_is_remembered(tmp_path: Path) -> None:
    """Replies that were paid for and came broken count against the cap of a later run too."""
    with Emulator(receipts_reply(), faults={"truncated_body": 1.0}) as emulator, pytest.raises(BudgetExceeded):
        job(emulator, max_cost=0.01, max_output_tokens=500).run(tmp_path)
    with Emulator(receipts_reply()) as emulator:
        with pytest.raises(BudgetExceeded):
            job(emulator, max_cost=0.01, max_output_tokens=500).run(tmp_path)
        assert emulator.served == 0


def test_an_interrupted_run_tells_of_the_rest(tmp_path: Path) -> None:
    """Each document that was not finished has a line that says so, and a retry does just these."""

    def stop(row: dict[str, Any], totals: Totals) -> None:
        raise KeyboardInterrupt

    with Emulator(receipts_reply()) as emulator:
        with pytest.raises(KeyboardInterrupt):
            job(emulator, concurrency=1).run(tmp_path, progress=stop)
        run_totals = json.loads((tmp_path / "run.json").read_text())["totals"]
        rows = lines(tmp_path / "records.jsonl")
        totals = job(emulator).retry(tmp_path)
    assert (run_totals["documents"], run_totals["ok"], run_totals["pending"]) == (len(GOLD), 1, len(GOLD) - 1)
    assert len(rows) == len(GOLD)
    assert sum("interrupted" in str(row["problems"]) for row in rows) == len(GOLD) - 1
    assert (totals.documents, totals.ok) == (len(GOLD), len(GOLD))


def test_a_stage_that_leaves_the_process_ends_the_run(tmp_path: Path) -> None:
    """`sys.exit` in a stage is raised by `run`, once everything that has ended is written."""

    def leave(work: Work) -> Work:
        if work.rank == 1:
            raise SystemExit(7)
        return work

    with Emulator(receipts_reply()) as emulator, pytest.raises(SystemExit, match="7"):
        replace(job(emulator), stages=(*STAGES, leave)).run(tmp_path)
    totals = json.loads((tmp_path / "run.json").read_text())["totals"]
    assert (totals["documents"], totals["failed"]) == (len(GOLD), 0)
    assert totals["pending"] > 0


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "inside a loop"])
def test_a_source_that_leaves_the_process_ends_the_run(inside: bool, tmp_path: Path) -> None:
    """`sys.exit` while rows are read is raised by `run` too, also where a loop is already running."""

    class Leaving:
        def __iter__(self) -> Iterator[dict[str, str]]:
            for name in sorted(GOLD)[:3]:
                yield {"text": (RECEIPTS / name).read_text(encoding="utf-8")}
            raise SystemExit(7)

    async def within() -> None:
        rows.run(tmp_path)

    with Emulator(receipts_reply()) as emulator:
        rows = replace(job(emulator), source=Rows(Leaving(), column="text"))
        with pytest.raises(SystemExit, match="7"):
            asyncio.run(within()) if inside else rows.run(tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["totals"]["documents"] == 3


def test_rows_and_progress_may_belong_to_a_thread(tmp_path: Path) -> None:
    """A connection of SQLite is for one thread only: rows can be read from it, and progress written to it."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE mails (body TEXT, status TEXT)")
        bodies = [((RECEIPTS / name).read_text(encoding="utf-8"),) for name in sorted(GOLD)[:3]]
        db.executemany("INSERT INTO mails VALUES (?, NULL)", bodies)

        class Mails:
            def __iter__(self) -> Iterator[dict[str, str]]:
                yield from ({"body": body} for (body,) in db.execute("SELECT body FROM mails"))

        def note(row: dict[str, Any], totals: Totals) -> None:
            db.execute("UPDATE mails SET status = ? WHERE rowid = ?", (row["status"], totals.documents))

        with Emulator(receipts_reply()) as emulator:
            replace(job(emulator), source=Rows(Mails(), column="body")).run(tmp_path, progress=note)
        assert db.execute("SELECT status FROM mails").fetchall() == [("ok",)] * 3


def test_the_output_folder_is_never_read(tmp_path: Path) -> None:
    """One that lies inside the source is left out of it; the source itself cannot be one."""
    shutil.copyfile(RECEIPTS / "cafe_lyon.txt", tmp_path / "cafe_lyon.txt")
    with Emulator(receipts_reply()) as emulator:
        for _ in range(2):
            totals = replace(job(emulator), source=tmp_path).run(tmp_path / "out")
            assert (totals.documents, totals.ok) == (1, 1)
        with pytest.raises(UsageError, match="is a source"):
            replace(job(emulator), source=tmp_path).run(tmp_path)


def test_a_name_that_another_file_has(tmp_path: Path) -> None:
    """A file of another folder takes no row of an earlier run, unless that file is gone: it has moved, perhaps."""
    out, names = tmp_path / "out", ["bakery_bremen.txt", "cafe_lyon.txt"]
    one, two, three = (tmp_path / day for day in ("one", "two", "three"))
    for folder, name in (one, names[0]), (two, names[1]):
        folder.mkdir()
        (folder / "receipt.txt").write_bytes((RECEIPTS / name).read_bytes())
    with Emulator(receipts_reply()) as emulator:
        for folder in (one, two, two, one):
            replace(job(emulator), source=folder).run(out)
        assert [row["value"] for row in lines(out / "records.jsonl")] == [GOLD[name] for name in names]
        assert [row["document"] for row in lines(out / "records.jsonl")] == ["receipt.txt", "two/receipt.txt"]
        one.rename(three)
        assert replace(job(emulator), source=three).run(out).reused == 1
        assert (len(lines(out / "records.jsonl")), emulator.served) == (2, 2)
        shutil.rmtree(three)
        assert replace(job(emulator), source=two).run(out).reused == 1  # under the name that it has


def test_a_name_that_another_file_gets(tmp_path: Path) -> None:
    """A file is given no name that another one of the same run has."""
    out, one, two = tmp_path / "out", tmp_path / "one", tmp_path / "two"
    sources = [one / "z.txt", two / "z.txt", two / "two" / "z.txt"]
    with Emulator(receipts_reply()) as emulator:
        for path, name in zip(sources, ["bakery_bremen.txt", "cafe_lyon.txt", "fuel_denver.txt"], strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((RECEIPTS / name).read_bytes())
        for folder in (one, two):
            replace(job(emulator), source=folder).run(out)
    merchants = [row["value"]["merchant"] for row in lines(out / "records.jsonl")]
    assert len(set(merchants)) == 3


def test_outputs_in_a_source_are_no_documents(tmp_path: Path) -> None:
    """What another job wrote into a folder of the source is left out, and run.json says so."""
    source = tmp_path / "in"
    source.mkdir()
    (source / "receipt.txt").write_bytes((RECEIPTS / "cafe_lyon.txt").read_bytes())
    with Emulator(receipts_reply()) as emulator:
        replace(job(emulator), source=source).run(source / "out")
        assert replace(job(emulator), source=source).run(tmp_path / "other").documents == 1
        with pytest.raises(UsageError, match="out is the output of a job"):
            replace(job(emulator), source=source / "out").run(tmp_path / "third")
    skipped = json.loads((tmp_path / "other" / "run.json").read_text())["skipped"]
    assert skipped == [{"name": "out", "why": "the output of a job"}]


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    """A file of such a name is read, written down, and found again by a retry."""
    folder = tmp_path / "in"
    folder.mkdir()
    file = folder / os.fsdecode(b"caf\xe9.txt")
    try:
        file.write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    with Emulator(receipts_reply()) as emulator:
        assert replace(job(emulator), source=folder).run(tmp_path / "out").failed == 1
        (dead,) = lines(tmp_path / "out" / "failures.jsonl")
        assert Path(dead["path"]).name == dead["document"] == r"caf\xe9.txt"
        shutil.copyfile(RECEIPTS / "cafe_lyon.txt", file)
        assert replace(job(emulator), source=folder).retry(tmp_path / "out").ok == 1


def test_bad_credentials_stop_the_run_at_once(tmp_path: Path) -> None:
    """A token that is refused ends the run with one error, without asking for every document."""
    with Emulator(receipts_reply()) as emulator, pytest.raises(AccountError):
        job(emulator, token="wrong", concurrency=1).run(tmp_path)
    assert len(emulator.requests) <= 6
    assert len(lines(tmp_path / "failures.jsonl")) == len(GOLD)


def test_an_empty_file_is_its_own_problem_alone(tmp_path: Path) -> None:
    """A file that cannot be read fails with its reason and the hash of its bytes; its neighbour does not notice."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "empty.txt").write_bytes(b"")
    (folder / "zeros.txt").write_bytes(bytes(300))
    (folder / "good.txt").write_bytes((RECEIPTS / "kebab_hamburg.txt").read_bytes())
    with Emulator(receipts_reply()) as emulator:
        pipeline = job(emulator)
        totals = Pipeline(pipeline.schema, folder, config=pipeline.config).run(tmp_path / "out")
    assert (totals.ok, totals.failed) == (1, 2)
    failures = lines(tmp_path / "out" / "failures.jsonl")
    assert {line["document"] for line in failures} == {"empty.txt", "zeros.txt"}
    assert all(len(line["reasons"]) == 1 for line in failures)
    for row in lines(tmp_path / "out" / "records.jsonl"):
        assert row["sha256"] == sha256((folder / row["document"]).read_bytes()).hexdigest()


def test_a_batch_overnight(tmp_path: Path) -> None:
    """With `batch` every document is queued together, comes back out of order, and is read like any other."""
    faults = {"batch_shuffled": 1.0, "batch_item": 0.2}
    with Emulator(receipts_reply(), faults=faults, seed=3) as emulator:
        totals = job(emulator, batch=True).run(tmp_path)
        submitted = [exchange for exchange in emulator.requests if "requests" in exchange.body]
    assert totals.whole
    assert {row["document"]: row["value"] for row in lines(tmp_path / "records.jsonl")} == GOLD
    assert len(submitted[0].body["requests"]) == len(GOLD)


def test_a_batch_that_does_not_end(tmp_path: Path) -> None:
    """Its documents fail with the reason, after a day; the same command, when it has ended, takes the answers of it."""
    released, answer = threading.Event(), receipts_reply()

    async def held(body: Mapping[str, Any]) -> Any:
        while not released.is_set():
            await asyncio.sleep(0.05)
        return answer(body)

    with Emulator(held) as emulator:
        pipeline = job(emulator, batch=True)
        with without_waits():
            totals = pipeline.run(tmp_path)
        reasons = {reason for line in lines(tmp_path / "failures.jsonl") for reason in line["reasons"]}
        assert totals.failed == len(GOLD)
        assert all("is not done after 24 h: run the same again" in reason for reason in reasons)
        released.set()
        assert pipeline.run(tmp_path).whole
    assert sum("requests" in exchange.body for exchange in emulator.requests) == 1


def test_two_runs_exclude_each_other(tmp_path: Path) -> None:
    """A second process on the same output directory is refused in one line."""
    with Emulator(receipts_reply()) as emulator, locked(tmp_path), pytest.raises(UsageError, match="in use"):
        job(emulator).run(tmp_path)


def test_no_secret_is_written(tmp_path: Path) -> None:
    """The token stands in no file of the output directory."""
    with Emulator(receipts_reply()) as emulator:
        job(emulator).run(tmp_path)
        written = [file for file in tmp_path.rglob("*") if emulator.token.encode() in file.read_bytes()]
    assert written == []


def test_a_pipeline_reads_the_same_everywhere() -> None:
    """Two processes describe a ready-made pipeline by the same words, as schedulers need that compare them."""
    code = "from extractor.pipeline.specs import resolve_pipeline; print(resolve_pipeline('folder_job'))"
    printed = {subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout for _ in range(2)}
    assert len(printed) == 1


def test_a_list_at_the_root(tmp_path: Path) -> None:
    """A job takes whatever is a schema: a list of models too, of which a changed definition is noticed as well."""
    (tmp_path / "sizes.txt").write_text("bolt 4, nut 6")
    with Emulator(lambda body: {"value": [{"name": "bolt", "size": 4}, {"name": "nut", "size": 6}]}) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        Pipeline(list[Sized], tmp_path / "sizes.txt", config=Config(rpm=None, **where)).run(tmp_path / "out")
    (row,) = lines(tmp_path / "out" / "records.jsonl")
    assert row["value"] == [{"name": "bolt", "size": 4}, {"name": "nut", "size": 6}]


def test_a_plan_counts_what_a_journal_holds(tmp_path: Path) -> None:
    """Finished documents are free, and of one that was stopped half way only what is left is priced."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "store.txt").write_text(store(900))
    with Emulator(answering(perfect)) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        pipeline = Pipeline(Store, tmp_path / "in", config=Config(**where, view_tokens=800, concurrency=1))
        whole = pipeline.plan(tmp_path / "out")
        with pytest.raises(BudgetExceeded):
            replace(pipeline, config=replace(pipeline.config, max_cost=0.05)).run(tmp_path / "out")
        served = emulator.served
        left = pipeline.plan(tmp_path / "out")
        assert 0 < served < whole.requests
        assert left.requests == whole.requests - served
        pipeline.run(tmp_path / "out")
        assert (pipeline.plan(tmp_path / "out").finished, pipeline.plan(tmp_path / "out").requests) == (1, 0)


def test_corrections_outlive_runs(tmp_path: Path) -> None:
    """A run applies what people corrected to records and tables, also with --fresh, and never writes that file."""
    out = tmp_path / "out"
    with Emulator(receipts_reply()) as emulator:
        job(emulator).run(out)
        before = lines(out / "records.jsonl")[0]
        step = {"id": "1", "at": "", "action": "correct", "path": "/total", "value": "1.00", "was": None, "rows": []}
        step |= {"document": before["document"], "sha256": before["sha256"]}
        (out / "corrections.jsonl").write_text(json.dumps(step) + "\n", encoding="utf-8")
        for fresh in (False, True):
            replace(job(emulator), sink="csv").run(out, fresh=fresh)
            after = lines(out / "records.jsonl")
            assert (after[0]["value"]["total"], after[0]["corrected"]) == ("1.00", True)
            assert as_extracted(after[0])["value"] == before["value"]
            assert [line for line in after[1:] if "corrected" in line] == []
            table = list(csv.DictReader((out / "records.csv").read_text(encoding="utf-8").splitlines()))
            assert [(row["total"], row["corrected"]) for row in table[:1]] == [("1.00", "true")]
            assert {row["corrected"] for row in table[1:]} == {"false"}
    assert (out / "corrections.jsonl").read_text(encoding="utf-8") == json.dumps(step) + "\n"
