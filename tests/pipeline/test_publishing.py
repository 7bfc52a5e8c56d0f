"""What a run publishes: records and tables change only by documents that ended in it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import Pipeline
from extractor.emulator.server import Emulator
from extractor.errors import AccountError, BudgetExceeded
from extractor.pipeline.config import Config
from extractor.pipeline.job import Totals
from extractor.review.report import write_report

FORMATS = ("sqlite", "csv")


class Reading(BaseModel):
    """A meter's reading."""

    meter: str
    kwh: int


class Readings(BaseModel):
    """The readings in a list."""

    readings: list[Reading]


def reading(body: Mapping[str, Any]) -> Any:
    """The reading that the document of a request states."""
    found = re.search(r"Meter (M-\d+) stands at (\d+) kWh", json.dumps(body["messages"]))
    assert found is not None
    return {"meter": found[1], "kwh": int(found[2])}


def write(folder: Path, *numbers: int) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.txt").write_text(f"Meter M-{number} stands at {number + 4000} kWh\n")


def job(emulator: Emulator, source: Path, **options: Any) -> Pipeline:
    where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
    config = Config(**{"rpm": None, "concurrency": 1, **where, **options})
    return Pipeline(Reading, source, config=config, sink=FORMATS)


def records(out: Path) -> dict[str, dict[str, Any]]:
    rows = map(json.loads, (out / "records.jsonl").read_text("utf-8").splitlines())
    return {row["document"]: row for row in rows}


def tables(out: Path) -> list[list[str]]:
    """The documents of each table, with their status."""
    with closing(sqlite3.connect(out / "records.sqlite")) as database:
        (name,) = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()
        rows = database.execute(f'SELECT document, status, meter FROM "{name}" ORDER BY document').fetchall()
    lines = (out / "records.csv").read_text("utf-8").splitlines()[1:]
    return [[row[0] for row in rows if row[2]], sorted(line.split(",")[0].strip('"') for line in lines if "M-" in line)]


def interrupt(row: dict[str, Any], totals: Totals) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("options", "error", "progress"),
    [
        ({"max_cost": 0.0000001}, BudgetExceeded, None),
        ({"token": "another-token"}, AccountError, None),
        ({}, KeyboardInterrupt, interrupt),
    ],
    ids=["budget", "credentials", "interrupt"],
)
def test_a_stop_leaves_what_earlier_runs_found(options: Any, error: Any, progress: Any, tmp_path: Path) -> None:
    """Good records and their rows stay where a run does not come to their documents, marked with their run."""
    source, out = tmp_path / "in", tmp_path / "out"
    write(source, 5, 6, 7, 8)
    with Emulator(reading) as emulator:
        assert job(emulator, source).run(out).whole
        before = records(out)
        write(source, 0, 1, 2, 3, 4)
        with pytest.raises(error):
            job(emulator, source, **options).run(out, progress=progress)
        after, run = records(out), json.loads((out / "run.json").read_text())
        for name, row in before.items():
            assert {**after[name], "run": 1} == {**row, "run": 1}
            assert after[name].get("run", 2) in (1, 2)
        assert all({*before} <= {*documents} for documents in tables(out))
        totals = run["totals"]
        assert totals["documents"] == len(after) == 9
        assert totals["earlier"] == sum("run" in row for row in after.values())
        assert totals["ok"] + totals["pending"] == 9
        assert job(emulator, source).run(out).ok == 9
        assert not any("run" in row for row in records(out).values())
        assert emulator.served - 9 <= (error is KeyboardInterrupt)  # the one that was in flight


def test_a_document_that_is_gone_stays_until_it_is_pruned(tmp_path: Path) -> None:
    """Its record and its rows are left and counted; `prune` drops them from every sink, one of an earlier run too."""
    source, out = tmp_path / "in", tmp_path / "out"
    write(source, 1, 2, 3)
    with Emulator(reading) as emulator:
        job(emulator, source).run(out)
        (source / "2.txt").unlink()
        totals = job(emulator, source).run(out)
        assert (totals.documents, totals.ok, totals.gone, totals.whole) == (3, 2, 1, True)
        assert records(out)["2.txt"]["run"] == 1
        assert tables(out) == [["1.txt", "2.txt", "3.txt"]] * 2
        totals = replace(job(emulator, source), sink="csv").run(out, prune=True)
        assert (totals.documents, totals.gone, totals.pruned) == (2, 0, 1)
        assert {*records(out)} == {"1.txt", "3.txt"}
        job(emulator, source).run(out)
        assert tables(out) == [["1.txt", "3.txt"]] * 2
        write(source, 2)
        job(emulator, source).run(out)
        assert tables(out) == [["1.txt", "2.txt", "3.txt"]] * 2


