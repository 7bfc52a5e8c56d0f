"""What a process or machine that ends between two writes leaves to the next: nothing is paid for twice or dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from extractor.emulator.server import Emulator
from extractor.errors import BudgetExceeded, StorageError
from extractor.pipeline.journal import Journal
from extractor.shards.desk import Desk, at_desk
from extractor.shards.index import read_index
from extractor.shards.lease import hold
from extractor.shards.plan import plan_shards, whole
from extractor.shards.publish import publish
from extractor.shards.purse import Purse
from extractor.shards.work import extract_shard
from extractor.sources.storage import erase
from extractor.wire.values import Reply, Usage
from tests.shards.test_output import Reader, bills, day, emulator, put, reader, root, shops

__all__ = ["emulator", "reader", "root"]


def test_a_retry_that_stops(root: str, emulator: Emulator, reader: Reader) -> None:
    """A run uses what the one before it paid for a document that it asked about again, and did not end."""
    reader.bad = {"b"}
    source = put(f"{root}/in", "b")
    with pytest.raises(BudgetExceeded) as refused:
        extract_shard(plan_shards(source, shards=1, max_cost=0.0)[0], bills(emulator), f"{root}/other")
    most = float(str(refused.value).partition("up to $")[2].partition(",")[0])
    spent = day(emulator, source, f"{root}/out", shards=1)["spent_usd"]
    before = len(reader.requests)
    with pytest.raises(BudgetExceeded):
        extract_shard(plan_shards(source, shards=1, max_cost=spent + most + 0.0001)[0], bills(emulator), f"{root}/out")
    assert len(reader.requests) == before + 1
    day(emulator, source, f"{root}/out", shards=1)
    assert len(reader.requests) == 2 * before


def test_rows_that_are_gone(root: str, emulator: Emulator) -> None:
    """Publishing fails where the journal of a shard is gone, rather than leave its rows out."""
    plan = plan_shards(put(f"{root}/in", *"abcd"), shards=2)
    done = [extract_shard(shard, bills(emulator), f"{root}/out") for shard in plan]
    journal = f"{done[0]['out']}/journal.sqlite"
    if "://" in root:
        erase(journal)
    else:
        Path(journal).unlink()
    with pytest.raises(StorageError, match="run the shard again"):
        publish(done, f"{root}/out")


def test_there_and_back(root: str, emulator: Emulator, reader: Reader) -> None:
    """Documents that go to other shards and come back bring what was paid for them there, each reply once."""
    reader.bad = {"b"}
    source = put(f"{root}/in", "b")
    for shards in (3, 4, 3, 4):
        manifest = day(emulator, source, f"{root}/out", shards=shards)
        assert manifest["usage"]["cost_usd"] == manifest["spent_usd"] == pytest.approx(emulator.usage.cost_usd)


def test_there_and_back_by_way_of_the_whole(root: str, emulator: Emulator, reader: Reader) -> None:
    """Shards find what a run that was not divided asked about their documents."""
    reader.bad = {"b"}
    source = put(f"{root}/in", "a", "b")
    day(emulator, source, f"{root}/out")
    reader.bad = set()
    assert extract_shard(whole(source), bills(emulator), f"{root}/out")["ok"] == 2
    assert {line["shard"] for line in read_index(f"{root}/out").values()} == {""}
    before = len(reader.requests)
    for shards in (3, 1):
        manifest = day(emulator, source, f"{root}/out", shards=shards)
        assert (manifest["ok"], len(reader.requests)) == (2, before)
        assert manifest["usage"]["cost_usd"] == manifest["spent_usd"] == pytest.approx(emulator.usage.cost_usd)


@pytest.mark.parametrize("request_id", ["req-1", None])
@pytest.mark.parametrize("first", ["here", "there"])
def test_a_reply_that_two_shards_set_aside(tmp_path: Path, first: str, request_id: str | None) -> None:
    """It counts once where it meets itself; equal replies that were paid for one by one count each."""
    cost = Usage(cost_usd=0.25)
    reply = Reply("{}", usage=cost, request_id=request_id)
    journals = {name: Journal(tmp_path / f"{name}.sqlite") for name in ("here", "there")}
    with closing(journals["here"]) as here, closing(journals["there"]) as there:
        here.put("question", reply, "b.txt").result()
        there.take(here, {"b.txt"}, 1, replies=True)
        for journal in journals.values():
            journal.keep_note("retry b.txt", ["question"])
            journal.set_aside("b.txt")
        journals[first].put("question", reply, "b.txt").result()
        for _ in range(2):
            here.take(there, {"b.txt"}, 1, replies=True)
            there.take(here, {"b.txt"}, 1, replies=True)
        for journal in journals.values():
            assert journal.aside("b.txt") == (cost, 1)
            assert journal.holds("question")
        assert here.spent() + there.spent() == 0.5


def test_money_of_a_shard_that_was_killed(
    root: str, emulator: Emulator, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a shard paid before it was killed is part of what all runs cost, though it never ended."""
    plan = plan_shards(put(f"{root}/in", *"abcdefgh"), shards=2)
    with monkeypatch.context() as killed:
        killed.setattr(Purse, "end", lambda *_: None)
        extract_shard(plan[0], bills(emulator), f"{root}/out")
    done = extract_shard(plan[1], bills(emulator), f"{root}/out")
    manifest = publish([done], f"{root}/out", expected=plan)
    assert manifest["spent_usd"] == pytest.approx(emulator.usage.cost_usd)
    manifest = day(emulator, f"{root}/in", f"{root}/out", shards=3)
    assert manifest["spent_usd"] == pytest.approx(emulator.usage.cost_usd)


