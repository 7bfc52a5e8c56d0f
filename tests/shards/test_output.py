"""An output that grows: what later runs keep, find, fetch and pay, on a folder and on object storage."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from extractor.call.asking import Event
from extractor.cli.app import app
from extractor.emulator.server import Emulator
from extractor.errors import BudgetExceeded, UsageError
from extractor.pipeline import stages
from extractor.pipeline.pipeline import Pipeline
from extractor.pipeline.runs import declared
from extractor.shards.index import read_index, register
from extractor.shards.plan import apart, documents_of, plan_shards, shard_of, whole
from extractor.shards.publish import publish, read_results
from extractor.shards.purse import spent_by_all
from extractor.shards.work import extract_shard
from extractor.sources.rows import Rows
from extractor.sources.storage import File, document, erase, exists, read, write
from extractor.sources.urls import named_url
from extractor.wire.prices import dollars
from tests.shards.kit import job


class Bill(BaseModel):
    """A bill."""

    shop: str
    total: Decimal


class Reader:
    """Reads bills without a mistake, notes which, and answers nothing of use about those in `bad`."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.bad: set[str] = set()
        self.meanwhile: list[Callable[[], Any]] = []
        self.value: dict[str, Any] = {}

    def __call__(self, body: dict[str, Any]) -> Any:
        with suppress(IndexError):
            self.meanwhile.pop()()
        text = str(body["messages"])
        shop, total = text.partition("Shop: ")[2].split()[0].partition("\\n")[0], text.partition("Total: ")[2][:4]
        self.requests.append(shop)
        wrong = self.value or {"nothing": len(self.requests) * "."}
        return wrong if shop in self.bad else {"shop": shop, "total": total}


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def emulator(reader: Reader) -> Iterator[Emulator]:
    with Emulator(reader) as emulator:
        yield emulator


