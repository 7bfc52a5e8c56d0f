"""Files that hold several documents, over shards: a record for each of them, however the files are spread."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.schema.compiler import compile_schema
from extractor.shards.index import read_index
from extractor.shards.plan import plan_shards, whole
from extractor.shards.publish import publish, read_results
from extractor.shards.review import flagged_documents, store_review, under_review
from extractor.shards.work import extract_shard
from extractor.sources.storage import lines, write
from tests.shards.test_output import Bill, bills, root

__all__ = ["root"]

FILES = {"in/one.txt": ["apple", "bread"], "in/two.txt": ["cloth"], "in/three#1.txt": ["dates", "Eggs", "figs"]}
RECORDS = ["one.txt#1", "one.txt#2", "three#1.txt#1", "three#1.txt#2", "three#1.txt#3", "two.txt#1"]


def every_bill(body: Mapping[str, Any]) -> Any:
    """All bills of a part; of eggs another shop than is there."""
    found = re.findall(r"Shop: (\w+)\s+Total: ([\d.]+)", Question.of(body).part_text)
    bills = [{"shop": "Zanzibar" if shop == "Eggs" else shop, "total": total} for shop, total in found]
    schema = compile_schema(list[Bill], counts=True)
    return schema.encode(schema.validate(bills))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(every_bill) as emulator:
        yield emulator


def job(emulator: Emulator) -> Any:
    return replace(bills(emulator), split=True)


def day(emulator: Emulator, root: str, shards: int, **options: Any) -> dict[str, Any]:
    plan = plan_shards(f"{root}/in", shards=shards) if shards else [whole(f"{root}/in")]
    done = [extract_shard(shard, job(emulator), f"{root}/out") for shard in plan]
    return publish(done, f"{root}/out", expected=plan, schema=Bill, **options)


@pytest.fixture
def files(root: str) -> str:
    if "://" not in root:
        Path(root, "in").mkdir(parents=True)
    for name, shops in FILES.items():
        write(f"{root}/{name}", "\n".join(f"Shop: {shop}\nTotal: {len(shop)}.50\n" for shop in shops).encode())
    return root


def test_records(files: str, emulator: Emulator) -> None:
    """Records, totals, tables and costs are those of a folder run, and stay so for other numbers of shards."""
    for number in (2, 3, 0, 1):
        manifest = day(emulator, files, number, sink="csv")
        rows = list(read_results(f"{files}/out"))
        assert [row["document"] for row in rows] == RECORDS
        assert [row["value"]["shop"] for row in rows] == ["apple", "bread", "dates", "Zanzibar", "figs", "cloth"]
        assert [manifest[name] for name in ("documents", "ok", "pending", "rows")] == [6, 6, 0, 6]
        assert manifest["usage"]["cost_usd"] == manifest["spent_usd"] == pytest.approx(emulator.usage.cost_usd)
        assert emulator.served == 3
        assert {line["status"] for line in read_index(f"{files}/out").values()} == {"ok"}
    if "://" not in files:
        with Path(files, "out", "records.csv").open(newline="") as table:
            assert [row["document"] for row in csv.DictReader(table)] == RECORDS


def test_a_review(files: str, emulator: Emulator) -> None:
    """A person corrects one document of a file."""
    day(emulator, files, 2)
    (name,) = flagged_documents(f"{files}/out")
    assert name == "three#1.txt#2"
    with under_review(f"{files}/out", schema=Bill) as run:
        assert store_review(run, name, {"/shop": "Eggs"}) == ["/shop"]
    assert day(emulator, files, 2)["flagged"] == 0
    (line,) = map(json.loads, lines(f"{files}/out/gold.jsonl"))
    assert (line["document"], line["value"]["shop"]) == (name, "Eggs")


def test_a_file_that_changes(files: str, emulator: Emulator) -> None:
    """Records that it no longer has are gone from everything that is published."""
    day(emulator, files, 2)
    write(f"{files}/in/three#1.txt", b"Shop: dates\nTotal: 5.50\n")
    manifest = day(emulator, files, 2)
    assert [row["document"] for row in read_results(f"{files}/out")] == [*RECORDS[:3], "two.txt#1"]
    assert (manifest["documents"], emulator.served) == (4, 4)
