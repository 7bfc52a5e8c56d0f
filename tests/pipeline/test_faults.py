"""Every fault of the emulator, met by a library call, by a stream and by a run over a folder.

Whatever the fault: `ok` is only said of the right data, everything else says why; requests are bounded, nothing hangs,
no secret is shown, and no more was billed than what is known to be paid and what is perhaps paid. The suite lets one
request meet each fault; `make campaign` lets all of them, and 30 and 50 %.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from extractor.call.clock import without_waits
from extractor.call.endpoint import Endpoint
from extractor.emulator.faults import FAULTS
from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.errors import AccountError, ExtractorError, Unanswered, Unreached
from extractor.pipeline.config import Config
from extractor.pipeline.extractor import Extractor
from extractor.pipeline.pipeline import Pipeline
from extractor.wire.values import Usage, nano

SECONDS = 1.0
"""The longest that a reply may take, in place of the service's three minutes."""

MOST_SENT, MOST_PAID = 128, 64
"""Requests for one document, refused ones among them, and those that may be billed: the bound of a part."""


class Invoice(BaseModel):
    """An invoice."""

    number: str
    customer: str
    total: Decimal
    lines: list[str]


CUSTOMER = "M\u00fcller & S\u00f6hne \U0001f600"
LINES = ["Tea, 3 boxes", "Coffee, 2 bags"]


def text(number: int) -> str:
    """A document that no other is like, so that an answer about another one is seen."""
    head = f"Invoice A-{number} for {CUSTOMER}\n\n"
    return f"{head}{LINES[0]}\n{LINES[1]}\n\nTotal {number}.50 EUR\n"


def gold(number: int) -> dict[str, Any]:
    return {"number": f"A-{number}", "customer": CUSTOMER, "total": f"{number}.50", "lines": LINES}