@pytest.fixture(params=["folder", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A place for sources and output: a folder, or object storage of this process."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if request.param == "folder":
        yield str(tmp_path / "place")
    else:
        store = pytest.importorskip("fsspec").filesystem("memory")
        yield "memory://place"
        store.rm("/place", recursive=True)


def put(place: str, *shops: str, note: str = "") -> str:
    """Write one bill for each shop."""
    if "://" not in place:
        Path(place).mkdir(parents=True, exist_ok=True)
    for number, shop in enumerate(shops):
        write(f"{place}/{number}.txt", f"Shop: {shop}\nTotal: {number}.50\n{note}".encode())
    return place


def bills(emulator: Emulator, **options: Any) -> Pipeline:
    made = job(emulator, **options)
    return Pipeline(Bill, config=made.config)


def day(emulator: Emulator, source: str, out: str, shards: int = 3, **options: Any) -> dict[str, Any]:
    """One run: planned, extracted, published."""
    plan = plan_shards(source, shards=shards)
    done = [extract_shard(shard, bills(emulator), out, **options) for shard in plan]
    return publish(done, out, expected=plan)


def credentials(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    monkeypatch.setenv("EXTRACTOR_BASE_URL", emulator.base_url)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", emulator.account_id)
    monkeypatch.setenv("CLOUDFLARE_AUTH_TOKEN", emulator.token)


def shops(out: str) -> list[str]:
    return sorted(row["value"]["shop"] for row in read_results(out) if row["value"])


def test_days_add_up(root: str, emulator: Emulator, reader: Reader) -> None:
    """The rows of a dated source stay when the next day is read, although its files have the same names."""
    one = day(emulator, put(f"{root}/in/2026-11-01", "a", "b", "c"), f"{root}/out")
    two = day(emulator, put(f"{root}/in/2026-11-02", "d", "e"), f"{root}/out")
    assert shops(f"{root}/out") == ["a", "b", "c", "d", "e"]
    names = [row["document"] for row in read_results(f"{root}/out")]
    assert names == ["0.txt", "1.txt", "2.txt", "2026-11-02/0.txt", "2026-11-02/1.txt"]
    assert (one["documents"], one["rows"], two["documents"], two["rows"]) == (3, 3, 2, 5)
    assert ["run" in row for row in read_results(f"{root}/out")] == [True] * 3 + [False] * 2
    assert two["run_usd"] < two["spent_usd"] == pytest.approx(emulator.usage.cost_usd)
    assert two["spent_usd"] == pytest.approx(one["spent_usd"] + two["run_usd"]) == spent_by_all(f"{root}/out")
    assert day(emulator, f"{root}/in/2026-11-01", f"{root}/out")["run_usd"] == 0
    assert len(reader.requests) == 5


def test_whole_sources_add_up(root: str, emulator: Emulator, reader: Reader) -> None:
    """The same holds for a job that is not divided, and for one whose sources have folders of their own."""
    for number, shop in enumerate("abc"):
        source = put(f"{root}/in/{number}", shop)
        shard = whole(source) if number < 2 else apart(source)
        manifest = extract_shard(shard, bills(emulator), f"{root}/out")
    publish([manifest], f"{root}/out")
    assert shops(f"{root}/out") == ["a", "b", "c"]
    assert reader.requests == ["a", "b", "c"]


def test_another_number_of_shards(root: str, emulator: Emulator, reader: Reader) -> None:
    """What was paid for is found by shards of another number, published or not, and its cost counts once."""
    source = put(f"{root}/in", *"abcdefgh")
    for shard in plan_shards(source, shards=3):
        extract_shard(shard, bills(emulator), f"{root}/out")
    manifest = day(emulator, source, f"{root}/out", shards=4)
    assert sorted(reader.requests) == list("abcdefgh") == shops(f"{root}/out")
    assert (manifest["reused"], manifest["run_usd"]) == (8, 0)
    assert manifest["spent_usd"] == manifest["usage"]["cost_usd"] == pytest.approx(emulator.usage.cost_usd)
    whole_job = extract_shard(whole(source), bills(emulator), f"{root}/out")
    assert (whole_job["reused"], len(reader.requests)) == (8, 8)


def test_equal_documents(root: str, emulator: Emulator, reader: Reader) -> None:
    """Equal documents share the reply to one question also in the shards that they move to, however often."""
    source = put(f"{root}/in", "a")
    for number in range(1, 8):
        write(f"{source}/{number}.txt", read(f"{source}/0.txt"))
    day(emulator, source, f"{root}/out", 1)
    job = replace(bills(emulator), stages=(*stages.STAGES, lambda work: work))
    for number in (3, 8):
        plan = plan_shards(source, shards=number)
        manifest = publish([extract_shard(shard, job, f"{root}/out") for shard in plan], f"{root}/out")
        assert (manifest["ok"], manifest["run_usd"], reader.requests) == (8, 0, ["a"])


def test_another_schema(root: str, emulator: Emulator, reader: Reader) -> None:
    """Shards of another schema are refused at an output before anything is paid, however many they are."""
    source = put(f"{root}/in", *"ab")
    day(emulator, source, f"{root}/out", 1)
    other = replace(bills(emulator), schema={"title": "Bill", "type": "object", "properties": {"shop": {}}})
    for shard in (*plan_shards(source, shards=4), whole(source)):
        with pytest.raises(UsageError, match="holds records of another form of it, not of the schema Bill"):
            extract_shard(shard, other, f"{root}/out")
    assert reader.requests == ["a", "b"]


def test_rows(root: str, emulator: Emulator, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of a table are documents as files are: found by their keys, with their columns, and asked again alone."""
    table, out = f"{root}/bills.csv", f"{root}/out"
    put(root)

    def rows(shops: str) -> Rows:
        lines = [f'{shop}/1,"Shop: {shop}\nTotal: {ord(shop)}.50",{number}' for number, shop in enumerate(shops)]
        write(table, "\n".join(["id,text,place", *lines]).encode())
        return Rows(table, column="text", key="id")

    def run(source: Rows, shards: int) -> dict[str, Any]:
        plan = json.loads(json.dumps(plan_shards(source, shards=shards)))
        job = replace(declared(schema=f"{__file__}:Bill"), config=bills(emulator).config)
        done = [extract_shard(shard, job, out) for shard in plan]
        return publish(done, out, expected=plan, sink="csv")

    reader.bad = {"c"}
    assert run(rows("abcd"), 3)["ok"] == 3
    assert run(rows("dcbae"), 2)["ok"] == 4
    assert sorted(reader.requests) == list("abccccde")
    assert {row["document"]: row["columns"] for row in read_results(out)} == {
        f"{shop}/1": {"id": f"{shop}/1", "place": str(number)} for number, shop in enumerate("dcbae")
    }
    assert b"columns" in read(f"{out}/records.csv").splitlines()[0]
    reader.bad = set()
    credentials(monkeypatch, emulator)
    done = CliRunner().invoke(app, ["retry", out])
    assert (done.exit_code, shops(out)) == (0, list("abcde"))


def test_rows_of_several_tables(
    tmp_path: Path, emulator: Emulator, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry reads each row by the query that found it, and tables carry columns on days without rows too."""
    out, reader.bad = str(tmp_path / "out"), set("abc")
    with closing(sqlite3.connect(tmp_path / "bills.db")) as database, database:
        database.execute("CREATE TABLE bills (id, text, day)")
        lines = [(shop, f"Shop: {shop}\nTotal: 1.50", number) for number, shop in enumerate("ab")]
        database.executemany("INSERT INTO bills VALUES (?, ?, ?)", lines)
    (tmp_path / "c.csv").write_text('id,text\nc,"Shop: c\nTotal: 1.50"\n')
    query = "SELECT * FROM bills WHERE day = {}"
    days = [
        *(Rows(f"sqlite:///{tmp_path}/bills.db", column="text", key="id", query=query.format(day)) for day in (0, 1)),
        Rows(tmp_path / "c.csv", column="text", key="id"),
        put(str(tmp_path / "in"), "d"),
    ]
    job = replace(declared(schema=f"{__file__}:Bill"), config=bills(emulator).config)
    for source in days:
        publish([extract_shard(shard, job, out) for shard in plan_shards(source, shards=1)], out, sink="csv")
    assert shops(out) == ["d"]
    assert b"columns" in read(f"{out}/records.csv").splitlines()[0]
    reader.bad = set()
    credentials(monkeypatch, emulator)
    done = CliRunner().invoke(app, ["retry", out])
    assert (done.exit_code, shops(out)) == (0, list("abcd"))
    assert [row.get("columns", {}).get("id") for row in read_results(out)] == [None, "a", "b", "c"]


def test_rows_that_cannot_be_shared(tmp_path: Path) -> None:
    """What other processes cannot read is refused, and so are names that another query may give to other rows."""
    for source, options, line in [
        ([{"text": "a"}], {}, "<list> exists only in this process: write its rows to a Parquet or CSV file first"),
        (f"sqlite:///{tmp_path}/a.db", {"query": "SELECT 1"}, "give a key, a column of names"),
        ("airflow://db", {"query": "SELECT '{{ ds }}'", "key": "id"}, "airflow://db: the query has a template"),
        ("airflow://db", {"query": "SELECT '{{ds}}'", "key": "id"}, "airflow://db: the query has a template"),
        ("postgresql://me:secret@h/db", {"query": "SELECT 1", "key": "id"}, r"postgresql://me@h/db has a password"),
    ]:
        with pytest.raises(UsageError, match=line) as refused:
            plan_shards(Rows(source, column="text", **options))
        assert "secret" not in str(refused.value)


def test_signed_urls(tmp_path: Path) -> None:
    """A document is the same one on the day after, when its URL has another signature."""
    place = "https://host/a.pdf?part=1&X-Amz-Signature"
    one, other = ([File(f"{place}={number}", "a.pdf", 5)] for number in (1, 2))
    register(str(tmp_path), "", one)
    assert [line["document"] for line in register(str(tmp_path), "", other)] == ["a.pdf"]
    assert list(read_index(str(tmp_path))) == [named_url(f"{place}=3")]


def test_signatures_of_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents that only signatures tell apart would be one document of the output: they are refused."""
    monkeypatch.setattr("extractor.shards.plan.listing", lambda place: [File(place, "a.pdf", 5)])
    with pytest.raises(UsageError, match=r"^https://host/a.pdf is there 2 times, with other signatures: name it once$"):
        plan_shards([f"https://host/a.pdf?sig={number}" for number in (1, 2)])


def test_keys_that_look_like_parts_of_a_url(tmp_path: Path) -> None:
    """Each row is a document of its own, whatever is in its key."""
    rows, keys = (
        Rows("https://host/t.csv", column="text", key="id"),
        ["a#1", "a#2", "?sig=1", "?sig=2", "1%20", "1 ", "ä/ö"],
    )
    lines = register(str(tmp_path), "", [File(rows.place_of(key), key, 5) for key in keys])
    assert [(line["document"], rows.name_at(line["place"])) for line in lines] == [(key, key) for key in keys]


def test_an_output_is_no_source(root: str, emulator: Emulator, reader: Reader) -> None:
    """What a job wrote below its source is not read on the next day; an output that is named outright is refused."""
    day(emulator, put(root, *"ab"), f"{root}/out")
    assert (day(emulator, root, f"{root}/out")["documents"], reader.requests) == (2, ["a", "b"])
    with pytest.raises(UsageError, match="out is the output of a job"):
        plan_shards(f"{root}/out")


def test_what_is_fetched(root: str, emulator: Emulator, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that has not changed is neither fetched nor asked about; a new and a changed one are."""
    source = put(f"{root}/in", *"abcd")
    day(emulator, source, f"{root}/out")
    put(f"{root}/in", "a", "x", note="changed")
    put(f"{root}/in/new", "y")
    fetched: list[str] = []

    def noted(place: str, *, size: int) -> bytes:
        fetched.append(place.removeprefix(source))
        return document(place, size=size)

    monkeypatch.setattr("extractor.sources.files.document", noted)
    manifest = day(emulator, source, f"{root}/out")
    assert shops(f"{root}/out") == ["a", "c", "d", "x", "y"]
    assert (manifest["documents"], manifest["reused"], len(reader.requests)) == (5, 2, 7)
    if "://" in root:
        assert sorted(path for path in fetched if path.endswith(".txt")) == ["/0.txt", "/1.txt", "/new/0.txt"]


def test_the_manifest(root: str, emulator: Emulator) -> None:
    """`manifest.jsonl` names every document with its place, its content, and the journal of its replies."""
    source = put(f"{root}/in", "a", "b")
    plan = plan_shards(source, shards=2)
    extract_shard(plan[0], bills(emulator), f"{root}/out")
    (first,) = documents_of(plan[0]) if len(plan) == 2 else documents_of(plan[0])[:1]
    line = read_index(f"{root}/out")[first.uri]
    assert (line["document"], line["shard"], line["status"]) == (first.name, plan[0]["shard"], "")
    assert line["journal"] == f"shards/{plan[0]['shard']}/journal.sqlite"
    day(emulator, source, f"{root}/out", shards=2)
    lines = list(read_index(f"{root}/out").values())
    assert [line["status"] for line in lines] == ["ok", "ok"]
    assert all(line["size"] == 20 and len(line["sha256"]) == 64 and line["etag"] for line in lines)


def test_a_missing_shard(root: str, emulator: Emulator) -> None:
    """It is named, its documents are pending, and its earlier rows stay; those that a plan lacks may be pruned."""
    source = put(f"{root}/in", *"abcdefgh")
    day(emulator, source, f"{root}/out")
    plan = plan_shards(source, shards=3)
    done = [extract_shard(shard, bills(emulator), f"{root}/out") for shard in plan[1:]]
    manifest = publish([None, *done], f"{root}/out", expected=plan, prune=True)
    assert (manifest["missing"], manifest["pending"]) == ([plan[0]["shard"]], plan[0]["documents"])
    assert (manifest["documents"], manifest["rows"]) == (8, 8)
    pruned = publish(done, f"{root}/out", prune=True)
    assert pruned["rows"] == pruned["documents"] == 8 - plan[0]["documents"]


@pytest.mark.parametrize(("redo", "times"), [("failed", 2), ("partial", 2), ("none", 1)])
def test_failed_documents(root: str, emulator: Emulator, reader: Reader, redo: Any, times: int) -> None:
    """The next run asks about a failed document again, unless it is not to; nothing else is asked about."""
    reader.bad = {"b"}
    source = put(f"{root}/in", "a", "b", "c")
    assert day(emulator, source, f"{root}/out")["ok"] == 2
    before, reader.bad = reader.requests.count("b"), set()
    manifest = day(emulator, source, f"{root}/out", redo=redo)
    assert manifest["ok"] == (3 if times == 2 else 2)
    assert (reader.requests.count("a"), reader.requests.count("b") > before) == (1, times == 2)


def test_retry(root: str, emulator: Emulator, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """`extractor retry` asks about what is not ok in an output of shards, on object storage too, and publishes it."""
    credentials(monkeypatch, emulator)
    reader.bad = {"b", "c"}
    day(emulator, put(f"{root}/in", *"abcd"), f"{root}/out")
    extract_shard(whole(put(f"{root}/one", "e")), bills(emulator), f"{root}/out")
    before, reader.bad = len(reader.requests), {"c"}
    spec = ["--schema", f"{__file__}:Bill"]
    done = CliRunner().invoke(app, ["retry", f"{root}/out", *spec])
    assert (done.exit_code, shops(f"{root}/out")) == (1, ["a", "b", "d", "e"])
    assert set(reader.requests[before:]) == {"b", "c"}
    reader.bad = set()
    assert CliRunner().invoke(app, ["retry", f"{root}/out", *spec]).exit_code == 0
    assert shops(f"{root}/out") == ["a", "b", "c", "d", "e"]
    assert "nothing to do" in CliRunner().invoke(app, ["retry", f"{root}/out", *spec]).output


def test_tables_agree_with_records_after_a_retry(
    root: str, emulator: Emulator, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables that were published are written again by whatever publishes later, without being named."""
    credentials(monkeypatch, emulator)
    source, out, reader.bad = put(f"{root}/in", "a", "b"), f"{root}/out", {"b"}
    done = [extract_shard(shard, bills(emulator), out) for shard in plan_shards(source, shards=2)]
    publish(done, out, sink=["csv", "sqlite"], schema=Bill)
    reader.bad = set()
    assert CliRunner().invoke(app, ["retry", out, "--schema", f"{__file__}:Bill"]).exit_code == 0
    assert [line.split(b",")[4] for line in read(f"{out}/records.csv").splitlines()] == [b'"shop"', b'"a"', b'"b"']
    assert sorted(json.loads(read(f"{out}/run.json"))["tables"])[-1] == "records.usage.csv"


def test_a_retry_of_what_cannot_be_read(
    root: str,
    emulator: Emulator,
    reader: Reader,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A record that fell short stays as it was where its document is gone since, and the log says why."""
    credentials(monkeypatch, emulator)
    source, out = put(f"{root}/in", "a", "b"), f"{root}/out"
    reader.bad, reader.value = {"b"}, {"shop": "b"}
    day(emulator, source, out)
    before = list(read_results(out))
    assert [row["status"] for row in before] == ["ok", "partial"]
    if "://" in source:
        erase(f"{source}/1.txt")
    else:
        Path(source, "1.txt").unlink()
    done = CliRunner().invoke(app, ["retry", out, "--schema", f"{__file__}:Bill"])
    after = [{name: value for name, value in row.items() if name != "run"} for row in read_results(out)]
    assert (done.exit_code, after) == (1, before)
    assert "1.txt could not be read, and its record stays as it was" in caplog.messages[-1]


def test_two_plans_at_once(root: str, emulator: Emulator, reader: Reader) -> None:
    """Tasks of another number of shards wait for those that are at work on the same documents, and pay nothing more."""
    source, out = put(f"{root}/in", *"abcdef"), f"{root}/out"
    ended: list[dict[str, Any]] = []

    def run(shards: int) -> None:
        plan = plan_shards(source, shards=shards)
        ended.extend(extract_shard(shard, bills(emulator), out, wait=True) for shard in plan)

    others = [Thread(target=run, args=(number,)) for number in (2, 3)]
    reader.meanwhile = [other.start for other in others]
    run(1)
    for other in others:
        other.join()
    assert sorted(reader.requests) == list("abcdef")
    assert sum(manifest["ok"] for manifest in ended) == 18


def test_a_retry_with_more_thought(
    root: str, emulator: Emulator, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers stay in later runs by the settings of the job, and options of one run alone are refused."""
    credentials(monkeypatch, emulator)
    reader.bad = {"b"}
    source, out = put(f"{root}/in", *"abc"), f"{root}/out"
    job = replace(declared(schema=f"{__file__}:Bill"), config=bills(emulator).config)
    publish(extract_shard(plan_shards(source, shards=1)[0], job, out), out)
    before, reader.bad = len(reader.requests), set()
    refused = CliRunner().invoke(app, ["retry", out, "--doubtful"])
    assert (refused.exit_code, "was written by shards" in refused.output) == (2, True)
    done = CliRunner().invoke(app, ["retry", out, "--thinking-tokens", "4000", "-f", "csv", "--quiet"])
    assert (done.exit_code, done.output, shops(out)) == (0, "", ["a", "b", "c"])
    assert exists(f"{out}/records.csv")
    reused = extract_shard(plan_shards(source, shards=1)[0], job, out)
    assert (reused["reused"], reader.requests[before:]) == (3, ["b"])


def test_a_document_that_is_gone(root: str, emulator: Emulator) -> None:
    """What disappears after it was planned fails alone, and is named by its place."""
    source = put(f"{root}/in", "a", "b", "c")
    plan = plan_shards(source, shards=1)
    if "://" in source:
        erase(f"{source}/1.txt")
    else:
        Path(source, "1.txt").unlink()
    manifest = extract_shard(plan[0], bills(emulator), f"{root}/out")
    assert (manifest["ok"], manifest["failed"], manifest["documents"]) == (2, 1, 3)
    assert json.loads(read(f"{manifest['out']}/failures.jsonl"))["path"] == f"{source}/1.txt"


def test_no_copy_is_made(root: str, emulator: Emulator, tmp_path: Path) -> None:
    """A run never writes a copy of a document to the machine, so that a killed one leaves none."""
    copies: list[Path] = []

    def look(event: Event) -> None:
        copies.extend(path for path in tmp_path.rglob("*.txt") if "place" not in path.parts)

    shard = whole(put(f"{root}/in", "a", "b"))
    assert extract_shard(shard, bills(emulator, listeners=(look,)), f"{root}/out")["ok"] == 2
    assert copies == []


@pytest.mark.parametrize("workers", [1, 4])
def test_one_budget(root: str, emulator: Emulator, reader: Reader, workers: int) -> None:
    """Shards spend from one budget, one after another or at once: what one does not need the others have.

    A request may cost 3.4 cents here and costs a hundredth of that; so the budget covers two in flight, and all.
    """
    source = put(f"{root}/in", *"abcdefgh")
    plan = plan_shards(source, shards=4, max_cost=0.07)
    with ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(lambda shard: extract_shard(shard, bills(emulator), f"{root}/out"), plan))
    manifest = publish(done, f"{root}/out", expected=plan)
    assert (manifest["ok"], len(reader.requests)) == (8, 8)
    assert manifest["spent_usd"] == pytest.approx(emulator.usage.cost_usd)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_budget_that_ends(root: str, emulator: Emulator, workers: int) -> None:
    """Where what is left covers no request, shards stop and say so, those that waited for the others too."""
    source = put(f"{root}/in", *"abcdefgh")
    with pytest.raises(BudgetExceeded, match="up to") as refused:
        extract_shard(plan_shards(source, shards=1, max_cost=0.0)[0], bills(emulator), f"{root}/other")
    cap = float(str(refused.value).partition("up to $")[2].partition(",")[0]) + 0.0008
    plan = plan_shards(source, shards=2, max_cost=cap)
    manifests: list[Any] = []

    def work(shard: Any) -> str:
        try:
            extract_shard(shard, bills(emulator), f"{root}/out", tell=manifests.append)
        except BudgetExceeded as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(workers) as pool:
        messages = list(filter(None, pool.map(work, plan)))
    assert messages
    assert all(f"of the budget of {dollars(cap)}" in message for message in messages)
    manifest = publish(manifests, f"{root}/out", expected=plan)
    assert 0 < manifest["ok"] < 8 == manifest["ok"] + manifest["pending"]
    assert manifest["spent_usd"] == pytest.approx(emulator.usage.cost_usd)
    assert emulator.usage.cost_usd <= cap


def test_a_shard_without_documents(tmp_path: Path, emulator: Emulator) -> None:
    """There is nothing to extract, and nothing to publish."""
    with pytest.raises(UsageError, match="no documents"):
        extract_shard(shard_of("", []), bills(emulator), tmp_path)


@pytest.mark.parametrize("number", [1, 2])
def test_an_output_without_a_place(tmp_path: Path, emulator: Emulator, reader: Reader, number: int) -> None:
    """It is refused, rather than written to the folder of the process, or to the root."""
    for shard in plan_shards(put(str(tmp_path / "in"), *"ab"), shards=number):
        with pytest.raises(UsageError, match="out is empty"):
            extract_shard(shard, bills(emulator), "")
    assert reader.requests == []
