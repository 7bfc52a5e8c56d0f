"""What a job costs, on the books of a server that counts with the model's own vocabulary and bills without mercy."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from extractor.call.clock import without_waits
from extractor.call.effects import Flow
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion, Refusal
from extractor.errors import BudgetExceeded, DocumentError, Unanswered, Unreachable
from extractor.pipeline.config import Config, Session
from extractor.pipeline.extractor import Extractor
from extractor.pipeline.journal import Journal
from extractor.pipeline.pipeline import Pipeline
from extractor.pipeline.stages import Drop, Work, chunk, extract, load
from extractor.text.tokens import encoder
from extractor.wire.models import ModelEntry
from extractor.wire.prices import Price
from extractor.wire.requests import DEFAULT_MODEL
from extractor.wire.values import Request, nano, usd
from tests.call.test_budget import SCRIPTS


class Note(BaseModel):
    """A note."""

    number: str


def number_of(body: Mapping[str, Any]) -> dict[str, Any]:
    (found,) = set(re.findall(r"Note (\d+)", json.dumps(body["messages"])))
    return {"number": found}


def notes(folder: Path, count: int, text: str = "") -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:03}.txt").write_text(f"Note {number:03}\n{text}", encoding="utf-8")
    return folder


def config(emulator: Emulator, **more: Any) -> Config:
    place = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    return Config(**{**place, "rpm": None, "max_output_tokens": 200, **more})


def accounts(out: Path) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """The ledger and the totals of run.json, and the lines of records.jsonl."""
    run = json.loads((out / "run.json").read_text("utf-8"))
    lines = (out / "records.jsonl").read_text("utf-8").splitlines()
    return run["ledger"], run["totals"], [json.loads(line) for line in lines]


def paid_in(rows: Sequence[Mapping[str, Any]]) -> float:
    return usd(sum(nano(row["usage"]["cost_usd"]) for row in rows))


def supplier(name: str) -> str:
    """The full name of a supplier."""
    return name * 40


FAULTS = {
    **{"busy": 0.1, "internal": 0.1, "unavailable": 0.05, "truncated_body": 0.1, "dropped": 0.1, "no_usage": 0.1},
    **{"format_ignored": 0.05, "cut": 0.05, "empty_length": 0.05, "stream_error": 0.1},
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_cap_holds_whatever_the_script_and_the_faults(script: str, tmp_path: Path) -> None:
    """With 64 in flight, half of the requests failing, tools and thinking, nothing passes the cap, and nearly all of it
    can be used; the ledger covers all that was billed."""
    if encoder() is None:
        pytest.skip("the model's vocabulary comes with the extra `tokens`")

    def reply(body: Mapping[str, Any]) -> Any:
        if not any(message["role"] == "tool" for message in body["messages"]) and body.get("tools"):
            calls = ({"name": "supplier", "arguments": {"name": SCRIPTS[script]}},)
            return Completion(content="", reasoning=SCRIPTS[script] * 3, tool_calls=calls)
        return number_of(body)

    source, cap = notes(tmp_path / "in", 40, SCRIPTS[script] * 30), 0.05
    with Emulator(reply, faults=FAULTS, seed=5, latency=0.02) as emulator, without_waits():
        limits = config(emulator, max_cost=cap, concurrency=64, tools=(supplier,), thinking_tokens=100)
        with suppress(BudgetExceeded):
            Pipeline(Note, source, config=limits).run(tmp_path / "out")
        billed = emulator.usage.cost_usd
    ledger, totals, rows = accounts(tmp_path / "out")
    assert billed is not None
    assert billed <= usd(nano(ledger["spent_usd"]) + nano(ledger["perhaps_usd"])) <= cap
    assert billed > cap / 5
    assert ledger["reserved_usd"] == 0
    assert totals["usage"]["cost_usd"] == ledger["documents_usd"] == paid_in(rows)
    assert nano(ledger["documents_usd"]) + nano(ledger["elsewhere_usd"]) == nano(ledger["spent_usd"])


def test_everything_agrees_to_the_last_digit(tmp_path: Path) -> None:
    """The server's books, the ledger, run.json and the sum of the records; and no sum has noise in its digits."""
    source = notes(tmp_path / "in", 30)
    with Emulator(number_of) as emulator:
        Pipeline(Note, source, config=config(emulator)).run(tmp_path / "out")
        billed = emulator.usage.cost_usd
    ledger, totals, rows = accounts(tmp_path / "out")
    assert ledger["spent_usd"] == totals["usage"]["cost_usd"] == paid_in(rows) == billed
    assert (ledger["elsewhere_usd"], ledger["lost_usd"], ledger["perhaps_usd"]) == (0, 0, 0)
    assert all(len(str(row["usage"]["cost_usd"])) <= len("0.000123456") for row in rows)


