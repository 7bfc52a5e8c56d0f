"""A file of an output directory is whole or absent, whoever looks at it and whenever."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractor.pipeline.outputs import tidy, whole_file, write_lines


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced on Windows")
def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """Who reads the old file goes on reading the old one; who opens it later sees all of the new one."""
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"old " * 1000)
    with path.open("rb", buffering=0) as reader:
        assert reader.read(4) == b"old "
        with whole_file(path) as file:
            file.write(b"new")
            assert path.read_bytes() == b"old " * 1000
        assert reader.read() == b"old " * 999
    assert path.read_bytes() == b"new"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """And nothing beside it."""
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"old")

    def rows() -> Iterator[str]:
        yield "new"
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_lines(path, rows())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """Beginnings of our own files go, whoever began them; nothing else does."""
    ours = [".records.jsonl.77", ".run.json.1", ".records.orders.csv.9", ".records.duckdb.5.wal"]
    others = [".lock", "records.jsonl", ".notes.1", ".env", "run.json.1"]
    for name in (*ours, *others):
        (tmp_path / name).touch()
    tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)