def reply(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a model answers that makes no mistake."""
    question = Question.of(body)
    (number,) = set(re.findall(r"Invoice A-(\d+)", question.text))
    lines = LINES[question.from_item - 1 :]
    return {**gold(int(number)), "lines_count": len(lines), "lines": lines}


@dataclass(frozen=True)
class End:
    """How the documents of one face ended: rows as in records.jsonl by the numbers of their invoices, what they cost,
    all that was shown of them, and the error that stopped it."""

    rows: dict[int, dict[str, Any]]
    cost: int | None
    output: str
    error: ExtractorError | None = None


def place(emulator: Emulator) -> dict[str, Any]:
    account = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    return {**account, "rpm": None, "max_output_tokens": 2000, "concurrency": 2}


def calls(emulator: Emulator, numbers: range, folder: Path) -> End:
    """Library calls."""
    rows: dict[int, dict[str, Any]] = {}
    usage = Usage()
    with Extractor(**place(emulator)) as extractor:
        for number in numbers:
            try:
                result = extractor.extract(Invoice, text(number))
            except ExtractorError as error:  # what was paid for it stands nowhere
                return End(rows, None, f"{rows} {error}", error)
            rows[number], usage = result.row(), usage + result.usage
    return End(rows, _most(usage), repr(rows))


def streams(emulator: Emulator, numbers: range, folder: Path) -> End:
    """Streams, whose partial values are looked at too."""
    rows: dict[int, dict[str, Any]] = {}
    usage, output = Usage(), ""
    with Extractor(**place(emulator)) as extractor:
        for number in numbers:
            try:
                *partials, last = extractor.stream(Invoice, text(number))
            except ExtractorError as error:
                return End(rows, None, f"{output} {error}", error)
            assert last.result is not None
            rows[number], usage = last.result.row(), usage + last.result.usage
            output += f"{[partial.data for partial in partials]} {rows[number]}"
    return End(rows, _most(usage), output)


def run(emulator: Emulator, numbers: range, folder: Path) -> End:
    """A run over a folder, whose ledger says what it cost."""
    (folder / "in").mkdir()
    for number in numbers:
        (folder / "in" / f"{number}.txt").write_text(text(number), encoding="utf-8")
    error = None
    try:
        Pipeline(Invoice, folder / "in", config=Config(**place(emulator))).run(folder / "out")
    except ExtractorError as stopped:
        error = stopped
    output = b"".join(path.read_bytes() for path in sorted((folder / "out").rglob("*")) if path.is_file())
    lines = map(json.loads, (folder / "out/records.jsonl").read_text("utf-8").splitlines())
    ledger = json.loads((folder / "out/run.json").read_text("utf-8"))["ledger"]
    assert ledger["reserved_usd"] == 0
    cost = nano(ledger["spent_usd"]) + nano(ledger["perhaps_usd"])
    rows = {int(line["document"].removesuffix(".txt")): line for line in lines}
    return End(rows, cost, output.decode("latin-1") + str(error), error)


def _most(usage: Usage) -> int:
    assert usage.cost_usd is not None
    return nano(usage.cost_usd) + nano(usage.perhaps_usd)


HARMLESS = {
    *("half_closed", "closed_after", "reset_after", "http10", "until_closed", "length_long", "length_twice", "chunked"),
    *(
        "chunks_extended",
        "chunks_trailed",
        "chunks_unended",
        "chunk_tail",
        "tail",
        "reply_twice",
        "hints",
        "lines_bare",
    ),
    *("gzip", "deflate", "utf8_mark", "utf16", "json_padded", "result_bare", "type_text", "created", "content_parts"),
    *("stream_no_done", "stream_done_twice", "stream_lines_cr", "stream_lines_spread", "stream_again", "stream_in_one"),
    *("stream_error_behind", "stream_older", "stream_enveloped", "fenced", "prose", "python", "commas", "in_envelope"),
}
"""After these the answer is whole, and is not paid for again."""

FACES = {"calls": calls, "streams": streams, "run": run}


def _meets(face: str, name: str) -> bool:
    """Whether a face can meet a fault: only streams stream."""
    where = FAULTS[name].where
    if face == "streams":
        return where not in ("batch", "body")
    return where not in ("batch", "stream") and name != "stream_error_first"


ALL = [(face, name) for face in FACES for name in FAULTS if _meets(face, name)]
ONCE = [("calls" if _meets("calls", name) else "streams", name) for name in FAULTS if FAULTS[name].where != "batch"]


@pytest.fixture(autouse=True)
def _hurried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No back-off is waited for, and a reply that takes a second is late where a fault keeps it waiting."""
    opened, fault = Config.endpoint, FAULTS[request.node.callspec.params["name"]]
    waits = fault.slow or fault.where in ("connection", "batch")

    def endpoint(self: Config) -> Endpoint:
        return replace(opened(self), seconds=SECONDS if waits else 20 * SECONDS)

    monkeypatch.setattr(Config, "endpoint", endpoint)
    with without_waits():
        yield


@contextmanager
def met(face: str, folder: Path, documents: int, **faults: Any) -> Iterator[tuple[End, Emulator]]:
    """The end of a face that met faults, and what holds for each."""
    with Emulator(reply, **faults) as emulator:
        end = FACES[face](emulator, range(1000, 1000 + documents), folder)
    assert all(row["value"] == gold(number) for number, row in end.rows.items() if row["status"] == "ok")
    assert all(row["problems"] for row in end.rows.values() if row["status"] != "ok")
    assert emulator.token not in end.output
    assert len(emulator.requests) <= MOST_SENT * documents
    assert emulator.served <= MOST_PAID * documents
    billed = emulator.usage.cost_usd
    assert billed is not None
    assert end.cost is None or nano(billed) <= end.cost
    yield end, emulator


@pytest.mark.parametrize(("face", "name"), ONCE, ids=map("-".join, ONCE))
def test_one_request_meets_it(face: str, name: str, tmp_path: Path) -> None:
    """A fault that asking again can survive leaves the document whole; any other ends it, or all, with its reason."""
    with met(face, tmp_path, 2, faults={name: 1.0}, most_faults=1) as (end, emulator):
        whole = end.error is None and all(row["status"] == "ok" for row in end.rows.values())
        assert whole or FAULTS[name].final
        assert name not in HARMLESS or len(emulator.requests) == 2


@pytest.mark.campaign
@pytest.mark.parametrize("rate", [0.3, 0.5, 1.0])
@pytest.mark.parametrize(("face", "name"), ALL, ids=map("-".join, ALL))
def test_many_requests_meet_it(face: str, name: str, rate: float, tmp_path: Path) -> None:
    """Each document ends with the truth; where all fail, so does every document, or the run stops with one line."""
    with met(face, tmp_path, 4, faults={name: rate}, seed=3) as (end, _):
        assert end.error is None or isinstance(end.error, AccountError | Unanswered | Unreached)
        assert end.error is not None or len(end.rows) == 4
