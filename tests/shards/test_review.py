"""What a person decides about doubtful values of an output, on a folder and on object storage."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.emulator.server import Emulator
from extractor.errors import UsageError
from extractor.shards.plan import plan_shards
from extractor.shards.publish import publish, read_results
from extractor.shards.review import Doubt, doubts, flagged_documents, store_review, under_review
from extractor.shards.work import extract_shard
from extractor.sources.storage import exists, lines
from tests.shards.test_output import Bill, Reader, bills, emulator, put, root, shops

__all__ = ["emulator", "root"]

UNFOUND = "not found in the source"


class Wrong(Reader):
    """Reads another shop than is there in the second document, and another total in the third."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong = {"bread": {"shop": "Zanzibar"}, "cloth": {"total": "77.70"}}

    def __call__(self, body: dict[str, Any]) -> Any:
        read = super().__call__(body)
        return {**read, **self.wrong.get(read.get("shop"), {})}


@pytest.fixture
def reader() -> Wrong:
    return Wrong()


def published(emulator: Emulator, root: str, **options: Any) -> dict[str, Any]:
    plan = plan_shards(put(f"{root}/in", "apple", "bread", "cloth"), shards=2)
    done = [extract_shard(shard, bills(emulator), f"{root}/out") for shard in plan]
    return publish(done, f"{root}/out", expected=plan, schema=Bill, **options)


def decide(out: str, document: str, **texts: str) -> list[str]:
    with under_review(out, schema=Bill) as run:
        return store_review(run, document, {f"/{name}": text for name, text in texts.items()})


def test_a_review(root: str, emulator: Emulator, reader: Reader) -> None:
    """Flagged documents are listed with what is doubtful; decisions reach records, gold and totals when published."""
    out = f"{root}/out"
    assert flagged_documents(published(emulator, root)) == ["1.txt", "2.txt"]
    assert flagged_documents(out, most=1) == ["1.txt"]
    with under_review(out) as run:
        assert doubts(run, "0.txt") == []
        assert doubts(run, "1.txt") == [Doubt("/shop", "Zanzibar", UNFOUND)]
    assert decide(out, "1.txt", shop="bread") == ["/shop"]
    assert decide(out, "2.txt", total="77.70") == []
    before, manifest = len(reader.requests), published(emulator, root)
    assert (manifest["flagged"], manifest["run_usd"], len(reader.requests)) == (0, 0, before)
    assert (flagged_documents(out), shops(out)) == ([], ["apple", "bread", "cloth"])
    rows = list(read_results(out))
    assert [row.get("corrected") for row in rows] == [None, True, False]
    if "://" not in root:  # where the text of the document is at hand
        assert [line["start"] for line in rows[1]["evidence"] if line["path"] == "/shop"] == [len("Shop: ")]
    gold = {line["document"]: line["value"] for line in map(json.loads, lines(f"{out}/gold.jsonl"))}
    assert gold == {"1.txt": {"shop": "bread", "total": "1.50"}, "2.txt": {"shop": "cloth", "total": "77.70"}}
    assert not exists(f"{out}/shards/corrections.jsonl")


def test_a_text_that_the_schema_refuses(root: str, emulator: Emulator, reader: Wrong) -> None:
    """It is named with its place, and nothing of the review is stored; a place that was not in it stays doubtful."""
    reader.wrong["cloth"] = {"shop": "Timbuktu", "total": "77.70"}
    published(emulator, root)
    with pytest.raises(UsageError, match=r"@ /total"):
        decide(f"{root}/out", "2.txt", shop="cloth", total="a lot")
    assert not exists(f"{root}/out/corrections.jsonl")
    assert flagged_documents(f"{root}/out") == ["1.txt", "2.txt"]
    assert decide(f"{root}/out", "2.txt", shop="cloth") == ["/shop"]
    with under_review(f"{root}/out") as run:
        assert [doubt.path for doubt in doubts(run, "2.txt")] == ["/total", ""]
    assert decide(f"{root}/out", "2.txt", total="4.50") == ["/total"]
    with under_review(f"{root}/out") as run:
        assert doubts(run, "2.txt") == []


def test_a_retry_keeps_what_was_reviewed(root: str, emulator: Emulator, reader: Reader) -> None:
    """A document that a person has accepted is not asked about again."""
    published(emulator, root)
    decide(f"{root}/out", "1.txt", shop="bread")
    published(emulator, root)
    before = len(reader.requests)
    assert "nothing to do" in CliRunner().invoke(app, ["retry", f"{root}/out", "--schema", f"{__file__}:Bill"]).output
    assert len(reader.requests) == before


LIMITS = [
    ({"max_flagged": 0.3}, "2 of 6 values are flagged, more than max_flagged=0.3: nothing was published"),
    ({"max_partial": 0.3}, "1 of 3 documents are partial, more than max_partial=0.3: nothing was published"),
    ({"min_rows": 4}, "there are 3 records, fewer than min_rows=4: nothing was published"),
]


@pytest.mark.parametrize(("limits", "message"), LIMITS, ids=["flagged", "partial", "rows"])
def test_limits(root: str, emulator: Emulator, reader: Reader, limits: Any, message: str) -> None:
    """Where a limit is passed nothing is published, and one line says which."""
    if "max_partial" in limits:
        reader.bad = {"bread"}
    with pytest.raises(UsageError, match=f"^{message}$"):
        published(emulator, root, **limits)
    assert not exists(f"{root}/out/records.jsonl")
    assert not exists(f"{root}/out/run.json")
    assert published(emulator, root, max_flagged=0.4, max_partial=0.4, min_rows=3)["rows"] == 3