def test_a_machine_that_comes_back(
    emulator: Emulator, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed machine goes on from what others did since, whatever that cost, and adds what it could not send."""
    pytest.importorskip("fsspec")
    source, out = "memory://machines/in", "memory://machines/out"

    def on(machine: str, *shops: str) -> dict[str, Any]:
        (tmp_path / machine).mkdir(exist_ok=True)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / machine))
        shard = whole([f"{put(f'{source}/{shop}', shop)}/0.txt" for shop in shops])
        return extract_shard(shard, bills(emulator), out)

    def killed(_: Desk) -> None:
        raise StorageError("killed")

    on("first", "a")
    with monkeypatch.context() as patched:
        patched.setattr(Desk, "publish", killed)
        patched.setattr(Desk, "save", lambda _: None)
        with pytest.raises(StorageError, match="killed"):
            on("first", "b")
    on("second", "c")
    third = on("first", "b", "c")
    assert reader.requests == ["a", "b", "c"]
    assert third["spent_usd"] == pytest.approx(emulator.usage.cost_usd)
    assert shops(out) == ["a", "b", "c"]


def test_a_lease_that_is_lost(root: str, emulator: Emulator, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose place was taken over sends no further request."""
    desks: list[Desk] = []

    @contextmanager
    def noted(place: str, *, wait: bool) -> Iterator[Desk]:
        with at_desk(place, wait=wait) as desk:
            desks.append(desk)
            yield desk

    monkeypatch.setattr("extractor.shards.work.at_desk", noted)
    shard = whole(put(f"{root}/in", *"abcdefgh"))
    with pytest.raises(StorageError, match="taken over"):
        extract_shard(
            shard, bills(emulator, concurrency=1), f"{root}/out", progress=lambda *_: desks[0].lease.lost.set()
        )
    assert len(reader.requests) < 8


def test_a_lease_of_a_worker_that_was_suspended(root: str) -> None:
    """It is looked at before anything is written: another may have taken over, which this one does not know yet."""
    if "://" not in root:
        pytest.skip("the lock of the operating system is never lost")
    put(f"{root}/in", "a")
    with hold(root, "desk") as lease:
        lease.renewed -= 60
        lease.check()
        erase(lease.mine)
        lease.renewed -= 60
        with pytest.raises(StorageError, match="taken over"):
            lease.check()
