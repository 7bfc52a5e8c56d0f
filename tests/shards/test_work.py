"""One shard: where its files are, what its manifest says, and that nothing is paid for twice."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest

from extractor.emulator.server import Emulator
from extractor.errors import AccountError, BudgetExceeded, UsageError
from extractor.shards.plan import Shard, whole
from extractor.shards.publish import publish, read_results
from extractor.shards.work import extract_shard
from tests.kit import gold, receipts_reply
from tests.samples.register import register_reply, register_text
from tests.shards.kit import COUNT, RECEIPTS, job, shards


def test_a_manifest(tmp_path: Path) -> None:
    """A shard's manifest is plain JSON that counts its documents and says where its files are."""
    with Emulator(receipts_reply()) as emulator:
        manifest = extract_shard(shards()[0], job(emulator), tmp_path)
    assert manifest == json.loads(json.dumps(manifest))
    assert manifest["documents"] == manifest["ok"] == manifest["rows"] == len(list(read_results(manifest)))
    assert manifest["records"] == f"{tmp_path}/shards/{manifest['shard']}/records.jsonl"
    assert Path(manifest["out"], "report.html").exists()


def test_published(tmp_path: Path) -> None:
    """All shards together are one output directory with every document once, as read from its source."""
    with Emulator(receipts_reply()) as emulator:
        manifest = publish([extract_shard(shard, job(emulator), tmp_path) for shard in shards()], tmp_path / "all")
        spent = emulator.usage.cost_usd
    assert {row["document"]: row["value"] for row in read_results(tmp_path / "all")} == gold(RECEIPTS)
    assert manifest["documents"] == manifest["ok"] == COUNT
    assert manifest["usage"]["cost_usd"] == manifest["spent_usd"] == pytest.approx(spent)
    assert json.loads((tmp_path / "all" / "run.json").read_text())["totals"]["ok"] == COUNT
    assert "Am Dobben 114, 28203 Bremen" in (tmp_path / "all" / "report.html").read_text()


def test_again(tmp_path: Path) -> None:
    """The same shards again, and their documents differently split among runs, ask for nothing."""
    with Emulator(receipts_reply()) as emulator:
        for _ in range(2):
            manifests = [extract_shard(shard, job(emulator), tmp_path) for shard in shards()]
    assert emulator.served == COUNT == sum(manifest["reused"] for manifest in manifests)


def test_the_budget(tmp_path: Path) -> None:
    """A shard that meets its cap says so, and its manifest is told too, with what it spent."""
    manifests: list[dict[str, Any]] = []
    with Emulator(receipts_reply()) as emulator, pytest.raises(BudgetExceeded):
        extract_shard(shards(1, max_cost=0.038)[0], job(emulator), tmp_path, tell=manifests.append)
    assert manifests[0]["pending"] > 0
    assert manifests[0]["ok"] + manifests[0]["pending"] == COUNT
    assert manifests[0]["usage"]["cost_usd"] == pytest.approx(emulator.usage.cost_usd)
    assert manifests[0]["usage"]["cost_usd"] <= 0.038


def test_money_for_a_document_that_did_not_end(tmp_path: Path) -> None:
    """What was paid for parts of a long document is told, though the document itself was not reached."""
    manifests: list[dict[str, Any]] = []
    (tmp_path / "long.txt").write_text(register_text()[:200_000])
    shard: Shard = {**whole(tmp_path / "long.txt"), "max_cost": 0.1}
    with Emulator(register_reply()) as emulator, pytest.raises(BudgetExceeded):
        extract_shard(shard, job(emulator, "bulletin", max_output_tokens=500), tmp_path / "out", tell=manifests.append)
    assert manifests[0]["pending"] == 1
    assert 0 < manifests[0]["usage"]["cost_usd"] == manifests[0]["spent_usd"] <= 0.1
    assert manifests[0]["spent_usd"] == pytest.approx(emulator.usage.cost_usd)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what was in flight is dropped
def test_an_interrupt(tmp_path: Path) -> None:
    """An interrupt passes through once the files are whole; the next run asks only for what is missing."""
    manifests: list[dict[str, Any]] = []
    shard = whole(RECEIPTS)

    def interrupt(row: dict[str, Any], totals: Any) -> None:
        if totals.documents == 7:
            raise KeyboardInterrupt

    with Emulator(receipts_reply()) as emulator:
        with pytest.raises(KeyboardInterrupt):
            extract_shard(shard, job(emulator, concurrency=2), tmp_path, progress=interrupt, tell=manifests.append)
        assert manifests[0]["ok"] == 7
        assert extract_shard(shard, job(emulator, concurrency=2), tmp_path)["ok"] == COUNT
    assert emulator.served <= COUNT + 2
    gc.collect()


def test_without_credentials(tmp_path: Path) -> None:
    """Where nothing could be asked there is no manifest, not even that of an earlier run."""
    manifests: list[dict[str, Any]] = []
    with Emulator(receipts_reply()) as emulator:
        extract_shard(shards()[0], job(emulator), tmp_path)
        emulator.token = "another"
        with pytest.raises(AccountError):
            extract_shard(shards()[1], job(emulator), tmp_path, tell=manifests.append)
    assert [manifest["ok"] for manifest in manifests] == [0]


def test_dead_letters_name_their_own_files(tmp_path: Path) -> None:
    """failures.jsonl says where a document really is, not where it was staged."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "empty.txt").touch()
    with Emulator(receipts_reply()) as emulator:
        manifest = extract_shard(whole(tmp_path / "docs"), job(emulator), tmp_path / "out")
    assert manifest["failed"] == 1
    line = json.loads((tmp_path / "out" / "failures.jsonl").read_text())
    assert line["path"] == str(tmp_path / "docs" / "empty.txt")


def test_a_document_in_two_shards(tmp_path: Path) -> None:
    """Publishing refuses manifests that hold the same document, and manifests of nothing; it takes a single one."""
    with Emulator(receipts_reply()) as emulator:
        one, two = (extract_shard(shards()[0], job(emulator), tmp_path / name) for name in "ab")
    with pytest.raises(UsageError, match="is in two shards"):
        publish([one, two], tmp_path / "all")
    with pytest.raises(UsageError, match="nothing was extracted"):
        publish([None], tmp_path / "all")
    assert publish(one, tmp_path / "all")["ok"] == one["documents"]
    with pytest.raises(UsageError, match="out is empty"):
        publish(one, "")
