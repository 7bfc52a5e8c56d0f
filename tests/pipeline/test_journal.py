"""What is paid for is on disk before anybody uses it; what can be made again comes along with it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from extractor.pipeline.journal import Journal
from extractor.wire.values import Reply, Usage

REPLY = Reply("yes", usage=Usage(10, 0, 5, 0.25))


def _row(name: str) -> dict[str, Any]:
    return {"document": name, "sha256": "", "status": "ok"}


def _kept(path: Path) -> tuple[list[str], list[str], bool]:
    """What another process, or one after a kill, finds: answers, documents and whether there is a plan."""
    with closing(Journal(path, read_only=True)) as journal:
        answers = [key for key in "abc" if journal.holds(key)]
        return answers, [row["document"] for row, _ in journal.rows(1)], journal.plan("one", "", "") is not None


def test_an_answer_comes_back_as_it_was(tmp_path: Path) -> None:
    """And says that it was kept, so that nobody takes it for one that was paid for now."""
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        journal.put("a", REPLY).result()
        kept = journal.get("a")
    assert kept == REPLY
    assert kept.kept
    assert not REPLY.kept


def test_an_answer_is_committed_before_it_is_used(tmp_path: Path) -> None:
    """And with it all that was kept before it: the plan that asked for it, the documents that ended meanwhile."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        journal.keep_plan("one", "", "", [(0, 3, "")])
        assert _kept(path) == ([], [], False)
        journal.put("a", REPLY).result()
        assert _kept(path) == (["a"], [], True)
        journal.keep_row(_row("one"), path=Path("a.txt"), settings="", run=1)
        assert _kept(path) == (["a"], [], True)
        journal.put("b", REPLY).result()
        assert _kept(path) == (["a", "b"], ["one"], True)
        journal.keep_row(_row("two"), path=Path("a.txt"), settings="", run=1)
        assert [row["document"] for row, _ in journal.rows(1)] == ["one", "two"]
        journal.keep_note("batches", {"x": ["y"]})
        assert _kept(path) == (["a", "b"], ["one", "two"], True)
        journal.keep_row(_row("three"), path=Path("a.txt"), settings="", run=1)
        assert journal.spent() == 0.5
    assert _kept(path) == (["a", "b"], ["one", "three", "two"], True)


def test_without_answers_it_is_committed_now_and_then(tmp_path: Path) -> None:
    """A run that finds all of its answers in the journal does not hold a thousand documents back."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        for number in range(1000):
            journal.keep_row(_row(f"{number:03}"), path=Path("a.txt"), settings="", run=1)
        assert 900 <= len(_kept(path)[1]) <= 1000


def test_nothing_is_left_beside_a_closed_journal(tmp_path: Path) -> None:
    """Neither by the one that wrote it nor by those that read it afterwards; one that reads it meanwhile reads on."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        journal.put("a", REPLY).result()
        reader = Journal(path, read_only=True)
        assert reader.holds("a")
    assert reader.holds("a")
    reader.close()
    with closing(Journal(path)) as journal:
        journal.put("b", REPLY).result()
    assert _kept(path) == (["a", "b"], [], False)
    assert list(tmp_path.iterdir()) == [path]