@pytest.mark.parametrize(
    "error", [None, ValueError("no"), Drop("no"), DocumentError("no", kind="unreadable")], ids=repr
)
@pytest.mark.parametrize("faults", [{}, {"dropped": 0.5, "internal": 0.2}], ids=["whole", "faults"])
def test_a_stage_whose_questions_failed(error: Exception | None, faults: Mapping[str, float], tmp_path: Path) -> None:
    """Whether it fails or drops what it read, what its requests cost is in the records, as in the ledger."""
    source = notes(tmp_path / "in", 8)

    def ask_and_fail(work: Work) -> Flow[Work]:
        yield from extract(work)
        yield from extract(work)  # the same question has its reply in the journal
        if error:
            raise error
        return work

    with Emulator(number_of, faults=faults, seed=3) as emulator, without_waits():
        Pipeline(Note, source, config=config(emulator), stages=(load, chunk, ask_and_fail)).run(tmp_path / "out")
        sent = len(emulator.requests)
    ledger, totals, rows = accounts(tmp_path / "out")
    assert ledger["spent_usd"] == ledger["documents_usd"] == paid_in(rows) > 0
    assert ledger["perhaps_usd"] == usd(sum(nano(row["usage"].get("perhaps_usd", 0)) for row in rows))
    assert totals["attempts"] == sent + 8 >= 2 * totals["failed"] == 16


@pytest.mark.parametrize("fault", ["dropped", "truncated_body", "no_usage", "closed_at_once"])
def test_what_may_have_been_billed_is_told_of_each_document(fault: str, tmp_path: Path) -> None:
    """Replies that broke, or said nothing of their usage, are perhaps paid: in the records as in the ledger, and at
    what their head says that they cost, where there was one."""
    source = notes(tmp_path / "in", 20)
    with Emulator(number_of, faults={fault: 0.4}, seed=2) as emulator, without_waits():
        Pipeline(Note, source, config=config(emulator)).run(tmp_path / "out")
        billed = emulator.usage.cost_usd
    ledger, totals, rows = accounts(tmp_path / "out")
    perhaps = usd(sum(nano(row["usage"].get("perhaps_usd", 0)) for row in rows))
    assert perhaps == ledger["perhaps_usd"] == totals["usage"]["perhaps_usd"]
    assert (perhaps > 0) == (fault != "no_usage")  # our estimate of those is more than their heads say
    assert billed is not None
    assert nano(billed) <= nano(ledger["spent_usd"]) + nano(perhaps)
    assert (ledger["spent_usd"] + perhaps < 1.5 * billed) == (fault != "closed_at_once")
    assert ledger["spent_usd"] == paid_in(rows)


def test_what_a_queued_reply_that_cannot_be_read_may_have_cost(tmp_path: Path) -> None:
    """Records and ledger have the most that it can have cost, of each request of its own."""
    faults = {"choices_missing": 0.4, "no_usage": 1.0}
    with Emulator(number_of, faults=faults, seed=2) as emulator, without_waits():
        Pipeline(Note, notes(tmp_path / "in", 10), config=config(emulator, batch=True)).run(tmp_path / "out")
    ledger, totals, rows = accounts(tmp_path / "out")
    assert ledger["spent_usd"] == totals["usage"]["cost_usd"] == paid_in(rows) > 0
    assert ledger["perhaps_usd"] == totals["usage"]["perhaps_usd"] > 10 * 0.001