@pytest.mark.parametrize("damaged", [False, True])
def test_fresh_forgets_in_every_sink(damaged: bool, tmp_path: Path) -> None:
    """What the journal forgets has no rows left either, also where it cannot be read."""
    source, out = tmp_path / "in", tmp_path / "out"
    write(source, 1, 2)
    with Emulator(reading) as emulator:
        job(emulator, source).run(out)
        (source / "2.txt").unlink()
        if damaged:
            (out / "journal.sqlite").write_bytes(b"no database")
        job(emulator, source).run(out, fresh=True)
    assert {*records(out)} == {"1.txt"}
    assert tables(out) == [["1.txt"]] * 2


def test_results_can_be_read_while_a_run_goes_on(tmp_path: Path) -> None:
    """Records and tables tell of what has ended, a report can be made of it, and run.json tells that it goes on."""
    source, out = tmp_path / "in", tmp_path / "out"
    seen: list[dict[str, Any]] = []
    write(source, 1, 2, 3)

    def answer(body: Mapping[str, Any]) -> Any:
        value = reading(body)
        while value["meter"] == "M-3" and not seen:
            if (out / "records.csv").exists() and tables(out) == [["1.txt", "2.txt"]] * 2 and len(records(out)) == 2:
                run = json.loads((out / "run.json").read_text())
                if run["totals"]["documents"] == 2:  # tables may be ahead of it, with what ended while it was written
                    seen.append(run)
                    write_report(out)
        return value

    with Emulator(answer) as emulator:
        assert job(emulator, source).run(out).ok == 3
    run = json.loads((out / "run.json").read_text())
    assert [entry["finished"] for entry in seen] == [None]
    assert (run["finished"] is not None, run["totals"]["documents"]) == (True, 3)


def test_nothing_is_pruned_for_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in it may still be there: its records stay."""
    import os

    source, out = tmp_path / "in", tmp_path / "out"
    write(source, 1)
    write(source / "deep", 2)
    listed = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    with Emulator(reading) as emulator:
        job(emulator, source).run(out)
        monkeypatch.setattr(os, "scandir", scandir)
        totals = job(emulator, source).run(out, prune=True)
    assert (totals.ok, totals.failed, totals.pruned) == (1, 1, 0)
    assert records(out)["deep/2.txt"]["status"] == "ok"


def test_a_sample_leaves_the_records_of_the_others(tmp_path: Path) -> None:
    """A plan that asks about some documents publishes these under the names that the run has for them."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in "ab":
        write(source / name, 1, 2)
    with Emulator(reading) as emulator:
        job(emulator, source).run(out)
        job(emulator, source).plan(out, sample=1)
        assert {*records(out)} == {"a/1.txt", "a/2.txt", "b/1.txt", "b/2.txt"}
        assert all(row["status"] == "ok" for row in records(out).values())


def test_bad_entries_stop_nothing(tmp_path: Path) -> None:
    """A link to itself is a failed document, one that leads out is named in run.json, and the others are read."""
    source, out = tmp_path / "in", tmp_path / "out"
    write(source, 1)
    (source / "self").symlink_to("self")
    (tmp_path / "secret.txt").write_text("Meter M-99 stands at 4099 kWh\n")
    (source / "out.txt").symlink_to("../secret.txt")
    with Emulator(reading) as emulator:
        totals = job(emulator, source).run(out)
        assert (totals.ok, totals.failed) == (1, 1)
        assert [entry["name"] for entry in json.loads((out / "run.json").read_text())["skipped"]] == ["out.txt"]
        assert "M-99" not in str([exchange.body for exchange in emulator.requests])
        assert replace(job(emulator, source), follow_links=True).run(out).ok == 2


