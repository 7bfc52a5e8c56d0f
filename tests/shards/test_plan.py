"""Which documents go into which shard, under which names, with how much of the budget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import UsageError
from extractor.shards.plan import Shard, documents_of, plan_shards, shard_of, whole
from extractor.sources.storage import File


def folder_of(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name)
    return path


def names(*shards: Shard) -> list[str]:
    return sorted(file.name for shard in shards for file in documents_of(shard))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (".", ["a/one.txt", "a/two.md", "b/one.txt", "three.txt"]),
        ("a", ["one.txt", "two.md"]),
        ("three.txt", ["three.txt"]),
        ("*/one.txt", ["a/one.txt", "b/one.txt"]),
        ("**/*.txt", ["a/one.txt", "b/one.txt", "three.txt"]),
        ("a/*.md", ["two.md"]),
    ],
)
def test_names(tmp_path: Path, source: str, found: list[str]) -> None:
    """A document is named by its path below the folder, or below the fixed part of the pattern."""
    folder_of(tmp_path, "a/one.txt", "a/two.md", "b/one.txt", "three.txt", ".hidden", "a/gold.jsonl")
    assert names(whole(str(tmp_path / source))) == found


def test_a_list_of_places(tmp_path: Path) -> None:
    """`@` reads places from a file; a name that is taken gets a number, and no file comes twice."""
    folder_of(tmp_path, "a/one.txt", "b/one.txt")
    places = tmp_path / "places"
    places.write_text(f"{tmp_path}/a\n\n{tmp_path}/b/one.txt\n{tmp_path}/a/one.txt\n")
    assert names(whole(f"@{places}")) == ["one.txt", "one.txt (2)"]


def test_a_hidden_file_that_is_named(tmp_path: Path) -> None:
    """What is named outright is read, under a name that a folder would not hide."""
    folder_of(tmp_path, ".secret", "gold.jsonl", "goldfinch.txt")
    places = [tmp_path / name for name in (".secret", "gold.jsonl", "goldfinch.txt")]
    assert names(whole(places)) == ["_.secret", "_gold.jsonl", "goldfinch.txt"]


def test_nothing_there(tmp_path: Path) -> None:
    """A folder or pattern that is empty, or a day that has none yet, is no work; a place that never was is an error."""
    folder_of(tmp_path, "in/2026-11-01/one.txt")
    (tmp_path / "in/2026-11-03").mkdir()
    for place in ("in/*.pdf", "in/2026-11-02", "in/2026-11-03"):
        assert plan_shards(str(tmp_path / place)) == []
    with pytest.raises(UsageError, match=r"no documents at .*nowhere/2026-11-02"):
        plan_shards(str(tmp_path / "nowhere/2026-11-02"))


def test_outputs_are_no_documents(tmp_path: Path) -> None:
    """What a job wrote below its source is in no later plan; a source that is an output itself is refused."""
    folder_of(tmp_path, "one.txt", "out/run.json", "out/records.jsonl", "out/shards/a/report.html", "b/run.json")
    assert names(*plan_shards(tmp_path)) == ["b/run.json", "one.txt"]
    with pytest.raises(UsageError, match="out is the output of a job"):
        whole(tmp_path / "out")
    assert names(whole(str(tmp_path / "out/*.json"))) == ["run.json"]


@pytest.mark.parametrize("options", [{"shards": 0}, {"max_cost": -1.0}, {"max_cost": float("nan")}])
def test_what_is_out_of_range(tmp_path: Path, options: Any) -> None:
    """A number that makes no sense is refused when it is planned, and so is a source that is empty."""
    with pytest.raises(UsageError, match="give"):
        plan_shards(folder_of(tmp_path, "one.txt"), **options)
    with pytest.raises(UsageError, match="no source"):
        plan_shards("")


@given(st.sets(st.integers(0, 10_000), min_size=1, max_size=80), st.integers(1, 20))
def test_every_document_once(tmp_path_factory: pytest.TempPathFactory, numbers: set[int], shards: int) -> None:
    """However many shards, each document is in exactly one, and all of them share one budget."""
    folder = folder_of(tmp_path_factory.mktemp("docs"), *(f"{number}.txt" for number in numbers))
    planned = plan_shards(folder, shards=shards, max_cost=3.0)
    assert names(*planned) == sorted(f"{number}.txt" for number in numbers)
    assert len(planned) <= shards
    assert {shard["max_cost"] for shard in planned} == {3.0}


def test_a_plan_is_small(tmp_path: Path) -> None:
    """It travels through a scheduler's database: four bytes a document, where names are alike."""
    files = [File(f"s3://store@docs/inbox/r{number:05}.txt", f"r{number:05}.txt", 100) for number in range(20_000)]
    assert len(json.dumps(shard_of("all", files))) < 4 * 20_000
    assert documents_of(shard_of("all", files)) == [file._replace(size=0) for file in files]


def test_more_documents_leave_the_others_where_they_are(tmp_path: Path) -> None:
    """A document stays in its shard when others join, so that its journal is met again."""
    folder_of(tmp_path, *(f"{number}.txt" for number in range(20)))
    before = {name: shard["shard"] for shard in plan_shards(tmp_path, shards=5) for name in names(shard)}
    folder_of(tmp_path, *(f"0{number}.txt" for number in range(20)))
    after = {name: shard["shard"] for shard in plan_shards(tmp_path, shards=5) for name in names(shard)}
    assert before.items() <= after.items()