def test_a_queued_reply_without_usage_is_estimated(tmp_path: Path) -> None:
    """Records and ledger have one estimate of what it cost, and of what it may have cost beyond that."""
    with Emulator(number_of, faults={"no_usage": 1.0}) as emulator, without_waits():
        Pipeline(Note, notes(tmp_path / "in", 3), config=config(emulator, batch=True)).run(tmp_path / "out")
        billed = emulator.usage.cost_usd
    ledger, totals, rows = accounts(tmp_path / "out")
    assert ledger["spent_usd"] == totals["usage"]["cost_usd"] == paid_in(rows) > 0
    assert ledger["perhaps_usd"] == totals["usage"]["perhaps_usd"] > 0
    assert billed is not None
    assert billed <= ledger["spent_usd"] + ledger["perhaps_usd"]


def test_warnings_are_in_run_json(tmp_path: Path) -> None:
    """What a person should know of the model is told in run.json too, not in the log alone."""
    entry = ModelEntry(name=DEFAULT_MODEL, price=Price(1, 0.2, 5))
    with Emulator(number_of, entry=entry) as emulator:
        Pipeline(Note, notes(tmp_path / "in", 1), config=config(emulator)).run(tmp_path / "out")
    (warning,) = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["warnings"]
    assert "now costs $1.00 (input)" in warning


def test_equal_documents_are_paid_and_counted_once(tmp_path: Path) -> None:
    """One of them bears the price, the others cost nothing, in this run and in every later one."""
    source = tmp_path / "in"
    source.mkdir()
    for name in "abcde":
        (source / f"{name}.txt").write_text("Note 007")
    with Emulator(number_of, latency=0.05) as emulator:
        for settings in ({}, {"max_output_tokens": 201}, {}):
            Pipeline(Note, source, config=config(emulator, **settings)).run(tmp_path / "out")
            ledger, totals, rows = accounts(tmp_path / "out")
            costs = sorted(row["usage"]["cost_usd"] for row in rows)
            assert costs[:4] == [0, 0, 0, 0]
            assert costs[4] > 0
            assert totals["usage"]["cost_usd"] == costs[4]
        assert len(emulator.requests) == 2
        assert ledger["spent_usd"] == emulator.usage.cost_usd
    assert ledger["elsewhere_usd"] == usd(nano(ledger["spent_usd"]) - nano(costs[4]))
    assert ledger["reused_usd"] == usd(4 * nano(costs[4]))


def test_what_a_stopped_document_cost_is_told(tmp_path: Path) -> None:
    """A document that the budget stopped half way has its price in its line, and once it is whole its whole price."""

    class Rows(BaseModel):
        """Rows."""

        numbers: list[Note]

    def rows_of(body: Mapping[str, Any]) -> Any:
        question = Question.of(body)
        found = re.findall(r"Note (\d+)", question.part_text)[question.from_item - 1 :]
        return {"numbers_count": len(found), "numbers": [{"number": number} for number in found]}

    source = tmp_path / "in"
    source.mkdir()
    (source / "long.txt").write_text("\n\n".join(f"Note {number:04}" for number in range(1200)))
    with Emulator(rows_of) as emulator:
        limits = config(emulator, view_tokens=1000, max_cost=0.03, concurrency=1)
        with pytest.raises(BudgetExceeded):
            Pipeline(Rows, source, config=limits).run(tmp_path / "out")
        ledger, totals, (row,) = accounts(tmp_path / "out")
        assert 0 < row["usage"]["cost_usd"] == totals["usage"]["cost_usd"] == ledger["spent_usd"]
        assert ledger["spent_usd"] == emulator.usage.cost_usd
        Pipeline(Rows, source, config=config(emulator, view_tokens=1000)).run(tmp_path / "out")
        ledger, totals, (row,) = accounts(tmp_path / "out")
        assert row["status"] == "ok"
        assert row["usage"]["cost_usd"] == ledger["spent_usd"] == emulator.usage.cost_usd