def test_an_answer_about_a_part_that_is_of_another_document(tmp_path: Path) -> None:
    """Where only one of several answers has nothing of the document, its rows are named."""

    def answer(body: Mapping[str, Any]) -> Any:
        numbers = [7001, 7002] if ask_line(body) == 2 else listed(body)
        return {"readings_count": len(numbers), "readings": [{"meter": f"M-{n}", "kwh": n + 4000} for n in numbers]}

    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("".join(f"Meter M-{n} stands at {n + 4000} kWh\n" for n in range(1000, 2500)))
    with Emulator(answer) as emulator:
        replace(job(emulator, tmp_path / "in"), schema=Readings).run(tmp_path / "out")
    row = records(tmp_path / "out")["a.txt"]
    problem = next(problem for problem in row["problems"] if "no value of the answer is" in problem["message"])
    index = int(problem["path"].removeprefix("/readings/"))
    assert (row["status"], row["value"]["readings"][index]["meter"]) == ("partial", "M-7001")


def ask_line(body: Mapping[str, Any]) -> int:
    """The part that a request asks about."""
    found = re.search(r"Part (\d+)[,.]", body["messages"][-1]["content"].rpartition("\n")[2])
    return int(found[1]) if found else 0


def listed(body: Mapping[str, Any]) -> list[int]:
    """The meters in the part that a request asks about, by its marks."""
    wanted, part, numbers = ask_line(body), 0, []
    for mark, number in re.findall(r"<part-[0-9a-f]+ (\d+)>|Meter M-(\d+) ", str(body["messages"])):
        if mark:
            part = int(mark)
        elif part == wanted:
            numbers.append(int(number))
    return numbers


@pytest.mark.parametrize(
    ("text", "value", "status"),
    [
        ("Meter M-1 stands at 4001 kWh", {"meter": "M-9", "kwh": 7777}, "partial"),
        ("Meter M-1 stands at 4001 kWh", {"meter": "M-1", "kwh": 7777}, "ok"),
        ("Meter M-1 stands at 4001 kWh", {"meter": "the one in the cellar of the house", "kwh": 7777}, "partial"),
        ("Two meters: 7 and 8, read 12 and 99", {"meter": "8", "kwh": 99}, "ok"),
    ],
)
def test_an_answer_of_another_document(text: str, value: Any, status: str, tmp_path: Path) -> None:
    """A document of which the answer says nothing is partial, and its problem says why."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text(text)
    with Emulator(lambda body: value) as emulator:
        job(emulator, tmp_path / "in").run(tmp_path / "out")
    row = records(tmp_path / "out")["a.txt"]
    assert row["status"] == status
    assert ("no value of the answer is" in str(row["problems"])) == (status == "partial")


@pytest.mark.parametrize(
    ("made_up", "problems"),
    [
        ({"meter": "M-777", "kwh": 987654}, ["/readings/2"]),
        ({"meter": "M-777", "kwh": 4002}, []),
        ({"meter": None, "kwh": 987654}, []),
    ],
)
def test_a_row_without_a_place_among_rows_with_one(made_up: Any, problems: list[str], tmp_path: Path) -> None:
    """A row of several values none of which the document has is a problem, where other rows have theirs from it."""

    def answer(body: Mapping[str, Any]) -> Any:
        rows = [{"meter": f"M-{number}", "kwh": 4000 + number} for number in (1001, 1002, 1003)]
        return {"readings_count": 4, "readings": [*rows[:2], made_up, rows[2]]}

    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text(
        "".join(f"Meter M-{number} stands at {4000 + number} kWh\n" for number in (1001, 1002, 1003)) + "Limit 4002\n"
    )
    with Emulator(answer) as emulator:
        replace(job(emulator, tmp_path / "in"), schema=Readings).run(tmp_path / "out")
    row = records(tmp_path / "out")["a.txt"]
    foreign = [problem["path"] for problem in row["problems"] if "is in the document" in problem["message"]]
    assert foreign == problems
    assert row["status"] == ("partial" if problems or made_up["meter"] is None else "ok")
