"""Dead letters are done again: what was good is kept and never paid for again, what was bad is asked for again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import Pipeline, Problem
from extractor.call.prompt import read_document
from extractor.emulator.questions import Question, answering
from extractor.emulator.server import Emulator
from extractor.errors import BudgetExceeded, UsageError
from extractor.pipeline.config import Config
from extractor.pipeline.runs import pipeline_of_run
from extractor.pipeline.specs import resolve_schema
from extractor.pipeline.stages import STAGES, Work
from tests.kit import SAMPLES, gold, receipts_reply

RECEIPTS = SAMPLES / "receipts"
GOLD = gold(RECEIPTS)
VICTIM = "bakery_bremen.txt"


class Moody:
    """A model that answers well except for what a rule picks out, until it is `well`."""

    def __init__(self, good: Callable[[Mapping[str, Any]], Any], picks: str, bad: Any = "I cannot.") -> None:
        self.good, self.picks, self.bad, self.well = good, picks, bad, False

    def __call__(self, body: Mapping[str, Any]) -> Any:
        ill = not self.well and self.picks in read_document(body["messages"])
        return self.bad if ill else self.good(body)


def moody() -> Moody:
    return Moody(receipts_reply(), (RECEIPTS / VICTIM).read_text(encoding="utf-8").splitlines()[0])


def job(emulator: Emulator, **options: Any) -> Pipeline:
    return Pipeline(resolve_schema("receipt"), RECEIPTS, config=Config(**{**where(emulator), **options}))


def where(emulator: Emulator) -> dict[str, Any]:
    return {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token, "rpm": None}


def records(out: Path) -> dict[str, dict[str, Any]]:
    return {row["document"]: row for row in map(json.loads, (out / "records.jsonl").read_text("utf-8").splitlines())}


def texts(emulator: Emulator, since: int) -> list[str]:
    """The texts that the requests after `since` were about."""
    return [read_document(exchange.body["messages"]) for exchange in emulator.requests[since:]]


def test_only_the_bad_answer_is_asked_for_again(tmp_path: Path) -> None:
    """A document without a usable answer is asked about again; the others are not touched, and all are counted."""
    model = moody()
    with Emulator(model) as emulator:
        first = job(emulator).run(tmp_path)
        before, since, model.well = records(tmp_path), len(emulator.requests), True
        totals = job(emulator).retry(tmp_path)
        assert [text.strip() for text in texts(emulator, since)] == [(RECEIPTS / VICTIM).read_text("utf-8").strip()]
    after = records(tmp_path)
    assert (first.failed, totals.ok, totals.reused) == (1, len(GOLD), len(GOLD) - 1)
    assert {name: row["value"] for name, row in after.items()} == GOLD
    assert {name: row for name, row in after.items() if name != VICTIM} == {
        name: row for name, row in before.items() if name != VICTIM
    }
    assert after[VICTIM]["attempts"] == before[VICTIM]["attempts"] + 1
    assert after[VICTIM]["usage"]["completion_tokens"] > before[VICTIM]["usage"]["completion_tokens"]
    assert (tmp_path / "failures.jsonl").read_bytes() == b""


def test_every_retry_asks_once_more(tmp_path: Path) -> None:
    """As long as the answers stay bad each retry asks again, and a plain run in between sends nothing."""
    model = moody()
    with Emulator(model) as emulator:
        job(emulator).run(tmp_path)
        for _ in range(3):
            since = len(emulator.requests)
            assert job(emulator).retry(tmp_path).failed == 1
            assert len(emulator.requests) > since
            since = len(emulator.requests)
            assert job(emulator).run(tmp_path).failed == 1
            assert len(emulator.requests) == since
        model.well = True
        assert job(emulator).retry(tmp_path).whole


def relabel(work: Work) -> Work:
    """A stage that changes nothing, and yet makes every document due again."""
    return work


def test_what_a_retry_paid_for_is_found_by_later_runs(tmp_path: Path) -> None:
    """After a retry a run goes through without a request, also when all documents must be done again."""
    model = moody()
    with Emulator(model) as emulator:
        job(emulator).run(tmp_path)
        model.well = True
        job(emulator).retry(tmp_path)
        since = len(emulator.requests)
        assert job(emulator).run(tmp_path).reused == len(GOLD)
        totals = replace(job(emulator), stages=(*STAGES, relabel)).run(tmp_path)
        assert (totals.ok, totals.reused) == (len(GOLD), 0)
        assert len(emulator.requests) == since


def test_nothing_to_do(tmp_path: Path) -> None:
    """A retry of a run that ended well sends nothing and leaves the records as they are."""
    with Emulator(receipts_reply()) as emulator:
        job(emulator).run(tmp_path)
        before, since = (tmp_path / "records.jsonl").read_bytes(), len(emulator.requests)
        assert job(emulator).retry(tmp_path).whole
        assert len(emulator.requests) == since
    assert (tmp_path / "records.jsonl").read_bytes() == before


def test_another_model(tmp_path: Path) -> None:
    """Another model is asked itself, not answered for from the journal; later runs keep what it said."""
    with Emulator(moody()) as emulator, Emulator(receipts_reply(), model="@cf/other/model") as other:
        job(emulator).run(tmp_path)
        since = len(emulator.requests)
        assert job(other, model="@cf/moonshotai/kimi-k2.6").retry(tmp_path, model="@cf/other/model").whole
        assert [text.strip() for text in texts(other, 0)] == [(RECEIPTS / VICTIM).read_text("utf-8").strip()]
        assert job(emulator).run(tmp_path).reused == len(GOLD)
        assert len(emulator.requests) == since


def test_documents_that_were_not_reached(tmp_path: Path) -> None:
    """What a budget left undone is done by a retry with a higher one, and nothing is asked twice."""
    with Emulator(receipts_reply()) as emulator:
        with pytest.raises(BudgetExceeded):
            job(emulator, max_cost=0.01, max_output_tokens=500).run(tmp_path)
        totals = job(emulator, max_cost=10, max_output_tokens=500).retry(tmp_path)
        assert emulator.served == len(GOLD)
    assert totals.whole
    assert {name: row["value"] for name, row in records(tmp_path).items()} == GOLD


class Item(BaseModel):
    number: int
    word: str


class Items(BaseModel):
    """All items of a list."""

    items: list[Item]


def items_reply(question: Question) -> Any:
    start, stop = question.part
    found = re.finditer(r"^Item (\d+) is (\w+)\.$", question.text, re.MULTILINE)
    items = [{"number": int(one[1]), "word": one[2]} for one in found if start <= one.start() < stop]
    return {"items_count": len(items), "items": items}


def test_one_bad_part_of_a_long_document(tmp_path: Path) -> None:
    """Of a document in many parts, only the part whose answer was bad is asked again; till then the rest stays."""
    text = "\n".join(f"Item {number} is w{number}x." for number in range(600))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "long.txt").write_text(text)
    well: list[bool] = []

    def reply(question: Question) -> Any:
        return items_reply(question) if well or "Item 300 is" not in question.part_text else "I cannot."

    with Emulator(answering(reply)) as emulator:
        config = Config(**where(emulator), view_tokens=700)
        pipeline = Pipeline(Items, tmp_path / "in", config=config)
        first = pipeline.run(tmp_path / "out")
        before = records(tmp_path / "out")
        with pytest.raises(BudgetExceeded):
            replace(pipeline, config=replace(config, max_cost=0.0001)).retry(tmp_path / "out")
        assert records(tmp_path / "out") == before
        since = len(emulator.requests)
        well.append(True)
        assert pipeline.retry(tmp_path / "out").whole
        (request,) = emulator.requests[since:]
    assert (first.partial, first.chunks > 3) == (1, True)
    assert "Item 300 is" in Question.of(request.body).part_text
    numbers = [item["number"] for item in records(tmp_path / "out")["long.txt"]["value"]["items"]]
    assert numbers == list(range(600))


def test_an_answer_that_only_a_stage_objects_to(tmp_path: Path) -> None:
    """Where a stage made a document partial, its one answer is asked for again, and kept once it will do."""
    wrong = {**GOLD[VICTIM], "total": "999999"}
    model = Moody(receipts_reply(), moody().picks, bad=wrong)

    def doubt(work: Work) -> Work:
        large = float((work.data or {}).get("total", 0)) > 900_000
        return replace(work, problems=(Problem("/total", "too much"),) if large else ())

    with Emulator(model) as emulator:
        pipeline = replace(job(emulator), stages=(*STAGES, doubt))
        assert pipeline.run(tmp_path).partial == 1
        for _ in range(2):
            since = len(emulator.requests)
            assert pipeline.retry(tmp_path).partial == 1
            assert len(emulator.requests) == since + 1
        model.well = True
        assert pipeline.retry(tmp_path).whole
        since = len(emulator.requests)
        assert replace(pipeline, stages=(*STAGES, doubt, relabel)).run(tmp_path).whole
        assert len(emulator.requests) == since


def test_tables_follow(tmp_path: Path) -> None:
    """The tables that the run was asked for are written again."""
    model = moody()
    with Emulator(model) as emulator:
        pipeline = replace(job(emulator), sink="csv")
        pipeline.run(tmp_path)
        assert '"failed"' in (tmp_path / "records.csv").read_text("utf-8")
        model.well = True
        pipeline.retry(tmp_path)
    assert '"failed"' not in (tmp_path / "records.csv").read_text("utf-8")


def test_no_run_there(tmp_path: Path) -> None:
    """A folder that holds no run is refused in one line."""
    with pytest.raises(UsageError, match="holds no run"):
        Pipeline(str).retry(tmp_path)


# ---------------------------------------------------------------------- from the command line


def environment(emulator: Emulator) -> dict[str, str]:
    credentials = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
    return {**os.environ, **credentials, "EXTRACTOR_BASE_URL": emulator.base_url}


def command(emulator: Emulator, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "extractor", *words],
        env=environment(emulator),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command(tmp_path: Path) -> None:
    """`extractor retry OUT` needs no more than the folder, from wherever it is given, and exits as `run` does."""
    model = moody()
    (tmp_path / "mine.py").write_text((SAMPLES.parent / "schemas" / "receipt.py").read_text("utf-8"))
    (tmp_path / "in").mkdir()
    for name in (VICTIM, "cafe_lyon.txt"):
        (tmp_path / "in" / name).write_bytes((RECEIPTS / name).read_bytes())
    with Emulator(model) as emulator:
        words = ["run", "in", "--schema", "mine.py", "--out", "out", "--format", "csv", "--max-output-tokens", "900"]
        assert command(emulator, *words, cwd=tmp_path).returncode == 1
        elsewhere = SAMPLES
        assert command(emulator, "retry", str(tmp_path / "out"), cwd=elsewhere).returncode == 1
        model.well = True
        done = command(emulator, "retry", str(tmp_path / "out"), "--json", cwd=elsewhere)
        idle = command(emulator, "retry", str(tmp_path / "out"), cwd=elsewhere)
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, 2), done.stderr
    assert '"failed"' not in (tmp_path / "out" / "records.csv").read_text("utf-8")
    assert (idle.returncode, "nothing to do again" in idle.stdout) == (0, True)


def test_a_batch_is_done_again_as_a_batch(tmp_path: Path) -> None:
    """A retry asks as the run did, by what run.json tells: what is still queued is taken up, not asked beside it."""
    with Emulator(receipts_reply()) as emulator:
        run = replace(job(emulator, batch=True, thinking_tokens=500), spec=("schema", "receipt"))
        run.run(tmp_path)
    settings = pipeline_of_run(tmp_path).config
    assert (settings.batch, settings.thinking_tokens, settings.rpm) == (True, 500, None)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (None, "name the --out folder of a run that has ended"),
        ("{", "cannot be read"),
        ('{"spec": null}', "give its --schema or --pipeline"),
    ],
)
def test_a_folder_that_says_too_little(written: str | None, message: str, tmp_path: Path) -> None:
    """Without a usable run.json one line says what to give."""
    if written is not None:
        (tmp_path / "run.json").write_text(written)
    with Emulator(receipts_reply()) as emulator:
        done = command(emulator, "retry", str(tmp_path), cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM on Windows")
@pytest.mark.parametrize(
    ("number", "background"), [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGTERM, True)]
)
def test_sigterm_ends_a_run_as_an_interrupt_does(number: signal.Signals, background: bool, tmp_path: Path) -> None:
    """A run that is told to stop writes what it has, tables too, exits with 130, and goes on from there."""
    words = ["run", str(RECEIPTS), "--schema", "receipt", "--out", str(tmp_path), "--format", "csv"]
    with Emulator(receipts_reply(), latency=0.2) as emulator:
        slow = [*words, "--concurrency", "1", "--rpm", "100000"]
        process = subprocess.Popen(
            [sys.executable, "-m", "extractor", *slow],
            env=environment(emulator),
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_ignoring_interrupts if background else None,
        )
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(number)
        stderr = process.communicate()[1]
        done = sum(row["status"] == "ok" for row in records(tmp_path).values())
        done_rows, rows = len(records(tmp_path)), (tmp_path / "records.csv").read_text("utf-8").count('"ok"')
        since = len(emulator.requests)
        assert command(emulator, *words, cwd=tmp_path).returncode == 0
        assert len(emulator.requests) - since <= len(GOLD) - done
    assert (process.returncode, "interrupted" in stderr) == (130, True)
    assert 0 < done == rows < done_rows == len(GOLD)
    assert (tmp_path / "run.json").exists()


def _ignoring_interrupts() -> None:
    """What a shell does for a job that a script puts in the background."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_a_document_that_is_gone_is_counted_once(tmp_path: Path) -> None:
    """The totals of a retry have a document that is no longer in the source once, whatever is asked about."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("kebab_hamburg.txt", "cafe_lyon.txt"):
        (folder / name).write_bytes((RECEIPTS / name).read_bytes())
    with Emulator(receipts_reply()) as emulator:
        read = replace(job(emulator), source=folder)
        read.run(out)
        (folder / "cafe_lyon.txt").unlink()
        for totals in (read.run(out), read.retry(out), read.retry(out, doubtful=True)):
            assert (totals.documents, totals.ok, totals.gone) == (2, 1, 1)