def test_the_cap_is_for_all_runs_together(tmp_path: Path) -> None:
    """The same command again spends no more; one with a higher cap goes on from there."""
    source = notes(tmp_path / "in", 150)
    with Emulator(number_of) as emulator:
        for cap in (0.006, 0.006, 0.009):
            with pytest.raises(BudgetExceeded):
                Pipeline(Note, source, config=config(emulator, max_cost=cap, concurrency=2)).run(tmp_path / "out")
            assert emulator.usage.cost_usd is not None
            assert cap / 2 < emulator.usage.cost_usd <= cap


def test_what_was_paid_for_nothing_is_told(tmp_path: Path) -> None:
    """A reply that broke after it was billed is perhaps paid, and never told as free."""
    source = notes(tmp_path / "in", 3)
    with Emulator(number_of, faults={"truncated_body": 1.0}) as emulator, without_waits():
        Pipeline(Note, source, config=config(emulator)).run(tmp_path / "out")
        billed = emulator.usage.cost_usd
    ledger, _, _ = accounts(tmp_path / "out")
    assert billed is not None
    assert ledger["spent_usd"] == 0
    assert 0 < billed <= ledger["perhaps_usd"]


def test_a_retry_adds_to_what_was_paid(tmp_path: Path) -> None:
    """What the first answers cost stays in the ledger when a document is asked about again."""
    answers = iter(["no answer"] * 5 + ["whole"])

    def reply(body: Mapping[str, Any]) -> Any:
        return number_of(body) if next(answers, "whole") == "whole" else "I cannot say."

    source = notes(tmp_path / "in", 1)
    with Emulator(reply) as emulator:
        job = Pipeline(Note, source, config=config(emulator))
        assert job.run(tmp_path / "out").failed == 1
        first, _, _ = accounts(tmp_path / "out")
        assert job.retry(tmp_path / "out").whole
        ledger, _, _ = accounts(tmp_path / "out")
        assert first["spent_usd"] < ledger["spent_usd"] == emulator.usage.cost_usd


ONE = """
import sys
from extractor.pipeline.config import Config
from extractor.pipeline.journal import Journal
from extractor.pipeline.pipeline import Pipeline
from tests.pipeline.test_money import Note
settings = Config(max_cost=float(sys.argv[3]), rpm=None, concurrency=16, max_output_tokens=200)
Pipeline(Note, sys.argv[1], config=settings).run(sys.argv[2])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.timeout(120)
def test_a_cap_holds_over_kills(tmp_path: Path) -> None:
    """Kill after kill with requests in flight, each of which is billed: all runs together stay under one cap."""
    source, cap = notes(tmp_path / "in", 200), 0.04

    def longest(body: Mapping[str, Any]) -> Any:
        return Completion(content=json.dumps({**number_of(body), "more": "x y " * 200}))

    with Emulator(longest, latency=0.5) as emulator:
        place = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
        environment = {**os.environ, **place, "EXTRACTOR_BASE_URL": emulator.base_url}
        command = [sys.executable, "-c", ONE, str(source), str(tmp_path / "out"), str(cap)]
        ends = []
        for _ in range(6):
            before = len(emulator.requests)
            with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as running:
                while running.poll() is None and len(emulator.requests) < before + 10:
                    time.sleep(0.01)
                running.kill()
            ends.append(running.returncode)
        billed = emulator.usage.cost_usd
    assert ends.count(-signal.SIGKILL) >= 2
    assert billed is not None
    assert cap / 5 < billed <= cap


def test_the_longest_request_sets_the_breaker(tmp_path: Path) -> None:
    """Where one request may take less than half a minute, so long a silence is enough."""
    with Emulator(number_of) as emulator:
        settings = config(emulator, concurrency=4)
        limits = Session(settings, replace(settings.endpoint(), seconds=2.0)).limits
    for _ in range(4):
        claim = limits.claim(Request({}))
        assert limits.admit(claim, 0.0) == 0
        limits.settle(claim, 2.0, Unreachable("no whole reply"))
    with pytest.raises(Unanswered):
        limits.admit(limits.claim(Request({})), 2.0)


def test_records_and_ledger_agree_over_stops_and_kills(tmp_path: Path) -> None:
    """What was paid for nothing is in the record of its document, whichever run it was in, and however that ended."""
    source, out = notes(tmp_path / "in", 30), tmp_path / "out"
    with Emulator(number_of, faults={"dropped": 0.3, "no_usage": 0.2}, seed=4) as emulator, without_waits():
        for cap in (0.01, 0.02, 0.04, 1.0, 1.0):
            with suppress(BudgetExceeded):
                Pipeline(Note, source, config=config(emulator, max_cost=cap, concurrency=4)).run(out)
            ledger, totals, rows = accounts(out)
            perhaps = usd(sum(nano(row["usage"].get("perhaps_usd", 0)) for row in rows))
            assert perhaps == ledger["perhaps_usd"] == totals["usage"]["perhaps_usd"]
            assert paid_in(rows) == ledger["spent_usd"] == totals["usage"]["cost_usd"]
        assert totals["ok"] == 30
        assert perhaps > 0
        with closing(Journal(out / "journal.sqlite")) as journal:
            journal.reserve("a request of a killed run", nano(0.25), "003.txt")
        (source / "003.txt").write_text("Note 333")
        Pipeline(Note, source, config=config(emulator)).run(out)
    ledger, totals, rows = accounts(out)
    before, perhaps = perhaps, usd(sum(nano(row["usage"].get("perhaps_usd", 0)) for row in rows))
    assert perhaps == ledger["perhaps_usd"] >= usd(nano(before) + nano(0.25))
    assert rows[3]["usage"]["perhaps_usd"] >= 0.25


def test_a_firewall_between_ends_a_run(tmp_path: Path) -> None:
    """Where a page comes in place of every answer the run ends with one line; where it is about one document, that
    one fails, and the others are read."""
    page = Refusal(403, b"<html><title>Attention Required!</title></html>", "text/html")
    source = notes(tmp_path / "in", 200)
    with Emulator(lambda body: page) as emulator, without_waits():
        with pytest.raises(Unanswered, match="a firewall or proxy on the way has answered the last"):
            Pipeline(Note, source, config=config(emulator, concurrency=8)).run(tmp_path / "wall")
        assert len(emulator.requests) < 3 * 8
        with (
            Extractor(config(emulator, concurrency=8)) as extractor,
            pytest.raises(Unanswered, match="a firewall or proxy on the way"),
        ):
            list(extractor.extract_many(Note, (f"Note {number}" for number in range(200))))
        assert len(emulator.requests) < 6 * 8
    with (
        Emulator(lambda body: page if re.search(r"Note \d\d7", str(body)) else number_of(body)) as emulator,
        without_waits(),
    ):
        totals = Pipeline(Note, source, config=config(emulator, concurrency=8)).run(tmp_path / "out")
        assert len(emulator.requests) == 180 + 3 * 20
    assert (totals.ok, totals.failed) == (180, 20)
    (problem,) = accounts(tmp_path / "out")[2][7]["problems"]
    assert problem["message"].startswith("Attention Required! (HTTP 403): a firewall or proxy on the way answered")


def test_a_silent_server_ends_a_run(tmp_path: Path) -> None:
    """Where nobody answers any more the run ends with one line, long before it has tried every document."""
    source = notes(tmp_path / "in", 200)
    with Emulator(number_of, faults={"dropped": 1.0}) as emulator, without_waits():
        with pytest.raises(Unanswered, match="the service does not answer"):
            Pipeline(Note, source, config=config(emulator, concurrency=8)).run(tmp_path / "out")
        assert len(emulator.requests) <= 5 * 8
